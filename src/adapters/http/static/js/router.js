// Addresses lead to pages; the address holds all that a reload must bring back.
import { place } from "./place.js";

let render = () => {};

/** Begin: `onRender(path, query, {back})` shows what the address says. */
export function start(onRender) {
  render = onRender;
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => update(true));
  window.addEventListener("beforeunload", keepScroll);
  document.addEventListener("click", follow);
  return update(true);
}

/** Go to another page of ours. */
export function go(url, { replace = false } = {}) {
  if (replace) history.replaceState({}, "", url);
  else {
    keepScroll();
    history.pushState({}, "", url);
  }
  return update(false);
}

/** Show the same address anew. */
export const reload = () => update(true);

/** Write a page's own state into its address, without showing it anew. */
export function setQuery(query, { push = false } = {}) {
  const search = query.toString();
  const url = location.pathname + (search ? `?${search}` : "");
  if (url === location.pathname + location.search) return;
  if (push) {
    keepScroll();
    history.pushState({}, "", url);
  } else history.replaceState(history.state, "", url);
}

function keepScroll() {
  history.replaceState({ ...history.state, y: window.scrollY }, "");
}

function update(back) {
  const path = location.pathname.startsWith(place.ui) ? location.pathname.slice(place.ui.length) : "";
  return render(path.replace(/\/+$/, ""), new URLSearchParams(location.search), { y: back ? (history.state?.y ?? 0) : 0 });
}

function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (!link.pathname.startsWith(place.ui) || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  go(link.href);
}
