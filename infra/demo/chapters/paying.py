"""She buys cloud storage for the camera."""

from __future__ import annotations

import secrets

from infra.demo.client import instant
from infra.demo.console import Promises
from infra.demo.life import Life, step


@step(
    "She buys a plan that renews by itself",
    once="the same order sent twice is one order",
    paid="the payment makes the order paid, with an invoice number",
    active="the plan is active",
    renews="it says when it renews by itself, which is before its end, and for how much",
    again="the payment's message coming twice changes nothing",
)
def buy(life: Life, promises: Promises) -> None:
    catalogue = life.wire.expect(200, "GET", "/plans")["items"]
    continuous = [each for each in catalogue if each["kind"] == "continuous"]
    plan = min(continuous, key=lambda each: each["price"]["amount"])
    wanted = {"plan_id": plan["plan_id"], "device_id": life.device_id, "payment_method": "card", "renew": True}
    key = {"Idempotency-Key": secrets.token_hex(16)}
    life.order = life.person.expect(201, "POST", "/orders", wanted, headers=key)
    repeated = life.person.expect(201, "POST", "/orders", wanted, headers=key)
    promises.equal("once", repeated["order_id"], life.order["order_id"])
    path = f"/orders/{life.order['order_id']}"
    paying = life.backstage.pay(life.order["order_id"], "paid")
    life.backstage.settle()
    life.order = order = life.person.expect(200, "GET", path)
    invoiced = (paying.status // 100, order["state"], bool(order.get("invoice_number")))
    promises.equal("paid", invoiced, (2, "paid", True))
    device_plan = life.person.expect(200, "GET", f"/devices/{life.device_id}/plan")
    promises.equal("active", (device_plan["state"], device_plan["plan_id"]), ("active", plan["plan_id"]))
    renews = device_plan["renews"]
    in_time = instant(renews["at"]) < instant(device_plan["until"])
    promises.equal("renews", (in_time, renews["price"]), (True, plan["price"]))
    life.backstage.pay(life.order["order_id"], "paid")
    life.backstage.settle()
    afterwards = (
        life.person.expect(200, "GET", path),
        life.person.expect(200, "GET", f"/devices/{life.device_id}/plan"),
    )
    promises.equal("again", afterwards, (order, device_plan))
    life.seen_by_her.append(life.backstage.outbox(life.cast.email))
    price = f"{plan['price']['amount'] / 100:.2f} {plan['price']['currency']}"
    life.teller.say(f"“{plan['name']}” for {price}; invoice {order['invoice_number']}, until {device_plan['until']}.")
    readable = life.her_strings_in(life.backstage.dump())
    names = sorted({f"{hit.what} (in {hit.where.partition('[')[0]})" for hit in readable})
    found, total = len({hit.what for hit in readable}), len(life.cast.needles())
    life.teller.say(
        f"While the account lives, {total - found} of {total} personal strings are not readable anywhere in the "
        "stores" + (f"; readable: {', '.join(names)}." if names else ".")
    )
