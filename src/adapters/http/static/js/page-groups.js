// Groups: logins that many miners share, kept once.
import { miners } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { NONE, plural } from "./format.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { cell, sheet } from "./sheet.js";

const REFRESH_S = 30;

export async function show({ root, signal }) {
  const table = sheet("Groups", ["Name", "User name", "Password", "Miners", ""]);
  const nothing = h("div");
  let loop = null;
  const again = () => loop.again();
  const add = async () => (await editGroup(null)) && again();
  loop = await every(REFRESH_S, async () => {
    const { data } = await miners("GET", "miners/groups", { signal });
    keyed(table.body, data, ({ id }) => id, () => row(again));
    table.element.hidden = !data.length;
    stay(nothing, data.length ? "" : "none", () => empty("There are no groups", h("p", {}, "A group keeps one login for many miners. Miners without a login of their own use their group's, for polling and for actions."),
      h("button", { type: "button", class: "primary", onclick: add }, "Add a group")));
  }, signal);
  put(root, h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: pageUrl("miners") }, "Miners")),
    h("div", { class: "page-head" }, h("h1", {}, "Groups"), h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: add }, "Add group"))), table.element, nothing);
}

function row(again) {
  let group = null;
  const name = h("b");
  const user = h("span");
  const password = h("span");
  const count = h("a");
  const edit = h("button", { type: "button", onclick: async () => (await editGroup(group)) && again() }, "Edit");
  const element = h("tr", {}, h("td", {}, name), cell("User name", user), cell("Password", password), cell("Miners", count), h("td", { class: "row-actions" }, edit));
  return {
    element,
    update(next) {
      group = next;
      setText(name, next.name);
      setText(user, next.username ?? NONE);
      setText(password, next.has_password ? "set" : "none");
      setAttribute(password, "class", next.has_password ? null : "quiet");
      setText(count, plural(next.miners, "miner"));
      setAttribute(count, "href", pageUrl("miners", { group_id: next.id }));
      setAttribute(edit, "aria-label", `Edit ${next.name}`);
    },
  };
}

async function editGroup(listed) {
  const { data: group, etag } = listed ? await miners("GET", `miners/groups/${listed.id}`) : { data: null };
  const built = form({
    fields: [
      { name: "name", label: "Name", value: group?.name, required: true, autofocus: true, placeholder: "AntMiner, hall 2" },
      { name: "username", label: "User name", value: group?.username, autocapitalize: "none" },
      { name: "password", label: "Password", type: "password", autocomplete: "new-password", placeholder: group?.has_password ? "unchanged" : "", hint: "Kept encrypted and never shown again" },
    ],
    submit: group ? "Save" : "Add group", cancel: () => dialog.close(null),
    versions: group && { what: "group", etag, read: () => miners("GET", `miners/groups/${group.id}`), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      if (group && !Object.keys(changed).length) return dialog.close(null);
      const named = Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      const { data } = group ? await miners("PUT", `miners/groups/${group.id}`, { body: changed, etag: seen }) : await miners("POST", "miners/groups", { body: { name: "", ...named } });
      say(`${data.name} is ${group ? "saved" : "added"}.`);
      dialog.close(data);
    },
  });
  const remove = async () => {
    if (!(await confirmed(`Remove ${group.name}?`, "Only a group without miners can be removed.", "Remove group"))) return;
    await attempt(async () => {
      await miners("DELETE", `miners/groups/${group.id}`);
      say(`${group.name} is removed.`);
      dialog.close(group);
    });
  };
  built.element.classList.add("narrow");
  const dialog = openDialog(group ? `Edit ${group.name}` : "Add a group", h("div", {}, built.element, group && [h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove this group")]));
  return dialog.closed;
}
