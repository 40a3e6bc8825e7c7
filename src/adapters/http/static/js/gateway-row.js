// One gateway in the grid: how it is and why, its lines, its signal, and on demand everything.
import { deviceAt, goip } from "./api.js";
import { h, setAttribute, setText, show as put } from "./dom.js";
import { number, plural, setTime } from "./format.js";
import { gatewayPairs } from "./gateway-head.js";
import { askReboot, askRestart } from "./gateway-orders.js";
import { STATUSES, gatewayUrl, orderWords, outcomeWords, wordBadge } from "./gateway-words.js";
import { lineCells } from "./line-cells.js";
import { lineTable } from "./line-table.js";
import { attempt, say } from "./notices.js";
import { can } from "./session.js";
import { sparkline } from "./spark.js";

export const COLUMNS = [
  { name: "status", sorts: [["status", "Status"], ["since", "since"]] },
  { name: "name", sorts: [["name", "Gateway"], ["enterprise", "enterprise"]] },
  { name: "lines", sorts: [["lines_down", "Lines down"]] },
  { name: "signal", sorts: [[null, "Signal, 24 h"]] },
  { name: "seen", sorts: [["last_ok", "Last OK"]] },
  { name: "more", head: h("span", { class: "hidden" }, "More") },
];

/** `near` loads what is in sight; `picked(line)` tells which lines the filters mean. `{element, update(view), spark(points)}`. */
export function gatewayRow(first, { near, picked, signal }) {
  const name = first.gateway_name;
  const status = wordBadge(STATUSES);
  const since = h("time", { class: "sub" });
  const stale = h("span", { class: "stale-mark", title: "The last list of its directory could not be read" }, "out of date");
  const link = h("a", { class: "row-link", href: gatewayUrl(name) }, name);
  const enterprise = h("span");
  const model = h("span");
  const why = h("p", { class: "why" });
  const counts = h("p", { class: "sub" });
  const cells = lineCells({ name, picked });
  const spark = h("div", { class: "row-spark" });
  const seen = h("time");
  const port = h("span", { class: "num" });
  const toggle = h("button", { type: "button", class: "plain more-button", "aria-expanded": "false", "aria-label": `All about ${name}`, onclick: () => open(more.hidden) }, "▾");
  const more = h("tr", { class: "gateway-more", hidden: true });
  const main = h("tr", { class: "gateway-main" },
    h("td", { class: "c-status" }, status.element, h("div", { class: "sub" }, since, stale)),
    h("td", { class: "c-name" }, link, h("div", { class: "sub" }, enterprise), h("div", { class: "sub" }, model)),
    h("td", { class: "c-lines" }, why, cells.element, counts), h("td", { class: "c-signal" }, spark),
    h("td", { class: "c-seen" }, seen, h("div", { class: "sub" }, port)), h("td", { class: "c-more" }, toggle));
  const element = h("tbody", { class: "gateway" }, main, more);
  let view = first;
  let lines = [];
  let known = "";
  let details = null;

  const orders = can("reboot-gateways");
  const order = async (ask) => {
    const command = await attempt(ask);
    if (command) say(`${name}: ${orderWords(command).toLowerCase()} ${outcomeWords(command)}.`, { failed: command.status === "failed" });
  };
  const open = (wanted) => {
    if (wanted && !details) {
      details = { pairs: h("dl", { class: "pairs spread" }), lines: lineTable({ name, restart: orders && ((line) => order(() => askRestart(name, line))) }) };
      const reboot = orders && h("button", { type: "button", "aria-label": `Reboot ${name}`, onclick: () => order(() => askReboot(name, signal)) }, "Reboot");
      put(more, h("td", { colspan: COLUMNS.length }, details.pairs, details.lines.element,
        h("div", { class: "actions" }, reboot, h("a", { class: "button", href: gatewayUrl(name) }, "Its page: signal, history, commands"))));
    }
    more.hidden = !wanted;
    setAttribute(toggle, "aria-expanded", String(wanted));
    setText(toggle, wanted ? "▴" : "▾");
    draw();
  };
  const draw = () => {
    cells.update(lines);
    if (more.hidden || !details) return;
    put(details.pairs, gatewayPairs(view));
    details.lines.update(lines);
  };
  const load = async () => {
    try {
      lines = (await goip("GET", deviceAt(name, "/lines"), { signal })).data;
      draw();
    } catch (error) {
      known = "";
      throw error;
    }
  };
  return {
    element,
    spark(told) {
      put(spark, told ? drawn(name, told) : h("span", { class: "sub" }, view.lines.total ? "no history yet" : ""));
    },
    update(next) {
      view = next;
      status.update(next.port_scan_status);
      setTime(since, next.since, "for");
      since.hidden = !next.since;
      stale.hidden = !next.stale;
      setText(enterprise, `${next.enterprise} · ${next.enterprise_number}`);
      setText(model, next.device_model ?? "");
      setText(why, next.why);
      why.hidden = !next.why;
      setText(counts, countWords(next));
      cells.element.style.setProperty("--lines", next.lines.total);
      setTime(seen, next.last_ok);
      setText(port, next.port == null ? (next.last_port == null ? "no port" : `was on port ${next.last_port}`) : `port ${next.port}`);
      setAttribute(element, "data-is", STATUSES[next.port_scan_status]?.tone ?? "unknown");
      setAttribute(element, "data-old", next.port_scan_status === "active" && !next.stale ? null : "yes");
      const key = JSON.stringify([next.last_ok, next.last_port_scan, next.lines]);
      if (key !== known) {
        known = key;
        if (next.lines.total || lines.length) near.want(element, load);
      }
      draw();
    },
  };
}

function countWords({ lines, port_scan_status: status }) {
  if (!lines.total) return status === "active" ? "It shows no lines" : "No lines were ever read";
  return [`${number(lines.ok)} of ${plural(lines.total, "line")} OK`, lines.weak && `${number(lines.weak)} weak`, lines.down && `${number(lines.down)} down`, lines.busy && `${number(lines.busy)} in a call`].filter(Boolean).join(", ");
}

function drawn(name, points) {
  const times = points.map(([at]) => at);
  const values = points.map(([, rssi]) => rssi);
  const last = values.findLast((one) => one != null);
  const until = Math.max(Date.now() / 1000, times.at(-1) ?? 0);
  const label = `Mean signal of ${name} in the last 24 hours, now ${last == null ? "unknown" : `${number(last, 1)} of 31`}`;
  return [sparkline({ times, values, since: until - 86_400, until, top: 31, step: 3600, label }), h("span", { class: "sub num" }, last == null ? "" : `mean ${number(last, 1)}`)];
}
