// All gateways and their lines in one grid.
import { Problem, enterprises as allEnterprises, goip } from "./api.js";
import { h, show as put } from "./dom.js";
import { fleetStrip, fleetTrouble } from "./gateway-fleet.js";
import { addGateway } from "./gateway-form.js";
import { gatewayGrid } from "./gateway-grid.js";
import { gatewayTabs, gatewayUrl } from "./gateway-words.js";
import { empty, say } from "./notices.js";
import { pageUrl, place } from "./place.js";
import { go } from "./router.js";
import { scanPanel } from "./scan-panel.js";
import { can } from "./session.js";
import { follow } from "./stream.js";

const REFRESH_S = 10;
const COUNT_MS = 2_000;

export async function show({ root, query, signal, setTitle }) {
  const changes = can("change-gateways");
  let loop = null;
  const strip = fleetStrip((name, value) => grid.set(name, query.get(name) === value ? null : value));
  const [enterprises, directories] = await Promise.all([can("see-enterprises") ? allEnterprises(signal) : [], changes ? goip("GET", "directories", { signal }) : { data: null }, strip.refresh(signal)]);
  const add = async () => {
    const made = await addGateway();
    if (made) go(gatewayUrl(made.gateway_name));
  };
  const places = directories.data?.filter((one) => one.is_active);
  const grid = gatewayGrid({
    query, signal, known: { enterprises, operators: strip.stats().operators }, none: () => nobody({ enterprises, places, changes, add }),
    changed: () => {
      strip.mark(query);
      loop?.again();
    },
  });
  const count = async () => {
    await strip.refresh(signal);
    setTitle(`Gateways: ${fleetTrouble(strip.stats())}`);
  };
  let timer = null;
  // A scan tells of hundreds of gateways, one after the other: they are counted when it is quiet.
  const recount = () => {
    clearTimeout(timer);
    timer = setTimeout(() => count().catch((error) => {
      // The counts of before stand until the next full read.
      if (!signal.aborted && !(error instanceof Problem)) throw error;
    }), COUNT_MS);
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  const scans = await scanPanel({ signal, ended: () => loop?.again() });
  strip.mark(query);
  loop = await follow({
    seconds: REFRESH_S, at: place.goip, signal, onError: (error) => error.status && say(error.message, { failed: true }),
    task: () => Promise.all([grid.load(), count()]),
    on: {
      devices(views) {
        grid.told(views);
        recount();
      },
      scan: scans.told,
      alerts() {},
    },
  });
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Gateways"), h("div", { class: "actions" }, changes && h("a", { class: "button", href: pageUrl("gateways/import") }, "Import"),
    changes && h("button", { type: "button", onclick: add }, "Add gateway"), scans.button)), gatewayTabs("gateways", changes),
  places && !places.length && strip.stats().gateways > 0 ? noDirectory() : null, strip.element, scans.element, grid.element);
}

function noDirectory() {
  return h("p", { class: "callout", role: "alert" }, h("b", {}, "No directory is switched on, so nobody knows where the gateways are. "), "Set ", h("code", {}, "MFTP_HOST"), " for the first one, or ", h("a", { href: pageUrl("gateways/directories") }, "add a directory"), ".");
}

/** Nothing is there yet: what to do, step by step. */
function nobody({ enterprises, places, changes, add }) {
  if (!changes) return empty("There are no gateways", h("p", {}, enterprises.length ? "Your enterprises have no gateways yet." : "No enterprise is assigned to you: an admin can do that under Users."));
  const step = (done, title, ...rest) => h("li", { "data-done": done ? "yes" : null }, h("b", {}, `${done ? "✓ " : ""}${title}`), h("p", {}, done ? "There is one." : rest));
  return empty("There are no gateways yet", h("ol", { class: "first-steps" },
    step(places?.length, "A directory", "The remote administration server (RADMIN) on whose list the gateways are: set ", h("code", {}, "MFTP_HOST"), ", or ", h("a", { href: pageUrl("gateways/directories") }, "add a directory"), "."),
    step(enterprises.length, "An enterprise", "Whom the gateways belong to: ", h("a", { href: pageUrl("enterprises") }, "add one first"), "."),
    step(false, "The gateways", "Add one by its RADMIN id, ", h("a", { href: pageUrl("gateways/import") }, "import a list"), ", or make some up: ", h("code", {}, "lineman demo"), " runs a whole town of simulated ones.")),
  h("button", { type: "button", class: "primary", disabled: !enterprises.length, onclick: add }, "Add a gateway"));
}
