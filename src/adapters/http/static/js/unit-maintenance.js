// Units that are in a window of maintenance now.
import { identity, now } from "./api.js";
import { can } from "./session.js";

/** The windows that go on and are about units; none for those who may not see them. */
export async function unitWindows(signal) {
  if (!can("see-alerts")) return [];
  const { data } = await identity("GET", "maintenance", { query: { limit: 1000 }, signal });
  const about = ({ system, container_ids: places, miner_ids: single, enterprise_numbers: numbers }) => (system == null || system === "units") && (numbers.length || !(places.length || single.length));
  return data.filter((one) => about(one) && Date.parse(one.since) <= now() && now() < Date.parse(one.until));
}

/** The views, each with whether it is in maintenance. */
export const withMaintenance = (views, windows) => views.map((view) => ({ ...view, maintenance: windows.some(({ enterprise_numbers: numbers }) => !numbers.length || numbers.includes(view.enterprise_number)) }));
