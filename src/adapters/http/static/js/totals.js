// Totals of a container or of all: a bar of availability, rates by algorithm, power, heat.
import { h, keyed, setAttribute, setText } from "./dom.js";
import { NONE, number, percent, plural, power, rate, temperature } from "./format.js";
import { pageUrl } from "./place.js";
import { AVAILABILITY, glyph } from "./words.js";

const ORDER = ["online", "degraded", "stale", "offline", "unknown"];

/** A bar of how many are online, degraded, …; `link(name)` makes each count a link. */
export function availabilityBar({ link } = {}) {
  const segments = h("div", { class: "stack", "aria-hidden": "true" });
  const counts = h("ul", { class: "counts" });
  const parts = ORDER.map((name) => {
    const count = h("b", { class: "num" });
    const segment = h("span", { "data-is": name });
    const body = [glyph(name), count, ` ${AVAILABILITY[name].word.toLowerCase()}`];
    const inner = link ? h("a", { href: link(name) }, body) : h("span", {}, body);
    const item = h("li", { "data-is": name }, inner);
    segments.append(segment);
    counts.append(item);
    return { name, count, segment, item };
  });
  return {
    element: h("div", { class: "availability" }, segments, counts),
    update(totals) {
      const all = Math.max(totals.miners, 1);
      for (const { name, count, segment, item } of parts) {
        const value = totals.availability?.[name] ?? 0;
        segment.style.setProperty("flex-grow", value / all);
        segment.hidden = value === 0;
        setText(count, number(value));
        item.classList.toggle("zero", value === 0);
        item.hidden = name === "unknown" && value === 0;
      }
    },
  };
}

/** Rates by algorithm: never added, the one with the most miners first. */
export function rateRows() {
  const element = h("div", { class: "rates" });
  const make = () => {
    const value = h("b", { class: "num" });
    const note = h("span", { class: "quiet num" });
    const name = h("span", { class: "quiet" });
    const row = h("div", { class: "rate-row" }, value, note, name);
    return {
      element: row,
      update({ algorithm, hs, nominal, alone }) {
        setText(value, rate(hs, algorithm));
        setText(note, nominal ? `${percent(hs / nominal)} of ${rate(nominal, algorithm)}` : "");
        setText(name, alone ? "" : algorithm);
      },
    };
  };
  return {
    element,
    update(totals) {
      const names = Object.keys(totals.hash_rate_hs ?? {}).sort((a, b) => totals.hash_rate_hs[b] - totals.hash_rate_hs[a]);
      const rows = names.map((algorithm) => ({
        algorithm, hs: totals.hash_rate_hs[algorithm], nominal: totals.hash_rate_nominal_hs?.[algorithm],
        alone: names.length === 1 && algorithm === "sha256",
      }));
      keyed(element, rows.length ? rows : [{ algorithm: "", hs: null, alone: true }], (row) => row.algorithm, make);
    },
  };
}

/** A figure with its label. */
export function figureBox(label, { wide = false } = {}) {
  const value = h("div", { class: "figure-value" });
  const note = h("div", { class: "figure-note" });
  const element = h("div", { class: wide ? "figure wide" : "figure" }, h("div", { class: "figure-label" }, label), value, note);
  return {
    element, value, note,
    update(text, extra = "", title = null) {
      setText(value, text);
      setText(note, extra);
      setAttribute(element, "title", title);
      element.classList.toggle("none", text === NONE);
    },
  };
}

/** The strip at the top of the overview and of a container. */
export function totalsStrip({ containerId } = {}) {
  const query = containerId === undefined ? {} : { container_id: containerId };
  const bar = availabilityBar({ link: (availability) => pageUrl("miners", { ...query, availability }) });
  const miners = figureBox("Miners");
  const rates = rateRows();
  const watts = figureBox("Power");
  const hottest = figureBox("Hottest");
  const element = h("section", { class: "strip", "aria-label": "Totals" },
    h("div", { class: "strip-miners" }, miners.element, bar.element),
    h("div", { class: "figure strip-rate" }, h("div", { class: "figure-label" }, "Hash rate"), rates.element),
    watts.element, hottest.element);
  return {
    element,
    update(totals) {
      const resting = totals.miners - totals.active;
      miners.update(number(totals.miners), resting > 0 ? `${number(resting)} not polled` : "");
      bar.update(totals);
      rates.update(totals);
      watts.update(power(totals.power_w), totals.power_w == null ? "" : `said by ${number(totals.power_miners)} of ${number(totals.miners)}`,
        "Only miners that tell their power are counted");
      hottest.update(temperature(totals.temperature_max), totals.temperature_avg == null ? "" : `mean ${temperature(totals.temperature_avg)}`);
    },
  };
}

/** "12 of 40 miners need a look", for titles and screen readers. */
export function troubleText(totals) {
  const trouble = ["degraded", "stale", "offline"].reduce((sum, name) => sum + (totals.availability?.[name] ?? 0), 0);
  return trouble ? `${plural(trouble, "miner needs", "miners need")} a look` : "all is well";
}
