// The lines of a gateway with everything that is known of each.
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { NONE, duration, number, setTime } from "./format.js";
import { HEALTH, callWords, minutesLeft, wordBadge } from "./gateway-words.js";
import { cell, sheet } from "./sheet.js";
import { signalBars } from "./signal-bars.js";

const HEADS = ["Line", "Signal", "Network", "Registered", "Call", "Busy status", "Auth. ID", ["Minutes left", "num"], ["ACD, ASR", "num"]];
const FORWARDS = { unconditional: "always", no_reply: "no reply", not_reachable: "not reachable" };

/** `chart(line)` shows a line's signal, `restart(line)` restarts it: without them there is no button. `{element, update(lines)}`. */
export function lineTable({ name, chart, restart }) {
  const acts = chart || restart;
  const table = sheet(`Lines of ${name}`, acts ? [...HEADS, ""] : HEADS);
  table.element.classList.add("lines-table");
  return {
    element: table.element,
    update(lines) {
      table.element.hidden = !lines.length;
      keyed(table.body, lines, ({ line }) => line, () => row({ chart, restart }));
    },
  };
}

function row({ chart, restart }) {
  let line = null;
  const number_ = h("b", { class: "num" });
  const health = wordBadge(HEALTH);
  const since = h("time", { class: "sub" });
  const bars = signalBars();
  const rssi = h("span", { class: "num" });
  const dbm = h("div", { class: "sub" });
  const operator = h("span");
  const place = h("div", { class: "sub mono" });
  const marks = h("ul", { class: "marks" });
  const call = h("span");
  const ago = h("time");
  const last = h("div", { class: "sub" }, "last ", ago);
  const busy = h("span");
  const others = h("div", { class: "sub" });
  const id = h("span", { class: "mono" });
  const logins = h("div", { class: "sub" });
  const minutes = h("span");
  const rates = h("span", { class: "num" });
  const counts = h("div", { class: "sub num" });
  const graph = chart && h("button", { type: "button", onclick: () => chart(line.line) }, "Chart");
  const anew = restart && h("button", { type: "button", onclick: () => restart(line) }, "Restart");
  const element = h("tr", {}, h("td", {}, h("span", { class: "line-name" }, number_, health.element), h("div", { class: "sub" }, since)), cell("Signal", h("span", { class: "signal" }, bars.element, rssi), dbm), cell("Network", operator, place),
    cell("Registered", marks), cell("Call", call, last), cell("Busy status", busy, others), cell("Authentication ID", id, logins), h("td", { class: "num", "data-label": "Minutes left" }, minutes),
    h("td", { class: "num", "data-label": "ACD, ASR" }, rates, counts), (graph || anew) && h("td", { class: "row-actions" }, graph, anew));
  let shown = "";
  return {
    element,
    update(next) {
      line = next;
      setTime(since, next.health_since, "for");
      setTime(ago, next.last_call_at);
      since.hidden = !next.health_since;
      const key = JSON.stringify(next);
      if (key === shown) return;
      shown = key;
      setText(number_, next.line);
      setAttribute(element, "data-line", next.line);
      health.update(next.health);
      setAttribute(health.element, "title", next.why || null);
      bars.update(next);
      setText(rssi, next.rssi == null ? (next.rssi_raw ? `? (${next.rssi_raw})` : "?") : `${next.rssi} of 31`);
      setText(dbm, next.dbm == null ? (next.rssi == null ? "not known" : "not registered") : `${next.dbm} dBm`);
      setText(operator, next.operator ?? NONE);
      setText(place, [next.lac && `LAC\u00a0${next.lac}`, next.cell && `cell\u00a0${next.cell}`].filter(Boolean).join(" "));
      put(marks, [["module", "Module"], ["sim", "SIM"], ["gsm", "GSM"], ["voip", "VoIP"]].map(([one, word]) => yesNo(word, next[one])));
      setText(call, callWords(next));
      setAttribute(call, "class", next.busy ? "busy-text" : null);
      last.hidden = next.last_call_at == null || next.busy === true;
      setText(busy, next.busy_status ?? NONE);
      setAttribute(busy, "title", "Call forwarding while the line is busy");
      setText(others, forwards(next.call_forward));
      setText(id, next.authentication_id ?? NONE);
      setText(logins, [next.sms_server && "SMS server", next.sim_bank && "SIM bank"].filter(Boolean).join(", "));
      setAttribute(logins, "title", logins.textContent ? "What it is logged in to besides" : null);
      const left = minutesLeft(next);
      setText(minutes, left.tone === "bad-text" ? `⚠ ${left.text}` : left.text);
      setAttribute(minutes, "class", left.tone);
      setText(rates, [next.acd_s != null && duration(next.acd_s), next.asr != null && `${number(next.asr)} %`].filter(Boolean).join(", ") || NONE);
      setText(counts, next.calls == null ? "" : `${number(next.answered)} of ${number(next.calls)} answered`);
      if (graph) setAttribute(graph, "aria-label", `Chart of line ${next.line}`);
      if (anew) setAttribute(anew, "aria-label", `Restart line ${next.line}`);
    },
  };
}

function yesNo(word, value) {
  const said = value == null ? "not known" : value ? "yes" : "no";
  return h("li", { "data-said": said, title: `${word}: ${said}` }, h("span", { "aria-hidden": "true" }, value == null ? "?" : value ? "✓" : "✗"), ` ${word}`, h("span", { class: "hidden" }, `: ${said}`));
}

function forwards(all) {
  if (!all) return "";
  return Object.entries(FORWARDS).filter(([name]) => all[name].state === "on").map(([name, word]) => `${word}: ${all[name].number ?? "on"}`).join(", ");
}
