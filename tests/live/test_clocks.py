"""A camera's clock may be wrong, and S3 says only the second: what is shown, and in which order, is judged by when it
came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Home
from tests.live.test_live import _numbered, at, guest, inits, lines, name_of, names, piece, pieces_shown

HOUR, YEARS = 3600.0, 26 * 365 * 86_400.0


def pass_(home: Home, seconds: float) -> None:
    home.world.clock.move_to(round(home.world.now().timestamp() + seconds, 3))


def named(start: datetime, kind: str = "m4s") -> str:
    return f"{start:%Y%m%dT%H%M%S}.{start.microsecond // 1000:03}Z-1000.{kind}"


def film(home: Home, ticket: Any, ahead: float = 0, kind: str = "m4s") -> str:
    """A second that has just been filmed, as a camera names it whose clock is so far ahead."""
    name = named(home.world.now() + timedelta(seconds=ahead - 1), kind)
    assert home.world.upload(ticket, f"1/{name}", b"moof").status == 204
    return name


def bring_init(home: Home, ticket: Any, name: str) -> None:
    # Encoders make the same bytes each time that they begin.
    assert home.world.upload(ticket, f"1/init-{name}.mp4", b"ftypmoov").status == 204


# The camera's clock


@pytest.mark.parametrize("ahead", [HOUR, 59.0, -45.0, -YEARS])
def test_a_camera_whose_clock_is_wrong_is_seen_in_the_right_order_and_by_our_time(home: Home, ahead: float) -> None:
    live = home.owner.watch(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    ticket = home.camera.ask_ticket("live").json
    bring_init(home, ticket, "a")
    seen: dict[str, int] = {}
    sent = []
    for number in range(12):
        pass_(home, 1)
        sent.append(film(home, ticket, ahead))
        if number % 5 == 3:
            assert home.owner.call("POST", path).status == 200
        said = lines(home, live)
        for place, (counted, beginning) in _numbered(said):
            assert (seen.setdefault(name_of(place), counted), beginning) == (counted, 0)
        times = [datetime.fromisoformat(line.partition(":")[2]) for line in said if "PROGRAM-DATE-TIME" in line]
        assert abs(times[-1] - home.world.now()) <= timedelta(seconds=61)
    assert seen == {name: number for number, name in enumerate(sent)}


@pytest.mark.parametrize("ahead", [[HOUR, 0.0, HOUR], [-HOUR, 0.0, -45.0]])
def test_a_clock_that_jumps_is_a_new_beginning_and_no_end(home: Home, ahead: list[float]) -> None:
    """As when a camera that has just booted hears what time it is."""
    live = home.owner.watch(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    ticket = home.camera.ask_ticket("live").json
    bring_init(home, ticket, "a")
    seen: dict[str, tuple[int, int]] = {}
    sent = []
    for number in range(5 * len(ahead)):
        pass_(home, 1)
        sent.append(film(home, ticket, ahead[number // 5]))
        if number % 5 == 3:
            assert home.owner.call("POST", path).status == 200
        for place, numbers in _numbered(lines(home, live)):
            assert seen.setdefault(name_of(place), numbers) == numbers
    assert seen == {name: (number, number // 5) for number, name in enumerate(sent)}


def test_a_piece_that_was_lost_is_no_jump(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    ticket = home.camera.ask_ticket("live").json
    bring_init(home, ticket, "a")
    for seconds in (1, 1, 3, 1):
        pass_(home, seconds)
        film(home, ticket)
    assert (len(pieces_shown(home, live)), lines(home, live).count("#EXT-X-DISCONTINUITY")) == (4, 0)


# What a player must know first


def test_a_camera_that_restarts_is_a_new_beginning_though_its_bytes_and_times_are_the_same(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    for name in ("a", "b"):
        ticket = home.camera.ask_ticket("live").json
        bring_init(home, ticket, name)
        for _ in range(2):
            pass_(home, 1)
            film(home, ticket)
    assert [name_of(init) for init in inits(home, live)] == ["init-a.mp4", "init-b.mp4"]
    assert lines(home, live).count("#EXT-X-DISCONTINUITY") == 1


def test_what_is_brought_again_by_its_name_with_another_ticket_changes_nothing(home: Home) -> None:
    """Though S3 says of each name only when it came last."""
    live = home.owner.watch(home.camera.device_id)
    for name in ("a", "b", "b", "b"):
        ticket = home.camera.ask_ticket("live").json
        bring_init(home, ticket, name)
        pass_(home, 1)
        film(home, ticket)
        bring_init(home, ticket, name)
    assert [beginning for _, (_, beginning) in _numbered(lines(home, live))] == [0, 1, 1, 1]


def test_what_was_filmed_before_a_new_init_and_comes_in_the_same_second_stays_before_it(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    ticket = home.camera.ask_ticket("live").json
    bring_init(home, ticket, "a")
    pass_(home, 2.1)
    sent = [film(home, ticket)]
    pass_(home, 1)
    sent.append(film(home, ticket))
    pass_(home, 0.2)
    bring_init(home, ticket, "b")
    pass_(home, 1.1)
    sent.append(film(home, ticket))
    assert names(home, live) == sent
    assert [beginning for _, (_, beginning) in _numbered(lines(home, live))] == [0, 0, 1]


def test_what_comes_on_the_ticket_before_in_the_same_second_stays_before(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    before, after = home.camera.ask_ticket("live").json, None
    bring_init(home, before, "a")
    pass_(home, 1.1)
    after = home.camera.ask_ticket("live").json
    bring_init(home, after, "b")
    sent = [film(home, before), film(home, after, 1)]
    assert names(home, live) == sent
    assert [beginning for _, (_, beginning) in _numbered(lines(home, live))] == [0, 1]


def test_a_camera_that_boots_anew_does_not_meet_its_old_names(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    name = "20000101T000000.000Z-1000.ts"
    for content in (b"first", b"second"):
        pass_(home, 1)
        assert home.world.upload(home.camera.ask_ticket("live").json, f"1/{name}", content).status == 204
    opened = [at(home, live["playlist_url"], place).headers["Location"] for place in pieces_shown(home, live)]
    assert [home.world.fetch(link).body for link in opened] == [b"first", b"second"]


# From when on


def test_a_guest_opens_nothing_from_before_his_view_whatever_it_is_called(home: Home) -> None:
    of_owner = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    old = piece(home, of_owner, home.camera.stream(b"moof"))
    assert at(home, of_owner["playlist_url"], old).status == 302
    pass_(home, 20 * 60)
    for person in (home.owner, home.stranger):
        person.sign_in()
    guest(home)
    live = home.stranger.watch(home.camera.device_id)
    home.camera.stream(init="a")
    shown = piece(home, live, home.camera.stream(b"moof"))
    assert at(home, live["playlist_url"], shown).status == 302
    hour, ticket, _, name = old.split("-", 3)
    _, _, proof, _ = shown.split("-", 3)
    assert at(home, live["playlist_url"], old).status == 404
    assert at(home, live["playlist_url"], f"{hour}-{ticket}-{proof}-{name}").status == 404
    assert at(home, live["playlist_url"], f"{hour}-{name}").status == 404


def test_what_came_in_the_second_of_its_beginning_is_shown_from_its_beginning_on(home: Home) -> None:
    ticket = home.camera.ask_ticket("live").json
    pass_(home, 0.2)
    before = named(home.world.now(), "ts")
    assert home.world.upload(ticket, f"1/{before}", b"ts").status == 204
    pass_(home, 0.4)
    live = home.owner.watch(home.camera.device_id)
    pass_(home, 0.2)
    after = named(home.world.now(), "ts")
    assert home.world.upload(ticket, f"1/{after}", b"ts").status == 204
    assert names(home, live) == [after]


def test_a_view_that_began_before_privacy_mode_in_the_same_second_is_over(home: Home) -> None:
    device_id = home.camera.device_id
    pass_(home, 0.1)
    before = home.owner.watch(device_id)
    for on in (True, False):
        pass_(home, 0.2)
        assert home.owner.set_privacy(device_id, on=on).status == 200
    pass_(home, 0.2)
    after = home.owner.watch(device_id)
    pass_(home, 2)
    home.camera.stream(kind="ts")
    assert [at(home, live["playlist_url"]).status for live in (before, after)] == [404, 200]


def test_what_was_filmed_just_before_privacy_mode_ended_is_not_seen(home: Home) -> None:
    device_id = home.camera.device_id
    ticket = home.camera.ask_ticket("live").json
    home.owner.set_privacy(device_id, on=True)
    pass_(home, 5.5)
    home.owner.set_privacy(device_id, on=False)
    pass_(home, 0.1)
    live = home.owner.watch(device_id)
    sent = []
    for _ in range(3):
        pass_(home, 0.6)
        sent.append(film(home, ticket, kind="ts"))
    # Of the first a part was filmed in privacy mode; of the second, S3 leaves it open.
    assert names(home, live) == sent[2:]


def test_what_waited_from_privacy_mode_on_is_not_seen_either(home: Home) -> None:
    device_id = home.camera.device_id
    ticket = home.camera.ask_ticket("live").json
    home.owner.set_privacy(device_id, on=True)
    pass_(home, 300)
    home.owner.set_privacy(device_id, on=False)
    pass_(home, 10)
    live = home.owner.watch(device_id)
    pass_(home, 2)
    film(home, ticket, -120, kind="ts")
    now = film(home, ticket, kind="ts")
    assert names(home, live) == [now]
