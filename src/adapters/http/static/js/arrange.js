// Arranging a map: pick a miner up, put it down where it stands. By mouse, by touch, by keyboard the same.
import { miners } from "./api.js";
import { h, setAttribute, setText } from "./dom.js";
import { attempt, say } from "./notices.js";
import { can } from "./session.js";
import { placeWords } from "./words.js";

const NOWHERE = { row: null, shelf: null, slot: null };
const AT_ONCE = 1000;
const HINT = "Choose a miner, then the place where it stands. Dragging does the same. Esc lets go.";

/**
 * `plan()` is the map as it is known, `again()` reads it anew, `changed()` draws it.
 * `{bar, status, on(), held(), click(event, place, miner), drags(element, miner, place), mark()}`
 */
export function arranging({ plan, again, changed, signal }) {
  let on = false;
  let held = null;
  let busy = false;
  const toggle = h("button", { type: "button", "aria-pressed": "false", onclick: () => turn(!on) }, "Arrange");
  const away = h("button", { type: "button", hidden: true, onclick: () => held?.row != null && put(held, NOWHERE) }, "Take it off the map");
  const fill = h("button", { type: "button", hidden: true, onclick: () => inOrder() }, "Fill empty places by name");
  const bar = h("div", { class: "section-end" }, can("change-miners") ? [away, fill, toggle] : null);

  const status = h("p", { class: "outcome good", role: "status", hidden: true });
  const tell = (text) => setText(status, text);

  const turn = (wanted) => {
    on = wanted;
    held = null;
    setAttribute(toggle, "aria-pressed", String(on));
    toggle.textContent = on ? "Done" : "Arrange";
    bar.closest(".map-page")?.toggleAttribute("data-arranging", on);
    status.hidden = !on;
    tell(HINT);
    changed();
  };
  const hold = (one) => {
    held = one;
    tell(one ? `${one.name} is picked up: choose its place.` : HINT);
    mark();
  };
  const mark = () => {
    away.hidden = !on || held?.row == null;
    fill.hidden = !on || Boolean(held) || !plan()?.unplaced.length;
    for (const one of document.querySelectorAll("[data-held]")) one.removeAttribute("data-held");
    if (!held) return;
    const where = held.row == null ? `[data-loose="${held.miner_id}"]` : `[data-place="${held.row}-${held.shelf}-${held.slot}"]`;
    document.querySelector(where)?.setAttribute("data-held", "yes");
  };
  /** Pairs of a miner and its place, all or none at once: two that swap are never without one. */
  const write = (pairs) => miners("PUT", `containers/${plan().container_id}/places`, {
    body: { places: pairs.map(([{ miner_id: id }, { row, shelf, slot }]) => ({ miner_id: id, row, shelf, slot })) },
  });

  /** Put a miner to a place; who stands there goes to where the other came from. */
  const put = async (one, place) => {
    if (busy) return;
    busy = true;
    held = null;
    const there = plan().cells.find((cell) => cell.row === place.row && cell.shelf === place.shelf && cell.slot === place.slot);
    await attempt(async () => {
      await write(there ? [[one, place], [there, one]] : [[one, place]]);
      tell(place.row == null ? `${one.name} is off the map.` : `${one.name} stands in ${placeWords(place)} now${there ? `; ${there.name} ${one.row == null ? "is without a place" : "took its old place"}` : ""}.`);
    });
    busy = false;
    await again();
    mark();
  };

  /** All that have no place, by name, into the empty places, one after the other. */
  const inOrder = async () => {
    const { rows, shelves, slots, cells, unplaced } = plan();
    const taken = new Set(cells.map(({ row, shelf, slot }) => `${row}-${shelf}-${slot}`));
    const free = [];
    for (let row = 1; row <= rows; row += 1) for (let shelf = 1; shelf <= shelves; shelf += 1) for (let slot = 1; slot <= slots; slot += 1) if (!taken.has(`${row}-${shelf}-${slot}`)) free.push({ row, shelf, slot });
    const list = [...unplaced].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })).slice(0, free.length);
    if (!list.length) return say("There is no empty place left.", { failed: true });
    fill.disabled = true;
    let done = 0;
    while (done < list.length) {
      const part = list.slice(done, done + AT_ONCE).map((one, at) => [one, free[done + at]]);
      const fine = await attempt(async () => {
        await write(part);
        return true;
      });
      if (!fine) break;
      done += part.length;
    }
    fill.disabled = false;
    tell(`${done} of ${list.length} miners have their places.`);
    await again();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && held) hold(null);
  }, { signal });
  return {
    bar, status, mark, on: () => on, held: () => held,
    click(event, place, one) {
      if (!on) return;
      event.preventDefault();
      if (!held) return void (one && hold(one));
      if (one?.miner_id === held.miner_id) return hold(null);
      if (place) return void put(held, place);
      hold(one);
    },
    drags(element, one, place) {
      element.addEventListener("dragstart", (event) => {
        if (!on || !one()) return event.preventDefault();
        event.dataTransfer.setData("text/plain", one().name);
        event.dataTransfer.effectAllowed = "move";
        return hold(one());
      });
      if (!place) return;
      element.addEventListener("dragover", (event) => {
        if (on && held) event.preventDefault();
      });
      element.addEventListener("dragenter", () => on && held && element.setAttribute("data-over", "yes"));
      element.addEventListener("dragleave", () => element.removeAttribute("data-over"));
      element.addEventListener("drop", (event) => {
        event.preventDefault();
        element.removeAttribute("data-over");
        if (on && held && one()?.miner_id !== held.miner_id) put(held, place);
      });
    },
  };
}
