// One miner: how it is, what it says, how it was.
import { Problem, Unreachable, containers, miners } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, setText, show as put } from "./dom.js";
import { duration, hostPort, rate, temperature } from "./format.js";
import { minerActions } from "./miner-actions.js";
import { minerCharts } from "./miner-charts.js";
import { details } from "./miner-details.js";
import { minerEvents } from "./miner-events.js";
import { editMiner } from "./miner-form.js";
import { condition, figures, identityLine } from "./miner-head.js";
import { say } from "./notices.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";
import { can } from "./session.js";
import { follow } from "./stream.js";

const REFRESH_S = 5;

export async function show({ root, query, signal, args, setTitle, restart }) {
  const id = Number(args[0]);
  const path = `miners/${id}`;
  const parts = { condition: condition(), figures: figures(), details: details() };
  const title = h("h1", {});
  const line = h("p", { class: "identity" });
  const outcome = h("div", { class: "outcome", role: "status", "aria-live": "polite", hidden: true });
  let names = new Map((await containers(signal)).map(({ id: one, name }) => [one, name]));
  let actions = null;
  let view = null;
  let etag = null;

  const refresh = async () => {
    const answer = await miners("GET", path, { signal });
    const same = etag && answer.etag === etag && view?.polled_at === answer.data.polled_at && view?.misses === answer.data.misses;
    ({ etag } = answer);
    // What it can be told depends on what answers there.
    if (view && ["reported_manufacturer", "reported_model", "firmware", "hardware_id"].some((name) => view[name] !== answer.data[name])) actions?.again();
    view = answer.data;
    setTitle(view.name);
    setText(title, view.name);
    if (view.container_id != null && !names.has(view.container_id)) {
      names = new Map((await containers(signal)).map(({ id: one, name }) => [one, name]));
    }
    parts.condition.update(view);
    parts.figures.update(view);
    if (!same) {
      put(line, identityLine(view, names.get(view.container_id)));
      parts.details.update(view);
    }
  };
  const loop = await follow({ seconds: REFRESH_S, task: refresh, of: { miner_id: id }, on: { miners: (views) => views.some((one) => one.id === id) && loop?.again() }, signal, onError(error) {
    if (error.status === 404) restart();
  } });
  const afterwards = () => Promise.all([loop.again(), events.again()]);
  const [charts, panel, events] = await Promise.all([
    minerCharts({ id, query, signal, nominal: () => view.hash_rate_nominal_hs, since: view.created_at }),
    minerActions({ id, view: () => view, signal, changed: () => afterwards() }), minerEvents({ id, query, signal }),
  ]);
  actions = panel;

  const buttons = [
    can("poll-miners") && h("button", { type: "button", class: "primary", onclick: (event) => poll(event.currentTarget) }, "Poll now"),
    h("a", { class: "button", href: pageUrl("compare", { miners: id }) }, "Compare"),
    can("change-miners") && h("button", { type: "button", onclick: async () => (await editMiner(id)) && loop.again() }, "Edit"),
    can("change-miners") && h("button", { type: "button", class: "quiet-danger", onclick: () => remove(view) }, "Remove"),
  ].filter(Boolean);

  const poll = async (button) => {
    button.disabled = true;
    button.textContent = "Polling…";
    const started = performance.now();
    try {
      const { data } = await miners("POST", `${path}/poll`, { signal });
      const took = (performance.now() - started) / 1000;
      const words = [data.state ? `it is ${data.state}` : null, data.hash_rate_hs != null ? rate(data.hash_rate_hs, view.algorithm) : null, data.temperature != null ? temperature(data.temperature) : null];
      tell("good", "It answered", `in ${took < 10 ? `${took.toFixed(1)} s` : duration(took)}: ${words.filter(Boolean).join(", ")}.`);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      tell("bad", error.title ?? "No answer", error.message);
    } finally {
      button.disabled = false;
      button.textContent = "Poll now";
    }
    await Promise.all([loop.again(), charts.again(), events.again()]);
  };
  const tell = (kind, lead, text) => {
    outcome.hidden = false;
    outcome.className = `outcome ${kind}`;
    put(outcome, h("p", {}, h("b", {}, `${lead} `), text),
      h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => (outcome.hidden = true) }, "×"));
  };

  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("miners") }, "Miners")),
    h("div", { class: "page-head" }, h("div", {}, title, line), h("div", { class: "actions" }, buttons)), outcome,
    parts.condition.element, parts.figures.element, actions.element, charts.element, events.element, parts.details.element);
}

async function remove(view) {
  const text = `${view.name} (${hostPort(view)}) and its whole history will be gone. This cannot be undone.`;
  if (!(await confirmed(`Remove ${view.name}?`, text, "Remove miner"))) return;
  try {
    await miners("DELETE", `miners/${view.id}`);
    say(`${view.name} is removed.`);
    go(pageUrl("miners"), { replace: true });
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    say(error.message, { failed: true });
  }
}
