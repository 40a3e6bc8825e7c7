// The lines of a gateway as small cells: number, signal, health, operator or call, VoIP.
import { h, keyed, setAttribute, setText } from "./dom.js";
import { HEALTH, callWords, gatewayUrl, minutesLeft, signalWords } from "./gateway-words.js";
import { signalBars } from "./signal-bars.js";
import { glyph } from "./words.js";

/** `picked(line)` tells whether the filters mean it. `{element, update(lines)}`. */
export function lineCells({ name, picked = () => true }) {
  const element = h("ul", { class: "line-cells", "aria-label": `Lines of ${name}` });
  // One stop for the tabulator; the arrows go from line to line.
  element.addEventListener("keydown", (event) => {
    const cells = [...element.querySelectorAll("a")];
    const at = cells.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: cells.length - 1 }[event.key];
    if (at < 0 || next == null || !cells[next]) return;
    event.preventDefault();
    stop(cells, cells[next]);
    cells[next].focus();
  });
  return {
    element,
    update(lines) {
      keyed(element, lines, ({ line }) => line, () => cell(name, picked));
      const cells = [...element.querySelectorAll("a")];
      if (cells.length && !cells.some((one) => one.tabIndex === 0)) stop(cells, cells[0]);
    },
  };
}

const stop = (cells, wanted) => cells.forEach((one) => (one.tabIndex = one === wanted ? 0 : -1));

function cell(name, picked) {
  const number = h("b", { class: "num" });
  const bars = signalBars();
  const mark = h("span", { class: "line-mark" });
  const what = h("span", { class: "line-what" });
  const voip = h("span", { class: "voip" }, "V");
  const link = h("a", { class: "line-cell", tabindex: -1 }, h("span", { class: "line-top" }, number, bars.element, mark), h("span", { class: "line-bottom" }, what, voip));
  let shown = "";
  return {
    element: h("li", {}, link),
    update(line) {
      setAttribute(link, "data-out", picked(line) ? null : "yes");
      const key = JSON.stringify(line);
      if (key === shown) return;
      shown = key;
      const health = HEALTH[line.health] ?? HEALTH.unknown;
      const words = cellWords(line);
      setAttribute(link, "href", gatewayUrl(name, { line: line.line }));
      setAttribute(link, "data-is", health.tone);
      setAttribute(link, "title", words.join("\n"));
      setAttribute(link, "aria-label", words.join(", "));
      setText(number, line.line);
      bars.update(line);
      mark.replaceChildren(glyph(health.shape));
      setAttribute(what, "data-busy", line.busy ? "yes" : null);
      setText(what, line.busy ? `☎ ${line.state.toLowerCase()}` : line.health === "ok" || line.health === "weak_signal" || line.health === "voip_not_registered" ? (line.operator ?? "") : health.word.toLowerCase());
      voip.hidden = line.voip == null;
      setAttribute(voip, "data-on", line.voip ? "yes" : null);
    },
  };
}

function cellWords(line) {
  const left = minutesLeft(line);
  return [
    `Line ${line.line}: ${(HEALTH[line.health] ?? HEALTH.unknown).word}`, line.why, signalWords(line), line.operator, line.state == null ? null : callWords(line),
    line.voip == null ? null : line.voip ? "registered by VoIP" : "not registered by VoIP", left.tone ? `${left.text} left` : null,
  ].filter(Boolean);
}
