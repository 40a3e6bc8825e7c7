// The rules of alerts: what fires, from which threshold on, for how long, and who is told.
import { identity } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { number, plural, short } from "./format.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { alertTabs, subjectsOf } from "./page-alerts.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";
import { SEVERITIES, severityBadge } from "./words.js";

const REFRESH_S = 30;

export async function show({ root, signal }) {
  const table = sheet("Rules", ["Rule", "Fires when", "Where", "Tells", ""]);
  const nothing = h("div");
  const known = { kinds: new Map(), places: [], tenants: [], channels: [] };
  let loop = null;
  const again = () => loop.again();
  const refresh = async () => {
    const [rules, kinds, subjects, channels] = await Promise.all([
      identity("GET", "alerts/rules", { query: { limit: 1000 }, signal }), identity("GET", "alerts/kinds", { signal }), subjectsOf(signal),
      can("manage-alerts") ? identity("GET", "alerts/channels", { query: { limit: 1000 }, signal }) : { data: [] },
    ]);
    Object.assign(known, { kinds: new Map(kinds.data.map((one) => [one.kind, one])), ...subjects, channels: channels.data });
    keyed(table.body, rules.data, ({ id }) => id, () => row(known, again));
    table.element.hidden = !rules.data.length;
    stay(nothing, rules.data.length ? "" : "none", () => empty("There are no rules", h("p", {}, "A rule says what is wrong and who is told. Add one for miners that do not answer, and one for rates below nominal: they find most troubles."),
      can("manage-alerts") && h("button", { type: "button", class: "primary", onclick: add }, "Add a rule")));
  };
  const add = async () => (await editRule(null, known)) && again();
  loop = await every(REFRESH_S, refresh, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Alert rules"),
    can("manage-alerts") && h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: add }, "Add rule"))), alertTabs("alerts/rules"), table.element, nothing);
}

/** "below 80 % for 10 min" */
function conditionOf(rule, kind) {
  const side = kind?.above === false ? "below" : "above";
  const limit = rule.threshold == null ? "" : `${side} ${number(rule.threshold, Number.isInteger(rule.threshold) ? 0 : 1)}\u00a0${kind?.unit ?? ""}`.trim();
  const time = rule.minutes ? `for ${short(rule.minutes)} ${rule.minutes === 1 ? "minute" : "minutes"}` : "at once";
  return [kind?.title ?? rule.kind, [limit, time].filter(Boolean).join(", ")].join(": ");
}

function row(known, again) {
  let rule = null;
  const name = h("b");
  const badge = severityBadge("info");
  const condition = h("span");
  const where = h("span");
  const tells = h("span");
  const later = h("div", { class: "sub" });
  const onOff = h("div", { class: "sub" });
  const edit = h("button", { type: "button", onclick: async () => (await editRule(rule, known)) && again() }, "Edit");
  const element = h("tr", {}, h("td", {}, h("div", {}, name), badge.element, onOff), cell("Fires when", condition), cell("Where", where), cell("Tells", tells, later), h("td", { class: "row-actions" }, edit));
  return {
    element,
    update(next) {
      rule = next;
      setText(name, next.name);
      badge.update(next.severity);
      setText(onOff, next.is_active ? "" : "switched off");
      setText(condition, conditionOf(next, known.kinds.get(next.kind)));
      setText(where, whereOf(next, known));
      setText(tells, named(next.channel_ids, known.channels) || "every channel that is switched on");
      setText(later, next.escalate_after_minutes ? `after ${plural(next.escalate_after_minutes, "minute")} also ${named(next.escalate_channel_ids, known.channels)}` : "");
      setAttribute(element, "data-resting", next.is_active ? null : "yes");
      setAttribute(edit, "aria-label", `Edit ${next.name}`);
      edit.hidden = !can("manage-alerts");
    },
  };
}

/** The containers and tags, or the enterprises, that a rule is about. */
function whereOf(rule, { kinds, places, tenants }) {
  if (kinds.get(rule.kind)?.of_enterprises) return rule.enterprise_numbers.map((number) => tenants.find((one) => one.number === number)?.name ?? number).join(", ") || "all enterprises";
  const names = rule.container_ids.map((id) => places.find((one) => one.id === id)?.name ?? `#${id}`);
  return [names.join(", ") || "all containers", rule.tags.length ? `tagged ${rule.tags.join(", ")}` : ""].filter(Boolean).join("; ");
}

const named = (ids, channels) => ids.map((id) => channels.find((one) => one.id === id)?.name ?? `channel ${id}`).join(", ");

