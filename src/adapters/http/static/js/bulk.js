// Doing something to many miners at once: the bar at the foot of the table, the questions, and what came of it.
import { containers, miners } from "./api.js";
import { askAction } from "./action-form.js";
import { ACTIONS, STEP_NAMES } from "./action-words.js";
import { openDialog } from "./dialog.js";
import { h, setText } from "./dom.js";
import { form, words } from "./form.js";
import { number, plural } from "./format.js";
import { pageUrl } from "./place.js";
import { can } from "./session.js";
import { COLOURS } from "./compare-series.js";

const DEADLINE_MS = 120_000;
const MOST_ROWS = 200;

/** The bar; `choice` is a selection, `filter()` what the table is filtered by, `known` its containers and groups. */
export function bulkBar({ choice, filter, names, known, again }) {
  const text = h("span", { "aria-live": "polite" });
  const whole = h("button", { type: "button", class: "plain", onclick: () => choice.takeAll() });
  const compare = h("a", { class: "button" }, "Compare");
  const target = () => (choice.all() ? { filter: filter() } : { ids: choice.ids() });
  const context = { target, count: () => choice.count(), names: () => choice.ids().map((id) => names(id)), known, after: async () => {
    await again();
  } };
  const menu = h("select", { "aria-label": "What to do with the chosen", onchange: () => {
    const wanted = menu.value;
    menu.value = "";
    (ASKS[wanted] ?? ((it) => askMany(it, wanted.replace("act:", ""))))(context);
  } }, h("option", { value: "" }, "Do…"),
  can("change-miners") && [option("move", "Move to a container…"), option("tag", "Add tags…"), option("untag", "Take tags away…"), option("group", "Put into a group…"), option("activate", "Poll them from now on"), option("deactivate", "Poll them no more")],
  can("poll-miners") && option("poll", "Poll now"),
  can("act-on-miners") && h("optgroup", { label: "Tell the miners" }, Object.entries(ACTIONS).map(([action, { title }]) => option(`act:${action}`, `${title}…`))),
  can("change-miners") && option("remove", "Remove…"));
  const element = h("div", { class: "foot-bar", role: "region", "aria-label": "Chosen miners", hidden: true }, text, whole,
    h("span", { class: "section-end" }, compare, menu, h("button", { type: "button", class: "plain", onclick: () => choice.clear() }, "Clear")));
  return {
    element,
    update() {
      const count = choice.count();
      element.hidden = count === 0;
      setText(text, choice.words());
      whole.hidden = !choice.whole();
      setText(whole, "Choose all that match");
      compare.hidden = choice.all() || count > COLOURS.length;
      compare.href = pageUrl("compare", { miners: choice.ids().join(",") });
    },
  };
}

const option = (value, text) => h("option", { value }, text);
const who = (context) => (context.count() === 1 && context.names().length === 1 ? context.names()[0] : plural(context.count(), "miner"));

const ASKS = {
  move: async (context) => ask(context, {
    title: "Move to a container", does: "Their history stays; sums of containers count them from now on where they are. They lose their places on the map.",
    fields: [{ name: "container_id", label: "Container", type: "select", value: "", options: [["", "none"], ...(await containers()).map(({ id, name }) => [String(id), name])] }],
    body: ({ container_id: id }) => ({ action: "move", container_id: id == null ? null : Number(id) }),
  }),
  tag: (context) => ask(context, { title: "Add tags", fields: [{ name: "tags", label: "Tags", placeholder: "hydro, rented", hint: "Separated by commas" }], body: ({ tags }) => ({ action: "tag", tags: words(tags ?? "") }) }),
  untag: (context) => ask(context, { title: "Take tags away", fields: [{ name: "tags", label: "Tags", placeholder: "hydro, rented", hint: "Separated by commas" }], body: ({ tags }) => ({ action: "untag", tags: words(tags ?? "") }) }),
  group: (context) => ask(context, {
    title: "Put into a group", does: "Miners without a login of their own use their group's.",
    fields: [{ name: "group_id", label: "Group", type: "select", value: "", options: [["", "none"], ...context.known().groups.map(({ id, name }) => [String(id), name])], hint: context.known().groups.length ? null : "There are no groups yet: add one under Groups." }],
    body: ({ group_id: id }) => ({ action: "group", group_id: id == null ? null : Number(id) }),
  }),
  activate: (context) => ask(context, { title: "Poll them from now on", body: () => ({ action: "activate" }) }),
  deactivate: (context) => ask(context, { title: "Poll them no more", does: "They stay in the list and keep their history; nobody asks them how they are, and no alert fires.", body: () => ({ action: "deactivate" }) }),
  poll: (context) => ask(context, { title: "Poll now", body: () => ({ action: "poll" }) }),
  remove: (context) => ask(context, { title: "Remove", does: "They and their whole history will be gone. This cannot be undone.", danger: true, body: () => ({ action: "remove", confirm: true }) }),
};

