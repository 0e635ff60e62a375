"""A plan for the scene's camera, paid for."""

from __future__ import annotations

from tests.conftest import Home
from tests.scene import pay

CONTINUOUS, EVENT = "continuous-7-month", "event-7-month"
LONG = "event-30-month"


def subscribe(home: Home, plan_id: str = CONTINUOUS, device_id: str = "") -> None:
    """Order it and pay; it runs from now on, or behind what runs."""
    key = f"order-of-{plan_id}-{home.world.now():%d%H%M%S%f}"
    answer = home.owner.order(device_id or home.camera.device_id, plan_id, key=key)
    assert answer.status == 201, answer.body
    assert pay(home.world, answer.json["order_id"]).status == 200
    home.world.settle()
