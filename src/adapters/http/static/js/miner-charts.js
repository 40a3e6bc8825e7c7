// The charts of one miner over any span.
import { miners } from "./api.js";
import { chartGroup } from "./charts.js";
import { h, show as put } from "./dom.js";
import { figure, number, power, rate, rpm, short, shortPower, temperature, whole } from "./format.js";
import { every } from "./live.js";
import { setQuery } from "./router.js";
import { levelWord, readSpan, spanQuery, spanSwitch, usualSpan, writeSpan } from "./span.js";

const REFRESH_S = 30;

/** `nominal()` is what the miner's page knows at the moment; `since` is when the miner was added. `{element, again}`. */
export async function minerCharts({ id, query, signal, nominal, since }) {
  let span = readSpan(query, usualSpan(since));
  let unit = { unit: "TH/s", divisor: 1e12 };
  const inUnit = (value) => (value == null ? rate(null) : `${figure(value / unit.divisor)}\u00a0${unit.unit}`);
  const specs = [
    {
      title: "Hash rate", zero: true, constant: ["nominal"], show: inUnit, tick: (value) => short(value / unit.divisor),
      series: [
        { label: "least to greatest", name: "range", colour: "c-rate", band: ["low", "high"] },
        { label: "rate", name: "rate", colour: "c-rate" }, { label: "nominal", name: "nominal", colour: "c-nominal", dash: true },
      ],
    },
    { title: "Temperature", show: (value) => temperature(value, 1), tick: (value) => short(value, "°C"), series: [{ label: "hottest", name: "hottest", colour: "c-hot" }] },
    {
      title: "Fans", zero: true, show: rpm, tick: whole,
      series: [{ label: "fastest", name: "fast", colour: "c-fan" }, { label: "slowest", name: "slow", colour: "c-mean" }],
    },
    { title: "Power", zero: true, show: power, tick: shortPower, series: [{ label: "power", name: "power", colour: "c-power" }] },
  ];
  const note = h("span", { class: "quiet", "aria-live": "polite" });
  const pick = (next) => {
    span = next;
    setQuery(writeSpan(query, span), { push: true });
    chooser.mark(span);
    return loop.again();
  };
  const chooser = spanSwitch(span, pick);
  const zoom = (since, until) => pick({ name: null, since: new Date(since * 1000), until: new Date(until * 1000), hours: (until - since) / 3600 });
  const group = await chartGroup(specs, { zoom, signal });
  const fields = {
    rate: (point) => point.hash_rate_hs, low: (point) => point.hash_rate_min_hs, high: (point) => point.hash_rate_max_hs, nominal: () => nominal(),
    hottest: (point) => point.temperature_max, fast: (point) => point.fan_speed_max, slow: (point) => point.fan_speed_min, power: (point) => point.power_w,
  };
  const load = async () => {
    const asked = span;
    const { data } = await miners("GET", `stats/miners/${id}/chart`, { query: spanQuery(asked), signal });
    if (asked !== span) return;
    unit = { unit: data.unit ?? "TH/s", divisor: data.divisor ?? 1e12 };
    const missed = data.points.reduce((sum, point) => sum + (point.misses ?? 0), 0);
    const polls = data.points.reduce((sum, point) => sum + (point.polls ?? 0), 0) + missed;
    put(note, levelWord(data.level), missed ? [h("i", { class: "miss-swatch" }), `${number(missed)} of ${number(polls)} polls missed`] : null);
    group.update({ points: data.points, level: data.level, since: Date.parse(data.since) / 1000, until: Date.parse(data.until) / 1000, fields });
  };
  const loop = await every(REFRESH_S, load, signal);
  const element = h("section", { "aria-label": "Charts" }, h("div", { class: "section-head" }, chooser.element, note), group.element);
  return { element, again: () => loop.again() };
}
