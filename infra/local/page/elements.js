/** Making elements. Text goes in as text, never as markup. */
import { label, tell } from "./language.js";

/** `say` and `label` name words of the table, `on…` are listeners, everything else is an attribute. */
export function make(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) give(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function give(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "say") tell(element, ...[value].flat());
  else if (name === "label") label(element, ...[value].flat());
  else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : value);
}

export const button = (word, onclick, traits = {}) => make("button", { type: "button", say: word, onclick, ...traits });

/** Says nothing more, in no language. */
export function hush(element) {
  delete element.dataset.say;
  element.textContent = "";
}

export const announcer = (traits = {}) => make("p", { class: "said", role: "status", ...traits });
