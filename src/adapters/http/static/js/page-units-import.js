// Units from a table.
import { units } from "./api.js";
import { h, show as put } from "./dom.js";
import { importer } from "./importer.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";
import { unitUrl } from "./unit-words.js";

const SAMPLE = `enterprise_number,host,port,username,password,parameter_option_2,parent
0367,192.0.2.17,22,root,secret,false,
1002,pbx.example,22,root,secret,true,0367
`;

export async function show({ root, signal }) {
  const [sample, panel, outcome] = importer({
    noun: "unit", columns: "Needed are enterprise_number, host, and a password or a key, which are kept encrypted. What an export gives can be read back in, with passwords beside it. A parent stands before its children.",
    same: "number", sample: SAMPLE, signal,
    send: (how) => units("POST", "import", how),
    nameOf: ({ enterprise_number: number, status }, { dry_run: dry }) => (number == null || status === "error" || (dry && status === "added") ? (number ?? "") : h("a", { href: unitUrl(number) }, number)),
    done: () => go(pageUrl("units")),
  });
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("units") }, "Units")),
    h("div", { class: "page-head" }, h("h1", {}, "Import units"), h("div", { class: "actions" }, sample)), panel, outcome);
}
