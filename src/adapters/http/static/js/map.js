// The map of a container: rows of racks, shelves, slots; each miner where it stands, in the colour of how it does.
import { miners } from "./api.js";
import { arranging } from "./arrange.js";
import { editContainer } from "./container-form.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { number, plural } from "./format.js";
import { MODES, lineOf } from "./map-modes.js";
import { empty } from "./notices.js";
import { pageUrl } from "./place.js";
import { setQuery } from "./router.js";
import { can } from "./session.js";
import { segments } from "./sheet.js";
import { follow } from "./stream.js";
import { glyph, placeWords } from "./words.js";

const REFRESH_S = 5;
/** Places that a browser draws and keeps fresh without effort. */
const MOST_PLACES = 5000;
const HINT = "Point at a place, or move with the arrow keys, to see its miner.";

/** The section of the map; it keeps itself fresh until `signal` aborts. */
export async function map({ container, query, signal, restart }) {
  let mode = query.get("mode") in MODES ? query.get("mode") : "rate";
  let plan = null;
  const grid = h("div", { class: "map", "data-mode": mode });
  const legend = h("ul", { class: "legend", "aria-label": "Legend" });
  const told = h("p", { class: "map-told", "aria-live": "polite" });
  const unplaced = h("ul", { class: "unplaced" });
  const unplacedTitle = h("h3");
  const aside = h("section", { "aria-label": "Miners without a place" }, unplacedTitle, unplaced);
  const nothing = h("div");
  const modes = segments("What the colours show", Object.entries(MODES).map(([value, { title }]) => [value, title]), mode, (next) => {
    mode = next;
    query.set("mode", next);
    setQuery(query);
    modes.mark(next);
    grid.dataset.mode = next;
    draw();
  });
  const arrange = arranging({ signal, plan: () => plan, again: () => loop.again(), changed: () => draw() });
  const head = h("div", { class: "section-head" }, modes.element, arrange.bar);
  const setUp = async () => (await editContainer(container.id)) && restart();
  const cells = new Map();

  const draw = () => {
    if (!plan || grid.hidden) return;
    setUpCells();
    const at = new Map(plan.cells.map((one) => [keyOf(one), one]));
    for (const [key, cell] of cells) cell.update(at.get(key) ?? null);
    put(legend, legendOf(mode));
    keyed(unplaced, plan.unplaced, ({ miner_id: id }) => id, () => loose(arrange));
    setText(unplacedTitle, plan.unplaced.length ? `${plural(plan.unplaced.length, "miner")} without a place` : "");
    aside.hidden = !plan.unplaced.length;
    arrange.mark();
  };
  /** The grid is made once, and anew only when its size changes. */
  const setUpCells = () => {
    const size = `${plan.rows}/${plan.shelves}/${plan.slots}`;
    if (grid.dataset.size === size) return;
    grid.dataset.size = size;
    cells.clear();
    const rows = count(plan.rows).map((row) => h("section", { class: "rack", "aria-label": `Row ${row}`, vars: { "--slots": plan.slots } },
      h("h3", {}, `Row ${row}`), h("div", { class: "rack-frame" },
        h("div", { class: "shelf slots", "aria-hidden": "true" }, h("span"), count(plan.slots).map((slot) => h("span", {}, slot))),
        count(plan.shelves).map((shelf) => h("div", { class: "shelf" }, h("span", { class: "shelf-name", title: `Shelf ${shelf}` }, shelf), count(plan.slots).map((slot) => {
          const cell = placeCell({ row, shelf, slot }, () => mode, arrange);
          cells.set(keyOf({ row, shelf, slot }), cell);
          return cell.element;
        }))))));
    put(grid, rows);
    roving(grid);
  };
  const tell = (event) => {
    const element = event.target.closest(".place");
    const one = element && cells.get(element.dataset.place)?.shown();
    setText(told, one ? `${one.name}, ${placeWords(one)}: ${lineOf(one)}` : element ? `${placeWords(placeOf(element.dataset.place))}: empty` : HINT);
  };
  unplaced.addEventListener("keydown", pressed);
  for (const name of ["pointerover", "focusin"]) grid.addEventListener(name, tell);
  setText(told, HINT);

  const refresh = async () => {
    const { data } = await miners("GET", `containers/${container.id}/map`, { signal });
    plan = data;
    const ready = plan.rows != null && plan.rows * plan.shelves * plan.slots <= MOST_PLACES;
    for (const part of [grid, legend, told, head]) part.hidden = !ready;
    stay(nothing, ready ? "" : plan.rows == null ? "none" : "large", () => (plan.rows == null ? noGrid(setUp) : tooLarge(plan, setUp)));
    if (ready) draw();
    else aside.hidden = true;
  };
  const changed = (views) => {
    if (!plan || arrange.held()) return;
    const news = new Map(views.map((view) => [view.id, view]));
    const merged = (one) => (news.has(one.miner_id) ? { ...one, ...pick(news.get(one.miner_id)) } : one);
    plan = { ...plan, cells: plan.cells.map(merged), unplaced: plan.unplaced.map(merged) };
    draw();
  };
  const loop = await follow({ seconds: REFRESH_S, task: refresh, of: { container_id: container.id }, on: { miners: changed }, signal });
  return h("section", { class: "map-page", "aria-label": "Map" }, head, nothing, arrange.status, legend, told, grid, aside);
}

