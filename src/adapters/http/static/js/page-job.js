// One search: how far it is, what it found, and what of that to take over.
import { containers, miners } from "./api.js";
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { duration, number, percent, plural, timeElement } from "./format.js";
import { every } from "./live.js";
import { fullModel } from "./miner-head.js";
import { attempt, empty, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { cell, segments, sheet } from "./sheet.js";

const [BUSY_S, CALM_S] = [1, 30];
const MOST_ROWS = 500;
export const JOB_STATES = { queued: "Waits", running: "Searching", done: "Done", cancelled: "Cancelled", failed: "Failed" };
const ITEM_STATES = { new: "New", moved: "Moved", changed: "Changed", gone: "Gone", unclear: "Unclear", known: "Known" };
const RANK = Object.keys(ITEM_STATES);
/** What there is something to do about comes first; then by address. */
const inOrder = (a, b) => RANK.indexOf(a.status) - RANK.indexOf(b.status) || a.host.localeCompare(b.host, undefined, { numeric: true });
const MEANINGS = {
  new: "nothing at this address is known yet", moved: "a known miner that has another address now", gone: "a known miner that did not answer here",
  changed: "another device answers where a known miner was", known: "as it is known", unclear: "answers like a miner, but does not say which",
};
/** What accepting takes over; what is known already needs nothing. */
const OFFERED = ["new", "moved", "gone", "changed"];
const keyOf = ({ host, port }) => `${host} ${port}`;

export async function show({ root, signal, args, setTitle }) {
  const id = Number(args[0]);
  const path = `miners/discover/${id}`;
  const [places, groups] = can("change-miners") ? await Promise.all([containers(signal), miners("GET", "miners/groups", { signal })]) : [[], { data: [] }];
  let job = null;
  let filter = "all";
  const chosen = new Set();
  const title = h("h1");
  const line = h("p", { class: "quiet" });
  const bar = h("progress", { "aria-label": "Progress of the search" });
  const counts = h("p", { "aria-live": "polite" });
  const trouble = h("p", { class: "form-error", role: "alert", hidden: true });
  const cancel = h("button", { type: "button", onclick: () => attempt(() => miners("DELETE", path)).then(() => loop.again()) }, "Cancel the search");
  const table = sheet("Results", [h("span", { class: "hidden" }, "Choose"), "Address", "What it is", "Status", "Firmware"]);
  const cut = h("p", { class: "quiet" });
  const nothing = h("div");
  const shown = () => job.items.filter(({ status }) => filter === "all" || status === filter).sort(inOrder);
  const filters = segments("Which results", [["all", "All"], ...Object.entries(ITEM_STATES)], filter, (next) => {
    filter = next;
    filters.mark(next);
    draw();
  });
  const all = h("input", { type: "checkbox", onchange: () => {
    for (const item of shown().filter(({ status }) => OFFERED.includes(status))) if (all.checked) chosen.add(keyOf(item)); else chosen.delete(keyOf(item));
    draw();
  } });
  const accept = acceptBar({ places, groups: groups.data, take: async (into) => {
    const hosts = [...new Set(job.items.filter((item) => chosen.has(keyOf(item))).map(({ host }) => host))];
    const done = await attempt(async () => (await miners("POST", `${path}/accept`, { body: { hosts, ...into }, deadline: 120_000 })).data);
    if (!done) return;
    const words = [[done.added, "added"], [done.moved, "moved"], [done.changed, "set right"], [done.deactivated, "switched off"]].filter(([list]) => list?.length).map(([list, word]) => `${plural(list.length, "miner")} ${word}`);
    if (words.length) say(`${words.join(", ")}.`);
    for (const error of (done.errors ?? []).slice(0, 3)) say(`${error.host}: ${error.message}`, { failed: true });
    chosen.clear();
    await loop.again();
  } });

  const draw = () => {
    const list = shown();
    setText(cut, list.length > MOST_ROWS ? `The first ${number(MOST_ROWS)} of ${number(list.length)} are shown; the switch above finds the others, and all of them can be taken over.` : "");
    keyed(table.body, list.slice(0, MOST_ROWS), keyOf, () => row({ chosen: (key) => chosen.has(key), toggle(key, on) {
      if (on) chosen.add(key);
      else chosen.delete(key);
      draw();
    } }));
    table.element.hidden = !list.length;
    const over = !["queued", "running"].includes(job.status);
    put(nothing, list.length || !over ? [] : job.items.length ? h("p", { class: "quiet" }, "Nothing of this kind.")
      : empty("Nothing was found", h("p", {}, "No address answered as a miner does. Are the miners switched on, and can this machine reach their network? Some answer only to allowed addresses.")));
    const offered = job.items.filter(({ status }) => OFFERED.includes(status));
    all.checked = offered.length > 0 && offered.every((item) => chosen.has(keyOf(item)));
    accept.update(offered.filter((item) => chosen.has(keyOf(item))), offered.length, over);
  };
  const refresh = async () => {
    const first = job === null;
    const before = new Set(job?.items.map(keyOf));
    job = (await miners("GET", path, { signal })).data;
    // New miners are what a search is for: they are chosen until somebody says otherwise.
    for (const item of job.items) if (item.status === "new" && !before.has(keyOf(item))) chosen.add(keyOf(item));
    const busy = job.status === "queued" || job.status === "running";
    setTitle(busy ? `${percent(job.addresses ? job.probed / job.addresses : 0)} searched` : "Discovery");
    setText(title, job.targets.length > 2 ? `${job.targets.slice(0, 2).join(", ")} and ${job.targets.length - 2} more` : job.targets.join(", "));
    put(line, h("b", {}, JOB_STATES[job.status] ?? job.status), job.by ? ` · by ${job.by}` : null, " · begun ", timeElement(job.started_at ?? job.created_at),
      job.finished_at && job.started_at ? ` · took ${duration((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000)}` : null);
    bar.max = Math.max(job.addresses, 1);
    bar.value = job.probed;
    bar.hidden = !busy;
    cancel.hidden = !busy || !can("change-miners");
    setText(counts, `${number(job.probed)} of ${plural(job.addresses, "address", "addresses")} looked at, ${number(job.answered)} answered, ${plural(job.found, "miner")}: ${number(job.new)} new, ${number(job.moved)} moved, ${number(job.changed)} changed, ${number(job.gone)} gone, ${number(job.known)} known.`);
    trouble.hidden = !job.error;
    setText(trouble, job.error ?? "");
    if (first || job.items.length) draw();
  };
  const loop = await every(() => (job && ["queued", "running"].includes(job.status) ? BUSY_S + job.items.length / MOST_ROWS : CALM_S), refresh, signal);
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("discovery") }, "Discovery")),
    h("div", { class: "page-head" }, h("div", {}, title, line), h("div", { class: "actions" }, cancel)), h("section", { class: "panel progress", "aria-label": "Progress" }, bar, counts, trouble),
    h("div", { class: "section-head" }, filters.element, can("change-miners") && h("label", { class: "check" }, all, " all that can be taken over")), table.element, cut, nothing, can("change-miners") && accept.element);
}

