// The top of a gateway's page: who it is, how it is and why, its figures.
import { h, setAttribute, setText, show as put } from "./dom.js";
import { NONE, absolute, duration, number, timeElement } from "./format.js";
import { STATUSES } from "./gateway-words.js";
import { pageUrl } from "./place.js";
import { figureBox } from "./totals.js";
import { glyph } from "./words.js";

/** "Enterprise · GoIP16 · serial …0042 · firmware …", as nodes. */
export function identityLine(view) {
  const parts = [
    h("a", { href: pageUrl("gateways", { enterprise_number: view.enterprise_number }), title: "All gateways of this enterprise" }, `${view.enterprise} (${view.enterprise_number})`),
    view.device_model ? h("span", { title: view.title }, view.device_model) : null,
    view.serial_last4 ? h("span", { class: "mono", title: "The last four digits of its serial number" }, `…${view.serial_last4}`) : null,
    view.firmware ? h("span", {}, `firmware ${view.firmware}`) : null, view.directory ? h("span", {}, `listed by ${view.directory}`) : null,
  ];
  return parts.filter(Boolean).flatMap((part, index) => (index ? [h("span", { class: "dot", "aria-hidden": "true" }, " · "), part] : [part]));
}

/** Everything that is known, as terms and descriptions. */
export function gatewayPairs(view) {
  const rows = [
    ["Port now", view.port == null ? "none" : String(view.port)], ["Last port", view.last_port == null ? "never seen" : String(view.last_port)], ["Public address", view.public_address],
    ["Model", view.device_model], ["Title of its pages", view.title], ["Serial number", view.serial_last4 ? `…${view.serial_last4}` : null], ["Firmware", view.firmware], ["Module version", view.module_version],
    ["Uptime", view.uptime_s == null ? null : duration(view.uptime_s)], ["Its own clock", view.device_time], ["Lines", view.line_count == null ? null : number(view.line_count)], ["Directory", view.directory ?? "the first"],
    ["Login", view.username ?? (view.has_password ? "a password of its own" : "that of its enterprise")],
    ["Last on the list", moment(view.last_seen_listed)], ["Last OK", moment(view.last_ok)], ["Last scan", moment(view.last_port_scan)], ["Added", moment(view.created_at)],
  ];
  return rows.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text ?? NONE)));
}

const moment = (at) => (at ? h("span", {}, absolute(at), " (", timeElement(at), ")") : "never");

/** The status in words, since when, and why. */
export function condition() {
  const mark = h("span", { class: "condition-mark" });
  const word = h("b", {});
  const since = h("span", { class: "quiet" });
  const flags = h("p", {});
  const why = h("p", { class: "condition-why" });
  const looked = h("p", { class: "quiet condition-polled" });
  const element = h("section", { class: "condition", "aria-label": "Condition" }, h("div", { class: "condition-head" }, mark, h("span", {}, word, " ", since), flags), why, looked);
  let shown = "";
  return {
    element,
    update(view) {
      const key = JSON.stringify([view.port_scan_status, view.since, view.why, view.stale, view.rebooting, view.last_port_scan, view.last_ok]);
      if (key === shown) return;
      shown = key;
      const { word: text, tone, shape } = STATUSES[view.port_scan_status] ?? STATUSES.unknown;
      setAttribute(element, "data-is", tone);
      put(mark, glyph(shape));
      setText(word, text);
      put(since, view.since ? ["for ", timeElement(view.since, "for")] : []);
      setText(flags, [view.rebooting && "rebooting", view.stale && "out of date"].filter(Boolean).join(", "));
      setText(why, view.why);
      why.hidden = !view.why;
      put(looked, view.last_port_scan ? ["Looked for ", timeElement(view.last_port_scan), ", last OK ", timeElement(view.last_ok)] : "No scan has looked at it yet.");
    },
  };
}

/** The figures: lines first. */
export function figures() {
  const boxes = { ok: figureBox("Lines OK"), weak: figureBox("Weak signal"), down: figureBox("Lines down"), busy: figureBox("In a call"), port: figureBox("Port"), uptime: figureBox("Uptime") };
  const element = h("section", { class: "figures of-gateway", "aria-label": "Figures" }, Object.values(boxes).map((box) => box.element));
  return {
    element,
    update(view) {
      const { lines } = view;
      const told = (value) => (lines.total ? number(value) : NONE);
      element.classList.toggle("old", view.port_scan_status !== "active");
      boxes.ok.update(told(lines.ok), lines.total ? `of ${number(lines.total)}` : "no line was ever read");
      boxes.weak.update(told(lines.weak), "below 10 of 31");
      boxes.down.update(told(lines.down), "off, no SIM or not registered");
      boxes.busy.update(told(lines.busy));
      boxes.port.update(view.port == null ? NONE : String(view.port), view.port == null && view.last_port != null ? `was ${view.last_port}` : (view.public_address ?? ""));
      boxes.uptime.update(duration(view.uptime_s));
    },
  };
}
