/** What left for the outside world, looked at again and again while somebody looks at the page. */
import { ask } from "./api.js";
import { button, make } from "./elements.js";
import { moment, ownZone } from "./zones.js";

const EVERY_MS = 3000;
const MOST_SHOWN = 30;
let shown = "";
let seen = [];

export function startOutbox(place) {
  const look = async () => show(place, await ask("GET", "/_local/outbox").catch(() => seen));
  setInterval(() => document.hidden || look(), EVERY_MS);
  document.addEventListener("acted", look);
  document.addEventListener("language", () => { shown = ""; show(place, seen); });
  return look();
}

function show(place, sent) {
  const now = JSON.stringify(sent);
  if (now === shown) return;
  const grew = (which) => sent.filter(which).length > seen.filter(which).length;
  if (grew(({ kind }) => kind === "push")) document.dispatchEvent(new Event("alarmed"));
  // A code changes nothing.
  if (grew(({ kind, code }) => kind !== "push" && !code)) document.dispatchEvent(new Event("written"));
  [shown, seen] = [now, sent];
  showNewestCode();
  place.replaceChildren(sent.length ? list(sent.slice(0, MOST_SHOWN)) : make("p", { class: "empty", say: "nothingLeft" }));
}

const list = (sent) => make("ul", { class: "outbox" }, ...sent.map(entry));

function entry({ kind, to, at, subject, text, code, data }) {
  const time = make("time", { datetime: at });
  time.textContent = moment(at, ownZone());
  const head = make("div", { class: "entry-head" }, make("strong", { say: kind }), time);
  const whom = make("div", { class: "quiet to", say: ["to", { to }] });
  const title = make("div", { class: "subject" }, subject ?? (kind === "sms" ? text : ""));
  const use = code ? codeButton(code) : null;
  const whole = kind === "push" ? JSON.stringify(data ?? text) : text;
  const more = make("details", {}, make("summary", { say: "wholeText" }), make("pre", {}, whole));
  return make("li", { "data-kind": kind }, head, whom, title, use, more);
}

/** Also beside the field that waits for it. */
function showNewestCode() {
  const code = seen.find((sent) => sent.code)?.code;
  for (const place of document.querySelectorAll(".arrived")) place.replaceChildren(...(code ? [codeButton(code)] : []));
}

const codeButton = (code) => button(["useCode", { code }], () => useCode(code), { class: "code" });

/** Into the field that waits for one, if there is one. */
function useCode(code) {
  const field = document.querySelector("[data-code]");
  if (!field) return;
  field.value = code;
  field.focus();
}
