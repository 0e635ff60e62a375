/** Watching a camera live: asked for, gone on with while somebody looks, and stopped when nobody does. */
import { askAsPerson, tokens, worldNow } from "./api.js";
import { plays } from "./camera.js";
import { announcer, button, hush, make } from "./elements.js";
import { doing } from "./forms.js";
import { tell } from "./language.js";
import { Player, Unwatchable } from "./player.js";
import { may, owns } from "./rights.js";
import { moment } from "./zones.js";

const LOOK_EVERY_MS = 700;
const GO_ON_BEFORE_END_MS = 90_000;
// A call that is not answered within a minute is forgotten.
const CALL_AGAIN_AFTER_MS = 55_000;
const PATIENCE_MS = 12_000;

export class Live {
  constructor(place, device) {
    this.device = device;
    this.watched = null;
    this.said = announcer();
    this.why = announcer({ class: "said quiet" });
    this.screen = make("div", { class: "screen", hidden: true });
    this.channel = make("select", { label: "channel", hidden: device.channels.length < 2 }, ...device.channels.map(option));
    const act = (word, work, traits) => button(word, (event) => doing(event.currentTarget, this.said, work), traits);
    this.start = act("watchLive", () => this.watch(), { class: "primary", id: "watch-live" });
    this.stop = act("stopWatching", () => this.leave(), { hidden: true });
    this.privacy = act("privacyOn", () => this.turnPrivacy(), { hidden: !owns(device) });
    const actions = make("div", { class: "actions" }, this.channel, this.start, this.stop, make("span", { class: "gap" }), this.privacy);
    place.replaceChildren(make("section", { class: "card", id: "live" }, make("h3", { say: "live" }), this.screen, this.why, actions, this.said));
    this.follow(device);
  }

  path() {
    return `/devices/${this.device.device_id}`;
  }

  /** What is known of the camera has changed, or is only known again. */
  follow(device) {
    this.device = device;
    tell(this.privacy, device.privacy_mode ? "privacyOff" : "privacyOn");
    this.start.hidden = device.privacy_mode || this.watched !== null;
    if (this.watched === null) this.explain(reasonNotToShow(device));
  }

  explain(word) {
    const { last_seen } = this.device;
    if (word) tell(this.why, word, { time: last_seen ? moment(last_seen, this.device.time_zone) : "–" });
    else hush(this.why);
  }

  async turnPrivacy() {
    this.follow(await askAsPerson("PUT", `${this.path()}/privacy-mode`, { on: !this.device.privacy_mode }));
  }

  async watch() {
    const channel = this.channel.value;
    const view = await askAsPerson("POST", `${this.path()}/live`, { channel });
    // Pieces lie elsewhere than the page, and a browser that plays HLS by itself asks for those only with `crossorigin`.
    const video = make("video", { autoplay: true, playsinline: true, controls: true, crossorigin: "anonymous", label: "live" });
    video.muted = true;
    // By its path: the page may have been opened by another of this machine's names.
    const player = new Player(video, new URL(view.playlist_url).pathname);
    const now = worldNow();
    this.watched = { ...view, player, called: now, seen: now, isSeen: false };
    this.show(video);
    video.addEventListener("timeupdate", () => this.watched?.player === player && video.currentTime > 0 && tell(this.why, "liveNow"));
    // Somebody may have turned to another camera meanwhile.
    if (this.screen.isConnected) this.keepOn(this.watched);
    else await this.leave();
  }

  show(video) {
    this.screen.replaceChildren(...(video ? [video] : []));
    this.start.hidden = this.channel.disabled = video !== null;
    this.screen.hidden = this.stop.hidden = video === null;
    (video ? this.stop : this.start).focus({ preventScroll: true });
    if (video) tell(this.why, "liveCalling");
  }

  async keepOn(watched) {
    while (this.watched === watched) {
      try {
        await this.step(watched);
        if (this.said.dataset.say === "unreachable") hush(this.said);
      } catch (failure) {
        if (this.watched === watched) await this.failed(watched, failure);
      }
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
  }

  async step(watched) {
    if (isDue(watched)) await this.goOn(watched);
    if (await watched.player.look()) Object.assign(watched, { seen: worldNow(), isSeen: true });
    else if (worldNow() - watched.seen > PATIENCE_MS) await this.askAfter(watched);
  }

  async goOn(watched) {
    Object.assign(watched, { called: worldNow() }, await askAsPerson("POST", `${this.path()}/live/${watched.live_id}`, {}));
  }

  /** No picture for a while: does the camera hear at all? */
  async askAfter(watched) {
    watched.seen = worldNow();
    this.device = await askAsPerson("GET", this.path());
    if (this.watched === watched) this.explain(reasonNotToShow(this.device) ?? "liveSilent");
  }

  async failed(watched, failure) {
    // Anything else may pass: the cloud is out of reach for a moment.
    if (!isOver(failure)) return tell(this.said, "unreachable");
    this.end(watched);
    const why = isUnplayable(failure) ? "liveUnplayable" : await this.whyOver(watched.channel);
    this.show(null);
    this.follow(this.device);
    this.explain(why);
  }

  end(watched) {
    this.watched = null;
    watched.player.close();
  }

  async whyOver(channel) {
    try {
      this.device = await askAsPerson("GET", this.path());
    } catch (failure) {
      return failure.status === 404 ? "liveGone" : "liveOver";
    }
    if (this.device.privacy_mode) return reasonNotToShow(this.device);
    if (!may(this.device, "live")) return "liveNoRight";
    return this.device.channels.some(({ id }) => id === channel) ? "liveOver" : "liveNoChannel";
  }

  /** Nobody looks any more, which the camera is told. */
  async leave() {
    const { watched } = this;
    if (!watched) return;
    this.end(watched);
    this.show(null);
    this.follow(this.device);
    // Who has signed out ended it by that; and it may be over already.
    if (tokens()) await askAsPerson("DELETE", `${this.path()}/live/${watched.live_id}`).catch(() => {});
  }
}

const isUnplayable = (failure) => failure instanceof DOMException || failure.code === "liveUnplayable";

const isOver = (failure) => isUnplayable(failure) || failure instanceof Unwatchable || [403, 404, 409].includes(failure.status);

const option = ({ id, name }) => make("option", { value: id }, name || id);

/** Who does not look need not be shown more; a camera that has not come yet is called again. */
function isDue({ until, called, isSeen }) {
  if (document.hidden) return false;
  return worldNow() > Date.parse(until) - GO_ON_BEFORE_END_MS || (!isSeen && worldNow() - called > CALL_AGAIN_AFTER_MS);
}

function reasonNotToShow(device) {
  if (device.privacy_mode) return owns(device) ? "livePrivate" : "livePrivateOfOwner";
  if (device.online) return null;
  if (plays(device)) return "liveOfPage";
  return device.last_seen ? "liveAsleep" : "liveNeverSeen";
}
