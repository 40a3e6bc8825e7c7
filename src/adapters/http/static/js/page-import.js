// Miners from a table.
import { miners } from "./api.js";
import { h, show as put } from "./dom.js";
import { importer } from "./importer.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";

const SAMPLE = `name,ip_address,port,manufacturer,model,container,tags
R01-S1-01,10.0.0.11,4028,Whatsminer,M50,Container 1,hydro
R01-S1-02,10.0.0.12,4028,AntMiner,S19 Pro,Container 1,
R01-S1-03,10.0.0.13,80,Elphapex,DG1+,Container 2,rented;scrypt
`;

export async function show({ root, signal }) {
  const [sample, panel, outcome] = importer({
    noun: "miner", columns: "Needed are name, ip_address and manufacturer.", same: "address and port", sample: SAMPLE, signal,
    send: (how) => miners("POST", "miners/import", how),
    nameOf: ({ miner_id: id, name }) => (id == null ? (name ?? "") : h("a", { href: pageUrl(`miners/${id}`) }, name)),
    done: () => go(pageUrl("miners", { sort: "-id" })),
  });
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("miners") }, "Miners")),
    h("div", { class: "page-head" }, h("h1", {}, "Import"), h("div", { class: "actions" }, sample)), panel, outcome);
}
