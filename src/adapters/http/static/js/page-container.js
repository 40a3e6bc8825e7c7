// One container: totals; its course and miners, its map, its best and worst.
import { Problem, miners } from "./api.js";
import { chartGroup } from "./charts.js";
import { editContainer } from "./container-form.js";
import { confirmed } from "./dialog.js";
import { h, setText, show as put } from "./dom.js";
import { figure, number, power, rate, rateUnit, short, shortPower, temperature, whole } from "./format.js";
import { every } from "./live.js";
import { map } from "./map.js";
import { addMiner } from "./miner-form.js";
import { minerTable } from "./miner-table.js";
import { empty, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { ranking } from "./ranking.js";
import { go, setQuery } from "./router.js";
import { can } from "./session.js";
import { tabs } from "./sheet.js";
import { SPANS, levelWord, readSpan, spanSwitch, usualSpan } from "./span.js";
import { follow } from "./stream.js";
import { totalsStrip, troubleText } from "./totals.js";

const TOTALS_S = 5;
const CHART_S = 60;

const FIELDS = {
  power: (point) => point.power_w,
  hottest: (point) => point.temperature_max, mean: (point) => point.temperature_avg,
  seen: (point) => point.seen, hashing: (point) => point.hashing, miners: (point) => point.miners,
};

const VIEWS = [["", "Course and miners"], ["/map", "Map"], ["/ranking", "Ranking"]];

export async function show({ root, query, signal, args, setTitle, restart }) {
  if (args[0] === "none") return unplaced({ root, query, signal, setTitle });
  const id = Number(args[0]);
  const { data: container } = await miners("GET", `containers/${id}`, { signal });
  setTitle(container.name);
  const strip = totalsStrip({ containerId: id });
  const told = (totals) => {
    strip.update(totals);
    setTitle(`${container.name}: ${troubleText(totals)}`);
  };
  const here = { container, query, signal, restart, told };
  const content = await { map: mapView, ranking: rankingView }[args[1]]?.(here) ?? await courseView(here);
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl() }, "Overview")),
    h("div", { class: "page-head" },
      h("div", {}, h("h1", {}, container.name), h("p", { class: "quiet" }, [container.location, container.description].filter(Boolean).join(" · "))),
      can("change-miners") && h("div", { class: "actions" },
        h("button", { type: "button", onclick: async () => (await addMiner({ containerId: id })) && restart() }, "Add miner"),
        h("button", { type: "button", onclick: async () => (await editContainer(id)) && restart() }, "Edit"),
        h("button", { type: "button", class: "quiet-danger", onclick: () => remove(container) }, "Remove"))),
    strip.element, tabs("Views of the container", VIEWS.map(([path, text]) => [`containers/${id}${path}`, text]), `containers/${id}${args[1] ? `/${args[1]}` : ""}`), content);
}

async function courseView({ container, query, signal, told }) {
  const charts = await chartSection({ container, query, signal, totals: told });
  const table = h("div", { class: "table-frame" });
  await minerTable({ root: table, query, signal, fixed: { container_id: container.id }, none: () => empty("There are no miners in this container",
    can("change-miners") && h("p", {}, "Add one with the button above, or move one here by editing it.")) });
  return [charts.element, h("div", { class: "section-head" }, h("h2", {}, "Miners")), table];
}

async function mapView({ container, query, signal, restart, told }) {
  await present(container.id, told, signal);
  return map({ container, query, signal, restart });
}

async function rankingView({ container, query, signal, told }) {
  await present(container.id, told, signal);
  return ranking({ container, query, signal });
}

/** Keep the totals of now fresh. */
function present(id, told, signal) {
  const read = (overview) => {
    const mine = overview.containers.find((one) => one.id === id);
    if (mine) told(mine);
  };
  const task = async () => read((await miners("GET", "stats/overview", { signal })).data);
  return follow({ seconds: TOTALS_S, task, of: { container_id: id }, on: { totals: read }, signal });
}

async function unplaced({ root, query, signal, setTitle }) {
  setTitle("Miners without a container");
  const { data } = await miners("GET", "stats/overview", { signal });
  const totals = data.containers.find(({ id }) => id == null);
  const strip = totalsStrip();
  if (totals) strip.update(totals);
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl() }, "Overview")),
    h("div", { class: "page-head" }, h("h1", {}, "Miners without a container")), totals ? strip.element : null,
    h("p", { class: "callout" }, "Sort ", h("a", { href: pageUrl("miners", { sort: "-container_id" }) }, "the miner table"),
      " by container to find them: those without one stand at its end. Edit a miner to put it into a container."));
}

