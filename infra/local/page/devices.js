/** A person's cameras: choosing one, binding one, having this page play one. */
import { allOf, askAsPerson } from "./api.js";
import { playCamera, plays, seeNow } from "./camera.js";
import { announcer, button, hush, make } from "./elements.js";
import { doing, form } from "./forms.js";
import { tell } from "./language.js";
import { owns } from "./rights.js";
import { showInvitations } from "./sharing.js";
import { ownZone } from "./zones.js";

/** `choose(device, share)` is called with the camera to look at, or null, and the share by which a guest has it. */
export function startDevices(place, choose) {
  let chosen = null;
  const said = announcer();
  const list = make("div", { class: "device-list" });
  const show = async (wanted) => {
    const [devices, received] = await Promise.all([allOf("/devices"), allOf("/shares")]);
    const shareOf = (device) => received.find((share) => share.device_id && share.device_id === device?.device_id);
    chosen = devices.find(({ device_id }) => device_id === (wanted ?? chosen?.device_id)) ?? devices[0] ?? null;
    list.replaceChildren(...(devices.length ? devices.map((device) => card(device, shareOf(device), chosen, show)) : [nothing()]));
    demo.classList.toggle("primary", devices.length === 0);
    see.hidden = !(chosen && plays(chosen));
    showInvitations(invitations, received, show);
    await choose(chosen, shareOf(chosen));
  };
  const demo = button("demoCamera", (event) => doing(event.currentTarget, said, async () => {
    const hear = (step, known) => tell(said, step, known);
    const device = await playCamera(hear);
    hush(said);
    await show(device.device_id);
  }), { class: "primary", id: "demo-camera" });
  const see = button("seeNow", (event) => doing(event.currentTarget, said, () => seeNow(chosen)), { hidden: true });
  const binding = make("details", { class: "binding" }, make("summary", { say: "bindOwn" }), bindForm(async (device_id) => {
    binding.open = false;
    await show(device_id);
  }));
  const invitations = make("div", { class: "place" });
  place.replaceChildren(invitations, make("section", { class: "card", id: "cameras" }, make("h3", { say: "cameras" }), list, make("div", { class: "actions" }, demo, see), said, binding));
  return { show };
}

const nothing = () => make("div", { class: "empty" }, make("strong", { say: "noCamera" }), make("p", { say: "noCameraSays" }));

function card(device, share, chosen, show) {
  const name = make("strong", {}, device.name);
  const whose = owns(device) ? ` · ${device.sn}` : make("span", { say: ["ofOwner", { owner: share?.owner ?? "" }] });
  const about = make("span", { class: "quiet" }, device.model, whose);
  const traits = { type: "button", class: "device", "aria-pressed": String(device.device_id === chosen?.device_id) };
  return make("button", { ...traits, onclick: () => show(device.device_id) }, name, about);
}

function bindForm(show) {
  const fields = [
    { name: "sn", say: "sn", hint: "snHint", autocomplete: "off" },
    { name: "code", say: "printedCode", hint: "snHint", autocomplete: "off" },
    { name: "name", say: "cameraName", autocomplete: "off" },
    { name: "time_zone", say: "timeZone", value: ownZone(), autocomplete: "off" },
    { name: "dst", say: "dst", type: "checkbox", checked: true },
  ];
  const submit = async (wanted) => show((await askAsPerson("POST", "/devices", wanted)).device_id);
  return form({ fields, submit, word: "bind" });
}
