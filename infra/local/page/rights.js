/** What somebody may do with a camera, and how that is shown. */
import { make } from "./elements.js";

export const RIGHTS = ["live", "playback", "alarms", "settings"];

export const owns = (device) => device.rights.includes("owner");

export const may = (device, right) => owns(device) || device.rights.includes(right);

/** `channels` are names; none are all. */
export function allowance(rights, channels = []) {
  const tags = rights.map((right) => make("li", { class: "badge", say: `right_${right}` }));
  return make("ul", { class: "tags" }, ...tags, ...channels.map((name) => make("li", { class: "badge" }, name)));
}
