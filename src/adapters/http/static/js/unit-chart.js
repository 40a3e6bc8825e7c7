// A unit over a day, a week or a month: up or down with its power cycles, how many lines were up, how full its disk was.
import { unitAt, units } from "./api.js";
import { chartGroup } from "./charts.js";
import { h, setText, show as put } from "./dom.js";
import { number, whole } from "./format.js";
import { every } from "./live.js";
import { setQuery } from "./router.js";
import { segments } from "./sheet.js";
import { spanWords, spansOf, timelinePicture } from "./unit-timeline.js";

const REFRESH_S = 60;
const SPANS = { day: ["Day", 24], week: ["Week", 168], month: ["Month", 720] };
const POINTS = 288;
const FIELDS = {
  gsm: (point) => point.gsm, sip: (point) => point.sip, internal: (point) => point.internal, disk: (point) => point.disk, warning: (point) => (point.polls ? 85 : null), critical: (point) => (point.polls ? 95 : null),
};
const SPECS = [
  { title: "Lines up", zero: true, show: (value) => number(value), tick: whole, series: [{ label: "GSM", name: "gsm", colour: "c-rate" }, { label: "SIP", name: "sip", colour: "c-fan" }, { label: "internal", name: "internal", colour: "c-mean" }] },
  {
    title: "Disk", range: [0, 102], constant: ["warning", "critical"], show: (value) => (value == null ? "–" : `${number(value)}\u00a0%`), tick: (value) => `${number(value)}\u00a0%`,
    series: [{ label: "used", name: "disk", colour: "c-power" }, { label: "filling up from", name: "warning", colour: "c-nominal", dash: true }, { label: "almost full from", name: "critical", colour: "c-hot", dash: true }],
  },
];

/** `{element, again}` */
export async function unitChart({ number: unit, query, signal }) {
  const note = h("span", { class: "quiet", "aria-live": "polite" });
  const picture = h("div", { class: "panel time-panel" });
  const span = () => (query.get("span") in SPANS ? query.get("span") : "day");
  const spans = segments("Span of time", Object.entries(SPANS).map(([value, [text]]) => [value, text]), span(), (next) => {
    query.set("span", next);
    setQuery(query);
    spans.mark(next);
    loop.again();
  });
  const group = await chartGroup(SPECS, { signal, empty: "No line was read in this span" });
  const element = h("section", { "aria-label": "Over time" }, h("div", { class: "section-head" }, h("span", { class: "section-end" }, h("h2", {}, "Over time"), spans.element), note), picture, group.element);
  const load = async () => {
    const over = span();
    const hours = SPANS[over][1];
    const ask = (rest, more = {}) => units("GET", unitAt(unit, rest), { query: { hours, ...more }, signal });
    const [{ data: view }, { data: changes }, { data: lines }, { data: cycles }] = await Promise.all([
      units("GET", unitAt(unit), { signal }), ask("/history", { action_type: "status_change", limit: 1000 }), ask("/lines"), units("GET", unitAt(unit, "/cycles"), { signal }),
    ]);
    if (over !== span()) return;
    const until = Date.now() / 1000;
    const since = until - hours * 3600;
    const known = spansOf(view, changes.toReversed(), since, until);
    const here = cycles.filter((one) => Date.parse(one.requested_at) / 1000 >= since);
    put(picture, timelinePicture({ spans: known, cycles: here, since, until }));
    setText(note, spanWords(known, here));
    group.update({ points: pointsOf(lines.courses, known, since, until), level: "raw", since, until, fields: FIELDS });
  };
  const loop = await every(REFRESH_S, load, signal);
  return { element, again: () => loop.again() };
}

/**
 * Points at even steps and at each change: a count stands until the next one, and nothing is drawn where the unit
 * was down or nobody knows. `courses` are the API's rows, `spans` what was when.
 */
function pointsOf(courses, spans, since, until) {
  if (!courses.length) return [];
  const step = (until - since) / POINTS;
  const times = new Set();
  for (let time = Math.max(since, courses[0][0]); time <= until; time += step) times.add(Math.round(time));
  for (const [at] of courses) for (const time of [at - 1, at]) if (time >= courses[0][0]) times.add(time);
  // Changes have parts of seconds, counts have none: the first count after a gap is of the second in which it ends.
  for (const { from } of spans) if (from >= courses[0][0]) times.add(Math.ceil(from));
  const points = [];
  let [row, place] = [-1, 0];
  for (const time of [...times].sort((a, b) => a - b)) {
    while (row + 1 < courses.length && courses[row + 1][0] <= time) row += 1;
    while (place + 1 < spans.length && spans[place].to <= time) place += 1;
    const is = spans[place]?.is;
    const at = new Date(time * 1000).toISOString();
    const [, gsm, , sip, , internal, , disk] = courses[Math.max(row, 0)];
    points.push(is === "up" ? { at, polls: 1, gsm, sip, internal, disk } : { at, polls: 0, misses: is === "down" ? 1 : 0 });
  }
  return points;
}
