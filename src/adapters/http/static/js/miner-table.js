// The miner table: search, filters, order and page live in the address; rows are kept and only their texts change.
import { containers as allContainers, miners } from "./api.js";
import { h, keyed, setAttribute, setText, show } from "./dom.js";
import { number, plural } from "./format.js";
import { every } from "./live.js";
import { COLUMNS } from "./miner-columns.js";
import { empty, say } from "./notices.js";
import { go, setQuery } from "./router.js";
import { AVAILABILITY, STATES } from "./words.js";

const REFRESH_S = 5;
const SIZES = [50, 100, 250];
const FILTERS = ["search", "container_id", "manufacturer", "availability", "state", "is_active"];

/**
 * Put the table into `root` and keep it fresh until `signal` aborts.
 * `fixed` are filters that the page decides (a container); `none` is what to show when there is nothing at all.
 * Returns `{again}`.
 */
export async function minerTable({ root, query, signal, fixed = {}, none }) {
  const state = query;
  const columns = COLUMNS.filter(({ name }) => !(name === "container" && "container_id" in fixed));
  const [places, makers] = await Promise.all([allContainers(signal), miners("GET", "miners/manufacturers", { signal })]);
  let names = new Map(places.map(({ id, name }) => [id, name]));
  let loop = null;

  const limit = () => (SIZES.includes(Number(state.get("size"))) ? Number(state.get("size")) : 100);
  const page = () => Math.max(1, Number.parseInt(state.get("page") ?? "1", 10) || 1);
  const changed = ({ keepPage = false } = {}) => {
    if (!keepPage) state.delete("page");
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

  const filters = filterBar({ state, set, places, makers: makers.data, fixed, clear() {
    for (const name of FILTERS) state.delete(name);
    changed();
  } });
  const heads = headRow(columns, state, (order) => {
    state.set("sort", order);
    changed();
  });
  const body = h("tbody");
  const table = h("table", { class: "miners" }, h("caption", { class: "hidden" }, "Miners"), h("thead", {}, heads.element), body);
  const nothing = h("div");
  const pages = pager({ page, limit, turn(next) {
    if (next > 1) state.set("page", next);
    else state.delete("page");
    changed({ keepPage: true });
    root.scrollIntoView({ block: "start" });
  }, resize(size) {
    state.set("size", size);
    changed();
  } });

  body.addEventListener("click", (event) => {
    if (event.target.closest("a, button") || String(getSelection())) return;
    const link = event.target.closest("tr")?.querySelector(".row-link");
    if (link) go(link.href);
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
        for (const cell of cells) cell.update(view, { containers: names });
      },
    };
  };

  let first = true;
  let turn = 0;
  const refresh = async () => {
    const mine = (turn += 1);
    const asked = Object.fromEntries(FILTERS.map((name) => [name, state.get(name)]));
    const order = state.get("sort") ?? "";
    const { data, total } = await miners("GET", "miners", { signal, query: {
      ...asked, ...fixed, sort: order.replace(/^-/, "") || null, order: order.startsWith("-") ? "desc" : null,
      limit: limit(), offset: (page() - 1) * limit(),
    } });
    if (mine !== turn) return;
    if (data.some(({ container_id: id }) => id != null && !names.has(id))) {
      names = new Map((await allContainers(signal)).map(({ id, name }) => [id, name]));
    }
    keyed(body, data, ({ id }) => id, makeRow);
    pages.update(data.length, total ?? data.length);
    const filtered = FILTERS.some((name) => state.has(name));
    table.hidden = data.length === 0;
    filters.element.hidden = data.length === 0 && !filtered;
    show(nothing, data.length ? [] : filtered ? noMatch(filters.clear) : page() > 1 ? beyond(() => pages.turn(1)) : none());
    if (first) show(root, filters.element, table, nothing, pages.element);
    first = false;
  };
  loop = await every(REFRESH_S, refresh, signal, (error) => error.status && say(error.message, { failed: true }));
  return { again: () => loop.again() };
}

function noMatch(clear) {
  return empty("No miner matches", h("p", {}, "Nothing fits the search and the filters together."),
    h("button", { type: "button", onclick: clear }, "Clear the filters"));
}

