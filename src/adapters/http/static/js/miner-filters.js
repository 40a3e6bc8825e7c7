// The filters above the miner table. They live in the address.
import { h } from "./dom.js";
import { AVAILABILITY, STATES } from "./words.js";

export const FILTERS = ["search", "container_id", "manufacturer", "availability", "state", "is_active", "tag", "group_id"];

/** `known` holds `{places, makers, tags, groups}`; `fixed` are filters that the page decides. `{element, mark, clear}`. */
export function filterBar({ state, set, known: { places, makers, tags, groups }, fixed, clear }) {
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
  // A tag of the address that no miner has now is still a filter.
  const known = state.has("tag") && !tags.includes(state.get("tag")) ? [...tags, state.get("tag")] : tags;
  const choices = [
    "container_id" in fixed ? null : choice("container_id", "All containers", places.map(({ id, name }) => [id, name])),
    choice("manufacturer", "All makers", makers.map((maker) => [maker, maker])),
    choice("availability", "Any status", Object.entries(AVAILABILITY).map(([value, { word }]) => [value, word])),
    choice("state", "Any state", Object.entries(STATES)),
    known.length ? choice("tag", "Any tag", known.map((tag) => [tag, tag])) : null,
    groups.length ? choice("group_id", "Any group", groups.map(({ id, name }) => [id, name])) : null,
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
