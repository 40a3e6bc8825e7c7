// What stands around every page: the bar, the banner, the foot.
import { h, setAttribute } from "./dom.js";
import { connectionBanner } from "./notices.js";
import { pageUrl, place } from "./place.js";
import { can, current } from "./session.js";
import { THEMES, setTheme, theme } from "./theme.js";

const ICONS = { "": "◐", light: "☀", dark: "☾" };
const NEXT = { "": "light", light: "dark", dark: "" };

/** Build the frame once; `{main, mark(path)}`. */
export function frame(app) {
  const nav = h("nav", { class: "nav", "aria-label": "Pages" });
  const account = h("div", { class: "who" });
  const main = h("main", { id: "main", tabindex: -1 });
  const bar = h("header", { class: "bar" },
    h("a", { class: "brand", href: pageUrl() }, h("img", { src: `${place.files}/favicon.svg`, alt: "", width: 22, height: 22 }), "lineman"),
    nav, h("div", { class: "bar-end" }, themeButton(), account));
  const foot = h("footer", { class: "foot" },
    h("a", { href: `${place.root}/docs`, target: "_blank", rel: "noopener" }, "HTTP API"),
    h("a", { href: `${place.root}/health`, target: "_blank", rel: "noopener" }, "Health"),
    h("span", {}, h("kbd", {}, "/"), " search"));
  app.replaceChildren(bar, connectionBanner(), main, foot);
  const mark = (path) => {
    const me = current();
    document.body.classList.toggle("logged-out", !me);
    nav.replaceChildren(...(me ? links(path) : []));
    account.replaceChildren(...(me ? [h("a", { href: pageUrl("account"), "aria-current": path === "account" ? "page" : null }, me.name)] : []));
  };
  return { main, mark };
}

function links(path) {
  const entries = [
    ["", "Overview", can("see-statistics") || can("see-miners"), /^(containers\/.*)?$/],
    ["miners", "Miners", can("see-miners"), /^miners/],
    ["users", "Users", can("manage-users"), /^users/],
    ["tokens", "Tokens", can("manage-tokens"), /^tokens/],
  ];
  return entries.filter(([, , visible]) => visible).map(([target, text, , here]) =>
    h("a", { href: pageUrl(target), "aria-current": here.test(path) ? "page" : null }, text));
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
