// The panel of a miner's actions: what it can be told, why some of it not, and how the last ones went.
import { miners } from "./api.js";
import { askAction } from "./action-form.js";
import { ACTIONS, STEP_NAMES, actionWords, isOver, outcomeWords } from "./action-words.js";
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { setTime } from "./format.js";
import { every } from "./live.js";
import { can } from "./session.js";

const [BUSY_S, CALM_S] = [1.5, 30];
const SHOWN = 5;

/** `view()` is the miner as it is known; `changed()` is called when something was told or came to an end. */
export async function minerActions({ id, view, signal, changed }) {
  const buttons = h("div", { class: "actions" });
  const reasons = h("ul", { class: "cannot" });
  const list = h("ol", { class: "orders", "aria-live": "polite" });
  let busy = false;
  let able = [];
  let shown = "";

  const ask = async (action) => {
    const { reason } = able.find((one) => one.action === action);
    const told = await askAction({ action, who: view().name, extra: reason ? h("p", { class: "callout" }, reason) : null, pools: view().stats?.reading?.pools ?? [], send: async (body) => (await miners("POST", `miners/${id}/actions`, { body, deadline: 60_000 })).data });
    if (!told) return;
    busy = true;
    changed();
    await loop.again();
  };
  const refresh = async () => {
    const [abilities, done] = await Promise.all([
      can("act-on-miners") ? miners("GET", `miners/${id}/abilities`, { signal }) : { data: [] }, miners("GET", `miners/${id}/actions`, { query: { limit: SHOWN }, signal }),
    ]);
    able = abilities.data;
    const was = busy;
    busy = done.data.some((one) => !isOver(one));
    if (was && !busy) changed();
    // Buttons are kept while nothing changes: a focus must not get lost.
    const next = JSON.stringify(able);
    if (next !== shown) {
      shown = next;
      put(buttons, able.map(({ action, possible, reason }) => h("button", { type: "button", disabled: !possible, title: reason, "aria-describedby": possible ? null : `cannot-${action}`, onclick: () => ask(action) }, ACTIONS[action]?.title ?? action)));
      put(reasons, able.filter(({ possible }) => !possible).map(({ action, reason }) => h("li", { id: `cannot-${action}` }, h("b", {}, ACTIONS[action]?.title ?? action), `: ${reason ?? "not possible here"}`)));
    }
    keyed(list, done.data.slice(0, SHOWN), ({ id: one }) => one, order);
    element.hidden = !able.length && !done.data.length;
  };
  const element = h("section", { class: "panel", "aria-label": "Actions" }, h("h2", {}, "Actions"), buttons, reasons, list);
  const loop = await every(() => (busy ? BUSY_S : CALM_S), refresh, signal);
  return { element, again: () => loop.again() };
}

const PATH = ["requested", "accepted", "verified"];

/** One action, and how far it is on its way. */
function order() {
  const what = h("b");
  const by = h("span", { class: "quiet" });
  const when = h("time", { class: "quiet" });
  const steps = h("span", { class: "steps", "aria-hidden": "true" }, PATH.map(() => h("i")));
  const state = h("span");
  const detail = h("span", { class: "quiet" });
  const element = h("li", {}, h("div", {}, what, " ", by, " ", when), h("div", {}, steps, state, " ", detail));
  return {
    element,
    update(one) {
      setText(what, actionWords(one));
      setText(by, `by ${one.by}`);
      setTime(when, one.requested_at);
      setText(state, STEP_NAMES[one.status] ?? one.status);
      setAttribute(state, "class", one.status === "verified" ? "ok-text" : ["declined", "failed"].includes(one.status) ? "bad-text" : one.status === "unverified" ? "warn-text" : null);
      const far = one.status === "verified" ? 3 : one.accepted_at ? 2 : 1;
      [...steps.children].forEach((step, index) => setAttribute(step, "data-done", index < far ? "yes" : null));
      setText(detail, one.detail || (isOver(one) ? "" : outcomeWords(one)));
    },
  };
}
