"""A legal hold copies: originals go as ever, and the copy goes by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.errors import Invalid, NotFound
from chalicelib.privacy.actions import hold_copies
from chalicelib.privacy.records import HELD, HeldRecord
from chalicelib.register import erasures
from chalicelib.store.ciphers import DataKey
from chalicelib.store.records import read
from infra.strict_moto.faults import DIES_AFTER, Crash
from tests.conftest import Home
from tests.operators import ordered, proposing, session
from tests.privacy.exports import archive, records_in
from tests.privacy.leaving import claims, closed, receipt
from tests.scene import rows, wire_time
from tests.worlds.invariants import Stored

BASIS = "II Kp 17/26"
# A terminal is kept for the pushes of alarms.
OF_ALARMS_AND_NAMES = {"alarm", "device", "endpoint"}
ALARMS, NAMES = "B11", "B7"
DAY = 86_400


def order(home: Home, *scope: str, **more: Any) -> dict[str, Any]:
    until = wire_time(home.world.now() + timedelta(days=30))
    return {
        "subject": home.owner.account_id, "scope": list(scope or (ALARMS, NAMES)), "until": until, "basis": BASIS
    } | more  # fmt: skip


def held(home: Home, *scope: str, **more: Any) -> dict[str, Any]:
    """The answer when all is copied."""
    asked = order(home, *scope, **more)
    ordered(home.world, "hold", asked)
    home.world.settle()
    return dict(ordered(home.world, "hold", asked))


def contents(hold_id: str) -> list[dict[str, Any]]:
    """What is held, as who holds it may read it."""
    (key,) = read(DataKey.key(hold_id))
    assert key is not None
    cipher = key.unlocked()
    return [one.decrypted_with(cipher).content for one in HeldRecord.list_of(hold_id).items]


def kinds(hold_id: str) -> set[str]:
    return {one["kind"] for one in contents(hold_id)}


def objects(hold_id: str) -> list[str]:
    return [one.key for one in s3.below(f"{HELD.day(clock.now())}{hold_id}/")]


def later(home: Home, seconds: float) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + seconds)


def run_the_clock(home: Home) -> None:
    home.world.run_schedule("end_holds")
    home.world.settle()


def test_what_is_in_its_scope_is_copied_and_nothing_else(home: Home) -> None:
    answer = held(home)
    assert (answer["state"], answer["objects"]) == ("complete", 1)
    assert kinds(answer["hold_id"]) == OF_ALARMS_AND_NAMES
    (device,) = (one for one in contents(answer["hold_id"]) if one["kind"] == "device")
    assert device["record"] == {"name": "Garden"} and device["subject"] == home.camera.device_id
    (alarm,) = (one for one in contents(answer["hold_id"]) if one["kind"] == "alarm")
    assert alarm["record"]["channel"] == "1"
    (copy,) = objects(answer["hold_id"])
    original = next(iter(s3.below("alarms/")))
    assert home.camera.device_id not in copy and home.owner.account_id not in copy
    assert s3.etag(copy) == original.etag
    assert answer["items"] == len(contents(answer["hold_id"]))


def test_of_one_device_nothing_of_the_account_is_copied(home: Home) -> None:
    answer = held(home, "B1a", ALARMS, NAMES, subject=home.camera.device_id)
    assert kinds(answer["hold_id"]) == {"alarm", "device"}
    of_all = held(home, "B1a", ALARMS, NAMES)
    assert "account" in kinds(of_all["hold_id"])


def test_the_copy_outlives_the_account_whose_receipt_says_so(home: Home) -> None:
    answer = held(home)
    erasure_id = closed(home)["erasure_id"]
    home.world.settle()
    later(home, 120)
    home.world.run_schedule("resume_erasures")
    home.world.settle()
    said = claims(home.world, receipt(home.world, erasure_id))
    assert said["copies_held_by_law"] == [{"basis": BASIS, "rows": [ALARMS, NAMES], "until": answer["until"]}]
    assert list(s3.below("alarms/")) == []
    assert kinds(answer["hold_id"]) == OF_ALARMS_AND_NAMES and len(objects(answer["hold_id"])) == 1


def test_a_receipt_of_who_is_not_held_says_that_nothing_is(home: Home) -> None:
    held(home)
    home.stranger.step_up()
    erasure_id = home.stranger.close().json["erasure_id"]
    home.world.settle()
    later(home, 120)
    home.world.run_schedule("resume_erasures")
    home.world.settle()
    assert claims(home.world, receipt(home.world, erasure_id))["copies_held_by_law"] == []


def test_a_copy_of_ones_data_says_what_is_held_on_what_basis_and_until_when(home: Home) -> None:
    answer = held(home)
    records = records_in(archive(home.owner))["held"]
    assert len(records) == 2  # of the account, and of the device
    for one in records:
        assert (one["basis"], one["until"], one["scope"]) == (BASIS, answer["until"], [ALARMS, NAMES])
    # The copy is not in it, nor is the key.
    assert "held-record" not in records_in(archive(home.owner))


def told(home: Home) -> list[str]:
    return [one["text"] for one in home.world.outbox(home.owner.email) if "held by law" in one["subject"]]


def acts(home: Home) -> list[str]:
    return [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]


def test_whom_it_concerns_is_told(home: Home) -> None:
    assert told(home) == [] and "copy_held" not in acts(home)
    held(home)
    run_the_clock(home)
    (letter,) = told(home)
    assert BASIS in letter and "2026-02-04" in letter
    assert acts(home).count("copy_held") == 1


def test_where_the_law_forbids_it_nobody_is_told_before_it_may_be(home: Home) -> None:
    from_then = home.world.now() + timedelta(days=10)
    held(home, told_from=wire_time(from_then))
    run_the_clock(home)
    assert told(home) == [] and "copy_held" not in acts(home)
    assert "held" not in records_in(archive(home.owner))
    home.world.clock.move_to(from_then.timestamp())
    home.owner.refresh()
    run_the_clock(home)
    assert len(told(home)) == 1 and "copy_held" in acts(home)
    assert len(records_in(archive(home.owner))["held"]) == 2


def test_it_ends_by_the_clock_with_all_of_it(home: Home) -> None:
    hold_id = held(home)["hold_id"]
    assert rows(home.world, "hold/held-record") and rows(home.world, "holds/hold-due") and objects(hold_id)
    run_the_clock(home)
    later(home, 30 * DAY)
    assert read(DataKey.key(hold_id)) == (None,), "nobody reads it from then on, whatever the job does"
    run_the_clock(home)
    later(home, 120)
    home.world.run_schedule("resume_erasures")
    home.world.settle()
    for kind in ("hold/hold", "hold/held-record", "holds/hold-due"):
        assert rows(home.world, kind) == []
    assert objects(hold_id) == []
    assert [one["ordered_by"] for one in Stored(home.world.dump()).of("Erasure").values()] == [erasures.HOLD_OVER]


def test_it_goes_on_where_it_was_when_time_runs_out(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2, 6):
        home.camera.see(number)
    monkeypatch.setattr(hold_copies, "_ITEMS_OF_A_PAGE", 2)
    ordered(home.world, "hold", order(home))
    ticks = iter(range(10_000))
    monkeypatch.setattr(hold_copies, "BUDGET_S", 2)
    monkeypatch.setattr(hold_copies.clock, "ticks_s", lambda: float(next(ticks)))
    home.world.settle()
    assert next(ticks) > 6, "it has paused, and gone on"
    answer = ordered(home.world, "hold", order(home))
    assert (answer["state"], answer["objects"], answer["items"]) == ("complete", 5, 7)
    assert len(objects(answer["hold_id"])) == 5 and len(contents(answer["hold_id"])) == 7


@pytest.mark.parametrize("nth", [2, 5, 8])
def test_a_copy_that_dies_is_made_again_and_is_one(home: Home, nth: int) -> None:
    proposed = order(home)
    ordered(home.world, "hold", proposed)
    home.world.faults.fail(nth + 2, DIES_AFTER)
    home.world.settle()
    assert [type(one.fault) for one in home.world.failures] == [Crash]
    home.world.failures.clear()
    home.world.faults.clear()
    home.world.advance(3600)
    answer = ordered(home.world, "hold", proposed)
    assert (answer["state"], len(contents(answer["hold_id"])), len(objects(answer["hold_id"]))) == ("complete", 3, 1)


def test_who_has_left_before_it_was_copied_is_copied_no_more(home: Home) -> None:
    proposed = order(home)
    home.owner.step_up()
    ordered(home.world, "hold", proposed)
    assert home.owner.close().status == 202
    home.world.settle()
    answer = ordered(home.world, "hold", proposed)
    assert (answer["state"], answer["items"]) == ("interrupted", 0)
    assert objects(answer["hold_id"]) == []


def test_what_is_over_is_not_copied_however_late_it_goes(home: Home) -> None:
    home.world.calendar.lag = None
    later(home, 7 * DAY)
    home.owner.refresh()
    home.camera.see(2)
    answer = held(home)
    assert len([one for one in contents(answer["hold_id"]) if one["kind"] == "alarm"]) == 1
    assert answer["objects"] == 1


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"subject": "a" * 26}, NotFound),
        ({"subject": "nobody"}, Invalid),
        ({"scope": ["B99"]}, Invalid),
        ({"scope": []}, Invalid),
        ({"until": "2026-01-05T08:00:00Z"}, Invalid),
        ({"basis": "anna@example.com said so"}, Invalid),
    ],
)
def test_what_cannot_be_held_is_refused_when_it_is_proposed(
    home: Home, wrong: dict[str, Any], refusal: type[Exception]
) -> None:
    by = session(home.world, "anna", "propose")
    with pytest.raises(refusal):
        home.world.invoke("propose_hold", proposing(by, "hold", order(home, **wrong)))
    assert home.world.invoke("show_proposals", {}) == {"items": []}
    home.world.invoke("propose_hold", proposing(by, "hold", order(home)))
    (shown,) = home.world.invoke("show_proposals", {})["items"]
    assert (shown["state"], shown["proposed_by"], shown["order"]) == ("open", "anna", order(home))