async function remove(container) {
  if (!(await confirmed(`Remove ${container.name}?`, "Only an empty container can be removed. This cannot be undone.", "Remove container"))) return;
  try {
    await miners("DELETE", `containers/${container.id}`);
    say(`${container.name} is removed.`);
    go(pageUrl());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(error.message, { failed: true });
  }
}

async function chartSection({ container, query, signal, totals }) {
  const { id } = container;
  const usual = usualSpan(container.created_at);
  let span = readSpan(query, usual);
  if (!span.name) span = { name: usual, hours: SPANS[usual] };
  const specs = (algorithms) => [
    ...algorithms.map((one, index) => rateChart(one, index, algorithms.length > 1)),
    { title: "Power", zero: true, show: power, tick: shortPower, series: [{ label: "power", name: "power", colour: "c-power" }] },
    {
      title: "Temperature", show: (value) => temperature(value, 1), tick: (value) => short(value, "°C"),
      series: [{ label: "hottest", name: "hottest", colour: "c-hot" }, { label: "mean", name: "mean", colour: "c-mean" }],
    },
    {
      title: "Miners", zero: true, show: number, tick: whole,
      series: [{ label: "hashing", name: "hashing", colour: "c-rate" }, { label: "answering", name: "seen", colour: "c-mean" }, { label: "all", name: "miners", colour: "c-nominal", dash: true }],
    },
  ];
  const level = h("span", { class: "quiet" });
  const frame = h("div");
  let group = null;
  let drawn = null;
  let life = new AbortController();
  const pick = (next) => {
    span = next;
    query.set("span", next.name);
    setQuery(query, { push: true });
    chooser.mark(span);
    return chartsLoop.again();
  };
  const chooser = spanSwitch(span, pick, { custom: false });
  const load = async () => {
    const { data } = await miners("GET", `stats/containers/${id}`, { query: { hours: SPANS[span.name] }, signal });
    const algorithms = data.algorithms.length ? data.algorithms : [{ algorithm: data.algorithm, unit: data.unit, divisor: data.divisor, points: [] }];
    const shown = algorithms.map((one) => ({ ...one, ...unitOf(one) }));
    const key = JSON.stringify(shown.map(({ algorithm, unit, divisor }) => [algorithm, unit, divisor]));
    if (key !== drawn) {
      // Other rates need other charts; the old ones let go of what they listen to.
      life.abort();
      life = new AbortController();
      signal.addEventListener("abort", () => life.abort(), { once: true, signal: life.signal });
      group = await chartGroup(specs(shown), { signal: life.signal, empty: "Nothing yet: a point stands for five minutes" });
      put(frame, group.element);
      drawn = key;
    }
    setText(level, levelWord(data.level === "raw" ? "5m" : data.level));
    const until = Date.now() / 1000;
    group.update({ points: data.points, level: data.level === "1h" ? "1h" : "5m", since: until - data.hours * 3600, until, fields: { ...FIELDS, ...rateFields(shown) } });
    totals(data.totals);
  };
  const chartsLoop = await every(CHART_S, load, signal);
  present(id, totals, signal).catch((error) => {
    // The totals of the chart's answer stand until the next round.
    if (!signal.aborted && !(error instanceof Problem)) throw error;
  });
  return { element: h("section", { "aria-label": "Charts" }, h("div", { class: "section-head" }, chooser.element, level), frame) };
}

/** The chart of one algorithm: rates of different ones are never added, and have units of their own. */
function rateChart({ algorithm, unit, divisor }, index, several) {
  return {
    title: several ? `Hash rate, ${algorithm ?? "unknown algorithm"}` : "Hash rate", zero: true,
    show: (value) => (value == null ? rate(null) : `${figure(value / divisor)}\u00a0${unit}`), tick: (value) => short(value / divisor),
    series: [{ label: "rate", name: `rate${index}`, colour: "c-rate" }, { label: "nominal", name: `nominal${index}`, colour: "c-nominal", dash: true }],
  };
}

/** A container's sums outgrow the unit of one miner; where solutions are counted, the API's unit stands. */
function unitOf({ unit, divisor, points }) {
  const most = Math.max(0, ...points.map((point) => Math.max(point.hash_rate_hs ?? 0, point.hash_rate_nominal_hs ?? 0)));
  return most && unit.endsWith("H/s") ? rateUnit(most) : { unit, divisor };
}

/** What each algorithm made at a container's point; nothing where none of its miners answered. */
function rateFields(algorithms) {
  return Object.fromEntries(algorithms.flatMap(({ points }, index) => {
    const told = new Map(points.map((point) => [point.at, point]));
    return [[`rate${index}`, ({ at }) => told.get(at)?.hash_rate_hs], [`nominal${index}`, ({ at }) => told.get(at)?.hash_rate_nominal_hs]];
  }));
}
