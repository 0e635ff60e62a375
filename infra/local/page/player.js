/** Plays live HLS with what every browser has, so that nothing need be fetched from anywhere else. */
const MOST_BEHIND_SECONDS = 4;
const BEHIND_SECONDS = 1.2;
const LEAST_SECONDS = 0.1;
const KEPT_SECONDS = 30;

/** There is nothing more to see; `code` is a word of the table. */
export class Unwatchable extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** The pieces that a playlist names, with what must be known before each. */
export function piecesOf(playlist, address) {
  const pieces = [];
  let [number, init] = [0, null];
  for (const line of playlist.split("\n")) {
    const [, tag, value] = /^#EXT-X-(MEDIA-SEQUENCE|MAP):(.*)$/.exec(line) ?? [];
    if (tag === "MEDIA-SEQUENCE") number = Number(value);
    if (tag === "MAP") init = new URL(/URI="([^"]*)"/.exec(value)[1], address).href;
    if (line && !line.startsWith("#")) pieces.push({ number: number++, init, url: new URL(line, address).href });
  }
  return pieces;
}

export class Player {
  constructor(video, address) {
    this.video = video;
    this.address = new URL(address, location.href).href;
    this.next = 0;
    this.init = null;
    this.closing = new AbortController();
  }

  /** Plays what has come since; how many pieces. Raises Unwatchable when there is nothing more to see. */
  async look() {
    const reply = await this.ask(this.address);
    if (reply.status === 404) {
      if ((await reply.json()).code === "NoPictureYet") return 0;
      throw new Unwatchable("liveOver");
    }
    if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
    const pieces = piecesOf(await reply.text(), this.address).filter(({ number }) => number >= this.next);
    // Some telephones have no media source, and a transport stream is nothing for one: but they play HLS by themselves.
    if (!window.MediaSource || pieces.some(({ init }) => !init)) this.leaveItToTheBrowser();
    // None is left out, though only the end is played: the key frame may be in any of them.
    else for (const piece of pieces) await this.append(piece);
    this.next = (pieces.at(-1)?.number ?? this.next - 1) + 1;
    return pieces.length;
  }

  ask(url) {
    return fetch(url, { signal: this.closing.signal });
  }

  /** What is there already is not played to its end, and what is on its way is not waited for. */
  close() {
    this.closing.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }

  leaveItToTheBrowser() {
    if (this.video.src === this.address) return;
    if (!this.video.canPlayType("application/vnd.apple.mpegurl")) throw new Unwatchable("liveUnplayable");
    this.video.src = this.address;
  }

  async append({ init, url }) {
    const piece = await this.bytesOf(url);
    // It may have been taken away meanwhile.
    if (!piece || (init !== this.init && !(await this.begin(init)))) return;
    await this.put(piece);
    await this.forgetOld();
    this.keepUp();
  }

  /** A camera that begins anew may send something else than before. */
  async begin(init) {
    const first = await this.bytesOf(init);
    if (!first) return false;
    const type = typeOf(first);
    if (!MediaSource.isTypeSupported(type)) throw new Unwatchable("liveUnplayable");
    if (this.buffer) this.buffer.changeType(type);
    else this.buffer = await this.open(type);
    await this.put(first);
    this.init = init;
    return true;
  }

  async open(type) {
    const source = new MediaSource();
    const opened = new Promise((done) => source.addEventListener("sourceopen", done, { once: true }));
    this.video.src = URL.createObjectURL(source);
    await opened;
    URL.revokeObjectURL(this.video.src);
    const buffer = source.addSourceBuffer(type);
    // One piece behind the other, whatever the camera's clock says: it may have begun anew, or a piece may be missing.
    buffer.mode = "sequence";
    return buffer;
  }

  put(bytes) {
    return this.settled(() => this.buffer.appendBuffer(bytes));
  }

  settled(change) {
    return new Promise((done, failed) => {
      this.buffer.addEventListener("updateend", done, { once: true });
      this.buffer.addEventListener("error", () => failed(new Unwatchable("liveUnplayable")), { once: true });
      change();
    });
  }

  async forgetOld() {
    const { buffered } = this.buffer;
    if (buffered.length && buffered.end(0) - buffered.start(0) > 2 * KEPT_SECONDS) {
      await this.settled(() => this.buffer.remove(0, buffered.end(0) - KEPT_SECONDS));
    }
  }

  async bytesOf(url) {
    const reply = await this.ask(url);
    return reply.ok ? new Uint8Array(await reply.arrayBuffer()) : null;
  }

  /** Plays near the end of what there is; and not where nothing is, as before the first key frame. */
  keepUp() {
    const at = this.video.currentTime;
    const spans = spansOf(this.buffer.buffered);
    const [begin, end] = spans.at(-1) ?? [at, at];
    const isBehind = end - at > MOST_BEHIND_SECONDS && !this.video.paused;
    const isNowhere = !spans.some(([from, to]) => from <= at && at < to - LEAST_SECONDS) && end - at > LEAST_SECONDS;
    if (isBehind || isNowhere) this.video.currentTime = Math.max(begin, end - BEHIND_SECONDS);
  }
}

const spansOf = (ranges) => Array.from(ranges, (_, number) => [ranges.start(number), ranges.end(number)]);

/** What a browser wants to know beforehand (RFC 6381), from the box that tells a decoder how to be set. */
function typeOf(init) {
  const text = new TextDecoder("latin1").decode(init);
  const at = text.indexOf("avcC");
  const profile = [...init.slice(at + 5, at + 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const codecs = [at < 0 ? "unknown" : `avc1.${profile}`, ...(text.includes("mp4a") ? ["mp4a.40.2"] : [])];
  return `video/mp4; codecs="${codecs.join(", ")}"`;
}
