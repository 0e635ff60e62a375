"""Steps of tests of plans: buying, pausing, moving, and the plan as the API says it."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import tell

DAY = 86_400
_keys = itertools.count()


def ask(home: Home, method: str, path: str, body: Any) -> Response:
    """Signed in, with a key of its own."""
    home.owner.sign_in()
    key = {"Idempotency-Key": f"key-of-a-step-{next(_keys):016d}"}
    return home.owner.call(method, path, body, headers=key)


def place(home: Home, plan_id: str, device_id: str = "", **more: Any) -> Response:
    body = {"plan_id": plan_id, "device_id": device_id or home.camera.device_id, "payment_method": "card", **more}
    return ask(home, "POST", "/orders", body)


def buy(home: Home, plan_id: str = "event-7-month", device_id: str = "", **more: Any) -> str:
    """It is paid at once; the order's id."""
    answer = place(home, plan_id, device_id, **more)
    assert answer.status == 201, answer.body
    assert tell(home, answer.json).json == {"changed": True}
    return str(answer.json["order_id"])


def give(home: Home, plan_id: str) -> None:
    """A gift to the camera, which nobody paid for here."""
    from chalicelib.plans.actions import ledgers
    from chalicelib.plans.rules import catalogue, changes
    from chalicelib.store.commit import commit
    from chalicelib.store.records import read

    now = int(home.world.now().timestamp())
    new = changes.new_grant(catalogue.offer(plan_id), f"gift:number-{next(_keys)}", now)
    with home.world.aws.outside():
        (held,) = read(ledgers.key_of(home.camera.device_id))
        commit(*ledgers.grant(held, new, now))


def preview(home: Home, plan_id: str, device_id: str = "", **more: Any) -> Response:
    body = {"plan_id": plan_id, "device_id": device_id or home.camera.device_id, **more}
    return ask(home, "POST", "/orders/preview", body)


def pause(home: Home, *, on: bool, device_id: str = "") -> Response:
    return ask(home, "PUT", f"/devices/{device_id or home.camera.device_id}/plan/pause", {"on": on})


def move(home: Home, to_device_id: str, device_id: str = "") -> Response:
    body = {"to_device_id": to_device_id}
    return ask(home, "POST", f"/devices/{device_id or home.camera.device_id}/plan/move", body)


def plan_of(home: Home, device_id: str = "") -> Any:
    home.owner.sign_in()
    answer = home.owner.call("GET", f"/devices/{device_id or home.camera.device_id}/plan")
    assert answer.status == 200, answer.body
    return answer.json


def later(home: Home, seconds: float) -> None:
    """Nothing that time makes happen has happened yet."""
    home.world.clock.move_to(home.world.now().timestamp() + seconds)


def in_seconds(home: Home, seconds: float) -> str:
    return f"{home.world.now() + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def euros(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def refused(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]
