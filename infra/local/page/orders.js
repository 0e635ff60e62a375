/** What was bought for a device: its documents, and giving it back. */
import { askAsPerson } from "./api.js";
import { announcer, button, make } from "./elements.js";
import { doing } from "./forms.js";
import { tell } from "./language.js";
import { money } from "./plans.js";

// As often as a document is asked for that is still being made.
const TRIES = 6;

/** Lists paid orders of the device, the newest first; `changed` looks at the plan again. */
export async function showOrders(place, device, changed) {
  const { items } = await askAsPerson("GET", "/orders");
  const bought = items.filter((order) => order.device_id === device.device_id && order.invoice_number);
  place.replaceChildren(...bought.map((order) => described(order, () => Promise.all([changed(), showOrders(place, device, changed)]))));
}

function described(order, changed) {
  const said = announcer();
  const asking = make("div", { class: "asking" });
  const papers = [document(order, "invoice", said)];
  if (order.credit_note_number) papers.push(document(order, "credit_note", said));
  const back = order.state === "paid" ? [button("giveBack", (event) => doing(event.currentTarget, said, () => propose(order, asking, said, changed)))] : [];
  const what = order.refunded ? ["orderGivenBack", { price: money(order.amount), amount: money(order.refunded) }] : ["orderBought", { price: money(order.amount) }];
  return make("div", { class: "order", "data-order": order.order_id }, make("p", { class: "quiet", say: what }), make("div", { class: "actions" }, ...papers, ...back), asking, said);
}

/** A link to one of its documents, once somebody wants it: it is good for five minutes. */
function document(order, kind, said) {
  const place = make("span", { "data-document": kind });
  const open = (event) => doing(event.currentTarget, said, async () => {
    const link = await made(`/orders/${order.order_id}/invoice?document=${kind}`);
    const number = kind === "invoice" ? order.invoice_number : order.credit_note_number;
    if (link === null) tell(said, "documentLate");
    else place.replaceChildren(make("a", { href: link.url, target: "_blank", rel: "noopener" }, number));
  });
  place.append(button(kind === "invoice" ? "showInvoice" : "showCreditNote", open));
  return place;
}

async function made(path) {
  for (let nth = 0; nth < TRIES; nth += 1) {
    const answer = await askAsPerson("GET", path);
    if (answer.url) return answer;
    await new Promise((done) => setTimeout(done, 1000));
  }
  return null;
}

/** How much would go back is shown first. */
async function propose(order, place, said, changed) {
  const { amount } = await askAsPerson("POST", `/orders/${order.order_id}/refund/preview`);
  const give = (event) => doing(event.currentTarget, said, async () => {
    await askAsPerson("POST", `/orders/${order.order_id}/refund`, {});
    await changed();
  });
  const ends = [button("giveBackSure", give, { class: "danger" }), button("keepPlan", () => place.replaceChildren())];
  place.replaceChildren(make("p", { say: ["wouldGoBack", { amount: money(amount) }] }), make("div", { class: "actions" }, ...ends));
}
