// Users: who may log in, as what, and for which containers or enterprises.
import { Problem, Unreachable, containers, enterprises, identity } from "./api.js";
import { CONFINED, confined, confinement, followRole } from "./confinement.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { form } from "./form.js";
import { plural, setTime } from "./format.js";
import { every } from "./live.js";
import { say } from "./notices.js";
import { current } from "./session.js";
import { ROLES, ROLE_MEANINGS } from "./words.js";

const REFRESH_S = 20;
const roleOptions = Object.entries(ROLES).map(([value, word]) => [value, `${word}: ${ROLE_MEANINGS[value]}`]);

export async function show({ root, signal }) {
  const known = { places: [], tenants: [] };
  let loop = null;
  const body = h("tbody");
  const again = () => loop.again();
  const context = { known, again };
  const refresh = async () => {
    const [users, places, tenants] = await Promise.all([identity("GET", "users", { query: { limit: 1000 }, signal }), containers(signal), enterprises(signal)]);
    Object.assign(known, { places, tenants });
    // Those who wait for an approval come first.
    const list = [...users.data].sort((a, b) => waits(b) - waits(a) || a.username.localeCompare(b.username));
    keyed(body, list, ({ id }) => id, () => row(context));
  };
  loop = await every(REFRESH_S, refresh, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Users"),
    h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: async () => (await addUser(known)) && again() }, "Add user"))),
  h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Users" }, h("table", { class: "plain-table people" },
    h("thead", {}, h("tr", {}, ["Name", "Role", "Sees", "Status", "Last login", ""].map((text) => h("th", { scope: "col" }, text)))), body)));
}

/** Registered by himself, never let in. */
const waits = (user) => Number(!user.is_active && !user.last_login_at);

function row({ known, again }) {
  let user = null;
  const name = h("b", {});
  const email = h("div", { class: "sub" });
  const role = h("span", {});
  const where = h("span", {});
  const status = h("span", {});
  const login = h("time");
  const approve = h("button", { type: "button", class: "primary", onclick: () => change(user, { is_active: true }, `${user.username} may log in now.`).then(again) }, "Approve");
  const edit = h("button", { type: "button", onclick: async () => (await editUser(user, known)) && again() }, "Edit");
  return {
    element: h("tr", {}, h("td", {}, name, email), h("td", { "data-label": "Role" }, role), h("td", { class: "wrap", "data-label": "Sees" }, where),
      h("td", { "data-label": "Status" }, status), h("td", { "data-label": "Last login" }, login), h("td", { class: "row-actions" }, approve, edit)),
    update(next) {
      user = next;
      setText(name, user.username + (user.username === current()?.user?.username ? " (you)" : ""));
      setText(email, user.email ?? "");
      setText(role, ROLES[user.role] ?? user.role);
      setAttribute(role, "title", ROLE_MEANINGS[user.role]);
      setText(where, seenBy(user, known));
      setText(status, user.is_active ? "Active" : waits(user) ? "Waits for approval" : "Switched off");
      setAttribute(status, "class", user.is_active ? null : waits(user) ? "warn-text" : "quiet");
      setTime(login, user.last_login_at);
      approve.hidden = !waits(user);
      setAttribute(edit, "aria-label", `Edit ${user.username}`);
    },
  };
}

/** The containers of a client, the enterprises of an enterprise admin. */
function seenBy(user, { places, tenants }) {
  if (!(user.role in CONFINED)) return "all";
  const names = user.role === "client"
    ? user.container_ids.map((id) => places.find((one) => one.id === id)?.name ?? `#${id}`)
    : user.enterprise_numbers.map((number) => tenants.find((one) => one.number === number)?.name ?? number);
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${plural(names.length - 3, "more", "more")}` : names.join(", ") || "none yet";
}

async function change(user, body, done) {
  try {
    await identity("PUT", `users/${user.id}`, { body });
    say(done);
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    say(error.message, { failed: true });
  }
}

function addUser(known) {
  const built = form({
    fields: [
      { name: "username", label: "Name", required: true, autofocus: true, autocapitalize: "none" },
      { name: "email", label: "E-mail", type: "email" },
      { name: "role", label: "Role", type: "select", value: "operator", options: roleOptions },
      ...confinement(known),
      { name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "He can change it under Account." },
    ],
    submit: "Add user", cancel: () => dialog.close(null),
    async send(values) {
      const body = Object.fromEntries(Object.entries(confined(values)).filter(([, value]) => value != null));
      const { data } = await identity("POST", "users", { body });
      say(`${data.username} is added.`);
      dialog.close(data);
    },
  });
  followRole(built);
  const dialog = openDialog("Add a user", built.element);
  return dialog.closed;
}

async function editUser(listed, known) {
  const { data: user, etag } = await identity("GET", `users/${listed.id}`);
  const myself = user.id === current()?.user?.id;
  const built = form({
    fields: [
      { name: "email", label: "E-mail", type: "email", value: user.email },
      { name: "role", label: "Role", type: "select", value: user.role, options: roleOptions },
      ...confinement(known, user),
      { name: "is_active", label: "May log in", type: "checkbox", value: user.is_active },
    ],
    submit: "Save", cancel: () => dialog.close(null),
    versions: { what: "user", etag, read: () => identity("GET", `users/${user.id}`), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      const body = confined(changed, values.role);
      if (!Object.keys(body).length) return dialog.close(null);
      const { data } = await identity("PUT", `users/${user.id}`, { body, etag: seen });
      say(`${data.username} is saved. His sessions end with a change of his rights.`);
      dialog.close(data);
    },
  });
  const password = form({
    fields: [{ name: "password", label: "New password", type: "password", autocomplete: "new-password" }], submit: "Set password", quiet: true,
    async send({ password: value }) {
      await identity("POST", `users/${user.id}/password`, { body: { password: value ?? "" } });
      say(`${user.username} has a new password; his sessions are ended.`);
      dialog.close(user);
    },
  });
  const remove = async () => {
    if (!(await confirmed(`Remove ${user.username}?`, "He can no longer log in. What he did stays in the journal.", "Remove user"))) return;
    try {
      await identity("DELETE", `users/${user.id}`);
      say(`${user.username} is removed.`);
      dialog.close(user);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      say(error.message, { failed: true });
    }
  };
  followRole(built);
  const rest = myself ? h("p", { class: "quiet" }, "Your own password is changed under Account.")
    : [h("hr"), password.element, h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove this user")];
  const dialog = openDialog(`Edit ${user.username}`, h("div", {}, built.element, rest));
  return dialog.closed;
}
