// One gateway: how it is and why, its lines, their signal, what it was told, what happened.
import { Problem, Unreachable, deviceAt, goip } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, setText, show as put, stay } from "./dom.js";
import { editGateway } from "./gateway-form.js";
import { gatewayEvents } from "./gateway-events.js";
import { condition, figures, gatewayPairs, identityLine } from "./gateway-head.js";
import { askReboot, askRestart, gatewayOrders } from "./gateway-orders.js";
import { STATUSES, orderWords, outcomeWords } from "./gateway-words.js";
import { lineChart } from "./line-chart.js";
import { lineTable } from "./line-table.js";
import { attempt, empty, say } from "./notices.js";
import { pageUrl, place } from "./place.js";
import { go } from "./router.js";
import { can } from "./session.js";
import { follow } from "./stream.js";

const REFRESH_S = 10;
const LOOK_MS = 90_000;

export async function show({ root, query, signal, args, setTitle, restart }) {
  const name = decodeURIComponent(args[0]);
  const parts = { condition: condition(), figures: figures() };
  const line = h("p", { class: "identity" });
  const outcome = h("div", { class: "outcome", role: "status", "aria-live": "polite", hidden: true });
  const pairs = h("dl", { class: "pairs spread" });
  const nothing = h("div");
  let view = null;
  let loop = null;
  const orders = can("reboot-gateways");
  const [chart, told, events] = await Promise.all([
    lineChart({ name, query, signal }), gatewayOrders({ name, signal, changed: () => afterwards() }), gatewayEvents({ name, query, signal }),
  ]);
  const table = lineTable({ name, chart: (one) => chart.pick(one), restart: orders && ((one) => order(() => askRestart(name, one))) });
  const afterwards = () => Promise.all([loop?.again(), told.again(), events.again(), chart.again()]);

  const drawn = (next) => {
    view = next;
    setTitle(`${name}: ${(STATUSES[view.port_scan_status] ?? STATUSES.unknown).word.toLowerCase()}`);
    put(line, identityLine(view));
    parts.condition.update(view);
    parts.figures.update(view);
    put(pairs, gatewayPairs(view));
  };
  const refresh = async () => {
    const [device, lines] = await Promise.all([goip("GET", deviceAt(name), { signal }), goip("GET", deviceAt(name, "/lines"), { signal })]);
    drawn(device.data);
    table.update(lines.data);
    chart.lines(lines.data.map((one) => one.line));
    stay(nothing, lines.data.length ? "" : "none", () => empty("No line was ever read", h("p", {}, "Its lines are read with the next scan that reaches it.")));
  };
  loop = await follow({
    seconds: REFRESH_S, at: place.goip, signal, task: refresh,
    on: { devices: (views) => views.some((one) => one.gateway_name === name) && Promise.all([loop?.again(), events.again()]) },
    onError(error) {
      if (error.status === 404) restart();
    },
  });

  const tell = (kind, lead, text) => {
    outcome.hidden = false;
    outcome.className = `outcome ${kind}`;
    put(outcome, h("p", {}, h("b", {}, `${lead} `), text), h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => (outcome.hidden = true) }, "×"));
  };
  const order = async (ask) => {
    const command = await attempt(ask);
    if (!command) return;
    tell(command.status === "failed" ? "bad" : "good", `${orderWords(command)}:`, `${outcomeWords(command)}.`);
    await afterwards();
  };
  const check = async (button) => {
    button.disabled = true;
    setText(button, "Checking…");
    try {
      const { data } = await goip("POST", deviceAt(name, "/check"), { signal, deadline: LOOK_MS });
      drawn(data);
      const well = data.port_scan_status === "active";
      tell(well ? "good" : "bad", well ? "It is active." : `It is ${STATUSES[data.port_scan_status]?.word.toLowerCase() ?? data.port_scan_status}.`, well ? "Call forwarding and authentication ids were read as well." : data.why);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      tell("bad", error.title ?? "No answer", error.message);
    } finally {
      button.disabled = false;
      setText(button, "Check now");
    }
    await afterwards();
  };
  const buttons = [
    can("scan-gateways") && h("button", { type: "button", class: "primary", onclick: (event) => check(event.currentTarget) }, "Check now"),
    orders && h("button", { type: "button", onclick: () => order(() => askReboot(name, signal)) }, "Reboot"),
    can("change-gateways") && h("button", { type: "button", onclick: async () => (await attempt(() => editGateway(name))) && loop.again() }, "Edit"),
    can("change-gateways") && h("button", { type: "button", class: "quiet-danger", onclick: () => remove(name) }, "Remove"),
  ];
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("gateways") }, "Gateways")),
    h("div", { class: "page-head" }, h("div", {}, h("h1", {}, name), line), h("div", { class: "actions" }, buttons.filter(Boolean))), outcome,
    parts.condition.element, parts.figures.element, h("section", { "aria-label": "Lines" }, h("div", { class: "section-head" }, h("h2", {}, "Lines")), table.element, nothing), chart.element, told.element, events.element,
    h("section", { "aria-label": "Details" }, h("div", { class: "section-head" }, h("h2", {}, "Details")), h("div", { class: "panel" }, pairs)));
}

async function remove(name) {
  if (!(await confirmed(`Remove ${name}?`, `${name}, its lines and its whole history will be gone. This cannot be undone.`, "Remove gateway"))) return;
  await attempt(async () => {
    await goip("DELETE", deviceAt(name));
    say(`${name} is removed.`);
    go(pageUrl("gateways"), { replace: true });
  });
}
