"""What the law demands is packed and handed over; the person hears of it first, unless that is forbidden."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.aws import s3
from chalicelib.errors import Invalid
from chalicelib.privacy.actions import hold_copies
from tests.conftest import Home
from tests.operators import ordered, proposing, session
from tests.privacy.exports import archive, records_in
from tests.scene import rows, wire_time

BASIS = "II Kp 17/26"
ALARMS, NAMES = "B11", "B7"
DAY = 86_400


def order(home: Home, **more: Any) -> dict[str, Any]:
    return {"subject": home.camera.device_id, "scope": [ALARMS, NAMES], "basis": BASIS} | more


def disclosed(home: Home, **more: Any) -> dict[str, Any]:
    ordered(home.world, "disclose", order(home, **more))
    home.world.settle()
    return dict(ordered(home.world, "disclose", order(home, **more)))


def fetched(home: Home, answer: dict[str, Any]) -> ZipFile:
    got = home.world.fetch(answer["download_url"])
    assert (got.status, len(got.body)) == (200, answer["size_bytes"])
    return ZipFile(io.BytesIO(got.body))


def letters(home: Home) -> list[str]:
    return [one["text"] for one in home.world.outbox(home.owner.email) if "handed over" in one["subject"]]


def run_the_clock(home: Home) -> None:
    home.world.run_schedule("end_holds")
    home.world.settle()


def test_what_is_in_its_scope_is_packed_and_nothing_else(home: Home) -> None:
    answer = disclosed(home)
    assert (answer["state"], answer["objects"]) == ("complete", 1)
    packed = fetched(home, answer)
    assert packed.testzip() is None
    records = json.loads(packed.read("records.json"))
    assert {one["kind"] for one in records} == {"alarm", "device"}
    assert [one["record"] for one in records if one["kind"] == "device"] == [{"name": "Garden"}]
    contents = json.loads(packed.read("contents.json"))
    assert (contents["basis"], contents["scope"]) == (BASIS, [ALARMS, NAMES])
    original = b"".join(s3.chunks(next(iter(s3.below("alarms/"))).key) or ())
    (picture,) = (name for name in packed.namelist() if not name.endswith(".json"))
    assert packed.read(picture) == original


def test_nothing_is_handed_over_before_it_is_packed(home: Home) -> None:
    assert letters(home) == []
    first = ordered(home.world, "disclose", order(home))
    assert (first["state"], first["download_url"]) == ("copying", None)
    (letter,) = letters(home)
    assert BASIS in letter
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert acts.count("data_disclosed") == 1
    (held,) = records_in(archive(home.owner))["held"]
    assert held["basis"] == BASIS


def test_where_the_law_forbids_it_the_person_hears_of_it_when_the_copy_is_long_gone(home: Home) -> None:
    from_then = home.world.now() + timedelta(days=90)
    disclosed(home, told_from=wire_time(from_then))
    assert letters(home) == []
    home.world.clock.move_to(from_then.timestamp() - 60)
    run_the_clock(home)
    assert letters(home) == []
    home.world.clock.move_to(from_then.timestamp())
    run_the_clock(home)
    assert len(letters(home)) == 1 and "2026-01-12" in letters(home)[0]


def test_it_is_gone_after_a_week(home: Home) -> None:
    answer = disclosed(home)
    assert rows(home.world, "hold/hold") and list(s3.below("held/"))
    link = answer["download_url"]
    home.world.clock.move_to(home.world.now().timestamp() + 7 * DAY)
    again = ordered(home.world, "disclose", order(home))
    assert (again["state"], again["download_url"]) == ("over", None)
    assert home.world.fetch(link).status == 403
    run_the_clock(home)
    assert list(s3.below("held/")) == [] and rows(home.world, "hold/hold") == []


def test_of_who_leaves_meanwhile_what_was_copied_is_packed(home: Home) -> None:
    home.owner.step_up()
    ordered(home.world, "disclose", order(home))
    assert home.owner.close().status == 202
    home.world.settle()
    answer = ordered(home.world, "disclose", order(home))
    assert answer["state"] == "interrupted"
    assert json.loads(fetched(home, answer).read("contents.json"))["state"] == "interrupted"


def test_what_is_packed_twice_is_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first = disclosed(home)
    hold_copies.copy(first["hold_id"])
    again = ordered(home.world, "disclose", order(home))
    assert again["sha256"] == first["sha256"]
    assert home.world.dump()["uploads"] == []


@pytest.mark.parametrize("wrong", [{"scope": [f"B{number}" for number in range(2, 11)]}, {"scope": []}, {"until": "x"}])
def test_its_scope_is_narrow(home: Home, wrong: dict[str, Any]) -> None:
    by = session(home.world, "anna", "propose")
    with pytest.raises(Invalid):
        home.world.invoke("propose_disclose", proposing(by, "disclose", order(home, **wrong)))
    assert home.world.invoke("propose_disclose", proposing(by, "disclose", order(home)))["state"] == "open"
