"""A person asks for a clip of what a camera recorded, and downloads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZIP64_LIMIT

import pytest

from chalicelib.clips.actions import making
from chalicelib.clips.rules import bounds
from chalicelib.store.records import Item
from infra.local.gateway import Response
from tests.clips.footage import Setting, boxes_at_the_top, played, record
from tests.conftest import Home
from tests.recordings.plans import CONTINUOUS, subscribe
from tests.scene import Person, items_of, just_before, new_person, wire_time

SECOND, DAY = timedelta(seconds=1), 86_400
SMALL, LARGE = Setting(), Setting(size=(320, 192))


def recorded(setting: Setting, count: int) -> tuple[bytes, list[bytes]]:
    return _recorded(setting.size, setting.kind, count)


@cache
def _recorded(size: tuple[int, int], kind: str, count: int) -> tuple[bytes, list[bytes]]:
    return record(Setting(size=size, kind=kind), count)


def film(home: Home, setting: Setting = SMALL, count: int = 3, init: str = "a", channel: str = "1") -> datetime:
    """The camera records segments of two seconds, real ones; since when."""
    begun, world = home.world.now(), home.world
    first, segments = recorded(setting, count)
    ticket = home.camera._ticket_at_hand(channel)
    if first and (name := f"{ticket['key_prefix']}{channel}/init-{init}.mp4") not in home.camera.inits_brought:
        assert world.upload(ticket, f"{channel}/init-{init}.mp4", first).status == 204
        home.camera.inits_brought.add(name)
    for segment in segments:
        world.clock.move_to((world.now() + setting.seconds * SECOND).timestamp())
        kind = "ts" if setting.kind == "ts" else "m4s"
        home.camera.record(setting.seconds * 1000, data=segment, init="", channel=channel, kind=kind)
    world.settle()
    return begun


def ask(
    home: Home, begin: datetime, seconds: float = 6, who: Person | None = None, channel: str = "1", **headers: str
) -> Response:
    body = {"channel": channel, "from": wire_time(begin), "to": wire_time(begin + seconds * SECOND)}
    path = f"/devices/{home.camera.device_id}/recordings/clips"
    return (who or home.owner).call("POST", path, body, headers=headers)


def asked(home: Home, begin: datetime, seconds: float = 6, who: Person | None = None) -> str:
    answer = ask(home, begin, seconds, who)
    assert answer.status == 202, answer.body
    return str(answer.json["clip_id"])


def look(home: Home, clip_id: str, who: Person | None = None) -> Response:
    return (who or home.owner).call("GET", f"/devices/{home.camera.device_id}/recordings/clips/{clip_id}")


def shown(home: Home, clip_id: str, who: Person | None = None) -> Any:
    answer = look(home, clip_id, who)
    assert answer.status == 200, answer.body
    return answer.json


def stored(home: Home) -> list[str]:
    every = [one["key"] for bucket in home.world.dump()["buckets"].values() for one in bucket]
    return [key for key in every if key.startswith("clips/")]


@pytest.fixture
def filming(home: Home) -> tuple[Home, datetime]:
    subscribe(home, CONTINUOUS)
    return home, film(home)


Filming = tuple[Home, datetime]


def test_a_clip_is_made_and_downloaded(filming: Filming, tmp_path: Path) -> None:
    home, begun = filming
    clip_id = asked(home, begun)
    waiting = shown(home, clip_id)
    assert (waiting["state"], waiting["url"], waiting["size_bytes"]) == ("working", None, None)
    home.world.settle()
    ready = shown(home, clip_id)
    assert (ready["state"], ready["duration_ms"], ready["problem"]) == ("ready", 6000, None)
    assert (ready["channel"], datetime.fromisoformat(ready["from"])) == ("1", begun)
    answer = home.world.fetch(ready["url"])
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert len(answer.body) == ready["size_bytes"]
    (path := tmp_path / "clip.mp4").write_bytes(answer.body)
    assert played(path).frames == list(range(60))
    assert boxes_at_the_top(path)[:2] == [b"ftyp", b"moov"]


def test_a_link_lives_five_minutes_and_a_clip_a_day(filming: Filming) -> None:
    home, begun = filming
    clip_id = asked(home, begun)
    home.world.settle()
    url = shown(home, clip_id)["url"]
    home.world.advance(301)
    assert home.world.fetch(url).status == 403
    assert home.world.fetch(shown(home, clip_id)["url"]).status == 200
    home.world.advance(DAY)
    home.owner.refresh()
    assert look(home, clip_id).status == 404
    home.world.run_schedule("sweep_expired_clips")
    assert stored(home) == []


def test_a_clip_ends_with_the_first_of_what_it_was_made_from(filming: Filming) -> None:
    home, begun = filming
    home.world.clock.move_to(home.world.now().timestamp() + 6.5 * DAY)
    home.owner.refresh()
    clip_id = asked(home, begun)
    home.world.settle()
    until = datetime.fromisoformat(shown(home, clip_id)["until"])
    assert until - begun < timedelta(days=7, seconds=5)
    assert until < home.world.now() + timedelta(hours=12)


@pytest.mark.parametrize(
    ("begin", "seconds", "field"),
    [(0, 0, "to"), (0, -5, "to"), (0, 1800.001, "to")],
)
def test_a_range_is_forwards_and_of_half_an_hour_at_most(
    filming: Filming, begin: float, seconds: float, field: str
) -> None:
    home, begun = filming
    answer = ask(home, begun + begin * SECOND, seconds)
    assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, "ClipRangeInvalid", [field])
    assert ask(home, begun, 1800).status == 202


def test_where_nothing_was_recorded_there_is_no_clip(filming: Filming) -> None:
    home, begun = filming
    answer = ask(home, begun - timedelta(hours=1))
    assert (answer.status, answer.json["code"]) == (404, "NothingRecorded")
    assert ask(home, begun, channel="9").json["code"] == "NotFound"


def test_a_change_of_size_is_refused_with_its_moment(filming: Filming) -> None:
    home, begun = filming
    home.world.advance(5)
    changed = film(home, LARGE, init="b")
    answer = ask(home, begun, 60)
    assert (answer.status, answer.json["code"]) == (409, "ClipCrossesChange")
    assert datetime.fromisoformat(answer.json["at"]) == changed
    assert ask(home, changed, 6).status == 202


def test_a_change_that_no_init_says_is_found_while_it_is_made(filming: Filming) -> None:
    home, begun = filming
    changed = film(home, Setting(size=(320, 192), kind="ts"))
    clip_id = asked(home, begun, 60)
    home.world.settle()
    failed = shown(home, clip_id)
    assert (failed["state"], failed["problem"]["code"], failed["url"]) == ("failed", "ClipCrossesChange", None)
    assert datetime.fromisoformat(failed["problem"]["at"]) == changed


def test_what_cannot_be_read_fails(home: Home) -> None:
    subscribe(home, CONTINUOUS)
    begun = home.world.now()
    home.world.advance(60)
    home.camera.record()
    home.world.settle()
    clip_id = asked(home, begun, 60)
    home.world.settle()
    failed = shown(home, clip_id)
    assert (failed["state"], failed["problem"]) == ("failed", {"code": "MediaUnreadable", "at": None})
    assert stored(home) == []


def test_the_largest_clip_fits_into_a_copy_of_ones_data() -> None:
    # As `zipfile` knows it: one more than a signed number of 32 bits needs the 64-bit extension.
    with_moov = bounds.MOST_BYTES + 16 * 1024 * 1024
    assert with_moov < ZIP64_LIMIT


def test_more_than_a_function_has_room_for_is_refused(filming: Filming, monkeypatch: pytest.MonkeyPatch) -> None:
    home, begun = filming
    (_, segments) = recorded(SMALL, 3)
    monkeypatch.setattr(bounds, "MOST_BYTES", len(segments[0]) + len(segments[1]))
    answer = ask(home, begun)
    assert (answer.status, answer.json["code"]) == (409, "ClipTooLarge")
    assert datetime.fromisoformat(answer.json["at"]) == begun + 4 * SECOND
    assert ask(home, begun, 4).status == 202


def test_more_than_a_function_has_time_for_fails(filming: Filming, monkeypatch: pytest.MonkeyPatch) -> None:
    home, begun = filming
    monkeypatch.setattr(making, "BUDGET_S", 0)
    clip_id = asked(home, begun)
    home.world.settle()
    assert shown(home, clip_id)["problem"]["code"] == "ClipTooLarge"


def test_one_of_which_nothing_is_heard_for_an_hour_has_failed(filming: Filming) -> None:
    home, begun = filming
    clip_id = asked(home, begun)
    for seconds, state in ((3600, "working"), (1, "failed")):
        home.world.clock.move_to(home.world.now().timestamp() + seconds)
        home.owner.refresh()
        assert (shown(home, clip_id)["state"], shown(home, clip_id)["problem"]) == (state, None)


def test_three_are_made_at_once_and_fifty_a_day(filming: Filming, monkeypatch: pytest.MonkeyPatch) -> None:
    home, begun = filming
    for _ in range(3):
        asked(home, begun)
    answer = ask(home, begun)
    assert (answer.status, answer.json["code"]) == (429, "TooManyClips")
    home.world.settle()
    asked(home, begun)
    monkeypatch.setattr(bounds, "A_DAY", 4)
    home.world.settle()
    assert ask(home, begun).json["code"] == "TooManyClips"
    # Nobody uses up another's.
    assert ask(home, begun, who=guest_of(home, rights=["playback"])).status == 202


# Who may


def guest_of(home: Home, **granted: Any) -> Person:
    guest = new_person(home.world, "gast@example.com", nickname="Guest")
    share = home.owner.share(home.camera.device_id, email=guest.email, **granted)
    assert share.status == 201, share.body
    assert guest.call("POST", f"/shares/{share.json['share_id']}/accept").status in (200, 204)
    return guest


def test_a_guest_sees_his_own_clip_until_his_share_ends(filming: Filming) -> None:
    home, begun = filming
    guest = guest_of(home, rights=["playback"])
    own, of_owner = asked(home, begun, who=guest), asked(home, begun)
    home.world.settle()
    assert shown(home, own, guest)["state"] == "ready"
    assert [look(home, of_owner, guest).status, look(home, own).status] == [404, 404]
    assert look(home, own, home.stranger).status == 404
    (share,) = home.owner.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"]
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share['share_id']}").status == 204
    assert look(home, own, guest).status == 404


def test_a_guest_needs_the_right_and_the_channel(filming: Filming) -> None:
    home, begun = filming
    assert ask(home, begun, who=guest_of(home, rights=["live"])).status == 403


def test_the_owner_reads_who_asked_and_who_downloaded(filming: Filming) -> None:
    home, begun = filming
    clip_id = asked(home, begun)
    home.world.settle()
    home.world.advance(1)
    shown(home, clip_id)
    items = home.owner.call("GET", "/privacy/activity").json["items"]
    acts = [(one["act"], one["about"]) for one in items if one["act"].startswith("clip_")]
    assert acts == [("clip_downloaded", "1"), ("clip_asked_for", "1")]


# What ends it


def test_deleting_what_it_was_made_from_ends_it_at_once(filming: Filming) -> None:
    home, begun = filming
    clip_id = asked(home, begun, 3)
    home.world.settle()
    assert shown(home, clip_id)["state"] == "ready"
    home.world.advance(2)
    path = f"/devices/{home.camera.device_id}/recordings"
    far = {"channel": "1", "from": wire_time(begun - timedelta(hours=2)), "to": wire_time(begun - timedelta(hours=1))}
    assert home.owner.call("DELETE", path, far).status == 204
    assert look(home, clip_id).status == 200
    # Of an object that is deleted in part nothing is left, and its other part is in the clip.
    near = {"channel": "1", "from": wire_time(begun + 3.5 * SECOND), "to": wire_time(begun + 10 * SECOND)}
    assert home.owner.call("DELETE", path, near).status == 204
    assert look(home, clip_id).status == 404


def test_the_file_of_what_was_deleted_goes_within_a_quarter_of_an_hour(filming: Filming) -> None:
    home, begun = filming
    path = f"/devices/{home.camera.device_id}/recordings"
    mine = asked(home, begun)
    home.world.settle()
    assert shown(home, mine)["state"] == "ready" and len(stored(home)) == 1
    home.world.run_schedule("delete_unreadable_clips")
    assert len(stored(home)) == 1
    home.world.advance(1)
    assert home.owner.call("DELETE", path, {"from": wire_time(begun), "to": wire_time(begun + SECOND)}).status == 204
    home.world.run_schedule("delete_unreadable_clips")
    assert stored(home) == []


def test_it_is_not_shown_when_the_plan_has_ended(filming: Filming) -> None:
    home, _ = filming
    home.world.clock.move_to(home.world.now().timestamp() + 29.8 * DAY)
    home.owner.refresh()
    begun = film(home)
    clip_id = asked(home, begun)
    home.world.settle()
    assert shown(home, clip_id)["state"] == "ready"
    home.world.advance(23 * 3600)
    home.owner.refresh()
    plan = home.owner.call("GET", f"/devices/{home.camera.device_id}/plan").json
    assert (plan["state"], look(home, clip_id).status) == ("grace", 404)


def test_removing_the_camera_takes_the_clips(filming: Filming) -> None:
    home, begun = filming
    asked(home, begun)
    home.world.settle()
    assert len(stored(home)) == 1
    home.owner.step_up()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status in (202, 204)
    home.world.settle()
    home.world.advance(7200)
    home.world.settle()
    assert stored(home) == []
    assert items_of_clips(home) == []


def items_of_clips(home: Home) -> list[Any]:
    pk = f"device#{home.camera.device_id}"
    return [one for one in items_of(Item, pk) if one["sk"]["S"].startswith("clip#")]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("nth", range(2, 14))
def test_a_camera_that_goes_while_a_clip_is_made_leaves_none(filming: Filming, nth: int) -> None:
    """Whatever is called last before it goes; the function is called as Lambda calls it, but for the queue."""
    home, begun = filming
    home.owner.step_up()
    clip_id = asked(home, begun)
    path = f"/devices/{home.camera.device_id}"
    statuses: list[int] = []
    with just_before(home.world, nth, lambda: statuses.append(_removed(home, path))):
        making.make_clip(home.camera.device_id, clip_id)
    assert statuses == [202]
    home.world.settle()
    assert stored(home) == []


def _removed(home: Home, path: str) -> int:
    return home.owner.call("DELETE", path).status


def test_a_clip_that_was_made_is_not_made_again(filming: Filming) -> None:
    home, begun = filming
    clip_id = asked(home, begun)
    home.world.settle()
    before = shown(home, clip_id)
    with home.world.aws.outside():
        assert making.make_clip(home.camera.device_id, clip_id) is None
        assert making.make_clip(home.camera.device_id, "20260101T000000Z-none") is None
    assert shown(home, clip_id)["size_bytes"] == before["size_bytes"]
