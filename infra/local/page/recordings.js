/** Looking back: a calendar, a day with what was recorded on it, and playing that from any moment. */
import { askAsPerson } from "./api.js";
import { Calendar } from "./calendar.js";
import { plays } from "./camera.js";
import { Cutting } from "./cutting.js";
import { announcer, hush, make } from "./elements.js";
import { tell } from "./language.js";
import { Playback } from "./playback.js";
import { Unwatchable } from "./player.js";
import { owns } from "./rights.js";
import { jumps, Timeline } from "./timeline.js";
import { timeOf } from "./zones.js";

const SPEEDS = [0.5, 1, 2, 4];

export class Recordings {
  constructor(place, device) {
    this.device = device;
    this.place = place;
    this.day = null;
    this.said = announcer();
    this.time = make("time", { class: "clock-face" });
    this.channel = make("select", { label: "channel", hidden: device.channels.length < 2 }, ...device.channels.map(({ id, name }) => make("option", { value: id }, name || id)));
    this.channel.addEventListener("change", () => this.turnChannel());
    this.calendar = new Calendar(device, (day) => this.turnTo(day));
    this.timeline = new Timeline(device, { seek: (at) => this.play(at), moved: (at) => this.moves(at) });
    this.playback = new Playback(device, { at: (at) => this.plays(at), failed: () => tell(this.said, "playbackOver") });
    const moment = () => Math.round(this.timeline.at);
    this.cutting = new Cutting(device, { channel: () => this.channel.value, moment, chosen: (part) => this.timeline.choose(part), deleted: () => this.lookAnew() });
    this.screen = make("div", { class: "screen", hidden: true }, this.playback.video);
    this.jumps = make("ul", { class: "jumps", label: "alarmsOfDay" });
    place.replaceChildren(this.card());
    place.hidden = true;
  }

  card() {
    this.speed = make("select", { label: "speed" }, ...SPEEDS.map((rate) => make("option", { value: rate, selected: rate === 1 }, `${rate}×`)));
    this.speed.addEventListener("change", () => { this.playback.video.playbackRate = this.playback.video.defaultPlaybackRate = Number(this.speed.value); });
    const choice = make("div", { class: "actions" }, this.time, make("span", { class: "gap" }), this.channel, this.timeline.zoom, this.speed);
    this.count = make("p", { class: "quiet", role: "status" });
    const day = make("div", { class: "place" }, this.count, this.screen, choice, this.timeline.element, this.said, this.jumps, this.cutting.element);
    this.showDay(false);
    return make("section", { class: "card", id: "recordings" }, make("h3", { say: "recordings" }), make("div", { class: "looking-back" }, this.calendar.element, day));
  }

  /** Until there is a day to look at, there is nothing to move along or to cut. */
  showDay(isAny) {
    const { element, zoom } = this.timeline;
    for (const part of [element, zoom, this.speed, this.time, this.jumps, this.cutting.element]) part.hidden = !isAny;
    if (!isAny) this.screen.hidden = true;
  }

  path() {
    return `/devices/${this.device.device_id}/recordings`;
  }

  /** Something may have been recorded, or have ended. Without a plan there is nothing to look at. */
  async catchUp() {
    try {
      this.place.hidden = owns(this.device) && (await this.plan()).state === "none";
      if (this.place.hidden) return;
      await this.calendar.load(this.channel.value);
      const newest = this.calendar.days.at(-1);
      if (this.day === null && newest) await this.turnTo(newest);
      else if (this.day !== null) await this.load();
      else tell(this.count, plays(this.device) ? "recordingsOfPage" : "noRecordingsYet");
    } catch (failure) {
      this.said.textContent = failure.message;
    }
  }

  plan() {
    return askAsPerson("GET", `/devices/${this.device.device_id}/plan`);
  }

  async turnTo(day) {
    this.day = day;
    this.playback.close();
    this.screen.hidden = true;
    this.timeline.at = null;
    this.cutting.choose(null);
    this.calendar.mark(day);
    await this.load();
  }

  async turnChannel() {
    this.day = null;
    this.playback.close();
    this.showDay(false);
    await this.catchUp();
  }

  async lookAnew() {
    this.playback.close();
    this.screen.hidden = true;
    await Promise.all([this.calendar.load(), this.load()]);
  }

  async load() {
    const asked = this.day;
    const day = await askAsPerson("GET", `${this.path()}/timeline?channel=${this.channel.value}&day=${asked}`);
    if (asked !== this.day) return;
    this.showDay(true);
    this.timeline.show(day);
    this.showTime(this.timeline.at);
    this.jumps.replaceChildren(...jumps(this.device, day.alarms, (at) => this.timeline.jump(at)));
    const seconds = this.timeline.spans.reduce((sum, [begin, end]) => sum + end - begin, 0) / 1000;
    tell(this.count, day.spans.length ? "recorded" : "noRecordings", { long: long(seconds) });
  }

  async play(at) {
    hush(this.said);
    try {
      this.screen.hidden = false;
      if (await this.playback.play(this.channel.value, at, this.timeline.day)) return;
      tell(this.said, "nothingThere");
      this.screen.hidden = this.playback.runs.length === 0;
    } catch (failure) {
      this.screen.hidden = true;
      if (failure instanceof Unwatchable) tell(this.said, failure.code);
      else this.said.textContent = failure.message;
    }
  }

  plays(at) {
    this.timeline.follow(at);
    this.showTime(at);
  }

  moves(at) {
    hush(this.said);
    this.playback.video.pause();
    this.showTime(at);
  }

  showTime(at) {
    this.time.dateTime = new Date(at).toISOString();
    this.time.textContent = timeOf(this.device, at);
  }

  leave() {
    this.playback.close();
  }
}

/** So much film, as both languages write it. */
function long(seconds) {
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
