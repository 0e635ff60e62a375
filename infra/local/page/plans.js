/** Storage plans: ordering one, redeeming a gift card, and being the sandbox's payment page. */
import { ask, askAsPerson } from "./api.js";
import { megabytes } from "./cutting.js";
import { announcer, button, make } from "./elements.js";
import { doing, form } from "./forms.js";
import { language, tell } from "./language.js";
import { showOrders } from "./orders.js";
import { moment } from "./zones.js";

const OUTCOMES = [["pay", "paid"], ["refuse", "refused"], ["expire", "expired"]];

/** What looks at the plan that is held again. */
export async function showPlan(place, device) {
  const held = make("div");
  const paying = make("div", { id: "paying" });
  const offers = (await ask("GET", "/plans")).items;
  const choices = offers.map((offer) => make("option", { value: offer.plan_id }, offered(offer)));
  const submit = async (wanted) => {
    // What costs nothing does not renew by itself.
    const isFree = offers.find(({ plan_id }) => plan_id === wanted.plan_id).price.amount === 0;
    const order = await askAsPerson("POST", "/orders", { ...wanted, renew: wanted.renew && !isFree, device_id: device.device_id, payment_method: "sandbox" });
    const paid = () => Promise.all([showHeld(held, device, offers), lookAtOrders()]);
    if (order.checkout_url !== null) return checkout(paying, order, paid);
    paying.replaceChildren(tell(announcer({ class: "said badge-line" }), "orderFree"));
    return paid();
  };
  const fields = [{ name: "plan_id", say: "choosePlan", choices }, { name: "renew", say: "renewIt", type: "checkbox" }];
  const ordering = form({ fields, submit, word: "buy" });
  const look = () => showHeld(held, device, offers);
  const bought = make("div", { id: "orders" });
  const lookAtOrders = () => showOrders(bought, device, look);
  place.replaceChildren(make("section", { class: "card", id: "plan" }, make("h3", { say: "plan" }), held, ordering, paying, redeeming(device, look), bought));
  // Names of plans, prices and days are said in one language or the other.
  document.addEventListener("language", async () => {
    if (!held.isConnected) return;
    const said = new Map((await ask("GET", "/plans")).items.map((offer) => [offer.plan_id, offer]));
    for (const offer of offers) Object.assign(offer, said.get(offer.plan_id));
    for (const [at, offer] of offers.entries()) choices[at].textContent = offered(offer);
    await look();
  });
  await Promise.all([look(), lookAtOrders()]);
  return look;
}

function redeeming(device, redeemed) {
  const said = announcer({ class: "said badge-line", id: "redeemed" });
  const submit = async ({ code }) => {
    await askAsPerson("POST", "/gift-cards/redeem", { code, device_id: device.device_id });
    tell(said, "giftRedeemed");
    await redeemed();
  };
  const fields = [{ name: "code", say: "giftCard", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" }];
  return make("div", {}, form({ fields, submit, word: "redeem" }), said);
}

export const money = ({ amount, currency }) => new Intl.NumberFormat(language(), { style: "currency", currency }).format(amount / 100);

// The price first: a narrow field cuts off what is last.
const offered = ({ name, price }) => `${money(price)} · ${name}`;

async function showHeld(place, device, offers) {
  const plan = await askAsPerson("GET", `/devices/${device.device_id}/plan`);
  const nameOf = (planId) => offers.find(({ plan_id }) => plan_id === planId)?.name ?? planId;
  const name = plan.plan_id && nameOf(plan.plan_id);
  const state = make("span", { class: plan.state === "active" ? "badge good" : "badge", say: `state_${plan.state}` });
  const until = plan.until ? make("p", { class: "quiet" }, make("span", { say: "planUntil" }), ` ${moment(plan.until, device.time_zone)}`) : null;
  const used = plan.oldest ? make("p", { class: "quiet", say: ["used", { size: megabytes(plan.used_bytes), ...when(plan, device) }] }) : null;
  const waiting = plan.waiting.map((next) => make("p", { class: "quiet waiting", say: ["planWaits", { name: nameOf(next.plan_id), from: moment(next.from, device.time_zone) }] }));
  place.replaceChildren(make("p", { class: "held" }, state, name ? make("strong", {}, name) : ""), ...[until, ...waiting, renewing(plan, device, () => showHeld(place, device, offers)), used].filter(Boolean));
}

/** When the next period is paid, and the tap that ends it. */
function renewing({ renews }, device, look) {
  if (!renews) return null;
  const said = announcer({ role: "alert", class: "said wrong" });
  const end = (event) => doing(event.currentTarget, said, async () => {
    await askAsPerson("PUT", `/devices/${device.device_id}/plan/renewal`, { on: false });
    await look();
  });
  const words = make("p", { class: "quiet", say: ["planRenews", { at: moment(renews.at, device.time_zone), price: money(renews.price) }] });
  return make("div", { id: "renewal" }, words, button("endRenewal", end), said);
}

const when = ({ oldest, newest }, device) => ({ oldest: moment(oldest, device.time_zone), newest: moment(newest, device.time_zone) });

function checkout(place, order, paid) {
  const said = announcer();
  const end = (outcome) => (event) => doing(event.currentTarget, said, async () => {
    await ask("POST", `/_local/payments/${order.order_id}`, { outcome });
    const after = await askAsPerson("GET", `/orders/${order.order_id}`);
    place.replaceChildren(tell(announcer({ class: "said badge-line" }), `order_${after.state}`, { invoice: after.invoice_number }));
    await paid();
  });
  const ends = OUTCOMES.map(([word, outcome]) => button(word, end(outcome), { class: outcome === "paid" ? "primary" : "", "data-outcome": outcome }));
  place.replaceChildren(make("p", { say: ["orderOpen", { amount: money(order.amount) }] }), make("div", { class: "actions" }, ...ends), said);
}
