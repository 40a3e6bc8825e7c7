// Enterprises from a table.
import { identity } from "./api.js";
import { h, show as put } from "./dom.js";
import { importer } from "./importer.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";

const SAMPLE = `number,name,gateway_username,gateway_password,comment
0367,Northern Post,admin,secret,
1002,Shop & Cafe,,,two branches
`;

export async function show({ root, signal }) {
  const [sample, panel, outcome] = importer({
    noun: "enterprise", columns: "Needed are number and name. A password is kept encrypted, and counts for the gateways that have none of their own.",
    same: "number", sample: SAMPLE, signal,
    send: (how) => identity("POST", "enterprises/import", how),
    nameOf: ({ number }) => number ?? "",
    done: () => go(pageUrl("enterprises")),
  });
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("enterprises") }, "Enterprises")),
    h("div", { class: "page-head" }, h("h1", {}, "Import enterprises"), h("div", { class: "actions" }, sample)), panel, outcome);
}
