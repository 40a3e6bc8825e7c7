// All miners.
import { h, show as put } from "./dom.js";
import { addMiner } from "./miner-form.js";
import { minerTable } from "./miner-table.js";
import { empty, loading } from "./notices.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";
import { can } from "./session.js";

export async function show({ root, query, signal }) {
  const frame = h("div", { class: "table-frame" });
  const add = async () => {
    const made = await addMiner();
    if (made) go(pageUrl(`miners/${made.id}`));
  };
  loading(frame);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Miners"),
    can("change-miners") && h("div", { class: "actions" }, h("a", { class: "button", href: pageUrl("groups") }, "Groups"), h("a", { class: "button", href: pageUrl("miners/import") }, "Import"),
      h("a", { class: "button", href: pageUrl("discovery") }, "Find miners"), h("button", { type: "button", class: "primary", onclick: add }, "Add miner"))), frame);
  await minerTable({ root: frame, query, signal, none: () => empty("There are no miners yet", can("change-miners")
    ? [h("p", {}, "Let lineman ", h("a", { href: pageUrl("discovery") }, "search your network"), ", ", h("a", { href: pageUrl("miners/import") }, "import a list"), ", add one by its address, or make some up: ", h("code", {}, "lineman simulate miners"), " starts simulated miners on this machine, ",
      h("code", {}, "lineman demo"), " a whole farm."), h("button", { type: "button", class: "primary", onclick: add }, "Add a miner")]
    : h("p", {}, "Nobody has added a miner that you may see.")) });
}
