// The filters above the gateways.
import { filterBar, withChosen } from "./filters.js";
import { HEALTH, STATUSES } from "./gateway-words.js";

export const FILTERS = ["search", "status", "enterprise_number", "operator", "health", "weak"];
/** Those that mean lines: a gateway fits if one of its lines does. */
export const OF_LINES = ["operator", "health", "weak"];

/** `known` holds `{enterprises, operators}`. */
export function gatewayFilters({ state, set, known: { enterprises, operators }, clear }) {
  const worded = (words) => Object.entries(words).map(([value, { word }]) => [value, word]);
  const choices = [
    ["status", "Any status", worded(STATUSES)],
    ["enterprise_number", "All enterprises", withChosen(enterprises.map(({ number, name }) => [number, `${name} (${number})`]), state.get("enterprise_number"))],
    ["operator", "Any operator", withChosen(operators.map(({ operator }) => [operator, operator]), state.get("operator"))],
    ["health", "Any line health", worded(HEALTH)],
    ["weak", "Any signal", [["true", "Weak signal"], ["false", "Signal not weak"]]],
  ];
  return filterBar({ state, set, names: FILTERS, search: { placeholder: "Name, serial or model", label: "Search gateways" }, choices, clear });
}

/** Whether the filters for lines mean this one. */
export function meant(state, line) {
  const [operator, health, weak] = OF_LINES.map((name) => state.get(name));
  return (!operator || (line.operator ?? "").toLowerCase().includes(operator.toLowerCase())) && (!health || line.health === health) && (!weak || String(line.weak) === weak);
}
