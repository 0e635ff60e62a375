/** A camera that lives in this page: operators load it, it activates itself, a person binds it, it uploads to S3. */
import { ask, askAsPerson, randomHex } from "./api.js";
import { say } from "./language.js";
import { snapshot } from "./scenes.js";
import { dayOf, ownZone, secondsIntoDay, timeOf } from "./zones.js";

const KEPT = "cameras";
const CHANNEL = "1";
const MODEL = "SOWA-C22";
const ENOUGH_MS = 6 * 3_600_000;
const BELIEVED_MS = 23 * 3_600_000;
// When in the day, as a part of it.
const SEEN = [
  { at: 0.14, type: "motion", who: "owl" },
  { at: 0.33, type: "motion", who: "cat" },
  { at: 0.52, type: "person", who: "person" },
  { at: 0.68, type: "doorbell", who: "courier" },
  { at: 0.83, type: "motion", who: "cat" },
  { at: 0.99, type: "person", who: "person" },
];

const kept = () => JSON.parse(sessionStorage.getItem(KEPT) || "{}");

/** Whether this page plays the camera of this device. */
export const plays = (device) => device.device_id in kept();

export const forgetCameras = () => sessionStorage.removeItem(KEPT);

/** From the factory to the first pictures; `tell` hears what is being done. */
export async function playCamera(tell) {
  const made = { sn: `DEMO${randomHex(5).toUpperCase()}`, code: randomHex(5).toUpperCase(), secret: randomHex(32) };
  tell("demoLoad");
  await ask("POST", "/_local/operations/load_devices", { devices: [{ ...made, model: MODEL }] });
  tell("demoActivate");
  const { camera_token: token } = await activate(made);
  tell("demoBind");
  const device = await askAsPerson("POST", "/devices", {
    sn: made.sn, code: made.code, name: say("demoName"), time_zone: ownZone(), dst: true,
  });
  sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), [device.device_id]: token }));
  await sendDay(device, tell);
  return device;
}

function activate({ sn, secret }) {
  const mac = `9C14${randomHex(4).toUpperCase()}`.match(/../g).join(":");
  const channels = [{ id: CHANNEL, name: say("demoChannel") }];
  return ask("POST", "/cameras/activation", { sn, secret, mac, model: MODEL, firmware: "2.840.0.1", channels, lan: { ip: "10.0.0.7", port: 37777 } });
}

async function sendDay(device, tell) {
  const ticket = await ticketFor(device);
  const [begin, end] = dayToShow(device, Date.parse(ticket.now));
  for (const [number, { at, type, who }] of SEEN.entries()) {
    tell("demoSend", { n: number + 1, all: SEEN.length });
    await send(device, ticket, { type, who, at: begin + (end - begin) * at });
  }
}

/** Today so far; early in the morning that is little, so the day before, as far back as stamps are believed. */
function dayToShow(device, now) {
  const midnight = now - secondsIntoDay(device, now) * 1000;
  return now - midnight > ENOUGH_MS ? [midnight, now] : [now - BELIEVED_MS, midnight];
}

/** One more picture, of this moment. */
export async function seeNow(device) {
  const ticket = await ticketFor(device);
  const { type, who } = SEEN[Math.floor(Math.random() * SEEN.length)];
  await send(device, ticket, { type, who, at: Date.parse(ticket.now) });
}

const ticketFor = (device) => ask("POST", "/cameras/tickets", { kind: "alarm" }, { token: kept()[device.device_id] });

async function send(device, ticket, { type, who, at }) {
  const picture = await snapshot(who, Math.floor(secondsIntoDay(device, at) / 3600), `${dayOf(device, at)} ${timeOf(device, at)}`);
  const stamp = new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
  const form = new FormData();
  const key = `${ticket.key_prefix}${CHANNEL}/${stamp}-${type}-${randomHex(8)}.jpg`;
  for (const [name, value] of Object.entries({ ...ticket.fields, key })) form.append(name, value);
  // S3 reads nothing behind the file, so it comes last.
  form.append("file", picture, "snapshot.jpg");
  const reply = await fetch(ticket.url, { method: "POST", body: form });
  if (!reply.ok) throw new Error(say("failed", { why: `S3 ${reply.status}` }));
}
