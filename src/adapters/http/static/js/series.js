// From the API's points to columns that a chart draws. Gaps stay gaps: nothing is drawn over what nobody saw.

const STEPS = { "5m": 300, "1h": 3600, "1d": 86400 };

/** The distance of two points of a level in seconds; of raw ones, as it was most of the time. */
export function stepOf(level, times) {
  if (STEPS[level]) return STEPS[level];
  const gaps = times.slice(1).map((time, index) => time - times[index]).filter((gap) => gap > 0).sort((a, b) => a - b);
  return gaps.length ? gaps[gaps.length >> 1] : 60;
}

/**
 * Columns for `fields` (`{name: (point) => number | null}`): `{times, columns, misses, step, answered}`.
 * A moment without a value is put where points are missing. `misses` are spans `[from, to, share]`.
 */
export function columnsOf(points, level, fields) {
  const at = points.map((point) => Date.parse(point.at) / 1000);
  const step = stepOf(level, at);
  const pause = step * (STEPS[level] ? 1.5 : 3);
  const names = Object.keys(fields);
  const times = [];
  const columns = Object.fromEntries(names.map((name) => [name, []]));
  const misses = [];
  points.forEach((point, index) => {
    if (index && at[index] - at[index - 1] > pause) {
      times.push(at[index - 1] + step);
      for (const name of names) columns[name].push(null);
    }
    times.push(at[index]);
    for (const name of names) columns[name].push(fields[name](point) ?? null);
    if (point.misses > 0) addMiss(misses, point, at[index], level, step);
  });
  const answered = points.some((point) => (point.polls ?? point.seen ?? point.samples) > 0);
  return { times, columns, misses, step, answered };
}

function addMiss(misses, point, at, level, step) {
  // A raw miss stands for the time around it, an interval's for the interval.
  const from = STEPS[level] ? at : at - step / 2;
  const share = point.misses / (point.misses + (point.polls ?? 0));
  const last = misses.at(-1);
  if (last && from <= last[1] + 1 && Math.abs(last[2] - share) < 0.15) last[1] = from + step;
  else misses.push([from, from + step, share]);
}

/** Least, mean, greatest and last of a column; null for an empty one. */
export function summary(values) {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  let last = null;
  for (const value of values) {
    if (value == null) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count += 1;
    last = value;
  }
  return count ? { min, max, mean: sum / count, last } : null;
}
