// The board of all units: search, filters, order and page live in the address; rows are kept and only what differs changes.
import { units, withQuery } from "./api.js";
import { h, keyed, stay } from "./dom.js";
import { filterBar } from "./filters.js";
import { arrowKeys, beyond, headRow, noMatch, pageOf, pager, sizeOf } from "./paging.js";
import { place } from "./place.js";
import { setQuery } from "./router.js";
import { unitWindows, withMaintenance } from "./unit-maintenance.js";
import { COLUMNS, unitRow } from "./unit-row.js";
import { STATUSES, gsmDown, isPaused, statusOf } from "./unit-words.js";

const FILTERS = ["search", "status", "person", "power"];
const PAGE = 1000;
const ORDER = Object.keys(STATUSES);

/** What is worst comes first: who has to do something, then what is down, then what nobody can see. */
const trouble = (view) => (view.needs_person ? 0 : 4) + ORDER.indexOf(statusOf(view));
const SORTS = {
  status: trouble, failures: (view) => -view.failure_counter, number: (view) => view.enterprise_number, name: (view) => (view.name || view.enterprise_number).toLowerCase(),
  lines_down: (view) => -gsmDown(view), disk: (view) => -(view.disk_usage_percent ?? -1), calls: (view) => -(view.calls ?? -1),
};
const POWER = {
  auto: ["Cut by itself", (view) => view.parameter_option_2], hand: ["By hand only", (view) => !view.parameter_option_2], noplug: ["No plug", (view) => !view.plug], paused: ["Paused", isPaused], maintenance: ["In maintenance", (view) => view.maintenance], cycling: ["Power cycle under way", (view) => view.cycling],
};

/** Whether the filters of an address mean it. */
function fits(state, view) {
  const search = (state.get("search") ?? "").toLowerCase();
  const [status, power] = [state.get("status"), POWER[state.get("power")]];
  return (!search || [view.enterprise_number, view.name, view.host].some((one) => (one ?? "").toLowerCase().includes(search)))
    && (!status || statusOf(view) === status) && (!state.get("person") || view.needs_person) && (!power || power[1](view));
}

const compared = new Intl.Collator(undefined, { numeric: true });

function sorted(list, order) {
  const by = SORTS[order.replace(/^-/, "")] ?? trouble;
  const sign = order.startsWith("-") ? -1 : 1;
  const pair = (a, b) => (typeof a === "string" ? compared.compare(a, b) : a - b);
  return [...list].sort((a, b) => sign * pair(by(a), by(b)) || compared.compare(a.enterprise_number, b.enterprise_number));
}

/** All units that one may see. */
export async function allUnits(signal) {
  const all = [];
  for (let total = 1; all.length < total;) {
    const answer = await units("GET", "units", { query: { limit: PAGE, offset: all.length }, signal });
    all.push(...answer.data);
    total = answer.data.length ? (answer.total ?? all.length) : 0;
  }
  return all;
}

/**
 * `none()` is what to show when there is nothing at all; `changed(all)` is called when units or filters do.
 * `{element, load(), told(views), set(name, value)}`: `load` reads anew, `told` brings in what the stream says.
 */
export function unitBoard({ query: state, signal, none, changed }) {
  let all = new Map();
  let windows = [];
  const limit = () => sizeOf(state, 100);
  const page = () => pageOf(state);
  const moved = ({ keepPage = false } = {}) => {
    if (!keepPage) state.delete("page");
    setQuery(state);
    heads.mark();
    filters.mark();
    draw();
  };
  const set = (name, value) => {
    if (value) state.set(name, value);
    else state.delete(name);
    moved();
  };
  const filters = filterBar({
    state, set, names: FILTERS, search: { placeholder: "Number, name or address", label: "Search units" },
    choices: [["status", "Any status", Object.entries(STATUSES).map(([value, { word }]) => [value, word])], ["person", "Whoever helps", [["true", "Needs a person"]]], ["power", "Any power", Object.entries(POWER).map(([value, [word]]) => [value, word])]],
    clear() {
      for (const name of FILTERS) state.delete(name);
      moved();
    },
  });
  const heads = headRow(COLUMNS, state, (order) => set("sort", order));
  const table = h("table", { class: "units" }, h("caption", { class: "hidden" }, "Units"), h("thead", {}, heads.element));
  const nothing = h("div");
  const pages = pager({ noun: "unit", page, limit, turn(next) {
    if (next > 1) state.set("page", next);
    else state.delete("page");
    moved({ keepPage: true });
    element.scrollIntoView({ block: "start" });
  }, resize: (size) => set("size", size) });
  const element = h("div", { class: "table-frame" }, filters.element, table, nothing, pages.element);
  arrowKeys(table);
  const draw = () => {
    const found = sorted([...all.values()].filter((view) => fits(state, view)), state.get("sort") ?? "status");
    const from = (page() - 1) * limit();
    const shown = found.slice(from, from + limit());
    keyed(table, shown, ({ enterprise_number: number }) => number, unitRow, table.tHead);
    // The export knows the search and what looks come to, and no more.
    const same = !["person", "power"].some((name) => state.has(name)) && state.get("status") !== "unseen";
    pages.update(shown.length, found.length, same ? withQuery(`${place.units}/export`, { search: state.get("search"), status: state.get("status") }) : null);
    const filtered = FILTERS.some((name) => state.has(name));
    table.hidden = !shown.length;
    filters.element.hidden = !all.size && !filtered;
    stay(nothing, shown.length ? "" : !all.size ? "none" : found.length ? "beyond" : "no match",
      () => (!all.size ? none() : found.length ? beyond(() => pages.turn(1)) : noMatch("unit", filters.clear)));
    changed([...all.values()]);
  };
  return {
    element, set,
    async load() {
      const [views, found] = await Promise.all([allUnits(signal), unitWindows(signal)]);
      windows = found;
      all = new Map(withMaintenance(views, windows).map((view) => [view.enterprise_number, view]));
      draw();
    },
    told(views) {
      for (const view of withMaintenance(views, windows)) all.set(view.enterprise_number, view);
      draw();
    },
  };
}
