"""What was recorded is played back by whoever may look, and by nobody else from the next request on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Home
from tests.playback.looking import at, bytes_of, film, guest, lines, played
from tests.recordings.plans import subscribe
from tests.scene import box, filmed, new_camera

PACKETS = (b"\x47" + bytes(187)) * 2


@pytest.fixture
def recording(home: Home) -> Home:
    subscribe(home)
    return home


def test_it_plays_what_was_recorded_byte_for_byte(recording: Home) -> None:
    home = recording
    span = film(home, 8000, 8000, sizes=(100, 200, 300, 400))
    answer = home.owner.playlist(home.camera.device_id, *span)
    assert answer["until"] == f"{home.world.now() + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"
    url = answer["playlist_url"]
    found = played(home, url)
    assert (found.version, found.target_s, found.is_ended) == (7, 4, True)
    assert [one.span for one in found.entries] == [(0, 300), (300, 700)] * 2
    assert [one.is_anew for one in found.entries] == [False] * 4
    assert [one.at for one in found.entries] == [span[0] + timedelta(seconds=4 * nth) for nth in range(4)]
    assert {bytes_of(home, url, one.uri) for one in found.entries} == {filmed("m4s", (100, 200, 300, 400))}
    (init,) = {one.init for one in found.entries if one.init is not None}
    assert bytes_of(home, url, init) == box("ftyp", 32) + box("moov", 601)


def test_a_gap_another_init_and_a_new_ticket(recording: Home) -> None:
    home = recording
    begin, _ = film(home, 5000)
    home.world.advance(1.5)
    film(home, 5000)
    home.world.advance(1)  # no gap, but another second: of two inits in one nobody knows which came first
    film(home, 5000, init="b")
    home.camera.recording_ticket()
    _, end = film(home, 5000, init="b")
    found = played(home, home.owner.playlist(home.camera.device_id, begin, end)["playlist_url"])
    assert [one.is_anew for one in found.entries] == [False, True, True, False]
    inits = [one.init for one in found.entries]
    assert inits[0] == inits[1] and len({*inits}) == 3 and inits[2] != inits[3]


def test_a_transport_stream_has_no_map_and_its_own_type(recording: Home) -> None:
    home = recording
    span = film(home, 5000, kind="ts", init="", data=PACKETS)
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    (entry,) = played(home, url).entries
    assert entry.init is None and entry.uri.endswith(".ts")
    link = at(home, url, entry.uri).headers["Location"]
    assert "video%2Fmp2t" in link
    assert home.world.fetch(link).body == PACKETS


def test_a_transport_stream_begins_anew_where_its_ticket_changes(recording: Home) -> None:
    home = recording
    begin, _ = film(home, 5000, 5000, kind="ts", init="", data=PACKETS)
    home.camera.recording_ticket()
    _, end = film(home, 5000, kind="ts", init="", data=PACKETS)
    found = played(home, home.owner.playlist(home.camera.device_id, begin, end)["playlist_url"])
    assert [entry.is_anew for entry in found.entries] == [False, False, True]


def test_two_kinds_in_one_range_are_refused_with_the_moment(recording: Home) -> None:
    home = recording
    begin, change = film(home, 5000)
    _, end = film(home, 5000, kind="ts", init="", data=PACKETS)
    answer = home.owner.ask_playlist(home.camera.device_id, begin, end)
    assert (answer.status, answer.json["code"]) == (409, "PlaylistCrossesChange")
    moment = datetime.fromisoformat(answer.json["at"])
    assert moment == change
    home.owner.playlist(home.camera.device_id, begin, moment)
    home.owner.playlist(home.camera.device_id, moment, end)


@pytest.mark.parametrize(
    ("begin_s", "end_s", "status", "code"),
    [
        (-86_400, 0, 201, None),
        (-86_400.001, 0, 422, "RangeInvalid"),
        (0, 0, 422, "RangeInvalid"),
        (1, 0, 422, "RangeInvalid"),
        (3600, 7200, 404, "NothingRecorded"),
    ],
)
def test_ranges(recording: Home, begin_s: float, end_s: float, status: int, code: str | None) -> None:
    home = recording
    _, end = film(home, 5000)
    span = end + timedelta(seconds=begin_s), end + timedelta(seconds=end_s)
    answer = home.owner.ask_playlist(home.camera.device_id, *span)
    assert (answer.status, answer.json.get("code")) == (status, code)


@pytest.mark.parametrize("body", [
    {"channel": "1", "from": "0001-01-01T00:00:00Z", "to": "0001-01-01T01:00:00Z"},
    {"channel": "1", "from": "1969-12-31T23:30:00Z", "to": "1970-01-01T00:30:00Z"},
    {"channel": "1", "from": "9999-12-31T22:00:00Z", "to": "9999-12-31T23:00:00Z"},
])  # fmt: skip
def test_the_ends_of_time(recording: Home, body: dict[str, Any]) -> None:
    answer = recording.owner.call("POST", f"/devices/{recording.camera.device_id}/recordings/playlists", body)
    assert (answer.status, answer.json["code"]) == (404, "NothingRecorded")


def test_without_a_plan_nothing_is_there(home: Home) -> None:
    now = home.world.now()
    answer = home.owner.ask_playlist(home.camera.device_id, now - timedelta(hours=1), now)
    assert (answer.status, answer.json["code"]) == (404, "NothingRecorded")


def test_the_owner_reads_who_looked(recording: Home) -> None:
    home = recording
    span = film(home, 5000)
    guest(home, "playback")
    home.owner.playlist(home.camera.device_id, *span)
    home.stranger.playlist(home.camera.device_id, *span)
    acts = home.owner.call("GET", "/privacy/activity").json["items"]
    played_back = [(one["by"], one["about"]) for one in acts if one["act"] == "played_back"]
    assert sorted(played_back) == [("guest", "1"), ("owner", "1")]


# Who may


def test_a_guest_plays_what_he_was_granted(recording: Home) -> None:
    home = recording
    home.camera.equip("1", "2")
    span = film(home, 5000)
    other = film(home, 5000, channel="2")
    guest(home, "playback", channels=["2"])
    assert home.stranger.ask_playlist(home.camera.device_id, *span, channel="1").status == 404
    url = home.stranger.playlist(home.camera.device_id, *other, channel="2")["playlist_url"]
    assert len(played(home, url).entries) == 1
    assert home.stranger.call("DELETE", f"/devices/{home.camera.device_id}/recordings").status == 403


def _revoke(home: Home, share_id: str) -> None:
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/shares/{share_id}").status == 204


def _withdraw(home: Home, share_id: str) -> None:
    path = f"/devices/{home.camera.device_id}/shares/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["alarms"], "channels": None}).status == 200


def _other_channel(home: Home, share_id: str) -> None:
    path = f"/devices/{home.camera.device_id}/shares/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["playback"], "channels": ["2"]}).status == 200


def _share_anew(home: Home, share_id: str) -> None:
    _revoke(home, share_id)
    assert guest(home, "playback") != share_id


def _guest_leaves(home: Home, share_id: str) -> None:
    assert home.stranger.call("DELETE", f"/shares/{share_id}").status == 204


def _guest_closes(home: Home, share_id: str) -> None:
    home.stranger.step_up()
    assert home.stranger.close().status == 202


def _owner_closes(home: Home, share_id: str) -> None:
    home.owner.step_up()
    assert home.owner.close().status == 202


def _remove(home: Home, share_id: str) -> None:
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202


def _plan_ends(home: Home, share_id: str) -> None:
    home.world.clock.move_to((home.world.now() + timedelta(days=30)).timestamp())


def _six_hours(home: Home, share_id: str) -> None:
    home.world.clock.move_to((home.world.now() + timedelta(hours=6)).timestamp())


ENDS: list[Callable[[Home, str], None]] = [
    _revoke, _withdraw, _other_channel, _share_anew, _guest_leaves, _guest_closes, _owner_closes, _remove, _plan_ends,
    _six_hours,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("_"))
def test_an_address_is_dead_with_the_next_request(recording: Home, end: Callable[[Home, str], None]) -> None:
    home = recording
    home.camera.equip("1", "2")
    span = film(home, 5000)
    share_id = guest(home, "playback")
    url = home.stranger.playlist(home.camera.device_id, *span)["playlist_url"]
    (entry,) = played(home, url).entries
    assert entry.init is not None
    uris = "", entry.uri, entry.init
    assert [at(home, url, uri).status for uri in uris] == [200, 302, 302]
    end(home, share_id)
    assert [at(home, url, uri).status for uri in uris] == [404] * 3


def test_to_the_last_second_of_six_hours(recording: Home) -> None:
    home = recording
    url = home.owner.playlist(home.camera.device_id, *film(home, 5000))["playlist_url"]
    home.world.clock.move_to((home.world.now() + timedelta(hours=6, seconds=-1)).timestamp())
    (entry,) = played(home, url).entries
    link = at(home, url, entry.uri).headers["Location"]
    assert "X-Amz-Expires=1&" in link


def test_a_share_that_is_changed_and_changed_back_goes_on(recording: Home) -> None:
    home = recording
    share_id = guest(home, "playback")
    url = home.stranger.playlist(home.camera.device_id, *film(home, 5000))["playlist_url"]
    _withdraw(home, share_id)
    assert at(home, url).status == 404
    path = f"/devices/{home.camera.device_id}/shares/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["playback"], "channels": None}).status == 200
    assert at(home, url).status == 200


def test_an_address_that_was_altered_opens_nothing(recording: Home) -> None:
    home = recording
    home.camera.equip("1", "2")
    span = film(home, 5000)
    film(home, 5000, channel="2")
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    capability = url.split("/")[-2]
    assert len(capability) <= 192
    parts = capability.split(".")
    other = new_camera(home.world, "SN0077", owner=home.owner).device_id
    changes = [other, home.stranger.account_id, "2", "0", "zzzzzzzz", "zzzzzz", "a" * 32]
    for number, change in enumerate(changes):
        altered = ".".join([*parts[:number], change, *parts[number + 1 :]])
        assert at(home, url.replace(capability, altered)).status == 404, number
    assert at(home, url).status == 200


def test_privacy_mode_does_not_close_what_was_recorded_before_it(recording: Home) -> None:
    home = recording
    span = film(home, 5000)
    home.world.advance(5)
    assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    assert len(played(home, url).entries) == 1


# What may be shown


def test_only_what_the_playlist_is_of_is_opened_by_it(recording: Home) -> None:
    home = recording
    first, second = film(home, 5000), film(home, 5000)
    one = home.owner.playlist(home.camera.device_id, *first)["playlist_url"]
    both = home.owner.playlist(home.camera.device_id, first[0], second[1])["playlist_url"]
    uris = [entry.uri for entry in played(home, both).entries]
    assert [at(home, one, uri).status for uri in uris] == [302, 404]


@pytest.mark.parametrize("uri", [
    "media/x", "media/7-20260105", "media/9-20260105-0800aaaaaaaaaa-20260105T080000.000Z-5000.m4s",
    "media/7-20260105-0800aaaaaaaaaa-20260105T080000.000Z-5000.m4s", "media/7-20260105-0800aaaaaaaaaa-../x.mp4",
    "media/7-20260105-0800aaaaaaaaaa-20260105T080000.000Z-5000-a.b.m4s", "media/%2e%2e",
])  # fmt: skip
def test_paths_that_lead_nowhere(recording: Home, uri: str) -> None:
    home = recording
    url = home.owner.playlist(home.camera.device_id, *film(home, 5000))["playlist_url"]
    assert at(home, url, uri).status == 404


def test_a_path_says_no_less_than_all_of_it(recording: Home) -> None:
    home = recording
    url = home.owner.playlist(home.camera.device_id, *film(home, 10_000))["playlist_url"]
    (entry,) = played(home, url).entries
    assert at(home, url, entry.uri).status == 302
    for altered in (entry.uri.replace("-10000.", "-1000."), entry.uri.replace(".m4s", ".ts")):
        assert at(home, url, altered).status == 404


def test_what_is_deleted_is_not_opened_any_more(recording: Home) -> None:
    home = recording
    span = film(home, 5000, 5000)
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    first, second = (entry.uri for entry in played(home, url).entries)
    body = {"channel": "1", "to": f"{span[0] + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}"}
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/recordings", body).status == 204
    assert [at(home, url, uri).status for uri in (first, second)] == [404, 302]
    assert [entry.uri for entry in played(home, url).entries] == [second]


def test_to_the_last_second_of_its_keeping(recording: Home) -> None:
    home = recording
    begin, end = film(home, 5000, 5000)
    home.world.clock.move_to((end + timedelta(days=7, seconds=-10)).timestamp())
    home.owner.sign_in()
    url = home.owner.playlist(home.camera.device_id, begin, end)["playlist_url"]
    first, second = (entry.uri for entry in played(home, url).entries)
    home.world.clock.move_to((end + timedelta(days=7, seconds=-6)).timestamp())
    assert "X-Amz-Expires=1&" in at(home, url, first).headers["Location"]
    home.world.clock.move_to((end + timedelta(days=7, seconds=-5)).timestamp())
    assert [at(home, url, uri).status for uri in (first, second)] == [404, 302]
    assert [entry.uri for entry in played(home, url).entries] == [second]
    home.world.clock.move_to((end + timedelta(days=7)).timestamp())
    assert [at(home, url, uri).status for uri in ("", first, second)] == [404] * 3


def test_in_grace_nothing_is_shown_and_a_renewal_shows_it_again(recording: Home) -> None:
    home = recording
    home.world.clock.move_to((home.world.now() + timedelta(days=29, hours=23, minutes=59)).timestamp())
    home.owner.sign_in()
    span = film(home, 5000)
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    assert at(home, url).status == 200
    home.world.clock.move_to((home.world.now() + timedelta(minutes=5)).timestamp())
    assert home.owner.ask_playlist(home.camera.device_id, *span).status == 404
    assert at(home, url).status == 404
    subscribe(home)
    assert at(home, url).status == 200


def test_of_doubles_one_is_played(recording: Home) -> None:
    home = recording
    span = film(home, 5000)
    home.camera.recording_ticket()
    home.camera.record(5000, at=span[1])
    home.world.settle()
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    assert len([line for line in lines(home, url) if line.startswith("media/")]) == 1


# Changes of the kind of video


def _init(*codecs: str, note: str = "") -> bytes:
    """An init with tracks of these codecs, as ISO/IEC 14496-12 lays them out."""

    def nested(kind: str, *boxes: bytes) -> bytes:
        content = b"".join(boxes)
        return (8 + len(content)).to_bytes(4) + kind.encode() + content

    def track(codec: str) -> bytes:
        entries = nested("stsd", bytes(4) + (1).to_bytes(4), box(codec, 86))
        return nested("trak", box("tkhd", 92), nested("mdia", box("mdhd", 32), nested("minf", nested("stbl", entries))))

    return box("ftyp", 32) + nested("moov", box("mvhd", 108), *map(track, codecs), nested("udta", note.encode()))


def _restart(home: Home, init: bytes, name: str) -> tuple[datetime, datetime]:
    """The camera begins anew and brings this."""
    home.world.advance(2)
    ticket = home.camera.recording_ticket()
    assert home.world.upload(ticket, f"1/init-{name}.mp4", init).status == 204
    home.camera.inits_brought.add(f"{ticket['key_prefix']}1/init-{name}.mp4")
    return film(home, 5000, init=name)


@pytest.mark.parametrize(("before", "after", "is_change"), [
    (_init("avc1"), _init("avc1", note="other"), False), (_init("avc1", "mp4a"), _init("mp4a", "avc3"), False),
    (_init("avc1"), _init("hvc1"), True), (_init("avc1"), _init("avc1", "mp4a"), True),
    (_init("hev1"), _init("hvc1"), False), (b"no init at all" * 10, b"none as well" * 10, False),
    (_init("avc1"), _init("avc1"), False),
])  # fmt: skip
def test_other_tracks_or_codecs_end_a_playlist(recording: Home, before: bytes, after: bytes, is_change: bool) -> None:
    home = recording
    if before.startswith(b"no"):
        before, after = (box("ftyp", 32) + one for one in (before, after))
    first, second = _restart(home, before, "x"), _restart(home, after, "y")
    answer = home.owner.ask_playlist(home.camera.device_id, first[0], second[1])
    if not is_change:
        assert len(played(home, answer.json["playlist_url"]).entries) == 2
        return
    assert (answer.status, answer.json["code"]) == (409, "PlaylistCrossesChange")
    moment = datetime.fromisoformat(answer.json["at"])
    assert moment == second[0]
    assert len(played(home, home.owner.playlist(home.camera.device_id, first[0], moment)["playlist_url"]).entries) == 1


def test_what_came_since_cannot_break_a_playlist(recording: Home) -> None:
    home = recording
    first = _restart(home, _init("avc1"), "x")
    url = home.owner.playlist(home.camera.device_id, first[0], first[1] + timedelta(hours=1))["playlist_url"]
    _restart(home, _init("hvc1"), "y")
    assert len(played(home, url).entries) == 1


def test_an_address_that_somebody_made_up_reads_nothing(recording: Home) -> None:
    home = recording
    span = film(home, 5000)
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    *named, proof = url.split("/")[-2].split(".")
    home.world.trace.clear()
    for made_up in (".".join((*named, "a" * 32)), ".".join(("b" * 52, *named[1:], proof))):
        assert home.world.call("GET", f"/recordings/{made_up}/playlist.m3u8").status == 404
        assert home.world.call("GET", f"/recordings/{made_up}/media/7-20260105-0800aaaaaaaaaa-init-a.mp4").status == 404
    assert not [call for call in home.world.trace.calls if call.service in ("dynamodb", "s3")]


def test_a_span_and_a_part_of_it_show_the_same_where_the_init_came_on_an_earlier_ticket(recording: Home) -> None:
    home = recording
    film(home, 5000)
    home.world.clock.move_to(home.world.now().timestamp() + 3600)
    home.camera.recording_ticket()
    home.world.clock.move_to(home.world.now().timestamp() + 1800)
    begin = home.world.now()
    home.world.clock.move_to(begin.timestamp() + 5)
    home.camera.record(5000, init="")
    home.world.settle()
    home.owner.refresh()
    for since in (begin, begin - timedelta(hours=2)):
        found = played(home, home.owner.playlist(home.camera.device_id, since, home.world.now())["playlist_url"])
        assert abs(found.entries[-1].at - begin) < timedelta(milliseconds=2)
