// What happened to a miner: states, restarts, pools, what it was told, alerts; newest first.
import { identity, miners } from "./api.js";
import { actionWords, outcomeWords } from "./action-words.js";
import { h, keyed, setText, show as put } from "./dom.js";
import { absolute, clock, day, duration } from "./format.js";
import { every } from "./live.js";
import { pageUrl } from "./place.js";
import { setQuery } from "./router.js";
import { can } from "./session.js";
import { segments } from "./sheet.js";
import { AVAILABILITY, MISSES, STATES } from "./words.js";

const REFRESH_S = 30;
const HOURS = [["24", "24\u00a0h"], ["168", "7\u00a0d"], ["720", "30\u00a0d"]];
const MOST = 200;

/** `{element, again}` */
export async function minerEvents({ id, query, signal }) {
  const list = h("ol", { class: "timeline" });
  const note = h("p", { class: "quiet" });
  const hours = () => (HOURS.some(([one]) => one === query.get("events")) ? query.get("events") : "168");
  const spans = segments("Span of the events", HOURS, hours(), (next) => {
    query.set("events", next);
    setQuery(query);
    spans.mark(next);
    loop.again();
  });
  const load = async () => {
    const since = Date.now() - Number(hours()) * 3_600_000;
    const [events, actions, alerts] = await Promise.all([
      miners("GET", `stats/miners/${id}/events`, { query: { hours: hours(), limit: MOST }, signal }),
      miners("GET", `miners/${id}/actions`, { query: { limit: 50 }, signal }),
      can("see-alerts") ? identity("GET", "alerts", { query: { system: "miners", subject_id: id, limit: 50 }, signal }) : { data: [] },
    ]);
    const rows = [
      ...events.data.map(fromEvent), ...actions.data.map(fromAction),
      ...alerts.data.flatMap(fromAlert),
    ].filter(({ at }) => Date.parse(at) >= since).sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, MOST);
    setText(note, rows.length ? "" : "Nothing happened in this span.");
    keyed(list, rows, ({ key }) => key, entry);
  };
  const loop = await every(REFRESH_S, load, signal);
  const element = h("section", { "aria-label": "Events" }, h("div", { class: "section-head" }, h("h2", {}, "Events"), spans.element), list, note);
  return { element, again: () => loop.again() };
}

const WORDS = { availability: "Availability", state: "State", restart: "Restart", pool: "Pool", device: "Device" };
const said = (kind, value) => (value == null ? null : kind === "availability" ? (AVAILABILITY[value]?.word ?? value) : kind === "state" ? (STATES[value] ?? value) : String(value));

function fromEvent({ at, kind, before, after, detail }) {
  const [from, to] = [said(kind, before), said(kind, after)];
  const text = kind === "restart" ? `Began anew${before == null ? "" : ` after ${duration(Number(before))}`}`
    : kind === "pool" ? `Pool ${[before, after].filter((one) => one != null).join(" → ")}`
      : from != null && to != null ? `${from} → ${to}` : (to ?? from ?? "");
  const good = (kind === "availability" && after === "online") || (kind === "state" && after === "mining");
  const bad = (kind === "availability" && (after === "offline" || after === "degraded")) || (kind === "state" && after === "fault");
  return { key: `e ${at} ${kind} ${before} ${after}`, at, kind: WORDS[kind] ?? kind, text, detail: MISSES[detail] ? `It ${MISSES[detail]}` : (detail ?? ""), tone: good ? "ok" : bad ? "bad" : "" };
}

function fromAction(action) {
  const failed = ["declined", "failed", "unverified"].includes(action.status);
  return { key: `a ${action.id} ${action.status}`, at: action.requested_at, kind: "Action", text: `${actionWords(action)}, by ${action.by}`, detail: outcomeWords(action), tone: failed ? "bad" : "act" };
}

function fromAlert(alert) {
  const link = pageUrl(`alerts/${alert.id}`);
  const begun = { key: `f ${alert.id}`, at: alert.since, kind: "Alert", text: alert.rule, detail: alert.detail ?? "", tone: "bad", link };
  return alert.recovered_at ? [begun, { key: `r ${alert.id}`, at: alert.recovered_at, kind: "Alert", text: `${alert.rule} recovered`, detail: "", tone: "ok", link }] : [begun];
}

function entry() {
  const when = h("time");
  const kind = h("span", { class: "event-kind" });
  const text = h("b");
  const detail = h("span", { class: "quiet" });
  const element = h("li", {}, when, kind, h("span", { class: "event-text" }, text, " ", detail));
  return {
    element,
    update(row) {
      const at = new Date(row.at);
      setText(when, `${day(at)} ${clock(at)}`);
      when.dateTime = row.at;
      when.title = absolute(row.at);
      setText(kind, row.kind);
      element.dataset.tone = row.tone;
      if (row.link) put(text, h("a", { href: row.link }, row.text));
      else setText(text, row.text);
      setText(detail, row.detail);
    },
  };
}
