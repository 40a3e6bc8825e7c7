// Short words at the foot of the page, read out by screen readers; and the banner of a lost connection.
import { Problem, Unreachable, ask } from "./api.js";
import { h, setText, show } from "./dom.js";
import { place } from "./place.js";

const STAY_MS = 7000;
let tray = null;

/** Say something that happened. Failures stay until dismissed. */
export function say(text, { failed = false } = {}) {
  if (!tray) {
    tray = h("div", { class: "tray", role: "status", "aria-live": "polite" });
    document.body.append(tray);
  }
  const note = h("div", { class: failed ? "note bad" : "note good" }, h("span", {}, text));
  note.append(h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => note.remove() }, "×"));
  tray.append(note);
  while (tray.children.length > 4) tray.firstChild.remove();
  if (!failed) setTimeout(() => note.remove(), STAY_MS);
}

/** Do what the server may refuse; a refusal is said. Returns what came of it, or undefined. */
export async function attempt(what) {
  try {
    return await what();
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    say(error.message, { failed: true });
    return undefined;
  }
}

/** The banner: hidden while the server answers, else it counts down to the next try. */
export function connectionBanner() {
  const text = h("span");
  const element = h("div", { class: "banner", role: "alert", hidden: true }, text,
    h("button", { type: "button", onclick: () => retry() }, "Try now"));
  let down = false;
  let since = null;
  let timer = null;
  let wait = 3;

  const retry = async () => {
    clearTimeout(timer);
    setText(text, "The server does not answer. Trying…");
    try {
      await ask("GET", `${place.root}/health`, { deadline: 5000, quiet401: true });
    } catch {
      // lineman:down or lineman:up has been told already; any answer at all means up.
    }
    if (down) count(wait = Math.min(wait * 2, 30));
  };
  const count = (left) => {
    const at = since.toTimeString().slice(0, 8);
    setText(text, `The server has not answered since ${at}. What you see is as of then. Next try in ${left} s.`);
    timer = setTimeout(() => (left > 1 ? count(left - 1) : retry()), 1000);
  };
  document.addEventListener("lineman:down", () => {
    if (down) return;
    down = true;
    since = new Date();
    element.hidden = false;
    count(wait = 3);
  });
  window.addEventListener("offline", () => document.dispatchEvent(new CustomEvent("lineman:down")));
  window.addEventListener("online", () => down && retry());
  document.addEventListener("lineman:up", () => {
    if (!down) return;
    down = false;
    clearTimeout(timer);
    element.hidden = true;
    document.dispatchEvent(new CustomEvent("lineman:retry"));
  });
  return element;
}

/** A panel for what could not be shown. */
export function failure(error, again) {
  return h("div", { class: "empty", role: "alert" },
    h("h2", {}, error.title ?? "This could not be shown"),
    h("p", {}, error.message),
    again && h("button", { type: "button", onclick: again }, "Try again"));
}

/** An empty state: what is missing and what to do about it. */
export function empty(title, ...rest) {
  return h("div", { class: "empty" }, h("h2", {}, title), ...rest);
}

/** "Loading…", but only for those who wait. */
export function loading(element) {
  const note = h("p", { class: "quiet-note late" }, "Loading…");
  show(element, note);
  return note;
}
