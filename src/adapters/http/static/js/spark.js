// A small line of the last day, drawn as SVG so that it needs no library.
import { svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 36;

/** Draw values over time (seconds); null and pauses longer than `step` × 2.5 are gaps. */
export function sparkline({ times, values, since, until, top, step, label }) {
  const high = Math.max(top ?? 0, ...values.map((value) => value ?? 0)) || 1;
  const x = (time) => (((time - since) / (until - since)) * WIDTH).toFixed(1);
  const y = (value) => (HEIGHT - 1 - (value / high) * (HEIGHT - 3)).toFixed(1);
  let runs = [];
  let run = null;
  times.forEach((time, index) => {
    if (values[index] == null) {
      run = null;
      return;
    }
    if (!run || time - run.at(-1)[0] > step * 2.5) runs.push((run = []));
    run.push([time, values[index]]);
  });
  // A point alone draws nothing: it stands for its step.
  runs = runs.map((one) => (one.length > 1 ? one : [-1, 1].map((side) => [Math.min(Math.max(one[0][0] + (side * step) / 2, since), until), one[0][1]])));
  const line = runs.map((one) => `M${one.map(([time, value]) => `${x(time)} ${y(value)}`).join("L")}`).join("");
  const area = runs.map((one) => `M${x(one[0][0])} ${HEIGHT}L${one.map(([time, value]) => `${x(time)} ${y(value)}`).join("L")}L${x(one.at(-1)[0])} ${HEIGHT}Z`).join("");
  return svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    top ? svg("line", { class: "spark-top", x1: 0, x2: WIDTH, y1: y(top), y2: y(top) }) : null,
    svg("path", { class: "spark-area", d: area }), svg("path", { class: "spark-line", d: line }));
}
