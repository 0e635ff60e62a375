"""Of an incident just those hear whom it concerns, each once, and it rings for what the law asks for until that is
done."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import Person, new_camera, new_person, rows

TITLE = "Pictures were shown to others"
HOUR_S = 3_600


def declare(world: LocalCloud, **who: Any) -> Any:
    order = {"title": TITLE, "what": "On Sunday others saw your pictures.", "advice": "Look into your alarms."}
    declared = world.invoke("declare_incident", {**order, "who": who})
    world.settle()
    return declared


def mails(world: LocalCloud, person: Person) -> int:
    return sum(one.get("subject") == TITLE for one in world.outbox(person.email))


def rings(world: LocalCloud, after_hours: float) -> str | None:
    world.clock.move_to(world.now().timestamp() + after_hours * HOUR_S)
    try:
        world.run_schedule("check_incident_deadlines")
    except Exception as fault:
        return repr(fault)
    return None


def test_owners_of_devices_and_accounts_are_told_once_each_and_nobody_else(home: Home) -> None:
    bystander = new_person(home.world, "bystander@example.com")
    gone = new_camera(home.world, "SN0900", owner=home.owner)
    assert home.owner.call("DELETE", f"/devices/{gone.device_id}").status == 202
    who = {"devices": [home.camera.device_id, gone.device_id], "accounts": [home.stranger.account_id]}
    declared = [declare(home.world, **who) for _ in range(2)]
    assert declared[0] == declared[1] and declared[0]["accounts"] == 2
    assert [mails(home.world, one) for one in (home.owner, home.stranger, bystander)] == [1, 1, 0]
    (notice,) = home.owner.call("GET", "/notices").json["items"]
    assert (notice["kind"], notice["notice_id"]) == ("incident", declared[0]["incident_id"])
    assert notice["text"].endswith("Look into your alarms.")
    pushed = [one["data"].get("data", {}) for one in home.world.outbox("platform-token-of-the-owner")]
    assert [one["notice"] for one in pushed if "notice" in one] == ["incident"]
    assert bystander.call("GET", "/notices").json["items"] == []


def test_each_step_rings_before_its_deadline_until_it_is_recorded(home: Home) -> None:
    declared = declare(home.world, accounts=[home.owner.account_id])
    steps = ["early_warning", "notification", "final_report"]
    assert list(declared["deadlines"]) == steps
    waited = 0.0
    for step, hours in zip(steps, (20, 68, 30 * 24 - 4), strict=True):
        assert rings(home.world, hours - waited - 0.5) is None
        assert step in str(rings(home.world, 0.5))
        waited = hours
        order = {"incident_id": declared["incident_id"], "step": step}
        left = home.world.invoke("record_incident_step", order)["incident"]["deadlines"]
        assert step not in left and home.world.invoke("record_incident_step", order)["incident"]["deadlines"] == left
        assert rings(home.world, 0) is None
    assert rings(home.world, 24 * 365) is None


@pytest.mark.parametrize("who", [{}, {"devices": []}, {"accounts": [""]}, {"everybody": True}])
def test_an_incident_that_concerns_nobody_is_refused(home: Home, who: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"\w"):
        declare(home.world, **who)
    declare(home.world, accounts=["nobody"])
    assert len(rows(home.world, "incidents/incident")) == 1


def test_a_step_of_no_incident_is_answered_by_none(home: Home) -> None:
    order = {"incident_id": "none", "step": "notification"}
    assert home.world.invoke("record_incident_step", order) == {"incident": None}