const count = (most) => Array.from({ length: most ?? 0 }, (_, index) => index + 1);
export const keyOf = ({ row, shelf, slot }) => `${row}-${shelf}-${slot}`;
export const placeOf = (key) => Object.fromEntries(key.split("-").map((value, index) => [["row", "shelf", "slot"][index], Number(value)]));
const LIVE = ["name", "availability", "state", "hash_rate", "hash_rate_unit", "rate_ratio", "temperature", "power_consumption"];
const pick = (view) => Object.fromEntries(LIVE.map((name) => [name, view[name]]));

function noGrid(setUp) {
  return empty("This container has no map yet", h("p", {}, "Say how many rows of racks it has, how many shelves a rack and how many slots a shelf. Then put each miner where it stands."),
    can("change-miners") ? h("button", { type: "button", class: "primary", onclick: setUp }, "Set up the map") : null);
}

function tooLarge({ rows, shelves, slots }, setUp) {
  return empty("This grid is too large to be drawn", h("p", {}, `It has ${number(rows * shelves * slots)} places; ${number(MOST_PLACES)} can be drawn. Give the container a smaller grid, or split it.`),
    can("change-miners") ? h("button", { type: "button", onclick: setUp }, "Change the grid") : null);
}

function legendOf(mode) {
  const { steps, unit, always } = MODES[mode];
  return [
    unit ? h("li", { class: "quiet" }, unit) : null,
    steps.map(([name, text, shape]) => h("li", {}, h("i", { class: "key", "data-step": name }, shape ? glyph(shape) : null), text)),
    always ? null : h("li", {}, h("i", { class: "key", "data-step": "none" }, glyph("offline")), "does not answer"), h("li", {}, h("i", { class: "key vacant" }), "empty"),
  ];
}

/** One place. It is a link to its miner; while things are arranged, picking up and putting down. */
function placeCell(place, mode, arrange) {
  const mark = h("span", { class: "mark" });
  const shape = h("span", { class: "shape" });
  const element = h("a", { class: "place", "data-place": keyOf(place), tabindex: -1, draggable: "false" }, mark, shape);
  let one = null;
  let shown = "";
  element.addEventListener("click", (event) => arrange.click(event, place, one));
  arrange.drags(element, () => one, place);
  return {
    element, shown: () => one,
    update(next) {
      one = next;
      const { step, mark: markOf, always } = MODES[mode()];
      const key = next ? JSON.stringify([next, mode(), arrange.on()]) : `vacant ${arrange.on()}`;
      if (key === shown) return;
      shown = key;
      setAttribute(element, "data-step", next ? step(next) : "vacant");
      setText(mark, next ? markOf(next) : "");
      const form = next && (always || next.availability !== "online") ? next.availability : null;
      if (shape.dataset.is !== (form ?? "")) {
        shape.dataset.is = form ?? "";
        shape.replaceChildren(...(form ? [glyph(form)] : []));
      }
      setAttribute(element, "href", next && !arrange.on() ? pageUrl(`miners/${next.miner_id}`) : null);
      setAttribute(element, "role", arrange.on() ? "button" : next ? null : "img");
      setAttribute(element, "aria-label", next ? `${next.name}, ${placeWords(place)}: ${lineOf(next)}` : `${placeWords(place)}: empty`);
      setAttribute(element, "draggable", String(Boolean(next) && arrange.on()));
    },
  };
}

/** A miner without a place. */
function loose(arrange) {
  const name = h("a", { class: "loose" });
  const shape = h("span", { class: "shape" });
  const element = h("li", {}, name);
  let one = null;
  name.addEventListener("click", (event) => arrange.click(event, null, one));
  arrange.drags(name, () => one, null);
  return {
    element,
    update(next) {
      one = next;
      shape.replaceChildren(glyph(next.availability));
      put(name, shape, next.name);
      setAttribute(name, "data-loose", next.miner_id);
      setAttribute(name, "title", lineOf(next));
      setAttribute(name, "href", arrange.on() ? null : pageUrl(`miners/${next.miner_id}`));
      setAttribute(name, "role", arrange.on() ? "button" : null);
      setAttribute(name, "tabindex", arrange.on() ? 0 : null);
      setAttribute(name, "draggable", String(arrange.on()));
    },
  };
}

/** What is a button while things are arranged is pressed by the keys of one. */
function pressed(event) {
  const one = event.target.closest("[role='button']");
  if (!one || (event.key !== "Enter" && event.key !== " ")) return false;
  event.preventDefault();
  one.click();
  return true;
}

/** One place is in the tab order; the arrow keys go to the others. */
function roving(grid) {
  const at = (key) => grid.querySelector(`[data-place="${key}"]`);
  const first = grid.querySelector(".place");
  if (first) first.tabIndex = 0;
  grid.onfocusin = (event) => {
    if (!event.target.matches(".place")) return;
    for (const one of grid.querySelectorAll(".place[tabindex='0']")) one.tabIndex = -1;
    event.target.tabIndex = 0;
  };
  grid.onkeydown = (event) => {
    const here = event.target.closest(".place");
    if (pressed(event)) return;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!here || !step) return;
    event.preventDefault();
    const { row, shelf, slot } = placeOf(here.dataset.place);
    const next = at(keyOf({ row, shelf: shelf + step[0], slot: slot + step[1] }))
      ?? (step[0] ? at(keyOf({ row: row + step[0], shelf: step[0] > 0 ? 1 : lastShelf(grid, row - 1), slot })) : null);
    next?.focus();
  };
}

const lastShelf = (grid, row) => Math.max(0, ...[...grid.querySelectorAll(`[data-place^="${row}-"]`)].map((one) => placeOf(one.dataset.place).shelf));
