// Two people edit one thing: the second one sees both versions, and keeps his own or takes the other.
import { h, show } from "./dom.js";
import { NONE } from "./format.js";

const COLUMNS = ["Was", "Theirs", "Mine"];

/**
 * What a form shows after a 412. `versions`: `{what, etag, read(), values(data)}`, where `read` gives `{data, etag}` as the API
 * does and `values` the fields' values by name. `parts` are the form's fields by name, `initial` what they were filled with.
 * `{element, etag(), clash(), clear()}`: `clash` reads anew, shows both, and leaves in the form what only one side has changed.
 */
export function versionsOf({ versions, parts, initial, taken }) {
  let { etag } = versions;
  const element = h("div", { class: "callout", role: "alert", hidden: true });
  const clear = () => {
    element.hidden = true;
  };

  /** Bring their values in; what I have changed stays, unless `all` is to be theirs. Gives the rows to show. */
  const merge = (values, all) => {
    const rows = [];
    for (const [name, part] of parts) {
      const mine = part.read();
      const was = initial[name];
      part.put(values[name]);
      const theirs = part.read();
      const changed = !all && !same(mine, was) && !part.secret;
      if (!same(was, theirs) && !part.secret) rows.push([part.label, part.say(was), part.say(theirs), changed ? part.say(mine) : NONE]);
      if (!all && (changed || part.secret)) part.put(mine);
      initial[name] = part.secret ? was : theirs;
    }
    return rows;
  };
  const clash = async () => {
    const now = await versions.read();
    const values = versions.values(now.data);
    const rows = merge(values, false);
    ({ etag } = now);
    const take = () => {
      merge(values, true);
      clear();
      taken();
    };
    show(element,
      h("p", {}, h("b", {}, `Somebody else changed this ${versions.what} meanwhile.`), rows.length ? " What you have changed is still here. This is what is new:" : " None of the fields here differ, though: you can save."),
      rows.length ? h("div", { class: "scroll" }, h("table", { class: "plain-table versions-table" },
        h("thead", {}, h("tr", {}, ["", ...COLUMNS].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, rows.map(([label, ...cells]) => h("tr", {}, h("th", { scope: "row" }, label), cells.map((text, at) => h("td", { "data-label": COLUMNS[at] }, text))))))) : null,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: take }, "Take theirs"), h("button", { type: "submit", class: "primary" }, "Keep mine")));
    element.hidden = false;
    element.scrollIntoView({ block: "nearest" });
  };
  return { element, etag: () => etag, clash, clear };
}

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
