// Adding and editing a unit.
import { enterprises as allEnterprises, unitAt, units } from "./api.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { form } from "./form.js";
import { empty, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { allUnits } from "./unit-board.js";
import { unitName } from "./unit-words.js";

const PATTERNS = ["excluded", "gsm", "internal"];
const LOGIN = "More about the login";
const LINES = "Which peers are which lines";
const POWER = "Before its power is cut";

const lines = (text) => (text ?? "").split("\n").map((one) => one.trim()).filter(Boolean);
const patternsOf = (values) => Object.fromEntries(PATTERNS.map((kind) => [kind, lines(values[`patterns_${kind}`])]));

function fieldsOf(view, { enterprises, others }) {
  const pattern = (kind, label, hint) => ({ name: `patterns_${kind}`, label, type: "textarea", rows: 2, class: "mono", value: view ? (view.patterns[kind] ?? []).join("\n") : null, group: LINES, hint });
  return [
    !view && { name: "enterprise_number", label: "Enterprise", type: "select", value: enterprises[0]?.number, options: enterprises.map(({ number, name }) => [number, `${name} (${number})`]), hint: "One unit each; it never changes" },
    { name: "host", label: "Address", value: view?.host, required: true, autofocus: true, placeholder: "192.0.2.17 or a name", autocapitalize: "none" },
    { name: "via", label: "Asked by", type: "select", value: view?.via ?? "ssh", options: [["ssh", "SSH"], ["ami", "AMI (Asterisk's manager)"]] },
    { name: "port", label: "Port", type: "number", value: view?.port ?? 22, maxlength: 5, hint: "SSH: 22; AMI: 5038" },
    { name: "username", label: "User name", value: view?.username ?? "root", autocapitalize: "none" },
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", placeholder: view?.has_password ? "unchanged" : "", hint: "Kept encrypted and never shown again" },
    { name: "key", label: "Or a private key", type: "textarea", class: "mono", placeholder: view?.has_key ? "unchanged" : "-----BEGIN OPENSSH PRIVATE KEY-----", group: LOGIN, hint: "In OpenSSH's format; kept encrypted and never shown again" },
    { name: "host_key", label: "Host key", value: view?.host_key, placeholder: "SHA256:…", autocapitalize: "none", group: LOGIN, hint: "Left empty, the first that is shown is trusted from then on" },
    { name: "parameter_option_2", label: "Cut its power by itself when nothing else helps", type: "checkbox", value: view?.parameter_option_2 ?? false },
    { name: "may_restart_service", label: "Restart its Asterisk first, where only that is down", type: "checkbox", value: view?.may_restart_service ?? false, group: POWER },
    { name: "failure_threshold", label: "Failed looks after which it is down", type: "number", value: view?.failure_threshold, maxlength: 3, placeholder: "as in the settings", group: POWER },
    { name: "parent", label: "Hangs on", type: "select", value: view?.parent ?? "", options: [["", "no other unit"], ...others], group: POWER, hint: "While that unit is down, the power of this one is not cut" },
    { name: "second_opinion", label: "A second opinion", type: "select", value: view?.second_opinion ?? "", options: [["", "none"], ["tcp", "a TCP port that answers"], ["sip", "an answer by SIP"]], group: POWER, hint: "Its power is not cut while this still answers" },
    { name: "second_port", label: "Port of that", type: "number", value: view?.second_port, maxlength: 5, group: POWER },
    pattern("gsm", "GSM lines", "Regular expressions over whole names, one a line"), pattern("internal", "Internal lines", "What fits none of these is a SIP line"), pattern("excluded", "Not counted", null),
  ].filter(Boolean);
}

/** What the API takes of the fields `named`: patterns go as one, of which those that are missing are the usual ones. */
function bodyOf(named, patterns) {
  const body = Object.fromEntries(Object.entries(named).filter(([name]) => !name.startsWith("patterns_")));
  if (Object.keys(named).some((name) => name.startsWith("patterns_"))) body.patterns = patterns;
  return body;
}

const others = async (view) => (await allUnits()).filter(({ enterprise_number: number }) => number !== view?.enterprise_number).map((one) => [one.enterprise_number, unitName(one)]);

/** The dialog to add a unit; resolves to the new one, or null. */
export async function addUnit() {
  const [known, list] = await Promise.all([allEnterprises(), allUnits()]);
  const taken = new Set(list.map(({ enterprise_number: number }) => number));
  const enterprises = known.filter(({ number }) => !taken.has(number));
  if (!enterprises.length) {
    return openDialog("Add a unit", known.length ? empty("Every enterprise has its unit", h("p", {}, "An enterprise has one unit. For another one, add its enterprise first."), h("a", { class: "button", href: pageUrl("enterprises") }, "To the enterprises"))
      : empty("Add an enterprise first", h("p", {}, "A unit belongs to an enterprise, and there is none yet."), h("a", { class: "button", href: pageUrl("enterprises") }, "To the enterprises"))).closed;
  }
  const built = form({
    fields: fieldsOf(null, { enterprises, others: list.map((one) => [one.enterprise_number, unitName(one)]) }), submit: "Add unit", cancel: () => dialog.close(null),
    async send(values) {
      const named = Object.fromEntries(Object.entries(values).filter(([, value]) => value != null && value !== false));
      const { data } = await units("POST", "units", { body: { ...bodyOf(named, Object.fromEntries(Object.entries(patternsOf(values)).filter(([, list]) => list.length))), host: values.host ?? "" } });
      say(`${unitName(data)} is added; the next look comes within a minute.`);
      dialog.close(data);
    },
  });
  followVia(built);
  const dialog = openDialog("Add a unit", built.element);
  return dialog.closed;
}

/** The dialog to edit a unit; resolves to the changed one, or null. */
export async function editUnit(number) {
  const { data: view, etag } = await units("GET", unitAt(number));
  const known = { others: await others(view) };
  const built = form({
    fields: fieldsOf(view, known), submit: "Save", cancel: () => dialog.close(null),
    versions: {
      what: "unit", etag, read: () => units("GET", unitAt(number)),
      values: (one) => Object.fromEntries(fieldsOf(one, known).map(({ name, value }) => [name, value])),
    },
    async send(values, { changed, etag: seen }) {
      if (!Object.keys(changed).length) return dialog.close(null);
      const { data } = await units("PUT", unitAt(number), { body: bodyOf(changed, patternsOf(values)), etag: seen });
      say(`${unitName(data)} is saved.`);
      dialog.close(data);
    },
  });
  followVia(built);
  const dialog = openDialog(`Edit ${unitName(view)}`, built.element);
  return dialog.closed;
}

/** The usual port of the way that is chosen, unless another one was written. */
function followVia(built) {
  const USUAL = { ssh: "22", ami: "5038" };
  const [via, port] = [built.field("via"), built.field("port")];
  via.input.addEventListener("change", () => {
    if (Object.values(USUAL).includes(port.input.value)) port.write(USUAL[via.input.value]);
  });
}
