// What happened to a unit and its power, newest first: the rows of its history.
import { unitAt, units } from "./api.js";
import { absolute, duration, number } from "./format.js";
import { timeline } from "./timeline.js";
import { ESCALATIONS } from "./unit-power.js";
import { ERRORS } from "./unit-words.js";

const MOST = 300;
const KINDS = {
  status_change: "Status", power_cycle: "Power cycle", ewelink_toggle: "Plug", ewelink_toggle_off: "Plug", ewelink_toggle_on: "Plug", suppress: "Not cut", escalate: "Person", service_restart: "Asterisk", restarted: "Asterisk",
  plug_not_usable: "Plug", ensure_on: "Plug", give_up: "Power cycle", rearm: "Rearmed", pause: "Pause", resume: "Pause", bind: "Plug", unbind: "Plug",
};
const ON_OFF = { on: "ON", off: "OFF" };

/** `{element, again}` */
export const unitEvents = ({ number: unit, query, signal }) => timeline({
  title: "History", label: "Events", most: MOST, query, signal,
  read: async (hours) => (await units("GET", unitAt(unit, "/history"), { query: { hours, limit: MOST }, signal })).data.map(row),
});

const row = (event) => ({ key: event.id, at: event.change_time, kind: KINDS[event.action_type] ?? event.action_type ?? "", ...said(event) });

/** A row in words: `{text, detail, tone}`. */
function said({ action_type: action, prev_status: before, new_status: status, action_result: result, error_message: error, failure_counter: failures, extra_info: info }) {
  const by = info.by && info.by !== "scheduler" ? `by ${info.by}` : "";
  const failed = result === "fail";
  // Asked for before it was done: under way, or nobody lived to write down what became of it.
  const open = !result;
  const code = error ? (ERRORS[error] ?? error) : "";
  switch (action) {
    case "status_change":
      if (!status) return { text: "How it is could not be seen", detail: info.why === "not_looked_at" ? "nobody looked" : code, tone: "" };
      return { text: status === "on" ? (before ? "Online again" : "Seen online") : "Offline", detail: status === "on" ? "" : code, tone: status === "on" ? "ok" : "bad" };
    case "power_cycle":
      return { text: "Power cycle begun", detail: by || `after ${number(failures)} failed looks`, tone: "act" };
    case "suppress":
      return { text: "Its power was not cut", detail: `since ${info.why ?? info.gate}`, tone: "" };
    case "escalate":
      return { text: "A person is needed", detail: ESCALATIONS[info.why] ?? info.why ?? "", tone: "bad" };
    case "restarted":
      return { text: "It started anew by itself", detail: info.before_s == null ? "" : `after ${duration(info.before_s)}`, tone: "bad" };
    case "service_restart":
      if (open) return { text: "A restart of its Asterisk was begun", detail: "what became of it is not known", tone: "act" };
      return { text: failed ? "Its Asterisk could not be restarted" : "Its Asterisk was restarted", detail: failed ? code : by, tone: failed ? "bad" : "act" };
    case "plug_not_usable":
      return { text: "The plug was not usable", detail: code, tone: "bad" };
    case "ensure_on":
      return { text: "ON is tried without end", detail: info.plug ?? "", tone: "bad" };
    case "give_up":
      return { text: "ON is tried no more", detail: [info.plug, by].filter(Boolean).join(", "), tone: "act" };
    case "pause":
      return { text: "Paused", detail: [by, info.reason, info.until && `until ${absolute(info.until).slice(0, -3)}`].filter(Boolean).join(", "), tone: "" };
    case "resume":
      return { text: "The pause was ended", detail: by, tone: "" };
    case "rearm":
      return { text: "What was tried in this outage was forgotten", detail: by, tone: "" };
    case "bind":
    case "unbind":
      return { text: action === "bind" ? "Bound" : "Unbound", detail: [info.plug, by].filter(Boolean).join(", "), tone: "" };
    case "ewelink_toggle_off":
    case "ewelink_toggle_on":
    case "ewelink_toggle": {
      if (open) return { text: `Switching ${info.state ? "ON" : "OFF"} was begun`, detail: ["what became of it is not known", by].filter(Boolean).join(", "), tone: "act" };
      const word = action === "ewelink_toggle" ? (typeof info.state === "boolean" ? (info.state ? "ON" : "OFF") : "") : ON_OFF[action.slice(15)];
      return { text: failed ? `${word ? `Not switched ${word}` : "Nothing was switched"}` : `Switched ${word}`, detail: [failed ? code : "", by].filter(Boolean).join(", "), tone: failed ? "bad" : "act" };
    }
    default:
      return { text: action ?? "", detail: [code, by].filter(Boolean).join(", "), tone: failed ? "bad" : "" };
  }
}