function row({ chosen, toggle }) {
  let item = null;
  const box = h("input", { type: "checkbox", onchange: () => toggle(keyOf(item), box.checked) });
  const address = h("span");
  const was = h("div", { class: "sub" });
  const what = h("span");
  const id = h("div", { class: "sub mono" });
  const status = h("b");
  const meaning = h("div", { class: "sub" });
  const firmware = h("span");
  const link = h("a");
  const element = h("tr", {}, h("td", { class: "choose" }, box), cell("Address", address, was), cell("What it is", what, id), cell("Status", status, meaning, link), cell("Firmware", firmware));
  return {
    element,
    update(next) {
      item = next;
      const offered = OFFERED.includes(next.status) && can("change-miners");
      box.hidden = !offered;
      box.checked = chosen(keyOf(next));
      setAttribute(box, "aria-label", `Take over ${next.host}`);
      setText(address, `${next.host}:${next.port}`);
      setText(was, next.was ? `was ${typeof next.was === "string" ? next.was : Object.values(next.was).filter(Boolean).join(", ")}` : "");
      setText(what, next.manufacturer ? fullModel(next.manufacturer, next.model) : "not told");
      setText(id, next.hardware_id ?? "");
      setText(status, ITEM_STATES[next.status] ?? next.status);
      setAttribute(status, "class", next.status === "new" ? "ok-text" : next.status === "gone" ? "bad-text" : next.status === "known" ? "quiet" : "warn-text");
      setText(meaning, next.detail || (MEANINGS[next.status] ?? ""));
      setText(firmware, next.firmware ?? "");
      setText(link, next.miner_id == null ? "" : "its page");
      setAttribute(link, "href", next.miner_id == null ? null : pageUrl(`miners/${next.miner_id}`));
    },
  };
}

/** The bar at the foot: where to put what is chosen. */
function acceptBar({ places, groups, take }) {
  const choice = (label, none, list) => h("select", { "aria-label": label }, h("option", { value: "" }, none), list.map(({ id, name }) => h("option", { value: id }, name)));
  const place = choice("Container", "No container", places);
  const group = choice("Group", "No group", groups);
  const text = h("span");
  const button = h("button", { type: "button", class: "primary", onclick: async () => {
    button.disabled = true;
    await take({ container_id: place.value ? Number(place.value) : null, group_id: group.value ? Number(group.value) : null });
    button.disabled = false;
  } }, "Take over");
  const element = h("div", { class: "foot-bar", role: "region", "aria-label": "Take over" }, text, h("span", { class: "section-end" }, place, groups.length ? group : null, button));
  return {
    element,
    update(list, offered, over) {
      const gone = list.filter(({ status }) => status === "gone").length;
      element.hidden = !offered;
      button.disabled = !list.length || !over;
      button.title = over ? "" : "When the search has ended";
      setText(text, list.length ? `${plural(list.length, "result")} chosen${gone ? `; ${number(gone)} gone will be switched off` : ""}` : "Choose what to take over");
    },
  };
}
