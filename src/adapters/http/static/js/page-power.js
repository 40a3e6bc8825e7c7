// The plugs' account: how long it is authorised, and what is left of its quota; and its plugs, switched by hand.
import { Problem, Unreachable, ewelink } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { form } from "./form.js";
import { NONE, number, percent } from "./format.js";
import { wordBadge } from "./gateway-words.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";
import { figureBox } from "./totals.js";
import { unitTabs, unitUrl } from "./unit-words.js";
import { glyph } from "./words.js";

const REFRESH_S = 15;
/** The cloud looks for a plug that is away for some seconds. */
const CLOUD_MS = 60_000;
const CONNECTED = { yes: { word: "Connected", tone: "online", shape: "online" }, no: { word: "Not connected", tone: "offline", shape: "offline" } };

export async function show({ root, signal }) {
  const account = accountPanel({ signal, granted: () => plugs.load() });
  const plugs = plugList({ signal });
  await Promise.all([account.begin(), plugs.load()]);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Plugs and account"), h("div", { class: "actions" }, plugs.button)), unitTabs("units/power"), account.element, plugs.element);
}

/** `granted()` is called when it was authorised anew. `{element, begin}` */
function accountPanel({ signal, granted }) {
  const boxes = { state: figureBox("Account"), access: figureBox("Access for"), refresh: figureBox("Can be renewed for"), quota: figureBox("Calls this month"), ends: figureBox("Application ends") };
  const warning = h("p", { class: "callout", role: "alert", hidden: true });
  const renew = h("button", { type: "button", class: "primary", onclick: () => renewed() }, "Renew now");
  const authorise = h("button", { type: "button", onclick: () => attempt(asked) }, "Authorise");
  const element = h("section", { class: "panel account", "aria-label": "eWeLink account" }, h("div", { class: "section-head" }, h("h2", {}, "eWeLink account"), h("div", { class: "actions" }, authorise, renew)),
    warning, h("div", { class: "figures" }, Object.values(boxes).map((box) => box.element)));
  let known = null;
  const draw = (state) => {
    const [access, refresh] = [state.access_days_left, state.refresh_days_left];
    const soon = (days) => (days == null ? null : days <= 0 ? "bad" : days <= 7 ? "warn" : null);
    const left = (days) => (days == null ? NONE : days <= 0 ? "ended" : days < 1 ? "less than a day" : `${number(Math.floor(days))}\u00a0days`);
    boxes.state.update(state.authorised ? "Authorised" : "Not yet", state.region ? `region ${state.region}` : "not authorised");
    boxes.access.update(left(access), access == null ? "" : "renewed by itself");
    boxes.refresh.update(left(refresh), refresh == null ? "" : "without a person");
    boxes.quota.update(number(state.calls_this_month), `of ${number(state.quota)}, ${percent(state.calls_this_month / Math.max(state.quota, 1), 1)}`);
    boxes.ends.update(state.application_ends ?? NONE, state.application_ends ? "" : "not told in the settings");
    setAttribute(boxes.access.element, "data-tone", soon(access));
    setAttribute(boxes.refresh.element, "data-tone", soon(refresh));
    setAttribute(boxes.quota.element, "data-tone", state.calls_this_month > state.quota * 0.9 ? "bad" : state.calls_this_month > state.quota * 0.75 ? "warn" : null);
    const text = state.authorised ? state.warning : "The account is not authorised yet: the owner of the eWeLink account has to agree once, with “Authorise”.";
    warning.hidden = !text;
    put(warning, text ? [glyph("warning"), " ", text] : []);
    renew.hidden = !state.authorised;
    setAttribute(authorise, "class", state.authorised ? null : "primary");
    setText(authorise, state.authorised ? "Authorise anew" : "Authorise");
    // It may have been authorised in another tab meanwhile.
    if (known && JSON.stringify([known.authorised, known.region]) !== JSON.stringify([state.authorised, state.region])) granted();
    known = state;
  };
  let loop = null;
  const renewed = async () => {
    renew.disabled = true;
    setText(renew, "Renewing…");
    const answer = await attempt(() => ewelink("POST", "ewelink-refresh-token/", { deadline: CLOUD_MS }));
    renew.disabled = false;
    setText(renew, "Renew now");
    if (answer) say(answer.data.message);
    await loop.again();
  };
  /** The address is good once, and for a quarter of an hour. */
  const asked = async () => {
    const { data } = await ewelink("GET", "ewelink-auth-url");
    const built = form({
      fields: [
        { name: "code", label: "Code", autocapitalize: "none", required: true }, { name: "region", label: "Region", type: "select", value: "eu", options: ["eu", "us", "as", "cn"].map((one) => [one, one]) },
      ],
      submit: "Exchange the code", quiet: true,
      async send({ code, region }) {
        const { data: done } = await ewelink("POST", "ewelink-exchange", { body: { code: code ?? "", region }, deadline: CLOUD_MS });
        say(done.message);
        dialog.close(done);
      },
    });
    const dialog = openDialog("Authorise the eWeLink account", h("div", { class: "ask-order" },
      h("p", {}, "Log in there as the owner of the account, and agree. It leads back to lineman, which does the rest; this page then says how long it lasts."),
      h("p", {}, h("a", { class: "button primary-link", href: data.auth_url, target: "_blank", rel: "noopener" }, "Open eWeLink in a new tab")),
      h("p", { class: "quiet" }, "The address is good for a quarter of an hour, and once."),
      h("details", { class: "more" }, h("summary", {}, "It did not lead back here"), h("p", { class: "quiet" }, "Copy code and region from the address that it led to. A code is good for thirty seconds."), built.element)));
    await dialog.closed;
    await loop.again();
  };
  return {
    element,
    async begin() {
      loop = await every(REFRESH_S, async () => draw((await ewelink("GET", "ewelink-token", { signal })).data), signal);
    },
  };
}

