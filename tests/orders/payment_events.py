"""Orders and the events that say what became of their payments."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
from typing import Any

from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.payments import stripe_events
from tests.scene import new_camera, new_person, rows

_keys = itertools.count()


def order(home: Home, plan_id: str = "event-7-month", device_id: str | None = None) -> dict[str, Any]:
    """Always another one."""
    answer = home.owner.order(device_id or home.camera.device_id, plan_id, f"order-key-{next(_keys):016d}")
    assert answer.status == 201, answer.body
    told: dict[str, Any] = answer.json
    return told


def signature(world: LocalCloud, body: bytes, *, at: int | str | None = None, secret: str | None = None) -> str:
    """As the provider makes it, by its documentation and not by our code."""
    stamp = str(int(world.now().timestamp()) if at is None else at)
    key = secret or os.environ["PAYMENT_WEBHOOK_SECRET"]
    return f"t={stamp},v1={hmac.new(key.encode(), f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def event(ordered: dict[str, Any], outcome: str = "paid", **altered: Any) -> bytes:
    payment = {
        "order_id": ordered["order_id"],
        "outcome": outcome,
        **ordered["amount"],
        "reference": reference_of(ordered),
        **altered,
    }
    if settings.payment_provider == "stripe":
        return stripe_events.event_of(**payment)
    return json.dumps({"type": f"payment.{outcome}", "payment": payment}).encode()


def reference_of(ordered: dict[str, Any]) -> str:
    """The provider's number of the payment."""
    return f"pi_{hashlib.sha256(ordered['order_id'].encode()).hexdigest()[:12]}"


def send(world: LocalCloud, body: bytes, header: str | None, provider: str | None = None) -> Response:
    ours = settings.payment_provider
    headers = {} if header is None else {f"{ours.capitalize()}-Signature": header}
    return world.call("POST", f"/payments/{provider or ours}", raw=body, headers=headers)


def tell(home: Home, ordered: dict[str, Any], outcome: str = "paid", **altered: Any) -> Response:
    body = event(ordered, outcome, **altered)
    return send(home.world, body, signature(home.world, body))


def state(home: Home, ordered: dict[str, Any]) -> str:
    answer = home.owner.call("GET", f"/orders/{ordered['order_id']}")
    assert answer.status == 200, answer.body
    return str(answer.json["state"])


def plan(home: Home) -> dict[str, Any]:
    told: dict[str, Any] = home.owner.call("GET", f"/devices/{home.camera.device_id}/plan").json
    return told


def payments(home: Home, ordered: dict[str, Any]) -> list[tuple[str, int, str]]:
    """What the person is told of them: number, amount, state."""
    told = home.owner.call("GET", f"/orders/{ordered['order_id']}").json["payments"]
    return [(one["reference"], one["amount"]["amount"], one["state"]) for one in told]


def received(world: LocalCloud) -> list[dict[str, Any]]:
    """What the law keeps of them, however much is known of their orders."""
    return sorted(rows(world, "payments/payment", "Fiscal"), key=lambda row: str(row["payment_reference"]))


def mails_of_refund(world: LocalCloud, to: str = "ola@example.com") -> list[dict[str, Any]]:
    return [mail for mail in world.outbox(to) if "owed back" in mail.get("subject", "")]


def invoices(world: LocalCloud) -> list[dict[str, Any]]:
    return sorted(rows(world, "invoices/invoice", "Fiscal"), key=lambda row: str(row["sk"]))


def is_nothing_invoiced(world: LocalCloud) -> bool:
    """Whether there was no invoice; what somebody pays now is invoiced."""
    before = invoices(world)
    payer = new_person(world, "payer@example.com")
    camera = new_camera(world, "SN0900", owner=payer)
    body = event(payer.order(camera.device_id).json)
    assert send(world, body, signature(world, body)).json == {"changed": True}
    assert len(invoices(world)) == len(before) + 1
    return before == []


def numbers(world: LocalCloud) -> list[str]:
    return [row["sk"].partition("#")[2] for row in invoices(world)]


def mails_of_payment(world: LocalCloud, to: str = "ola@example.com") -> list[dict[str, Any]]:
    return [mail for mail in world.outbox(to) if "order is paid" in mail.get("subject", "")]
