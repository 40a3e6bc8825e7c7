// Alerts: what fires, what was answered for, what is over.
import { containers, enterprises, identity } from "./api.js";
import { acknowledge } from "./alert-parts.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { withChosen } from "./filters.js";
import { number, plural, setTime } from "./format.js";
import { gatewayUrl } from "./gateway-words.js";
import { empty } from "./notices.js";
import { pageUrl, place as server } from "./place.js";
import { setQuery } from "./router.js";
import { can } from "./session.js";
import { cell, segments, sheet, tabs } from "./sheet.js";
import { follow } from "./stream.js";
import { unitUrl } from "./unit-words.js";
import { ALERT_STATES, SEVERITIES, severityBadge } from "./words.js";

const REFRESH_S = 10;
const PAGE = 100;
const STATES = [["firing", "Firing"], ["acknowledged", "Acknowledged"], ["recovered", "Recovered"], ["all", "All"]];

/** The links between the pages of alerts. */
export const alertTabs = (here) => tabs("Pages of alerts", [
  ["alerts", "Alerts"], ["alerts/rules", "Rules"], can("manage-alerts") && ["alerts/channels", "Channels"], ["alerts/maintenance", "Maintenance"],
].filter(Boolean), here);

/** The stream that tells of alerts: that of the gateways to those who see no miners. */
export const streamOfAlerts = () => (can("see-miners") ? server.api : server.goip);

/** What alerts, rules and windows can be about, as far as one may see it: `{places, tenants}`. */
export async function subjectsOf(signal) {
  const [places, tenants] = await Promise.all([can("see-miners") ? containers(signal) : [], can("see-enterprises") ? enterprises(signal) : []]);
  return { places, tenants };
}

/** What an alert measured: "71.5 %", or nothing. */
export const measured = ({ value, unit }) => (value == null ? "" : `${number(value, Number.isInteger(value) ? 0 : 1)}\u00a0${unit ?? ""}`.trim());

export async function show({ root, query, signal, setTitle }) {
  const { places: there, tenants } = await subjectsOf(signal);
  const [places, owners] = [new Map(there.map(({ id, name }) => [id, name])), new Map(tenants.map(({ number, name }) => [number, name]))];
  const table = sheet("Alerts", ["Severity", "Where", "What", "Since", "Status", ""]);
  const nothing = h("div");
  const total = h("span", { class: "quiet num", "aria-live": "polite" });
  let loop = null;
  const status = () => (STATES.some(([one]) => one === query.get("status")) ? query.get("status") : "firing");
  const set = (name, value) => {
    query.delete("page");
    if (value) query.set(name, value);
    else query.delete(name);
    setQuery(query);
    chooser.mark(status());
    return loop.again();
  };
  const choice = (name, label, options) => {
    const select = h("select", { "aria-label": label, class: query.get(name) ? "set" : null, onchange: () => {
      select.classList.toggle("set", Boolean(select.value));
      set(name, select.value);
    } }, h("option", { value: "" }, label), options.map(([value, text]) => h("option", { value }, text)));
    select.value = query.get(name) ?? "";
    return select;
  };
  const chooser = segments("Status", STATES, status(), (next) => set("status", next === "firing" ? "" : next));
  const filters = h("div", { class: "filters" }, chooser.element,
    choice("severity", "Any severity", Object.entries(SEVERITIES)),
    can("see-miners") && choice("container_id", "All containers", [...places].map(([id, name]) => [String(id), name])),
    owners.size > 0 && choice("enterprise_number", "All enterprises", withChosen([...owners].map(([number, name]) => [number, `${name} (${number})`]), query.get("enterprise_number"))), total);
  const pages = h("div", { class: "pager" });
  const page = () => Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1);
  const turn = (next) => {
    if (next > 1) query.set("page", next);
    else query.delete("page");
    setQuery(query);
    return loop.again();
  };

  const refresh = async () => {
    const { data, total: count } = await identity("GET", "alerts", { signal, query: {
      status: status() === "all" ? null : status(), severity: query.get("severity"), container_id: query.get("container_id"), enterprise_number: query.get("enterprise_number"), subject: query.get("subject"), system: query.get("system") ?? (query.get("subject_id") && "miners"), subject_id: query.get("subject_id"),
      limit: PAGE, offset: (page() - 1) * PAGE,
    } });
    keyed(table.body, data, ({ id }) => id, () => row({ places, owners }, () => loop.again()));
    table.element.hidden = !data.length;
    stay(nothing, data.length ? "" : query.toString() || "none", () => nobody(status(), query));
    setText(total, plural(count ?? data.length, "alert"));
    if (status() === "firing") setTitle(count ? `${plural(count, "alert")} firing` : "Alerts");
    const more = (count ?? 0) > page() * PAGE;
    put(pages, page() > 1 ? h("button", { type: "button", onclick: () => turn(page() - 1) }, "‹ Newer") : null, more ? h("button", { type: "button", onclick: () => turn(page() + 1) }, "Older ›") : null);
    pages.hidden = !more && page() === 1;
  };
  loop = await follow({ seconds: REFRESH_S, task: refresh, at: streamOfAlerts(), on: { alerts: () => loop?.again() }, signal });
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Alerts")), alertTabs("alerts"), filters, table.element, nothing, pages);
}

