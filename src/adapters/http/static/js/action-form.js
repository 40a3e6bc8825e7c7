// Asking before a miner, or many, is told to do something: what it does, to whom, and what it needs to know.
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { form } from "./form.js";
import { ACTIONS } from "./action-words.js";

/** The fields of an action, and how they become the body of the request. */
const NEEDS = {
  light: {
    fields: () => [{ name: "on", label: "Light", type: "select", value: "on", options: [["on", "on"], ["off", "off"]] }],
    body: ({ on }) => ({ on: on === "on" }),
  },
  pool: {
    fields: (pools) => [
      { name: "choice", label: "Pool", type: "select", value: pools.length ? "0" : "", options: [...pools.map((pool) => [String(pool.index), `${pool.index}: ${pool.url}`]), ["", "another one"]] },
      { name: "url", label: "Address of another", placeholder: "stratum+tcp://pool.example:3333" },
      { name: "user", label: "Worker" }, { name: "password", label: "Password", type: "password", autocomplete: "off", placeholder: "x" },
    ],
    body: ({ choice, url, user, password }) => ({ pool: choice != null ? Number(choice) : { url: url ?? "", user: user ?? "", ...(password == null ? {} : { password }) } }),
  },
  "power-limit": {
    fields: () => [{ name: "watts", label: "Watts", type: "number", placeholder: "3000" }],
    body: ({ watts }) => ({ watts }),
  },
};

/**
 * The dialog: `who` names the miner or says how many; `pools` are those that it has.
 * `send(body)` may throw a Problem, which is shown; its value is what the dialog resolves to (null: cancelled).
 */
export function askAction({ action, who, pools = [], send, extra }) {
  const { title, does, danger } = ACTIONS[action] ?? { title: action, does: "" };
  const needs = NEEDS[action];
  const built = form({
    fields: needs?.fields(pools) ?? [], submit: `${title}: ${who}`, cancel: () => dialog.close(null), extra,
    async send(values) {
      dialog.close(await send({ action, confirm: true, ...needs?.body(values) }));
    },
  });
  if (danger) built.element.querySelector("[type=submit]").className = "danger";
  if (action === "pool") {
    const choice = built.field("choice").input;
    const update = () => {
      for (const name of ["url", "user", "password"]) built.field(name).element.hidden = choice.value !== "";
    };
    choice.addEventListener("change", update);
    update();
  }
  const dialog = openDialog(`${title}?`, h("div", {}, h("p", { class: "ask" }, h("b", {}, who), h("span", {}, does)), built.element));
  if (!needs) built.element.querySelector("button[type=button]").focus();
  return dialog.closed;
}