/** The plugs of the account. Each list costs a call of the month's quota, so it is read when it is asked for. */
function plugList({ signal }) {
  const table = sheet("Plugs", ["Plug", "Connection", "Power", "Bound to", ""]);
  const nothing = h("div");
  const button = h("button", { type: "button", onclick: () => load() }, "Read the plugs anew");
  const element = h("section", { "aria-label": "Plugs of the account" }, h("div", { class: "section-head" }, h("h2", {}, "Plugs"), h("span", { class: "quiet" }, "Each reading is a call of the month's quota")), table.element, nothing);
  const load = async () => {
    button.disabled = true;
    try {
      const { data } = await ewelink("GET", "devices", { signal, deadline: CLOUD_MS });
      keyed(table.body, [...data].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })), ({ device_id: id }) => id, () => row(load));
      table.element.hidden = !data.length;
      put(nothing, data.length ? [] : empty("The account has no plugs", h("p", {}, "Add them in the eWeLink app; then read them anew.")));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      table.element.hidden = true;
      put(nothing, empty("The plugs cannot be listed", h("p", {}, error.message), h("p", {}, "Plugs in your own network (Shelly, Tasmota) need no account: bind them on the page of a unit.")));
    } finally {
      button.disabled = false;
    }
  };
  return { element, button, load };
}

function row(again) {
  let plug = null;
  const name = h("b");
  const id = h("div", { class: "sub mono" });
  const model = h("span", { class: "sub" });
  const connected = wordBadge(CONNECTED);
  const power = h("b");
  const bound = h("a");
  const on = h("button", { type: "button", onclick: () => switched(true) }, "Switch on");
  const off = h("button", { type: "button", class: "quiet-danger", onclick: () => switched(false) }, "Switch off");
  const switched = async (state) => {
    const of = plug.bound_to ? ` It feeds the unit of ${plug.bound_to}: that goes dark, with its calls.` : "";
    if (!state && !(await confirmed(`Switch ${plug.name} off?`, `${plug.name} (${plug.device_id}) stays off until somebody switches it on.${of} To restart a unit, cycle its power instead.`, "Switch off"))) return;
    on.disabled = off.disabled = true;
    const answer = await attempt(() => toggle(plug, state));
    on.disabled = off.disabled = false;
    if (!answer) return;
    say(answer.data.message);
    await again();
  };
  const element = h("tr", {}, h("td", {}, name, " ", model, id), cell("Connection", connected.element), cell("Power", power), cell("Bound to", bound),
    h("td", { class: "row-actions" }, can("power:on") && on, can("power:off") && off));
  return {
    element,
    update(next) {
      plug = next;
      setText(name, plug.name);
      setText(id, plug.device_id);
      setText(model, [plug.model, plug.shared_by && `shared by ${plug.shared_by}`].filter(Boolean).join(", "));
      connected.update(plug.online ? "yes" : "no");
      setText(power, plug.status === "on" ? "On" : plug.status === "off" ? "Off" : "not told");
      setAttribute(power, "class", plug.status === "on" ? "ok-text" : plug.status === "off" ? "warn-text" : "quiet");
      setText(bound, plug.bound_to ?? "nobody");
      setAttribute(bound, "href", plug.bound_to ? unitUrl(plug.bound_to) : null);
      on.hidden = plug.status === "on";
      off.hidden = plug.status === "off";
      for (const [button, word] of [[on, "on"], [off, "off"]]) setAttribute(button, "aria-label", `Switch ${plug.name} ${word}`);
    },
  };
}

/** A strip has several outlets: which one is asked for when the plug says so. */
async function toggle(plug, state, outlet = null) {
  try {
    return await ewelink("POST", "toggle", { body: { device_id: plug.device_id, state, ...(outlet == null ? {} : { outlet }) }, deadline: CLOUD_MS });
  } catch (error) {
    if (error.code !== "channel-required" || outlet != null) throw error;
    const which = await askOutlet(plug);
    return which == null ? undefined : toggle(plug, state, which);
  }
}

function askOutlet(plug) {
  const built = form({
    fields: [{ name: "outlet", label: "Outlet", type: "number", value: 1, autofocus: true, hint: "Counted from 1" }], submit: "This one", cancel: () => dialog.close(null),
    send: async ({ outlet }) => dialog.close(Math.max(0, Number(outlet) - 1)),
  });
  const dialog = openDialog(`Which outlet of ${plug.name}?`, built.element);
  return dialog.closed;
}
