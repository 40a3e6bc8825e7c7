// Reports: energy, mean rate and uptime, by container and period; the same as CSV.
import { miners, withQuery } from "./api.js";
import { h, show as put } from "./dom.js";
import { NONE, energy, figure, localInput, number, percent, zone } from "./format.js";
import { empty } from "./notices.js";
import { place } from "./place.js";
import { setQuery } from "./router.js";
import { current } from "./session.js";
import { POWER_KINDS } from "./words.js";

const PERIODS = { day: "by day", week: "by week", month: "by month", all: "as a whole" };
const DAY_MS = 86_400_000;

/** Spans that accountants ask for: name → [from, to) in local time. */
const SPANS = {
  "this-month": ["This month", (now) => [new Date(now.getFullYear(), now.getMonth(), 1), now]],
  "last-month": ["Last month", (now) => [new Date(now.getFullYear(), now.getMonth() - 1, 1), new Date(now.getFullYear(), now.getMonth(), 1)]],
  "last-7": ["Last 7 days", (now) => [new Date(now - 7 * DAY_MS), now]],
  "last-30": ["Last 30 days", (now) => [new Date(now - 30 * DAY_MS), now]],
  "this-year": ["This year", (now) => [new Date(now.getFullYear(), 0, 1), now]],
};

export async function show({ root, query, signal, setTitle }) {
  const span = h("select", { "aria-label": "Span" }, Object.entries(SPANS).map(([value, [text]]) => h("option", { value }, text)), h("option", { value: "own" }, "From–to"));
  const period = h("select", { "aria-label": "Periods" }, Object.entries(PERIODS).map(([value, text]) => h("option", { value }, text)));
  const from = h("input", { type: "datetime-local", "aria-label": "From" });
  const to = h("input", { type: "datetime-local", "aria-label": "To" });
  const own = h("span", { class: "range" }, h("label", {}, "From ", from), h("label", {}, "to ", to));
  const download = h("a", { class: "button", download: "" }, "Download CSV");
  const wrong = h("p", { class: "field-error", role: "alert" });
  const body = h("div");
  let turn = 0;

  span.value = query.get("span") in SPANS || query.has("since") ? (query.get("span") ?? "own") : "this-month";
  period.value = query.get("period") in PERIODS ? query.get("period") : "all";
  const bounds = () => (span.value === "own" ? [new Date(from.value || query.get("since")), new Date(to.value || query.get("until"))] : SPANS[span.value][1](new Date()));
  if (span.value === "own") {
    from.value = localInput(new Date(query.get("since")));
    to.value = localInput(new Date(query.get("until")));
  }
  const load = async () => {
    const mine = (turn += 1);
    const [since, until] = bounds();
    own.hidden = span.value !== "own";
    wrong.textContent = since < until ? "" : "The end must come after the beginning.";
    if (!(since < until)) return;
    for (const name of ["span", "since", "until"]) query.delete(name);
    if (span.value === "own") {
      query.set("since", since.toISOString());
      query.set("until", until.toISOString());
    } else query.set("span", span.value);
    query.set("period", period.value);
    setQuery(query);
    const asked = { tz: zone(), since: since.toISOString(), until: until.toISOString(), period: period.value };
    download.href = withQuery(`${place.api}/reports/containers`, { ...asked, format: "csv" });
    body.setAttribute("aria-busy", "true");
    try {
      const { data } = await miners("GET", "reports/containers", { query: asked, signal });
      if (mine !== turn) return;
      put(body, data.length ? table(data, period.value) : empty("There is nothing to report", h("p", {}, "Whole hours are counted, and the hour under way is not in it yet: what was added today shows up with the next one. Choose another span.", current()?.role === "client" ? " An admin assigns containers to you." : "")));
    } finally {
      if (mine === turn) body.removeAttribute("aria-busy");
    }
  };
  const fail = (error) => {
    if (signal.aborted) return;
    if (!error.status && error.name === "TypeError") throw error;
    put(body, empty(error.title ?? "This could not be shown", h("p", {}, error.message)));
  };
  span.addEventListener("change", () => {
    if (span.value === "own") {
      const [since, until] = SPANS["this-month"][1](new Date());
      from.value ||= localInput(since);
      to.value ||= localInput(until);
    }
    load().catch(fail);
  });
  for (const input of [period, from, to]) input.addEventListener("change", () => load().catch(fail));
  setTitle("Reports");
  await load();
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Reports"), h("div", { class: "actions" }, download)), h("div", { class: "filters" }, span, period, own, wrong), body);
}

/** What one should know of an energy: what kind of watts, and of how much of the time. */
const notes = (row) => (row.watched_ratio === 0 ? ["not watched"] : row.energy_kwh == null ? [] : [
  row.energy_kind !== "wall" ? (KINDS[row.energy_kind] ?? row.energy_kind) : null,
  row.energy_coverage != null && row.energy_coverage < 0.99 ? `known for ${percent(row.energy_coverage)}` : null,
].filter(Boolean));

const KINDS = { unknown: "of an unknown kind", ...POWER_KINDS, mixed: "of several kinds" };
const dayOf = (moment) => localInput(new Date(moment)).slice(0, 10);
/** The last day of a period that ends before `moment`. */
const lastDay = (moment) => dayOf(Date.parse(moment) - 1);

function table(rows, period) {
  const heads = [["Container"], period !== "all" && ["Period"], ["Energy", "num"], ["Mean rate", "num"], ["Uptime", "num"], ["Polls", "num"], ["Missed", "num"], ["Accepted", "num"], ["Rejected", "num"], ["Restarts", "num"]].filter(Boolean);
  const line = (row) => h("tr", {}, h("th", { scope: "row" }, row.container ?? "No container", row.algorithm && row.algorithm !== "sha256" ? h("div", { class: "sub" }, row.algorithm) : null),
    period !== "all" && h("td", {}, dayOf(row.period_start) === lastDay(row.period_end) ? dayOf(row.period_start) : `${dayOf(row.period_start)} – ${lastDay(row.period_end)}`),
    h("td", { class: "num", title: KINDS[row.energy_kind] ?? row.energy_kind ?? "No miner in it tells its power" }, energy(row.energy_kwh), notes(row).map((note) => h("div", { class: "sub" }, note))),
    h("td", { class: "num" }, row.mean_rate == null ? NONE : `${figure(row.mean_rate)}\u00a0${row.unit}`), h("td", { class: "num" }, percent(row.uptime_ratio, 2)),
    [row.polls, row.misses, row.accepted, row.rejected, row.restarts].map((value) => h("td", { class: "num" }, number(value))));
  const total = rows.reduce((sum, { energy_kwh: kwh }) => sum + (kwh ?? 0), 0);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Report" }, h("table", { class: "plain-table report" },
    h("thead", {}, h("tr", {}, heads.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)))), h("tbody", {}, rows.map(line)),
    rows.length > 1 ? h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Together"), period !== "all" && h("td"), h("td", { class: "num" }, h("b", {}, energy(total || null))), h("td", { colspan: 7 }))) : null));
}
