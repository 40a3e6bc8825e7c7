// The best and the worst of a container, and how a figure is spread over its miners.
import { miners } from "./api.js";
import { h, show as put, svg } from "./dom.js";
import { figure, number, percent, plural, rate, temperature } from "./format.js";
import { every } from "./live.js";
import { empty } from "./notices.js";
import { pageUrl } from "./place.js";
import { setQuery } from "./router.js";
import { segments } from "./sheet.js";

const REFRESH_S = 60;
const HOURS = [["1", "1\u00a0h"], ["24", "24\u00a0h"], ["168", "7\u00a0d"], ["720", "30\u00a0d"]];

/** How to rank: its title, how a value is said, and the headings of the greatest and the least. */
const ORDERS = {
  rate_ratio: ["Rate of nominal", (value) => percent(value, 1), "Most of nominal", "Least of nominal"],
  hash_rate: ["Hash rate", (value, row) => rate(value, row.algorithm), "Fastest", "Slowest"],
  temperature: ["Temperature", (value) => temperature(value, 1), "Hottest", "Coolest"],
  efficiency: ["Efficiency", (value, row, unit) => `${number(value, 1)}\u00a0${unit}`, "Most joules per hash", "Fewest joules per hash"],
  misses: ["Missed polls", (value) => number(value), "Most missed", "Fewest missed"],
  restarts: ["Restarts", (value) => number(value), "Most restarts", "Fewest restarts"],
};
const METRICS = { rate_ratio: "Rate of nominal", hash_rate: "Hash rate", temperature: "Temperature", power: "Power", fan: "Fans", reject_ratio: "Rejected" };
const RATIOS = ["rate_ratio", "reject_ratio"];
const said = (metric, value, unit) => (RATIOS.includes(metric) ? percent(value, metric === "reject_ratio" ? 2 : 1) : `${figure(value)}\u00a0${unit}`);

export async function ranking({ container, query, signal }) {
  const lists = h("div", { class: "columns" });
  const spread = h("div", {});
  const by = () => (query.get("by") in ORDERS ? query.get("by") : "rate_ratio");
  const metric = () => (query.get("metric") in METRICS ? query.get("metric") : "hash_rate");
  const hours = () => (HOURS.some(([one]) => one === query.get("hours")) ? query.get("hours") : "24");
  let loop = null;
  const choose = (label, name, choices, read) => {
    const select = h("select", { "aria-label": label, onchange: () => {
      query.set(name, select.value);
      setQuery(query);
      loop.again();
    } }, choices.map(([value, text]) => h("option", { value }, text)));
    select.value = read();
    return select;
  };
  const spans = segments("Span of the ranking", HOURS, hours(), (next) => {
    query.set("hours", next);
    setQuery(query);
    spans.mark(next);
    loop.again();
  });
  const load = async () => {
    const [ranked, distributed] = await Promise.all([
      miners("GET", `stats/containers/${container.id}/ranking`, { query: { by: by(), hours: hours(), n: 10 }, signal }),
      miners("GET", `stats/containers/${container.id}/distribution`, { query: { metric: metric() }, signal }),
    ]);
    const [, say, most, least] = ORDERS[by()];
    const { top, bottom, unit } = ranked.data;
    put(lists, top.length ? [list(most, top, say, unit, scale(top, bottom)), list(least, bottom, say, unit, scale(top, bottom))]
      : empty("Nothing to rank yet", h("p", {}, "Figures are added up every five minutes; those of this span hold no answer of a miner in this container.")));
    put(spread, distributed.data.n ? distribution(distributed.data) : h("p", { class: "quiet" }, "No miner in this container says this now."));
  };
  loop = await every(REFRESH_S, load, signal);
  return h("div", { class: "page" },
    h("section", { "aria-label": "Ranking" }, h("div", { class: "section-head" }, h("h2", {}, "Ranking"),
      h("span", { class: "section-end" }, choose("Rank by", "by", Object.entries(ORDERS).map(([value, [text]]) => [value, text]), by), spans.element)), lists),
    h("section", { "aria-label": "Distribution" }, h("div", { class: "section-head" }, h("h2", {}, "Distribution over the miners now"),
      h("span", { class: "section-end" }, choose("Figure of the distribution", "metric", Object.entries(METRICS), metric))), spread));
}

/** Both lists are drawn against the greatest of either. */
const scale = (...lists) => Math.max(...lists.flat().map(({ value }) => Math.abs(value ?? 0))) || 1;

function list(title, rows, say, unit, most) {
  return h("section", {}, h("h3", {}, title), h("ol", { class: "meters ranks" }, rows.map((row, index) =>
    h("li", {}, h("span", { class: "quiet num" }, index + 1), h("a", { href: pageUrl(`miners/${row.miner_id}`) }, row.name),
      h("span", { class: "meter", "aria-hidden": "true" }, h("span", { vars: { "--part": Math.abs(row.value ?? 0) / most } })), h("b", { class: "num" }, say(row.value, row, unit))))));
}

const PARTS = [["min", "Least"], ["p5", "5 %"], ["p25", "25 %"], ["p50", "Median"], ["p75", "75 %"], ["p95", "95 %"], ["max", "Greatest"]];

/** A box from the 25th to the 75th percentile, whiskers to the 5th and 95th, marks at the ends; and the numbers below. */
function distribution(data) {
  const { metric, unit, n } = data;
  const [low, high] = [data.min, data.max];
  const x = (value) => (high > low ? 20 + ((value - low) / (high - low)) * 960 : 500);
  const text = PARTS.map(([name, label]) => `${label} ${said(metric, data[name], unit)}`).join(", ");
  const ticks = PARTS.map(([name, label]) => h("div", {}, h("dt", {}, label), h("dd", { class: "num" }, said(metric, data[name], unit))));
  return h("div", { class: "panel" },
    svg("svg", { class: "boxplot", viewBox: "0 0 1000 60", preserveAspectRatio: "none", role: "img", "aria-label": `${METRICS[metric] ?? metric} of ${plural(n, "miner")}: ${text}` },
      svg("line", { class: "whisker thin", x1: x(low), x2: x(high), y1: 30, y2: 30 }), svg("line", { class: "whisker", x1: x(data.p5), x2: x(data.p95), y1: 30, y2: 30 }),
      [data.p5, data.p95].map((value) => svg("line", { class: "whisker", x1: x(value), x2: x(value), y1: 20, y2: 40 })),
      svg("rect", { class: "box", x: x(data.p25), y: 10, width: Math.max(x(data.p75) - x(data.p25), 2), height: 40 }),
      svg("line", { class: "median", x1: x(data.p50), x2: x(data.p50), y1: 8, y2: 52 })),
    h("dl", { class: "percentiles" }, ticks), h("p", { class: "quiet" }, `${plural(n, "miner")}. Half of them stand inside the box, nine of ten between the whiskers.`));
}
