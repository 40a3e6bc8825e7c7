// The lines of a unit: how many of a kind are down since when, and each with what Asterisk says of it.
import { unitAt, units } from "./api.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { NONE, absolute, clock, number } from "./format.js";
import { wordBadge } from "./gateway-words.js";
import { every } from "./live.js";
import { empty } from "./notices.js";
import { cell, sheet } from "./sheet.js";
import { LINE_KINDS, linesOf } from "./unit-words.js";
import { glyph } from "./words.js";

const REFRESH_S = 60;
const HOURS = 168;
/** Where a kind's two counters stand in a row of the course. */
const PLACES = { gsm: [1, 2], sip: [3, 4], internal: [5, 6] };
const WORDS = {
  up: { word: "Up", tone: "online", shape: "online" }, late: { word: "Up, but late", tone: "degraded", shape: "degraded" }, down: { word: "Down", tone: "offline", shape: "offline" },
  unasked: { word: "Down", tone: "unknown", shape: "unknown", meaning: "It is not counted" },
};
const ORDER = ["gsm", "sip", "internal", "excluded"];

/** `{element, again, told(view)}` */
export async function unitLines({ number: unit, signal }) {
  const down = h("div", { class: "lines-down", role: "status" });
  const table = sheet("Lines", ["Line", "Kind", "Asterisk says", ["Delay", "num"], "Address"]);
  table.element.classList.add("unit-peers");
  const nothing = h("div");
  const element = h("section", { "aria-label": "Lines and peers" }, h("div", { class: "section-head" }, h("h2", {}, "Lines")), down, table.element, nothing);
  let shown = null;
  const load = async () => {
    const { data } = await units("GET", unitAt(unit, "/lines"), { query: { hours: HOURS }, signal });
    shown = data.last_checked_at;
    put(down, linesOf(data.line_stats).filter((one) => one.down).map((one) => h("p", {}, glyph("offline"), h("b", {}, ` ${number(one.down)} of ${number(one.total)} ${one.word} lines down`), sinceWords(one.kind, data.courses))));
    const peers = [...data.peers].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.online - b.online || a.name.localeCompare(b.name, undefined, { numeric: true }));
    keyed(table.body, peers.map((peer, index) => ({ ...peer, key: `${peer.kind} ${peer.name} ${index}` })), ({ key }) => key, row);
    table.element.hidden = !peers.length;
    stay(nothing, peers.length ? "" : "none", () => empty("No line was ever read", h("p", {}, "Lines are read with the next look that finds the unit online.")));
  };
  const loop = await every(REFRESH_S, load, signal);
  return {
    element, again: () => loop.again(),
    told(view) {
      if (view.last_checked_at !== shown) loop.again();
    },
  };
}

/** " since 10:12": since the last moment at which all of a kind were up. */
function sinceWords(kind, courses) {
  const [up, total] = PLACES[kind];
  let since = null;
  for (const row of courses.toReversed()) {
    if (row[up] >= row[total]) break;
    since = row[0];
  }
  if (since == null) return "";
  if (since === courses[0][0] && Date.now() / 1000 - since > (HOURS - 1) * 3600) return " for a week or longer";
  const at = new Date(since * 1000);
  return [" since ", h("time", { datetime: at.toISOString(), title: absolute(at) }, Date.now() - at < 86_400_000 / 2 ? clock(at) : absolute(at).slice(0, -3))];
}

function row() {
  const state = wordBadge(WORDS);
  const name = h("b", { class: "mono" });
  const kind = h("span");
  const status = h("span");
  const delay = h("span", { class: "num" });
  const host = h("span", { class: "mono" });
  const element = h("tr", {}, h("td", {}, h("span", { class: "line-name" }, name, state.element)), cell("Kind", kind), cell("Asterisk says", status), h("td", { class: "num", "data-label": "Delay" }, delay), cell("Address", host));
  return {
    element,
    update(peer) {
      setText(name, peer.name);
      state.update(peer.online ? (peer.degraded ? "late" : "up") : peer.kind === "excluded" ? "unasked" : "down");
      setText(kind, LINE_KINDS[peer.kind] ?? peer.kind);
      setText(status, peer.status);
      setText(delay, peer.rtt_ms == null ? NONE : `${number(peer.rtt_ms)}\u00a0ms`);
      setText(host, peer.host ?? NONE);
      setAttribute(element, "data-resting", peer.kind === "excluded" ? "yes" : null);
    },
  };
}
