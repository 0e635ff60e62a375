"""Steps of tests of plans that renew by themselves."""

from __future__ import annotations

from typing import Any

from chalicelib.payments.shapes import DeclineReason
from chalicelib.settings import settings
from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import tell
from tests.payments import stripe_events
from tests.payments.saved_cards import is_stripe, saving
from tests.plans.steps import DAY, ask, later, place
from tests.scene import rows

HOUR = 3_600


def subscribe(
    home: Home, plan_id: str = "event-7-month", device_id: str = "", reason: DeclineReason | None = None,
    times: int = 99, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """It is paid, renews by itself, and its card is declined so often."""
    answer = place(home, plan_id, device_id, renew=True, **more)
    assert answer.status == 201, answer.body
    assert tell(home, answer.json, **saving(reason, times)).json == {"changed": True}
    home.world.settle()
    ordered: dict[str, Any] = answer.json
    return ordered


def switch(home: Home, *, on: bool, device_id: str = "", **more: Any) -> Response:
    return ask(home, "PUT", f"/devices/{device_id or home.camera.device_id}/plan/renewal", {"on": on, **more})


def renew(home: Home) -> int:
    """The clock's job runs now; how much it changed."""
    changed: int = home.world.run_schedule("renew_plans")["changed"]
    home.world.settle()
    return changed


def until_renewal(home: Home, days: float = 29) -> None:
    later(home, days * DAY)


def orders(home: Home) -> list[dict[str, Any]]:
    """Newest first."""
    home.owner.sign_in()
    items: list[dict[str, Any]] = home.owner.call("GET", "/orders").json["items"]
    return items


def cards(home: Home) -> list[dict[str, Any]]:
    return rows(home.world, "account/saved-card")


def customers_at_the_provider(home: Home) -> int | None:
    """How many there are that were not deleted; the sandbox remembers none."""
    if not is_stripe():
        return None
    return sum(not one.get("_is_deleted") for one in stripe_events.ours().of_kind("customer"))


def has_card(home: Home) -> bool:
    """Here and there, which is the same once all is settled."""
    home.world.settle()
    is_here = any(row["provider"] == settings.payment_provider for row in cards(home))
    there = customers_at_the_provider(home)
    assert there in (None, int(is_here)), "a customer is left at the provider"
    return is_here


def subjects(home: Home, to: str = "ola@example.com") -> list[str]:
    """Of mails about the plan, the oldest first."""
    home.world.settle()
    words = ("plan of", "owed back", "order is paid", "pay back")
    return [
        one["subject"] for one in reversed(home.world.outbox(to)) if any(w in one.get("subject", "") for w in words)
    ]
