// What a gateway is told: asked for with care, and followed until it is seen to be done.
import { Problem, Unreachable, deviceAt, goip } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText } from "./dom.js";
import { plural, setTime } from "./format.js";
import { STEP_NAMES, callWords, isOpen, orderWords, outcomeWords } from "./gateway-words.js";
import { every } from "./live.js";

const [BUSY_S, CALM_S] = [2, 30];
const SHOWN = 10;
/** A gateway is first seen to be the right one, and then told: both take their time. */
const DEADLINE_MS = 90_000;

/** `changed()` is called when something was told or came to an end. `{element, again, busy()}`. */
export async function gatewayOrders({ name, signal, changed }) {
  const list = h("ol", { class: "orders", "aria-live": "polite" });
  const element = h("section", { class: "panel", "aria-label": "Commands" }, h("h2", {}, "Commands"), list);
  let busy = false;
  const refresh = async () => {
    const { data } = await goip("GET", deviceAt(name, "/commands"), { query: { limit: SHOWN }, signal });
    const was = busy;
    busy = data.some(isOpen);
    keyed(list, data, ({ id }) => id, order);
    element.hidden = !data.length;
    if (was && !busy) changed();
  };
  const loop = await every(() => (busy ? BUSY_S : CALM_S), refresh, signal);
  return { element, again: () => loop.again() };
}

const PATH = ["requested", "accepted", "back"];

/** One command, and how far it is on its way. */
function order() {
  const what = h("b");
  const by = h("span", { class: "quiet" });
  const when = h("time", { class: "quiet" });
  const steps = h("span", { class: "steps", "aria-hidden": "true" }, PATH.map(() => h("i")));
  const outcome = h("span");
  const element = h("li", {}, h("span", {}, what, " ", by, " ", when), h("span", { class: "order-outcome" }, steps, outcome));
  return {
    element,
    update(one) {
      setText(what, orderWords(one));
      setText(by, `by ${one.by}`);
      setTime(when, one.requested_at);
      [...steps.children].forEach((step, index) => setAttribute(step, "data-done", index <= PATH.indexOf(one.status) ? "yes" : null));
      steps.hidden = one.status === "failed";
      setText(outcome, `${STEP_NAMES[one.status] ?? one.status}: ${outcomeWords(one)}`);
      setAttribute(outcome, "class", one.status === "failed" ? "bad-text" : one.status === "back" ? "ok-text" : null);
    },
  };
}

/** Ask before a reboot: it says which lines are in a call. Resolves to the command, or null. */
export async function askReboot(name, signal) {
  const lines = await freshLines(name, signal);
  const calls = lines.filter(({ busy }) => busy);
  return ask(`Reboot ${name}?`, [
    h("p", {}, `The whole gateway starts anew, and all its ${lines.length ? plural(lines.length, "line") : "lines"} with it. It is away for a minute or two, and its lines need as long again.`), callNote(calls),
    h("p", { class: "quiet" }, "It is first seen to be the right device, and told once."),
  ], `Reboot ${name}`, deviceAt(name, "/reboot"));
}

/** Ask before a line's module is restarted. Resolves to the command, or null. */
export async function askRestart(name, line) {
  return ask(`Restart line ${line.line} of ${name}?`, [h("p", {}, "Its module is switched off and on again. It registers anew, which takes a minute or two; the other lines are left alone."), callNote(line.busy ? [line] : [])],
    `Restart line ${line.line}`, deviceAt(name, `/lines/${line.line}/restart`));
}

function callNote(calls) {
  if (!calls.length) return h("p", { class: "quiet" }, "No line was in a call when it was last read.");
  return h("div", { class: "callout", role: "alert" }, h("b", {}, `${plural(calls.length, "line is", "lines are")} in a call, which will be cut off:`), h("ul", { class: "calls" }, calls.map((line) => h("li", {}, `Line ${line.line}: ${callWords(line)}`))));
}

async function freshLines(name, signal) {
  return (await goip("GET", deviceAt(name, "/lines"), { signal })).data;
}

function ask(title, text, action, path) {
  const wrong = h("p", { class: "form-error", role: "alert", hidden: true });
  const cancel = h("button", { type: "button", onclick: () => dialog.close(null) }, "Cancel");
  const go = h("button", { type: "button", class: "danger", onclick: () => send() }, action);
  const send = async () => {
    go.disabled = true;
    setText(go, "Telling it…");
    wrong.hidden = true;
    try {
      dialog.close((await goip("POST", path, { body: { confirm: true }, deadline: DEADLINE_MS })).data);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      setText(wrong, error.message);
      wrong.hidden = false;
      go.disabled = false;
      setText(go, action);
    }
  };
  const dialog = openDialog(title, h("div", { class: "ask-order" }, text, wrong, h("div", { class: "actions" }, cancel, go)));
  cancel.focus();
  return dialog.closed;
}
