// Plain tables that pages fill row by row, and the tabs above them.
import { h } from "./dom.js";
import { pageUrl } from "./place.js";

/** A table; `heads` are texts, or `[text, "num"]`. On a phone its rows are cards (cells with `data-label`). `{element, body}`. */
export function sheet(label, heads, { cards = true } = {}) {
  const body = h("tbody");
  const cells = heads.map((head) => (Array.isArray(head) ? h("th", { scope: "col", class: head[1] }, head[0]) : h("th", { scope: "col" }, head)));
  const table = h("table", { class: cards ? "plain-table people" : "plain-table slim" }, h("thead", {}, h("tr", {}, cells)), body);
  return { element: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table), body };
}

/** A cell with the label that a phone shows above it. */
export const cell = (label, ...content) => h("td", { "data-label": label }, content);

/** Links between pages that belong together: `[[path, text], …]`. */
export function tabs(label, links, here) {
  return h("nav", { class: "tabs", "aria-label": label }, links.map(([path, text]) =>
    h("a", { href: pageUrl(path), "aria-current": path === here ? "page" : null }, text)));
}

/** Buttons of which one is pressed: `[[value, text], …]`; `{element, mark(value)}`. */
export function segments(label, choices, chosen, pick) {
  const buttons = choices.map(([value, text]) => [value, h("button", { type: "button", onclick: () => pick(value) }, text)]);
  const mark = (value) => {
    for (const [one, button] of buttons) button.setAttribute("aria-pressed", String(one === value));
  };
  mark(chosen);
  return { element: h("div", { class: "segments", role: "group", "aria-label": label }, buttons.map(([, button]) => button)), mark };
}
