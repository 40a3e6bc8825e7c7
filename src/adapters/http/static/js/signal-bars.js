// The signal of a line as bars, whose words stand beside them or in their title.
import { setAttribute, svg } from "./dom.js";

const LEVELS = [1, 6, 10, 15, 21];

/** How many of five bars: below three is weak; null where the figure says nothing. */
export const barsOf = ({ rssi, dbm }) => (rssi == null || dbm == null ? null : LEVELS.filter((least) => rssi >= least).length);

/** `{element, update(line)}` */
export function signalBars() {
  const bars = LEVELS.map((_, index) => svg("rect", { x: index * 5, y: 10 - index * 2.5, width: 3.6, height: 4 + index * 2.5, rx: 0.8 }));
  const element = svg("svg", { class: "bars", viewBox: "0 0 24 14", "aria-hidden": "true" }, bars);
  return {
    element,
    update(line) {
      const level = barsOf(line);
      setAttribute(element, "data-level", level ?? "none");
      bars.forEach((bar, index) => setAttribute(bar, "data-on", index < (level ?? 0) ? "yes" : null));
    },
  };
}
