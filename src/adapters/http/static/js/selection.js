// Which miners of the table are chosen: some by their boxes, or all that the filters match.
import { h } from "./dom.js";
import { plural } from "./format.js";

/** `changed()` is called when the choice changes. `total()` is how many the filters match. */
export function selection({ changed, total }) {
  const chosen = new Set();
  let page = [];
  let all = false;
  let last = null;
  const head = h("input", { type: "checkbox", "aria-label": "Choose this page", onchange: () => {
    all = false;
    for (const id of page) if (head.checked) chosen.add(id); else chosen.delete(id);
    tell();
  } });
  const tell = () => {
    mark();
    changed();
  };
  const mark = () => {
    const here = page.filter((id) => all || chosen.has(id)).length;
    head.checked = here > 0 && here === page.length;
    head.indeterminate = here > 0 && here < page.length;
    for (const box of document.querySelectorAll("input[data-choose]")) box.checked = all || chosen.has(Number(box.dataset.choose));
  };
  return {
    head, mark, all: () => all, count: () => (all ? total() : chosen.size), ids: () => [...chosen], has: (id) => all || chosen.has(id),
    /** The rows that are shown now, in order. */
    page(ids) {
      page = ids;
      mark();
    },
    /** A box was pressed; with Shift everything since the last one. */
    toggle(id, on, range) {
      if (all) {
        all = false;
        for (const one of page) chosen.add(one);
      }
      const [from, to] = [page.indexOf(last), page.indexOf(id)].sort((a, b) => a - b);
      for (const one of range && from >= 0 ? page.slice(from, to + 1) : [id]) if (on) chosen.add(one); else chosen.delete(one);
      last = id;
      tell();
    },
    takeAll() {
      all = true;
      tell();
    },
    clear() {
      all = false;
      chosen.clear();
      tell();
    },
    /** "12 miners chosen", and the way to choose all of them. */
    words: () => `${plural(all ? total() : chosen.size, "miner")} chosen`,
    whole: () => !all && page.length > 0 && page.every((id) => chosen.has(id)) && total() > page.length,
  };
}
