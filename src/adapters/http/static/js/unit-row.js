// One unit on the board: how it is, its lines and disk, its calls, and what its power may be cut for.
import { h, keyed, setAttribute, setText } from "./dom.js";
import { NONE, number, plural, setTime } from "./format.js";
import { wordBadge } from "./gateway-words.js";
import { CAUSES, DISKS, STATUSES, STEPS, diskWords, isPaused, linesOf, plugWords, statusOf, unitUrl } from "./unit-words.js";
import { glyph } from "./words.js";

export const COLUMNS = [
  { name: "status", sorts: [["status", "Status"], ["failures", "failures"]] },
  { name: "name", sorts: [["number", "Unit"], ["name", "name"]] },
  { name: "lines", sorts: [["lines_down", "Lines up"]] },
  { name: "disk", sorts: [["disk", "Disk"]] },
  { name: "calls", sorts: [["calls", "Calls"]] },
  { name: "power", sorts: [[null, "Power, and why it is cut or not"]] },
];

/** Lines up of all, by kind. `{element, update(stats)}` */
export function lineMeters() {
  const element = h("ul", { class: "unit-lines" });
  return {
    element,
    update(stats) {
      keyed(element, linesOf(stats), ({ kind }) => kind, meter);
    },
  };
}

function meter() {
  const word = h("span", { class: "quiet" });
  const counts = h("span", { class: "num" });
  const part = h("span");
  const element = h("li", {}, word, h("span", { class: "unit-meter" }, part), counts);
  return {
    element,
    update({ word: text, up, total, down }) {
      setText(word, text);
      setText(counts, down ? `${number(up)} of ${number(total)}, ${number(down)} down` : `${number(up)} of ${number(total)}`);
      setAttribute(element, "data-is", up === 0 ? "none" : down ? "some" : "all");
      part.style.setProperty("--part", up / total);
    },
  };
}

/** What is to be seen of its power at a glance: `[[text, kind, title], …]`. */
export function marksOf(view) {
  return [
    view.cycling && [`Power cycle: ${(STEPS[view.cycle_step] ?? "under way").toLowerCase()}`, "act"],
    view.needs_person && ["Needs a person", "bad", "lineman can do nothing more about it by itself"],
    isPaused(view) && ["Paused", "warn", view.paused_by ? `by ${view.paused_by}` : null],
    view.maintenance && ["Maintenance", "warn"],
    view.gate === "dry_run" && ["Dry run", "warn"],
    !view.parameter_option_2 && ["By hand only", "", "Its power is not cut by itself (parameter_option_2 is off)"],
  ].filter(Boolean);
}

export const marks = (view) => marksOf(view).map(([text, kind, title]) => h("span", { class: "mark-tag", "data-is": kind, title }, text));

/** `{element, update(view)}` */
export function unitRow(first) {
  const number_ = first.enterprise_number;
  const status = wordBadge(STATUSES);
  const since = h("time");
  const failures = h("div", { class: "sub" });
  const cause = h("div", { class: "sub cause" });
  const link = h("a", { class: "row-link", href: unitUrl(number_) });
  const place = h("div", { class: "sub mono" });
  const lines = lineMeters();
  const none = h("span", { class: "quiet" });
  const diskMark = h("span", { class: "disk-mark" });
  const disk = h("b", { class: "num" });
  const diskWord = h("div", { class: "sub" });
  const calls = h("b", { class: "num" });
  const tags = h("div", { class: "mark-tags" });
  const error = h("p", { class: "unit-error" });
  const why = h("p", { class: "unit-why" });
  const next = h("time");
  const when = h("span", { class: "quiet" }, " Possible again ", next, ".");
  const plug = h("div", { class: "sub" });
  const element = h("tbody", { class: "unit" }, h("tr", {},
    h("td", { class: "c-status" }, status.element, h("div", { class: "sub" }, since), failures, cause),
    h("td", { class: "c-name" }, link, h("div", { class: "sub" }, number_), place),
    h("td", { class: "c-lines" }, lines.element, none),
    h("td", { class: "c-disk" }, h("span", { class: "disk" }, diskMark, disk), diskWord),
    h("td", { class: "c-calls" }, calls, h("span", { class: "phone-word" }, " calls")),
    h("td", { class: "c-power" }, tags, error, h("div", { class: "unit-because" }, why, when), plug)));
  let shown = "";
  return {
    element,
    update(view) {
      setTime(since, view.since, "for");
      since.hidden = !view.since;
      setTime(next, view.next_possible_at);
      when.hidden = !view.next_possible_at;
      const key = JSON.stringify(view);
      if (key === shown) return;
      shown = key;
      const how = statusOf(view);
      status.update(how);
      setAttribute(element, "data-is", STATUSES[how].tone);
      setText(failures, view.failure_counter ? `${plural(view.failure_counter, "failure")} running` : how === "unknown" && view.last_status ? `was ${view.last_status}` : "");
      setText(cause, how === "online" || how === "unseen" ? "" : (CAUSES[view.cause] ?? view.cause));
      setText(link, view.name || number_);
      setText(place, `${view.host.includes(":") ? `[${view.host}]` : view.host}:${view.port}`);
      lines.update(view.line_stats);
      setText(none, view.line_stats ? (linesOf(view.line_stats).length ? "" : "It has no lines") : "not known");
      setText(disk, diskWords(view));
      setText(diskWord, view.disk_level && view.disk_level !== "ok" ? DISKS[view.disk_level].word : "");
      setAttribute(element, "data-disk", view.disk_level);
      diskMark.replaceChildren(...(view.disk_level === "critical" ? [glyph("critical")] : view.disk_level === "warning" ? [glyph("warning")] : []));
      setText(calls, view.calls == null ? NONE : number(view.calls));
      tags.replaceChildren(...marks(view));
      // The sentence tells the error where it has to do with it.
      setText(error, view.last_error_message);
      error.hidden = !view.last_error_message || view.why.includes(view.last_error_message);
      setText(why, view.why);
      setAttribute(why, "data-well", how === "online" ? "yes" : null);
      setText(plug, view.plug ? plugWords(view.plug) : "no plug");
    },
  };
}
