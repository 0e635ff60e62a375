/** Asking the API: refusals as exceptions, and a session that renews itself. */
import { language, say } from "./language.js";

const KEPT = "tokens";

class Refused extends Error {
  constructor(status, answer) {
    super(answer?.message || say("failed", { why: String(status) }));
    this.status = status;
    this.code = answer?.code;
    this.at = answer?.at;
    this.fields = answer?.fields || {};
  }
}

export const tokens = () => JSON.parse(sessionStorage.getItem(KEPT) || "null");
export const keep = (given) => sessionStorage.setItem(KEPT, JSON.stringify(given));
export const forget = () => sessionStorage.removeItem(KEPT);

export function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function ask(method, path, body, { token, key } = {}) {
  const headers = { "Accept-Language": language() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  if (method !== "GET" && !path.startsWith("/_local/")) headers["Idempotency-Key"] = key || randomHex(16);
  // What ends something is still sent when the page itself is closed.
  const keepalive = method === "DELETE";
  const reply = await reached(path, { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await reply.text();
  const answer = text ? JSON.parse(text) : null;
  if (!reply.ok) throw new Refused(reply.status, answer);
  return answer;
}

async function reached(path, how) {
  try {
    return await fetch(path, how);
  } catch {
    throw new Error(say("unreachable"));
  }
}

/** A request of the person who is signed in. */
export async function askAsPerson(method, path, body) {
  const key = randomHex(16);
  if (soonOver()) await renew();
  try {
    return await ask(method, path, body, { token: tokens()?.access_token, key });
  } catch (refusal) {
    // Who has just signed out is not thrown out.
    if (refusal.status !== 401 || !tokens()) throw refusal;
    await renew();
    return ask(method, path, body, { token: tokens()?.access_token, key });
  }
}

let world = { now: Date.now(), seen: Date.now() };

/** The world's time may be far from this machine's; whoever asks the clock says so here. */
export function learnTime(now) {
  world = { now: Date.parse(now), seen: Date.now() };
}

export const worldNow = () => world.now + (Date.now() - world.seen);

// Renewing in time spares a refused request, which the browser would report as an error.
const soonOver = () => tokens() && worldNow() > tokens().ends - 60_000;

let renewing = null;

function renew() {
  // Two refreshes at once would look like a stolen token.
  renewing ||= renewed().finally(() => { renewing = null; });
  return renewing;
}

async function renewed() {
  try {
    signedIn(await ask("POST", "/sessions/refresh", { refresh_token: tokens()?.refresh_token || "none" }));
  } catch (refusal) {
    if (refusal.status === 401) {
      forget();
      document.dispatchEvent(new Event("signed-out"));
    }
    throw refusal;
  }
}

export function signedIn(given) {
  keep({ ...given, ends: worldNow() + given.expires_in_seconds * 1000 });
}

/** Every page of a list. */
export async function allOf(path) {
  const found = [];
  let cursor = null;
  do {
    const joint = path.includes("?") ? "&" : "?";
    const page = await askAsPerson("GET", cursor ? `${path}${joint}cursor=${encodeURIComponent(cursor)}` : path);
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor);
  return found;
}
