// Tokens for scripts: made here, shown once, revoked here.
import { Problem, Unreachable, containers, enterprises, identity } from "./api.js";
import { confined, confinement, followRole } from "./confinement.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { age, setTime } from "./format.js";
import { every } from "./live.js";
import { empty, say } from "./notices.js";
import { ROLES, ROLE_MEANINGS } from "./words.js";

const REFRESH_S = 20;

export async function show({ root, signal }) {
  let loop = null;
  const body = h("tbody");
  const nothing = h("div");
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Tokens" }, h("table", { class: "plain-table people" },
    h("thead", {}, h("tr", {}, ["Name", "Role", "Made", "Last used", "Ends", ""].map((text) => h("th", { scope: "col" }, text)))), body));
  const again = () => loop.again();
  const add = async () => {
    const [places, tenants] = await Promise.all([containers(), enterprises()]);
    if (await addToken({ places, tenants })) await again();
  };
  loop = await every(REFRESH_S, async () => {
    const { data } = await identity("GET", "tokens", { query: { limit: 1000 }, signal });
    const list = [...data].sort((a, b) => dead(a) - dead(b) || b.id - a.id);
    keyed(body, list, ({ id }) => id, () => row(again));
    table.hidden = !list.length;
    stay(nothing, list.length ? "" : "none", () => empty("There are no tokens",
      h("p", {}, "A token lets a script use the API in a role of its own: send it as ", h("code", {}, "Authorization: Bearer …"), " or set ", h("code", {}, "LINEMAN_TOKEN"), " for the command line.")));
  }, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Tokens"),
    h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: add }, "Add token"))), table, nothing);
}

const dead = (token) => Number(Boolean(token.revoked_at) || (token.expires_at != null && age(token.expires_at) > 0));

function row(again) {
  let token = null;
  const name = h("b", {});
  const by = h("div", { class: "sub" });
  const role = h("span", {});
  const [made, used, ends] = [h("time"), h("time"), h("time")];
  const end = h("span", {});
  const revoke = async () => {
    if (!(await confirmed(`Revoke ${token.name}?`, "Scripts that use it are refused from now on. This cannot be undone.", "Revoke token"))) return;
    try {
      await identity("DELETE", `tokens/${token.id}`);
      say(`${token.name} is revoked.`);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      say(error.message, { failed: true });
    }
    await again();
  };
  const button = h("button", { type: "button", class: "quiet-danger", onclick: revoke }, "Revoke");
  const element = h("tr", {}, h("td", {}, name, by), h("td", { "data-label": "Role" }, role), h("td", { "data-label": "Made" }, made),
    h("td", { "data-label": "Last used" }, used), h("td", { "data-label": "Ends" }, end), h("td", { class: "row-actions" }, button));
  return {
    element,
    update(next) {
      token = next;
      setText(name, token.name);
      setText(by, token.created_by ? `by ${token.created_by}` : "");
      setText(role, ROLES[token.role] ?? token.role);
      setAttribute(role, "title", ROLE_MEANINGS[token.role]);
      setTime(made, token.created_at);
      setTime(used, token.last_used_at);
      if (token.revoked_at) setText(end, "revoked");
      else if (token.expires_at) {
        setTime(ends, token.expires_at);
        if (ends.parentNode !== end) put(end, ends);
      } else setText(end, "never");
      setAttribute(element, "data-resting", dead(token) ? "yes" : null);
      button.hidden = Boolean(token.revoked_at);
      setAttribute(button, "aria-label", `Revoke ${token.name}`);
    },
  };
}

function addToken(known) {
  const built = form({
    fields: [
      { name: "name", label: "Name", required: true, autofocus: true, placeholder: "What it is for" },
      { name: "role", label: "Role", type: "select", value: "accountant", options: Object.entries(ROLES).map(([value, word]) => [value, `${word}: ${ROLE_MEANINGS[value]}`]) },
      ...confinement(known),
      { name: "expires_in_days", label: "Ends after", type: "select", value: "90", options: [["30", "30 days"], ["90", "90 days"], ["365", "a year"], ["", "never"]] },
    ],
    submit: "Make token", cancel: () => dialog.close(null),
    async send(values) {
      const { expires_in_days: days, ...rest } = confined(values);
      const body = { ...rest, name: values.name ?? "", ...(days ? { expires_in_days: Number(days) } : {}) };
      const { data } = await identity("POST", "tokens", { body });
      showOnce(built.element, data, () => dialog.close(data));
    },
  });
  followRole(built);
  const dialog = openDialog("Add a token", built.element);
  return dialog.closed;
}

function showOnce(place, data, close) {
  const value = h("input", { readonly: true, value: data.token, class: "mono", "aria-label": "The token", onfocus: (event) => event.target.select() });
  const copy = h("button", { type: "button", onclick: async () => {
    value.select();
    try {
      await navigator.clipboard.writeText(data.token);
      setText(copy, "Copied");
    } catch {
      // Without https there is no clipboard: the text is selected, the keys do the rest.
      setText(copy, "Press Ctrl+C");
    }
  } }, "Copy");
  place.replaceWith(h("div", {}, h("p", {}, h("b", {}, "Copy it now. "), "It is kept as a hash only and cannot be shown again."),
    h("div", { class: "once" }, value, copy), h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: close }, "I have it"))));
  value.focus();
}
