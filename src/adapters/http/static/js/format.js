// Numbers, units and times as people read them: local zone, the browser's decimal mark.
import { now } from "./api.js";

export const NONE = "–";
const PREFIXES = [[1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
const formats = new Map();

/** A number with a fixed count of decimals, or a dash. */
export function number(value, decimals = 0) {
  if (value == null || !Number.isFinite(value)) return NONE;
  if (!formats.has(decimals)) {
    formats.set(decimals, new Intl.NumberFormat(undefined, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  }
  return formats.get(decimals).format(value);
}

/** Three or four digits that matter. */
export function figure(value) {
  if (value == null || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  return number(value, size === 0 || size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 1 : 2);
}

const shorts = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });

/** As few decimals as say it, for the labels of an axis. */
export const short = (value, unit) => (unit ? join(shorts.format(value), unit) : shorts.format(value));

/** The label of an axis of watts, and one of things that are whole. */
export const shortPower = (watts) => (Math.abs(watts) < 1e4 ? short(watts, "W") : short(watts / 1e3, "kW"));
export const whole = (value) => (Number.isInteger(value) ? number(value) : "");

/** The unit that suits rates up to `hs`: `{unit, divisor}`. */
export function rateUnit(hs) {
  const [divisor, prefix] = PREFIXES.find(([one]) => hs >= one) ?? [1, ""];
  return { divisor, unit: `${prefix}H/s` };
}

const join = (text, unit) => (text === NONE ? NONE : `${text}\u00a0${unit}`);

function scaled(value, unit) {
  const [size, prefix] = PREFIXES.find(([one]) => Math.abs(value) >= one) ?? [1, ""];
  return join(figure(value / size), prefix + unit);
}

/** A rate in H/s with the prefix that fits; equihash counts solutions. */
export function rate(hs, algorithm) {
  return hs == null ? NONE : scaled(hs, algorithm === "equihash" ? "Sol/s" : "H/s");
}

/** Watts, kilowatts from 10 kW on. */
export function power(watts) {
  if (watts == null) return NONE;
  return Math.abs(watts) < 1e4 ? join(number(watts), "W") : scaled(watts, "W");
}

/** Kilowatt-hours, megawatt-hours from 10 MWh on. */
export function energy(kwh) {
  if (kwh == null) return NONE;
  return kwh < 1e4 ? join(figure(kwh), "kWh") : join(figure(kwh / 1e3), "MWh");
}

/** Joules per hash of the customary unit: J/TH for sha256, J/GH for scrypt. */
export const efficiency = (view) => join(number(view.efficiency_j_th, 1), `J/${(view.hash_rate_unit ?? "TH/s").replace("/s", "")}`);

export const temperature = (celsius, decimals = 0) => join(number(celsius, decimals), "°C");
export const rpm = (value) => join(number(value), "rpm");
export const percent = (ratio, decimals = 0) => join(number(ratio == null ? null : ratio * 100, decimals), "%");
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** "8 s", "12 min", "3 h 20 min", "4 d 2 h". */
export function duration(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}\u00a0s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}\u00a0min`;
  if (whole < 86400) return two(whole, 3600, "h", 60, "min");
  return two(whole, 86400, "d", 3600, "h");
}

function two(whole, large, largeUnit, small, smallUnit) {
  const rest = Math.floor((whole % large) / small);
  return `${Math.floor(whole / large)}\u00a0${largeUnit}${rest ? ` ${rest}\u00a0${smallUnit}` : ""}`;
}

const pad = (value) => String(value).padStart(2, "0");

/** "2026-11-24 06:10:05" in the local zone. */
export function absolute(moment) {
  const at = new Date(moment);
  return Number.isNaN(at.getTime()) ? NONE : `${day(at)} ${clock(at)}:${pad(at.getSeconds())}`;
}

export const day = (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
export const clock = (at) => `${pad(at.getHours())}:${pad(at.getMinutes())}`;
/** What <input type="datetime-local"> takes. */
export const localInput = (at) => `${day(at)}T${clock(at)}`;
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local time";

/** Seconds since a moment by the server's clock. */
export const age = (moment) => (now() - new Date(moment).getTime()) / 1000;

/** Address and port in one: "10.0.0.7:4028", "[fd00::7]:4028". */
export const hostPort = ({ ip_address: host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** A <time> that counts on: "12 min ago", or "for 12 min" as a span; the moment itself in its title. */
export function timeElement(moment, kind = "ago") {
  const element = document.createElement("time");
  setTime(element, moment, kind);
  return element;
}

/** Point a <time> at another moment. */
export function setTime(element, moment, kind = "ago") {
  if (element.dateTime === (moment ?? "") && element.dataset.kind === kind && element.textContent) return tick(element);
  element.dateTime = moment ?? "";
  element.dataset.kind = kind;
  element.title = moment ? `${absolute(moment)} (${zone()})` : "";
  tick(element);
}

function tick(element) {
  const moment = element.dateTime;
  const passed = moment ? age(moment) : null;
  const text = passed == null ? (element.dataset.kind === "ago" ? "never" : NONE)
    : element.dataset.kind === "for" ? duration(passed)
    : passed < 0 ? `in ${duration(-passed)}`
    : passed < 2 ? "just now" : `${duration(passed)} ago`;
  if (element.textContent !== text) element.textContent = text;
}

setInterval(() => {
  if (!document.hidden) document.querySelectorAll("time[data-kind]").forEach(tick);
}, 5000);
