// The beginning: who is it, which page, and what happens when either changes.
import { Problem, Unreachable } from "./api.js";
import { frame } from "./chrome.js";
import { empty, failure, loading } from "./notices.js";
import { show as accountPage } from "./page-account.js";
import { show as alertPage } from "./page-alert.js";
import { show as alertsPage } from "./page-alerts.js";
import { show as channelsPage } from "./page-channels.js";
import { show as comparePage } from "./page-compare.js";
import { show as containerPage } from "./page-container.js";
import { show as directoriesPage } from "./page-directories.js";
import { show as discoveryPage } from "./page-discovery.js";
import { show as gatewayPage } from "./page-gateway.js";
import { show as enterprisesImportPage } from "./page-enterprises-import.js";
import { show as enterprisesPage } from "./page-enterprises.js";
import { show as gatewaysImportPage } from "./page-gateways-import.js";
import { show as gatewaysPage } from "./page-gateways.js";
import { show as groupsPage } from "./page-groups.js";
import { show as importPage } from "./page-import.js";
import { show as jobPage } from "./page-job.js";
import { show as loginPage } from "./page-login.js";
import { show as maintenancePage } from "./page-maintenance.js";
import { show as minerPage } from "./page-miner.js";
import { show as minersPage } from "./page-miners.js";
import { show as overviewPage } from "./page-overview.js";
import { show as reportsPage } from "./page-reports.js";
import { show as rulesPage } from "./page-rules.js";
import { show as powerPage } from "./page-power.js";
import { show as tokensPage } from "./page-tokens.js";
import { show as unitPage } from "./page-unit.js";
import { show as unitReportPage } from "./page-unit-report.js";
import { show as unitsImportPage } from "./page-units-import.js";
import { show as unitsPage } from "./page-units.js";
import { show as usersPage } from "./page-users.js";
import { h, show } from "./dom.js";
import { pageUrl } from "./place.js";
import { go, reload, start } from "./router.js";
import { can, current, forget, load } from "./session.js";

const PAGES = [
  [/^$/, overviewPage, "Overview"],
  [/^containers\/(\d+|none)(?:\/(map|ranking))?$/, containerPage, "Container"],
  [/^miners$/, minersPage, "Miners"],
  [/^miners\/import$/, importPage, "Import"],
  [/^groups$/, groupsPage, "Groups"],
  [/^discovery$/, discoveryPage, "Discovery"],
  [/^discovery\/(\d+)$/, jobPage, "Discovery"],
  [/^compare$/, comparePage, "Compare"],
  [/^alerts$/, alertsPage, "Alerts"],
  [/^alerts\/(\d+)$/, alertPage, "Alert"],
  [/^alerts\/rules$/, rulesPage, "Alert rules"],
  [/^alerts\/channels$/, channelsPage, "Channels"],
  [/^alerts\/maintenance$/, maintenancePage, "Maintenance"],
  [/^reports$/, reportsPage, "Reports"],
  [/^miners\/(\d+)$/, minerPage, "Miner"],
  [/^gateways$/, gatewaysPage, "Gateways"],
  [/^gateways\/import$/, gatewaysImportPage, "Import gateways"],
  [/^gateways\/directories$/, directoriesPage, "Directories"],
  [/^gateway\/([^/]+)$/, gatewayPage, "Gateway"],
  [/^units$/, unitsPage, "Units"],
  [/^units\/import$/, unitsImportPage, "Import units"],
  [/^units\/power$/, powerPage, "Power"],
  [/^units\/report$/, unitReportPage, "Report of the units"],
  [/^unit\/([^/]+)$/, unitPage, "Unit"],
  [/^enterprises$/, enterprisesPage, "Enterprises"],
  [/^enterprises\/import$/, enterprisesImportPage, "Import enterprises"],
  [/^users$/, usersPage, "Users"],
  [/^tokens$/, tokensPage, "Tokens"],
  [/^account$/, accountPage, "Account"],
];

const { main, mark } = frame(document.getElementById("app"));
let leave = new AbortController();

/** Show the page of a path: everything that the last one started ends here. */
async function render(path, query, { y }) {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  if (!(await known(signal)) && path !== "login") {
    if (!signal.aborted && !unreachable) toLogin();
    return;
  }
  if (path === "login" && current()) return void go(next(query), { replace: true });
  // Whose business are the gateways alone has no overview of miners.
  if (path === "" && can("see-gateways") && !can("see-miners") && !can("see-statistics")) return void go(pageUrl("gateways"), { replace: true });
  mark(path);
  const [pattern, page, title] = path === "login" ? [/^login$/, loginPage, "Log in"]
    : PAGES.find(([one]) => one.test(path)) ?? [/^.*$/, missing, "No such page"];
  setTitle(title);
  const root = h("div", { class: "page" });
  loading(root);
  show(main, root);
  try {
    await page({ root, query, signal, args: path.match(pattern).slice(1), setTitle, next: next(query), restart: reload });
  } catch (error) {
    if (signal.aborted) return;
    leave.abort();
    if (!(error instanceof Problem || error instanceof Unreachable)) {
      show(root, failure({ title: "This page has a fault", message: String(error) }, reload));
      throw error;
    }
    show(root, failure(error, reload));
    if (error instanceof Unreachable) document.addEventListener("lineman:retry", reload, { once: true });
    return;
  }
  if (signal.aborted) return;
  window.scrollTo(0, y);
  if (!root.contains(document.activeElement)) main.focus({ preventScroll: true });
}

let unreachable = false;

/** Whether somebody is logged in; asks the server only when we do not know. */
async function known(signal) {
  unreachable = false;
  if (current()) return true;
  try {
    await load();
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return false;
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    unreachable = true;
    if (signal.aborted) return false;
    mark("");
    show(main, failure(error, reload));
    document.addEventListener("lineman:retry", reload, { once: true });
    return false;
  }
}

function toLogin() {
  const here = location.pathname + location.search;
  go(pageUrl("login", { next: here === pageUrl() ? null : here }), { replace: true });
}

/** Where to go after the login: only to a page of ours. */
function next(query) {
  const wanted = URL.parse(query.get("next") || pageUrl(), location.origin);
  const ours = wanted?.origin === location.origin && wanted.pathname.startsWith(pageUrl());
  return ours ? wanted.pathname + wanted.search : pageUrl();
}

function setTitle(title) {
  document.title = title ? `${title} · lineman` : "lineman";
}

async function missing({ root }) {
  show(root, empty("There is no such page", h("p", {}, h("a", { href: pageUrl() }, "To the overview"))));
}

document.addEventListener("lineman:logged-out", () => {
  if (!current()) return;
  forget();
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  toLogin();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, select, textarea, dialog")) return;
  event.preventDefault();
  const search = main.querySelector("input[type=search]");
  if (search) search.focus();
  else if (current()) go(pageUrl("miners")).then(() => main.querySelector("input[type=search]")?.focus());
});

start(render);
