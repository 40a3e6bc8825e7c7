// The API as the pages use it: one request, one answer or one error that says what happened.
import { place } from "./place.js";

const DEADLINE_MS = 30_000;
let csrf = null;
let skew = 0;

/** An answer application/problem+json (or any other that is no success). */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || `The server answered ${status}`);
    this.status = status;
    this.title = body.title ?? `Status ${status}`;
    this.code = body.code ?? "";
    this.calls = body.calls ?? null;
    this.errors = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = retryAfter;
  }
}

/** No answer at all. */
export class Unreachable extends Error {}

/** The time by the server's clock, in milliseconds: a workstation may be minutes off. */
export const now = () => Date.now() + skew;

export function setCsrf(token) {
  csrf = token ?? null;
}

/**
 * Ask. Returns `{data, total, etag}`. A body is sent as JSON, or as it is when its media `type` is named.
 * Events on `document`: `lineman:up`, `lineman:down` (reachable or not), `lineman:logged-out`.
 */
export async function ask(method, url, { body, type, etag, signal, quiet401 = false, deadline = DEADLINE_MS, again = true } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = type ?? "application/json";
  if (etag) headers["If-Match"] = etag;
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  const limit = AbortSignal.timeout(deadline);
  let response;
  let text;
  try {
    response = await fetch(url, {
      method, headers, credentials: "same-origin", cache: "no-cache",
      body: body === undefined || type ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    document.dispatchEvent(new CustomEvent("lineman:down"));
    throw new Unreachable(limit.aborted ? `No answer within ${deadline / 1000} s` : "The server does not answer", { cause: error });
  }
  document.dispatchEvent(new CustomEvent("lineman:up"));
  keepSkew(response);
  const data = parse(text);
  if (response.ok) {
    const total = response.headers.get("X-Total-Count");
    return { data, total: total == null ? null : Number(total), etag: response.headers.get("ETag") };
  }
  if (response.status === 401 && !quiet401) document.dispatchEvent(new CustomEvent("lineman:logged-out"));
  const retry = Number(response.headers.get("Retry-After"));
  const problem = data && typeof data === "object" ? data : { detail: text.slice(0, 200) };
  if (problem.code === "bad-csrf-token" && again) {
    // Another tab logged in anew: same cookie, another token. Nothing was done, so once more does no harm.
    setCsrf((await identity("GET", "auth/me", { signal })).data.csrf);
    return ask(method, url, { body, type, etag, signal, quiet401, deadline, again: false });
  }
  throw new Problem(response.status, problem, Number.isFinite(retry) && retry > 0 ? retry : null);
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function keepSkew(response) {
  const sent = Date.parse(response.headers.get("Date") ?? "");
  // The header counts whole seconds: only a real difference is one.
  if (Number.isFinite(sent)) skew = Math.abs(sent - Date.now()) > 3000 ? sent - Date.now() : 0;
}

export const withQuery = (path, query = {}) => {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null && value !== ""));
  return search.size ? `${path}?${search}` : path;
};

/** The miners' API: miners("GET", "miners", {query, body, etag, signal}). */
export const miners = (method, path, { query, ...rest } = {}) => ask(method, withQuery(`${place.api}/${path}`, query), rest);

/** The gateways' system: goip("GET", "devices", {query, …}). */
export const goip = (method, path, { query, ...rest } = {}) => ask(method, withQuery(`${place.goip}/${path}`, query), rest);

/** Where a gateway is in that system: its name may hold anything. */
export const deviceAt = (name, rest = "") => `devices/${encodeURIComponent(name)}${rest}`;

/** The units' system, and the plugs' account: units("GET", "units", {query, …}). */
export const units = (method, path, { query, ...rest } = {}) => ask(method, withQuery(`${place.units}/${path}`, query), rest);
export const ewelink = (method, path, { query, ...rest } = {}) => ask(method, withQuery(`${place.ewelink}/${path}`, query), rest);

/** Where a unit is in that system: the number of its enterprise may hold anything. */
export const unitAt = (number, rest = "") => `units/${encodeURIComponent(number)}${rest}`;

/** All enterprises, as far as one may see them. */
export async function enterprises(signal) {
  return (await identity("GET", "enterprises", { query: { limit: 1000 }, signal })).data;
}

/** What all systems share: logins, users, tokens, alerts, maintenance. */
export const identity = (method, path, { query, ...rest } = {}) => ask(method, withQuery(`${place.identity}/${path}`, query), rest);

/** All containers, as far as one may see them. */
export async function containers(signal) {
  return (await miners("GET", "containers", { query: { limit: 1000 }, signal })).data;
}
