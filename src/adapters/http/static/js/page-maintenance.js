// Maintenance: spans of time in which nobody is told of what is worked on.
import { identity, miners } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { absolute, age, duration } from "./format.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { alertTabs, subjectsOf } from "./page-alerts.js";
import { picker } from "./picker.js";
import { setQuery } from "./router.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";

const REFRESH_S = 30;
const HOUR_MS = 3_600_000;

export async function show({ root, query, signal }) {
  const table = sheet("Maintenance", ["When", "Where", "Why", "By", ""]);
  const nothing = h("div");
  const known = { places: [], tenants: [], names: new Map() };
  let loop = null;
  const again = () => loop.again();
  const add = async () => (await editWindow(null, known)) && again();
  loop = await every(REFRESH_S, async () => {
    const [{ data }, subjects] = await Promise.all([identity("GET", "maintenance", { query: { limit: 1000 }, signal }), subjectsOf(signal)]);
    Object.assign(known, subjects);
    await nameMiners(known.names, data.flatMap(({ miner_ids: ids }) => ids), signal);
    // What goes on comes first, then what comes, then what is over.
    const list = [...data].sort((a, b) => over(a) - over(b) || Date.parse(a.since) - Date.parse(b.since));
    keyed(table.body, list, ({ id }) => id, () => row(known, again));
    table.element.hidden = !list.length;
    stay(nothing, list.length ? "" : "none", () => empty("No maintenance is planned", h("p", {}, "While containers, miners or enterprises are worked on, their alerts are listed but nobody is woken, unless they last beyond it. Announce it here before the work begins."),
      can("manage-alerts") && h("button", { type: "button", class: "primary", onclick: add }, "Announce maintenance")));
  }, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Maintenance"),
    can("manage-alerts") && h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: add }, "Announce maintenance"))), alertTabs("alerts/maintenance"), table.element, nothing);
  // The page of a unit leads here to have it announced.
  const number = query.get("enterprise_number");
  if (!number || !can("manage-alerts")) return;
  query.delete("enterprise_number");
  setQuery(query);
  editWindow(null, known, { system: "units", enterprise_numbers: [number] }).then((made) => made && again());
}

const over = (window) => Number(age(window.until) > 0);

/** Names of miners by id, for the first few: more are said as a count. */
async function nameMiners(names, ids, signal) {
  for (const id of [...new Set(ids)].filter((one) => !names.has(one)).slice(0, 20)) {
    try {
      names.set(id, (await miners("GET", `miners/${id}`, { signal })).data.name);
    } catch (error) {
      if (error.status !== 404) throw error;
      names.set(id, `#${id} (removed)`);
    }
  }
}

function row(known, again) {
  let window = null;
  const when = h("span");
  const state = h("div", { class: "sub" });
  const where = h("span");
  const why = h("span");
  const by = h("span");
  const edit = h("button", { type: "button", onclick: async () => (await editWindow(window, known)) && again() }, "Edit");
  const element = h("tr", {}, h("td", {}, when, state), cell("Where", where), cell("Why", why), cell("By", by), h("td", { class: "row-actions" }, edit));
  return {
    element,
    update(next) {
      window = next;
      setText(when, `${absolute(next.since).slice(0, -3)} – ${absolute(next.until).slice(0, -3)}`);
      const begins = age(next.since);
      setText(state, over(next) ? "over" : begins < 0 ? `in ${duration(-begins)}` : `goes on, ${duration(-age(next.until))} left`);
      setAttribute(state, "class", !over(next) && begins >= 0 ? "warn-text" : "sub");
      setText(where, whereOf(next, known));
      setText(why, next.reason ?? "");
      setText(by, next.created_by ?? "");
      setAttribute(element, "data-resting", over(next) ? "yes" : null);
      setAttribute(edit, "aria-label", `Edit the maintenance of ${absolute(next.since)}`);
      edit.hidden = !can("manage-alerts");
    },
  };
}

/** The systems that a window may be about alone. */
const SYSTEMS = { miners: "all miners", containers: "all containers", gateways: "all gateways", lines: "all lines of gateways", directories: "all lists of gateways", units: "all units", "plug-cloud": "the plugs' account", lineman: "lineman itself" };

