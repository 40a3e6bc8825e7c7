// What happened to a gateway and its lines, newest first.
import { deviceAt, goip } from "./api.js";
import { h, keyed, setText } from "./dom.js";
import { absolute, clock, day, duration, number } from "./format.js";
import { HEALTH, REASONS, STATUSES, STEP_NAMES } from "./gateway-words.js";
import { every } from "./live.js";
import { setQuery } from "./router.js";
import { segments } from "./sheet.js";

const REFRESH_S = 30;
const HOURS = [["24", "24\u00a0h"], ["168", "7\u00a0d"], ["720", "30\u00a0d"]];
const MOST = 300;
const WORDS = { status: "Status", line: "Line", port: "Port", identity: "Identity", restart: "Restart", order: "Command" };

/** `{element, again}` */
export async function gatewayEvents({ name, query, signal }) {
  const list = h("ol", { class: "timeline", tabindex: 0, "aria-label": "History" });
  const note = h("p", { class: "quiet" });
  const hours = () => (HOURS.some(([one]) => one === query.get("events")) ? query.get("events") : "168");
  const spans = segments("Span of the history", HOURS, hours(), (next) => {
    query.set("events", next);
    setQuery(query);
    spans.mark(next);
    loop.again();
  });
  const load = async () => {
    const { data } = await goip("GET", deviceAt(name, "/history"), { query: { hours: hours(), limit: MOST }, signal });
    setText(note, data.length === MOST ? `Only the newest ${number(MOST)} are shown.` : data.length ? "" : "Nothing happened in this span.");
    keyed(list, data.map(row), ({ key }) => key, entry);
  };
  const loop = await every(REFRESH_S, load, signal);
  const element = h("section", { "aria-label": "History" }, h("div", { class: "section-head" }, h("h2", {}, "History"), spans.element), list, note);
  return { element, again: () => loop.again() };
}

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
      setText(text, row.text);
      setText(detail, row.detail);
    },
  };
}
