// What the gateways' words mean to people. A shape goes with every colour.
import { h, setAttribute, setText } from "./dom.js";
import { NONE, number } from "./format.js";
import { pageUrl } from "./place.js";
import { tabs } from "./sheet.js";
import { glyph } from "./words.js";

/** `tone` gives the colour, `shape` the sign. */
export const STATUSES = {
  active: { word: "Active", tone: "online", shape: "online", meaning: "It is on the list, answers, and is the right device" },
  inactive: { word: "Inactive", tone: "degraded", shape: "degraded", meaning: "It is not on the list, or has no link to its pages there" },
  error: { word: "Error", tone: "offline", shape: "offline", meaning: "It is on the list, but cannot be read" },
  unknown: { word: "Unknown", tone: "unknown", shape: "unknown", meaning: "No scan has looked at it yet" },
};

export const HEALTH = {
  ok: { word: "OK", tone: "online", shape: "online" },
  weak_signal: { word: "Weak signal", tone: "degraded", shape: "degraded" },
  voip_not_registered: { word: "No VoIP", tone: "stale", shape: "stale" },
  not_registered: { word: "Not registered", tone: "offline", shape: "offline" },
  no_sim: { word: "No SIM", tone: "offline", shape: "no-card" },
  module_off: { word: "Module off", tone: "unknown", shape: "off" },
  unknown: { word: "Unknown", tone: "unknown", shape: "unknown" },
};

/** Why a gateway is not active, in short; its `why` says it at length. */
export const REASONS = {
  not_listed: "not on the list", no_radmin: "no link to its pages", auth: "login refused", unreachable: "does not answer", bad_page: "no whole page", identity: "another device",
};

/** The page of a gateway: its name may hold anything. */
export const gatewayUrl = (name, query) => pageUrl(`gateway/${encodeURIComponent(name)}`, query);

/** The tabs of the gateways' pages; `more` are those of others. */
export const gatewayTabs = (here, changes) => tabs("Gateways", [["gateways", "All gateways"], ["enterprises", "Enterprises"], ...(changes ? [["gateways/directories", "Directories"]] : [])], here);

/** A badge of a status or of a line's health. `{element, update(value)}`. */
export function wordBadge(words) {
  const word = h("span");
  const element = h("span", { class: "badge" }, word);
  let shown = null;
  return {
    element,
    update(value) {
      if (value === shown) return;
      shown = value;
      const { tone, shape, meaning } = words[value] ?? words.unknown;
      setAttribute(element, "data-is", tone);
      setAttribute(element, "title", meaning);
      element.querySelector("svg")?.remove();
      element.prepend(glyph(shape));
      setText(word, words[value]?.word ?? value);
    },
  };
}

/** Minutes left on a SIM: below 20 is low, below 50 is soon low. `{text, tone}`. */
export function minutesLeft({ remaining_minutes: minutes, unlimited }) {
  if (minutes == null) return { text: unlimited ? "no limit" : NONE, tone: null };
  return { text: `${number(minutes)}\u00a0min`, tone: minutes < 20 ? "bad-text" : minutes < 50 ? "warn-text" : null };
}

/** "23 of 31, −67 dBm"; what is said where the figure says nothing. */
export function signalWords(line) {
  if (line.rssi == null) return line.rssi_raw ? `signal not known (it says ${line.rssi_raw})` : "signal not known";
  return line.dbm == null ? `signal ${line.rssi} of 31, which says nothing without registration` : `signal ${line.rssi} of 31, ${line.dbm} dBm`;
}

/** The call state as people read it: "idle", "alerting +380…". */
export const callWords = ({ state, peer }) => (state == null ? NONE : `${state.toLowerCase()}${peer ? ` ${peer}` : ""}`);

const OUTCOMES = {
  requested: "is on its way", accepted: "sent; whether it was done is being watched", back: "done, and seen", failed: "failed",
};
export const STEP_NAMES = { requested: "Requested", accepted: "Accepted", back: "Back", failed: "Failed" };
export const isOpen = ({ status }) => status === "requested" || status === "accepted";
export const orderWords = ({ kind, line }) => (kind === "reboot" ? "Reboot" : `Restart of line ${line}`);
export const outcomeWords = ({ status, detail }) => `${OUTCOMES[status] ?? status}${detail ? `: ${detail}` : ""}`;
