// What stands around a long table: heads that sort it, and the pages at its foot.
import { h, setAttribute, setText } from "./dom.js";
import { number, plural } from "./format.js";
import { empty } from "./notices.js";

export const SIZES = [50, 100, 250];

/** The rows a page and the page of an address. */
export const sizeOf = (state, usual = 100) => (SIZES.includes(Number(state.get("size"))) ? Number(state.get("size")) : usual);
export const pageOf = (state) => Math.max(1, Number.parseInt(state.get("page") ?? "1", 10) || 1);

/**
 * The row of heads. Columns: `{name, class, sorts: [[key, label], …]}`, where a key may be null, or `{name, head}` with an element of
 * its own. `pick(order)` gets a key, with a leading "-" for the other direction. `{element, mark}`.
 */
export function headRow(columns, state, pick) {
  const buttons = [];
  const one = ([key, label]) => {
    if (!key) return h("span", { class: "sort" }, label);
    const button = h("button", { type: "button", class: "sort", onclick: () => pick(state.get("sort") === key ? `-${key}` : key) }, label);
    buttons.push([key, button]);
    return button;
  };
  const cells = columns.map(({ name, head, class: kind = "", sorts }) => h("th", { scope: "col", class: `${kind} c-${name}` },
    head ?? sorts.map((sort, index) => (index ? [h("span", { class: "quiet", "aria-hidden": "true" }, " / "), one(sort)] : one(sort)))));
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

/** The foot: which rows of how many, all of them as a file, and the pages. `{element, turn, update(shown, total, address of the file or null)}`. */
export function pager({ noun, page, limit, turn, resize }) {
  const text = h("span", { class: "num", "aria-live": "polite" });
  const before = h("button", { type: "button", onclick: () => turn(page() - 1) }, "‹ Previous");
  const after = h("button", { type: "button", onclick: () => turn(page() + 1) }, "Next ›");
  const size = h("select", { "aria-label": "Rows a page", onchange: () => resize(size.value) }, SIZES.map((one) => h("option", { value: one }, `${one} rows`)));
  const download = h("a", { download: `${noun}s.csv`, title: `All ${noun}s that match, not only this page` }, "Export CSV");
  const asFile = h("span", {}, " · ", download);
  const element = h("div", { class: "pager" }, h("span", {}, text, asFile), h("span", { class: "pager-end" }, size, before, after));
  return {
    element, turn,
    update(shown, total, file) {
      setAttribute(download, "href", file);
      asFile.hidden = !file;
      const from = (page() - 1) * limit();
      setText(text, shown ? `${number(from + 1)}–${number(from + shown)} of ${plural(total, noun)}` : "");
      size.value = String(limit());
      before.disabled = page() <= 1;
      after.disabled = from + shown >= total;
      element.hidden = shown === 0;
      size.hidden = total <= SIZES[0];
      before.hidden = after.hidden = total <= limit() && page() === 1;
    },
  };
}

/** What stands in place of the rows when filters leave none, and when the address names a page beyond the last. */
export const noMatch = (noun, clear) => empty(`No ${noun} matches`, h("p", {}, "Nothing fits the search and the filters together."), h("button", { type: "button", onclick: clear }, "Clear the filters"));
export const beyond = (back) => empty("There is no such page", h("button", { type: "button", onclick: back }, "To the first page"));

/** Arrow keys lead from the name in one row, a `tbody` of its own, to that in the next. */
export function arrowKeys(table) {
  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!step || !event.target.matches(".row-link")) return;
    const link = event.target.closest("tbody")[step]?.querySelector(".row-link");
    if (!link) return;
    event.preventDefault();
    link.focus();
  });
}