function whereOf(window, { places, tenants, names }) {
  const words = [
    ...window.container_ids.map((id) => places.find((one) => one.id === id)?.name ?? `container #${id}`),
    ...window.enterprise_numbers.map((number) => tenants.find((one) => one.number === number)?.name ?? `enterprise ${number}`),
    ...window.miner_ids.map((id) => names.get(id) ?? `#${id}`),
  ];
  const system = window.system ? (SYSTEMS[window.system] ?? window.system) : "everything";
  if (!words.length) return system;
  const of = window.system && !window.miner_ids.length ? `${system} of ` : "";
  return of + (words.length > 6 ? `${words.slice(0, 5).join(", ")} and ${words.length - 5} more` : words.join(", "));
}

/** The picker of single miners as a field: its value is their numbers. */
function minersField(window, known) {
  const named = (ids) => (ids ?? []).map((id) => ({ id, name: known.names.get(id) ?? `#${id}` }));
  const chosen = picker({ kind: "miners", most: 50, chosen: named(window?.miner_ids), changed: (list) => list.forEach(({ id, name }) => known.names.set(id, name)) });
  return {
    name: "miner_ids", label: "Single miners",
    made: {
      input: chosen.element, read: () => chosen.values().map(({ id }) => id), write: (ids) => chosen.set(named(ids)),
      say: (ids) => named(ids).map(({ name }) => name).join(", ") || "none",
    },
  };
}

/** `begun` is what a window that is announced begins with. */
async function editWindow(listed, known, begun = null) {
  const { data: window, etag } = listed ? await identity("GET", `maintenance/${listed.id}`) : { data: null };
  const start = Date.now();
  const built = form({
    fields: [
      { name: "since", label: "From", type: "datetime", value: window?.since ?? new Date(start).toISOString() },
      { name: "until", label: "Until", type: "datetime", value: window?.until ?? new Date(start + 2 * HOUR_MS).toISOString() },
      { name: "reason", label: "Why", value: window?.reason, placeholder: "Fans are changed", autofocus: true },
      { name: "system", label: "What", type: "select", value: window?.system ?? begun?.system ?? "", options: [["", "everything"], ...Object.entries(SYSTEMS)], hint: "Confined to what is chosen below. The power of units is not cut by itself meanwhile." },
      { name: "container_ids", label: "Containers", type: "checks", value: window?.container_ids ?? [], options: known.places.map(({ id, name }) => [id, name]), hint: "Neither containers, enterprises nor miners chosen: everything." },
      { name: "enterprise_numbers", label: "Enterprises", type: "checks", value: window?.enterprise_numbers ?? begun?.enterprise_numbers ?? [], options: known.tenants.map(({ number, name }) => [number, `${name} (${number})`]) },
      minersField(window, known),
    ],
    versions: window && { what: "maintenance", etag, read: () => identity("GET", `maintenance/${window.id}`), values: (data) => data },
    submit: window ? "Save" : "Announce", cancel: () => dialog.close(null),
    async send(values, { changed, etag: seen }) {
      if (window && !Object.keys(changed).length) return dialog.close(null);
      const body = { ...(window ? changed : values) };
      if (body.since === null) delete body.since;
      // Single miners are of their own system.
      if (values.miner_ids.length) delete body.system;
      const { data } = window ? await identity("PUT", `maintenance/${window.id}`, { body, etag: seen }) : await identity("POST", "maintenance", { body });
      say(`The maintenance is ${window ? "saved" : "announced"}.`);
      dialog.close(data);
    },
  });
  const remove = async () => {
    if (!(await confirmed("Remove this maintenance?", "From now on its alerts are told again.", "Remove"))) return;
    await attempt(async () => {
      await identity("DELETE", `maintenance/${window.id}`);
      say("The maintenance is removed.");
      dialog.close(window);
    });
  };
  const dialog = openDialog(window ? "Edit maintenance" : "Announce maintenance", h("div", {}, built.element, window && [h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove it")]));
  return dialog.closed;
}
