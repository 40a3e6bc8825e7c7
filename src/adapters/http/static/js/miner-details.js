// Boards, fans, pools, the vendor's errors and the raw reply. All of it is the device's word, so all of it is text.
import { h, show as put } from "./dom.js";
import { NONE, number, percent, rate, rpm, temperature, timeElement } from "./format.js";

const RAW_LIMIT = 400_000;

export function details() {
  const element = h("div", { class: "details" });
  const raw = rawViewer();
  return {
    element,
    update(view) {
      const reading = view.stats?.reading;
      raw.update(view.stats);
      put(element, reading ? [
        errors(reading), boards(reading, view.algorithm), h("div", { class: "columns" }, fans(reading), windows(reading, view.algorithm)), pools(reading),
      ] : h("p", { class: "callout" }, "There is no good reading yet: boards, fans and pools show up with the first one."), view.stats ? raw.element : null);
    },
  };
}

const section = (title, ...rest) => h("section", {}, h("h2", {}, title), ...rest);

function tableOf(heads, rows, label) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, h("table", { class: "plain-table" },
    h("thead", {}, h("tr", {}, heads.map(([text, numeric]) => h("th", { scope: "col", class: numeric ? "num" : null }, text)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, index) => h("td", { class: heads[index][1] ? "num" : null }, cell)))))));
}

function errors({ errors: codes = [], vendor_flags: flags = [] }) {
  if (!codes.length && !flags.length) return null;
  return section("What the maker's firmware reports",
    codes.length ? h("ul", { class: "codes bad" }, codes.map((code) => h("li", {}, code))) : null,
    flags.length ? [h("p", { class: "quiet" }, "Flags, not necessarily faults:"), h("ul", { class: "codes" }, flags.map((flag) => h("li", {}, flag)))] : null);
}

function boards({ boards: list = [], modules }, algorithm) {
  if (!list.length) return null;
  const inModules = list.some((board) => board.module != null);
  const columns = [
    ["Board", (board) => String(board.slot), false], inModules && ["Module", (board) => [board.module, board.mm].filter(Boolean).join(" ") || NONE, false],
    ["Hash rate", (board) => rate(board.hash_rate_hs, algorithm), true], ["Of nominal", (board) => ratio(board), true],
    ["Board temp.", (board) => temperature(board.temp_board_c), true], ["Chip temp.", (board) => temperature(board.temp_chip_c), true],
    ["Chips", (board) => chips(board), true], ["Frequency", (board) => (board.freq_mhz == null ? NONE : `${number(board.freq_mhz)}\u00a0MHz`), true],
    ["HW errors", (board) => number(board.hw_errors), true],
  ].filter(Boolean);
  const title = modules > 1 ? `Boards of ${modules} modules` : "Boards";
  return section(title, tableOf(columns.map(([text, , numeric]) => [text, numeric]), list.map((board) => columns.map(([, read]) => read(board))), title));
}

const ratio = (board) => (board.hash_rate_hs == null || !board.hash_rate_nominal_hs ? NONE : percent(board.hash_rate_hs / board.hash_rate_nominal_hs));

function chips(board) {
  if (board.chips_ok == null && board.chips_total == null) return NONE;
  const bad = board.chips_bad ?? (board.chips_total != null && board.chips_ok != null ? board.chips_total - board.chips_ok : 0);
  const all = board.chips_total == null ? number(board.chips_ok) : `${number(board.chips_ok)} of ${number(board.chips_total)}`;
  return bad > 0 ? h("span", { class: "bad-text" }, `${all}, ${number(bad)} bad`) : all;
}

