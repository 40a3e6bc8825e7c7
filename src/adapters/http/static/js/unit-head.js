// The top of a unit's page: who it is, how it is and why, its figures.
import { h, setAttribute, setText, show as put } from "./dom.js";
import { NONE, absolute, number, plural, timeElement } from "./format.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { figureBox } from "./totals.js";
import { marks } from "./unit-row.js";
import { CAUSES, DISKS, STATUSES, diskWords, isPaused, plugWords, statusOf, unitUrl, uptimeWords } from "./unit-words.js";
import { glyph } from "./words.js";

const address = ({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** "root@192.0.2.17:22 by SSH · Asterisk 18.26.4 · hangs on 0367", as nodes. */
export function identityLine(view) {
  const parts = [
    h("span", { class: "mono" }, `${view.username}@${address(view)}`), h("span", {}, `by ${view.via === "ami" ? "AMI" : "SSH"}`), view.version ? h("span", {}, view.version) : null,
    view.parent ? h("span", {}, "hangs on ", h("a", { href: unitUrl(view.parent) }, view.parent)) : null,
    can("see-gateways") ? h("a", { href: pageUrl("gateways", { enterprise_number: view.enterprise_number }) }, "its gateways") : null,
  ];
  return parts.filter(Boolean).flatMap((part, index) => (index ? [h("span", { class: "dot", "aria-hidden": "true" }, " · "), part] : [part]));
}

/** Everything that is written down of it, as terms and descriptions. */
export function unitPairs(view) {
  const kinds = Object.entries(view.patterns).map(([kind, list]) => `${kind}: ${list.join(", ") || "none"}`);
  const rows = [
    ["Address", address(view)], ["Asked by", view.via === "ami" ? "AMI" : "SSH"], ["Login", `${view.username}, ${[view.has_password && "a password", view.has_key && "a key"].filter(Boolean).join(" and ") || "nothing"}`],
    ["Host key", view.host_key ?? (view.via === "ssh" ? "the next that is shown is trusted" : NONE)], ["Power", view.parameter_option_2 ? "cut by itself when nothing else helps" : "cut by hand only"], ["Plug", plugWords(view.plug)],
    ["Asterisk alone", view.may_restart_service ? "restarted first" : "not restarted"], ["Down after", view.failure_threshold ? plural(view.failure_threshold, "failed look") : "as the settings say"],
    ["Second opinion", view.second_opinion ? `${view.second_opinion.toUpperCase()}, port ${view.second_port}` : "none"], ["Hangs on", view.parent ?? "no other unit"], ["Lines", kinds.join("; ")], ["Added", absolute(view.created_at)],
  ];
  return rows.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text)));
}

/** The status in words, since when, and why. */
export function condition() {
  const mark = h("span", { class: "condition-mark" });
  const word = h("b", {});
  const since = h("span", { class: "quiet" });
  const tags = h("span", { class: "mark-tags" });
  const why = h("p", { class: "condition-why" });
  const looked = h("p", { class: "quiet condition-polled" });
  const element = h("section", { class: "condition", "aria-label": "Condition" }, h("div", { class: "condition-head" }, mark, h("span", {}, word, " ", since), tags), why, looked);
  let shown = "";
  return {
    element,
    update(view) {
      const key = JSON.stringify([view, isPaused(view)]);
      if (key === shown) return;
      shown = key;
      const how = statusOf(view);
      const { word: text, tone, shape } = STATUSES[how];
      setAttribute(element, "data-is", tone);
      put(mark, glyph(shape));
      setText(word, text);
      put(since, how === "unknown" ? (view.last_status ? `was ${view.last_status} when it was last seen` : "") : view.since ? ["for ", timeElement(view.since, "for")] : []);
      put(tags, marks(view), isPaused(view) ? h("span", { class: "quiet" }, `paused until ${absolute(view.paused_until).slice(0, -3)}`) : null);
      const trouble = view.failure_counter || view.last_error_message;
      put(why, trouble ? [h("b", {}, `${CAUSES[view.cause] ?? view.cause ?? ""}: `), view.last_error_message ?? "", view.failure_counter ? ` (${plural(view.failure_counter, "failed look")} running)` : ""] : []);
      why.hidden = !trouble;
      put(looked, view.last_checked_at ? ["Looked at ", timeElement(view.last_checked_at)] : "The next look comes within a minute.");
    },
  };
}

/** The figures: lines first. */
export function figures() {
  const boxes = { gsm: figureBox("GSM lines up"), sip: figureBox("SIP lines up"), internal: figureBox("Internal up"), calls: figureBox("Calls"), disk: figureBox("Disk"), uptime: figureBox("Asterisk up for") };
  const element = h("section", { class: "figures", "aria-label": "Figures" }, Object.values(boxes).map((box) => box.element));
  return {
    element,
    update(view) {
      const stats = view.line_stats;
      element.classList.toggle("old", statusOf(view) !== "online");
      for (const kind of ["gsm", "sip", "internal"]) {
        const [up, total] = stats ? [stats[`${kind}_online`], stats[`${kind}_total`]] : [null, null];
        boxes[kind].update(total ? number(up) : NONE, total ? `of ${number(total)}${total > up ? `, ${number(total - up)} down` : ""}` : stats ? "it has none" : "not known");
        setAttribute(boxes[kind].element, "data-tone", total > up ? "warn" : null);
      }
      boxes.calls.update(view.calls == null ? NONE : number(view.calls), view.calls == null ? "not known" : "in progress");
      boxes.disk.update(diskWords(view), view.disk_level ? DISKS[view.disk_level].word : "not known");
      setAttribute(boxes.disk.element, "data-tone", { warning: "warn", critical: "bad" }[view.disk_level]);
      boxes.uptime.update(uptimeWords(view));
    },
  };
}
