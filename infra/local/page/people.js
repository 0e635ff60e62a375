/** Registering, confirming, signing in: everything before there is a session. */
import { ask, randomHex, signedIn } from "./api.js";
import { announcer, button, make } from "./elements.js";
import { arrivedCodes, codeField, doing, form } from "./forms.js";
import { language } from "./language.js";

// Filled in so that a stranger only presses a button. In memory: the browser keeps nothing but tokens.
const made = { email: `zofia.${randomHex(3)}@example.org`, password: `owls fly at night ${randomHex(2)}`, nickname: "Zofia", country: "PL", birth_date: "1990-05-17" };

const terminal = { os: "Web", model: "Local page", unique_id: `page-${randomHex(8)}` };

/** `entered` is called when there is a session. */
export function doors(place, entered, first = "register") {
  const panel = make("div", { class: "panel" });
  const pages = { register: () => registration(place, entered), signIn: () => signInForm(entered) };
  const choices = Object.keys(pages).map((name) => button(name, () => choose(name), { "data-door": name }));
  const choose = async (name) => {
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.door === name));
    panel.replaceChildren(await pages[name]());
  };
  place.replaceChildren(make("div", { class: "card narrow" }, make("div", { class: "switch", role: "group", label: "account" }, ...choices), panel));
  return choose(first);
}

async function registration(place, entered) {
  const version = (await ask("GET", "/policy/versions")).items[0].version;
  const fields = [
    { name: "email", say: "address", type: "email", autocomplete: "email", value: made.email },
    { name: "password", say: "password", hint: "passwordHint", autocomplete: "new-password", value: made.password },
    { name: "nickname", say: "nickname", autocomplete: "nickname", value: made.nickname },
    { name: "country", say: "country", hint: "countryHint", maxlength: "2", autocomplete: "country", value: made.country },
    { name: "birth_date", say: "birthDate", hint: "birthDateHint", type: "date", autocomplete: "bday", value: made.birth_date },
  ];
  const agreed = make("p", { class: "hint" }, make("span", { say: ["agree", { version }] }), " · ", make("a", { href: "/policy/page", say: "policyAt" }));
  const submit = async (person) => {
    Object.assign(made, person);
    const asked = { ...person, country: person.country.toUpperCase(), policy_version: version, language: language() };
    const { registration_id } = await ask("POST", "/accounts", asked);
    confirmation(place, entered, registration_id, person.email);
  };
  const filled = form({ fields, submit, word: "register" });
  filled.querySelector(".actions").before(agreed);
  return make("div", {}, make("p", { class: "quiet", say: "registerSays" }), filled);
}

function confirmation(place, entered, registration_id, email) {
  const said = announcer();
  const again = button("newCode", (event) => doing(event.currentTarget, said, async () => {
    await ask("POST", "/accounts/code", { registration_id });
    said.append(make("span", { say: "codeSent" }));
  }));
  const back = button("back", () => doors(place, entered));
  const submit = async ({ code }) => {
    signedIn(await ask("POST", "/accounts/confirm", { registration_id, code, terminal }));
    await entered();
  };
  const title = make("h3", { say: ["checkMail", { email }] });
  const asked = form({ fields: [codeField], submit, word: "confirm", extra: [again, back] });
  asked.querySelector(".actions").before(arrivedCodes());
  place.replaceChildren(make("div", { class: "card narrow" }, title, make("p", { class: "quiet", say: "checkMailSays" }), asked, said));
  asked.querySelector("input").focus({ preventScroll: true });
}

function signInForm(entered) {
  const fields = [
    { name: "email", say: "address", type: "email", autocomplete: "email", value: made.email },
    { name: "password", say: "password", type: "password", autocomplete: "current-password", value: made.password },
  ];
  const submit = async ({ email, password }) => {
    signedIn(await ask("POST", "/sessions", { email, password, terminal }));
    await entered();
  };
  return form({ fields, submit, word: "signIn" });
}
