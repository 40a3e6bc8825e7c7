// The miner table: search, filters, order and page live in the address; rows are kept and only their texts change.
import { containers as allContainers, miners, withQuery } from "./api.js";
import { bulkBar } from "./bulk.js";
import { h, keyed, setAttribute, show, stay } from "./dom.js";
import { every } from "./live.js";
import { COLUMNS, chooseColumn } from "./miner-columns.js";
import { FILTERS, minerFilters } from "./miner-filters.js";
import { say } from "./notices.js";
import { beyond, headRow, noMatch, pageOf, pager, sizeOf } from "./paging.js";
import { place } from "./place.js";
import { go, setQuery } from "./router.js";
import { selection } from "./selection.js";
import { can } from "./session.js";
import { follow } from "./stream.js";

const REFRESH_S = 5;

/**
 * Put the table into `root` and keep it fresh until `signal` aborts.
 * `fixed` are filters that the page decides (a container); `none` is what to show when there is nothing at all.
 * Returns `{again}`.
 */
export async function minerTable({ root, query, signal, fixed = {}, none }) {
  const state = query;
  const choosing = can("change-miners") || can("poll-miners");
  const columns = [choosing && chooseColumn, ...COLUMNS.filter(({ name }) => !(name === "container" && "container_id" in fixed))].filter(Boolean);
  const [places, makers, tags, groups] = await Promise.all([
    allContainers(signal), miners("GET", "miners/manufacturers", { signal }), miners("GET", "miners/tags", { signal }), can("change-miners") ? miners("GET", "miners/groups", { signal }) : { data: [] },
  ]);
  const known = { places, makers: makers.data, tags: tags.data.map(({ tag }) => tag), groups: groups.data };
  let rows = [];
  let matching = 0;
  let names = new Map(places.map(({ id, name }) => [id, name]));
  let loop = null;

  const limit = () => sizeOf(state);
  const page = () => pageOf(state);
  const changed = ({ keepPage = false } = {}) => {
    if (!keepPage) state.delete("page");
    // Another filter is another set: what was chosen under the old one must not be acted on.
    if (!keepPage && choice.all()) choice.clear();
    setQuery(state);
    heads.mark();
    filters.mark();
    return loop?.again();
  };
  const set = (name, value) => {
    if (value) state.set(name, value);
    else state.delete(name);
    changed();
  };

  const filters = minerFilters({ state, set, known, fixed, clear() {
    for (const name of FILTERS) state.delete(name);
    changed();
  } });
  const filter = () => Object.fromEntries(FILTERS.map((name) => [name, name in fixed ? fixed[name] : state.get(name)]).filter(([, value]) => value != null && value !== ""));
  const choice = selection({ changed: () => bulk.update(), total: () => matching });
  const bulk = bulkBar({ choice, filter: () => typed(filter()), names: (id) => rows.find((one) => one.id === id)?.name, known: () => ({ ...known, rows }), again: () => loop.again() });
  const heads = headRow(columns.map((column) => (column === chooseColumn ? { name: "choose", head: h("label", {}, choice.head) } : column)), state, (order) => {
    state.set("sort", order);
    changed();
  });
  const body = h("tbody");
  const table = h("table", { class: "miners" }, h("caption", { class: "hidden" }, "Miners"), h("thead", {}, heads.element), body);
  const nothing = h("div");
  const pages = pager({ noun: "miner", page, limit, turn(next) {
    if (next > 1) state.set("page", next);
    else state.delete("page");
    changed({ keepPage: true });
    root.scrollIntoView({ block: "start" });
  }, resize(size) {
    state.set("size", size);
    changed();
  } });

  body.addEventListener("click", (event) => {
    if (event.target.closest("a, button, label") || String(getSelection())) return;
    const link = event.target.closest("tr")?.querySelector(".row-link");
    if (link) go(link.href);
  });
  body.addEventListener("click", (event) => {
    const box = event.target.closest("input[data-choose]");
    if (box) choice.toggle(Number(box.dataset.choose), box.checked, event.shiftKey);
  });
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const link = step && event.target.closest("tr")?.[step]?.querySelector(".row-link");
    if (!link) return;
    event.preventDefault();
    link.focus();
  });

  const makeRow = () => {
    const cells = columns.map((column) => column.cell());
    const element = h("tr", {}, cells.map((cell) => cell.element));
    return {
      element,
      update(view) {
        setAttribute(element, "data-is", view.availability);
        setAttribute(element, "data-resting", view.is_active ? null : "yes");
        for (const cell of cells) cell.update(view, { containers: names, chosen: choice.has(view.id) });
      },
    };
  };

  let first = true;
  let turn = 0;
  const refresh = async () => {
    const mine = (turn += 1);
    const order = state.get("sort") ?? "";
    const { data, total } = await miners("GET", "miners", { signal, query: {
      ...filter(), sort: order.replace(/^-/, "") || null, order: order.startsWith("-") ? "desc" : null,
      limit: limit(), offset: (page() - 1) * limit(),
    } });
    if (mine !== turn) return;
    if (data.some(({ container_id: id }) => id != null && !names.has(id))) {
      names = new Map((await allContainers(signal)).map(({ id, name }) => [id, name]));
    }
    rows = data;
    matching = total ?? data.length;
    keyed(body, data, ({ id }) => id, makeRow);
    choice.page(data.map(({ id }) => id));
    bulk.update();
    pages.update(data.length, matching, withQuery(`${place.api}/miners/export`, { ...filter(), format: "csv" }));
    const filtered = FILTERS.some((name) => state.has(name));
    table.hidden = data.length === 0;
    filters.element.hidden = data.length === 0 && !filtered;
    stay(nothing, data.length ? "" : filtered ? "no match" : page() > 1 ? "beyond" : "none",
      () => (filtered ? noMatch("miner", filters.clear) : page() > 1 ? beyond(() => pages.turn(1)) : none()));
    if (first) show(root, filters.element, table, nothing, pages.element, bulk.element);
    first = false;
  };
  // Rows that are shown change at once; order, page and count with the next full read.
  const told = (views) => {
    const news = new Map(views.map((view) => [view.id, view]));
    if (!rows.some(({ id }) => news.has(id))) return;
    rows = rows.map((one) => ({ ...one, ...news.get(one.id) }));
    keyed(body, rows, ({ id }) => id, makeRow);
  };
  // The whole fleet changes a hundred times a second: only a container's table follows it live.
  const live = "container_id" in fixed;
  const read = { task: refresh, signal, onError: (error) => error.status && say(error.message, { failed: true }) };
  loop = live ? await follow({ ...read, seconds: REFRESH_S, of: { container_id: fixed.container_id }, on: { miners: told } }) : await every(REFRESH_S, read.task, signal, read.onError);
  return { again: () => loop.again() };
}

const WHOLE = ["container_id", "group_id"];

/** Filters as the API's bodies have them: numbers and truths, where the address has texts. */
const typed = (filter) => Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, WHOLE.includes(name) ? Number(value) : name === "is_active" ? value === "true" : value]));
