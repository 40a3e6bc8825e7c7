// What stands around every page: the bar, the banner, the foot.
import { Problem, Unreachable, identity } from "./api.js";
import { h, setAttribute, setText } from "./dom.js";
import { plural } from "./format.js";
import { connectionBanner } from "./notices.js";
import { pageUrl, place } from "./place.js";
import { can, current } from "./session.js";
import { THEMES, setTheme, theme } from "./theme.js";

const ICONS = { "": "◐", light: "☀", dark: "☾" };
const [LOOK_MS, LOOK_EVERY_MS] = [3_000, 30_000];
const NEXT = { "": "light", light: "dark", dark: "" };

/** Build the frame once; `{main, mark(path)}`. */
export function frame(app) {
  const nav = h("nav", { class: "nav", id: "nav", "aria-label": "Pages" });
  const account = h("div", { class: "who" });
  const main = h("main", { id: "main", tabindex: -1 });
  const badge = alertBadge();
  const menu = h("button", { type: "button", class: "plain menu", "aria-controls": "nav", "aria-expanded": "false", onclick: () => open(!nav.classList.contains("open")) }, "☰ Pages", badge.small);
  const open = (wanted) => {
    nav.classList.toggle("open", wanted);
    setAttribute(menu, "aria-expanded", String(wanted));
  };
  const bar = h("header", { class: "bar" },
    h("a", { class: "brand", href: pageUrl() }, h("img", { src: `${place.files}/favicon.svg`, alt: "", width: 22, height: 22 }), "lineman"),
    menu, nav, h("div", { class: "bar-end" }, themeButton(), account));
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.classList.contains("open")) return;
    open(false);
    menu.focus();
  });
  document.addEventListener("pointerdown", (event) => bar.contains(event.target) || open(false));
  const foot = h("footer", { class: "foot" },
    h("a", { href: `${place.root}/docs`, target: "_blank", rel: "noopener" }, "HTTP API"),
    h("a", { href: `${place.root}/health`, target: "_blank", rel: "noopener" }, "Health"),
    h("span", {}, h("kbd", {}, "/"), " search"));
  app.replaceChildren(bar, connectionBanner(), main, foot);
  const mark = (path) => {
    const me = current();
    document.body.classList.toggle("logged-out", !me);
    open(false);
    nav.replaceChildren(...(me ? links(path, badge) : []));
    nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    account.replaceChildren(...(me ? [h("a", { href: pageUrl("account"), "aria-current": path === "account" ? "page" : null }, me.name)] : []));
    if (me) badge.look();
    else badge.clear();
  };
  return { main, mark };
}

function links(path, badge) {
  const entries = [
    ["", "Overview", can("see-statistics") || can("see-miners"), /^(containers\/.*)?$/],
    ["miners", "Miners", can("see-miners"), /^miners/],
    ["gateways", "Gateways", can("see-gateways"), /^(gateways?|enterprises)(\/.*)?$/],
    ["units", "Units", can("see-units"), /^units?(\/.*)?$/],
    ["alerts", ["Alerts", badge.element], can("see-alerts"), /^alerts/],
    ["compare", "Compare", can("see-statistics"), /^compare/],
    ["reports", "Reports", can("see-statistics"), /^reports/],
    ["discovery", "Discovery", can("change-miners"), /^discovery/],
    ["groups", "Groups", can("change-miners"), /^groups/],
    ["users", "Users", can("manage-users"), /^users/],
    ["tokens", "Tokens", can("manage-tokens"), /^tokens/],
  ];
  return entries.filter(([, , visible]) => visible).map(([target, text, , here]) =>
    h("a", { href: pageUrl(target), "aria-current": here.test(path) ? "page" : null }, text));
}

/** How many alerts fire, beside the word; asked at each page, at news of the stream, and now and then. */
function alertBadge() {
  const element = h("span", { class: "count", hidden: true });
  const small = h("span", { class: "count", hidden: true });
  let last = 0;
  const look = async () => {
    if (!can("see-alerts") || document.hidden || Date.now() - last < LOOK_MS) return;
    last = Date.now();
    try {
      const { total } = await identity("GET", "alerts", { query: { status: "firing", limit: 1 } });
      for (const one of [element, small]) {
        one.hidden = !total;
        setText(one, total > 99 ? "99+" : (total || ""));
        setAttribute(one, "title", total ? `${plural(total, "alert")} firing` : null);
      }
    } catch (error) {
      // The number of before stands: the banner tells of a lost connection.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  };
  document.addEventListener("lineman:alerts", look);
  setInterval(() => current() && look(), LOOK_EVERY_MS);
  const clear = () => {
    last = 0;
    element.hidden = small.hidden = true;
  };
  return { element, small, look, clear };
}

function themeButton() {
  const button = h("button", { type: "button", class: "plain theme", onclick: () => setTheme(NEXT[theme()]) });
  const mark = () => {
    button.textContent = ICONS[theme()];
    button.title = `Theme: ${THEMES[theme()].toLowerCase()}`;
    setAttribute(button, "aria-label", button.title);
  };
  document.addEventListener("lineman:theme", mark);
  mark();
  return button;
}
