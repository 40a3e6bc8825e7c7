// Users: who may log in, as what, and for which containers.
import { Problem, Unreachable, containers, identity } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put } from "./dom.js";
import { form } from "./form.js";
import { NONE, plural, setTime } from "./format.js";
import { every } from "./live.js";
import { say } from "./notices.js";
import { current } from "./session.js";
import { ROLES, ROLE_MEANINGS } from "./words.js";

const REFRESH_S = 20;
const roleOptions = Object.entries(ROLES).map(([value, word]) => [value, `${word}: ${ROLE_MEANINGS[value]}`]);

export async function show({ root, signal }) {
  let places = [];
  let loop = null;
  const body = h("tbody");
  const again = () => loop.again();
  const context = { places: () => places, again };
  const refresh = async () => {
    const [users, all] = await Promise.all([identity("GET", "users", { query: { limit: 1000 }, signal }), containers(signal)]);
    places = all;
    // Those who wait for an approval come first.
    const list = [...users.data].sort((a, b) => waits(b) - waits(a) || a.username.localeCompare(b.username));
    keyed(body, list, ({ id }) => id, () => row(context));
  };
  loop = await every(REFRESH_S, refresh, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Users"),
    h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: async () => (await addUser(places)) && again() }, "Add user"))),
  h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Users" }, h("table", { class: "plain-table people" },
    h("thead", {}, h("tr", {}, ["Name", "Role", "Containers", "Status", "Last login", ""].map((text) => h("th", { scope: "col" }, text)))), body)));
}

/** Registered by himself, never let in. */
const waits = (user) => Number(!user.is_active && !user.last_login_at);

function row({ places, again }) {
  let user = null;
  const name = h("b", {});
  const email = h("div", { class: "sub" });
  const role = h("span", {});
  const where = h("span", {});
  const status = h("span", {});
  const login = h("time");
  const approve = h("button", { type: "button", class: "primary", onclick: () => change(user, { is_active: true }, `${user.username} may log in now.`).then(again) }, "Approve");
  const edit = h("button", { type: "button", onclick: async () => (await editUser(user, places())) && again() }, "Edit");
  return {
    element: h("tr", {}, h("td", {}, name, email), h("td", { "data-label": "Role" }, role), h("td", { class: "wrap", "data-label": "Containers" }, where),
      h("td", { "data-label": "Status" }, status), h("td", { "data-label": "Last login" }, login), h("td", { class: "row-actions" }, approve, edit)),
    update(next) {
      user = next;
      setText(name, user.username + (user.username === current()?.user?.username ? " (you)" : ""));
      setText(email, user.email ?? "");
      setText(role, ROLES[user.role] ?? user.role);
      setAttribute(role, "title", ROLE_MEANINGS[user.role]);
      setText(where, placesOf(user, places()));
      setText(status, user.is_active ? "Active" : waits(user) ? "Waits for approval" : "Switched off");
      setAttribute(status, "class", user.is_active ? null : waits(user) ? "warn-text" : "quiet");
      setTime(login, user.last_login_at);
      approve.hidden = !waits(user);
      setAttribute(edit, "aria-label", `Edit ${user.username}`);
    },
  };
}

function placesOf(user, places) {
  if (user.role !== "client") return user.role === "enterprise_admin" ? NONE : "all";
  const names = user.container_ids.map((id) => places.find((one) => one.id === id)?.name ?? `#${id}`);
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

const containerField = (places, chosen) => ({
  name: "container_ids", label: "Containers that a client may see", type: "checks", value: chosen ?? [],
  options: places.map(({ id, name }) => [id, name]), hint: places.length ? null : "There are no containers yet.",
});

/** Containers matter to clients only. */
function followRole(built) {
  const role = built.field("role").input;
  const update = () => (built.field("container_ids").element.hidden = role.value !== "client");
  role.addEventListener("change", update);
  update();
}

function addUser(places) {
  const built = form({
    fields: [
      { name: "username", label: "Name", required: true, autofocus: true, autocapitalize: "none" },
      { name: "email", label: "E-mail", type: "email" },
      { name: "role", label: "Role", type: "select", value: "operator", options: roleOptions },
      containerField(places),
      { name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "He can change it under Account." },
    ],
    submit: "Add user", cancel: () => dialog.close(null),
    async send({ container_ids: chosen, ...values }) {
      const body = Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      if (values.role === "client") body.container_ids = chosen;
      const { data } = await identity("POST", "users", { body });
      say(`${data.username} is added.`);
      dialog.close(data);
    },
  });
  followRole(built);
  const dialog = openDialog("Add a user", built.element);
  return dialog.closed;
}

async function editUser(listed, places) {
  const { data: user, etag } = await identity("GET", `users/${listed.id}`);
  const myself = user.id === current()?.user?.id;
  const built = form({
    fields: [
      { name: "email", label: "E-mail", type: "email", value: user.email },
      { name: "role", label: "Role", type: "select", value: user.role, options: roleOptions },
      containerField(places, user.container_ids),
      { name: "is_active", label: "May log in", type: "checkbox", value: user.is_active },
    ],
    submit: "Save", cancel: () => dialog.close(null),
    versions: { what: "user", etag, read: () => identity("GET", `users/${user.id}`), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      // Containers confine clients only: of the other roles the API would refuse them.
      if (values.role !== "client") delete changed.container_ids;
      if (!Object.keys(changed).length) return dialog.close(null);
      const { data } = await identity("PUT", `users/${user.id}`, { body: changed, etag: seen });
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
