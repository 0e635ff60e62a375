"""Steps of tests of gift cards: issuing some, and redeeming one."""

from __future__ import annotations

import itertools
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person

PLAN = "event-7-month"
LAST_DAY = "2027-12-31"
# Well typed, and never issued.
UNKNOWN = "3333-3333-3333-3333-3333"
_keys = itertools.count()


def issue(world: LocalCloud, count: int = 1, plan_id: str = PLAN, until: str = LAST_DAY, **more: Any) -> Any:
    """What the operator is answered."""
    return world.invoke("issue_gift_cards", {"plan_id": plan_id, "count": count, "until": until, **more})


def new_code(world: LocalCloud, plan_id: str = PLAN, until: str = LAST_DAY) -> str:
    (code,) = issue(world, plan_id=plan_id, until=until)["codes"]
    return str(code)


def redeem(home: Home, code: str, *, by: Person | None = None, device_id: str = "", key: str = "") -> Response:
    """By the owner, for his camera, with a key of its own."""
    body = {"code": code, "device_id": device_id or home.camera.device_id}
    headers = {"Idempotency-Key": key or f"key-of-a-card-{next(_keys):016d}"}
    return (by or home.owner).call("POST", "/gift-cards/redeem", body, headers=headers)


def report(world: LocalCloud) -> list[dict[str, Any]]:
    """Batches, the newest first."""
    answer = world.invoke("report_gift_cards", {})
    assert answer["cursor"] is None
    return list(answer["items"])


def counts(batch: dict[str, Any]) -> dict[str, int]:
    return {name: batch[name] for name in ("issued", "redeemed", "revoked", "expired", "left")}
