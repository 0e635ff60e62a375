"""People who leave, and what should be left of them."""

from __future__ import annotations

import json
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import order, tell
from tests.scene import new_camera

QUARTER, HOUR, DAY = 15 * 60, 3600, 86_400
KEY = {"Idempotency-Key": "closing-the-account-0123456789"}


def live_a_little(home: Home) -> None:
    """Two cameras, alarms, a read mark, a plan that is paid, one that is not, a changed name."""
    second = new_camera(home.world, "SN0002")
    assert home.owner.bind(second, "Attic").status == 201
    home.world.call("PATCH", "/me", {"nickname": "Olga"}, token=home.owner.access_token)
    home.camera.see(2, kind="person")
    second.see(3)
    home.owner.call("POST", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}/read")
    assert tell(home, order(home)).json == {"changed": True}
    order(home, "event-30-year")
    home.world.settle()


def closed(home: Home, **headers: str) -> dict[str, Any]:
    home.owner.step_up()
    answer = home.owner.close(**headers)
    assert answer.status == 202, answer.body
    told: dict[str, Any] = answer.json
    return told


def erasure(world: LocalCloud, erasure_id: str) -> Response:
    return world.call("GET", f"/erasures/{erasure_id}")


def receipt(world: LocalCloud, erasure_id: str) -> str:
    answer = erasure(world, erasure_id)
    assert (answer.status, answer.json["state"]) == (200, "done"), answer.body
    return str(answer.json["receipt"])


def claims(world: LocalCloud, token: str) -> dict[str, Any]:
    """What it says, verified as anybody would: by what `GET /keys` publishes and a library."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set(world.call("GET", "/keys").json)
    return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)


def stored(world: LocalCloud, *, but: tuple[str, ...] = ()) -> str:
    """Everything, as one text to search, without these tables and their streams."""
    found = world.dump()
    for part in ("tables", "streams"):
        found[part] = {name: rows for name, rows in found[part].items() if not (but and name.endswith(but))}
    return json.dumps(found, ensure_ascii=False)


def belongings(home: Home) -> tuple[str, ...]:
    """What would betray the owner."""
    return (home.owner.account_id, *secrets(home))


def secrets(home: Home) -> tuple[str, ...]:
    return (home.owner.email, "Ola", "Olga", "Attic", "Garden", "platform-token-of-the-owner", home.camera.device_id)
