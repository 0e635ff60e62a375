"""The hours in which a subject had a ticket are noted, so that nobody has to look below all the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.alarms.records import PICTURES
from chalicelib.avatars.records import UPLOADS
from chalicelib.devices.records import COVER_UPLOADS
from chalicelib.live.records import PIECES
from chalicelib.register import catalogue
from chalicelib.register.prefixes import Prefix
from chalicelib.register.upload_hours import hours_among, note
from chalicelib.store.commit import commit
from chalicelib.store.records import Item
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.recordings.plans import subscribe
from tests.scene import items_of
from tests.support.conversations import send


def recording_ticket(home: Home, plan_id: str) -> Any:
    subscribe(home, plan_id)
    return home.camera.recording_ticket()


TICKETS = {
    "recordings/3": lambda home: recording_ticket(home, "event-3-month"),
    "recordings/7": lambda home: recording_ticket(home, "continuous-7-month"),
    "recordings/30": lambda home: recording_ticket(home, "event-30-month"),
    "alarms": lambda home: home.camera.ask_ticket().json,
    "live": lambda home: home.world.call("POST", "/cameras/tickets", {"kind": "live"}, token=home.camera.token).json,
    "covers-in": lambda home: home.owner.call(
        "POST", f"/devices/{home.camera.device_id}/cover", {"content_type": "image/jpeg"}
    ).json,
    "feedback-in": lambda home: send(home.owner, attachments=1)["tickets"][0],
    "avatars-in": lambda home: home.owner.call("POST", "/me/avatar", {"content_type": "image/jpeg"}).json,
}


def hours_of(prefix: Prefix, subject_id: str) -> list[str]:
    return sorted(hours_among(prefix, items_of(Item, f"{prefix.subject}#{subject_id}")))


def noted(home: Home, prefix: Prefix) -> list[str]:
    return hours_of(prefix, home.owner.account_id if prefix.subject == "account" else home.camera.device_id)


@pytest.mark.parametrize("prefix", [one for one in catalogue.PREFIXES if one.by_ticket], ids=lambda one: one.name)
def test_whoever_gets_a_ticket_has_its_hour_noted_before(home: Home, prefix: Prefix) -> None:
    home.world.advance(3 * 3600)
    home.owner.sign_in()
    before = noted(home, prefix)
    given = TICKETS[prefix.name](home)
    hour = prefix.stamp_of(given["key_prefix"])
    assert hour == prefix.stamp(clock.now()) and hour not in before
    assert noted(home, prefix) == [*before, hour]


def test_a_ticket_that_is_refused_notes_nothing(home: Home) -> None:
    home.world.advance(3 * 3600)
    home.owner.sign_in()
    before = noted(home, PICTURES)
    assert home.owner.call("PUT", f"/devices/{home.camera.device_id}/privacy-mode", {"on": True}).status == 200
    assert home.camera.ask_ticket().status == 409
    assert before and noted(home, PICTURES) == before


def test_the_tickets_of_an_hour_are_counted_in_one_row(home: Home) -> None:
    home.world.advance(3600)
    for _ in range(3):
        assert home.camera.ask_ticket().status == 200
    items = items_of(Item, f"device#{home.camera.device_id}")
    counts = [item["tickets"]["N"] for item in items if item["sk"]["S"] == "upload-hour#alarms.2026010509"]
    assert counts == ["3"]


def test_hours_of_one_prefix_are_not_those_of_another(world: LocalCloud) -> None:
    now = clock.now()
    for prefix, hours in ((PICTURES, 0), (PICTURES, 5), (PIECES, 1), (COVER_UPLOADS, 2)):
        commit(note(prefix, "d", now + timedelta(hours=hours)))
    commit(note(UPLOADS, "d", now))
    assert hours_of(PICTURES, "d") == ["2026010508", "2026010513"]
    assert hours_of(PIECES, "d") == ["2026010509"]
    assert (hours_of(COVER_UPLOADS, "d"), hours_of(UPLOADS, "d")) == (["20260105"], ["20260105"])
    assert hours_among(PICTURES, items_of(Item, "device#d")) == {"2026010508", "2026010513"}


@pytest.mark.parametrize("prefix", [PICTURES, PIECES, COVER_UPLOADS], ids=lambda one: one.name)
def test_a_row_outlives_everything_that_may_be_left_of_its_hour(world: LocalCloud, prefix: Prefix) -> None:
    """A ticket of its last second, used in the last second, and what lies there a day longer than it should."""
    commit(note(prefix, "d", clock.now()))
    (row,) = items_of(Item, "device#d")
    last = prefix.begin_of(clock.now()) + prefix.step + timedelta(hours=1) + prefix.keep + timedelta(days=1)
    assert int(row["expires_at"]["N"]) > last.timestamp()
