// Where the shell says things are: pages, APIs, files.
const { root, ui, api, identity, systems, static: files, charts } = document.documentElement.dataset;

export const place = { root, ui, api, identity, goip: `${systems}/goip`, units: `${systems}/units`, ewelink: `${systems}/ewelink`, files, charts: charts === "yes" };

/** The address of a page: pageUrl("miners/17"), pageUrl("miners", {availability: "offline"}). */
export function pageUrl(path = "", query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null && value !== ""));
  return place.ui + path + (search.size ? `?${search}` : "");
}
