// One alert: what it is, who takes care, whom it was told.
import { identity } from "./api.js";
import { acknowledge } from "./alert-parts.js";
import { h, setText, show as put } from "./dom.js";
import { absolute, duration, plural, timeElement } from "./format.js";
import { alertTabs, measured, streamOfAlerts, subjectUrl } from "./page-alerts.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";
import { follow } from "./stream.js";
import { ALERT_STATES, severityBadge } from "./words.js";

const REFRESH_S = 10;
const KINDS = { fired: "It fires", recovered: "It recovered", escalated: "Escalated" };

export async function show({ root, signal, args, setTitle }) {
  const id = Number(args[0]);
  const title = h("h1");
  const facts = h("dl", { class: "pairs" });
  const told = h("section");
  const button = h("button", { type: "button", class: "primary", onclick: async () => (await acknowledge(alert)) && loop.again() }, "Acknowledge");
  let alert = null;
  const refresh = async () => {
    const { data } = await identity("GET", `alerts/${id}`, { signal });
    if (JSON.stringify(data) === JSON.stringify(alert)) return;
    alert = data;
    const name = `${data.rule}: ${data.subject}`;
    setTitle(name);
    setText(title, name);
    button.hidden = data.status !== "firing" || !can("manage-alerts");
    put(facts, factsOf(data).map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
    // Whom it was told is for those who manage alerts.
    put(told, can("manage-alerts") ? [h("h2", {}, "Notifications"), notifications(data)] : []);
  };
  const loop = await follow({ seconds: REFRESH_S, task: refresh, at: streamOfAlerts(), on: { alerts: () => loop?.again() }, signal });
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("alerts") }, "Alerts")),
    h("div", { class: "page-head" }, title, h("div", { class: "actions" }, button)), alertTabs(null), h("section", { class: "panel", "aria-label": "The alert" }, facts), told);
}

function factsOf(alert) {
  const badge = severityBadge(alert.severity).element;
  const over = alert.recovered_at ? (Date.parse(alert.recovered_at) - Date.parse(alert.since)) / 1000 : null;
  return [
    ["Severity", badge], ["Status", [h("b", {}, ALERT_STATES[alert.status] ?? alert.status), alert.muted ? ", muted by maintenance: nobody is told" : null]],
    ["About", subjectUrl(alert) ? h("a", { href: subjectUrl(alert) }, alert.subject) : alert.subject], ["Rule", can("manage-alerts") ? h("a", { href: pageUrl("alerts/rules") }, alert.rule) : alert.rule],
    ["Enterprise", alert.enterprise_number], ["Measured", measured(alert)], ["In words", alert.detail], ["Since", [absolute(alert.since), " (", timeElement(alert.since), ")"]],
    ["Last seen so", alert.status === "recovered" || !alert.last_at ? null : timeElement(alert.last_at)],
    ["Recovered", alert.recovered_at && `${absolute(alert.recovered_at)}, after ${duration(over)}`],
    ["Acknowledged", alert.acknowledged_by && [`by ${alert.acknowledged_by}, `, timeElement(alert.acknowledged_at)]], ["Comment", alert.comment],
    ["Escalated", alert.escalated_at && timeElement(alert.escalated_at)],
  ].filter(([, value]) => value);
}

function notifications({ notifications: list = [], muted }) {
  if (!list.length) return h("p", { class: "quiet" }, muted ? "Nobody was told: maintenance was announced for it." : "Nobody was told: there is no channel that is switched on, or the first word is on its way.");
  const table = sheet("Notifications", ["When", "To", "Why", "Outcome"]);
  put(table.body, list.map((one) => h("tr", {}, cell("When", absolute(one.at)), cell("To", one.channel), cell("Why", KINDS[one.kind] ?? one.kind),
    cell("Outcome", one.ok ? "sent" : one.delivery === "failed" ? h("span", { class: "bad-text" }, `given up: ${one.error ?? "no reason told"}`) : ["on its way", one.error ? h("div", { class: "bad-text" }, one.error) : null], one.attempts > 1 ? h("div", { class: "sub" }, plural(one.attempts, "attempt")) : null))));
  return table.element;
}
