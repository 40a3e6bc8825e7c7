// Choosing a few miners or containers: typing finds, Enter adds, each choice is a chip that can be taken away.
import { containers, miners } from "./api.js";
import { h, setAttribute, setText, show } from "./dom.js";
import { attempt } from "./notices.js";
import { glyph } from "./words.js";

const WAIT_MS = 200;
let serial = 0;

/** `kind` is `miners` or `containers`; `chosen` are `{id, name}`. `{element, values(), set(list)}`; `changed(list)` is told of changes. */
export function picker({ kind, chosen = [], most = 8, changed = () => {}, swatch }) {
  let list = [...chosen];
  let found = [];
  let at = -1;
  let asked = null;
  let timer = null;
  let turn = 0;
  serial += 1;
  const id = `picker-${serial}`;
  const chips = h("ul", { class: "chips" });
  const input = h("input", {
    type: "search", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
    "aria-label": `Add ${kind}`, placeholder: kind === "miners" ? "Add a miner by name or address" : "Add a container",
  });
  const options = h("ul", { class: "options", id, role: "listbox", "aria-label": `Found ${kind}`, hidden: true });
  const note = h("span", { class: "quiet", role: "status" });
  const element = h("div", { class: "picker" }, chips, h("div", { class: "picker-box" }, input, options), note);

  const draw = () => {
    show(chips, list.map((one, index) => h("li", { class: "chip" }, swatch?.(index), h("span", {}, one.name),
      h("button", { type: "button", class: "plain", "aria-label": `Take ${one.name} away`, onclick: () => put(list.filter(({ id: other }) => other !== one.id)) }, "×"))));
    input.disabled = list.length >= most;
    setText(note, list.length >= most ? `${most} at most` : "");
  };
  const put = (next, tell = true) => {
    list = next;
    draw();
    if (tell) changed(list);
  };
  const close = () => {
    options.hidden = true;
    at = -1;
    setAttribute(input, "aria-expanded", "false");
    setAttribute(input, "aria-activedescendant", null);
  };
  const mark = (next) => {
    at = next;
    [...options.children].forEach((one, index) => setAttribute(one, "aria-selected", String(index === at)));
    setAttribute(input, "aria-activedescendant", at >= 0 ? `${id}-${at}` : null);
    options.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const add = (one, text = input.value.trim()) => {
    // What was typed meanwhile is for the next one.
    if (input.value.trim() === text) {
      input.value = "";
      close();
    }
    if (list.length < most && !list.some(({ id: other }) => other === one.id)) put([...list, { id: one.id, name: one.name }]);
    input.focus();
  };
  const look = async (text) => {
    const all = kind === "miners" ? (await miners("GET", "miners", { query: { search: text, sort: "name", limit: 12 } })).data
      : (await containers()).filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
    return all.filter(({ id: one }) => !list.some((other) => other.id === one)).slice(0, 12);
  };
  const find = async () => {
    const mine = (turn += 1);
    const text = input.value.trim();
    const all = (await attempt(() => look(text))) ?? [];
    if (mine !== turn) return;
    [asked, found] = [text, all];
    show(options, found.length ? found.map((one, index) => h("li", { role: "option", id: `${id}-${index}`, onpointerdown: (event) => {
      event.preventDefault();
      add(one);
    } }, one.availability ? glyph(one.availability) : null, h("span", {}, one.name), h("span", { class: "quiet" }, one.ip_address ?? one.location ?? "")))
      : h("li", { class: "quiet" }, "Nothing fits"));
    options.hidden = false;
    setAttribute(input, "aria-expanded", "true");
    mark(found.length && text ? 0 : -1);
  };
  /** Who types fast presses Enter before the answer is there: it counts for what was typed. */
  const enter = async () => {
    const text = input.value.trim();
    if (text === asked && !options.hidden) return void (found[at] && add(found[at]));
    clearTimeout(timer);
    const [first] = (text && (await attempt(() => look(text)))) || [];
    if (first) add(first, text);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, WAIT_MS);
  });
  input.addEventListener("focus", find);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length) mark((at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      enter();
    } else if (event.key === "Escape" && !options.hidden) {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === "Backspace" && !input.value && list.length) put(list.slice(0, -1));
  });
  draw();
  return { element, values: () => list, set: (next) => put(next, false) };
}
