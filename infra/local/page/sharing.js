/** Sharing a camera: with whom, what they may, and what others share with the person who is signed in. */
import { allOf, askAsPerson } from "./api.js";
import { announcer, button, make } from "./elements.js";
import { doing, form } from "./forms.js";
import { tell } from "./language.js";
import { allowance, RIGHTS } from "./rights.js";
import { localInput, moment, ownZone } from "./zones.js";

/** What the owner sees of it. */
export class Sharing {
  constructor(place, device) {
    this.device = device;
    this.shown = null;
    this.said = announcer();
    this.list = make("ul", { class: "shares" });
    this.title = make("h3", { tabindex: "-1", say: "sharing" });
    this.inviting = make("details", { class: "binding" }, make("summary", { say: "invite" }), this.inviteForm(), make("p", { class: "hint", say: "inviteTry" }));
    place.replaceChildren(make("section", { class: "card", id: "sharing" }, this.title, this.list, this.said, this.inviting));
  }

  path(share_id) {
    return `/devices/${this.device.device_id}/shares${share_id ? `/${share_id}` : ""}`;
  }

  async look(isAnew = false) {
    const shares = await allOf(this.path());
    const now = JSON.stringify(shares);
    // What somebody is about to change is not taken from under his hands.
    if (!isAnew && (now === this.shown || this.list.querySelector("details[open]"))) return;
    this.shown = now;
    this.list.replaceChildren(...(shares.length ? shares.map((share) => this.entry(share)) : [make("li", { class: "empty", say: "notShared" })]));
  }

  inviteForm() {
    const to = { name: "to", say: "inviteWhom", hint: "inviteWhomHint", autocomplete: "off" };
    const submit = async (asked) => {
      await askAsPerson("POST", this.path(), { ...whom(asked.to), ...this.wanted(asked) }).catch(beside("to"));
      made.reset();
      this.inviting.open = false;
      await this.changed("invited");
    };
    const made = form({ fields: [to, ...this.fields(["live", "alarms"])], submit, word: "sendInvitation" });
    return made;
  }

  fields(rights, channels = null, until = null) {
    const { channels: known } = this.device;
    const options = RIGHTS.map((right) => ({ value: right, say: `right_${right}`, checked: rights.includes(right) }));
    const chosen = known.map(({ id, name }) => ({ value: id, text: name || id, checked: channels === null || channels.includes(id) }));
    return [
      { name: "rights", say: "mayDo", options },
      ...(known.length > 1 ? [{ name: "channels", say: "onChannels", options: chosen }] : []),
      { name: "until", say: "shareUntil", hint: "shareUntilHint", type: "datetime-local", required: false, value: until && localInput(until) },
    ];
  }

  /** All channels are those that the camera gets later as well. */
  wanted({ rights, channels, until }) {
    const isAll = channels === undefined || channels.length === this.device.channels.length;
    return { rights, channels: isAll ? null : channels, until: until ? new Date(until).toISOString() : null };
  }

  entry(share) {
    const { share_id, rights, channels, until } = share;
    const name = make("strong", {}, [share.name, share.email ?? share.phone].filter(Boolean).join(" · "));
    const state = make("span", { class: share.state === "accepted" ? "badge good" : "badge", say: `share_${share.state}` });
    const change = form({ fields: this.fields(rights, channels, until), word: "saveShare", submit: async (asked) => {
      await askAsPerson("PATCH", this.path(share_id), this.wanted(asked));
      await this.changed("shareChanged");
    } });
    const end = button(share.state === "accepted" ? "endShare" : "takeBack", (event) => doing(event.currentTarget, this.said, async () => {
      await askAsPerson("DELETE", this.path(share_id));
      await this.changed("shareEnded");
    }), { class: "danger" });
    const about = make("div", { class: "entry-head" }, name, state);
    const more = make("details", {}, make("summary", { say: "changeShare" }), change);
    return make("li", { "data-share": share_id }, about, allowance(rights, this.names(channels)), ends(share), more, make("div", { class: "actions small" }, end));
  }

  names(channels) {
    const names = new Map(this.device.channels.map(({ id, name }) => [id, name || id]));
    return (channels ?? []).map((id) => names.get(id) ?? id);
  }

  async changed(word) {
    await this.look(true);
    tell(this.said, word);
    // The button that was pressed may be gone.
    this.title.focus({ preventScroll: true });
  }
}

const whom = (to) => (to.includes("@") ? { email: to } : { phone: to });

/** The API names the field that is wrong; here both are one. */
const beside = (name) => (refusal) => {
  const wrong = refusal.fields?.email ?? refusal.fields?.phone;
  if (wrong) refusal.fields[name] = wrong;
  throw refusal;
};

function ends({ until, waits_until }) {
  const time = (at) => moment(at, ownZone());
  const words = [waits_until && ["waitsUntil", { time: time(waits_until) }], until ? ["sharedUntil", { time: time(until) }] : ["sharedForGood"]];
  return make("p", { class: "quiet" }, ...words.filter(Boolean).flatMap((say) => [make("span", { say }), " "]));
}

/** What waits to be answered; `answered(device_id)` is called with the camera that was accepted, or null. */
export function showInvitations(place, received, answered) {
  const waiting = received.filter(({ state }) => state === "waiting");
  const now = JSON.stringify(waiting);
  if (place.dataset.shown === now) return;
  place.dataset.shown = now;
  const card = make("section", { class: "card", id: "invitations" }, make("h3", { say: "invitations" }), ...waiting.map((share) => invitation(share, answered)));
  place.replaceChildren(...(waiting.length ? [card] : []));
}

function invitation(share, answered) {
  const said = announcer({ role: "alert" });
  const answer = (word, how, traits) => button(word, (event) => doing(event.currentTarget, said, async () => {
    const accepted = await askAsPerson("POST", `/shares/${share.share_id}/${how}`, {});
    await answered(accepted?.device_id ?? null);
  }), traits);
  const actions = make("div", { class: "actions" }, answer("accept", "accept", { class: "primary" }), answer("decline", "decline"));
  const what = make("p", { say: ["offers", { owner: share.owner, name: share.name }] });
  return make("div", { class: "invitation", "data-share": share.share_id }, what, allowance(share.rights, share.channels ?? []), ends(share), actions, said);
}

/** What a guest may do with a camera, and how to do so no more. */
export function showReceived(place, share, { leaving, left }) {
  const said = announcer({ role: "alert" });
  const leave = button("leaveShare", (event) => doing(event.currentTarget, said, async () => {
    await leaving();
    await askAsPerson("DELETE", `/shares/${share.share_id}`);
    await left();
  }), { class: "danger" });
  const title = make("h3", { say: ["sharedBy", { owner: share.owner }] });
  const says = make("p", { class: "quiet", say: "sharedSays" });
  place.replaceChildren(make("section", { class: "card", id: "received" }, title, says, allowance(share.rights, share.channels ?? []), ends(share), leave, said));
}
