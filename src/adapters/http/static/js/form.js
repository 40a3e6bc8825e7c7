// Forms: labels, hints, and the server's errors beside the fields they name.
import { Problem, Unreachable } from "./api.js";
import { h, setText } from "./dom.js";
import { absolute, localInput } from "./format.js";
import { same, versionsOf } from "./versions.js";

let serial = 0;

/**
 * A form. `fields`: `{name, label, type = "text", value, hint, options, list, group, …attributes}`;
 * types `text textarea password number decimal datetime words checkbox select checks made`. `send(values, {changed, etag})` may throw
 * a Problem; of a 412 both versions are shown, if `versions` (see versions.js) says where the other one is. Returns `{element, set(name, value), field(name), values}`.
 */
export function form({ fields, submit, send, cancel, extra, quiet = false, versions }) {
  const parts = new Map(fields.map((field) => [field.name, makeField(field)]));
  const summary = h("div", { class: "form-error", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: quiet ? null : "primary" }, submit);
  const groups = new Map();
  for (const field of fields) {
    const key = field.group ?? "";
    groups.set(key, [...(groups.get(key) ?? []), parts.get(field.name).element]);
  }
  const body = [...groups].map(([name, elements]) => name
    ? h("details", { class: "more" }, h("summary", {}, name), h("div", { class: "fields" }, elements))
    : h("div", { class: "fields" }, elements));
  const values = () => Object.fromEntries([...parts].map(([name, part]) => [name, part.read()]));
  const initial = values();
  const both = versions && versionsOf({ versions, parts, initial, taken: () => clear() });

  const onsubmit = async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    element.setAttribute("aria-busy", "true");
    clear();
    try {
      const read = values();
      const changed = Object.fromEntries(Object.entries(read).filter(([name, value]) => !same(value, initial[name])));
      await send(read, { changed, etag: both?.etag() });
    } catch (error) {
      await refused(error);
    } finally {
      button.disabled = false;
      element.removeAttribute("aria-busy");
    }
  };
  const refused = async (error) => {
    try {
      if (!both || error.status !== 412) throw error;
      await both.clash();
    } catch (problem) {
      if (!(problem instanceof Problem || problem instanceof Unreachable)) throw problem;
      fail(problem);
    }
  };
  const clear = () => {
    both?.clear();
    summary.hidden = true;
    for (const part of parts.values()) part.error("");
  };
  const fail = (error) => {
    let first = null;
    const rest = [];
    for (const { field, message } of error.errors ?? []) {
      // `targets[3]` or `pool.url`: the nearest name that is a field here.
      const part = String(field).split(/[.[\]]/).filter(Boolean).reverse().map((name) => parts.get(name)).find(Boolean);
      if (!part) {
        rest.push(`${field}: ${message}`);
        continue;
      }
      part.error(message);
      part.element.closest("details")?.setAttribute("open", "");
      first ??= part;
    }
    if (!first || rest.length) {
      setText(summary, rest.length ? rest.join("; ") : error.message);
      summary.hidden = false;
    }
    first?.input.focus();
  };

  const element = h("form", { class: "form", novalidate: true, onsubmit }, summary, body, extra, both?.element,
    h("div", { class: "actions" }, cancel && h("button", { type: "button", onclick: cancel }, "Cancel"), button));
  return { element, summary, fail, values, field: (name) => parts.get(name), initial };
}

/** Words as people list them: "hydro, new fans". */
export const words = (text) => [...new Set(text.split(",").map((one) => one.trim()).filter(Boolean))];

/** A value as people read it. */
function worded(value) {
  if (Array.isArray(value)) return value.join(", ") || "none";
  return value == null || value === "" ? "none" : String(value);
}

