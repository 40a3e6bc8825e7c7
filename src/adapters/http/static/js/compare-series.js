// The metrics of a comparison, and several courses brought onto one axis of time.
import { NONE, figure, percent, power, rpm, short, shortPower, temperature, whole } from "./format.js";
import { stepOf } from "./series.js";

/** As many as can be told apart. */
export const COLOURS = [0, 1, 2, 3, 4, 5, 6, 7];

const plain = (title, options) => ({ title, spec: (table, series) => ({ title, series, ...options }) });

export const METRICS = {
  hash_rate: {
    title: "Hash rate",
    spec: ({ unit, divisor, ofNominal }, series) => (ofNominal
      ? { title: "Hash rate, of nominal", series, zero: true, show: (value) => percent(value, 1), tick: (value) => short(value * 100, "%") }
      : { title: "Hash rate", series, zero: true, show: (value) => (value == null ? NONE : `${figure(value / divisor)}\u00a0${unit}`), tick: (value) => short(value / divisor) }),
  },
  temperature: plain("Temperature", { show: (value) => temperature(value, 1), tick: (value) => short(value, "°C") }),
  power: plain("Power", { zero: true, show: power, tick: shortPower }),
  fan: plain("Fans", { zero: true, show: rpm, tick: whole }),
  reject_ratio: plain("Rejected", { zero: true, show: (value) => percent(value, 2), tick: (value) => short(value * 100, "%") }),
};

/**
 * What goes into one chart: all of an answer, but rates of each algorithm apart, as each has its own unit.
 * What nothing is known of stands with the first.
 */
export function parts(data, metric) {
  if (metric !== "hash_rate") return [{ ...data, metric, algorithm: null }];
  const groups = new Map();
  for (const one of data.series) {
    const key = one.points.length ? one.algorithm : data.series.find(({ points }) => points.length)?.algorithm ?? one.algorithm;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([algorithm, series]) => ({
    ...data, metric, series, unit: series[0].unit, divisor: series[0].divisor, algorithm: groups.size > 1 ? algorithm ?? "unknown algorithm" : null,
  }));
}

/**
 * From the API's series to `{points: [{at, values}], level, unit, divisor, ofNominal}`.
 * Miners are polled at different seconds: every poll is put to the nearest step, so that lines hold together.
 */
export function aligned({ series, level, unit, divisor }, nominals) {
  const step = level === "raw" ? Math.max(...series.map(({ points }) => stepOf(level, points.map(([at]) => at)))) : 1;
  const rows = new Map();
  series.forEach(({ points }, index) => {
    for (const [at, value] of points) {
      const slot = Math.round(at / step) * step;
      if (!rows.has(slot)) rows.set(slot, Array(series.length).fill(null));
      const shown = nominals && value != null ? (nominals[index] ? value / nominals[index] : null) : value;
      if (shown != null) rows.get(slot)[index] = shown;
    }
  });
  const points = [...rows].sort(([one], [other]) => one - other).map(([at, values]) => ({ at: new Date(at * 1000).toISOString(), values, polls: 1 }));
  return { points, level, unit, divisor, ofNominal: Boolean(nominals) };
}
