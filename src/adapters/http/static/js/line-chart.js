// The signal of one line over a day, a week or a month, and how often it was registered and in a call.
import { deviceAt, goip } from "./api.js";
import { chartGroup } from "./charts.js";
import { h, setText } from "./dom.js";
import { number, percent, plural } from "./format.js";
import { every } from "./live.js";
import { setQuery } from "./router.js";
import { segments } from "./sheet.js";

const REFRESH_S = 60;
const SPANS = { day: ["Day", 24], week: ["Week", 168], month: ["Month", 720] };
const LEVELS = { raw: "every scan", "1h": "means over an hour", "1d": "means over a day" };
const FIELDS = {
  rssi: (point) => point.rssi, low: (point) => point.rssi_min, high: (point) => point.rssi_max, weak: (point) => (point.samples ? 10 : null),
  gsm: (point) => point.gsm_ratio, voip: (point) => point.voip_ratio, busy: (point) => point.busy_ratio,
};
const share = (value) => percent(value);
const shares = { range: [0, 1.02], show: share, tick: share };
const SPECS = [
  {
    title: "Signal (0 to 31)", range: [0, 32], constant: ["weak"], show: (value) => number(value, 1), tick: (value) => number(value),
    series: [{ label: "least to greatest", name: "range", colour: "c-rate", band: ["low", "high"] }, { label: "signal", name: "rssi", colour: "c-rate" }, { label: "weak below", name: "weak", colour: "c-nominal", dash: true }],
  },
  { title: "Registered, share of scans", ...shares, series: [{ label: "GSM", name: "gsm", colour: "c-fan" }, { label: "VoIP", name: "voip", colour: "c-mean" }] },
  { title: "In a call, share of scans", ...shares, series: [{ label: "in a call", name: "busy", colour: "c-power" }] },
];

/** `lines()` are the numbers that there are now. `{element, pick(line), lines(numbers), again}`. */
export async function lineChart({ name, query, signal }) {
  const choice = h("select", { "aria-label": "Line", onchange: () => pick(Number(choice.value)) });
  const note = h("span", { class: "quiet", "aria-live": "polite" });
  const span = () => (query.get("span") in SPANS ? query.get("span") : "day");
  const spans = segments("Span of time", Object.entries(SPANS).map(([value, [text]]) => [value, text]), span(), (next) => {
    query.set("span", next);
    setQuery(query);
    spans.mark(next);
    loop.again();
  });
  const group = await chartGroup(SPECS, { signal, empty: "No scan read it in this span" });
  const element = h("section", { class: "line-chart", "aria-label": "Signal", hidden: true }, h("div", { class: "section-head" }, h("span", { class: "section-end" }, h("h2", {}, "Signal of"), choice, spans.element), note), group.element);
  let known = [];
  const line = () => {
    const wanted = Number(query.get("line"));
    return known.includes(wanted) ? wanted : known[0];
  };
  const pick = (next) => {
    query.set("line", String(next));
    setQuery(query);
    choice.value = String(next);
    return loop.again();
  };
  const load = async () => {
    const [asked, over] = [line(), span()];
    if (asked == null) return;
    const { data } = await goip("GET", deviceAt(name, `/lines/${asked}/chart`), { query: { hours: SPANS[over][1] }, signal });
    if (asked !== line() || over !== span()) return;
    const scans = data.points.reduce((sum, point) => sum + point.samples, 0);
    setText(note, `${plural(scans, "scan")}, ${LEVELS[data.level] ?? data.level}`);
    group.update({ points: data.points, level: data.level, since: Date.parse(data.since) / 1000, until: Date.parse(data.until) / 1000, fields: FIELDS });
  };
  const loop = await every(REFRESH_S, load, signal);
  return {
    element, again: () => loop.again(),
    pick(next) {
      element.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      choice.focus({ preventScroll: true });
      return pick(next);
    },
    lines(numbers) {
      if (numbers.join() === known.join()) return;
      known = numbers;
      choice.replaceChildren(...numbers.map((one) => h("option", { value: one }, `line ${one}`)));
      element.hidden = !numbers.length;
      if (numbers.length) choice.value = String(line());
      loop.again();
    },
  };
}
