/** Closing the account, which takes raised trust, and waiting for the receipt. */
import { ask, askAsPerson, forget } from "./api.js";
import { forgetCameras } from "./camera.js";
import { pass } from "./clock.js";
import { announcer, button, make } from "./elements.js";
import { arrivedCodes, codeField, doing, form } from "./forms.js";
import { showReceipt } from "./receipt.js";

const EVERY_MS = 1000;
const TWENTY_MINUTES = 1200;

/** `closed(erasure_id)` is called when there is no account any more. */
export function showAccount(place, closed) {
  const step = make("div");
  const said = announcer();
  const start = button("closeAccount", (event) => doing(event.currentTarget, said, async () => {
    await askAsPerson("POST", "/step-up", {});
    start.hidden = true;
    step.replaceChildren(make("p", { say: "closeCode" }), stepUp(closed));
    step.querySelector("input").focus({ preventScroll: true });
  }), { class: "danger", id: "close-account" });
  const words = make("p", { class: "quiet", say: "closeSays" });
  place.replaceChildren(make("section", { class: "card", id: "account" }, make("h3", { say: "account" }), words, start, step, said));
}

function stepUp(closed) {
  const submit = async ({ code }) => {
    await askAsPerson("POST", "/step-up/confirm", { code });
    const { erasure_id } = await askAsPerson("POST", "/me/closing", {});
    forget();
    forgetCameras();
    await closed(erasure_id);
  };
  const asked = form({ fields: [codeField], submit, word: "closeNow", danger: true });
  asked.querySelector(".actions").before(arrivedCodes());
  return asked;
}

/** Looks until the erasure is done; nobody need be signed in, for nobody is there any more. */
export async function awaitErasure(place, erasure_id, again) {
  const said = announcer();
  const hurry = button("twentyMinutes", (event) => doing(event.currentTarget, said, () => pass(TWENTY_MINUTES)), { class: "primary" });
  const words = ["erasingSays", "erasingWhy"].map((say) => make("p", { class: "quiet", say }));
  const waiting = make("div", { class: "card narrow", id: "erasing" }, make("h3", { say: "erasing" }), ...words, hurry, said);
  place.replaceChildren(waiting);
  const look = async () => {
    const erasure = await ask("GET", `/erasures/${encodeURIComponent(erasure_id)}`).catch((failure) => ({ failure }));
    if (erasure.failure) said.textContent = erasure.failure.message;
    if (erasure.state === "done" && erasure.receipt) return showReceipt(place, erasure, again);
    return setTimeout(look, EVERY_MS);
  };
  await look();
}
