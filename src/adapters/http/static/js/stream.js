// Live pages: server-sent events while they come, polling while they do not.
import { withQuery } from "./api.js";
import { every } from "./live.js";
import { place } from "./place.js";

/** Seconds between two full reads while the stream tells what changes. */
const CALM_S = 60;
/** The stream says at least `ping` every 15 s; after so many seconds without a word it counts as dead. */
const DEAF_S = 40;
const [SOONEST_S, LATEST_S] = [5, 300];
/** The parts of a page come one after the other; they are waited for so long. */
const GATHER_MS = 120;
const BREATH_MS = 500;

const ALWAYS = ["open", "ping", "reload", "end"];

/** What a page follows, by the signal of its life: all its parts share one stream. */
const pages = new WeakMap();

/**
 * Run `task()` now and again: every `seconds` without a stream, once a minute with one.
 * `on` are listeners by event (`miners`, `totals`, `alerts`; of gateways `devices`, `scan`, `alerts`); `of` confines them
 * to a container or a miner (`{container_id}`, `{miner_id}`), and `at` is the system that streams; both are the same for
 * all parts of a page.
 * As of `every`: the first run's error is thrown; returns `{again}`.
 */
export async function follow({ seconds, task, of = {}, at = place.api, on, signal, onError }) {
  let loop = null;
  // What was told while a read was under way may be newer than what that read brought: it is read again, after a breath
  // where more is told than can be read.
  let [reading, overtaken] = [false, false];
  const read = async () => {
    reading = true;
    overtaken = false;
    try {
      await task();
    } finally {
      reading = false;
    }
    if (overtaken && loop) setTimeout(loop.again, BREATH_MS);
  };
  // Changes were missed, or we are not let in any more: a full read shows which.
  const anew = () => (loop ? loop.again() : (overtaken = true));
  const told = (act) => (news) => {
    overtaken ||= reading;
    return act(news);
  };
  if (!pages.has(signal)) pages.set(signal, opened(at, signal));
  const stream = pages.get(signal);
  const acts = Object.entries(on).map(([name, act]) => [name, told(act)]);
  stream.listen(of, { ...Object.fromEntries(acts), open: anew, reload: anew, end: anew });
  loop = await every(() => (stream.alive() ? Math.max(seconds, CALM_S) : seconds), read, signal, onError);
  if (overtaken) loop.again();
  return loop;
}

/** One stream, closed while nobody looks: a browser has six connections to a server, for all its tabs. */
function opened(at, signal) {
  const listeners = [];
  let query = {};
  let events = new Set();
  let source = null;
  let heard = 0;
  let timer = null;
  let wait = SOONEST_S;

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
    heard = 0;
  };
  const open = () => {
    close();
    if (signal.aborted || document.hidden) return;
    source = new EventSource(withQuery(`${at}/stream`, { ...query, events: [...events].join() }));
    for (const name of [...ALWAYS, ...events]) source.addEventListener(name, told);
    source.addEventListener("error", () => {
      heard = 0;
      // A cut connection is taken up again by the browser; a refusal is for us to try later.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      timer = setTimeout(open, wait * (750 + Math.random() * 500));
      wait = Math.min(wait * 2, LATEST_S);
    });
  };
  const told = ({ type, data }) => {
    if (signal.aborted) return;
    heard = Date.now();
    wait = SOONEST_S;
    // `open` has no data. The stream tells what changes after it: what changed before it, since the page was read, is missed.
    const news = data && JSON.parse(data);
    for (const on of listeners) on[type]?.(news);
    if (type === "alerts") document.dispatchEvent(new CustomEvent("lineman:alerts"));
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()), { signal });
  signal.addEventListener("abort", close, { once: true });
  return {
    alive: () => Date.now() - heard < DEAF_S * 1000,
    listen(of, on) {
      listeners.push(on);
      query = { ...query, ...of };
      events = new Set([...events, ...Object.keys(on).filter((name) => !ALWAYS.includes(name))]);
      clearTimeout(timer);
      timer = setTimeout(open, GATHER_MS);
    },
  };
}
