// The filters above the miner table.
import { filterBar, withChosen } from "./filters.js";
import { AVAILABILITY, STATES } from "./words.js";

export const FILTERS = ["search", "container_id", "manufacturer", "availability", "state", "is_active", "tag", "group_id"];

/** `known` holds `{places, makers, tags, groups}`; `fixed` are filters that the page decides. `{element, mark, clear}`. */
export function minerFilters({ state, set, known: { places, makers, tags, groups }, fixed, clear }) {
  const tagged = withChosen(tags.map((tag) => [tag, tag]), state.get("tag"));
  const choices = [
    !("container_id" in fixed) && ["container_id", "All containers", places.map(({ id, name }) => [id, name])],
    ["manufacturer", "All makers", makers.map((maker) => [maker, maker])],
    ["availability", "Any status", Object.entries(AVAILABILITY).map(([value, { word }]) => [value, word])],
    ["state", "Any state", Object.entries(STATES)],
    tagged.length && ["tag", "Any tag", tagged],
    groups.length && ["group_id", "Any group", groups.map(({ id, name }) => [id, name])],
    ["is_active", "Polled or not", [["true", "Polled"], ["false", "Not polled"]]],
  ];
  return filterBar({ state, set, names: FILTERS, fixed, search: { placeholder: "Name, address or model", label: "Search miners" }, choices, clear });
}