function makeField({ name, label, type = "text", value, hint, options = [], list, group, made, ...attributes }) {
  serial += 1;
  const id = `field-${serial}`;
  const error = h("p", { class: "field-error", id: `${id}-error` });
  const note = hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  const described = { "aria-describedby": `${id}-error${hint ? ` ${id}-hint` : ""}` };
  const { input, read, write, put = write, say = worded } = made ?? control({ id, name, type, value, options, list, attributes: { ...attributes, ...described } });
  const title = type === "checks" || made ? h("legend", {}, label) : h("label", { for: id }, label);
  const element = h(type === "checks" || made ? "fieldset" : "div", { class: `field ${type}` },
    type === "checkbox" ? [input, title] : [title, input.list_ ? [input, input.list_] : input], error, note);
  return {
    element, input, read, write, put, say, label, secret: type === "password",
    error(message) {
      setText(error, message);
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
  };
}

function control({ id, name, type, value, options, list, attributes }) {
  if (type === "select") {
    const input = h("select", { id, name, ...attributes });
    const write = (choices, chosen) => {
      input.replaceChildren(...choices.map(([one, text]) => h("option", { value: one }, text)));
      input.value = chosen ?? "";
    };
    write(options, value);
    const put = (next) => {
      input.value = next ?? "";
      // What follows the choice follows this one too.
      input.dispatchEvent(new Event("change"));
    };
    const say = (one) => [...input.options].find(({ value: other }) => other === (one ?? ""))?.textContent ?? worded(one);
    return { input, read: () => input.value || null, write, put, say };
  }
  if (type === "checks") {
    const boxes = options.map(([one, text]) => {
      const box = h("input", { type: "checkbox", checked: value?.includes(one) ?? false });
      return { one, box, element: h("label", {}, box, " ", text) };
    });
    const input = h("div", { class: "check-list", tabindex: -1, ...attributes }, boxes.map(({ element }) => element));
    const write = (next) => boxes.forEach(({ one, box }) => (box.checked = next?.includes(one) ?? false));
    const say = (list) => worded(list.map((one) => options.find(([other]) => other === one)?.[1] ?? `#${one}`));
    return { input, read: () => boxes.filter(({ box }) => box.checked).map(({ one }) => one), write, say };
  }
  if (type === "checkbox") {
    const input = h("input", { id, name, type, checked: value ?? false, ...attributes });
    return { input, read: () => input.checked, write: (next) => (input.checked = next ?? false), say: (one) => (one ? "yes" : "no") };
  }
  if (type === "textarea") {
    const input = h("textarea", { id, name, rows: 4, spellcheck: "false", ...attributes });
    input.value = value ?? "";
    return { input, read: () => input.value.trim() || null, write: (next) => (input.value = next ?? "") };
  }
  if (type === "datetime") {
    const input = h("input", { id, name, type: "datetime-local", value: value ? localInput(new Date(value)) : "", ...attributes });
    const read = () => (input.value ? new Date(input.value).toISOString() : null);
    return { input, read, write: (next) => (input.value = next ? localInput(new Date(next)) : ""), say: (one) => (one ? absolute(one).slice(0, -3) : worded(one)) };
  }
  if (type === "words") {
    const input = h("input", { id, name, type: "text", value: (value ?? []).join(", "), autocomplete: "off", spellcheck: "false", ...attributes });
    return { input, read: () => words(input.value), write: (next) => (input.value = (next ?? []).join(", ")) };
  }
  const number = type === "number" || type === "decimal";
  const input = h("input", {
    id, name, type: number ? "text" : type, inputmode: number ? type.replace("number", "numeric") : null, value: value ?? "",
    autocomplete: "off", spellcheck: "false", list: list ? `${id}-list` : null, ...attributes,
  });
  if (list) input.list_ = h("datalist", { id: `${id}-list` }, list.map((one) => h("option", { value: one })));
  // What is no number goes to the server as it was typed: it says what is wrong, at the field.
  const read = () => {
    const text = type === "password" ? input.value : input.value.trim();
    if (text === "") return null;
    const known = type === "decimal" ? /^-?\d+([.,]\d+)?$/ : /^-?\d+$/;
    return number && known.test(text) ? Number(text.replace(",", ".")) : text;
  };
  return { input, read, write: (next) => (input.value = next ?? "") };
}
