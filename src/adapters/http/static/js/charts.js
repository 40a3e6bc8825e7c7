// Charts by uPlot: one span, synced cursors, missed polls as bands; numbers alone where uPlot is missing.
import { h, setText, show } from "./dom.js";
import { absolute, clock, day } from "./format.js";
import { place } from "./place.js";
import { columnsOf, summary } from "./series.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
let loading = null;
let groups = 0;
const HEIGHT = 168;

/** The library, once; null when the package was built without it. */
function library() {
  if (!place.charts) return Promise.resolve(null);
  loading ??= new Promise((resolve) => {
    const script = h("script", { src: `${place.files}/vendor/uplot/uPlot.iife.min.js` });
    script.addEventListener("load", () => resolve(window.uPlot ?? null));
    script.addEventListener("error", () => resolve(null));
    document.head.append(script);
  });
  return loading;
}

/**
 * A group of charts under one another. `specs`: `{title, show(value), zero, range, peers, series: [{label, name, colour, dash, band}]}`,
 * where `peers` says that no series is the chief one, whose least and greatest stand for the chart,
 * and `band: [low, high]` fills between two columns. `zoom(since, until)` (seconds) is called when a span is dragged.
 * `empty` is what to say of a span without points; `wide` charts take the whole width.
 * Returns `{element, update(data)}` with `{points, level, since, until, fields}` (since and until in seconds), or one of them for each chart.
 */
export async function chartGroup(specs, { zoom, signal, empty, wide = false }) {
  const Plot = await library();
  groups += 1;
  const key = `charts-${groups}`;
  const one = Plot ? (spec) => drawn(Plot, spec, key, { zoom, signal, empty }) : numbersOnly;
  const charts = specs.map(one);
  const element = h("div", { class: wide ? "charts wide" : "charts" }, Plot ? null : missingNote(), charts.map((chart) => chart.element));
  return {
    element,
    update(data) {
      const tables = [data].flat().map(({ points, level, fields }) => columnsOf(points, level, fields));
      charts.forEach((chart, index) => {
        const { since, until } = Array.isArray(data) ? data[index] : data;
        chart.update(tables[index] ?? tables[0], since, until);
      });
    },
  };
}

function missingNote() {
  return h("p", { class: "callout wide" }, "Charts need uPlot, which this package was built without. Install Node.js (with npm) and build again: ",
    h("code", {}, "pip install --force-reinstall --no-deps ."), ". Until then, here are the numbers.");
}

/** The head of a chart: its title, and the figures under the cursor, else least, mean and greatest. */
function head(spec) {
  const readouts = spec.series.filter(({ band }) => !band).map((series) => {
    const value = h("b", {}, "–");
    return { series, value, element: h("span", { class: "readout" }, h("i", { class: `swatch ${series.colour} ${series.dash ? "dash" : ""}` }), `${series.label} `, value) };
  });
  const chief = spec.peers && readouts.length > 1 ? null : readouts[0].series;
  const moment = h("span", { class: "moment" });
  const range = h("span", { class: "moment" });
  const element = h("figcaption", {}, h("span", { class: "chart-title" }, spec.title),
    h("span", { class: "readouts" }, readouts.map((readout) => readout.element)), range, moment);
  return {
    element,
    mark(table, index) {
      for (const { series, value } of readouts) {
        const column = table.columns[series.name];
        const at = index ?? column.findLastIndex((one) => one != null);
        setText(value, spec.show(column[at] ?? null));
      }
      const whole = chief ? summary(table.columns[chief.name]) : null;
      setText(range, index == null && whole ? `${spec.show(whole.min)} … ${spec.show(whole.max)}` : "");
      setText(moment, index == null ? "" : absolute(table.times[index] * 1000).slice(0, -3));
    },
    text: (table) => (chief ? said(spec, spec.title, table.columns[chief.name])
      : `${spec.title}: ${readouts.map(({ series }) => said(spec, series.label, table.columns[series.name])).join("; ")}`),
  };
}

function said(spec, name, column) {
  const whole = summary(column);
  return whole ? `${name}: ${spec.show(whole.min)} to ${spec.show(whole.max)}, mean ${spec.show(whole.mean)}, last ${spec.show(whole.last)}`
    : `${name}: nothing in this span`;
}

