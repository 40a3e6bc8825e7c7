// All containers: what they hold, how they do, and what needs a look.
import { miners } from "./api.js";
import { addContainer } from "./container-form.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { number, plural, power, setTime, temperature } from "./format.js";
import { addMiner } from "./miner-form.js";
import { empty, say } from "./notices.js";
import { pageUrl } from "./place.js";
import { go, setQuery } from "./router.js";
import { can } from "./session.js";
import { sparkline } from "./spark.js";
import { follow } from "./stream.js";
import { availabilityBar, rateRows, totalsStrip, troubleText } from "./totals.js";
import { badge, why } from "./words.js";

const REFRESH_S = 5;
const SPARK_S = 300;
const LOOK_S = 60;
const TROUBLES = 8;

const bad = (one) => (one.availability?.offline ?? 0) * 4 + (one.availability?.degraded ?? 0) * 2 + (one.availability?.stale ?? 0);
const ORDERS = {
  name: ["Name", (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })],
  trouble: ["Trouble first", (a, b) => bad(b) - bad(a)],
  power: ["Power", (a, b) => (b.power_w ?? -1) - (a.power_w ?? -1)],
  hottest: ["Hottest", (a, b) => (b.temperature_max ?? -1) - (a.temperature_max ?? -1)],
};

export async function show({ root, query, signal, setTitle, restart }) {
  const strip = totalsStrip();
  const cards = h("div", { class: "cards" });
  const trouble = troublePanel();
  const order = h("select", { "aria-label": "Order of the containers" }, Object.entries(ORDERS).map(([value, [text]]) => h("option", { value }, text)));
  order.value = query.get("order") in ORDERS ? query.get("order") : "name";
  const title = h("h2", {}, "Containers");
  const add = can("change-miners") && h("button", { type: "button", onclick: async () => {
    const made = await addContainer();
    if (made) go(pageUrl(`containers/${made.id}`));
  } }, "Add container");
  const nothing = h("div");
  const sparks = sparkLoader(signal);
  let latest = null;

  const draw = () => {
    const list = latest.containers.filter(({ id, miners: count }) => id != null || count > 0)
      .map((one) => (one.id == null ? { ...one, name: "No container" } : one))
      .sort((a, b) => (a.id == null) - (b.id == null) || ORDERS[order.value][1](a, b));
    strip.update(latest.total);
    keyed(cards, list, ({ id }) => id ?? "none", (one) => card(one, sparks));
    setText(title, plural(list.filter(({ id }) => id != null).length, "container"));
    const nobody = latest.total.miners === 0;
    stay(nothing, nobody ? `none in ${list.length}` : "", () => noMiners(list.length, restart));
    strip.element.hidden = nobody;
    order.hidden = list.length < 2;
    setTitle(`Overview: ${troubleText(latest.total)}`);
  };
  order.addEventListener("change", () => {
    query.set("order", order.value);
    setQuery(query);
    draw();
  });
  const refresh = async () => {
    const [overview] = await Promise.all([miners("GET", "stats/overview", { signal }), trouble.refresh(signal)]);
    const first = latest === null;
    latest = overview.data;
    draw();
    if (first) {
      put(root, h("h1", { class: "hidden" }, "Overview"), strip.element, nothing, trouble.element,
        h("div", { class: "section-head" }, title, h("span", { class: "section-end" }, order, add)), cards);
    }
  };
  const told = (overview) => {
    if (!latest) return;
    latest = overview;
    draw();
  };
  await follow({ seconds: REFRESH_S, task: refresh, on: { totals: told, alerts() {} }, signal, onError: (error) => error.status && say(error.message, { failed: true }) });
}

function noMiners(containers, restart) {
  return empty(containers ? "There are no miners yet" : "There is nothing here yet",
    can("change-miners") ? [
      h("p", {}, "Add a miner by its address, or let lineman make some up: ", h("code", {}, "lineman simulate miners"), " starts simulated ones and ",
        h("code", {}, "lineman demo"), " a whole farm of them."),
      h("button", { type: "button", class: "primary", onclick: async () => (await addMiner()) && restart() }, "Add a miner"),
    ] : h("p", {}, "An admin can assign containers to you under Users."));
}

