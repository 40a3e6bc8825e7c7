// The grid of all gateways and their lines: filters, order and page live in the address; rows are kept and only what differs changes.
import { goip, withQuery } from "./api.js";
import { h, keyed, show, stay } from "./dom.js";
import { FILTERS, gatewayFilters, meant } from "./gateway-filters.js";
import { COLUMNS, gatewayRow } from "./gateway-row.js";
import { nearLoader } from "./near.js";
import { arrowKeys, beyond, headRow, noMatch, pageOf, pager, sizeOf } from "./paging.js";
import { place } from "./place.js";
import { setQuery } from "./router.js";

const SPARK_S = 300;

/**
 * `known` holds `{enterprises, operators}`; `none()` is what to show when there is nothing at all; `changed()` is called when the
 * filters do. `{element, load(), told(views), set(name, value)}`: `load` reads anew, `told` brings in what the stream says.
 */
export function gatewayGrid({ query: state, signal, known, none, changed }) {
  const near = nearLoader(signal);
  const parts = new Map();
  let sparks = new Map();
  let sparked = 0;
  let rows = [];
  const limit = () => sizeOf(state, 50);
  const page = () => pageOf(state);
  const moved = ({ keepPage = false } = {}) => {
    if (!keepPage) state.delete("page");
    setQuery(state);
    heads.mark();
    filters.mark();
    changed();
  };
  const set = (name, value) => {
    if (value) state.set(name, value);
    else state.delete(name);
    moved();
  };
  const filters = gatewayFilters({ state, set, known, clear() {
    for (const name of FILTERS) state.delete(name);
    moved();
  } });
  const heads = headRow(COLUMNS, state, (order) => set("sort", order));
  const table = h("table", { class: "gateways" }, h("caption", { class: "hidden" }, "Gateways and their lines"), h("thead", {}, heads.element));
  const nothing = h("div");
  const pages = pager({ noun: "gateway", page, limit, turn(next) {
    if (next > 1) state.set("page", next);
    else state.delete("page");
    moved({ keepPage: true });
    element.scrollIntoView({ block: "start" });
  }, resize: (size) => set("size", size) });
  const element = h("div", { class: "table-frame" });
  const make = (view) => {
    const part = gatewayRow(view, { near, picked: (line) => meant(state, line), signal });
    parts.set(view.gateway_name, part);
    return part;
  };
  arrowKeys(table);
  const draw = () => keyed(table, rows, ({ gateway_name: name }) => name, make, table.tHead);

  const filter = () => Object.fromEntries(FILTERS.map((name) => [name, state.get(name)]).filter(([, value]) => value));
  const readSparks = async () => {
    if (Date.now() - sparked < SPARK_S * 1000) return;
    sparked = Date.now();
    const { data } = await goip("GET", "sparks", { query: { hours: 24 }, signal });
    sparks = new Map(data.map(({ gateway_name: name, points }) => [name, points]));
  };
  let turn = 0;
  const load = async () => {
    const mine = (turn += 1);
    const order = state.get("sort") ?? "";
    const [{ data, total }] = await Promise.all([goip("GET", "devices", { signal, query: {
      ...filter(), sort: order.replace(/^-/, "") || null, order: order.startsWith("-") ? "desc" : null, limit: limit(), offset: (page() - 1) * limit(),
    } }), readSparks()]);
    if (mine !== turn) return;
    rows = data;
    draw();
    for (const { gateway_name: name } of rows) parts.get(name).spark(sparks.get(name));
    pages.update(data.length, total ?? data.length, withQuery(`${place.goip}/export`, { ...filter(), format: "csv" }));
    const filtered = FILTERS.some((name) => state.has(name));
    table.hidden = data.length === 0;
    filters.element.hidden = data.length === 0 && !filtered;
    stay(nothing, data.length ? "" : filtered ? "no match" : page() > 1 ? "beyond" : "none",
      () => (filtered ? noMatch("gateway", filters.clear) : page() > 1 ? beyond(() => pages.turn(1)) : none()));
    if (!element.childElementCount) show(element, filters.element, table, nothing, pages.element);
  };
  const told = (views) => {
    const news = new Map(views.map((view) => [view.gateway_name, view]));
    if (!rows.some(({ gateway_name: name }) => news.has(name))) return;
    rows = rows.map((one) => news.get(one.gateway_name) ?? one);
    draw();
  };
  return { element, load, told, set, rows: () => rows };
}
