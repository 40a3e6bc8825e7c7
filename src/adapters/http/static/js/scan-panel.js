// Scans: the last one, one under way, and what it finds at each gateway.
import { goip } from "./api.js";
import { h, keyed, setText, show as put } from "./dom.js";
import { duration, number, plural, timeElement } from "./format.js";
import { REASONS, STATUSES, gatewayUrl, wordBadge } from "./gateway-words.js";
import { every } from "./live.js";
import { attempt } from "./notices.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";

const [BUSY_S, CALM_S] = [1, 60];
const MOST = 1000;
const WORDS = { queued: "A scan waits to begin", running: "Scanning", done: "Scanned", failed: "The scan failed" };
const RANK = ["error", "inactive", "unknown", "active"];
const under = (scan) => scan?.status === "queued" || scan?.status === "running";

/** `ended()` is called when a scan came to its end. `{button, element, told(scan)}`. */
export async function scanPanel({ signal, ended }) {
  let scan = null;
  let followed = null;
  const button = h("button", { type: "button", class: "primary", onclick: () => start() }, "Scan now");
  const line = h("p", { class: "scan-line", role: "status" });
  const bar = h("progress", { "aria-label": "Progress of the scan" });
  const lists = h("ul", { class: "scan-lists" });
  const table = sheet("What the scan found", ["Gateway", "Status", "What was seen", ["Took", "num"]]);
  const more = h("details", { class: "scan-more", ontoggle: () => more.open && loop.again() }, h("summary", {}, "What it found at each gateway"), table.element);
  const element = h("section", { class: "panel scan", "aria-label": "Scan" }, line, bar, lists, more);

  const start = async () => {
    button.disabled = true;
    const answer = await attempt(() => goip("POST", "scan"));
    button.disabled = false;
    if (!answer) return;
    followed = answer.data.scan_id;
    told(answer.data);
    loop.again();
  };
  const told = (next) => {
    const was = scan;
    scan = next;
    element.hidden = !scan;
    if (!scan) return;
    const busy = under(scan);
    button.disabled = busy;
    setText(button, busy ? "Scanning…" : "Scan now");
    bar.hidden = !busy;
    bar.max = Math.max(scan.total, 1);
    if (scan.status === "running" && scan.total) bar.value = scan.done;
    else bar.removeAttribute("value");
    put(line, h("b", {}, WORDS[scan.status] ?? scan.status), busy ? progressWords(scan) : [" ", timeElement(scan.finished_at ?? scan.requested_at), endWords(scan)],
      h("span", { class: "quiet" }, ` · scan ${scan.scan_id}, by ${scan.by}`));
    put(lists, scan.detail ? h("li", { class: scan.status === "failed" ? "bad-text" : "quiet" }, scan.detail) : null,
      scan.directories.filter(({ ok }) => !ok).map(({ directory, detail }) => h("li", { class: "bad-text" }, `The list of ${directory} could not be read: ${detail}`)));
    if (was && under(was) && !busy && was.scan_id === scan.scan_id) ended();
  };
  const load = async () => {
    const known = followed ?? (under(scan) ? scan.scan_id : null);
    if (known == null) told((await goip("GET", "scans", { signal })).data[0] ?? null);
    if (!scan && known == null) return;
    if (known == null && !more.open) return;
    const { data } = await goip("GET", `scans/${known ?? scan.scan_id}`, { query: { limit: more.open ? MOST : 1 }, signal });
    told(data);
    if (!under(data)) followed = null;
    if (!more.open) return;
    const found = [...data.outcomes].sort((a, b) => RANK.indexOf(a.status) - RANK.indexOf(b.status) || a.gateway_name.localeCompare(b.gateway_name, undefined, { numeric: true }));
    keyed(table.body, found, ({ gateway_name: name }) => name, outcome);
  };
  const loop = await every(() => (under(scan) ? BUSY_S : CALM_S), load, signal);
  return { button: can("scan-gateways") ? button : null, element, told: (next) => told({ ...next }) };
}

const progressWords = ({ status, done, total }) => (status === "queued" ? "" : total ? ` ${number(done)} of ${plural(total, "gateway")}` : ": reading the lists");

function endWords({ started_at: from, finished_at: to, active, inactive, errors, status }) {
  if (status === "failed") return "";
  const took = from && to ? `, in ${duration((Date.parse(to) - Date.parse(from)) / 1000)}` : "";
  return `${took}: ${number(active)} active, ${number(inactive)} inactive, ${number(errors)} with an error`;
}

function outcome(first) {
  const status = wordBadge(STATUSES);
  const detail = h("span");
  const took = h("span", { class: "num" });
  const element = h("tr", {}, h("td", {}, h("a", { href: gatewayUrl(first.gateway_name) }, first.gateway_name)), cell("Status", status.element), cell("What was seen", detail), h("td", { class: "num", "data-label": "Took" }, took));
  return {
    element,
    update(row) {
      status.update(row.status);
      setText(detail, [row.reason && (REASONS[row.reason] ?? row.reason), row.detail].filter(Boolean).join(": "));
      setText(took, row.took_ms ? `${number(row.took_ms)} ms` : "");
    },
  };
}
