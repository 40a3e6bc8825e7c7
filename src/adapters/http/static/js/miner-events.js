// What happened to a miner: states, restarts, pools, what it was told, alerts; newest first.
import { identity, miners } from "./api.js";
import { actionWords, outcomeWords } from "./action-words.js";
import { duration } from "./format.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { timeline } from "./timeline.js";
import { AVAILABILITY, MISSES, STATES } from "./words.js";

const MOST = 200;

/** `{element, again}` */
export function minerEvents({ id, query, signal }) {
  const read = async (hours) => {
    const since = Date.now() - Number(hours) * 3_600_000;
    const [events, actions, alerts] = await Promise.all([
      miners("GET", `stats/miners/${id}/events`, { query: { hours, limit: MOST }, signal }),
      miners("GET", `miners/${id}/actions`, { query: { limit: 50 }, signal }),
      can("see-alerts") ? identity("GET", "alerts", { query: { system: "miners", subject_id: id, limit: 50 }, signal }) : { data: [] },
    ]);
    return [
      ...events.data.map(fromEvent), ...actions.data.map(fromAction),
      ...alerts.data.flatMap(fromAlert),
    ].filter(({ at }) => Date.parse(at) >= since).sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, MOST);
  };
  return timeline({ title: "Events", most: MOST, query, signal, read });
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
