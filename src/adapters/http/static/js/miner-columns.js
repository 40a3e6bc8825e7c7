// The columns of the miner table: what each shows, and by which words the API sorts it.
import { h, setAttribute, setText } from "./dom.js";
import { NONE, efficiency, hostPort, number, percent, power, rate, setTime, temperature } from "./format.js";
import { pageUrl } from "./place.js";
import { STATES, STATE_MEANINGS, badge, why } from "./words.js";

/** A cell of two lines: what matters, and what explains it. */
function twoLines(top, bottom, attributes = {}) {
  return h("td", attributes, h("div", { class: "top" }, top), h("div", { class: "sub" }, bottom));
}

const text = () => h("span");

/** The boxes to choose rows by. */
export const chooseColumn = {
  name: "choose", sorts: [],
  cell() {
    const box = h("input", { type: "checkbox" });
    return {
      element: h("td", { class: "c-choose" }, h("label", {}, box)),
      update(view, { chosen }) {
        box.dataset.choose = view.id;
        box.checked = chosen;
        setAttribute(box, "aria-label", `Choose ${view.name}`);
      },
    };
  },
};

/** `{name, class, sorts: [[key, label], …], cell() → {element, update(view, {containers})}}` */
export const COLUMNS = [
  {
    name: "availability", sorts: [["availability", "Status"]],
    cell() {
      const mark = badge("unknown");
      const reason = text();
      return {
        element: twoLines(mark.element, reason, { class: "c-availability" }),
        update(view) {
          mark.update(view.availability);
          const words = view.is_active ? why(view) : "not polled";
          setText(reason, words);
          setAttribute(reason, "title", words || null);
        },
      };
    },
  },
  {
    name: "name", sorts: [["name", "Name"], ["ip_address", "Address"]],
    cell() {
      const link = h("a", { class: "row-link" });
      const address = text();
      const tags = text();
      tags.className = "tags";
      return {
        element: twoLines(link, [address, tags], { class: "c-name" }),
        update(view) {
          setText(link, view.name);
          setAttribute(link, "href", pageUrl(`miners/${view.id}`));
          setAttribute(link, "title", view.name);
          setText(address, view.port === 4028 || (view.port === 80 && view.manufacturer === "Elphapex") ? view.ip_address : hostPort(view));
          const words = (view.tags ?? []).join(", ");
          setText(tags, words ? ` ${words}` : "");
          setAttribute(tags, "title", words || null);
        },
      };
    },
  },
  {
    name: "container", sorts: [["container_id", "Container"]],
    cell() {
      const link = h("a", {});
      const none = h("span", { class: "quiet" }, NONE);
      const top = h("span", {});
      return {
        element: twoLines(top, "", { class: "c-container" }),
        update(view, { containers }) {
          const known = view.container_id != null;
          if (known) {
            setText(link, containers.get(view.container_id) ?? `#${view.container_id}`);
            setAttribute(link, "href", pageUrl(`containers/${view.container_id}`));
            setAttribute(link, "title", link.textContent);
          }
          const wanted = known ? link : none;
          if (top.firstChild !== wanted) top.replaceChildren(wanted);
        },
      };
    },
  },
  {
    name: "model", sorts: [["model", "Model"], ["manufacturer", "Maker"]],
    cell() {
      const model = text();
      const maker = text();
      return {
        element: twoLines(model, maker, { class: "c-model" }),
        update(view) {
          const name = view.reported_model ?? view.model ?? NONE;
          setText(model, name);
          const other = view.reported_manufacturer && view.reported_manufacturer !== view.manufacturer ? view.reported_manufacturer : null;
          setText(maker, other ? `${other}, not ${view.manufacturer}` : view.manufacturer);
          setAttribute(maker, "class", other ? "warn-text" : null);
          setAttribute(maker, "title", other ? `It says that it is of ${other}; ${view.manufacturer} was entered` : null);
          setAttribute(model, "title", view.firmware ? `${name}, firmware ${view.firmware}` : name);
        },
      };
    },
  },
  {
    name: "state", sorts: [["state", "State"]],
    cell() {
      const state = text();
      const since = h("time");
      return {
        element: twoLines(state, since, { class: "c-state" }),
        update(view) {
          setText(state, view.state ? (STATES[view.state] ?? view.state) : NONE);
          setAttribute(state, "title", STATE_MEANINGS[view.state]);
          setAttribute(state, "data-state", view.state);
          if (view.state_since) setTime(since, view.state_since, "for");
          else setText(since, "");
        },
      };
    },
  },
  {
    name: "rate", class: "num", sorts: [["hash_rate_hs", "Hash rate"]],
    cell() {
      const value = text();
      const ratio = text();
      return {
        element: twoLines(value, ratio, { class: "num c-rate" }),
        update(view) {
          setText(value, rate(view.hash_rate_hs, view.algorithm));
          setText(ratio, view.rate_ratio == null ? "" : percent(view.rate_ratio));
          setAttribute(ratio, "title", view.rate_ratio == null ? null : `of nominal ${rate(view.hash_rate_nominal_hs, view.algorithm)}`);
        },
      };
    },
  },
  one("temperature", "Hottest", "temperature", (view) => [temperature(view.temperature), ""]),
  one("fan", "Fans", "fan_speed", (view) => [number(view.fan_speed), view.fan_speed == null ? "" : "rpm"]),
  one("power", "Power", "power_w", (view) => [
    power(view.power_consumption), view.efficiency_j_th == null ? "" : efficiency(view),
  ]),
  {
    name: "seen", class: "num", sorts: [["last_seen", "Last seen"]],
    cell() {
      const seen = h("time");
      return { element: twoLines(seen, "", { class: "num c-seen" }), update: (view) => setTime(seen, view.last_seen) };
    },
  },
];

function one(name, label, sort, read) {
  return {
    name, class: "num", sorts: [[sort, label]],
    cell() {
      const top = text();
      const bottom = text();
      return {
        element: twoLines(top, bottom, { class: `num c-${name}` }),
        update(view) {
          const [value, note] = read(view);
          setText(top, value);
          setText(bottom, note);
        },
      };
    },
  };
}
