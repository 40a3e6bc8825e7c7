// The filters above a table: a search and choices. They live in the address.
import { h } from "./dom.js";

/**
 * `names` are all filters, `fixed` those that the page decides; `choices` are `[name, label, [[value, text], …]]`, where the
 * label is what stands there while nothing is chosen. `{element, mark, clear}`.
 */
export function filterBar({ state, set, names, fixed = {}, search: { placeholder, label }, choices, clear }) {
  const search = h("input", { type: "search", placeholder, "aria-label": label, autocomplete: "off", spellcheck: "false" });
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
  const selects = choices.filter(Boolean).map(([name, none, options]) => [name, h("select", { "aria-label": none, onchange: (event) => choose(name, event.target.value) },
    h("option", { value: "" }, none), options.map(([value, text]) => h("option", { value }, text)))]);
  const reset = h("button", { type: "button", class: "plain", onclick: clear }, "Clear");
  const mark = () => {
    // What is being typed is newer than the address.
    if (!timer) search.value = state.get("search") ?? "";
    for (const [name, select] of selects) {
      select.value = state.get(name) ?? "";
      select.classList.toggle("set", Boolean(select.value));
    }
    reset.hidden = !names.some((name) => state.has(name) && !(name in fixed));
  };
  mark();
  const element = h("div", { class: "filters", role: "search" },
    h("span", { class: "search" }, search, h("kbd", { "aria-hidden": "true" }, "/")), selects.map(([, select]) => select), reset);
  return { element, mark, clear };
}

/** The options with the one of the address, which may be of something that is not there any more: it is still a filter. */
export const withChosen = (options, chosen) => (chosen && !options.some(([value]) => value === chosen) ? [...options, [chosen, chosen]] : options);
