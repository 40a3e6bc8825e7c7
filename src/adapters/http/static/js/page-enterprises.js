// Enterprises: the tenants whose devices these are, and the login that their gateways share.
import { identity } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { filterBar } from "./filters.js";
import { form } from "./form.js";
import { NONE, plural } from "./format.js";
import { gatewayTabs } from "./gateway-words.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { setQuery } from "./router.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";

const REFRESH_S = 30;
const PAGE = 100;

/** Where an enterprise is: its number may hold anything. */
const at = ({ number }) => `enterprises/${encodeURIComponent(number)}`;

export async function show({ root, query, signal }) {
  const changes = can("change-enterprises");
  const table = sheet("Enterprises", ["Number", "Name", "Gateways", "Their login", "Comment", ...(changes ? [""] : [])]);
  const nothing = h("div");
  const pages = h("div", { class: "pager" });
  const total = h("span", { class: "quiet num", "aria-live": "polite" });
  let loop = null;
  const again = () => loop.again();
  const set = (name, value) => {
    if (name !== "page") query.delete("page");
    if (value) query.set(name, value);
    else query.delete(name);
    setQuery(query);
    filters.mark();
    return again();
  };
  const filters = filterBar({ state: query, set, names: ["search"], search: { placeholder: "Number or name", label: "Search enterprises" }, choices: [], clear: () => set("search", "") });
  filters.element.append(total);
  const page = () => Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1);
  const add = async () => (await editEnterprise(null)) && again();
  const adding = (text) => h("button", { type: "button", class: "primary", onclick: add }, text);
  const importing = () => h("a", { class: "button", href: pageUrl("enterprises/import") }, "Import");
  loop = await every(REFRESH_S, async () => {
    const search = query.get("search");
    const { data, total: count } = await identity("GET", "enterprises", { signal, query: { search, limit: PAGE, offset: (page() - 1) * PAGE } });
    keyed(table.body, data, ({ number }) => number, () => row(changes, again));
    table.element.hidden = !data.length;
    filters.element.hidden = !count && !search;
    setText(total, plural(count ?? data.length, "enterprise"));
    stay(nothing, data.length ? "" : search ? `no ${search}` : "none", () => nobody(search, changes, adding, importing));
    const more = (count ?? 0) > page() * PAGE;
    put(pages, page() > 1 ? h("button", { type: "button", onclick: () => set("page", page() > 2 ? page() - 1 : "") }, "‹ Before") : null, more ? h("button", { type: "button", onclick: () => set("page", page() + 1) }, "Next ›") : null);
    pages.hidden = !more && page() === 1;
  }, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Enterprises"), changes && h("div", { class: "actions" }, importing(), adding("Add enterprise"))),
    can("see-gateways") && gatewayTabs("enterprises", can("change-gateways")), filters.element, table.element, nothing, pages);
}

function nobody(search, changes, adding, importing) {
  if (search) return empty("No enterprise is called so", h("p", {}, "Parts of numbers and names are found, in any case."));
  if (!changes) return empty("No enterprise is assigned to you", h("p", {}, "An admin assigns enterprises under Users."));
  return empty("There are no enterprises", h("p", {}, "An enterprise is a tenant: gateways belong to one, and its people see only what is theirs. Add the first one, or import a list of them."), adding("Add an enterprise"), " ", importing());
}

function row(changes, again) {
  let enterprise = null;
  const number = h("span", { class: "mono" });
  const name = h("b");
  const gateways = h("a");
  const login = h("span");
  const comment = h("span");
  const edit = h("button", { type: "button", onclick: async () => (await attempt(() => editEnterprise(enterprise))) && again() }, "Edit");
  const element = h("tr", {}, h("td", {}, number), cell("Name", name), cell("Gateways", gateways), cell("Their login", login), h("td", { class: "wrap", "data-label": "Comment" }, comment), changes && h("td", { class: "row-actions" }, edit));
  return {
    element,
    update(next) {
      enterprise = next;
      setText(number, next.number);
      setText(name, next.name);
      setText(gateways, plural(next.gateways, "gateway"));
      setAttribute(gateways, "href", can("see-gateways") ? pageUrl("gateways", { enterprise_number: next.number }) : null);
      setText(login, next.gateway_username ? `${next.gateway_username}, ${next.has_gateway_password ? "with a password" : "without a password"}` : next.has_gateway_password ? "a password alone" : NONE);
      setText(comment, next.comment);
      setAttribute(edit, "aria-label", `Edit ${next.name}`);
    },
  };
}

async function editEnterprise(listed) {
  const { data: enterprise, etag } = listed ? await identity("GET", at(listed)) : { data: null };
  const number = { name: "number", label: "Number", required: true, autofocus: true, autocapitalize: "none", placeholder: "0367", hint: "What the telephone exchange and others know it by. It never changes." };
  const built = form({
    fields: [
      ...(enterprise ? [] : [number]),
      { name: "name", label: "Name", value: enterprise?.name, required: true, autofocus: Boolean(enterprise) },
      { name: "gateway_username", label: "User name of its gateways", value: enterprise?.gateway_username, autocapitalize: "none", hint: "For gateways that have no login of their own" },
      { name: "gateway_password", label: "Password of its gateways", type: "password", autocomplete: "new-password", placeholder: enterprise?.has_gateway_password ? "unchanged" : "", hint: "Kept encrypted and never shown again" },
      ...(enterprise?.has_gateway_password ? [{ name: "forget", label: "Forget the password", type: "checkbox" }] : []),
      { name: "comment", label: "Comment", type: "textarea", value: enterprise?.comment },
    ],
    submit: enterprise ? "Save" : "Add enterprise", cancel: () => dialog.close(null),
    versions: enterprise && { what: "enterprise", etag, read: () => identity("GET", at(enterprise)), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      const { forget, ...body } = enterprise ? changed : Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      if (forget) body.gateway_password = null;
      // What must be there is said by the server, at its field.
      if (body.name === null || (!enterprise && body.name === undefined)) body.name = "";
      if (body.comment === null) body.comment = "";
      if (!enterprise) body.number ??= "";
      else if (!Object.keys(body).length) return dialog.close(null);
      const { data } = enterprise ? await identity("PUT", at(enterprise), { body, etag: seen }) : await identity("POST", "enterprises", { body });
      say(`${data.name} is ${enterprise ? "saved" : "added"}.`);
      dialog.close(data);
    },
  });
  const remove = async () => {
    if (!(await confirmed(`Remove ${enterprise.name}?`, "Only an enterprise without gateways can be removed, and none whose things somebody may see.", "Remove enterprise"))) return;
    await attempt(async () => {
      await identity("DELETE", at(enterprise));
      say(`${enterprise.name} is removed.`);
      dialog.close(enterprise);
    });
  };
  built.element.classList.add("narrow");
  const dialog = openDialog(enterprise ? `Edit ${enterprise.name} (${enterprise.number})` : "Add an enterprise", h("div", {}, built.element, enterprise && [h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove this enterprise")]));
  return dialog.closed;
}
