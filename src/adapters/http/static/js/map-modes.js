// What the map of a container shows: by mode a step of colour, a word in the cell, and the legend that explains both.
import { NONE, number, percent, power, temperature } from "./format.js";
import { AVAILABILITY, STATES } from "./words.js";

/** Steps of a scale: `[from, name, legend]`, the highest first. The names are classes of colour: `h0` is worst, `h4` best. */
const RATE = [[0.95, "h4", "95 % and more"], [0.85, "h3", "85 – 95 %"], [0.7, "h2", "70 – 85 %"], [0.01, "h1", "below 70 %"], [-1, "h0", "nothing"]];
const HEAT = [[90, "t4", "90 °C and more"], [80, "t3", "80 – 90 °C"], [70, "t2", "70 – 80 °C"], [60, "t1", "60 – 70 °C"], [-300, "t0", "below 60 °C"]];
const UNKNOWN = ["none", "not known"];

const stepped = (steps, value) => (value == null ? UNKNOWN[0] : steps.find(([from]) => value >= from)[1]);
/** Figures of a miner that does not answer are of yesterday: they are not painted. */
const told = (cell) => cell.availability === "online" || cell.availability === "degraded";

const STATE_MARKS = { mining: "M", idle: "I", sleeping: "Z", starting: "↑", stopping: "↓", fault: "!" };
const AVAILABILITY_MARKS = { online: "", degraded: "", stale: "", offline: "", unknown: "?" };

export const MODES = {
  rate: {
    title: "Rate", steps: RATE.map(([, name, text]) => [name, text]), glyphs: true,
    step: (cell) => (told(cell) ? stepped(RATE, cell.rate_ratio) : "none"),
    mark: (cell) => (told(cell) && cell.rate_ratio != null ? number(cell.rate_ratio * 100) : NONE), unit: "% of nominal",
  },
  temperature: {
    title: "Temperature", steps: HEAT.map(([, name, text]) => [name, text]), glyphs: true,
    step: (cell) => (told(cell) ? stepped(HEAT, cell.temperature) : "none"),
    mark: (cell) => (told(cell) && cell.temperature != null ? number(cell.temperature) : NONE), unit: "°C",
  },
  state: {
    title: "State", steps: Object.entries(STATES).map(([name, text]) => [`state-${name}`, `${STATE_MARKS[name]} ${text}`]), glyphs: true,
    step: (cell) => (told(cell) && cell.state ? `state-${cell.state}` : "none"),
    mark: (cell) => (told(cell) ? (STATE_MARKS[cell.state] ?? "?") : NONE), unit: "",
  },
  availability: {
    title: "Availability", steps: Object.entries(AVAILABILITY).map(([name, { word }]) => [`is-${name}`, word, name]), glyphs: true, always: true,
    step: (cell) => `is-${cell.availability}`, mark: (cell) => AVAILABILITY_MARKS[cell.availability] ?? "", unit: "",
  },
};

/** All that the map knows of a miner, as one line. */
export function lineOf(cell) {
  return [
    AVAILABILITY[cell.availability]?.word ?? cell.availability, cell.state ? (STATES[cell.state] ?? cell.state) : null,
    cell.hash_rate == null ? null : `${number(cell.hash_rate, 1)}\u00a0${cell.hash_rate_unit}`, cell.rate_ratio == null ? null : `${percent(cell.rate_ratio)} of nominal`,
    cell.temperature == null ? null : temperature(cell.temperature), cell.power_consumption == null ? null : power(cell.power_consumption),
  ].filter(Boolean).join(" · ");
}
