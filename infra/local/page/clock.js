/** The world's clock, and buttons that let it run ahead. */
import { ask, learnTime, worldNow } from "./api.js";
import { announcer, button, hush, make } from "./elements.js";
import { doing } from "./forms.js";
import { language, tell } from "./language.js";
import { ownZone } from "./zones.js";

const EVERY_MS = 1000;
const LEARN_EVERY_MS = 15_000;
const JUMPS = [["anHour", 3600], ["aDay", 86_400], ["sevenDays", 604_800]];

export async function startClock(place) {
  const face = make("time", { class: "clock-face", "aria-live": "off" });
  const wrong = announcer();
  const jumps = JUMPS.map(([word, seconds]) => button(word, (event) => doing(event.currentTarget, wrong, () => jump(seconds, wrong))));
  const group = make("div", { class: "actions small", role: "group", label: "letPass" }, ...jumps);
  place.replaceChildren(face, make("p", { class: "quiet", say: "letPass" }), group, wrong);
  const tick = () => show(face);
  setInterval(tick, EVERY_MS);
  document.addEventListener("language", tick);
  // Somebody else may move it as well.
  setInterval(() => document.hidden || learn().catch(() => {}), LEARN_EVERY_MS);
  await learn();
  tick();
}

const learn = async () => learnTime((await ask("GET", "/_local/clock")).now);

function show(face) {
  const now = new Date(worldNow());
  face.dateTime = now.toISOString();
  face.textContent = new Intl.DateTimeFormat(language(), { dateStyle: "full", timeStyle: "medium", timeZone: ownZone() }).format(now);
}

async function jump(seconds, said) {
  tell(said, "passing");
  await pass(seconds);
  hush(said);
}

/** Lets the world's time run ahead; everybody on the page hears of it. */
export async function pass(seconds) {
  learnTime((await ask("POST", "/_local/clock", { advance_seconds: seconds })).now);
  document.dispatchEvent(new Event("time-passed"));
}
