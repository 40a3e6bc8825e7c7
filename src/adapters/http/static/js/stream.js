// Live pages: server-sent events while they come, polling while they do not.
import { withQuery } from "./api.js";
import { every } from "./live.js";
import { place } from "./place.js";

/** Seconds between two full reads while the stream tells what changes. */
const CALM_S = 60;
/** The stream says at least `ping` every 15 s; after so many seconds without a word it counts as dead. */
const DEAF_S = 40;
const [SOONEST_S, LATEST_S] = [5, 300];

/**
 * Run `task()` now and again: every `seconds` without a stream, once a minute with one.
 * `on` are listeners by event (`miners`, `totals`, `alerts`), `query` says what to follow.
 * As of `every`: the first run's error is thrown; returns `{again}`.
 */
export async function follow({ seconds, task, query, on, signal, onError }) {
  let loop = null;
  // Changes were missed, or we are not let in any more: a full read shows which.
  const anew = () => loop?.again();
  const stream = opened(query, { ...on, reload: anew, end: anew }, signal);
  loop = await every(() => (stream.alive() ? Math.max(seconds, CALM_S) : seconds), task, signal, onError);
  return loop;
}

/** One stream, closed while nobody looks: a browser has six connections to a server, for all its tabs. */
function opened(query, on, signal) {
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
    source = new EventSource(withQuery(`${place.api}/stream`, query));
    source.addEventListener("open", listened);
    source.addEventListener("ping", listened);
    for (const [name, tell] of Object.entries({ alerts: () => {}, ...on })) {
      source.addEventListener(name, (event) => {
        if (signal.aborted) return;
        listened();
        tell(JSON.parse(event.data));
        if (name === "alerts") document.dispatchEvent(new CustomEvent("lineman:alerts"));
      });
    }
    source.addEventListener("error", () => {
      heard = 0;
      // A cut connection is taken up again by the browser; a refusal is for us to try later.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      timer = setTimeout(open, wait * (750 + Math.random() * 500));
      wait = Math.min(wait * 2, LATEST_S);
    });
  };
  const listened = () => {
    heard = Date.now();
    wait = SOONEST_S;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()), { signal });
  signal.addEventListener("abort", close, { once: true });
  open();
  return { alive: () => Date.now() - heard < DEAF_S * 1000 };
}