/** Ask, do, show what came of it. */
async function ask(context, { title, does = "", fields = [], body, danger }) {
  const built = form({
    fields, submit: `${title}: ${who(context)}`, cancel: () => dialog.close(null),
    async send(values) {
      dialog.close((await miners("POST", "miners/bulk", { body: { ...context.target(), ...body(values) }, deadline: DEADLINE_MS })).data);
    },
  });
  if (danger) built.element.querySelector("[type=submit]").className = "danger";
  const dialog = openDialog(`${title}?`, h("div", {}, h("p", { class: "ask" }, h("b", {}, named(context)), h("span", {}, does)), built.element));
  const done = await dialog.closed;
  if (!done) return;
  const rows = done.rows.filter(({ ok }) => !ok).map((row) => [row.miner_id, row.error]);
  await told({ title, context, done: done.done, failed: done.failed, rows });
}

/** Tell many miners to do something; orders are carried out one after the other, their outcomes stand in each miner's events. */
async function askMany(context, action) {
  const orders = await askAction({ action, who: who(context), extra: h("p", { class: "quiet" }, named(context)), send: async (body) => (await miners("POST", "miners/actions", { body: { ...context.target(), ...body }, deadline: DEADLINE_MS })).data });
  if (!orders) return;
  const rows = orders.filter(({ status }) => status === "declined" || status === "failed").map((one) => [one.miner_id, `${STEP_NAMES[one.status]}: ${one.detail ?? ""}`, one.miner]);
  await told({ title: ACTIONS[action].title, context, done: orders.length - rows.length, failed: rows.length, rows, note: "They are told one after the other. How each went stands on its page under Actions and Events." });
}

/** "R01, R02, R03 and 9 more" */
function named(context) {
  const list = context.names().filter(Boolean);
  if (list.length !== context.count()) return `All ${plural(context.count(), "miner")} that match the filters`;
  return list.length > 6 ? `${list.slice(0, 5).join(", ")} and ${plural(list.length - 5, "more", "more")}` : list.join(", ");
}

async function told({ title, context, done, failed, rows, note }) {
  const names = new Map(context.known().rows.map(({ id, name }) => [id, name]));
  const body = h("div", { "aria-live": "polite" }, h("p", { class: failed ? "callout" : "outcome good" }, h("span", {}, h("b", {}, `${number(done)} done`), failed ? `, ${number(failed)} not` : "", ".")), note ? h("p", { class: "quiet" }, note) : null);
  if (rows.length) {
    body.append(h("div", { class: "scroll results", tabindex: 0, role: "region", "aria-label": "What did not work" }, h("table", { class: "plain-table slim" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Miner"), h("th", { scope: "col" }, "Why not"))),
      h("tbody", {}, rows.slice(0, MOST_ROWS).map(([id, error, name]) => h("tr", {}, h("td", {}, h("a", { href: pageUrl(`miners/${id}`) }, name ?? names.get(id) ?? `#${id}`)), h("td", {}, error ?? "")))))));
  }
  const { close } = openDialog(title, body, { wide: true });
  body.append(h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: () => close(true) }, "Close")));
  body.querySelector(".primary").focus();
  await context.after();
}
