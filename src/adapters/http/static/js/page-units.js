// The board of all units: how they are, how many of their lines are up, and what their power is cut for.
import { enterprises as allEnterprises } from "./api.js";
import { h, setAttribute, setText, show as put } from "./dom.js";
import { number } from "./format.js";
import { shareBar } from "./gateway-fleet.js";
import { empty, say } from "./notices.js";
import { pageUrl, place } from "./place.js";
import { go } from "./router.js";
import { can } from "./session.js";
import { follow } from "./stream.js";
import { figureBox } from "./totals.js";
import { unitBoard } from "./unit-board.js";
import { addUnit } from "./unit-form.js";
import { policyPanel } from "./unit-policy.js";
import { STATUSES, gsmDown, statusOf, unitTabs, unitUrl } from "./unit-words.js";
import { glyph } from "./words.js";

const REFRESH_S = 10;

export async function show({ root, query, signal, setTitle }) {
  const changes = can("change-units");
  const strip = unitStrip((name, value) => board.set(name, query.get(name) === value ? null : value));
  const [enterprises, policy] = await Promise.all([can("see-enterprises") ? allEnterprises(signal) : [], policyPanel({ signal })]);
  const add = async () => {
    const made = await addUnit();
    if (made) go(unitUrl(made.enterprise_number));
  };
  const board = unitBoard({
    query, signal, none: () => nobody({ enterprises, changes, add }),
    changed(all) {
      strip.update(all);
      strip.mark(query);
      policy.element.hidden = !all.length && !can("power:cycle");
      setTitle(`Units: ${troubleWords(all)}`);
    },
  });
  await follow({
    seconds: REFRESH_S, at: place.units, signal, onError: (error) => error.status && say(error.message, { failed: true }), task: () => board.load(),
    on: { units: (views) => board.told(views), alerts() {} },
  });
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Units"), changes && h("div", { class: "actions" }, h("a", { class: "button", href: pageUrl("units/import") }, "Import"), h("button", { type: "button", class: "primary", onclick: add }, "Add unit"))), unitTabs("units"),
    policy.element, strip.element, board.element);
}

/** "2 need a person, 1 offline", for the title. */
function troubleWords(all) {
  const count = (fits) => all.filter(fits).length;
  const [person, down, unseen] = [count((view) => view.needs_person), count((view) => statusOf(view) === "offline"), count((view) => statusOf(view) === "unknown")];
  return [person && `${number(person)} need a person`, down && `${number(down)} offline`, unseen && `${number(unseen)} unknown`].filter(Boolean).join(", ") || "all is well";
}

/** The counts in the head; each of them filters. */
function unitStrip(pick) {
  const all = figureBox("Units");
  const statuses = shareBar("Units by status", STATUSES, (value) => pick("status", value));
  const person = h("b", { class: "figure-value" });
  const personButton = h("button", { type: "button", class: "figure figure-button", onclick: () => pick("person", "true") }, h("span", { class: "figure-label" }, "Need a person"), person, h("span", { class: "figure-note" }));
  const gsm = figureBox("GSM lines up");
  const calls = figureBox("Calls");
  const disks = figureBox("Disks filling up");
  const element = h("section", { class: "strip", "aria-label": "Totals" }, h("div", { class: "strip-miners" }, all.element, statuses.element), personButton, gsm.element, disks.element, calls.element);
  return {
    element,
    mark(state) {
      statuses.mark(state.get("status"));
      setAttribute(personButton, "aria-pressed", String(state.has("person")));
    },
    update(views) {
      element.hidden = !views.length;
      const sum = (value) => views.reduce((total, view) => total + (value(view) ?? 0), 0);
      const by = {};
      for (const view of views) by[statusOf(view)] = (by[statusOf(view)] ?? 0) + 1;
      all.update(number(views.length));
      statuses.update(by);
      const waiting = sum((view) => Number(view.needs_person));
      put(person, waiting ? [glyph("critical"), " "] : null, number(waiting));
      setAttribute(personButton, "data-is", waiting ? "bad" : null);
      const [up, total] = [sum((view) => view.line_stats?.gsm_online), sum((view) => view.line_stats?.gsm_total)];
      gsm.update(total ? number(up) : "–", total ? `of ${number(total)}${total > up ? `, ${number(sum(gsmDown))} down` : ""}` : "none was seen");
      const full = sum((view) => Number(view.disk_level === "critical"));
      disks.update(number(sum((view) => Number(view.disk_level === "warning" || view.disk_level === "critical"))), full ? `${number(full)} almost full` : "85 % and more");
      calls.update(number(sum((view) => view.calls)));
      setText(personButton.querySelector(".figure-note"), waiting ? "show them" : "");
    },
  };
}

/** Nothing is there yet: what to do. */
function nobody({ enterprises, changes, add }) {
  if (!changes) return empty("There are no units", h("p", {}, enterprises.length ? "Your enterprises have no units yet." : "No enterprise is assigned to you: an admin can do that under Users."));
  return empty("There are no units yet", h("ol", { class: "first-steps" },
    h("li", { "data-done": enterprises.length ? "yes" : null }, h("b", {}, `${enterprises.length ? "✓ " : ""}An enterprise`), h("p", {}, enterprises.length ? "There is one." : ["Whom the unit belongs to: ", h("a", { href: pageUrl("enterprises") }, "add one first"), "."])),
    h("li", {}, h("b", {}, "The unit"), h("p", {}, "Its address, and a login by which its Asterisk can be asked.")),
    h("li", {}, h("b", {}, "A plug"), h("p", {}, "On the page of the unit, if its power is to be cut when nothing else helps. ", can("manage-cloud") ? h("a", { href: pageUrl("units/power") }, "Authorise the eWeLink account") : "An admin authorises the eWeLink account", " first, or use a plug in your own network."))),
  h("button", { type: "button", class: "primary", disabled: !enterprises.length, onclick: add }, "Add a unit"));
}
