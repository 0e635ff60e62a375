/** Forms that say what is wrong beside the field that is wrong. */
import { announcer, hush, make } from "./elements.js";

let numbers = 0;

/** `fields` are {name, say, hint?, …attributes}; `submit` gets their values and may throw a refusal. */
export function form({ fields, submit, word, danger = false, extra = [] }) {
  const alert = announcer({ role: "alert", class: "said wrong" });
  const send = make("button", { type: "submit", class: danger ? "danger" : "primary", say: word });
  const made = make("form", { novalidate: true }, ...fields.map((each) => (each.options ? several(each) : field(each))), alert, make("div", { class: "actions" }, send, ...extra));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear(made, alert);
    await doing(send, alert, () => submit(values(made)), (refusal) => mark(made, refusal));
  });
  return made;
}

function field({ name, say, hint, type = "text", choices, ...traits }) {
  const id = `field-${++numbers}`;
  const described = `${id}-hint ${id}-wrong`;
  const input = choices
    ? make("select", { id, name, ...traits }, ...choices)
    : make("input", { id, name, type, required: type !== "checkbox", "aria-describedby": described, ...traits });
  const notes = [hint && make("span", { class: "hint", id: `${id}-hint`, say: hint }), make("span", { class: "wrong", id: `${id}-wrong` })];
  const label = make("label", { for: id, say });
  const order = type === "checkbox" ? [input, label] : [label, input];
  return make("div", { class: type === "checkbox" ? "field check" : "field" }, ...order, ...notes.filter(Boolean));
}

/** Several answers to one question: `options` are {value, say or text, checked}, and those that are chosen make a list. */
function several({ name, say, options }) {
  const id = `field-${++numbers}`;
  const choices = options.map(({ value, say: word, text, checked }, at) => {
    const input = make("input", { id: at ? `${id}-${at}` : id, name, value, type: "checkbox", checked });
    return make("div", { class: "field check" }, input, make("label", { for: input.id, say: word }, text));
  });
  return make("fieldset", { class: "field", "data-several": name }, make("legend", { say }), ...choices, make("span", { class: "wrong", id: `${id}-wrong` }));
}

function values(made) {
  const inputs = [...made.querySelectorAll("input, select")].filter((input) => !input.closest("fieldset"));
  const lists = [...made.querySelectorAll("[data-several]")].map((asked) => [asked.dataset.several, [...asked.querySelectorAll(":checked")].map(({ value }) => value)]);
  const single = inputs.map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value.trim()]);
  return Object.fromEntries([...single, ...lists]);
}

function clear(made, alert) {
  hush(alert);
  for (const input of made.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const note of made.querySelectorAll(".field .wrong")) note.textContent = "";
}

function mark(made, refusal) {
  const wrong = Object.entries(refusal.fields || {}).map(([name, why]) => [made.querySelector(`[name="${name}"]`), why]);
  for (const [input, why] of wrong.filter(([input]) => input)) {
    input.setAttribute("aria-invalid", "true");
    document.getElementById(`${input.id}-wrong`).textContent = why;
  }
  wrong.find(([input]) => input)?.[0].focus();
}

/** Runs what a button starts: not twice at once, and a failure is said. */
export async function doing(started, alert, work, refused = () => {}) {
  if (started.getAttribute("aria-disabled") === "true") return;
  started.setAttribute("aria-disabled", "true");
  hush(alert);
  try {
    await work();
  } catch (failure) {
    alert.textContent = failure.message;
    refused(failure);
  } finally {
    // Not `disabled`, which would throw away the focus.
    started.removeAttribute("aria-disabled");
    document.dispatchEvent(new Event("acted"));
  }
}

/** Where the outbox is far away, as on a phone, it shows its newest code here. */
export const arrivedCodes = () => make("div", { class: "arrived" });

export const codeField = { name: "code", say: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "6", "data-code": true };
