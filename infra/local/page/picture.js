/** One alarm's picture, large. */
import { announcer, button, make } from "./elements.js";
import { doing } from "./forms.js";
import { moment, timeOf } from "./zones.js";

let open = null;

export function openPicture({ device, alarm, url, earlier, later, markRead, remove }) {
  open?.close();
  const time = timeOf(device, Date.parse(alarm.at));
  const title = make("h3", { id: "picture-title", say: ["picture", { type: alarm.type, time }] });
  const image = url ? make("img", { src: url, alt: "", "aria-labelledby": "picture-title", width: "640", height: "360" }) : make("p", { class: "empty", say: "noPicture" });
  const said = announcer();
  const act = (work) => (event) => doing(event.currentTarget, said, async () => { await work(); dialog.close(); });
  const actions = make("div", { class: "actions" },
    alarm.read ? null : button("markRead", act(markRead), { class: "primary" }),
    remove ? button("remove", act(remove), { class: "danger" }) : null,
    make("span", { class: "gap" }),
    earlier ? button("earlier", earlier) : null,
    later ? button("later", later) : null,
    button("close", () => dialog.close()),
  );
  const kept = make("p", { class: "quiet", say: ["kept", { time: moment(alarm.until, device.time_zone) }] });
  const dialog = make("dialog", { class: "picture", "aria-labelledby": "picture-title" }, title, image, kept, actions, said);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  open = dialog;
}
