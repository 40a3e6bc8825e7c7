// What people do about a unit: each is asked for with care.
import { Problem, Unreachable, unitAt, units } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, setText, show as put } from "./dom.js";
import { form } from "./form.js";
import { plural } from "./format.js";
import { plugWords, unitName } from "./unit-words.js";

const DEADLINE_MS = 90_000;
const HOUR_MS = 3_600_000;

/** Ask before power is cut; of calls in progress it says how many, and asks again. Resolves to the cycle, or null. */
export function askCycle(view) {
  const name = unitName(view);
  const text = h("div", { class: "ask-order" },
    h("p", {}, `${plugWords(view.plug)} is switched off, held off for some seconds, and switched on again. Whatever happens in between, it ends switched on. The unit then needs minutes to start.`),
    h("p", { class: "quiet" }, "It is asked first whether there are calls."));
  const calls = h("div", { class: "callout", role: "alert", hidden: true });
  const wrong = h("p", { class: "form-error", role: "alert", hidden: true });
  const cancel = h("button", { type: "button", onclick: () => dialog.close(null) }, "Cancel");
  const cut = h("button", { type: "button", class: "danger", onclick: () => send() }, `Power-cycle ${view.enterprise_number}`);
  let confirm = false;
  const send = async () => {
    const word = cut.textContent;
    cut.disabled = true;
    wrong.hidden = true;
    setText(cut, confirm ? "Telling it…" : "Asking for calls…");
    try {
      dialog.close((await units("POST", unitAt(view.enterprise_number, "/power-cycle"), { body: { confirm }, deadline: DEADLINE_MS })).data);
      return;
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      cut.disabled = false;
      if (error.code === "confirmation-needed") {
        confirm = true;
        put(calls, error.calls ? [h("b", {}, `${plural(error.calls, "call is", "calls are")} in progress`), " and will be cut off."] : [h("b", {}, "Nobody knows whether there are calls. "), error.message.split(";")[0], "."]);
        calls.hidden = false;
        setText(cut, error.calls ? `Cut off ${plural(error.calls, "call")} and power-cycle` : "Power-cycle all the same");
        cancel.focus();
        return;
      }
      setText(cut, word);
      setText(wrong, error.message);
      wrong.hidden = false;
    }
  };
  const dialog = openDialog(`Power-cycle ${name}?`, h("div", { class: "ask-order" }, text, calls, wrong, h("div", { class: "actions" }, cancel, cut)));
  cancel.focus();
  return dialog.closed;
}

/** Ask until when its power is to be left alone. Resolves to the unit, or null. */
export function askPause(view) {
  const built = form({
    fields: [
      { name: "until", label: "Until", type: "datetime", value: new Date(Date.now() + 2 * HOUR_MS).toISOString(), hint: "Its power is not cut by itself until then; it is watched all the same" },
      { name: "reason", label: "Why", autofocus: true, placeholder: "A technician is there", maxlength: 200 },
    ],
    submit: "Pause", cancel: () => dialog.close(null),
    async send({ until, reason }) {
      dialog.close((await units("POST", unitAt(view.enterprise_number, "/pause"), { body: { until, reason: reason ?? "" } })).data);
    },
  });
  const dialog = openDialog(`Pause ${unitName(view)}`, built.element);
  return dialog.closed;
}
