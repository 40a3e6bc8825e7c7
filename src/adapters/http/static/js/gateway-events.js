// What happened to a gateway and its lines, newest first.
import { deviceAt, goip } from "./api.js";
import { duration } from "./format.js";
import { HEALTH, REASONS, STATUSES, STEP_NAMES } from "./gateway-words.js";
import { timeline } from "./timeline.js";

const MOST = 300;
const WORDS = { status: "Status", line: "Line", port: "Port", identity: "Identity", restart: "Restart", order: "Command" };

/** `{element, again}` */
export const gatewayEvents = ({ name, query, signal }) => timeline({
  title: "History", label: "History", most: MOST, query, signal,
  read: async (hours) => (await goip("GET", deviceAt(name, "/history"), { query: { hours, limit: MOST }, signal })).data.map(row),
});

const said = (kind, value) => {
  if (value == null) return null;
  if (kind === "status") {
    const [status, reason] = value.split(": ");
    return [STATUSES[status]?.word ?? status, reason && (REASONS[reason] ?? reason)].filter(Boolean).join(": ");
  }
  if (kind === "line") return HEALTH[value]?.word ?? value;
  if (kind === "order") return value === "reboot" ? "Reboot" : value === "restart-line" ? "Restart" : (STEP_NAMES[value] ?? value).toLowerCase();
  return kind === "restart" && /^\d+$/.test(value) ? `uptime ${duration(Number(value))}` : value;
};

function row({ at, kind, line, before, after, detail }) {
  const [from, to] = [said(kind, before), said(kind, after)];
  const now = (after ?? "").split(": ")[0];
  const good = now === "active" || now === "ok" || now === "back";
  const bad = now in STATUSES || (kind === "line" && now in HEALTH) || now === "failed";
  const key = JSON.stringify([at, kind, line, before, after, detail]);
  return { key, at, kind: line == null ? (WORDS[kind] ?? kind) : `Line ${line}`, text: [from, to].filter((one) => one != null).join(" → "), detail: detail ?? "", tone: good ? "ok" : bad && now !== "unknown" ? "bad" : kind === "order" ? "act" : "" };
}
