// What happened to a device within a span, newest first: a list whose span lives in the address.
import { h, keyed, setText, show as put } from "./dom.js";
import { absolute, clock, day, number } from "./format.js";
import { every } from "./live.js";
import { setQuery } from "./router.js";
import { segments } from "./sheet.js";

const REFRESH_S = 30;
const HOURS = [["24", "24\u00a0h"], ["168", "7\u00a0d"], ["720", "30\u00a0d"]];

/**
 * `read(hours)` brings at most `most` rows `{key, at, kind, text, detail, tone, link?}`; `title` stands above them.
 * `{element, again}`
 */
export async function timeline({ title, label = null, most, query, signal, read }) {
  const list = h("ol", { class: "timeline", tabindex: 0, "aria-label": label });
  const note = h("p", { class: "quiet" });
  const hours = () => (HOURS.some(([one]) => one === query.get("events")) ? query.get("events") : "168");
  const spans = segments(`Span of the ${title.toLowerCase()}`, HOURS, hours(), (next) => {
    query.set("events", next);
    setQuery(query);
    spans.mark(next);
    loop.again();
  });
  const load = async () => {
    const rows = await read(hours());
    setText(note, rows.length === most ? `Only the newest ${number(most)} are shown.` : rows.length ? "" : "Nothing happened in this span.");
    keyed(list, rows, ({ key }) => key, entry);
  };
  const loop = await every(REFRESH_S, load, signal);
  const element = h("section", { "aria-label": title }, h("div", { class: "section-head" }, h("h2", {}, title), spans.element), list, note);
  return { element, again: () => loop.again() };
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
