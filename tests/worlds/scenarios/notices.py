"""What people must hear of is told, by operators and by what hangs on their orders."""

from __future__ import annotations

from typing import Any

from chalicelib.outbox.actions import reports
from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Caller
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import job, settle, settled
from tests.worlds.sweep import Scenario

NUMBER = "+48601234567"
TITLE = "We move on Sunday"


def _order(**to: Any) -> dict[str, Any]:
    return {"title": TITLE, "text": "From two to four nothing is recorded.", **to}


def _announce(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "announce", _order())


def _announced(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Announcement"))


def _tell(home: Home, state: Any, key: str) -> Response:
    return ordered(home, "announce", _order(to=[home.owner.account_id]))


def _named(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Bulletin"))


def _named_and_not_told(home: Home) -> None:
    home.world.settle()
    with home.world.aws.lock:
        home.world.invoke("announce", _order(to=[home.owner.account_id]))
        assert Stored(dump.dump()).of("Recipient")


def _told(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Notice"))


def _declare(home: Home, state: Any, key: str) -> Response:
    order = {"title": TITLE, "what": "Others saw your pictures.", "advice": "Look into your alarms."}
    return ordered(home, "declare_incident", {**order, "who": {"devices": [home.camera.device_id]}})


def _declared(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Incident"))


def _an_incident(home: Home) -> str:
    incident_id = _declare(home, None, "").json["incident_id"]
    home.world.settle()
    return str(incident_id)


def _record(home: Home, incident_id: str, key: str) -> Response:
    return ordered(home, "record_incident_step", {"incident_id": incident_id, "step": "notification"})


def _look_for_steps(home: Home, state: Any, key: str) -> None:
    job(home.world, "check_incident_deadlines")


def _recorded(home: Home, state: Any, stored: Stored) -> int:
    return sum("notified_at" in row for row in stored.of("Incident").values())


def _came_back(home: Home) -> None:
    """To somebody who has a number, too; nothing has been done about it yet."""
    home.owner.step_up()
    change_id = home.owner.change_address(phone=NUMBER)
    body = {"change_id": change_id, "code": Caller(home.world, NUMBER).newest_code()}
    assert home.owner.call("POST", "/me/address/confirm", body).status == 200
    home.world.invoke("announce", _order(to=[home.owner.account_id]))
    home.world.settle()
    (where,) = Stored(home.world.dump()).of("Delivery")
    with home.world.aws.lock:
        reports._note_delivery(where[0], where[1].partition(".")[0], "failed_at")


def _texts_written(home: Home, state: Any, stored: Stored) -> int:
    return sum(where[1].endswith(".phone") for where in stored.of("Delivery"))


SCENARIOS = (
    Scenario("announce something", "announce", settled, _announce, _announced),
    Scenario("tell an account something", "announce", settled, _tell, _named),
    Scenario(
        "an account is told something", "on_recipient_named", _named_and_not_told, settle, _told,
        is_asked=False, told=TITLE,
    ),
    Scenario("declare an incident", "declare_incident", settled, _declare, _declared),
    Scenario("record a step of an incident", "record_incident_step", _an_incident, _record, _recorded),
    Scenario("look for steps that are late", "check_incident_deadlines", _an_incident, _look_for_steps, is_asked=False),
    Scenario(
        "a notice came back", "on_delivery_reported", _came_back, settle, _texts_written, is_asked=False,
    ),
)  # fmt: skip
