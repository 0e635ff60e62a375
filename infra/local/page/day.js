/** A camera's alarms as one day at a glance: marks along its hours, and a picture for each. */
import { allOf, askAsPerson, worldNow } from "./api.js";
import { announcer, button, make } from "./elements.js";
import { doing } from "./forms.js";
import { tell } from "./language.js";
import { openPicture } from "./picture.js";
import { owns } from "./rights.js";
import { dayOf, otherDay, secondsIntoDay, timeOf } from "./zones.js";

const DAY_SECONDS = 86_400;
const AT_ONCE = 4;

export class Day {
  constructor(place, device) {
    this.device = device;
    this.date = dayOf(device, worldNow());
    this.alarms = [];
    // Until somebody turns to another day, the one with the newest alarm is shown.
    this.follows = true;
    this.changes = 0;
    // A link is asked for once: it holds as long as the picture.
    this.links = new Map();
    this.line = make("div", { class: "line", "aria-hidden": "true" });
    this.count = make("p", { class: "quiet", role: "status" });
    this.said = announcer();
    this.list = make("ul", { class: "shots" });
    place.replaceChildren(make("section", { class: "card", id: "day" }, this.head(), this.count, this.line, hours(), this.said, this.list));
  }

  head() {
    this.input = make("input", { type: "date", value: this.date, label: "day" });
    this.input.addEventListener("change", () => this.input.value && this.go(this.input.value));
    const step = (sign, word, by) => make("button", { type: "button", label: word, onclick: () => this.go(otherDay(this.date, by)) }, sign);
    const today = button("today", () => this.go(dayOf(this.device, worldNow())));
    const choice = make("div", { class: "actions" }, step("‹", "previousDay", -1), this.input, step("›", "nextDay", 1), today);
    return make("div", { class: "day-head" }, make("h3", { say: "dayAtGlance" }), choice);
  }

  async go(date) {
    this.follows = date === dayOf(this.device, worldNow());
    await this.turnTo(date);
  }

  async turnTo(date) {
    this.date = this.input.value = date;
    await this.load();
  }

  /** Something may have happened: shows the day of it, or the one that is looked at. */
  async catchUp() {
    if (!this.follows) return this.load();
    try {
      return await this.turnTo(await this.newestDay());
    } catch (failure) {
      this.said.textContent = failure.message;
    }
  }

  async newestDay() {
    const { items } = await askAsPerson("GET", `/devices/${this.device.device_id}/alarms?limit=1`);
    const newest = items.map(({ at }) => Date.parse(at)).find((at) => at > worldNow() - DAY_SECONDS * 1000);
    return dayOf(this.device, newest ?? worldNow());
  }

  async load() {
    const [asked, before] = [this.date, this.changes];
    try {
      const alarms = await allOf(`/devices/${this.device.device_id}/alarms?day=${asked}&limit=100`);
      // An answer from before a change would bring back what is deleted; each change looks anew.
      if (asked === this.date && before === this.changes) this.show(alarms);
    } catch (failure) {
      this.said.textContent = failure.message;
    }
  }

  show(alarms) {
    this.alarms = alarms;
    const unread = alarms.filter(({ read }) => !read).length;
    tell(this.count, alarms.length ? "alarmCount" : "noAlarms", { n: alarms.length, unread });
    this.line.replaceChildren(...alarms.map((alarm) => this.mark(alarm)));
    const standing = new Map([...this.list.children].map((shot) => [shot.dataset.alarm, shot]));
    this.list.replaceChildren(...alarms.map((alarm) => this.updated(standing.get(alarm.alarm_id), alarm)));
    return this.fetchLinks();
  }

  mark(alarm) {
    // The list says the same to whoever cannot see or point.
    const mark = make("button", { type: "button", tabindex: "-1", class: alarm.read ? "mark" : "mark unread", onclick: () => this.open(alarm) });
    mark.style.left = `${(secondsIntoDay(this.device, Date.parse(alarm.at)) / DAY_SECONDS) * 100}%`;
    mark.title = timeOf(this.device, Date.parse(alarm.at));
    return mark;
  }

