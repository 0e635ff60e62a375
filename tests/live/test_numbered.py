"""Numbered pieces are found without listing, and whatever becomes of one, the playlist goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.live.records import Live
from chalicelib.live.rules import numbered
from chalicelib.live.rules import pieces as rules
from tests.conftest import Home
from tests.live.test_clocks import pass_
from tests.live.test_live import _numbered, at, guest, inits, lines, names, opened_by_guessing, piece, pieces_shown
from tests.scene import items_of, just_before

SECONDS = 2.0


@dataclass
class Numbering:
    """A camera that numbers what it sends, in pieces of two seconds."""

    home: Home
    run: str = "a"
    kind: str = "m4s"
    number: int = 0
    ticket: Any = None
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.come_again()

    def come_again(self, run: str = "") -> None:
        """On a new ticket: with another run it begins anew, or else goes on."""
        self.run, self.number = (run, 0) if run else (self.run, self.number)
        self.ticket = self.home.camera.ask_ticket("live").json
        if self.kind == "m4s":
            self._put(f"init-{self.run}.mp4")

    def film(self, seconds: float = SECONDS, **said: str | None) -> str:
        """Wait while it films, and send that; `start` and `duration_ms` may be said otherwise."""
        begun = self.home.world.now()
        pass_(self.home, seconds)
        return self.send(start=f"{begun:%Y%m%dT%H%M%S}.{begun.microsecond // 1000:03}Z", **said)

    def send(self, start: str | None = None, duration_ms: str | None = "2000", **said: str | None) -> str:
        said = {"start": start, "duration-ms": duration_ms} | said
        name = f"{self.run}-{self.number}.{self.kind}"
        self._put(name, **{f"x-amz-meta-{key}": value for key, value in said.items() if value is not None})
        self.number += 1
        self.sent.append(name)
        return name

    def _put(self, name: str, **fields: str) -> None:
        assert self.home.world.upload(self.ticket, f"1/{name}", b"moof", **fields).status == 204


def watched(home: Home) -> Any:
    """A view that shows its first piece already, whose camera is the one that follows."""
    live = home.owner.watch(home.camera.device_id)
    camera = Numbering(home)
    camera.film()
    assert names(home, live) == camera.sent
    return live, camera


def calls(home: Home, live: Any) -> list[str]:
    home.world.trace.clear()
    lines(home, live)
    return home.world.trace.names()


# Found by number


def test_the_next_piece_is_asked_for_by_its_name_and_nothing_is_listed(home: Home) -> None:
    live, camera = watched(home)
    for _ in range(5):
        camera.film()
        assert calls(home, live) == ["dynamodb.BatchGetItem", "s3.HeadObject", "dynamodb.UpdateItem"]
        assert names(home, live) == camera.sent
    # Who asks before there is another one costs a look, and writes nothing.
    assert calls(home, live) == ["dynamodb.BatchGetItem", "s3.HeadObject"]


def test_a_camera_that_shows_itself_already_is_not_listed_while_a_view_waits_for_its_next_piece(home: Home) -> None:
    camera = Numbering(home)
    for _ in range(3):
        camera.film()
    pass_(home, 1)
    live = home.owner.watch(home.camera.device_id)
    begun = home.world.now()

    def film() -> None:
        if (home.world.now() - begun).total_seconds() >= SECONDS:
            home.world.meanwhile = None
            camera.send()

    home.world.meanwhile = film
    made = calls(home, live)
    assert (made.count("s3.ListObjectsV2"), made.count("s3.HeadObject")) == (1, 3)
    assert names(home, live) == camera.sent[3:]


def test_what_comes_hurried_is_all_there_with_the_second_request(home: Home) -> None:
    live, camera = watched(home)
    pass_(home, 6)
    for _ in range(3):
        camera.send()
    lines(home, live)
    pass_(home, 2)
    assert names(home, live) == camera.sent


@pytest.mark.parametrize("is_ticket_newer", [True, False])
def test_what_was_filmed_before_is_shown_in_the_second_in_which_a_view_begins_if_its_ticket_is_newer(
    home: Home, is_ticket_newer: bool
) -> None:
    """S3 says only the second; a camera that is awake sends what it has since its last key frame."""
    pass_(home, 0.2 - home.world.now().microsecond / 1e6 % 1 + 1)
    camera = None if is_ticket_newer else Numbering(home)
    live = home.owner.watch(home.camera.device_id)
    pass_(home, 0.3)
    camera = camera or Numbering(home)
    camera.send(start=f"{home.world.now() - timedelta(seconds=2):%Y%m%dT%H%M%S}.000Z")
    assert (at(home, live["playlist_url"]).status == 200) is is_ticket_newer


def test_no_promise_is_made_of_where_key_frames_are(home: Home) -> None:
    """Of many cameras they are ten seconds apart, and pieces two."""
    live, _ = watched(home)
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in lines(home, live)


def test_who_comes_back_to_a_player_that_was_paused_goes_on_where_the_camera_is(home: Home) -> None:
    live, camera = watched(home)
    for _ in range(100):
        camera.film()
    for _ in range(20):
        seen = lines(home, live)
    assert [name for name in camera.sent[-1:] if name in "".join(seen)]
    assert len(pieces_shown(home, live)) == rules.SHOWN


@pytest.mark.parametrize("kind", ["m4s", "ts"])
def test_a_piece_keeps_its_number_and_its_beginning_over_tickets_and_beginnings(home: Home, kind: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    camera = Numbering(home, kind=kind)
    seen: dict[str, tuple[int, int]] = {}
    for number in range(60):
        if number in (20, 40):
            camera.come_again("b" if number == 40 else "")
        camera.film()
        for _ in range(2):
            for place, numbers in _numbered(lines(home, live)):
                assert seen.setdefault(place, numbers) == numbers
            pass_(home, 0.7)
        if number % 7 == 3:
            assert home.owner.call("POST", path).status == 200
    pass_(home, 5)
    for place, numbers in _numbered(lines(home, live)):
        assert seen.setdefault(place, numbers) == numbers
    assert [place.split("-", 3)[3] for place in seen] == camera.sent
    beginnings = [beginning for _, beginning in seen.values()]
    assert (beginnings, [counted for counted, _ in seen.values()]) == ([0] * 40 + [1] * 20, list(range(60)))


def test_another_ticket_is_found_within_the_time_of_a_piece(home: Home) -> None:
    live, camera = watched(home)
    camera.come_again()
    camera.film()
    begun = home.world.now()
    while names(home, live) != camera.sent:
        pass_(home, 0.5)
    assert (home.world.now() - begun).total_seconds() <= 2.5
    camera.film()
    assert calls(home, live)[1:] == ["s3.HeadObject", "dynamodb.UpdateItem"]


def test_a_camera_that_fell_silent_is_listed_every_four_seconds(home: Home) -> None:
    live, _ = watched(home)
    listed = 0
    for _ in range(60):
        pass_(home, 1)
        listed += calls(home, live).count("s3.ListObjectsV2")
    assert listed <= 2 * 15


@pytest.mark.parametrize("away_s", [2, 3, 4, 5, 6, 7, 8])
def test_a_camera_that_starts_again_is_found_soon_after_its_first_piece(home: Home, away_s: int) -> None:
    live, camera = watched(home)
    for _ in range(2 * away_s):
        pass_(home, 0.5)
        lines(home, live)
    camera.come_again("b")
    camera.send()
    sent = home.world.now()
    while names(home, live) != camera.sent:
        pass_(home, 0.5)
    # Where it came before one could know that the next of its numbers is late, it is found then.
    assert (home.world.now() - sent).total_seconds() <= max(1.5, 4.0 - away_s)


# What goes wrong


def test_a_number_that_is_missing_is_passed_over_and_not_shown_when_it_comes_late(home: Home) -> None:
    live, camera = watched(home)
    camera.film()
    assert names(home, live) == camera.sent
    camera.number += 1
    camera.film()
    camera.film()
    pass_(home, 2)
    shown = [*camera.sent]
    assert names(home, live) == shown
    camera.number = 2
    camera.send()
    camera.number = 5
    shown.append(camera.film())
    assert names(home, live) == shown
    assert lines(home, live).count("#EXT-X-DISCONTINUITY") == 0


def test_numbers_that_come_in_another_order_are_shown_in_theirs(home: Home) -> None:
    live, camera = watched(home)
    for number in (3, 2, 1):
        camera.number = number
        camera.film()
    pass_(home, 2)
    assert names(home, live) == ["a-0.m4s", "a-1.m4s", "a-2.m4s", "a-3.m4s"]


def test_a_piece_that_comes_twice_is_shown_once(home: Home) -> None:
    live, camera = watched(home)
    for _ in range(3):
        camera.film()
        before = names(home, live)
        camera.number -= 1
        camera.send()
        assert names(home, live) == before


@pytest.mark.parametrize(
    "said",
    [
        {"start": "20250105T080000.000Z"}, {"start": "2027-01-05T08:00:00Z"}, {"start": "99991231T235959.999Z"},
        {"start": "00010101T000000.000Z"}, {"start": "20261305T080000.000Z"}, {"start": "yesterday"}, {"start": "-"},
        {"start": "1" * 1000}, {"duration_ms": "9999"}, {"duration_ms": "1"},
    ],
)  # fmt: skip
def test_absurd_times_leave_the_playlist_whole(home: Home, said: dict[str, str]) -> None:
    live, camera = watched(home)
    begun = home.world.now()
    pass_(home, SECONDS)
    camera.send(**{"start": f"{begun:%Y%m%dT%H%M%S}.000Z", **said})
    camera.film()
    pass_(home, 8)
    assert names(home, live) == camera.sent
    told = [line for line in lines(home, live) if "PROGRAM-DATE-TIME" in line]
    assert all(line.startswith("#EXT-X-PROGRAM-DATE-TIME:2026-") for line in told)
    assert lines(home, live).count("#EXT-X-DISCONTINUITY") <= 2


@pytest.mark.parametrize("duration_ms", [None, "-", "0", "-1", "10001", "2.5", "٣", "9" * 500, ""])
def test_what_does_not_say_how_long_it_is_is_left_out(home: Home, duration_ms: str | None) -> None:
    live, camera = watched(home)
    camera.film(duration_ms=duration_ms)
    left_out = camera.sent.pop()
    camera.film()
    pass_(home, 2)
    assert names(home, live) == camera.sent
    assert left_out not in "".join(lines(home, live))


def test_pieces_wait_for_what_a_player_must_know_before_them(home: Home) -> None:
    live, camera = watched(home)
    camera.run, camera.number = "b", 0
    camera.film()
    pass_(home, 5)
    assert names(home, live) == camera.sent[:1]
    camera.come_again()
    camera.film()
    pass_(home, 5)
    assert names(home, live) == camera.sent


def test_a_camera_may_name_by_time_before_and_after(home: Home) -> None:
    """Another firmware, while somebody watches."""
    live = home.owner.watch(home.camera.device_id)
    seen: dict[str, tuple[int, int]] = {}
    sent = []
    for number in range(12):
        pass_(home, 1)
        if number in (0, 8):
            home.camera.stream(init=f"t{number}")
        if number == 4:
            camera = Numbering(home)
        if 4 <= number < 8:
            sent.append(camera.film())
        else:
            sent.append(home.camera.stream())
            pass_(home, 1)
        pass_(home, 4)
        for place, numbers in _numbered(lines(home, live)):
            assert seen.setdefault(place, numbers) == numbers
    assert [place.split("-", 3)[3] for place in seen] == sent
    assert [counted for counted, _ in seen.values()] == list(range(12))


def test_two_who_ask_at_once_are_told_the_same_numbers(home: Home) -> None:
    live, camera = watched(home)
    camera.film()
    told: list[list[str]] = []

    def another() -> None:
        camera.film()
        told.append(lines(home, live))

    # The one is about to write what it found when the other has found more.
    with just_before(home.world, 3, another):
        told.append(lines(home, live))
    assert len(told) == 2
    assert told[0] == told[1] == lines(home, live)


@pytest.mark.parametrize("place", ["a-00.m4s", "a-1.mp4", "a-1000000000.m4s", "a-x.m4s", "a-1.m4s%0A", "-1.m4s"])
def test_only_numbered_pieces_are_led_to(home: Home, place: str) -> None:
    live, camera = watched(home)
    address = piece(home, live, camera.sent[0])
    assert at(home, live["playlist_url"], address).status == 302
    assert at(home, live["playlist_url"], address.replace(camera.sent[0], place)).status in (403, 404)


def test_a_piece_and_its_init_are_led_to(home: Home) -> None:
    live, camera = watched(home)
    links = [at(home, live["playlist_url"], one) for one in (inits(home, live)[0], piece(home, live, camera.sent[0]))]
    assert [home.world.fetch(one.headers["Location"]).body for one in links] == [b"moof"] * 2


# Who may see what


def test_what_was_filmed_in_privacy_mode_is_never_seen(home: Home) -> None:
    live, camera = watched(home)
    device_id = home.camera.device_id
    for on in (True, False):
        assert home.owner.set_privacy(device_id, on=on).status == 200
        pass_(home, 3)
        if on:
            camera.film()
    assert at(home, live["playlist_url"]).status == 404
    live = home.owner.watch(device_id)
    camera.film()
    pass_(home, 1)
    waited = f"{home.world.now() - timedelta(seconds=12):%Y%m%dT%H%M%S}.000Z"
    camera.send(start=waited)  # filmed while it was on, and sent only now
    camera.film()
    assert names(home, live) == [camera.sent[2], camera.sent[4]]
    assert opened_by_guessing(home, live, camera.sent[2], camera.sent) == [camera.sent[2]]


def test_a_guest_is_shown_nothing_from_before_his_view(home: Home) -> None:
    of_owner, camera = watched(home)
    guest(home)
    for _ in range(3):
        camera.film()
    pass_(home, 1)
    live = home.stranger.watch(home.camera.device_id)
    camera.film()
    assert names(home, of_owner) == camera.sent
    assert names(home, live) == camera.sent[-1:]
    old = piece(home, of_owner, camera.sent[0])
    assert at(home, live["playlist_url"], old).status == 404
    assert opened_by_guessing(home, live, camera.sent[-1], camera.sent) == camera.sent[-1:]


@pytest.mark.parametrize("end", ["stop", "privacy", "revoke"])
def test_what_is_stopped_is_not_shown_with_the_next_request(home: Home, end: str) -> None:
    share = guest(home)
    live = home.stranger.watch(home.camera.device_id)
    camera = Numbering(home)
    camera.film()
    shown = piece(home, live, camera.sent[0])
    match end:
        case "stop":
            path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
            assert home.stranger.call("DELETE", path).status == 204
        case "privacy":
            assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200
        case _:
            assert home.owner.call("DELETE", share).status == 204
    assert [at(home, live["playlist_url"], more).status for more in ("", shown)] == [404, 404]


# The ticket


def test_a_form_that_lacks_what_may_be_said_is_refused_as_s3_refuses_it(home: Home) -> None:
    ticket = home.camera.ask_ticket("live").json
    for name in ("x-amz-meta-start", "x-amz-meta-duration-ms"):
        assert ticket["fields"][name] == "-"
        assert home.world.upload(ticket, "1/a-0.ts", b"ts", **{name: None}).status == 403
    # Who says nothing of his own sends what the form has, as for names with times.
    assert home.world.upload(ticket, "1/a-0.ts", b"ts").status == 204
    assert home.world.upload(ticket, "1/a-1.ts", b"ts", **{"x-amz-meta-else": "1"}).status == 403


# What a view remembers


def test_a_view_fits_into_the_kilobyte_that_a_write_is_charged_by(home: Home) -> None:
    live, camera = watched(home)
    for number in range(40):
        if number == 30:
            camera.come_again("0d3a9c1e7f25")
        camera.film()
        lines(home, live)
        pass_(home, 3)
        lines(home, live)
    device_pk = Live.key(home.camera.device_id, "x").pk
    (row,) = [one for one in items_of(Live, device_pk) if one["sk"]["S"].startswith("live")]
    size = sum(len(name) + len(str(value)) for name, attribute in row.items() for value in attribute.values())
    assert size <= 1024


def test_what_is_written_is_read_again(home: Home) -> None:
    now = home.world.now().replace(microsecond=0)
    numbers = count()
    played = []
    for let_in, run, kind in (("2026010508/0000000001", "a", "m4s"), ("2026010509/1", "x-1_", "ts")):
        hour, _, ticket = let_in.partition("/")
        init = rules.read_piece(hour, ticket, f"init-{run}.mp4", now) if kind == "m4s" else None
        for start in (now, None, now - timedelta(days=300, milliseconds=-7)):
            found = rules.read_piece(hour, ticket, f"{run}-{next(numbers)}.{kind}", now)
            assert found is not None
            said = {"duration-ms": "2000"} | ({"start": start.isoformat()[:23] + "Z"} if start else {})
            played.append((init, rules.described(found, now + timedelta(seconds=next(numbers)), said)))
    timed = rules.read_piece("2026010509", "2", f"{now:%Y%m%dT%H%M%S}.000Z-1000.ts", now)
    assert timed is not None
    played.append((None, timed))
    window = numbered.Window(played[-1][1], None, now, tuple(played), 7, 2)
    again = numbered.read(numbered.written(window), 7, 2)
    assert [one for _, one in again.played] == [one for _, one in window.played]
    assert [init and init.path for init, _ in again.played] == [init and init.path for init, _ in window.played]
    assert (again.edge, again.listed_at, again.counted, again.breaks) == (timed, now, 7, 2)
