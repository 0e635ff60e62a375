/** A day drawn as a line: what was recorded, alarms as marks, a chosen part, and a moment that can be moved. */
import { make } from "./elements.js";
import { label, say, tell } from "./language.js";
import { timeOf } from "./zones.js";

const KEYS = { ArrowLeft: -10_000, ArrowDown: -10_000, ArrowRight: 10_000, ArrowUp: 10_000, PageDown: -600_000, PageUp: 600_000 };
const ONE_SECOND = 1000;
const LABELS = [0, 0.25, 0.5, 0.75, 1];

/** `moved(at)` while the moment is moved, `seek(at)` when it is let go of. */
export class Timeline {
  constructor(device, { seek, moved }) {
    Object.assign(this, { device, seek, moved, spans: [], alarms: [], day: [0, 1], view: [0, 1], at: null, chosen: null });
    const layer = (name) => make("div", { class: name, "aria-hidden": "true" });
    [this.film, this.part, this.marks, this.cursor, this.hover, this.hours] = ["film", "part", "marks", "cursor", "hovering", "hours"].map(layer);
    this.line = make("div", { class: "line recorded", role: "slider", tabindex: "0", label: "moment" }, this.film, this.part, this.marks, this.cursor, this.hover);
    this.zoom = make("select", { label: "zoom" }, ...[["wholeDay", 0], ["fourHours", 14_400_000], ["halfHour", 1_800_000], ["fiveMinutes", 300_000]].map(([word, ms]) => make("option", { value: ms, say: word })));
    this.zoom.addEventListener("change", () => this.look());
    this.element = make("div", { class: "place" }, this.line, this.hours);
    this.listen();
  }

  listen() {
    const on = (name, heard) => this.line.addEventListener(name, heard);
    const point = (event) => this.pointed(event);
    on("pointerdown", (event) => {
      if (event.target.closest(".mark")) return;
      this.line.setPointerCapture(event.pointerId);
      this.go(point(event));
    });
    on("pointermove", (event) => {
      this.showHover(point(event));
      if (this.line.hasPointerCapture(event.pointerId)) this.go(point(event));
    });
    on("pointerup", (event) => this.line.hasPointerCapture(event.pointerId) && this.seek(this.at));
    on("pointerleave", () => { this.hover.hidden = true; });
    on("keydown", (event) => this.pressed(event));
  }

  pressed(event) {
    const step = event.shiftKey ? ONE_SECOND * Math.sign(KEYS[event.key]) : KEYS[event.key];
    const ends = { Home: this.spans[0]?.[0], End: this.spans.at(-1)?.[1] };
    if (event.key === "Enter" || event.key === " ") this.seek(this.at);
    else if (step) this.go(this.at + step);
    else if (ends[event.key]) this.go(ends[event.key]);
    else return;
    event.preventDefault();
  }

  show({ spans, alarms, day_start, day_end }) {
    this.day = [Date.parse(day_start), Date.parse(day_end)];
    this.spans = spans.map((span) => span.map((at) => Date.parse(at)));
    this.alarms = alarms;
    if (this.at === null || this.at < this.day[0] || this.at >= this.day[1]) this.at = this.spans[0]?.[0] ?? this.day[0];
    this.look();
  }

  /** As much of the day as is looked at, around the moment. */
  look() {
    const [begin, end] = this.day;
    const width = Number(this.zoom.value) || end - begin;
    const first = Math.min(Math.max(begin, this.at - width / 2), Math.max(begin, end - width));
    this.view = [first, Math.min(end, first + width)];
    this.draw();
  }

  draw() {
    this.film.replaceChildren(...this.spans.map((span) => this.block(span)).filter(Boolean));
    this.part.replaceChildren(...(this.chosen ? [this.block(this.chosen)].filter(Boolean) : []));
    this.marks.replaceChildren(...this.alarms.map((alarm) => this.mark(alarm)).filter(Boolean));
    // The day ends at midnight, which is another's beginning.
    this.hours.replaceChildren(...LABELS.map((part) => make("span", {}, this.hourAt(this.view[0] + (this.view[1] - this.view[0]) * part))));
    this.drawCursor();
  }

  hourAt(at) {
    const isToTheSecond = this.view[1] - this.view[0] < 600_000;
    return at >= this.day[1] ? "24:00" : timeOf(this.device, at).slice(0, isToTheSecond ? 8 : 5);
  }

  block([begin, end]) {
    const [left, right] = [this.left(begin), this.left(end)].map((part) => Math.min(100, Math.max(0, part)));
    if (right <= 0 || left >= 100) return null;
    const block = make("div");
    block.style.left = `${left}%`;
    block.style.width = `max(2px, ${right - left}%)`;
    return block;
  }

  mark(alarm) {
    const at = Date.parse(alarm.at);
    if (at < this.view[0] || at > this.view[1]) return null;
    // The list of alarms says the same to whoever cannot see or point.
    const mark = make("button", { type: "button", tabindex: "-1", class: "mark unread", onclick: () => this.jump(at) });
    mark.style.left = `${this.left(at)}%`;
    mark.title = `${say(alarm.type)} ${timeOf(this.device, at)}`;
    return mark;
  }

  left(at) {
    return ((at - this.view[0]) / (this.view[1] - this.view[0])) * 100;
  }

  pointed(event) {
    const { left, width } = this.line.getBoundingClientRect();
    return this.view[0] + Math.min(1, Math.max(0, (event.clientX - left) / width)) * (this.view[1] - this.view[0]);
  }

  showHover(at) {
    this.hover.hidden = false;
    this.hover.style.left = `${this.left(at)}%`;
    this.hover.textContent = timeOf(this.device, at);
  }

  go(at) {
    this.follow(Math.min(this.day[1] - ONE_SECOND, Math.max(this.day[0], at)));
    this.moved(this.at);
  }

  jump(at) {
    this.go(at);
    this.seek(this.at);
  }

  /** Where it plays now. */
  follow(at) {
    this.at = at;
    if (at < this.view[0] || at > this.view[1]) this.look();
    else this.drawCursor();
  }

  choose(part) {
    this.chosen = part;
    this.draw();
  }

  drawCursor() {
    const [begin, end] = this.day;
    this.cursor.style.left = `${this.left(this.at)}%`;
    const values = { "aria-valuemin": 0, "aria-valuemax": Math.round((end - begin) / 1000), "aria-valuenow": Math.round((this.at - begin) / 1000), "aria-valuetext": timeOf(this.device, this.at) };
    for (const [name, value] of Object.entries(values)) this.line.setAttribute(name, value);
  }
}

/** A list of alarms to jump to, for the keyboard as well. */
export function jumps(device, alarms, jump) {
  const one = (alarm) => {
    const time = timeOf(device, Date.parse(alarm.at));
    return make("li", {}, label(make("button", { type: "button", onclick: () => jump(Date.parse(alarm.at)) }, tell(make("span"), alarm.type), ` ${time}`), "jumpTo", { type: alarm.type, time }));
  };
  return alarms.map(one);
}
