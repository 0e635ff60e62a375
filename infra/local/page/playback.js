/** Plays a day back. What was not recorded is left out, so a film's time is not the day's. */
import { askAsPerson } from "./api.js";
import { make } from "./elements.js";
import { Unwatchable } from "./player.js";

const LONGEST_MS = 86_400_000;
const HLS = "application/vnd.apple.mpegurl";

/** Runs without a gap: when each began (ms), where in the film, and how long (s). */
export function runsOf(playlist) {
  const runs = [];
  let [began, film] = [null, 0];
  for (const line of playlist.split("\n")) {
    const [, tag, value] = /^#(EXT-X-PROGRAM-DATE-TIME|EXTINF):([^,]*)/.exec(line) ?? [];
    if (tag === "EXT-X-PROGRAM-DATE-TIME") began = Date.parse(value);
    if (tag !== "EXTINF") continue;
    if (began !== null) runs.push({ began, film, seconds: 0 });
    runs.at(-1).seconds += Number(value);
    [began, film] = [null, film + Number(value)];
  }
  return runs;
}

/** Where in the film this moment is, or the next that was recorded; null after the last. */
export function filmAt(runs, at) {
  const run = runs.find(({ began, seconds }) => at < began + seconds * 1000);
  return run ? run.film + Math.max(0, at - run.began) / 1000 : null;
}

export function momentAt(runs, film) {
  const run = runs.findLast((each) => each.film <= film) ?? runs[0];
  return run && run.began + Math.min(run.seconds, film - run.film) * 1000;
}

export class Playback {
  constructor(device, { at, failed }) {
    this.device = device;
    this.runs = [];
    // Pieces lie elsewhere than the page: see live.js.
    this.video = make("video", { playsinline: true, controls: true, crossorigin: "anonymous", label: "recordings" });
    this.video.muted = true;
    // A film that stands still must not take the moment back from whoever moves it.
    const isPlaying = () => this.runs.length && !this.video.paused && !this.video.seeking;
    this.video.addEventListener("timeupdate", () => isPlaying() && at(momentAt(this.runs, this.video.currentTime)));
    this.video.addEventListener("error", () => this.video.hasAttribute("src") && this.broke(failed));
  }

  /** Its address may have ended: what is asked for next is asked for anew. */
  broke(failed) {
    this.runs = [];
    failed();
  }

  /** From there on, or from what was recorded next; whether there is anything. */
  async play(channel, at, [begin, end]) {
    if (channel !== this.channel || filmAt(this.runs, at) === null || at < this.begin) await this.open(channel, at, begin, end);
    const film = filmAt(this.runs, at);
    if (film === null) return false;
    this.video.currentTime = film;
    await this.video.play().catch(ignoreInterrupted);
    return true;
  }

  async open(channel, at, begin, end) {
    if (!this.video.canPlayType(HLS)) throw new Unwatchable("liveUnplayable");
    // A day of 25 hours is longer than a playlist.
    const to = at < begin + LONGEST_MS ? Math.min(end, begin + LONGEST_MS) : end;
    const from = Math.max(begin, to - LONGEST_MS);
    const { playlist_url, begins } = await this.addressOf(channel, at, from, to);
    // By its path: see live.js.
    const { pathname, search } = new URL(playlist_url);
    const reply = await fetch(pathname + search);
    if (!reply.ok) throw new Unwatchable("nothingThere");
    Object.assign(this, { channel, begin: begins, runs: runsOf(await reply.text()) });
    const known = new Promise((done) => this.video.addEventListener("loadedmetadata", done, { once: true }));
    const broken = new Promise((_, fail) => this.video.addEventListener("error", () => fail(new Unwatchable("liveUnplayable")), { once: true }));
    const rate = this.video.playbackRate;
    this.video.src = pathname + search;
    await Promise.race([known, broken]);
    this.video.playbackRate = rate;
  }

  /** Where another kind of video begins, or the list is full, it goes from there or up to there. */
  async addressOf(channel, at, from, to) {
    const body = { channel, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    try {
      const { playlist_url } = await askAsPerson("POST", `/devices/${this.device.device_id}/recordings/playlists`, body);
      return { playlist_url, begins: from };
    } catch (refusal) {
      const border = Date.parse(refusal.at);
      if (!(border > from && border < to)) throw refusal;
      return border <= at ? this.addressOf(channel, at, border, to) : this.addressOf(channel, at, from, border);
    }
  }

  /** What is looked at next is asked for anew. */
  close() {
    this.runs = [];
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}

function ignoreInterrupted(failure) {
  if (failure.name !== "AbortError") throw failure;
}
