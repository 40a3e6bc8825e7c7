// Gateways from a table.
import { goip } from "./api.js";
import { h, show as put } from "./dom.js";
import { gatewayUrl } from "./gateway-words.js";
import { importer } from "./importer.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";

const SAMPLE = `gateway_name,enterprise_number,serial_last4,directory,username,password
Branch-001,1001,0042,,,
Depot North,1001,,,admin,secret
Shop & Cafe,1002,0815,,,
`;

export async function show({ root, signal }) {
  const [sample, panel, outcome] = importer({
    noun: "gateway", columns: "Needed are gateway_name, which is the RADMIN id of the gateway letter for letter, and enterprise_number. A password is kept encrypted; without one that of the enterprise counts.",
    same: "name", sample: SAMPLE, signal,
    send: (how) => goip("POST", "import", how),
    nameOf: ({ gateway_name: name, status }, { dry_run: dry }) => (name == null || status === "error" || (dry && status === "added") ? (name ?? "") : h("a", { href: gatewayUrl(name) }, name)),
    done: () => go(pageUrl("gateways")),
  });
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("gateways") }, "Gateways")),
    h("div", { class: "page-head" }, h("h1", {}, "Import gateways"), h("div", { class: "actions" }, sample)), panel, outcome);
}
