"""Recordings that arrive, are played back and deleted while something ends them, or counts them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from chalicelib.aws import s3
from chalicelib.recordings.actions import arrivals
from chalicelib.recordings.actions.arrivals import Arrival
from chalicelib.recordings.rules.deletions import marks_of
from infra.local import checkout, dump
from infra.local.async_events import AsyncEvents
from infra.local.gateway import Response
from tests.conftest import Home
from tests.recordings.plans import LONG, subscribe
from tests.recordings.recorded import of_device
from tests.scene import lose_events, wire_time
from tests.worlds.invariants import Stored
from tests.worlds.races.alarms import nothing_of_the_device, remove_to_the_end
from tests.worlds.races.cameras import private, remove_camera
from tests.worlds.races.people import close
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import money, recordings, sharing, steps
from tests.worlds.scenarios.recordings import DAY_S
from tests.worlds.sweep import leap


def _deliver(home: Home, *names: str) -> None:
    """What queues and streams hold for these functions is brought once; what fails is brought again when all
    settles."""
    told = Counter[Any]()
    for name in names:
        assert next(one for one in home.world.pollers._sources if one.name == name).deliver(told)


def _video_arrives(home: Home, state: Any) -> None:
    """S3 tells of each object; what fails is tried again when its time comes."""
    source = next(one for one in home.world.pollers._queues() if isinstance(one, AsyncEvents) and one._here()._messages)
    told = Counter[Any]()
    assert source.deliver(told)
    while source.deliver(told):
        pass


def _nothing_is_recorded(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (f"{key} is left" for keys in stored.segments.values() for key in keys)


# Deleted while it arrives


def delete_all(home: Home, state: Any) -> Response:
    return recordings.delete_span(home, state, ONE_KEY)


def _delete_all_to_the_end(home: Home, state: Any) -> Response:
    """Told and carried out in one go, while the other one is still under way."""
    answer = delete_all(home, state)
    with home.world.aws.outside():
        _deliver(home, "forward_item_changes", "on_recordings_removed")
    return answer


def _nothing_is_shown(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """With the commit, whatever lies there still."""
    if shown := _shown(home):
        yield f"{shown} is shown"


def _shown(home: Home) -> Any:
    with home.world.aws.outside():
        asked = home.owner.call("GET", f"/devices/{home.camera.device_id}/recordings", query={"day": "2026-01-05"})
    return asked.json["items"] if asked.status == 200 else []


def _deleted_and_more_on_its_way(home: Home) -> None:
    """Filmed after what was deleted."""
    recordings.recorded(home)
    assert delete_all(home, None).status == 204
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.camera.record()
    _deliver(home, "forward_item_changes")


def _removal_is_carried_out(home: Home, state: Any) -> None:
    _deliver(home, "on_recordings_removed")


def _the_later_minute_stays(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    found = [one for segments in stored.segments.values() for one in segments]
    if len(found) != 1:
        yield f"stored are {found}"


# Deleted twice


def _two_minutes_apart(home: Home) -> None:
    for _ in range(2):
        home.world.clock.move_to(home.world.now().timestamp() + 300)
        home.camera.record()
    home.world.settle()


def _two_recordings(home: Home) -> list[str]:
    subscribe(home)
    _two_minutes_apart(home)
    items = home.owner.call("GET", f"/devices/{home.camera.device_id}/recordings").json["items"]
    assert len(items) == 2
    return [one["recording_id"] for one in items]


def _delete_nth(nth: int, key: str) -> Act:
    return lambda home, ids: recordings.delete_recording(home, ids[nth], key)


def _no_mark_is_lost(home: Home, ids: list[str], answers: Answers, stored: Stored) -> Wrong:
    marks = marks_of(stored.first_ids("Device")[home.camera.device_id].get("deleted_spans"))
    if len(marks) != 2:
        yield f"the marks are {marks}"
    yield from _nothing_is_shown(home, ids, answers, stored)


# Counted by two


@dataclass(frozen=True)
class _Told:
    one: Arrival
    other: Arrival


def _two_on_their_way(home: Home) -> _Told:
    """Of the same channel and day, told to two containers."""
    subscribe(home)
    _two_uploads(home)
    return _untold(home)


def _two_uploads(home: Home) -> None:
    for _ in range(2):
        home.world.clock.move_to(home.world.now().timestamp() + 60)
        home.camera.record()


def _two_more_on_their_way(home: Home) -> _Told:
    """Their day has a row already."""
    recordings.recorded(home)
    _two_uploads(home)
    return _untold(home)


def _untold(home: Home) -> _Told:
    lose_events(home.world, "on_recording_uploaded")
    found = [one for one in s3.below("recordings/") if "/init-" not in one.key]
    one, other = (Arrival(stored.key, stored.modified_at, stored.size_bytes) for stored in found[-2:])
    return _Told(one, other)


def _take(which: str) -> Act:
    def act(home: Home, told: _Told) -> None:
        arrival = getattr(told, which)
        assert arrivals.take_upload(arrival, arrivals.read_together([arrival])) == []

    return act


def _counted_once_each(count: int) -> Any:
    def look(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
        """Each by one write."""
        (row,) = stored.of("RecordingDay").values()
        if (row["recorded_ms"], row["writes"]) != (count * 60_000, count):
            yield f"{row['recorded_ms']} milliseconds are counted in {row['writes']} writes"

    return look


def _uncounted_and_more_on_its_way(home: Home) -> None:
    """Ten seconds that wait for their minute."""
    subscribe(home)
    for _ in range(2):
        home.world.clock.move_to(home.world.now().timestamp() + 10)
        home.camera.record(10_000)
        home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 180)
    home.camera.record()


def _reconcile(home: Home, state: Any) -> None:
    recordings.reconcile(home, state, ONE_KEY)


# The plan ends, and another one begins


def _grace_ends_and_order_waits(home: Home) -> Any:
    """In the very second in which the grace is over."""
    recordings.recorded_before_the_end(home)
    leap(home.world, 1 * DAY_S)
    home.owner.refresh()
    answer = home.owner.order(home.camera.device_id, LONG, key="the-key-of-a-renewal")
    assert answer.status == 201, answer.body
    home.world.settle()
    leap(home.world, (_grace_ends_at(home) - home.world.now()).total_seconds())
    return answer.json["order_id"], *checkout.event(answer.json["order_id"], "paid")


def _grace_ends_at(home: Home) -> datetime:
    (end,) = Stored(dump.dump()).of("PlanEnd").values()
    return datetime.fromtimestamp(end["ends_at"], UTC)


def _pay(home: Home, state: Any) -> Response:
    return money.take_payment(home, state, ONE_KEY)


def _end_plans(home: Home, state: Any) -> None:
    recordings.end_plans(home, state, ANOTHER_KEY)


def _renewed_without_what_was_over(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    of = of_device(home)
    if not of.shown or of.shown[0].since < home.world.now().timestamp() - 3600:
        yield f"shown is what came {of.shown}"
    yield from _nothing_is_recorded(home, state, answers, stored)


def _renewed_and_video_on_its_way(home: Home) -> None:
    """A day after the grace, before the clock has come."""
    recordings.recorded_before_the_end(home)
    leap(home.world, 9 * DAY_S)
    home.owner.refresh()
    subscribe(home, LONG)
    home.camera.record()


def _one_minute_stays(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    found = [one for segments in stored.segments.values() for one in segments]
    if len(found) != 1 or found[0].arrived < home.world.now() - timedelta(days=1):
        yield f"stored are {found}"


# Privacy mode begins, and the owner goes


def _minute_of_this_second(home: Home) -> None:
    """Before the reconciler's look of each sixth hour, which is whole; the world's day began at eight."""
    subscribe(home)
    leap(home.world, (3 * 60 + 45) * 60)
    home.owner.refresh()
    home.camera.record()


def _on_its_way_and_stepped_up(home: Home) -> None:
    home.owner.step_up()
    recordings.minute_on_its_way(home)


def _upload_on_a_ticket(home: Home, state: Any) -> Response:
    body = {"kind": "recording", "channels": ["1"]}
    answer = home.world.call("POST", "/cameras/tickets", body, token=home.camera.token)
    if answer.status == 200:
        home.camera.record(ticket=answer.json["tickets"][0])
    return answer


# Played back by a guest


def _guest_with_recordings(home: Home) -> str:
    share = home.owner.share(home.camera.device_id, email=home.stranger.email, rights=["playback"])
    assert share.status == 201
    share_id = str(share.json["share_id"])
    assert sharing.accept_share(home, share_id, ONE_KEY).status == 200
    recordings.recorded(home)
    return share_id


def _guest_plays(home: Home, share_id: str) -> Response:
    now = home.world.now()
    asked = {"channel": "1", "from": wire_time(now - timedelta(hours=1)), "to": wire_time(now)}
    path = f"/devices/{home.camera.device_id}/recordings/playlists"
    return home.stranger.call("POST", path, asked, headers=steps.once(ONE_KEY))


def _revoke(home: Home, share_id: str) -> Response:
    return sharing.revoke(home, share_id, ANOTHER_KEY)


def _address_is_dead(home: Home, share_id: str, answers: Answers, stored: Stored) -> Wrong:
    """Of what was asked for just before, and of what it names."""
    if answers[0].status == 201:
        yield from _opens(home, urlsplit(answers[0].json["playlist_url"]).path)


def _opens(home: Home, *paths: str) -> Wrong:
    with home.world.aws.outside():
        yield from (path for path in paths if home.world.call("GET", path).status != 404)


@dataclass(frozen=True)
class _Address:
    share_id: str
    playlist: str
    media: str


def _guest_plays_back(home: Home) -> _Address:
    share_id = _guest_with_recordings(home)
    playlist = urlsplit(_guest_plays(home, share_id).json["playlist_url"]).path
    named = home.world.call("GET", playlist).body.decode().splitlines()
    (media,) = [line for line in named if line.startswith("media/") and "init-" not in line]
    return _Address(share_id, playlist, f"{playlist.rpartition('/')[0]}/{media}")


def _look_at(what: str) -> Act:
    return lambda home, address: home.world.call("GET", getattr(address, what))


def _revoke_address(home: Home, address: _Address) -> Response:
    return _revoke(home, address.share_id)


def _both_are_dead(home: Home, address: _Address, answers: Answers, stored: Stored) -> Wrong:
    yield from _opens(home, address.playlist, address.media)


def _delete_what_is_played(home: Home, address: _Address) -> Response:
    return recordings.delete_span(home, None, ANOTHER_KEY)


RACES = (
    Race("delete recordings, video arrives", recordings.more_on_its_way, delete_all, _video_arrives,
         exactly((204, None)), _nothing_is_recorded, _nothing_is_shown),
    Race("delete recordings to the end, video arrives", recordings.minute_on_its_way, _delete_all_to_the_end,
         _video_arrives, exactly((204, None)), _nothing_is_recorded, _nothing_is_shown),
    Race("recordings go, video arrives", _deleted_and_more_on_its_way, _removal_is_carried_out, _video_arrives,
         exactly((None, None)), _the_later_minute_stays),
    Race("delete a recording, delete another", _two_recordings, _delete_nth(0, ONE_KEY), _delete_nth(1, ANOTHER_KEY),
         exactly((204, 204)), _nothing_is_recorded, _no_mark_is_lost),
    Race("delete a recording, delete it again", _two_recordings, _delete_nth(0, ONE_KEY), _delete_nth(0, ONE_KEY),
         exactly((204, 204))),
    Race("video arrives, video arrives", _two_on_their_way, _take("one"), _take("other"), exactly((None, None)),
         _counted_once_each(2), _counted_once_each(2)),
    Race("more video arrives, video arrives", _two_more_on_their_way, _take("one"), _take("other"),
         exactly((None, None)), _counted_once_each(3), _counted_once_each(3)),
    Race("video arrives, video arrives again", _two_on_their_way, _take("one"), _take("one"), exactly((None, None))),
    Race("count days anew, video arrives", _uncounted_and_more_on_its_way, _reconcile, _video_arrives,
         exactly((None, None))),
    Race("privacy mode on, video arrives", _minute_of_this_second, private, _video_arrives,
         exactly((200, None)), _nothing_is_recorded, _nothing_is_shown),
    Race("remove, video arrives", recordings.minute_on_its_way, remove_camera, _video_arrives, exactly((202, None)),
         nothing_of_the_device),
    Race("remove to the end, ask for a ticket to record", subscribe, remove_to_the_end, _upload_on_a_ticket,
         exactly((202, 200), (202, 409)), nothing_of_the_device),
    Race("close, video arrives", _on_its_way_and_stepped_up, close, _video_arrives, exactly((202, None)),
         nothing_of_the_device),
    Race("renew, what the plan left goes", _grace_ends_and_order_waits, _pay, _end_plans, exactly((200, None)),
         _renewed_without_what_was_over),
    Race("what a plan left goes, video arrives", _renewed_and_video_on_its_way, _end_plans, _video_arrives,
         exactly((None, None)), _one_minute_stays),
    Race("play back as a guest, revoke", _guest_with_recordings, _guest_plays, _revoke,
         exactly((201, 204), (404, 204)), at_once=_address_is_dead),
    Race("read a playlist, revoke", _guest_plays_back, _look_at("playlist"), _revoke_address,
         exactly((200, 204), (404, 204)), at_once=_both_are_dead),
    Race("ask for media, revoke", _guest_plays_back, _look_at("media"), _revoke_address,
         exactly((302, 204), (404, 204)), at_once=_both_are_dead),
    Race("ask for media, delete recordings", _guest_plays_back, _look_at("media"), _delete_what_is_played,
         exactly((302, 204), (404, 204)), _nothing_is_recorded, _both_are_dead),
)
