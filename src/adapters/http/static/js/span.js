// The span of time that charts show: a few usual ones, or any from–to. It lives in the address.
import { now } from "./api.js";
import { h, setAttribute } from "./dom.js";
import { age, localInput, zone } from "./format.js";

export const SPANS = { "1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720, "1y": 8760 };
const WORDS = { "1h": "1 hour", "6h": "6 hours", "24h": "24 hours", "7d": "7 days", "30d": "30 days", "1y": "1 year" };
const LEVELS = { raw: "every poll", "5m": "means over 5 minutes", "1h": "means over an hour" };

/** How a level is said. */
export const levelWord = (level) => LEVELS[level] ?? level;

/** Read the span from an address: `{name, hours}` or `{since, until}` (Dates). */
export function readSpan(query, fallback = "24h") {
  const since = new Date(query.get("since") ?? "");
  const until = new Date(query.get("until") ?? "");
  if (since < until) return { name: null, since, until, hours: (until - since) / 3_600_000 };
  const name = query.get("span") in SPANS ? query.get("span") : fallback;
  return { name, hours: SPANS[name] };
}

/** A day, or less for what has not been there so long. */
export const usualSpan = (since) => ["1h", "6h"].find((name) => age(since) < SPANS[name] * 3600) ?? "24h";

/** The API's parameters for a span. */
export function spanQuery(span) {
  return span.name ? { hours: span.hours } : { since: span.since.toISOString(), until: span.until.toISOString() };
}

/** Write a span into a query. */
export function writeSpan(query, span) {
  for (const name of ["span", "since", "until"]) query.delete(name);
  if (span.name) query.set("span", span.name);
  else {
    query.set("since", span.since.toISOString());
    query.set("until", span.until.toISOString());
  }
  return query;
}

/** The switch. `pick(span)` is called when another is chosen; `{element, mark(span)}`. */
export function spanSwitch(span, pick, { custom = true } = {}) {
  const buttons = Object.keys(SPANS).map((name) =>
    h("button", { type: "button", "data-span": name, title: `The last ${WORDS[name]}`, onclick: () => pick({ name, hours: SPANS[name] }) },
      name.replace(/(\d+)/, "$1\u00a0")));
  const from = h("input", { type: "datetime-local", "aria-label": "From" });
  const to = h("input", { type: "datetime-local", "aria-label": "To" });
  const wrong = h("span", { class: "field-error", role: "alert" });
  const apply = (event) => {
    event.preventDefault();
    const since = new Date(from.value);
    const until = new Date(to.value);
    wrong.textContent = since < until ? "" : "The end must come after the beginning.";
    if (since < until) pick({ name: null, since, until, hours: (until - since) / 3_600_000 });
  };
  const range = h("form", { class: "range", hidden: true, onsubmit: apply, novalidate: true },
    h("label", {}, "From ", from), h("label", {}, "to ", to),
    h("button", { type: "submit" }, "Show"), h("span", { class: "quiet" }, zone()), wrong);
  const other = h("button", { type: "button", "aria-expanded": "false", onclick: () => open(range.hidden) }, "From–to");
  const open = (wanted) => {
    range.hidden = !wanted;
    setAttribute(other, "aria-expanded", String(wanted));
    if (wanted) from.focus();
  };
  const mark = (next) => {
    for (const button of buttons) setAttribute(button, "aria-pressed", String(button.dataset.span === next.name));
    setAttribute(other, "aria-pressed", String(!next.name));
    const until = next.until ?? new Date(now());
    from.value = localInput(next.since ?? new Date(until.getTime() - next.hours * 3_600_000));
    to.value = localInput(until);
    if (!next.name) range.hidden = false;
  };
  mark(span);
  const group = h("div", { class: "segments", role: "group", "aria-label": "Span of time" }, buttons, custom && other);
  return { element: h("div", { class: "span-switch" }, group, custom && range), mark };
}