function beyond(back) {
  return empty("There is no such page", h("button", { type: "button", onclick: back }, "To the first page"));
}

function filterBar({ state, set, places, makers, fixed, clear }) {
  const search = h("input", { type: "search", placeholder: "Name, address or model", "aria-label": "Search miners", autocomplete: "off", spellcheck: "false" });
  let timer = null;
  const commit = () => {
    clearTimeout(timer);
    timer = null;
    set("search", search.value.trim());
  };
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(commit, 250);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (search.value) {
      search.value = "";
      commit();
    } else search.blur();
  });
  const choose = (name, value) => {
    if (timer) commit();
    set(name, value);
  };
  const choice = (name, label, options) => [name, h("select", { "aria-label": label, onchange: (event) => choose(name, event.target.value) },
    h("option", { value: "" }, label), options.map(([value, text]) => h("option", { value }, text)))];
  const choices = [
    "container_id" in fixed ? null : choice("container_id", "All containers", places.map(({ id, name }) => [id, name])),
    choice("manufacturer", "All makers", makers.map((maker) => [maker, maker])),
    choice("availability", "Any status", Object.entries(AVAILABILITY).map(([value, { word }]) => [value, word])),
    choice("state", "Any state", Object.entries(STATES)),
    choice("is_active", "Polled or not", [["true", "Polled"], ["false", "Not polled"]]),
  ].filter(Boolean);
  const reset = h("button", { type: "button", class: "plain", onclick: clear }, "Clear");
  const mark = () => {
    // What is being typed is newer than the address.
    if (!timer) search.value = state.get("search") ?? "";
    for (const [name, select] of choices) {
      select.value = state.get(name) ?? "";
      select.classList.toggle("set", Boolean(select.value));
    }
    reset.hidden = !FILTERS.some((name) => state.has(name) && !(name in fixed));
  };
  mark();
  const element = h("div", { class: "filters", role: "search" },
    h("span", { class: "search" }, search, h("kbd", { "aria-hidden": "true" }, "/")), choices.map(([, select]) => select), reset);
  return { element, mark, clear };
}

function headRow(columns, state, pick) {
  const buttons = [];
  const cells = columns.map((column) => h("th", { scope: "col", class: `${column.class ?? ""} c-${column.name}` },
    column.sorts.map(([key, label], index) => {
      const button = h("button", { type: "button", class: "sort", onclick: () => pick(state.get("sort") === key ? `-${key}` : key) }, label);
      buttons.push([key, button]);
      return index ? [h("span", { class: "quiet", "aria-hidden": "true" }, " / "), button] : button;
    })));
  const mark = () => {
    const order = state.get("sort") ?? "";
    for (const [key, button] of buttons) {
      const direction = order === key ? "ascending" : order === `-${key}` ? "descending" : null;
      setAttribute(button, "data-order", direction);
      const cell = button.closest("th");
      if (direction) cell.setAttribute("aria-sort", direction);
      else if (!cell.querySelector("[data-order]")) cell.removeAttribute("aria-sort");
    }
  };
  mark();
  return { element: h("tr", {}, cells), mark };
}

function pager({ page, limit, turn, resize }) {
  const text = h("span", { class: "num", "aria-live": "polite" });
  const before = h("button", { type: "button", onclick: () => turn(page() - 1) }, "‹ Previous");
  const after = h("button", { type: "button", onclick: () => turn(page() + 1) }, "Next ›");
  const size = h("select", { "aria-label": "Rows a page", onchange: () => resize(size.value) }, SIZES.map((one) => h("option", { value: one }, `${one} rows`)));
  const element = h("div", { class: "pager" }, text, h("span", { class: "pager-end" }, size, before, after));
  return {
    element, turn,
    update(shown, total) {
      const from = (page() - 1) * limit();
      setText(text, shown ? `${number(from + 1)}–${number(from + shown)} of ${plural(total, "miner")}` : "");
      size.value = String(limit());
      before.disabled = page() <= 1;
      after.disabled = from + shown >= total;
      element.hidden = shown === 0;
      size.hidden = total <= SIZES[0];
      before.hidden = after.hidden = total <= limit() && page() === 1;
    },
  };
}
