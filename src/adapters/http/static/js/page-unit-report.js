// The report of the units: outages, how long they were down, power cycles, and whether these helped.
import { units } from "./api.js";
import { h, show as put } from "./dom.js";
import { NONE, duration, number, percent, plural } from "./format.js";
import { attempt, empty } from "./notices.js";
import { pageUrl } from "./place.js";
import { setQuery } from "./router.js";
import { segments } from "./sheet.js";
import { figureBox } from "./totals.js";
import { allUnits } from "./unit-board.js";
import { unitTabs, unitUrl } from "./unit-words.js";
import { glyph } from "./words.js";

const WEEKS = [["1", "1\u00a0week"], ["2", "2\u00a0weeks"], ["4", "4\u00a0weeks"], ["12", "12\u00a0weeks"]];
const MINUTE_S = 60;

export async function show({ root, query, signal }) {
  const weeks = () => (WEEKS.some(([one]) => one === query.get("weeks")) ? query.get("weeks") : "1");
  const spans = segments("Span of the report", WEEKS, weeks(), (next) => {
    query.set("weeks", next);
    setQuery(query);
    spans.mark(next);
    attempt(load);
  });
  const body = h("div", { class: "page", "aria-live": "polite" });
  const load = async () => {
    const asked = weeks();
    const [{ data }, all] = await Promise.all([units("GET", "report", { query: { weeks: asked }, signal }), allUnits(signal)]);
    if (asked !== weeks()) return;
    const names = new Map(all.map((view) => [view.enterprise_number, view.name]));
    put(body, data.length ? [totals(data), report(data, names, Number(asked))]
      : empty("There is nothing to report", h("p", {}, "There are no units. ", h("a", { href: pageUrl("units") }, "To the units"))));
  };
  await load();
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Report of the units"), spans.element), unitTabs("units/report"), body);
}

function totals(rows) {
  const sum = (name) => rows.reduce((total, row) => total + Number(row[name]), 0);
  const hardware = sum("hardware");
  const boxes = [["Outages", number(sum("outages"))], ["Down, all together", duration(sum("down_s"))], ["Power cycles", number(sum("cycles"))], ["Helped", number(sum("helped")), sum("needed") ? `of ${number(sum("needed"))} in an outage` : ""], ["A person was called", number(sum("escalations"))], ["Hardware cases", number(hardware), hardware ? "twice a week or more" : ""]];
  return h("section", { class: "figures", "aria-label": "All units together" }, boxes.map(([label, value, note]) => {
    const box = figureBox(label);
    box.update(value, note);
    if (label === "Hardware cases" && hardware) box.element.dataset.tone = "bad";
    return box.element;
  }));
}

/** The share of the time that is known; a unit that was down is never up for all of it. */
const upOf = ({ up_s: up, down_s: down }) => (up + down ? (down ? percent(Math.min(0.9999, up / (up + down)), 2) : percent(1)) : NONE);

function report(rows, names, weeks) {
  const worst = [...rows].sort((a, b) => b.hardware - a.hardware || b.down_s - a.down_s || b.outages - a.outages || a.enterprise_number.localeCompare(b.enterprise_number, undefined, { numeric: true }));
  const heads = [["Unit"], ["Outages", "num"], ["Down", "num"], ["Not seen", "num"], ["Up", "num"], ["Power cycles", "num"], ["Helped", "num"], ["A person was called", "num"], ["Started anew by itself", "num"]];
  const line = (row) => {
    const number_ = row.enterprise_number;
    const quiet = !row.outages && !row.cycles && !row.down_s && !row.restarts;
    return h("tr", { "data-resting": quiet ? "yes" : null }, h("td", {}, h("a", { class: "row-link", href: unitUrl(number_, { span: weeks > 1 ? "month" : "week" }) }, names.get(number_) || number_), h("div", { class: "sub" }, number_),
      row.hardware ? h("div", { class: "hardware bad-text", title: "Its power had to be cut twice a week or more: what fails is its hardware" }, glyph("critical"), " Hardware case") : null),
      [number(row.outages), row.down_s ? duration(row.down_s) : NONE, row.unseen_s >= MINUTE_S ? duration(row.unseen_s) : NONE, upOf(row), number(row.cycles), row.needed ? `${number(row.helped)} of ${number(row.needed)}` : NONE, number(row.escalations), number(row.restarts)]
        .map((text, index) => h("td", { class: heads[index + 1][0] === "Helped" && row.helped < row.needed ? "num warn-text" : "num", "data-label": heads[index + 1][0] }, text)));
  };
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Report of ${plural(rows.length, "unit")}` }, h("table", { class: "plain-table people unit-report" }, h("thead", {}, h("tr", {}, heads.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)))), h("tbody", {}, worst.map(line))));
}