/** A container as a card. */
function card(first, sparks) {
  const name = h("a", { class: "card-name", href: first.id == null ? pageUrl("containers/none") : pageUrl(`containers/${first.id}`) });
  const place = h("span", { class: "quiet" });
  const bar = availabilityBar();
  const rates = rateRows();
  const watts = h("b", { class: "num" });
  const hottest = h("b", { class: "num" });
  const spark = h("div", { class: "spark-frame" });
  const nobody = h("p", { class: "quiet" }, "No miners in it yet");
  const body = [bar.element, rates.element,
    h("div", { class: "card-figures" }, h("span", {}, h("span", { class: "quiet" }, "Power "), watts), h("span", {}, h("span", { class: "quiet" }, "Hottest "), hottest))];
  const element = h("article", { class: "card" }, h("header", {}, name, place), nobody, body, spark);
  element.addEventListener("click", (event) => {
    if (!event.target.closest("a") && !String(getSelection())) go(name.href);
  });
  if (first.id != null) sparks.want(first.id, spark);
  else spark.remove();
  return {
    element,
    update(one) {
      setText(name, one.name);
      setText(place, one.location ?? "");
      nobody.hidden = one.miners > 0;
      for (const part of body) part.hidden = one.miners === 0;
      setAttribute(element, "data-trouble", bad(one) > 0 ? "yes" : null);
      bar.update(one);
      rates.update(one);
      setText(watts, power(one.power_w));
      setAttribute(watts, "title", one.power_w == null ? null : `Said by ${number(one.power_miners)} of ${plural(one.miners, "miner", "miners")}`);
      setText(hottest, temperature(one.temperature_max));
    },
  };
}

/** Loads the lines of the last day, a few at a time and only of cards in sight. */
function sparkLoader(signal) {
  const waiting = [];
  let busy = 0;
  const next = async () => {
    if (busy >= 3 || signal.aborted || !waiting.length) return;
    const { id, frame } = waiting.shift();
    busy += 1;
    try {
      const { data } = await miners("GET", `stats/containers/${id}`, { query: { hours: 24 }, signal });
      put(frame, drawSpark(data));
      frame.dataset.next = Date.now() + (data.points.length ? SPARK_S : 0) * 1000;
    } catch (error) {
      // The line is an extra: the card stands without it, and the next round tries again.
      if (!signal.aborted && error.name === "TypeError") throw error;
    } finally {
      busy -= 1;
      next();
    }
  };
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || Date.now() < Number(target.dataset.next ?? 0)) continue;
      target.dataset.next = Date.now() + LOOK_S * 1000;
      waiting.push({ id: target.dataset.id, frame: target });
      next();
    }
  }, { rootMargin: "200px" });
  const frames = new Set();
  const timer = setInterval(() => frames.forEach((frame) => {
    seen.unobserve(frame);
    if (!document.hidden) seen.observe(frame);
  }), LOOK_S * 1000);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    seen.disconnect();
  }, { once: true });
  return {
    want(id, frame) {
      frame.dataset.id = id;
      frames.add(frame);
      seen.observe(frame);
    },
  };
}

function drawSpark({ points, level, algorithm, algorithms }) {
  const times = points.map(({ at }) => Date.parse(at) / 1000);
  const values = points.map(({ hash_rate_hs: rate }) => rate);
  if (!values.some((value) => value != null)) return h("p", { class: "quiet spark-none" }, "No history of the last 24 h yet");
  const until = Math.max(Date.now() / 1000, times.at(-1));
  const top = Math.max(0, ...points.map(({ hash_rate_nominal_hs: rate }) => rate ?? 0));
  return sparkline({
    times, values, since: until - 86400, until, top, step: level === "1h" ? 3600 : 300,
    label: `Hash rate of the last 24 hours against nominal${algorithms.length > 1 ? `, ${algorithm ?? "unknown algorithm"} only` : ""}`,
  });
}

/** The miners that need a look, the offline ones first. */
function troublePanel() {
  const list = h("ul", { class: "trouble" });
  const rest = h("span", { class: "section-end" });
  const element = h("section", { hidden: true }, h("div", { class: "section-head" }, h("h2", {}, "Needs a look"), rest), list);
  const make = () => {
    const mark = badge("unknown");
    const link = h("a", {});
    const reason = h("span", { class: "quiet" });
    const since = h("time", { class: "quiet" });
    return {
      element: h("li", {}, mark.element, link, reason, since),
      update(view) {
        mark.update(view.availability);
        setText(link, view.name);
        setAttribute(link, "href", pageUrl(`miners/${view.id}`));
        setText(reason, why(view));
        setAttribute(reason, "title", view.error_detail ?? (view.reasons ?? []).join("; "));
        if (view.availability_since) setTime(since, view.availability_since, "for");
        else setText(since, "");
      },
    };
  };
  return {
    element,
    async refresh(signal) {
      if (!can("see-miners")) return;
      const ask = (availability) => miners("GET", "miners", { query: { availability, is_active: true, limit: TROUBLES }, signal });
      const [offline, degraded] = await Promise.all([ask("offline"), ask("degraded")]);
      const views = [...offline.data.slice(0, degraded.data.length ? TROUBLES - Math.min(3, degraded.data.length) : TROUBLES), ...degraded.data].slice(0, TROUBLES);
      keyed(list, views, ({ id }) => id, make);
      element.hidden = views.length === 0;
      const more = [[offline.total ?? 0, "offline"], [degraded.total ?? 0, "degraded"]].filter(([count]) => count > 0);
      const text = more.map(([count, name]) => `${count} ${name}`).join();
      if (rest.dataset.text !== text) {
        rest.dataset.text = text;
        put(rest, more.map(([count, name]) => h("a", { href: pageUrl("miners", { availability: name }) }, `All ${count} ${name}`)));
      }
    },
  };
}
