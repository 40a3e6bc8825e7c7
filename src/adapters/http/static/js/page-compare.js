// Comparison: the courses of a few miners or containers over one span, one chart a metric, all under one cursor.
import { containers, miners } from "./api.js";
import { chartGroup } from "./charts.js";
import { COLOURS, METRICS, aligned, parts } from "./compare-series.js";
import { h, setText, show as put, stay } from "./dom.js";
import { every } from "./live.js";
import { empty } from "./notices.js";
import { picker } from "./picker.js";
import { pageUrl } from "./place.js";
import { go, setQuery } from "./router.js";
import { segments } from "./sheet.js";
import { levelWord, readSpan, spanQuery, spanSwitch, writeSpan } from "./span.js";

const REFRESH_S = 60;
const KINDS = [["miners", "Miners"], ["containers", "Containers"]];

export async function show({ root, query, signal, setTitle }) {
  const kind = query.has("containers") ? "containers" : "miners";
  const chosen = await named(kind, ids(query.get(kind)), signal);
  let span = readSpan(query);
  let percent = query.get("percent") === "yes";
  const metrics = () => {
    const named = (query.get("metric") ?? "").split(",").filter((one) => one in METRICS && !(kind === "containers" && one === "fan"));
    return named.length ? named : ["hash_rate"];
  };
  const nothing = h("div");
  const frame = h("div");
  const level = h("span", { class: "quiet" });
  let loop = null;
  let group = null;
  let drawn = "";
  let life = new AbortController();

  const changed = ({ push = false } = {}) => {
    setQuery(query, { push });
    return loop?.again();
  };
  const chooser = picker({ kind, chosen, most: COLOURS.length, swatch: (index) => h("i", { class: `swatch s${index}` }), changed(list) {
    if (list.length) query.set(kind, list.map(({ id }) => id).join(","));
    else query.set(kind, "");
    changed();
  } });
  const kinds = segments("What to compare", KINDS, kind, (next) => {
    if (next === kind) return;
    const other = new URLSearchParams(query);
    other.delete(kind);
    other.set(next, "");
    go(`${pageUrl("compare")}?${other}`);
  });
  const boxes = Object.entries(METRICS).map(([name, { title }]) => {
    const button = h("button", { type: "button", "aria-pressed": String(metrics().includes(name)), onclick: () => {
      const list = metrics();
      const next = list.includes(name) ? list.filter((one) => one !== name) : [...list, name];
      query.set("metric", (next.length ? next : list).join(","));
      for (const [other, one] of buttons) one.setAttribute("aria-pressed", String(metrics().includes(other)));
      changed();
    } }, title);
    return [name, button];
  });
  const buttons = new Map(boxes);
  // The fans of a container have no sum and no mean that says anything.
  if (kind === "containers") buttons.get("fan").hidden = true;
  const ofNominal = h("label", { class: "check" }, h("input", { type: "checkbox", checked: percent, onchange: (event) => {
    percent = event.target.checked;
    if (percent) query.set("percent", "yes");
    else query.delete("percent");
    changed();
  } }), " rates in % of nominal");
  const pick = (next) => {
    span = next;
    writeSpan(query, span);
    spans.mark(span);
    return changed({ push: true });
  };
  const spans = spanSwitch(span, pick);
  const zoom = (since, until) => pick({ name: null, since: new Date(since * 1000), until: new Date(until * 1000), hours: (until - since) / 3600 });

  const load = async () => {
    const list = chooser.values();
    ofNominal.hidden = !metrics().includes("hash_rate");
    stay(nothing, list.length ? "" : "none", () => empty(`No ${kind} are chosen`, h("p", {}, kind === "miners" ? "Add some above, or mark them in the miner table and press Compare. Miners of one model show best which one falls behind."
      : "Add some above: their powers are the sums of all their miners, their hash rates those of the miners of one algorithm.")));
    frame.hidden = !list.length;
    if (!list.length) return;
    const asked = metrics();
    const [answers, nominals] = await Promise.all([
      Promise.all(asked.map((metric) => miners("GET", "stats/compare", { query: { [kind]: list.map(({ id }) => id).join(","), metric, ...spanQuery(span) }, signal }))),
      percent && asked.includes("hash_rate") ? nominalsOf(kind, list, signal) : null,
    ]);
    const shown = asked.flatMap((metric, index) => parts(answers[index].data, metric));
    const tables = shown.map((part) => aligned(part, part.metric === "hash_rate" && nominals ? part.series.map(nominals) : null));
    const key = JSON.stringify([list, percent, shown.map(({ metric, algorithm, unit, divisor, series }) => [metric, algorithm, unit, divisor, series.map(({ id }) => id)])]);
    if (key !== drawn) {
      // Other series need other charts; the old ones let go of what they listen to.
      life.abort();
      life = new AbortController();
      signal.addEventListener("abort", () => life.abort(), { once: true, signal: life.signal });
      const specs = shown.map(({ metric, algorithm, series }, index) => {
        const spec = METRICS[metric].spec(tables[index], series.map(({ id, name }, at) => ({ label: name, name: `m${index}s${at}`, colour: `s${list.findIndex((one) => one.id === id)}` })));
        return { ...spec, peers: true, title: algorithm ? `${spec.title}, ${algorithm}` : spec.title };
      });
      group = await chartGroup(specs, { zoom, signal: life.signal, wide: true });
      put(frame, group.element);
      drawn = key;
    }
    const [{ data }] = answers;
    setText(level, levelWord(data.level));
    group.update(tables.map((table, index) => ({
      points: table.points, level: table.level, since: Date.parse(data.since) / 1000, until: Date.parse(data.until) / 1000,
      fields: Object.fromEntries(shown[index].series.map((_, at) => [`m${index}s${at}`, (point) => point.values[at]])),
    })));
  };
  loop = await every(REFRESH_S, load, signal);
  setTitle("Compare");
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Compare"), kinds.element), h("section", { class: "panel compare-head", "aria-label": "What is compared" }, chooser.element,
    h("div", { class: "filters" }, h("div", { class: "segments", role: "group", "aria-label": "Metrics" }, boxes.map(([, button]) => button)), ofNominal)),
  h("div", { class: "section-head" }, spans.element, level), nothing, frame);
}

const ids = (text) => [...new Set((text ?? "").split(",").map(Number).filter((one) => Number.isInteger(one) && one > 0))].slice(0, COLOURS.length);

/** Names for the ids of an address; what is not there is left out. */
async function named(kind, list, signal) {
  if (kind === "containers") {
    const all = await containers(signal);
    return list.flatMap((id) => all.filter((one) => one.id === id)).map(({ id, name }) => ({ id, name }));
  }
  const found = await Promise.all(list.map(async (id) => {
    try {
      const { data } = await miners("GET", `miners/${id}`, { signal });
      return { id, name: data.name };
    } catch (error) {
      if (error.status !== 404) throw error;
      return null;
    }
  }));
  return found.filter(Boolean);
}

/** What tells the nominal rate of a course in H/s; null where nobody knows. */
async function nominalsOf(kind, list, signal) {
  if (kind === "miners") {
    const found = await Promise.all(list.map(({ id }) => miners("GET", `miners/${id}`, { signal })));
    const known = new Map(found.map(({ data }) => [data.id, data.hash_rate_nominal_hs]));
    return ({ id }) => known.get(id);
  }
  const { data } = await miners("GET", "stats/overview", { signal });
  return ({ id, algorithm }) => data.containers.find((one) => one.id === id)?.hash_rate_nominal_hs[algorithm ?? "unknown"] || null;
}