function nobody(status, query) {
  const filtered = ["severity", "container_id", "enterprise_number", "subject", "subject_id"].some((name) => query.has(name));
  const title = { firing: "Nothing fires", acknowledged: "Nothing is acknowledged", recovered: "Nothing has recovered yet", all: "There were no alerts yet" }[status];
  return empty(filtered ? `${title} here` : title, h("p", {}, filtered ? "Other alerts may stand behind the filters."
    : status === "firing" ? ["All that the rules watch is well. ", h("a", { href: pageUrl("alerts/rules") }, "The rules"), " say what that is, and whom it is told."]
      : "Alerts show up here as they change."));
}

function row({ places, owners }, again) {
  let alert = null;
  const badge = severityBadge("info");
  const subject = h("a", { class: "row-link" });
  const place = h("div", { class: "sub" });
  const rule = h("a", {});
  const value = h("b", { class: "num" });
  const detail = h("div", { class: "sub" });
  const since = h("time");
  const status = h("span");
  const note = h("div", { class: "sub" });
  const button = h("button", { type: "button", onclick: async () => (await acknowledge(alert)) && again() }, "Acknowledge");
  const element = h("tr", {}, h("td", {}, badge.element), cell("Where", subject, place), h("td", { class: "wide", "data-label": "What" }, rule, " ", value, detail), cell("Since", since), cell("Status", status, note), h("td", { class: "row-actions" }, button));
  return {
    element,
    update(next) {
      alert = next;
      badge.update(next.severity);
      setText(subject, next.subject);
      setAttribute(subject, "href", subjectUrl(next));
      setText(place, next.container_id != null ? (places.get(next.container_id) ?? `#${next.container_id}`) : next.enterprise_number != null ? (owners.get(next.enterprise_number) ?? next.enterprise_number) : "");
      setText(rule, next.rule);
      setAttribute(rule, "href", pageUrl(`alerts/${next.id}`));
      setText(value, measured(next));
      setText(detail, next.detail ?? "");
      setTime(since, next.since, next.status === "recovered" ? "ago" : "for");
      setText(status, (ALERT_STATES[next.status] ?? next.status) + (next.muted ? ", muted" : ""));
      setAttribute(status, "class", next.status === "firing" ? "bad-text" : null);
      setText(note, next.acknowledged_by ? `by ${next.acknowledged_by}${next.comment ? `: ${next.comment}` : ""}` : next.escalated_at ? "escalated" : "");
      setAttribute(element, "data-resting", next.status === "recovered" ? "yes" : null);
      button.hidden = next.status !== "firing" || !can("manage-alerts");
      setAttribute(button, "aria-label", `Acknowledge ${next.rule} of ${next.subject}`);
    },
  };
}

/** The page of what an alert is about; null for lineman itself. */
export const subjectUrl = ({ system, subject_id: id, subject, enterprise_number: number }) => ({
  miners: () => pageUrl(`miners/${id}`), containers: () => pageUrl(`containers/${id}`),
  gateways: () => gatewayUrl(subject), lines: () => gatewayUrl(subject.replace(/ line \d+$/, "")),
  directories: () => pageUrl("gateways/directories"),
  units: () => unitUrl(number), "plug-cloud": () => pageUrl("units/power"),
})[system]?.() ?? null;