  /** The entry that is there already is kept, and with it the focus and the picture. */
  updated(standing, alarm) {
    const shot = standing ?? this.shot(alarm);
    shot.classList.toggle("unread", !alarm.read);
    shot.querySelector("[data-do=read]").hidden = alarm.read;
    tell(shot.querySelector(".state"), alarm.read ? "read" : "unread");
    return shot;
  }

  shot(alarm) {
    const time = timeOf(this.device, Date.parse(alarm.at));
    const image = make("img", { alt: "", width: "640", height: "360" });
    const open = make("button", { type: "button", class: "frame", label: ["picture", { type: alarm.type, time }], onclick: () => this.open(alarm) }, image);
    const about = make("div", { class: "about" }, make("span", { class: "type", say: alarm.type }), make("time", { datetime: alarm.at }, time), make("span", { class: "state" }));
    const act = (word, name, work) => button(word, (event) => doing(event.currentTarget, this.said, work), { "data-do": name });
    const acts = make("div", { class: "actions small" }, act("markRead", "read", () => this.markRead(alarm)), owns(this.device) ? act("remove", "delete", () => this.remove(alarm)) : null);
    return make("li", { "data-alarm": alarm.alarm_id }, open, make("div", { class: "under" }, about, acts));
  }

  /** A few at once: a day may hold many, and the newest come first. */
  async fetchLinks() {
    const wanted = this.alarms.filter(({ alarm_id }) => !this.links.has(alarm_id));
    const next = async () => {
      for (let alarm = wanted.shift(); alarm; alarm = wanted.shift()) await this.fetchLink(alarm);
    };
    await Promise.allSettled(Array.from({ length: AT_ONCE }, next));
  }

  async fetchLink({ alarm_id }) {
    const { picture_url } = await askAsPerson("GET", this.path(alarm_id));
    this.links.set(alarm_id, picture_url);
    const shot = [...this.list.children].find((each) => each.dataset.alarm === alarm_id);
    if (shot && picture_url) shot.querySelector("img").src = picture_url;
    if (shot && !picture_url) shot.querySelector("img").replaceWith(make("span", { class: "quiet", say: "noPicture" }));
  }

  path(alarm_id) {
    return `/devices/${this.device.device_id}/alarms/${alarm_id}`;
  }

  open(alarm) {
    const neighbour = (by) => this.alarms[this.alarms.findIndex(({ alarm_id }) => alarm_id === alarm.alarm_id) + by];
    openPicture({
      device: this.device,
      alarm: this.alarms.find(({ alarm_id }) => alarm_id === alarm.alarm_id) ?? alarm,
      url: this.links.get(alarm.alarm_id),
      earlier: neighbour(1) && (() => this.open(neighbour(1))),
      later: neighbour(-1) && (() => this.open(neighbour(-1))),
      markRead: () => this.markRead(alarm),
      remove: owns(this.device) ? () => this.remove(alarm) : null,
    });
  }

  async change(...asked) {
    await askAsPerson(...asked);
    this.changes += 1;
    // Whatever was being looked up meanwhile is out of date, so it is looked up again.
    setTimeout(() => this.load());
  }

  async markRead({ alarm_id }) {
    await this.change("POST", `${this.path(alarm_id)}/read`, {});
    this.show(this.alarms.map((each) => (each.alarm_id === alarm_id ? { ...each, read: true } : each)));
    this.focusOn(alarm_id);
    tell(this.said, "markedRead");
  }

  async remove({ alarm_id }) {
    const at = this.alarms.findIndex((each) => each.alarm_id === alarm_id);
    await this.change("DELETE", this.path(alarm_id));
    this.show(this.alarms.filter((each) => each.alarm_id !== alarm_id));
    this.focusOn((this.alarms[at] ?? this.alarms[at - 1])?.alarm_id);
    tell(this.said, "deleted");
  }

  /** The button that was pressed is gone, and the keyboard must not fall back to the top of the page. */
  focusOn(alarm_id) {
    const shot = [...this.list.children].find((each) => each.dataset.alarm === alarm_id);
    if (!document.querySelector("dialog[open]")) (shot?.querySelector(".frame") ?? this.input).focus({ preventScroll: true });
  }
}

function hours() {
  const marks = [0, 6, 12, 18, 24].map((hour) => make("span", {}, `${String(hour).padStart(2, "0")}:00`));
  return make("div", { class: "hours", "aria-hidden": "true" }, ...marks);
}
