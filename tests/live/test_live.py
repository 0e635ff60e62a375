"""Live video is shown to who may look, as long as he may, and nothing of it is there an hour later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.live.rules import pieces as rules
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import new_camera, new_person


def at(home: Home, url: str, more: str = "") -> Response:
    """What an address gives, to whoever has it and nothing else."""
    path = urlsplit(url).path
    return home.world.call("GET", path if not more else f"{path.rpartition('/')[0]}/{more}")


def lines(home: Home, live: Any) -> list[str]:
    """Nothing before the first picture."""
    answer = at(home, live["playlist_url"])
    if answer.status == 404 and answer.json["code"] == "NoPictureYet":
        return []
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == rules.PLAYLIST
    return answer.body.decode().splitlines()


def pieces_shown(home: Home, live: Any) -> list[str]:
    return [line for line in lines(home, live) if line.startswith("media/")]


def names(home: Home, live: Any) -> list[str]:
    """What the camera called the pieces that are shown."""
    return [name_of(line) for line in pieces_shown(home, live)]


def name_of(place: str) -> str:
    """A piece's address also says the hour, the ticket, and by a proof that this view was shown it."""
    return place.split("-", 3)[3]


def inits(home: Home, live: Any) -> list[str]:
    """Where what a player must know first lies, in the order in which it is told."""
    return [line.split('"')[1] for line in lines(home, live) if line.startswith("#EXT-X-MAP:")]


def piece(home: Home, live: Any, name: str) -> str:
    """The address of a piece, as the playlist says it."""
    return next(line for line in pieces_shown(home, live) if name_of(line) == name)


