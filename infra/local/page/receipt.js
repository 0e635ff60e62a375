/** The receipt of an erasure: read, and checked by the browser itself. */
import { ask } from "./api.js";
import { button, make } from "./elements.js";

export async function showReceipt(place, { receipt }, again) {
  const [header, payload] = receipt.split(".").slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(bytes(part))));
  const good = await isSigned(receipt, header.kid).catch(() => false);
  const verdict = make("p", { class: good ? "verdict good" : "verdict wrong", role: "status", say: good ? "signatureGood" : "signatureBad" });
  const compact = make("details", {}, make("summary", { say: "compact" }), make("pre", {}, receipt));
  const title = make("h3", { tabindex: "-1", say: "receipt" });
  const actions = make("div", { class: "actions" }, button("startAgain", again, { class: "primary" }), make("a", { href: "/keys", say: "keys" }));
  place.replaceChildren(make("section", { class: "card", id: "receipt" }, title, make("p", { class: "quiet", say: "receiptSays" }), verdict, claims(payload), compact, actions));
  title.focus({ preventScroll: true });
}

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

async function isSigned(receipt, kid) {
  const { keys } = await ask("GET", "/keys");
  const { kty, crv, x, y } = keys.find((key) => key.kid === kid);
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  const [header, payload, signature] = receipt.split(".");
  const said = new TextEncoder().encode(`${header}.${payload}`);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, bytes(signature), said);
}

function claims(value) {
  if (Array.isArray(value) && value.length && value.every((each) => typeof each !== "object")) return make("span", {}, value.join(", "));
  if (Array.isArray(value)) return value.length ? make("ul", {}, ...value.map((each) => make("li", {}, claims(each)))) : make("span", { say: "nothing" });
  if (value === null || typeof value !== "object") return make("span", {}, String(value));
  const pairs = Object.entries(value).map(([name, each]) => make("div", {}, make("dt", {}, name.replaceAll("_", " ")), make("dd", { "data-claim": name }, claims(each))));
  return make("dl", { class: "claims" }, ...pairs);
}
