/** The camera's own time: days and hours are those of the place where it hangs. */
import { language } from "./language.js";

/** The parts of a moment where the device is; without daylight saving time its clock stays on winter time. */
function partsAt(device, at) {
  const shift = device.dst ? 0 : offsetMinutes(device, at) - winterMinutes(device, at);
  return partsIn(device.time_zone, new Date(at - shift * 60_000));
}

function partsIn(zone, at) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

function offsetMinutes(device, at) {
  const { year, month, day, hour, minute, second } = partsIn(device.time_zone, at);
  return Math.round((Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000) / 60_000);
}

function winterMinutes(device, at) {
  const year = new Date(at).getUTCFullYear();
  return Math.min(offsetMinutes(device, Date.UTC(year, 0, 1)), offsetMinutes(device, Date.UTC(year, 6, 1)));
}

export function dayOf(device, at) {
  const { year, month, day } = partsAt(device, at);
  return `${year}-${month}-${day}`;
}

export function timeOf(device, at) {
  const { hour, minute, second } = partsAt(device, at);
  return `${hour}:${minute}:${second}`;
}

export function secondsIntoDay(device, at) {
  const { hour, minute, second } = partsAt(device, at);
  return Number(hour) * 3600 + Number(minute) * 60 + Number(second);
}

export function moment(at, zone) {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(new Date(at));
}

/** A moment as an input of date and time has it: in this browser's own zone, to the minute. */
export function localInput(at) {
  const { year, month, day, hour, minute } = partsIn(ownZone(), new Date(at));
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

export function otherDay(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
