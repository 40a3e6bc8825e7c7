// Dialogs: the browser's own, so that Esc, focus and the backdrop are right.
import { h } from "./dom.js";

let count = 0;

/** Open a dialog; returns `{close, closed}`, where `closed` is a promise of what it was closed with. */
export function openDialog(title, content, { wide = false } = {}) {
  count += 1;
  const id = `dialog-${count}`;
  const dialog = h("dialog", { class: wide ? "dialog wide" : "dialog", "aria-labelledby": id },
    h("header", {}, h("h2", { id }, title),
      h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => close(null) }, "×")),
    h("div", { class: "dialog-body" }, content));
  let settle;
  const closed = new Promise((resolve) => {
    settle = resolve;
  });
  const close = (value) => {
    settle(value);
    dialog.close();
  };
  dialog.addEventListener("close", () => {
    settle(null);
    dialog.remove();
  });
  // Going to another page closes it.
  window.addEventListener("popstate", () => close(null), { once: true });
  dialog.addEventListener("click", ({ target }) => target.closest("a[href]:not([target], [download])") && close(null));
  document.body.append(dialog);
  dialog.showModal();
  (dialog.querySelector("[autofocus], .dialog-body :is(input, select, button)"))?.focus();
  return { close, closed, dialog };
}

/** Ask before what cannot be undone. */
export async function confirmed(title, text, action) {
  const body = h("div", {});
  const { close, closed } = openDialog(title, body);
  const cancel = h("button", { type: "button", onclick: () => close(false) }, "Cancel");
  body.append(h("p", {}, text), h("div", { class: "actions" }, cancel,
    h("button", { type: "button", class: "danger", onclick: () => close(true) }, action)));
  cancel.focus();
  return (await closed) === true;
}
