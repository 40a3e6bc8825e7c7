// Who is logged in, and what he may do.
import { identity, setCsrf } from "./api.js";

let me = null;

/** Ask who we are; throws a 401 Problem for nobody. */
export async function load() {
  me = (await identity("GET", "auth/me", { quiet401: true })).data;
  setCsrf(me.csrf);
  return me;
}

export async function logIn(username, password) {
  const { data } = await identity("POST", "auth/session", { body: { username, password }, quiet401: true });
  setCsrf(data.csrf);
  return load();
}

export async function logOut() {
  await identity("DELETE", "auth/session", { quiet401: true });
  forget();
}

export function forget() {
  me = null;
  setCsrf(null);
}

export const current = () => me;
export const can = (permission) => me?.permissions?.includes(permission) ?? false;
