/** A month of the camera's, in which the days that have recordings can be chosen. */
import { askAsPerson, worldNow } from "./api.js";
import { make } from "./elements.js";
import { language } from "./language.js";
import { dayOf } from "./zones.js";

const A_MONDAY = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;

export class Calendar {
  constructor(device, choose) {
    this.device = device;
    this.choose = choose;
    this.day = dayOf(device, worldNow());
    this.month = this.day.slice(0, 7);
    this.days = [];
    this.title = make("strong", { "aria-live": "polite" });
    this.grid = make("ol", { class: "calendar" });
    const step = (sign, word, by) => make("button", { type: "button", label: word, onclick: () => this.turn(by) }, sign);
    const head = make("div", { class: "actions" }, step("‹", "previousMonth", -1), this.title, make("span", { class: "gap" }), step("›", "nextMonth", 1));
    this.element = make("div", { class: "month" }, head, this.grid);
    document.addEventListener("language", () => this.element.isConnected && this.draw());
  }

  async turn(by) {
    const [year, month] = this.month.split("-").map(Number);
    this.month = new Date(Date.UTC(year, month - 1 + by)).toISOString().slice(0, 7);
    await this.load();
  }

  /** The days of the month that have any. */
  async load(channel = this.channel) {
    const asked = this.month;
    this.channel = channel;
    const { days } = await askAsPerson("GET", `/devices/${this.device.device_id}/recordings/days?channel=${channel}&month=${asked}`);
    if (asked !== this.month) return;
    this.days = days;
    this.draw();
  }

  mark(day) {
    this.day = day;
    this.draw();
  }

  draw() {
    const [year, month] = this.month.split("-").map(Number);
    const format = (how) => new Intl.DateTimeFormat(language(), { ...how, timeZone: "UTC" });
    this.title.textContent = format({ month: "long", year: "numeric" }).format(Date.UTC(year, month - 1));
    const held = this.grid.contains(document.activeElement) ? document.activeElement.dataset.day : null;
    const names = Array.from({ length: 7 }, (_, at) => make("li", { class: "weekday", "aria-hidden": "true" }, format({ weekday: "narrow" }).format(A_MONDAY + at * DAY_MS)));
    const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
    const days = Array.from({ length: count }, (_, at) => this.cell(new Date(Date.UTC(year, month - 1, at + 1)), format({ dateStyle: "full" })));
    // Weeks begin on Monday.
    days[0].style.gridColumnStart = ((new Date(Date.UTC(year, month - 1)).getUTCDay() + 6) % 7) + 1;
    this.grid.replaceChildren(...names, ...days);
    this.grid.querySelector(`[data-day="${held}"]`)?.focus({ preventScroll: true });
  }

  cell(date, format) {
    const [day, number] = [date.toISOString().slice(0, 10), String(date.getUTCDate())];
    if (!this.days.includes(day)) return make("li", { class: "quiet" }, number);
    const traits = { type: "button", "data-day": day, "aria-label": format.format(date), "aria-current": day === this.day && "date" };
    return make("li", {}, make("button", { ...traits, onclick: () => this.choose(day) }, number));
  }
}
