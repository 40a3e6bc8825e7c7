// Logging in.
import { Problem, Unreachable } from "./api.js";
import { h, setText, show as put } from "./dom.js";
import { duration } from "./format.js";
import { place } from "./place.js";
import { go } from "./router.js";
import { logIn } from "./session.js";

export async function show({ root, next, signal }) {
  const name = h("input", { id: "login-name", name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
  const password = h("input", { id: "login-password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const problem = h("p", { class: "form-error", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "primary" }, "Log in");
  let timer = null;

  const complain = (text, field) => {
    setText(problem, text);
    problem.hidden = false;
    field?.focus();
    field?.select();
  };
  const wait = (left) => {
    button.disabled = left > 0;
    if (left <= 0) return void (problem.hidden = true);
    complain(`Too many attempts. Try again in ${duration(left)}.`);
    timer = setTimeout(() => wait(left - 1), 1000);
  };
  const submit = async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    if (!name.value.trim() || !password.value) return complain("Give your name and your password.", name.value.trim() ? password : name);
    problem.hidden = true;
    button.disabled = true;
    try {
      await logIn(name.value.trim(), password.value);
      go(next, { replace: true });
    } catch (error) {
      button.disabled = false;
      if (error instanceof Unreachable) complain("The server does not answer. Try again in a moment.");
      else if (!(error instanceof Problem)) throw error;
      else if (error.status === 429) wait(Math.ceil(error.retryAfter ?? 10));
      else if (error.status === 401) complain("The name or the password is wrong.", password);
      else complain(error.message, password);
    }
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  put(root, h("div", { class: "login" },
    h("img", { src: `${place.files}/favicon.svg`, alt: "", width: 48, height: 48 }),
    h("h1", {}, "lineman"),
    h("form", { class: "form", novalidate: true, onsubmit: submit }, problem,
      h("div", { class: "field" }, h("label", { for: "login-name" }, "Name"), name),
      h("div", { class: "field" }, h("label", { for: "login-password" }, "Password"), password), button),
    h("details", { class: "quiet" }, h("summary", {}, "No password yet?"),
      h("p", {}, "The first start made the user ", h("code", {}, "admin"), " and wrote its password to the terminal or to a file beside the database. ",
        "Everybody else gets his login from an admin; ", h("code", {}, "lineman users"), " on the server sets a lost password anew."))));
  name.focus();
}
