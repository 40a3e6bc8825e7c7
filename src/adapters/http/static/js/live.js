// Repeating work that stops when nobody looks, and slows down when the server is in trouble.
import { Problem, Unreachable } from "./api.js";

const SLOWEST = 30;

/**
 * Run `task()` now and every `seconds` (or `seconds()`) until `signal` aborts. Hidden tabs wait; coming back runs it at once.
 * The first run's error is thrown to the caller; later ones go to `onError`.
 * Returns `{again}`: run as soon as possible.
 */
export async function every(seconds, task, signal, onError = () => {}) {
  let timer = null;
  let running = false;
  let wanted = false;
  let failures = 0;

  const plan = () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    const pause = typeof seconds === "function" ? seconds() : seconds;
    const wait = Math.min(pause * 2 ** Math.min(failures, 5), Math.max(SLOWEST, pause));
    timer = setTimeout(run, wait * 1000 * (failures ? 0.75 + Math.random() / 2 : 1));
  };

  const run = async () => {
    if (signal.aborted) return;
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    try {
      await task();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      failures += 1;
      onError(error);
    } finally {
      running = false;
    }
    if (wanted) {
      wanted = false;
      await run();
    } else plan();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : run()), { signal });
  document.addEventListener("lineman:retry", run, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  running = true;
  try {
    await task();
  } finally {
    running = false;
    plan();
  }
  return { again: run };
}
