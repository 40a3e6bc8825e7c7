// What the words of units mean to people. A shape goes with every colour.
import { NONE, duration, number } from "./format.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { tabs } from "./sheet.js";

/** `tone` gives the colour, `shape` the sign. */
export const STATUSES = {
  offline: { word: "Offline", tone: "offline", shape: "offline", meaning: "It does not answer, or its Asterisk does not" },
  unknown: { word: "Unknown", tone: "degraded", shape: "degraded", meaning: "It could not be looked at, which may be our own side: that counts for nothing" },
  online: { word: "Online", tone: "online", shape: "online", meaning: "Its Asterisk answers" },
  unseen: { word: "Not looked at", tone: "unknown", shape: "unknown", meaning: "No look has been taken at it yet" },
};

/** How it is: what the last look came to. */
export const statusOf = (view) => (view.last_checked_at == null ? "unseen" : view.outcome === "unknown" ? "unknown" : (view.last_status ?? "unknown"));

/** What a look saw, in short. */
export const CAUSES = {
  ok: "answers", refused: "refuses the connection", timed_out: "does not answer in time", no_route: "no way to it", closed: "closes the connection", asterisk_down: "its Asterisk is down",
  denied: "login refused", host_key: "another host key", no_command: "no Asterisk command", our_network: "our own network", name: "its name is not known", garbled: "an answer without sense", killed: "the command was killed", stalled: "lineman itself stood still",
};

/** What keeps its power from being cut, in short. */
export const GATES = {
  not_enabled: "not enabled", no_device: "no plug", stopped: "all stopped", paused: "paused", never_seen_online: "never seen online", maintenance: "maintenance", own_uplink_down: "our own line is down",
  parent_down: "its parent is down", mass_outage: "too many are down", disk_full: "disk full", attempts_exhausted: "cycled in this outage already", retry_wait: "plug not usable a moment ago", cooldown: "cycled a short while ago",
  daily_limit: "cycled too often today", under_way: "in a power cycle already", second_opinion: "something else answers", dry_run: "dry run",
};

export const DISKS = { ok: { word: "OK", tone: "online" }, warning: { word: "filling up", tone: "degraded" }, critical: { word: "almost full", tone: "offline" } };

/** The steps of a power cycle, and what they are called. */
export const STEPS = { precheck: "Plug looked at", off_sent: "OFF sent", off_seen: "OFF seen", hold: "Held off", on_sent: "ON sent", on_seen: "ON seen", done: "Done" };

/** How a power cycle ended. */
export const RESULTS = {
  success: { text: "the power was cut and is back", tone: "ok-text" }, failed_precheck: { text: "nothing was switched: the plug is not usable", tone: "bad-text" }, failed_off: { text: "the plug did not switch off", tone: "bad-text" },
  stuck_off: { text: "the plug does not take ON; that is tried without end", tone: "bad-text" }, plug_was_off: { text: "nothing was switched: somebody had switched it off before", tone: "warn-text" }, given_up: { text: "the plug did not take ON, and it was given up", tone: "warn-text" }, called_off: { text: "nothing was switched: it was not wanted any more", tone: "warn-text" },
};

/** Codes that a cycle or a switch ended with. */
export const ERRORS = {
  plug_offline: "the plug is not connected", plug_already_off: "it was off already", pulse_on: "it is set to pulse", never_seen_off: "it was never seen off", never_seen_on: "it was never seen on", not_confirmed: "it was never seen on", timeout: "no answer", reauth_required: "the account has to be authorised again", 412: "the cloud's quota is used up", channel_required: "its outlet is not named", channel_missing: "it has no such outlet", not_a_switch: "it is no switch",
  stopped: "all power actions were stopped", too_late: "it had waited too long", dry_run: "dry run", unit_removed: "the unit was removed", other_plug: "another plug was bound", not_enabled: "it was switched off for this unit", paused: "the unit was paused", came_back: "the unit came back", maintenance: "a maintenance window covers the unit", not_seen: "how the unit is could not be seen any more", not_wanted: "nobody wanted it any more",
};

export const KINDS = { ewelink: "eWeLink", shelly: "Shelly", tasmota: "Tasmota" };
export const LINE_KINDS = { gsm: "GSM", sip: "SIP", internal: "Internal", excluded: "Not counted" };

/** "eWeLink 1000011001, outlet 2": outlets count from 1 for people, as on the device. */
export const plugWords = (plug) => (plug ? `${KINDS[plug.kind] ?? plug.kind} ${plug.device_id}${plug.outlet == null ? "" : `, outlet ${plug.outlet + 1}`}` : "no plug");

/** `[{kind, word, up, total, down}, …]` of the kinds that it has. */
export const linesOf = (stats) => (stats ? ["gsm", "sip", "internal"].map((kind) => ({ kind, word: LINE_KINDS[kind], up: stats[`${kind}_online`], total: stats[`${kind}_total`], down: stats[`${kind}_total`] - stats[`${kind}_online`] })).filter(({ total }) => total) : []);
export const gsmDown = ({ line_stats: stats }) => (stats ? stats.gsm_total - stats.gsm_online : 0);

export const diskWords = (view) => (view.disk_usage_percent == null ? NONE : `${number(view.disk_usage_percent)}\u00a0%`);
export const uptimeWords = (view) => (view.uptime_s == null ? NONE : duration(view.uptime_s));
export const isPaused = ({ paused_until: until }) => until != null && Date.parse(until) > Date.now();

/** "0367 · Northern Post"; an enterprise may have lost its name. */
export const unitName = ({ enterprise_number: number_, name }) => (name ? `${name} (${number_})` : number_);

/** The page of a unit: its number may hold anything. */
export const unitUrl = (number_, query) => pageUrl(`unit/${encodeURIComponent(number_)}`, query);

/** The tabs of the units' pages. */
export const unitTabs = (here) => tabs("Units", [["units", "All units"], ["units/report", "Weekly report"], ...(can("manage-cloud") ? [["units/power", "Plugs"]] : []), ["alerts/maintenance", "Maintenance"]], here);
