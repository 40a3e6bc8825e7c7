// What the API's words mean to people. A shape goes with every colour.
import { h, setAttribute, setText, svg } from "./dom.js";

export const AVAILABILITY = {
  online: { word: "Online", meaning: "It answers and does what it should" },
  degraded: { word: "Degraded", meaning: "It answers, but hashes too little, or a board or a fan is missing" },
  stale: { word: "Stale", meaning: "It missed a poll or two; its last reading stands" },
  offline: { word: "Offline", meaning: "It has not answered for several polls" },
  unknown: { word: "Unknown", meaning: "It has not been polled yet" },
};

export const STATES = {
  mining: "Mining", idle: "Idle", sleeping: "Sleeping", starting: "Starting", stopping: "Stopping", fault: "Fault",
};

export const STATE_MEANINGS = {
  mining: "It hashes", idle: "It answers, hashes nothing, and gives no reason", sleeping: "Stopped on purpose",
  starting: "It is starting up", stopping: "It is stopping",
  fault: "It hashes nothing because something is wrong",
};

export const POWER_KINDS = {
  wall: "at the wall", dc_hash_boards: "DC into the boards", estimated_dc: "estimated, DC",
};

export const ROLES = {
  admin: "Admin", operator: "Operator", accountant: "Accountant", client: "Client", enterprise_admin: "Enterprise admin",
};

export const ROLE_MEANINGS = {
  admin: "may do everything", operator: "runs the miners", accountant: "sees statistics, changes nothing",
  client: "sees only his containers", enterprise_admin: "sees only his enterprises",
};

/** The codes of missed polls, in words; an unknown code stays as it is. */
export const MISSES = {
  "timed-out": "did not answer in time", "refusing": "refuses the connection", "unreachable": "cannot be reached",
  "no-reply": "closed the connection without a word", "truncated": "sent a cut-off answer",
  "not-json": "answered, but not in its protocol", "garbled": "sent an answer that makes no sense",
  "reply-too-large": "sent more than is allowed", "declined": "declines", "unknown-command": "does not know the command",
};

export const SEVERITIES = { critical: "Critical", warning: "Warning", info: "Info" };
export const ALERT_STATES = { firing: "Firing", acknowledged: "Acknowledged", recovered: "Recovered" };

const SHAPES = {
  critical: () => [svg("path", { d: "M3.6.8h4.8l3 3v4.4l-3 3H3.6l-3-3V3.8Z" }), svg("path", { d: "M6 3.4v3.2M6 8.3v.4", class: "mark" })],
  warning: () => [svg("path", { d: "M6 .8 11.6 10.8H.4Z" }), svg("path", { d: "M6 4.6v2.6M6 8.8v.3", class: "mark" })],
  info: () => [svg("circle", { cx: 6, cy: 6, r: 5 }), svg("path", { d: "M6 5.6v3M6 3.2v.3", class: "mark" })],
  online: () => svg("circle", { cx: 6, cy: 6, r: 4.5 }),
  degraded: () => svg("path", { d: "M6 1 11.4 10.5H.6Z" }),
  stale: () => [svg("circle", { cx: 6, cy: 6, r: 4.2, class: "hollow" }), svg("path", { d: "M6 1.8a4.2 4.2 0 0 1 0 8.4Z" })],
  offline: () => svg("path", { d: "M2 2 10 10M10 2 2 10", class: "stroke" }),
  unknown: () => svg("circle", { cx: 6, cy: 6, r: 4, class: "hollow" }),
  "no-card": () => [svg("path", { d: "M2.5 1.2h4.6l2.4 2.4v7.2h-7Z", class: "hollow" }), svg("path", { d: "M1 11 11 1", class: "stroke" })],
  off: () => [svg("path", { d: "M3.4 2.9a4.3 4.3 0 1 0 5.2 0", class: "hollow" }), svg("path", { d: "M6 .8v5", class: "stroke" })],
};

/** The shape of an availability or of a severity; its word must stand beside it. */
export function glyph(availability) {
  const shape = SHAPES[availability] ?? SHAPES.unknown;
  return svg("svg", { class: "glyph", viewBox: "0 0 12 12", "aria-hidden": "true" }, shape());
}

/** A badge that can be pointed at another availability. */
export function badge(availability) {
  const word = h("span");
  const element = h("span", { class: "badge" }, word);
  const update = (next) => {
    if (element.dataset.is !== next) {
      element.dataset.is = next;
      element.querySelector("svg")?.remove();
      element.prepend(glyph(next));
      setAttribute(element, "title", AVAILABILITY[next]?.meaning);
    }
    setText(word, AVAILABILITY[next]?.word ?? next);
  };
  update(availability);
  return { element, update };
}

/** A badge of a severity. */
export function severityBadge(severity) {
  const word = h("span");
  const element = h("span", { class: "badge" }, word);
  const update = (next) => {
    if (element.dataset.is !== next) {
      element.dataset.is = next;
      element.querySelector("svg")?.remove();
      element.prepend(glyph(next));
    }
    setText(word, SEVERITIES[next] ?? next);
  };
  update(severity);
  return { element, update };
}

/** Where a miner stands, in words: "row 2, shelf 3, slot 11". */
export const placeWords = ({ row, shelf, slot }) => (row == null ? "" : `row ${row}, shelf ${shelf}, slot ${slot}`);

/** Why a miner is not simply online, in one line; empty if it is. */
export function why(view) {
  if (view.availability === "offline" || view.availability === "stale") {
    return MISSES[view.error] ? `It ${MISSES[view.error]}` : (view.error_detail ?? view.error ?? "");
  }
  return (view.reasons ?? []).join("; ");
}
