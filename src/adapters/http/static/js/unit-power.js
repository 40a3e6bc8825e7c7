// The power of a unit: why it is or is not cut, its plug, and its power cycles, step by step while they go on.
import { unitAt, units } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { absolute, duration, setTime, timeElement } from "./format.js";
import { every } from "./live.js";
import { attempt, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { bindPlug } from "./unit-plug.js";
import { ERRORS, RESULTS, STEPS, plugWords } from "./unit-words.js";

const [BUSY_S, CALM_S] = [2, 30];
const SHOWN = 8;
/** What one sees of the way; what lies between two of them is too short. */
const PATH = ["precheck", "off_sent", "hold", "on_sent", "done"];
const AT = { precheck: 0, off_sent: 1, off_seen: 2, hold: 2, on_sent: 3, on_seen: 4, done: 4 };

/** `changed()` is called when a cycle ended or a plug changed. `{element, update(view), again}`. */
export async function unitPower({ number, signal, changed }) {
  const why = h("p", { class: "power-why" });
  const next = h("p", {});
  const plug = h("b");
  const bind = h("button", { type: "button", onclick: async () => (await attempt(() => bindPlug(view))) && changed() }, "Bind a plug");
  const unbind = h("button", { type: "button", class: "quiet-danger", onclick: () => take() }, "Unbind");
  const decisions = h("ul", { class: "decisions" });
  const list = h("ol", { class: "cycles", "aria-live": "polite" });
  const past = h("div", {}, h("h3", {}, "Power cycles"), list);
  const none = h("p", { class: "quiet" }, "Its power was never cut.");
  const element = h("section", { class: "panel power", "aria-label": "Power" }, h("h2", {}, "Power"), why, next,
    h("p", { class: "power-plug" }, h("span", {}, "Plug: ", plug), can("change-units") && h("span", { class: "actions" }, bind, unbind)),
    h("details", { class: "more" }, h("summary", {}, "What was decided in the last seven days"), decisions), past, none);
  let view = null;
  let busy = false;
  const load = async () => {
    const [{ data: cycles }, { data: reason }] = await Promise.all([units("GET", unitAt(number, "/cycles"), { signal }), units("GET", unitAt(number, "/why"), { signal })]);
    const was = busy;
    busy = cycles.some((one) => one.finished_at == null);
    keyed(list, cycles.slice(0, SHOWN), ({ id }) => id, () => cycle(giveUp));
    past.hidden = !cycles.length;
    none.hidden = cycles.length > 0;
    setText(why, reason.sentence);
    put(next, reason.next_possible_at ? [h("b", {}, "Possible again "), timeElement(reason.next_possible_at), h("span", { class: "quiet" }, ` (${absolute(reason.next_possible_at).slice(0, -3)})`)]
      : reason.gate === "maintenance" ? h("a", { href: pageUrl("alerts/maintenance") }, "To the maintenance windows") : []);
    next.hidden = !next.childNodes.length;
    put(decisions, reason.events.length ? reason.events.map((event) => h("li", {}, h("time", { class: "quiet", title: absolute(event.change_time) }, absolute(event.change_time).slice(0, -3)), " ", decisionWords(event))) : h("li", { class: "quiet" }, "Nothing had to be decided."));
    if (was && !busy) changed();
  };
  const giveUp = async (one) => {
    if (!(await confirmed("Try ON no more?", `See that the unit has power first: ${plugWords(one.plug)} may be off, and is left as it is.`, "Try no more"))) return;
    await attempt(async () => {
      await units("POST", unitAt(number, `/cycles/${one.id}/give-up`), { body: { confirm: true } });
      say("ON is tried no more.");
      changed();
      loop.again();
    });
  };
  const take = async () => {
    if (!(await confirmed(`Unbind ${plugWords(view.plug)}?`, "The unit's power is not cut any more. Nothing is switched now.", "Unbind"))) return;
    await attempt(async () => {
      await units("DELETE", unitAt(number, "/plug"));
      say("The plug is unbound.");
      changed();
    });
  };
  const loop = await every(() => (busy ? BUSY_S : CALM_S), load, signal);
  return {
    element, again: () => loop.again(),
    update(next_) {
      view = next_;
      setText(plug, view.plug ? plugWords(view.plug) : "none: its power cannot be cut");
      setText(bind, view.plug ? "Bind another" : "Bind a plug");
      unbind.hidden = !view.plug;
      if (view.cycling && !busy) loop.again();
    },
  };
}

const ACTIONS = {
  power_cycle: "Power cycle", suppress: "Not cut", escalate: "A person was called", service_restart: "Its Asterisk was restarted", plug_not_usable: "The plug was not usable", rearm: "Rearmed", ensure_on: "ON is tried without end",
};
export const ESCALATIONS = { still_down_after_power_cycle: "still down after its power cycle", power_off_refused: "the plug did not switch off", power_still_off: "the plug does not take ON", disk_full: "its disk is full" };

/** A decision in one line. */
function decisionWords({ action_type: action, extra_info: info, error_message: error }) {
  const why = info.why ? (ESCALATIONS[info.why] ?? info.why) : info.by && info.by !== "scheduler" ? `by ${info.by}` : "";
  return [h("b", {}, ACTIONS[action] ?? action), why ? `: ${why}` : error ? `: ${error}` : ""];
}

/** One power cycle, and how far it is on its way. `giveUp(cycle)` ends one whose plug is dead. */
function cycle(giveUp) {
  const by = h("span");
  const when = h("time", { class: "quiet" });
  const steps = PATH.map((step) => h("li", {}, h("i", { "aria-hidden": "true" }), h("span", {}, STEPS[step])));
  const path = h("ol", { class: "cycle-steps" }, steps);
  const outcome = h("span");
  let shown = null;
  const end = h("button", { type: "button", class: "quiet-danger", hidden: true, onclick: () => giveUp(shown) }, "Try no more");
  const element = h("li", {}, h("p", {}, by, " ", when), path, h("p", {}, outcome, " ", end));
  return {
    element,
    update(one) {
      shown = one;
      const over = one.finished_at != null;
      end.hidden = over || one.result !== "stuck_off" || !can("power:cycle");
      setText(by, one.initiator === "auto" ? "By itself" : `By ${one.by}`);
      setTime(when, one.requested_at);
      steps.forEach((step, index) => {
        setAttribute(step, "data-done", index < AT[one.step] || one.step === "done" ? "yes" : null);
        setAttribute(step, "aria-current", !over && index === AT[one.step] ? "step" : null);
      });
      path.hidden = over;
      const { text, tone } = RESULTS[one.result] ?? { text: "under way", tone: "quiet" };
      const error = one.error ? `: ${ERRORS[one.error] ?? one.error}` : "";
      const took = over && one.result === "success" ? `, in ${duration((Date.parse(one.finished_at) - Date.parse(one.requested_at)) / 1000)}` : "";
      setText(outcome, `${text}${one.result === "success" ? took : error}${one.on_tries > 1 ? ` (ON tried ${one.on_tries} times)` : ""}`);
      setAttribute(outcome, "class", tone);
    },
  };
}
