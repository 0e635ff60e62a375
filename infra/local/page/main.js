/** Puts the page together: who is signed in decides what is shown. */
import { askAsPerson, forget, tokens } from "./api.js";
import { forgetCameras } from "./camera.js";
import { startClock } from "./clock.js";
import { awaitErasure, showAccount } from "./closing.js";
import { Day } from "./day.js";
import { startDevices } from "./devices.js";
import { announcer, button, make } from "./elements.js";
import { doing } from "./forms.js";
import { language, speak, translate } from "./language.js";
import { startOutbox } from "./outbox.js";
import { doors } from "./people.js";
import { showPlan } from "./plans.js";

const stage = document.getElementById("stage");
let day = null;
let devices = null;

const outside = (first) => {
  day = devices = null;
  return doors(stage, inside, first);
};

async function inside() {
  const me = await askAsPerson("GET", "/me");
  const places = ["devices", "day", "plan", "account"].map(() => make("div", { class: "place" }));
  const [cameras, dayPlace, planPlace, account] = places;
  stage.replaceChildren(whoIsHere(me), ...places);
  showAccount(account, (erasure_id) => { day = devices = null; return awaitErasure(stage, erasure_id, () => outside("register")); });
  devices = startDevices(cameras, (device) => look(device, dayPlace, planPlace));
  await devices.show();
}

async function look(device, dayPlace, planPlace) {
  if (!device) {
    day = null;
    dayPlace.replaceChildren();
    planPlace.replaceChildren();
    return;
  }
  day = new Day(dayPlace, device);
  await Promise.all([day.catchUp(), showPlan(planPlace, device)]);
}

function whoIsHere(me) {
  const said = announcer({ role: "alert" });
  const leave = async () => {
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
  document.addEventListener("alarmed", () => day?.catchUp());
  document.addEventListener("time-passed", () => devices?.show());
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
