// The head of the gateways: how many there are by status, how many lines by health.
import { goip } from "./api.js";
import { h, setText } from "./dom.js";
import { number } from "./format.js";
import { HEALTH, STATUSES } from "./gateway-words.js";
import { figureBox } from "./totals.js";
import { glyph } from "./words.js";

/** A bar of shares with its counts, each of which is a button that filters. `{element, update(counts), mark(value)}`. */
export function shareBar(label, words, pick) {
  const stack = h("div", { class: "stack", "aria-hidden": "true" });
  const list = h("ul", { class: "counts", "aria-label": label });
  const parts = Object.entries(words).map(([name, { word, tone, shape }]) => {
    const count = h("b", { class: "num" });
    const button = h("button", { type: "button", class: "count-button", onclick: () => pick(name) }, glyph(shape), count, ` ${word}`);
    const segment = h("span", { "data-is": tone });
    const item = h("li", { "data-is": tone }, button);
    stack.append(segment);
    list.append(item);
    return { name, count, segment, item, button };
  });
  return {
    element: h("div", { class: "availability" }, stack, list),
    update(counts) {
      const all = Math.max(Object.values(counts).reduce((sum, one) => sum + one, 0), 1);
      for (const { name, count, segment, item } of parts) {
        const value = counts[name] ?? 0;
        segment.style.setProperty("flex-grow", value / all);
        segment.hidden = value === 0;
        setText(count, number(value));
        item.hidden = value === 0;
      }
    },
    mark(value) {
      for (const { name, button, item } of parts) {
        button.setAttribute("aria-pressed", String(name === value));
        if (name === value) item.hidden = false;
      }
    },
  };
}

/** `pick(name, value)` sets a filter. `{element, refresh(signal), mark(state), stats()}`. */
export function fleetStrip(pick) {
  const gateways = figureBox("Gateways");
  const lines = figureBox("Lines");
  const statuses = shareBar("Gateways by status", STATUSES, (value) => pick("status", value));
  const healths = shareBar("Lines by health", HEALTH, (value) => pick("health", value));
  const element = h("section", { class: "strip fleet", "aria-label": "Totals" },
    h("div", { class: "strip-miners" }, gateways.element, statuses.element), h("div", { class: "strip-miners strip-lines" }, lines.element, healths.element));
  let stats = null;
  let marked = new URLSearchParams();
  const mark = (state) => {
    marked = state;
    statuses.mark(state.get("status"));
    healths.mark(state.get("health"));
  };
  return {
    element, mark,
    stats: () => stats,
    async refresh(signal) {
      stats = (await goip("GET", "fleet", { signal })).data;
      gateways.update(number(stats.gateways), stats.stale ? `${number(stats.stale)} out of date` : "");
      lines.update(number(stats.lines), stats.busy ? `${number(stats.busy)} in a call` : "");
      statuses.update(stats.by_status);
      healths.update(stats.by_health);
      mark(marked);
      element.hidden = stats.gateways === 0;
    },
  };
}

/** "3 gateways not active, 5 lines down", for the title. */
export function fleetTrouble({ by_status: status, by_health: health }) {
  const away = (status.inactive ?? 0) + (status.error ?? 0);
  const down = ["not_registered", "no_sim", "module_off", "voip_not_registered"].reduce((sum, name) => sum + (health[name] ?? 0), 0);
  return [away && `${number(away)} not active`, down && `${number(down)} lines down`].filter(Boolean).join(", ") || "all is well";
}