def test_who_asks_is_shown_what_the_camera_sends(home: Home) -> None:
    channel = home.camera.connect()
    live = home.owner.watch(home.camera.device_id)
    home.world.settle()
    (told,) = channel.messages
    assert told == {
        "id": told["id"], "command": "live", "channel": "1", "piece_ms": 2000, "live_id": live["live_id"],
        "until": live["until"],
        "now": f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    assert pieces_shown(home, live) == []
    home.camera.stream(b"ftypmoov", init="a1")
    name = home.camera.stream(b"moofmdat")
    assert names(home, live) == [name]
    link = at(home, live["playlist_url"], piece(home, live, name))
    assert link.status == 302
    assert home.world.fetch(link.headers["Location"]).body == b"moofmdat"
    (init,) = inits(home, live)
    assert name_of(init) == "init-a1.mp4"
    first = at(home, live["playlist_url"], init)
    assert home.world.fetch(first.headers["Location"]).body == b"ftypmoov"


def test_the_owner_is_told_where_the_camera_is_in_his_own_network(home: Home) -> None:
    assert home.owner.watch(home.camera.device_id)["lan"] == {"ip": "192.168.1.20", "port": 8554}


def test_the_delay_from_a_frame_to_the_playlist_is_the_length_of_its_piece(home: Home, capsys: Any) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    delays = []
    for _ in range(20):
        begun = home.world.now()
        name = f"{begun:%Y%m%dT%H%M%S.%f}"[:-3] + "Z-1000.m4s"
        home.world.clock.move_to(begun.timestamp() + 1)  # a second is filmed, and then sent
        ticket = home.camera.ask_ticket("live").json
        assert home.world.upload(ticket, f"1/{name}", b"moof").status == 204
        assert pieces_shown(home, live)[-1].endswith(name)
        delays.append((home.world.now() - begun).total_seconds())
    with capsys.disabled():
        print(f"\nfrom frame to playlist: {min(delays) - 1:.1f} to {max(delays):.1f} s, in pieces of 1 s")
    assert max(delays) <= 1.01


@pytest.mark.parametrize("random", ["a1", "0d3a-4f", "x_7-F", "-_"])
def test_what_is_random_may_be_written_as_a_uuid_or_as_base64_for_addresses(home: Home, random: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init=random)
    home.camera.stream()
    assert len(pieces_shown(home, live)) == 1
    assert at(home, live["playlist_url"], inits(home, live)[0]).status == 302


def once(number: int) -> tuple[str, str]:
    """The name and the bytes of what a player must know before that second: brought when the camera begins."""
    return ("a", "film") if number == 0 else ("", "")


def again_by_its_name(number: int) -> tuple[str, str]:
    return ("a", "film") if number % 4 == 0 else ("", "")


def by_another_name(number: int) -> tuple[str, str]:
    """With every third ticket the camera begins anew, and encoders make the same bytes whenever they begin."""
    return (f"a{number // 12}", "film") if number % 4 == 0 else ("", "")


@pytest.mark.parametrize(
    ("brought", "beginnings"),
    [
        (once, [0] * 40),
        (again_by_its_name, [0] * 40),
        (by_another_name, [0] * 12 + [1] * 12 + [2] * 12 + [3] * 4),
    ],
)
def test_a_piece_keeps_its_number_and_its_beginning_while_it_is_shown(
    home: Home, brought: Callable[[int], tuple[str, str]], beginnings: list[int]
) -> None:
    live = home.owner.watch(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    seen: dict[str, tuple[int, int]] = {}
    for number in range(40):
        if (init := brought(number)) != ("", ""):
            home.camera.stream(init[1].encode(), init=init[0])
        home.camera.stream()
        if number % 9 == 8:
            assert home.owner.call("POST", path).status == 200
        shown = list(_numbered(lines(home, live)))
        assert 1 <= len(shown) <= rules.SHOWN
        for name, numbers in shown:
            assert seen.setdefault(name, numbers) == numbers
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    assert list(seen.values()) == list(enumerate(beginnings))


def test_who_goes_on_is_still_shown_what_players_have_not_asked_for_yet(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    home.camera.stream(init="a")
    for _ in range(rules.SHOWN + 3):
        home.camera.stream()
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    before = lines(home, live)
    assert len(pieces_shown(home, live)) == rules.SHOWN
    for _ in range(2):
        assert home.owner.call("POST", path).status == 200
        assert lines(home, live) == before


def _numbered(said: list[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each piece with its number, and how often the camera had begun anew by then (RFC 8216, 4.3.3)."""
    told = dict(line.split(":", 1) for line in said if "-SEQUENCE:" in line)
    number, beginning = int(told["#EXT-X-MEDIA-SEQUENCE"]), int(told["#EXT-X-DISCONTINUITY-SEQUENCE"])
    for line in said:
        beginning += line == "#EXT-X-DISCONTINUITY"
        if line.startswith("media/"):
            yield line, (number, beginning)
            number += 1


def test_a_view_ends_by_itself_after_five_minutes(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    home.world.advance(299)
    assert at(home, live["playlist_url"]).status == 200
    home.world.advance(1)
    assert at(home, live["playlist_url"]).status == 404
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.owner.call("POST", path).status == 404


def test_a_view_goes_on_if_it_is_asked_for(home: Home) -> None:
    channel = home.camera.connect()
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    home.world.advance(240)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    longer = home.owner.call("POST", path).json
    assert (longer["live_id"], longer["playlist_url"]) == (live["live_id"], live["playlist_url"])
    home.world.advance(299)
    assert at(home, live["playlist_url"]).status == 200
    assert [message["until"] for message in channel.messages] == [live["until"], longer["until"]]


def test_a_view_that_is_stopped_is_over_and_the_camera_is_told(home: Home) -> None:
    channel = home.camera.connect()
    live = home.owner.watch(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    home.camera.stream(init="a")
    shown = piece(home, live, home.camera.stream())
    assert home.owner.call("DELETE", path).status == 204
    for more in ("", shown):
        assert at(home, live["playlist_url"], more).status == 404
    home.world.settle()
    assert [(one["command"], one["live_id"]) for one in channel.messages] == [
        ("live", live["live_id"]),
        ("stop_live", live["live_id"]),
    ]
    assert home.owner.call("DELETE", path).status == 404


def test_a_device_that_is_removed_shows_nothing_more(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    assert at(home, live["playlist_url"]).status == 200
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert at(home, live["playlist_url"]).status == 404


def test_an_owner_who_has_left_sees_nothing_more(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    assert at(home, live["playlist_url"]).status == 200
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert at(home, live["playlist_url"]).status == 404


def test_a_capability_opens_its_own_view_only(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    other = new_camera(home.world, "SN0031", owner=home.stranger)
    others = home.stranger.watch(other.device_id)
    own = tuple(live["playlist_url"].split("/")[-2].split("."))
    anothers = others["playlist_url"].split("/")[-2].split(".")
    exchanged = [(*own[:nth], part, *own[nth + 1 :]) for nth, part in enumerate(anothers)]
    emptied = [(*own[:nth], "", *own[nth + 1 :]) for nth in range(len(own))]
    forged = [*exchanged, *emptied, own[:-1], (*own, ""), ("",)]
    for parts in forged:
        assert home.world.call("GET", f"/live/{'.'.join(parts)}/playlist.m3u8").status in (403, 404)


@pytest.mark.parametrize(
    "place",
    ["../../alarms", "init-.mp4", "20260105T080000.000Z-0.m4s", "20261305T080000.000Z-1000.m4s",
     "20260105T080000.000Z-1000.mp4", "20260105T080000.000Z-1000.m4s%2F..%2Fx", "init-a.mp4%0A",
     "99991231T235959.999Z-1000.m4s", ""],
)  # fmt: skip
def test_only_pieces_are_led_to(home: Home, place: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    hour, ticket, proof, name = piece(home, live, home.camera.stream(kind="ts")).split("-", 3)
    assert at(home, live["playlist_url"], f"{hour}-{ticket}-{proof}-{name}").status == 302
    assert at(home, live["playlist_url"], f"{hour}-{ticket}-{proof}-{place}").status in (403, 404)


def test_what_is_called_otherwise_is_not_in_the_playlist(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    ticket = home.camera.ask_ticket("live").json
    stamp = f"{home.world.now():%Y%m%dT%H%M%S}"
    for name in (
        "zzz.m4s", f"{stamp}.000Z-1000.mp4", f"{stamp}.000Z-1000xts", f"{stamp}.000Z-99999.m4s",
        f"{stamp}.000Z-1000.m4s\n#EXT-X-KEY",
    ):  # fmt: skip
        home.world.upload(ticket, f"1/{name}", b"moof")
    home.camera.stream(channel="2")
    assert pieces_shown(home, live) == []


def test_segments_without_what_a_player_must_know_first_wait_for_it(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream()
    assert pieces_shown(home, live) == []
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    home.camera.stream(init="a")
    home.camera.stream()
    assert len(pieces_shown(home, live)) == 2


def test_a_camera_that_begins_anew_is_another_beginning_and_one_that_goes_on_is_not(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    for init in ("a", "a", "b"):
        home.camera.stream(init=init)
        home.camera.stream()
        home.world.clock.move_to(home.world.now().timestamp() + 2)
    said = lines(home, live)
    assert said.count("#EXT-X-DISCONTINUITY") == 1
    assert len([line for line in said if line.startswith("#EXT-X-MAP")]) == 2


def test_a_transport_stream_is_played_without_anything_before_it(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    sent = []
    for number in range(8):
        sent.append(home.camera.stream(b"\x47" * 188, kind="ts"))
        assert names(home, live) == sent[-rules.SHOWN :]
        home.world.clock.move_to(home.world.now().timestamp() + 1)
        assert list(_numbered(lines(home, live)))[-1][1] == (number, 0)
    assert "#EXT-X-MAP" not in "".join(lines(home, live))
    link = at(home, live["playlist_url"], pieces_shown(home, live)[0])
    assert home.world.fetch(link.headers["Location"]).headers["Content-Type"] == rules.TRANSPORT_STREAM


def test_a_camera_that_changes_to_a_transport_stream_and_back_begins_anew(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    seen: dict[str, tuple[int, int]] = {}
    for number, kind in enumerate(["m4s", "m4s", "ts", "ts", "ts", "m4s", "m4s"]):
        if number in (0, 5):
            home.camera.stream(init=f"a{number}")
        home.camera.stream(kind=kind)
        shown = list(_numbered(lines(home, live)))
        assert {name.rpartition(".")[2] for name, _ in shown} == {kind}
        for name, numbers in shown:
            assert seen.setdefault(name, numbers) == numbers
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    assert list(seen.values()) == list(enumerate([0, 0, 1, 1, 1, 2, 2]))


@pytest.mark.parametrize(
    ("durations_ms", "target_s"), [((1000, 1033), 1), ((1000, 1500), 2), ((2000, 1000), 2), ((200,), 1), ((9999,), 10)]
)
def test_no_piece_is_longer_than_players_are_told(home: Home, durations_ms: tuple[int, ...], target_s: int) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    for duration_ms in durations_ms:
        home.camera.stream(ms=duration_ms)
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    assert f"#EXT-X-TARGETDURATION:{target_s}" in lines(home, live)


def test_a_view_goes_on_over_the_end_of_an_hour(home: Home) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + 3590)
    home.owner.sign_in()
    live = home.owner.watch(home.camera.device_id)
    ticket = home.camera.ask_ticket("live").json
    assert home.world.upload(ticket, "1/init-a.mp4", b"moov").status == 204
    for _ in range(20):
        name = f"{home.world.now():%Y%m%dT%H%M%S.%f}"[:-3] + "Z-1000.m4s"
        assert home.world.upload(ticket, f"1/{name}", b"moof").status == 204  # below the hour before
        assert pieces_shown(home, live)[-1].endswith(name)
        home.world.clock.move_to(home.world.now().timestamp() + 1)


def test_a_channel_that_is_not_there_cannot_be_watched(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}/live"
    assert home.owner.call("POST", path, {"channel": "9"}).status == 404
    assert home.owner.call("POST", path, {"channel": "../1"}).status == 422


def test_of_more_than_three_views_of_the_same_person_the_oldest_ends(home: Home) -> None:
    channel = home.camera.connect()
    views = []
    for _ in range(rules.MOST_OF_ONE + 2):
        views.append(home.owner.watch(home.camera.device_id))
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    home.camera.stream(kind="ts")
    assert [at(home, one["playlist_url"]).status for one in views] == [404, 404, 200, 200, 200]
    home.world.settle()
    ended = [one["live_id"] for one in channel.messages if one["command"] == "stop_live"]
    assert ended == [one["live_id"] for one in views[:2]]
    for method in ("POST", "DELETE"):
        path = f"/devices/{home.camera.device_id}/live/{views[0]['live_id']}"
        assert home.owner.call(method, path).status == 404
    assert at(home, views[2]["playlist_url"]).status == 200


def test_guests_use_up_their_own_views_and_never_the_owners(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_OF_GUESTS", 4)
    guests = [home.stranger, new_person(home.world, "second@example.com"), new_person(home.world, "third@example.com")]
    for one in guests:
        share = home.owner.share(home.camera.device_id, email=one.email, rights=["live"]).json["share_id"]
        assert one.call("POST", f"/shares/{share}/accept").status == 200
    path = f"/devices/{home.camera.device_id}/live"
    assert [guests[0].call("POST", path, {"channel": "1"}).status for _ in range(9)] == [201] * 9
    assert guests[1].call("POST", path, {"channel": "1"}).status == 201
    refused = guests[2].call("POST", path, {"channel": "1"})
    assert (refused.status, refused.json["code"]) == (429, "TooManyViews")
    assert guests[0].call("POST", path, {"channel": "1"}).status == 201  # in place of one of his own
    home.owner.watch(home.camera.device_id)


def test_nobody_who_owns_nothing_uploads(home: Home) -> None:
    camera = new_camera(home.world, "SN0032")
    assert camera.ask_ticket("live").status == 409


def test_nothing_of_it_remains_after_an_hour(home: Home) -> None:
    home.owner.watch(home.camera.device_id)
    for _ in range(5):
        home.camera.stream(init="a")
        home.camera.stream()
        home.world.advance(600)
    home.world.advance(3600)
    assert not [one for one in everything(home) if one.startswith("live/")]


def test_what_is_left_lying_goes_by_the_buckets_own_rule(home: Home) -> None:
    home.camera.stream(init="a")
    home.world.clock.move_to(home.world.now().timestamp() + 3 * 86_400)
    home.world.calendar.reap()
    assert not [one for one in everything(home) if one.startswith("live/")]


def everything(home: Home) -> list[str]:
    return [one["key"] for objects in home.world.dump()["buckets"].values() for one in objects]


def test_a_sweep_spares_what_is_still_shown(home: Home) -> None:
    home.camera.stream(init="old")
    home.world.clock.move_to(home.world.now().timestamp() + 31 * 60)
    home.camera.stream(init="new")
    assert home.world.run_schedule("sweep_live_video") == {"deleted": 1}
    assert [key.rpartition("/")[2] for key in everything(home) if key.startswith("live/")] == ["init-new.mp4"]


# Guests


def guest(home: Home, **how: Any) -> str:
    """The stranger is one now; his share."""
    share = home.owner.share(home.camera.device_id, email=home.stranger.email, **{"rights": ["live"], **how})
    assert home.stranger.call("POST", f"/shares/{share.json['share_id']}/accept").status == 200
    return f"/devices/{home.camera.device_id}/shares/{share.json['share_id']}"


def watch(home: Home, channel: str = "1") -> Response:
    return home.stranger.call("POST", f"/devices/{home.camera.device_id}/live", {"channel": channel})


def test_a_guest_watches_and_the_owner_can_read_that_he_did(home: Home) -> None:
    guest(home)
    live = home.stranger.watch(home.camera.device_id)
    assert live["lan"] is None
    home.camera.stream(init="a")
    home.camera.stream(b"moof")
    assert len(pieces_shown(home, live)) == 1
    acts = [(one["act"], one["who"]) for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert ("watched", home.stranger.nickname) in acts


def test_without_the_right_or_of_another_channel_a_guest_sees_nothing(home: Home) -> None:
    share = guest(home, rights=["alarms", "settings"])
    assert watch(home).status == 403
    assert home.camera.activate(channels=[{"id": "1"}, {"id": "2"}]).status == 200
    assert home.owner.call("PATCH", share, {"rights": ["live"], "channels": ["1"]}).status == 200
    assert watch(home, "2").status == 404
    assert watch(home).status == 201


def test_nobody_goes_on_with_or_stops_anothers_view(home: Home) -> None:
    guest(home)
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert [home.stranger.call(method, path).status for method in ("POST", "DELETE")] == [404, 404]
    assert at(home, live["playlist_url"]).status == 200


@pytest.mark.parametrize("end", ["revoke", "leave", "other rights", "other channels", "transfer", "remove", "time"])
def test_a_guests_view_is_over_with_the_next_request_once_his_right_is(home: Home, end: str) -> None:
    assert home.camera.activate(channels=[{"id": "1"}, {"id": "2"}]).status == 200
    soon = f"{home.world.now() + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}"
    share = guest(home, **({"until": soon} if end == "time" else {}))
    live = home.stranger.watch(home.camera.device_id)
    home.camera.stream(init="a")
    shown = piece(home, live, home.camera.stream(b"moof"))
    assert at(home, live["playlist_url"], shown).status == 302
    match end:
        case "revoke":
            assert home.owner.call("DELETE", share).status == 204
        case "leave":
            assert home.stranger.call("DELETE", f"/shares/{share.rpartition('/')[2]}").status == 204
        case "other rights":
            assert home.owner.call("PATCH", share, {"rights": ["alarms"]}).status == 200
        case "other channels":
            assert home.owner.call("PATCH", share, {"channels": ["2"]}).status == 200
        case "transfer":
            heir = new_person(home.world, "heir@example.com")
            home.owner.step_up()
            heir.step_up()
            assert heir.accept(home.owner.offer(home.camera.device_id, email=heir.email)).status == 201
        case "remove":
            assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
        case _:
            home.world.clock.move_to(home.world.now().timestamp() + 120)
    assert at(home, live["playlist_url"]).status == 404
    assert at(home, live["playlist_url"], shown).status == 404
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.stranger.call("POST", path).status in (403, 404)


# Privacy mode


def test_privacy_mode_stops_who_looks_and_lets_nobody_begin_and_nothing_in(home: Home) -> None:
    guest(home)
    live, of_guest = home.owner.watch(home.camera.device_id), home.stranger.watch(home.camera.device_id)
    assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200
    assert [at(home, one["playlist_url"]).status for one in (live, of_guest)] == [404, 404]
    begun = home.owner.call("POST", f"/devices/{home.camera.device_id}/live", {"channel": "1"})
    assert (begun.status, begun.json["code"]) == (409, "PrivacyModeOn")
    assert watch(home).json["code"] == "PrivacyModeOn"
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.owner.call("POST", path).json["code"] == "PrivacyModeOn"
    assert home.owner.call("DELETE", path).status == 204
    assert home.camera.ask_ticket("live").json["code"] == "PrivacyModeOn"


def test_what_was_filmed_in_privacy_mode_on_a_ticket_of_before_is_never_seen(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    ticket = home.camera.ask_ticket("live").json
    sent = []

    def film() -> None:
        home.world.clock.move_to(home.world.now().timestamp() + 5)
        sent.append(f"{home.world.now():%Y%m%dT%H%M%S.%f}"[:-3] + "Z-1000.m4s")
        assert home.world.upload(ticket, f"1/{sent[-1]}", b"moof").status == 204
        home.world.clock.move_to(home.world.now().timestamp() + 5)

    film()
    before = piece(home, live, sent[0])
    for on in (True, False):
        assert home.owner.set_privacy(home.camera.device_id, on=on).status == 200
        film()
    assert at(home, live["playlist_url"]).status == 404  # privacy mode has ended it
    live = home.owner.watch(home.camera.device_id)
    film()
    assert names(home, live) == sent[3:]
    assert at(home, live["playlist_url"], before).status == 404
    assert opened_by_guessing(home, live, sent[3], sent) == sent[3:]


def test_of_two_spells_of_privacy_mode_neither_is_seen(home: Home) -> None:
    """The device remembers the last one only."""
    home.camera.stream(init="a")
    ticket, sent = home.camera.ask_ticket("live").json, []

    def film(ahead: float = 0) -> None:
        said = home.world.now() + timedelta(seconds=ahead)
        sent.append(f"{said:%Y%m%dT%H%M%S.%f}"[:-3] + "Z-1000.m4s")
        assert home.world.upload(ticket, f"1/{sent[-1]}", b"moof").status == 204
        home.world.clock.move_to(home.world.now().timestamp() + 40)

    for _ in range(2):
        home.owner.set_privacy(home.camera.device_id, on=True)
        home.world.clock.move_to(home.world.now().timestamp() + 5)
        film()
        film(600)  # its clock is ahead
        home.owner.set_privacy(home.camera.device_id, on=False)
        home.world.clock.move_to(home.world.now().timestamp() + 5)
    live = home.owner.watch(home.camera.device_id)
    assert pieces_shown(home, live) == []
    film()
    assert names(home, live) == sent[-1:]
    assert opened_by_guessing(home, live, sent[-1], sent) == sent[-1:]


def test_a_view_may_begin_in_the_very_second_in_which_privacy_mode_came_and_went(home: Home) -> None:
    for on in (True, False):
        home.owner.set_privacy(home.camera.device_id, on=on)
    live = home.owner.watch(home.camera.device_id)
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    home.camera.stream(kind="ts")
    assert at(home, live["playlist_url"]).status == 200


@pytest.mark.parametrize("is_on", [True, False])
def test_a_view_that_privacy_mode_has_ended_does_not_go_on(home: Home, is_on: bool) -> None:
    device_id = home.camera.device_id
    live = home.owner.watch(device_id)
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    home.owner.set_privacy(device_id, on=True)
    home.owner.set_privacy(device_id, on=is_on)
    answer = home.owner.call("POST", f"/devices/{device_id}/live/{live['live_id']}")
    assert (answer.status, answer.json["code"]) == ((409, "PrivacyModeOn") if is_on else (404, "NotFound"))


def test_a_camera_whose_clock_lies_shows_nothing_of_privacy_mode_either(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    ticket = home.camera.ask_ticket("live").json
    sent = []

    def film(ahead: float) -> None:
        said = home.world.now() + timedelta(seconds=ahead)
        sent.append(f"{said:%Y%m%dT%H%M%S.%f}"[:-3] + "Z-1000.m4s")
        assert home.world.upload(ticket, f"1/{sent[-1]}", b"moof").status == 204

    def pass_(seconds: float) -> None:
        home.world.clock.move_to(home.world.now().timestamp() + seconds)

    film(-1)
    pass_(20)
    assert names(home, live) == sent[:1]
    home.owner.set_privacy(home.camera.device_id, on=True)
    pass_(20)
    film(-30)  # as if it had been before
    film(60)  # and as if it were after
    pass_(20)
    home.owner.set_privacy(home.camera.device_id, on=False)
    film(1)  # at once: some of it was seen while privacy mode was on
    live = home.owner.watch(home.camera.device_id)
    pass_(20)
    film(-1)
    assert names(home, live) == sent[4:]
    assert opened_by_guessing(home, live, sent[4], [*sent, "20260105T080000.000Z-999.m4s"]) == sent[4:]


def opened_by_guessing(home: Home, live: Any, shown: str, guessed: list[str]) -> list[str]:
    """Which of the pieces open by the address of the one that is shown, with their own names in its place."""
    address = piece(home, live, shown)
    tried = [address.replace(shown, name) for name in guessed]
    return [name_of(one) for one in tried if at(home, live["playlist_url"], one).status == 302]


def test_a_piece_costs_one_read(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    shown = piece(home, live, home.camera.stream(b"moof"))
    home.world.trace.clear()
    assert at(home, live["playlist_url"], shown).status == 302
    assert home.world.trace.names() == ["dynamodb.BatchGetItem"]
