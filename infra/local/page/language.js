/** The language the page speaks, and how its elements follow it. */
import { WORDS } from "./words.js";

let spoken = sessionStorage.getItem("language") || (navigator.language.startsWith("pl") ? "pl" : "en");

export const language = () => spoken;

/** A text of the table; `{name}` in it stands for something known, `{@name}` for another word of the table. */
export function say(key, known = {}) {
  // A missing word shows its key: ugly enough to be noticed, and nothing breaks.
  const filled = (_, isWord, name) => (isWord ? say(known[name]) : known[name] ?? "");
  return (WORDS[spoken][key] ?? key).replace(/\{(@?)(\w+)\}/g, filled);
}

/** Gives an element a text of the table, now and after each change of the language. */
export function tell(element, key, known = {}) {
  element.dataset.say = key;
  element.dataset.sayWith = JSON.stringify(known);
  element.textContent = say(key, known);
  return element;
}

export function label(element, key, known = {}) {
  element.dataset.sayLabel = key;
  element.dataset.sayWith = JSON.stringify(known);
  element.setAttribute("aria-label", say(key, known));
  return element;
}

export function speak(chosen) {
  spoken = chosen;
  sessionStorage.setItem("language", chosen);
  translate();
  document.dispatchEvent(new Event("language"));
}

export function translate() {
  document.documentElement.lang = spoken;
  for (const element of document.querySelectorAll("[data-say]")) tell(element, element.dataset.say, known(element));
  for (const element of document.querySelectorAll("[data-say-label]")) label(element, element.dataset.sayLabel, known(element));
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === spoken));
  }
}

const known = (element) => JSON.parse(element.dataset.sayWith || "{}");
