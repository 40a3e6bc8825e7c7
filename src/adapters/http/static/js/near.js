// Loads what is in sight, a few at a time; what is scrolled past waits.

/** `want(element, task)` runs the newest task of an element once that is in sight. `{want}` */
export function nearLoader(signal, { lanes = 4, margin = "300px" } = {}) {
  const wanted = new Map();
  const seen = new Set();
  const placed = new WeakSet();
  let busy = 0;
  const pump = async () => {
    if (busy >= lanes || signal.aborted) return;
    const next = [...wanted].find(([element]) => seen.has(element));
    if (!next) return;
    const [element, task] = next;
    wanted.delete(element);
    busy += 1;
    try {
      await task();
    } catch (error) {
      // It is an extra: the page stands without it, and the next change asks again.
      if (!signal.aborted && error.name === "TypeError") throw error;
    } finally {
      busy -= 1;
      pump();
    }
    pump();
  };
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
      if (target.isConnected) placed.add(target);
      // What does not stand on the page yet will; what stood there and does not any more is gone.
      if (target.isConnected || !placed.has(target)) continue;
      observer.unobserve(target);
      wanted.delete(target);
    }
    for (let lane = 0; lane < lanes; lane += 1) pump();
  }, { rootMargin: margin });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  return {
    want(element, task) {
      wanted.set(element, task);
      observer.observe(element);
      pump();
    },
  };
}
