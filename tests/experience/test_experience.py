"""What people do in the app is kept as long as they agree, and no longer (B15)."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.experience import actions
from chalicelib.experience.records import ExperienceEvents
from chalicelib.register.export import Volume, write_volume
from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.privacy.exports import archive, records_in
from tests.scene import Person, rows
from tests.worlds.invariants import Stored

DAY = 86_400
OPENED = {"name": "opened", "at": "2026-01-05T08:00:00Z", "screen": "devices"}


def send(person: Person, *events: dict[str, Any]) -> Response:
    return person.send_events(*(events or (OPENED,)))


def agrees(person: Person) -> None:
    assert person.agree("experience").status == 200


def told(person: Person) -> list[Any]:
    return told_in(archive(person))


def told_in(copy: ZipFile) -> list[Any]:
    return [event for one in records_in(copy).get("app-events", []) for event in one["events"]]


def told_now(person: Person) -> list[Any]:
    """In a copy that is made before anybody was told of anything."""
    written, account = io.BytesIO(), ("account", person.account_id)
    with person.world.aws.outside():
        write_volume(written, [account], Volume(), before_page=lambda: None, language="en", operator="O")
    return told_in(ZipFile(written))


def test_nothing_is_taken_before_one_agrees(home: Home) -> None:
    answer = send(home.owner)
    assert (answer.status, answer.json["code"]) == (403, "ConsentMissing")
    home.owner.agree("newsletter")
    assert send(home.owner).status == 403
    agrees(home.owner)
    answer = send(home.owner)
    assert (answer.status, answer.json) == (202, {"events": 1, "until": "2026-04-05T08:00:00Z"})
    assert len(rows(home.world, "account/app-events")) == 1


def test_what_is_said_is_in_a_copy_of_ones_data(home: Home) -> None:
    agrees(home.owner)
    events = [OPENED, {"name": "searched", "at": "2026-01-05T08:00:01Z", "value": "garden.cam_1-b"}]
    assert send(home.owner, *events).status == 202
    assert told(home.owner) == events
    assert told(home.stranger) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "hovered"}, "name"),
        ({"screen": "Devices"}, "screen"),
        ({"screen": "a b"}, "screen"),
        ({"value": "x" * 65}, "value"),
        ({"value": ""}, "value"),
        ({"at": "yesterday"}, "at"),
        ({"address": "ola@example.com"}, "is not known here"),
    ],
)
def test_what_is_no_event_is_refused_whole(home: Home, wrong: dict[str, Any], said: str) -> None:
    agrees(home.owner)
    answer = send(home.owner, OPENED, OPENED | wrong)
    assert answer.status == 422 and said in str(answer.json["fields"])
    assert send(home.owner, OPENED | {"value": "x" * 64, "screen": "a-z_0.9"}).status == 202
    assert len(rows(home.world, "account/app-events")) == 1


def test_a_hundred_events_come_at_once_and_no_more(home: Home) -> None:
    agrees(home.owner)
    assert send(home.owner, *[OPENED] * 101).status == 422
    assert send(home.owner, *[OPENED] * 100).json["events"] == 100


def test_what_was_gathered_is_hidden_at_once_and_then_gone(home: Home) -> None:
    agrees(home.owner)
    assert send(home.owner).status == 202
    assert told_now(home.owner) == [OPENED]
    home.owner.agree("experience", given=False)
    assert len(Stored(dump.dump()).of("ExperienceEvents")) == 1  # nobody was told yet
    assert told_now(home.owner) == []
    home.world.settle()
    assert rows(home.world, "account/app-events") == []
    assert send(home.owner).status == 403


def test_another_consent_brings_nothing_back(home: Home) -> None:
    agrees(home.owner)
    assert send(home.owner).status == 202
    home.owner.agree("experience", given=False)
    agrees(home.owner)
    later = OPENED | {"at": "2026-01-05T08:00:30Z"}
    assert send(home.owner, later).status == 202
    assert told(home.owner) == [later]
    home.world.settle()
    assert len(rows(home.world, "account/app-events")) == 1
    assert told(home.owner) == [later]


def test_what_is_gathered_anew_while_the_former_is_deleted_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    agrees(home.owner)
    assert send(home.owner).status == 202
    home.owner.agree("experience", given=False)
    every = ExperienceEvents.all_of

    def agrees_first(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr(ExperienceEvents, "all_of", every)
        agrees(home.owner)
        assert send(home.owner).status == 202
        return every(*args, **more)

    assert len(Stored(dump.dump()).of("ExperienceEvents")) == 1  # nobody was told yet
    monkeypatch.setattr(ExperienceEvents, "all_of", agrees_first)
    with home.world.aws.outside():
        actions.delete_withdrawn(home.owner.account_id)
    assert told_now(home.owner) == [OPENED]
    assert len(rows(home.world, "account/app-events")) == 1


def test_a_consent_that_is_confirmed_keeps_what_it_gathered(home: Home) -> None:
    agrees(home.owner)
    assert send(home.owner).status == 202
    agrees(home.owner)
    home.owner.agree("newsletter")
    home.world.settle()
    assert told(home.owner) == [OPENED]


def test_very_much_goes_in_several_commits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_DELETED_TOGETHER", 2)
    agrees(home.owner)
    for _ in range(5):
        assert send(home.owner).status == 202
    assert len(rows(home.world, "account/app-events")) == 5
    home.owner.agree("experience", given=False)
    home.world.settle()
    assert rows(home.world, "account/app-events") == []


def test_it_is_kept_for_ninety_days(home: Home) -> None:
    home.world.calendar.lag = None  # whatever TTL does
    agrees(home.owner)
    assert send(home.owner).status == 202
    (row,) = rows(home.world, "account/app-events")
    end = home.world.now().timestamp() + 90 * DAY
    assert int(row["expires_at"]) == int(end)
    for seconds, kept in ((end - 1, [OPENED]), (end, [])):
        home.world.clock.move_to(seconds)
        home.owner.sign_in()
        assert told(home.owner) == kept
