// One unit: how it is and why, its lines, its past, and what its power was and may be cut for.
import { Problem, Unreachable, unitAt, units } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, setAttribute, setText, show as put } from "./dom.js";
import { attempt, say } from "./notices.js";
import { pageUrl, place } from "./place.js";
import { go } from "./router.js";
import { can } from "./session.js";
import { follow } from "./stream.js";
import { askCycle, askPause } from "./unit-actions.js";
import { unitChart } from "./unit-chart.js";
import { unitEvents } from "./unit-events.js";
import { editUnit } from "./unit-form.js";
import { condition, figures, identityLine, unitPairs } from "./unit-head.js";
import { unitLines } from "./unit-lines.js";
import { unitWindows, withMaintenance } from "./unit-maintenance.js";
import { unitPower } from "./unit-power.js";
import { STATUSES, isPaused, statusOf, unitName } from "./unit-words.js";

const REFRESH_S = 10;
const LOOK_MS = 90_000;

export async function show({ root, query, signal, args, setTitle, restart }) {
  const number = decodeURIComponent(args[0]);
  const title = h("h1", {}, number);
  const line = h("p", { class: "identity" });
  const outcome = h("div", { class: "outcome", role: "status", "aria-live": "polite", hidden: true });
  const pairs = h("dl", { class: "pairs spread" });
  const parts = { condition: condition(), figures: figures() };
  let view = null;
  let windows = [];
  let loop = null;
  const [power, lines, chart, events] = await Promise.all([
    unitPower({ number, signal, changed: () => afterwards() }), unitLines({ number, signal }), unitChart({ number, query, signal }), unitEvents({ number, query, signal }),
  ]);
  const afterwards = () => Promise.all([loop?.again(), power.again(), lines.again(), chart.again(), events.again()]);

  const drawn = (next) => {
    [view] = withMaintenance([next], windows);
    setTitle(`${unitName(view)}: ${STATUSES[statusOf(view)].word.toLowerCase()}`);
    setText(title, unitName(view));
    put(line, identityLine(view));
    parts.condition.update(view);
    parts.figures.update(view);
    power.update(view);
    put(pairs, unitPairs(view));
    cycle.disabled = !view.plug || view.cycling;
    setAttribute(cycle, "title", view.cycling ? "A power cycle is under way" : view.plug ? null : "No plug is bound to it: bind one below");
    setText(pause, isPaused(view) ? "Resume" : "Pause");
    rearm.hidden = !can("power:cycle") || !(view.ewelink_action_done || view.failure_counter);
  };
  const tell = (kind, lead, text) => {
    outcome.hidden = false;
    outcome.className = `outcome ${kind}`;
    put(outcome, h("p", {}, h("b", {}, `${lead} `), text), h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => (outcome.hidden = true) }, "×"));
  };
  const check = async () => {
    look.disabled = true;
    setText(look, "Looking…");
    try {
      const { data } = await units("POST", unitAt(number, "/check"), { signal, deadline: LOOK_MS });
      drawn(data);
      tell(data.outcome === "online" ? "good" : "bad", `It is ${STATUSES[statusOf(data)].word.toLowerCase()}.`, data.outcome === "online" ? "" : (data.last_error_message ?? ""));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      tell("bad", error.title ?? "No answer", error.message);
    } finally {
      look.disabled = false;
      setText(look, "Check now");
    }
    await afterwards();
  };
  const act = async (what, said) => {
    const done = await attempt(what);
    if (!done) return;
    if (said) say(said);
    await afterwards();
  };
  const look = h("button", { type: "button", class: "primary", onclick: check }, "Check now");
  const cycle = h("button", { type: "button", onclick: () => act(() => askCycle(view), "The power cycle is on its way.") }, "Power cycle");
  const pause = h("button", { type: "button", onclick: () => act(() => (isPaused(view) ? units("DELETE", unitAt(number, "/pause")) : askPause(view)), isPaused(view) ? "The pause is over." : "It is paused.") }, "Pause");
  const rearm = h("button", { type: "button", hidden: true, title: "Forget what was tried in this outage, so that its power may be cut again", onclick: () => act(() => units("POST", unitAt(number, "/rearm"), { deadline: LOOK_MS }), "What was tried in this outage is forgotten.") }, "Rearm");
  const buttons = [
    can("check-units") && look, can("power:cycle") && cycle, rearm, can("change-units") && pause,
    can("manage-alerts") && h("a", { class: "button", href: pageUrl("alerts/maintenance", { enterprise_number: number }) }, "Maintenance"),
    can("change-units") && h("button", { type: "button", onclick: () => act(() => editUnit(number)) }, "Edit"),
    can("change-units") && h("button", { type: "button", class: "quiet-danger", onclick: () => remove(view) }, "Remove"),
  ];
  loop = await follow({
    seconds: REFRESH_S, at: place.units, signal,
    async task() {
      const [{ data }, found] = await Promise.all([units("GET", unitAt(number), { signal }), unitWindows(signal)]);
      windows = found;
      drawn(data);
    },
    on: {
      units(views) {
        const news = views.find((one) => one.enterprise_number === number);
        if (!news) return;
        const before = view;
        drawn(news);
        if (before?.last_status !== news.last_status || before?.cycle_step !== news.cycle_step || before?.gate !== news.gate) Promise.all([power.again(), events.again()]);
        lines.told(news);
      },
      alerts() {},
    },
    onError(error) {
      if (error.status === 404) restart();
    },
  });
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("units") }, "Units")),
    h("div", { class: "page-head" }, h("div", {}, title, line), h("div", { class: "actions" }, buttons.filter(Boolean))), outcome,
    parts.condition.element, parts.figures.element, power.element, lines.element, chart.element, events.element,
    h("section", { "aria-label": "Details" }, h("div", { class: "section-head" }, h("h2", {}, "Details")), h("div", { class: "panel" }, pairs)));
}

async function remove(view) {
  const name = unitName(view);
  if (!(await confirmed(`Remove ${name}?`, "It is not looked at any more, and its power is not cut. Its history stays.", "Remove unit"))) return;
  await attempt(async () => {
    await units("DELETE", unitAt(view.enterprise_number));
    say(`${name} is removed.`);
    go(pageUrl("units"), { replace: true });
  });
}
