/** A part of a day: saved as a clip, or deleted. */
import { askAsPerson } from "./api.js";
import { announcer, button, make } from "./elements.js";
import { doing } from "./forms.js";
import { language, tell } from "./language.js";
import { owns } from "./rights.js";
import { timeOf } from "./zones.js";

const ASK_EVERY_MS = 1000;

export class Cutting {
  /** `moment()` is where the day is looked at, `chosen(part)` draws, `deleted()` looks anew. */
  constructor(device, { channel, moment, chosen, deleted }) {
    Object.assign(this, { device, channel, moment, chosen, deleted, part: null });
    this.said = announcer();
    this.range = make("p", { class: "quiet", role: "status", say: "noPart" });
    const act = (word, work, traits = {}) => button(word, (event) => doing(event.currentTarget, this.said, work), traits);
    this.save = act("saveClip", () => this.clip(), { hidden: true });
    this.remove = act("deletePart", () => this.erase(), { hidden: true, class: "danger" });
    this.bounds = [button("beginHere", () => this.begin()), button("endHere", () => this.end())];
    this.element = make("div", { class: "place cutting" }, make("div", { class: "actions small" }, ...this.bounds, this.save, this.remove), this.range, this.said);
  }

  begin() {
    const at = this.moment();
    this.choose([at, Math.max(at, this.part?.[1] ?? at)]);
  }

  end() {
    const at = this.moment();
    this.choose([Math.min(at, this.part?.[0] ?? at), at]);
  }

  choose(part) {
    this.part = part;
    const isAny = part !== null && part[1] > part[0];
    this.save.hidden = !isAny;
    this.remove.hidden = !isAny || !owns(this.device);
    if (part === null) tell(this.range, "noPart");
    else tell(this.range, "part", this.known());
    this.chosen(part);
  }

  known() {
    const [from, to] = this.part.map((at) => timeOf(this.device, at));
    return { from, to };
  }

  path() {
    return `/devices/${this.device.device_id}/recordings`;
  }

  asked() {
    const [from, to] = this.part.map((at) => new Date(at).toISOString());
    return { channel: this.channel(), from, to };
  }

  /** Asks until it is there, and hands it to the browser to keep. */
  async clip() {
    const { clip_id } = await askAsPerson("POST", `${this.path()}/clips`, this.asked());
    tell(this.said, "clipWorking");
    let clip;
    do {
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
      clip = await askAsPerson("GET", `${this.path()}/clips/${clip_id}`);
    } while (clip.state === "working" && this.element.isConnected);
    if (clip.state !== "ready") return tell(this.said, "clipFailed");
    make("a", { href: clip.url, download: `${clip_id}.mp4`, target: "_blank", rel: "noopener" }).click();
    return tell(this.said, "clipReady", { size: megabytes(clip.size_bytes) });
  }

  async erase() {
    if (!(await isSure("deletePartSure", this.known()))) return;
    await askAsPerson("DELETE", this.path(), this.asked());
    this.choose(null);
    await this.deleted();
    tell(this.said, "deleted");
    // The button that was pressed is gone, and the keyboard must not fall back to the top of the page.
    this.bounds[0].focus({ preventScroll: true });
  }
}

export const megabytes = (bytes) => new Intl.NumberFormat(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(bytes / 1_000_000);

/** Asks once more before something is gone for good. */
function isSure(word, known) {
  const answered = (word, sure, traits) => button(word, () => dialog.close(sure ? "sure" : ""), traits);
  const question = make("p", { id: "sure-question", say: [word, known] });
  const dialog = make("dialog", { class: "picture narrow", "aria-labelledby": "sure-question" }, question,
    make("div", { class: "actions" }, answered("back", false, { autofocus: true }), answered("remove", true, { class: "danger" })));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => { dialog.remove(); done(dialog.returnValue === "sure"); }, { once: true }));
}