async function editRule(listed, known) {
  const kinds = [...known.kinds.values()];
  const { data: rule, etag } = listed ? await identity("GET", `alerts/rules/${listed.id}`) : { data: null };
  const first = known.kinds.get(rule?.kind) ?? kinds[0];
  const channels = known.channels.map(({ id, name }) => [id, name]);
  const built = form({
    fields: [
      { name: "kind", label: "What to watch", type: "select", value: first.kind, options: kinds.map((one) => [one.kind, one.title]), hint: " ", disabled: Boolean(rule) },
      { name: "name", label: "Name", value: rule?.name ?? first.title, required: true },
      { name: "threshold", label: "Threshold", type: "decimal", value: rule ? rule.threshold : first.threshold },
      { name: "minutes", label: "For how many minutes", type: "decimal", value: rule?.minutes ?? first.minutes, hint: "0: at once" },
      { name: "severity", label: "Severity", type: "select", value: rule?.severity ?? first.severity, options: Object.entries(SEVERITIES) },
      { name: "is_active", label: "Switched on", type: "checkbox", value: rule?.is_active ?? true },
      { name: "channel_ids", label: "Tell", type: "checks", value: rule?.channel_ids ?? [], options: channels, hint: channels.length ? "None chosen: every channel that is switched on." : "There are no channels yet: the alert is only shown here." },
      { name: "container_ids", label: "Only in these containers", type: "checks", value: rule?.container_ids ?? [], options: known.places.map(({ id, name }) => [id, name]), group: "Only some miners" },
      { name: "tags", label: "Only miners with one of these tags", type: "words", value: rule?.tags, placeholder: "hydro, rented", group: "Only some miners" },
      { name: "enterprise_numbers", label: "Only of these enterprises", type: "checks", value: rule?.enterprise_numbers ?? [], options: known.tenants.map(({ number: one, name }) => [one, `${name} (${one})`]), group: "Only some enterprises" },
      { name: "escalate_after_minutes", label: "If nobody acknowledges, after minutes", type: "number", value: rule?.escalate_after_minutes, placeholder: "never", group: "Escalation" },
      { name: "escalate_channel_ids", label: "tell also", type: "checks", value: rule?.escalate_channel_ids ?? [], options: channels, group: "Escalation" },
    ],
    submit: rule ? "Save" : "Add rule", cancel: () => dialog.close(null),
    versions: rule && { what: "rule", etag, read: () => identity("GET", `alerts/rules/${rule.id}`), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      const body = rule ? changed : { ...values };
      // What is hidden does not count: its kind knows nothing of it.
      for (const name of NARROWING.filter((one) => built.field(one).element.hidden)) delete body[name];
      if (rule && !Object.keys(body).length) return dialog.close(null);
      if (!rule && body.escalate_after_minutes == null) delete body.escalate_after_minutes;
      if (!rule && body.threshold == null) delete body.threshold;
      if (body.name === null) body.name = "";
      const { data } = rule ? await identity("PUT", `alerts/rules/${rule.id}`, { body, etag: seen }) : await identity("POST", "alerts/rules", { body });
      say(`${data.name} is ${rule ? "saved" : "added"}.`);
      dialog.close(data);
    },
  });
  followKind(built, known, rule);
  const remove = async () => {
    if (!(await confirmed(`Remove ${rule.name}?`, "Its alerts end, and stay in the list.", "Remove rule"))) return;
    await attempt(async () => {
      await identity("DELETE", `alerts/rules/${rule.id}`);
      say(`${rule.name} is removed.`);
      dialog.close(rule);
    });
  };
  const dialog = openDialog(rule ? `Edit ${rule.name}` : "Add a rule", h("div", {}, built.element, rule && [h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove this rule")]));
  return dialog.closed;
}

/** What narrows a rule down: of things of enterprises the last one, of others the first ones. */
const NARROWING = ["container_ids", "tags", "enterprise_numbers"];

/** What a kind needs: its unit and its hint, and for a new rule its usual figures. */
function followKind(built, known, rule) {
  const select = built.field("kind").input;
  const hint = built.field("kind").element.querySelector(".hint");
  const threshold = built.field("threshold");
  let before = known.kinds.get(select.value);
  const update = (fill) => {
    const kind = known.kinds.get(select.value);
    setText(hint, kind.doc ?? "");
    threshold.element.hidden = kind.threshold == null && rule?.threshold == null;
    for (const name of NARROWING) {
      const { element } = built.field(name);
      element.hidden = kind.of_enterprises !== (name === "enterprise_numbers");
      if (element.closest("details")) element.closest("details").hidden = element.hidden;
    }
    setText(threshold.element.querySelector("label"), kind.unit ? `Threshold, ${kind.unit}` : "Threshold");
    if (fill) {
      threshold.write(kind.threshold);
      built.field("minutes").write(kind.minutes);
      built.field("severity").input.value = kind.severity;
      const name = built.field("name").input;
      if (!name.value || name.value === before.title) name.value = kind.title;
    }
    before = kind;
  };
  select.addEventListener("change", () => update(!rule));
  update(false);
}
