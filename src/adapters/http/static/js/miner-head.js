// The top of a miner's page: who it is, how it is and why, its figures.
import { h, setAttribute, setText, show as put } from "./dom.js";
import { NONE, duration, efficiency, hostPort, number, percent, power, rate, rpm, setTime, temperature, timeElement } from "./format.js";
import { pageUrl } from "./place.js";
import { figureBox } from "./totals.js";
import { AVAILABILITY, MISSES, POWER_KINDS, STATES, STATE_MEANINGS, glyph, placeWords } from "./words.js";

/** "AntMiner S19 Pro · 10.0.0.7:4028 · in Container 2 · firmware …", as nodes. */
export function identityLine(view, container) {
  const host = view.ip_address.includes(":") ? `[${view.ip_address}]` : view.ip_address;
  const web = view.web_port ?? (view.manufacturer === "Elphapex" ? view.port : 80);
  const address = h("a", { href: `http://${host}${web === 80 ? "" : `:${web}`}/`, target: "_blank", rel: "noopener noreferrer", title: "The miner's own page" }, hostPort(view));
  const model = view.reported_model ?? view.model;
  const maker = view.reported_manufacturer ?? view.manufacturer;
  const other = maker !== view.manufacturer ? h("span", { class: "warn-text" }, ` (entered as ${view.manufacturer})`) : null;
  const told = view.reported_model && view.model && view.reported_model.toLowerCase() !== view.model.toLowerCase() ? ` (entered as ${view.model})` : "";
  const parts = [
    h("span", {}, `${fullModel(maker, model)}${told}`, other), address,
    view.container_id == null ? null : h("a", { href: pageUrl(`containers/${view.container_id}`) }, container ?? `container ${view.container_id}`),
    view.row == null ? null : h("a", { href: pageUrl(`containers/${view.container_id}/map`) }, placeWords(view)),
    view.firmware ? h("span", {}, `firmware ${view.firmware}`) : null, view.algorithm ? h("span", {}, view.algorithm) : null,
    view.hardware_id ? h("span", { class: "mono", title: "MAC address or serial number, by its own word" }, view.hardware_id) : null,
    ...(view.tags ?? []).map((tag) => h("a", { class: "tag", href: pageUrl("miners", { tag }) }, tag)),
  ];
  return parts.filter(Boolean).flatMap((part, index) => (index ? [h("span", { class: "dot", "aria-hidden": "true" }, " · "), part] : [part]));
}

/** "AntMiner S9", but not "Avalon Avalon 1246". */
export function fullModel(maker, model) {
  if (!model) return maker;
  return model.toLowerCase().startsWith(maker.toLowerCase()) ? model : `${maker} ${model}`;
}

/** Availability and state in words, since when, and why. */
export function condition() {
  const mark = h("span", { class: "condition-mark" });
  const word = h("b", {});
  const since = h("span", { class: "quiet" });
  const state = h("p", {});
  const reasons = h("ul", { class: "reasons" });
  const polled = h("p", { class: "quiet condition-polled" });
  const element = h("section", { class: "condition", "aria-label": "Condition" },
    h("div", { class: "condition-head" }, mark, h("span", {}, word, " ", since), state), reasons, polled);
  let shown = "";
  return {
    element,
    update(view) {
      const key = JSON.stringify([view.availability, view.availability_since, view.state, view.state_since, view.error, view.error_detail, view.reasons, view.polled_at, view.is_active, view.misses]);
      if (key === shown) return;
      shown = key;
      setAttribute(element, "data-is", view.availability);
      put(mark, glyph(view.availability));
      setText(word, AVAILABILITY[view.availability]?.word ?? view.availability);
      put(since, view.availability_since ? ["for ", timeElement(view.availability_since, "for")] : []);
      put(state, view.state ? [lastly(view) ? "last said to be " : "says it is ", h("b", { title: STATE_MEANINGS[view.state] }, (STATES[view.state] ?? view.state).toLowerCase()), view.state_since ? [", for ", timeElement(view.state_since, "for")] : null] : "has not said what it does");
      put(reasons, whyLines(view).map((line) => h("li", {}, line)));
      reasons.hidden = !reasons.children.length;
      put(polled, !view.is_active ? "It is not polled: polling is switched off (Edit)."
        : view.polled_at ? ["Polled ", timeElement(view.polled_at), view.last_seen && view.last_seen !== view.polled_at ? [", last seen ", timeElement(view.last_seen)] : null] : "Not polled yet; the next round will.");
    },
  };
}

const lastly = (view) => view.availability === "offline" || view.availability === "stale";

function whyLines(view) {
  const lines = [];
  if (view.error) {
    const words = MISSES[view.error] ?? view.error;
    const missed = view.misses > 0 ? `${number(view.misses)} ${view.misses === 1 ? "poll" : "polls"} missed` : "the last poll failed";
    lines.push(`It ${words} (${missed})${view.error_detail ? `: ${view.error_detail}` : ""}`);
  }
  for (const reason of view.reasons ?? []) lines.push(reason.charAt(0).toUpperCase() + reason.slice(1));
  return lines;
}

/** The figures, with units; a dash for what the miner does not say. */
export function figures() {
  const boxes = {
    rate: figureBox("Hash rate"), temperature: figureBox("Hottest"), fans: figureBox("Fans"), power: figureBox("Power"),
    efficiency: figureBox("Efficiency"), uptime: figureBox("Uptime"), shares: figureBox("Shares"), rejects: figureBox("Rejected"),
    share: figureBox("Last share"), restarts: figureBox("Restarts"), switches: figureBox("Pool switches"), errors: figureBox("Hardware errors"),
  };
  const last = h("time");
  const element = h("section", { class: "figures", "aria-label": "Figures" }, Object.values(boxes).map((box) => box.element));
  return {
    element,
    update(view) {
      const reading = view.stats?.reading;
      element.classList.toggle("old", lastly(view));
      boxes.rate.update(rate(view.hash_rate_hs, view.algorithm), view.rate_ratio == null ? "nominal unknown" : `${percent(view.rate_ratio)} of ${rate(view.hash_rate_nominal_hs, view.algorithm)}`);
      boxes.temperature.update(temperature(view.temperature, 1), reading?.temp_chip_max_c != null ? "chip" : reading?.temp_board_max_c != null ? "board" : "");
      boxes.fans.update(rpm(view.fan_speed), fanNote(reading));
      boxes.power.update(power(view.power_consumption), view.power_consumption == null ? "the miner does not say" : (POWER_KINDS[view.power_kind] ?? ""));
      boxes.efficiency.update(efficiency(view));
      boxes.uptime.update(duration(view.uptime_s), "of its process");
      boxes.shares.update(number(view.accepted_shares), "accepted");
      boxes.rejects.update(percent(view.reject_ratio, 2), view.rejected_shares == null ? "" : `${number(view.rejected_shares)} since start`);
      if (view.last_share_at) {
        setTime(last, view.last_share_at);
        if (last.parentNode !== boxes.share.value) put(boxes.share.value, last);
      } else boxes.share.update(NONE);
      boxes.share.element.classList.toggle("none", !view.last_share_at);
      boxes.restarts.update(number(view.restarts), "since it is known");
      boxes.switches.update(number(view.pool_switches), "since it is known");
      boxes.errors.update(number(reading?.hw_errors), "");
    },
  };
}

function fanNote(reading) {
  if (!reading?.fans_rpm?.length) return "";
  const turning = reading.fans_rpm.filter((one) => one > 0).length;
  return `${turning} of ${reading.fans_expected ?? reading.fans_rpm.length} turn`;
}
