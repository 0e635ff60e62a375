/** Everything of one camera, as far as the person who is signed in may have it. */
import { Day } from "./day.js";
import { make } from "./elements.js";
import { Live } from "./live.js";
import { showPlan } from "./plans.js";
import { Recordings } from "./recordings.js";
import { may, owns } from "./rights.js";
import { Sharing, showReceived } from "./sharing.js";

export class Scene {
  constructor(place, device, share, left) {
    this.is = same(device, share);
    const part = (isShown, show) => {
      const own = make("div", { class: "place" });
      place.append(own);
      return isShown ? show(own) : null;
    };
    place.replaceChildren();
    this.live = part(may(device, "live"), (own) => new Live(own, device));
    this.recordings = part(may(device, "playback"), (own) => new Recordings(own, device));
    this.day = part(may(device, "alarms"), (own) => new Day(own, device));
    this.sharing = part(owns(device), (own) => new Sharing(own, device));
    part(share, (own) => showReceived(own, share, { leaving: () => this.leave(), left }));
    this.plan = part(owns(device), (own) => showPlan(own, device));
  }

  /** Whether these are the same particulars; what merely goes on is followed. */
  isOf(device, share) {
    return this.is === same(device, share);
  }

  async follow(device) {
    this.live?.follow(device);
    await Promise.all([this.recordings?.catchUp(), this.day?.catchUp(), this.sharing?.look(), this.plan?.then((look) => look())]);
  }

  /** What plays ends with its scene. */
  leave() {
    this.recordings?.leave();
    return this.live?.leave();
  }
}

const same = ({ device_id, name, rights, channels }, share) => JSON.stringify([device_id, name, rights, channels, share ?? null]);