function fans({ fans_rpm: speeds = [], fan_pct: share, fan_psu_rpm: psu, temp_env_c: air }) {
  if (!speeds.length && psu == null && air == null) return null;
  const fastest = Math.max(...speeds, 1);
  const rows = speeds.map((speed, index) => h("li", {}, h("span", {}, `Fan ${index + 1}`),
    h("span", { class: "meter", "aria-hidden": "true" }, h("span", { vars: { "--part": speed / fastest } })),
    h("b", { class: speed > 0 ? "num" : "num bad-text" }, speed > 0 ? rpm(speed) : "stands still")));
  const extra = [psu != null && `power supply ${rpm(psu)}`, share?.length && `set to ${share.map((one) => `${number(one)}\u00a0%`).join(", ")}`, air != null && `air ${temperature(air)}`].filter(Boolean);
  return section("Fans", rows.length ? h("ul", { class: "meters" }, rows) : null, extra.length ? h("p", { class: "quiet" }, extra.join(" · ")) : null);
}

function windows({ hash_rate_windows_hs: rates = {} }, algorithm) {
  const names = Object.keys(rates);
  if (!names.length) return null;
  return section("Mean rates", h("dl", { class: "pairs" }, names.map((name) => h("div", {}, h("dt", {}, WINDOWS[name] ?? name), h("dd", { class: "num" }, rate(rates[name], algorithm))))));
}

const WINDOWS = { av: "since start", rt: "now", module_spd: "modules now", module_avg: "modules, mean", "5s_unreliable": "5s (unreliable)" };

function pools({ pools: list = [], active_pool: active }) {
  if (!list.length) return null;
  const rows = list.map((pool) => {
    const used = pool.active ?? pool.index === active;
    return [
      h("span", {}, used ? h("b", { title: "The active pool" }, "▸ ") : null, `${pool.index}`), pool.url || NONE, pool.user || NONE,
      h("span", { class: pool.status === "dead" ? "bad-text" : null }, [pool.status, pool.fee ? "firmware's fee" : null].filter(Boolean).join(", ") || NONE),
      number(pool.accepted), number(pool.rejected), number(pool.stale), pool.last_share_at ? timeElement(pool.last_share_at) : NONE,
    ];
  });
  return section("Pools", tableOf([["Pool", false], ["Address", false], ["Worker", false], ["Status", false], ["Accepted", true], ["Rejected", true], ["Stale", true], ["Last share", true]], rows, "Pools"));
}

/** The last raw replies by command, and our own reading beside them. */
function rawViewer() {
  const tabs = h("div", { class: "segments", role: "group", "aria-label": "Which reply" });
  const body = h("pre", { class: "raw", tabindex: 0, "aria-label": "Raw reply" });
  const when = h("span", { class: "quiet" });
  const copy = h("button", { type: "button", class: "plain", onclick: () => select(body, copy) }, "Copy");
  const element = h("details", { class: "raw-viewer" }, h("summary", {}, "Raw reply"), h("div", { class: "raw-head" }, tabs, when, copy), body);
  let stats = null;
  let chosen = null;
  const draw = () => {
    if (!element.open || !stats) return;
    const choices = Object.entries({ summary: stats.summary_data, stats: stats.stats_data, reading: stats.reading }).filter(([, value]) => value != null);
    if (!choices.some(([name]) => name === chosen)) chosen = choices[0]?.[0] ?? null;
    put(tabs, choices.map(([name]) => h("button", { type: "button", "aria-pressed": String(name === chosen), onclick: () => {
      chosen = name;
      draw();
    } }, name === "reading" ? "as lineman reads it" : name)));
    put(when, "from ", timeElement(stats.timestamp));
    const text = chosen ? JSON.stringify(choices.find(([name]) => name === chosen)[1], null, 2) : "Nothing is kept of the last reply.";
    put(body, text.length > RAW_LIMIT ? `${text.slice(0, RAW_LIMIT)}\n… cut after ${number(RAW_LIMIT)} of ${number(text.length)} characters` : text);
  };
  element.addEventListener("toggle", draw);
  return {
    element,
    update(next) {
      stats = next;
      // While it is read it stands still, unless nothing is selected in it.
      if (!body.contains(getSelection()?.anchorNode)) draw();
    },
  };
}

async function select(body, button) {
  getSelection().selectAllChildren(body);
  try {
    await navigator.clipboard.writeText(body.textContent);
    button.textContent = "Copied";
  } catch {
    // Without https there is no clipboard: the text is selected, the keys do the rest.
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => (button.textContent = "Copy"), 3000);
}
