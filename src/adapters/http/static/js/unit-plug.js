// Binding a plug: it is looked at first, and nothing is switched.
import { Problem, Unreachable, ewelink, unitAt, units } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, setAttribute, setText, show as put } from "./dom.js";
import { form } from "./form.js";
import { say } from "./notices.js";
import { can } from "./session.js";
import { KINDS, plugWords, unitName } from "./unit-words.js";

const DEADLINE_MS = 40_000;
const STARTUP = { on: "switches on", stay: "stays as it was", off: "stays off" };

/** Resolves to what the plug said once it is bound, or null. */
export async function bindPlug(view) {
  const number = view.enterprise_number;
  const found = h("div", { "aria-live": "polite" });
  const listed = await accountPlugs();
  const plugOf = ({ kind, device_id: id, outlet }) => ({ kind, device_id: id ?? "", ...(outlet == null ? {} : { outlet: Number.isInteger(outlet) ? outlet - 1 : outlet }) });
  const put_ = (body, dry) => units("PUT", unitAt(number, "/plug"), { query: dry ? { dry_run: "true" } : {}, body, deadline: DEADLINE_MS });
  const built = form({
    fields: [
      { name: "kind", label: "Kind", type: "select", value: view.plug?.kind ?? "ewelink", options: Object.entries(KINDS) },
      { name: "device_id", label: "Device id, or its address", value: view.plug?.device_id, required: true, autofocus: true, autocapitalize: "none", list: listed.map(({ device_id: id }) => id), hint: "eWeLink: ten letters and digits; Shelly and Tasmota: host, or host:port" },
      { name: "outlet", label: "Outlet", type: "number", value: view.plug?.outlet == null ? null : view.plug.outlet + 1, maxlength: 2, placeholder: "the only one", hint: "Of a strip with several, counted from 1" },
    ],
    submit: "Test it", cancel: () => dialog.close(null), extra: found, quiet: true,
    async send(values) {
      const body = plugOf(values);
      put(found, h("p", { class: "quiet" }, "Asking the plug. Nothing is switched."));
      try {
        const { data } = await put_(body, true);
        put(found, told(data), h("div", { class: "actions" }, bindButton(body)));
        found.querySelector("button").focus();
      } catch (error) {
        put(found);
        throw error;
      }
    },
  });
  const bindButton = (body) => {
    const button = h("button", { type: "button", class: "primary", async onclick() {
      button.disabled = true;
      try {
        const { data } = await put_(body, false);
        say(`${plugWords(data.plug)} is bound to ${unitName(view)}.`);
        dialog.close(data);
      } catch (error) {
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
        put(found);
        built.fail(error);
      }
    } }, "Bind this plug");
    return button;
  };
  // What was tested is not what stands there any more.
  built.element.addEventListener("input", () => put(found));
  const names = new Map(listed.map((one) => [one.device_id, one]));
  const id = built.field("device_id");
  const hint = id.element.querySelector(".hint");
  const usual = hint.textContent;
  id.input.addEventListener("input", () => {
    const known = names.get(id.input.value.trim());
    setText(hint, known ? `${known.name}${known.bound_to ? `, bound to ${known.bound_to}` : ""}` : usual);
  });
  const dialog = openDialog(`Bind a plug to ${unitName(view)}`, built.element);
  return dialog.closed;
}

/** Those of the account, to choose from; without it they are typed. */
async function accountPlugs() {
  if (!can("manage-cloud")) return [];
  try {
    return (await ewelink("GET", "devices", { deadline: DEADLINE_MS })).data;
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    return [];
  }
}

/** What a plug said of itself. */
function told(check) {
  const rows = [
    ["Name", check.name ?? "none"], ["Model", check.model ?? "not told"], ["Connected", check.online == null ? "not told" : check.online ? "yes" : "no"], ["Now", check.on ? "on" : "off"],
    ["Outlets", check.channels ? String(check.channels) : "one"], ["After a mains failure it", check.startup ? STARTUP[check.startup] : "not told"], ["Pulse", check.pulse == null ? "not told" : check.pulse ? "on" : "off"], ["Power", check.power_w == null ? "not told" : `${check.power_w}\u00a0W`],
  ];
  const element = h("div", { class: "plug-told" }, h("p", { class: "ok-text" }, `✓ ${plugWords(check.plug)} answers. Nothing was switched.`),
    h("dl", { class: "pairs" }, rows.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text)))),
    h("div", { class: "callout" }, h("b", {}, "Before you trust it with the unit:"), h("ul", { class: "calls" }, check.warnings.map((text) => h("li", {}, text)))));
  setAttribute(element.querySelector(".callout"), "hidden", check.warnings.length ? null : "");
  return element;
}
