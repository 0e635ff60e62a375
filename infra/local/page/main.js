/** Puts the page together: who is signed in decides what is shown. */
import { askAsPerson, forget, randomHex, tokens } from "./api.js";
import { forgetCameras } from "./camera.js";
import { startClock } from "./clock.js";
import { awaitErasure, showAccount } from "./closing.js";
import { startDevices } from "./devices.js";
import { announcer, button, make } from "./elements.js";
import { doing } from "./forms.js";
import { language, speak, translate } from "./language.js";
import { startOutbox } from "./outbox.js";
import { doors } from "./people.js";
import { Scene } from "./scene.js";

const stage = document.getElementById("stage");
let scene = null;
let devices = null;

function goAway() {
  scene?.leave();
  scene = devices = null;
}

const outside = (first) => {
  goAway();
  return doors(stage, inside, first);
};

async function inside() {
  const me = await askAsPerson("GET", "/me");
  // What is pushed is seen in the outbox, which tells the page that there is something new.
  await askAsPerson("PUT", "/terminals/current/push", { platform: "fcm", token: `page-${randomHex(12)}` });
  const [cameras, looked, account] = Array.from({ length: 3 }, () => make("div", { class: "place" }));
  stage.replaceChildren(whoIsHere(me), cameras, looked, account);
  showAccount(account, (erasure_id) => { goAway(); return awaitErasure(stage, erasure_id, () => outside("register")); });
  devices = startDevices(cameras, (device, share) => look(device, share, looked));
  await devices.show();
}

async function look(device, share, place) {
  if (!device || !scene?.isOf(device, share)) {
    scene?.leave();
    place.replaceChildren();
    scene = device && new Scene(place, device, share, () => devices.show());
  }
  await scene?.follow(device);
}

function whoIsHere(me) {
  const said = announcer({ role: "alert" });
  const leave = async () => {
    await scene?.leave();
    await askAsPerson("DELETE", "/sessions/current");
    forget();
    forgetCameras();
    await outside("signIn");
  };
  const out = button("signOut", (event) => doing(event.currentTarget, said, leave));
  return make("div", { class: "who" }, make("strong", { say: ["signedInAs", { name: me.nickname }] }), out, said);
}

function listen() {
  for (const choice of document.querySelectorAll("[data-language]")) choice.addEventListener("click", () => speak(choice.dataset.language));
  document.addEventListener("alarmed", () => Promise.all([scene?.day?.catchUp(), scene?.recordings?.catchUp()]));
  document.addEventListener("time-passed", () => devices?.show());
  // Somebody else may have shared a camera meanwhile, or answered.
  document.addEventListener("written", () => devices?.show());
  document.addEventListener("visibilitychange", () => document.hidden || devices?.show());
  window.addEventListener("pagehide", () => scene?.leave());
  document.addEventListener("signed-out", () => outside("signIn"));
}

async function begin() {
  speak(language());
  translate();
  listen();
  await startClock(document.getElementById("clock"));
  startOutbox(document.getElementById("outbox"));
  await (tokens() ? inside().catch(() => outside("signIn")) : outside("register"));
}

begin();