function drawn(Plot, spec, key, { zoom, signal, empty }) {
  const caption = head(spec);
  const body = h("div", { class: "plot", role: "img" });
  const nothing = h("p", { class: "plot-empty", hidden: true });
  const element = h("figure", { class: "chart" }, caption.element, h("div", { class: "plot-frame" }, body, nothing));
  let plot = null;
  let table = null;
  let span = [0, 1];

  const data = () => [table.times, ...spec.series.flatMap(({ name, band }) => (band ? band : [name])).map((name) => table.columns[name])];
  const build = () => {
    plot?.destroy();
    plot = new Plot(options({ Plot, spec, key, width: body.clientWidth, span: () => span, table: () => table, zoom, caption }), data(), body);
  };
  const resized = new ResizeObserver(() => plot && plot.setSize({ width: body.clientWidth, height: plot.height }));
  resized.observe(body);
  const redraw = () => table && build();
  document.addEventListener("lineman:theme", redraw, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  signal.addEventListener("abort", () => {
    resized.disconnect();
    plot?.destroy();
  });
  return {
    element,
    update(next, since, until) {
      table = next;
      span = [since, until];
      const told = (name) => !spec.constant?.includes(name) && table.columns[name].some((value) => value != null);
      nothing.hidden = spec.series.some(({ band, name }) => !band && told(name));
      setText(nothing, !table.times.length ? (empty ?? "Nothing in this span") : table.answered ? "It does not say" : "No good poll in this span");
      body.setAttribute("aria-label", caption.text(table));
      if (plot) {
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        plot.setData(data());
      } else build();
      caption.mark(table, plot.cursor.idx ?? null);
    },
  };
}

function options({ Plot, spec, key, width, span, table, zoom, caption }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: colour("muted-ink"), font: "11px system-ui, sans-serif", grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false } };
  const series = spec.series.flatMap((one) => (one.band
    ? [1, 2].map(() => ({ stroke: null, width: 0, points: { show: false } }))
    : [{
      label: one.label, stroke: colour(one.colour), width: 1.5, dash: one.dash ? [5, 4] : undefined,
      points: one.dash ? { show: false } : { show: true, size: 4, filter: isolated },
    }]));
  const bandAt = spec.series.findIndex(({ band }) => band);
  return {
    width, height: HEIGHT, series: [{}, ...series],
    bands: bandAt < 0 ? [] : [{ series: [bandAt + 2, bandAt + 1], fill: colour(`${spec.series[bandAt].colour}-soft`) }],
    legend: { show: false },
    padding: [8, 10, 0, 0],
    scales: { x: { time: true, range: span }, y: { range: (_, low, high) => spec.range ?? yRange(low, high, spec.zero) } },
    axes: [{ ...axis, values: timeLabels, space: 70, size: 26, gap: 4 }, { ...axis, size: 58, space: 34, values: (plot, splits) => (plot.data.slice(1).some(summary) ? splits.map((value) => spec.tick(value)) : splits.map(() => "")) }],
    cursor: {
      sync: { key, setSeries: false }, y: false, points: { size: 7 },
      drag: { x: Boolean(zoom), y: false, setScale: false },
    },
    hooks: {
      drawClear: [(plot) => drawMisses(plot, table().misses, colour("miss"))],
      setCursor: [(plot) => caption.mark(table(), plot.cursor.left >= 0 ? plot.cursor.idx : null)],
      setSelect: [(plot) => select(plot, zoom)],
    },
  };
}

function select(plot, zoom) {
  const { left, width } = plot.select;
  // The other charts of the group get the same selection; only the one under the pointer speaks.
  if (!zoom || width < 8 || !plot.root.matches(":hover")) return;
  zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
}

function yRange(low, high, zero) {
  if (low == null || high == null) return [0, 1];
  if (zero) return [0, high > 0 ? high * 1.08 : 1];
  const room = Math.max((high - low) * 0.15, 2);
  return [Math.max(0, low - room), high + room];
}

/** Points of their own: without a neighbour there is no line to see. */
function isolated(plot, index) {
  const values = plot.data[index];
  return values.flatMap((value, at) => (value != null && values[at - 1] == null && values[at + 1] == null ? [at] : []));
}

function drawMisses(plot, misses, colour) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  for (const [from, to, share] of misses) {
    const left = plot.valToPos(from, "x", true);
    const width = Math.max(plot.valToPos(to, "x", true) - left, 2);
    ctx.globalAlpha = 0.12 + 0.3 * share;
    ctx.fillRect(left, bbox.top, width, bbox.height);
  }
  ctx.restore();
}

function timeLabels(plot, splits, axis, space, step) {
  return splits.map((seconds, index) => {
    const at = new Date(seconds * 1000);
    const date = `${at.getDate()} ${MONTHS[at.getMonth()]}`;
    if (step >= 86400 * 28) return `${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
    if (step >= 86400) return date;
    const before = index ? new Date(splits[index - 1] * 1000) : null;
    return at.getHours() + at.getMinutes() === 0 || (before && day(before) !== day(at)) ? date : clock(at);
  });
}

function numbersOnly(spec) {
  const body = h("tbody");
  const element = h("figure", { class: "chart" }, h("figcaption", {}, h("span", { class: "chart-title" }, spec.title)),
    h("table", { class: "plain-table" }, h("thead", {}, h("tr", {}, ["", "Least", "Mean", "Greatest", "Last"].map((text) => h("th", { scope: "col" }, text)))), body));
  return {
    element,
    update(table) {
      show(body, spec.series.filter(({ band }) => !band).map(({ label, name }) => {
        const whole = summary(table.columns[name]);
        return h("tr", {}, h("th", { scope: "row" }, label),
          ["min", "mean", "max", "last"].map((part) => h("td", { class: "num" }, whole ? spec.show(whole[part]) : "–")));
      }));
    },
  };
}
