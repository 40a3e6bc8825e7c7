// A picture of a unit's time: up, down or not known, with its power cycles marked. Height and pattern say it as well as colour.
import { h, svg } from "./dom.js";
import { absolute, clock, day, duration, percent, plural } from "./format.js";
import { RESULTS } from "./unit-words.js";
import { glyph } from "./words.js";

const [WIDTH, HEIGHT] = [1000, 44];
/** Seconds without a look after which nobody knows how it is. */
const STALE_S = 600;
const WORDS = { up: "up", down: "down", unknown: "not known" };
const IS = { on: "up", off: "down" };

/**
 * What was when, from the rows `status_change` (oldest first) between `since` and `until` (seconds):
 * `[{from, to, is: "up" | "down" | "unknown"}, …]`.
 */
export function spansOf(view, changes, since, until) {
  const seconds = (moment) => Date.parse(moment) / 1000;
  const born = seconds(view.created_at);
  const first = changes[0];
  // Without a row it is as it has been since the first look; what came before a unit was written down, nobody knows.
  const known = first ? IS[first.prev_status] : view.outcome === "unknown" ? "unknown" : ({ online: "up", offline: "down" }[view.last_status] ?? "unknown");
  // A unit that was removed and added again has a past that is older than itself.
  const begun = first ? (!first.prev_status ? seconds(first.change_time) : born < seconds(first.change_time) ? born : since) : view.since ? seconds(view.since) : until;
  const seen = view.last_checked_at ? seconds(view.last_checked_at) : since;
  const marks = [[since, "unknown"]];
  if (known && known !== "unknown" && begun < until) marks.push([Math.max(begun, since), known]);
  for (const { change_time: at, new_status: word } of changes) marks.push([Math.max(seconds(at), since), IS[word] ?? "unknown"]);
  if (until - seen > STALE_S) marks.push([Math.max(seen, since), "unknown"]);
  const spans = [];
  marks.forEach(([from, is], index) => {
    const to = Math.min(marks[index + 1]?.[0] ?? until, until);
    if (to <= from) return;
    if (spans.at(-1)?.is === is) spans.at(-1).to = to;
    else spans.push({ from, to, is });
  });
  return spans;
}

/** "Up 98 % of the time that is known, down twice, for 12 min in all; 2 power cycles". */
export function spanWords(spans, cycles) {
  const sum = (is) => spans.filter((one) => one.is === is).reduce((total, { from, to }) => total + to - from, 0);
  const [up, down] = [sum("up"), sum("down")];
  if (!(up + down)) return "Nothing is known of this span";
  // Down, not seen and down again is one outage.
  const seen = spans.filter(({ is }) => is !== "unknown");
  const outages = seen.filter(({ is }, index) => is === "down" && seen[index - 1]?.is !== "down").length;
  return [`Up ${percent(up / (up + down), down ? 2 : 0)} of the time that is known`, outages ? `down ${["once", "twice"][outages - 1] ?? `${outages} times`}, ${duration(down)} in all` : "never down", cycles.length ? plural(cycles.length, "power cycle") : ""].filter(Boolean).join(", ");
}

/** The picture; `cycles` are power cycles. */
export function timelinePicture({ spans, cycles, since, until }) {
  const x = (time) => ((time - since) / (until - since)) * WIDTH;
  const bars = spans.map(({ from, to, is }) => {
    const [y, height] = is === "up" ? [HEIGHT / 2, HEIGHT / 2] : is === "down" ? [0, HEIGHT] : [HEIGHT - 7, 7];
    return svg("rect", { class: `time-${is}`, x: x(from), y, width: Math.max(x(to) - x(from), is === "down" ? 2.5 : 0.5), height }, svg("title", {}, `${WORDS[is]}: ${when(from)} to ${when(to)}, ${duration(to - from)}`));
  });
  const ticks = ticksOf(since, until);
  const label = spanWords(spans, cycles);
  return h("figure", { class: "unit-time" },
    h("div", { class: "time-frame" },
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ticks.map(([time]) => svg("line", { class: "time-tick", x1: x(time), x2: x(time), y1: 0, y2: HEIGHT })), bars),
      cycles.map((one) => h("span", { class: "time-cycle", vars: { "--at": (Date.parse(one.requested_at) / 1000 - since) / (until - since) }, title: `Power cycle ${absolute(one.requested_at)}: ${RESULTS[one.result]?.text ?? "under way"}` }, glyph("off")))),
    h("div", { class: "time-axis", "aria-hidden": "true" }, ticks.map(([time, text]) => h("span", { vars: { "--at": (time - since) / (until - since) } }, text))),
    h("figcaption", { class: "time-legend", "aria-hidden": "true" }, Object.entries(WORDS).map(([is, word]) => h("span", {}, h("i", { class: `time-key time-${is}` }), word)), h("span", { class: "time-sign" }, glyph("off"), " power cycle")));
}

const when = (seconds) => absolute(seconds * 1000).slice(0, -3);

/** Round moments: hours of a day, days of a week or a month. */
function ticksOf(since, until) {
  const hours = (until - since) / 3600;
  const step = hours <= 30 ? 4 : hours <= 200 ? 24 : 120;
  const at = new Date(since * 1000);
  at.setMinutes(0, 0, 0);
  at.setHours(step < 24 ? Math.ceil((at.getHours() + 1) / step) * step : 24);
  const found = [];
  for (; at / 1000 < until; at.setHours(at.getHours() + step)) found.push([at / 1000, step < 24 ? clock(at) : day(at).slice(5)]);
  return found;
}
