// Elements without markup: what comes from devices is text and stays text.
const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. Attributes: `class`, `vars` (CSS variables), `on…` (listeners), booleans, the rest as they are.
 * Children: nodes, texts, arrays of them; null, undefined and false are left out.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Change a text only if it differs: nothing is laid out for nothing, and a selection survives. */
export function setText(element, text) {
  const next = text == null ? "" : String(text);
  if (element.textContent !== next) element.textContent = next;
}

/** Set or remove an attribute only if it differs. */
export function setAttribute(element, name, value) {
  if (value == null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Replace all children. */
export function show(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Show what `make()` gives while `key` is the same, and nothing for none: a focus in it survives. */
export function stay(element, key, make) {
  if ((element.dataset.shown ?? "") === key) return;
  element.dataset.shown = key;
  show(element, key ? make() : []);
}

const parts = new WeakMap();

/**
 * Bring the children of `parent` in line with `items`, keeping the element of each key.
 * `make(item)` returns `{element, update(item)}`. What stands up to `after` is left alone.
 */
export function keyed(parent, items, key, make, after = null) {
  const old = parts.get(parent) ?? new Map();
  const next = new Map();
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  for (const item of items) {
    const part = old.get(key(item)) ?? make(item);
    part.update(item);
    next.set(key(item), part);
  }
  for (const [one, part] of old) if (!next.has(one)) part.element.remove();
  let at = after ? after.nextSibling : parent.firstChild;
  for (const { element } of next.values()) {
    if (element === at) at = at.nextSibling;
    else if (element.isConnected && parent.moveBefore) parent.moveBefore(element, at);
    else parent.insertBefore(element, at);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
  parts.set(parent, next);
  if (focused && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}
