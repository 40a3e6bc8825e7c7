// One's own account: who one is, the password, logging out.
import { Problem, Unreachable, identity } from "./api.js";
import { h, show as put } from "./dom.js";
import { form } from "./form.js";
import { absolute, zone } from "./format.js";
import { say } from "./notices.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";
import { current, forget, load, logOut } from "./session.js";
import { THEMES, setTheme, theme } from "./theme.js";
import { ROLES, ROLE_MEANINGS } from "./words.js";

export async function show({ root }) {
  const me = current();
  const facts = [
    ["Name", me.name], ["Role", `${ROLES[me.role] ?? me.role}: ${ROLE_MEANINGS[me.role] ?? ""}`], ["E-mail", me.user?.email],
    ["Last login", me.user?.last_login_at && absolute(me.user.last_login_at)], ["Times are shown in", zone()], ["May", me.permissions.map((one) => one.replaceAll("-", " ")).join(", ")],
  ].filter(([, value]) => value);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Account"),
    me.user && h("div", { class: "actions" }, h("button", { type: "button", onclick: leave }, "Log out"))),
  h("section", { class: "panel narrow" }, h("dl", { class: "pairs" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    h("div", {}, h("dt", {}, h("label", { for: "theme" }, "Theme")), h("dd", {}, themeChoice())))),
  me.user ? h("section", { class: "panel narrow" }, h("h2", {}, "Change the password"), passwordForm())
    : h("p", { class: "callout" }, "You are let in without a login because this service trusts its own host (LINEMAN_AUTH=trust-local)."));
}

function themeChoice() {
  const select = h("select", { id: "theme", onchange: () => setTheme(select.value) }, Object.entries(THEMES).map(([value, text]) => h("option", { value }, text)));
  select.value = theme();
  return select;
}

async function leave() {
  try {
    await logOut();
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    // An ended session is logged out already; only a server that does not answer keeps one in.
    if (error instanceof Unreachable) return say(error.message, { failed: true });
  }
  location.assign(pageUrl("login"));
}

function passwordForm() {
  const built = form({
    fields: [
      { name: "old_password", label: "Present password", type: "password", autocomplete: "current-password" },
      { name: "new_password", label: "New password", type: "password", autocomplete: "new-password", hint: "All your other sessions end." },
      { name: "again", label: "New password again", type: "password", autocomplete: "new-password" },
    ],
    submit: "Change password",
    async send({ old_password: old, new_password: fresh, again }) {
      if (fresh !== again) {
        built.field("again").error("The two are not the same.");
        return built.field("again").input.focus();
      }
      try {
        await identity("POST", "auth/password", { body: { old_password: old ?? "", new_password: fresh ?? "" }, quiet401: true });
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "bad-login") throw error;
        built.field("old_password").error("This is not your present password.");
        return built.field("old_password").input.focus();
      }
      await afterwards(built);
    },
  });
  return built.element;
}

/** A new password ends the sessions of the old one, and maybe this one too. */
async function afterwards(built) {
  try {
    await load();
    for (const name of ["old_password", "new_password", "again"]) built.field(name).write("");
    say("The password is changed.");
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    forget();
    say("The password is changed. Log in with the new one.");
    go(pageUrl("login", { next: pageUrl("account") }));
  }
}
