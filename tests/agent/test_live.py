"""Live views: numbered pieces of about two seconds, from a key frame on and without gaps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pytest

from sowa_agent.live import LiveSender, View, Views
from sowa_agent.packets import Piece
from sowa_agent.ring import Ring
from tests.agent.fakes import INIT, NOON_S, FakeCloud, piece


@dataclass
class Scene:
    cloud: FakeCloud = field(default_factory=lambda: FakeCloud(token="token"))
    ring: Ring = field(default_factory=Ring)

    def __post_init__(self) -> None:
        self.client = self.cloud.client()
        self.views = Views(self.client.clock.now_s)
        self.live = LiveSender(self.client, "0", lambda: self.ring, self.views)
        self.live.stopped.set()  # nothing is waited for

    def watch(self, piece_s: float = 2.0, live_id: str = "a", lasts_s: float = 300.0) -> None:
        self.views.begin(live_id, View("0", self.client.clock.now_s() + lasts_s, piece_s))

    def watch_from_a_key_frame_on(self, *pieces: Piece, piece_s: float = 2.0) -> None:
        """What was there when the view began is sent; all else is as long as it is to be."""
        for each in pieces:
            self.ring.add(each)
        self.watch(piece_s)
        self.live.look()

    def film(self, *pieces: Piece) -> None:
        for each in pieces:
            self.cloud.clock.moved_s = each.end_s - NOON_S
            self.ring.add(each)
            self.live.look()

    def pieces(self) -> list[str]:
        return [name for name in self.cloud.names() if name.endswith(".m4s")]

    def contents(self) -> list[list[int]]:
        """Which of what was filmed is in each piece that was sent."""
        sent = [self.cloud.objects[f"1/{name}"] for name in self.pieces()]
        return [[int(number) for number in re.findall(rb"<(\d+)>", content)] for content in sent]

    def inits(self) -> list[str]:
        return [name for name in self.cloud.names() if name.endswith(".mp4")]


def _steady(first: int, count: int, **more: object) -> list[Piece]:
    return [piece(number, **more) for number in range(first, first + count)]  # type: ignore[arg-type]


def test_pieces_are_numbered_and_say_their_times_beside() -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 4))
    scene.film(*_steady(4, 8))
    (init,) = scene.inits()
    run = init.removeprefix("0/init-").removesuffix(".mp4")
    assert scene.pieces() == [f"0/{run}-{number}.m4s" for number in range(3)]
    said = [scene.cloud.metadata[f"1/{name}"] for name in scene.pieces()]
    assert said[1] == {"x-amz-meta-start": "2026-11-01T12:00:02.000Z", "x-amz-meta-duration-ms": "2000"}
    assert scene.cloud.objects[f"1/{scene.pieces()[0]}"] == b"".join(each.content for each in _steady(0, 4))


@pytest.mark.parametrize(("piece_s", "expected"), [(0.5, 20), (1.0, 10), (2.0, 5), (4.0, 3)])
def test_they_are_as_long_as_the_view_wants_them(piece_s: float, expected: int) -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 4, key_every=8), piece_s=piece_s)
    scene.film(*_steady(4, 16, key_every=8))
    assert len(scene.pieces()) == expected


def test_who_begins_between_key_frames_sees_something_at_once() -> None:
    scene = Scene()
    scene.film(*_steady(0, 14, key_every=10))
    assert scene.pieces() == []
    scene.watch()
    scene.film(piece(14, key_every=10))
    assert scene.cloud.objects[f"1/{scene.pieces()[0]}"].startswith(piece(10).content)


def test_what_there_is_since_the_key_frame_is_sent_at_once_and_pieces_begin_with_one_again() -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 7))
    assert scene.contents() == [[4, 5, 6]]
    scene.film(*_steady(7, 10))
    # The next one ends at the key frame, and all others are as long as they are to be.
    assert scene.contents() == [[4, 5, 6], [7], [8, 9, 10, 11], [12, 13, 14, 15]]


def test_who_comes_later_sees_at_once_what_can_be_shown_by_itself() -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 4))
    scene.film(*_steady(4, 1))
    scene.watch(live_id="b")
    scene.film(*_steady(5, 1))
    assert scene.contents() == [[0, 1, 2, 3], [4, 5]]
    scene.watch(live_id="b")  # the same, for longer
    scene.film(*_steady(6, 5))
    assert scene.contents()[2:] == [[6, 7]]
    scene.watch(live_id="c")
    scene.film(*_steady(11, 5))
    assert scene.contents()[2:] == [[6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]


def test_a_piece_that_begins_between_key_frames_is_sent_early_to_nobody() -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 4, key_every=20))
    scene.film(*_steady(4, 2, key_every=20))
    scene.watch(live_id="b")
    scene.film(*_steady(6, 2, key_every=20))
    assert scene.contents() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_when_nobody_watches_any_more_nothing_is_sent() -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 4))
    scene.film(*_steady(4, 4))
    scene.views.stop("a")
    scene.film(*_steady(8, 8))
    assert len(scene.pieces()) == 2
    scene.watch()  # by a command that was sent before the one that stopped it
    scene.film(*_steady(16, 8))
    assert len(scene.pieces()) == 2


def test_a_view_ends_by_itself() -> None:
    scene = Scene()
    scene.watch(lasts_s=4.0)
    scene.film(*_steady(0, 30))
    assert len(scene.pieces()) <= 2


def test_a_new_ticket_gets_the_same_init_again_and_the_numbers_go_on() -> None:
    scene = Scene()
    scene.cloud.ticket_life_s = 304.0  # it is replaced five minutes before
    scene.watch_from_a_key_frame_on(*_steady(0, 4))
    scene.film(*_steady(4, 12))
    assert len(scene.inits()) == 2 and len(set(scene.inits())) == 1
    assert [name.rpartition("-")[2] for name in scene.pieces()] == ["0.m4s", "1.m4s", "2.m4s", "3.m4s"]


def test_what_was_not_taken_leaves_a_gap_after_which_it_begins_anew_at_a_key_frame() -> None:
    scene = Scene()
    scene.watch()
    scene.film(*_steady(0, 8))
    scene.cloud.is_gone = True
    scene.film(*_steady(8, 5))
    scene.cloud.is_gone = False
    scene.film(*_steady(13, 11))
    assert len(scene.inits()) == 2
    again = [key for key in scene.cloud.objects if key.endswith("-0.m4s")]
    assert len(again) == 2 and re.match(rb"<(8|12|16)>", scene.cloud.objects[again[1]])


def test_another_encoder_begins_another_init() -> None:
    scene = Scene()
    scene.watch()
    scene.film(*_steady(0, 6), *_steady(8, 8, init=replace(INIT, name="init-b.mp4")))
    assert len(scene.inits()) == 2


def test_another_ring_is_taken_from_a_key_frame_on() -> None:
    scene = Scene()
    scene.watch_from_a_key_frame_on(*_steady(0, 4))
    scene.ring = Ring()
    scene.film(*_steady(40, 8))
    assert len(scene.inits()) == 2
    assert scene.contents() == [[0, 1, 2, 3], [40], [41, 42, 43], [44, 45, 46, 47]]


def test_who_falls_behind_skips_to_what_is_new() -> None:
    scene = Scene()
    scene.ring = Ring(kept_s=60)
    scene.watch_from_a_key_frame_on(*_steady(0, 4))
    for each in _steady(4, 64):
        scene.ring.add(each)
    scene.film(*_steady(68, 4))
    assert scene.contents() == [[0, 1, 2, 3], [68]]


def test_only_so_many_views_that_are_over_are_remembered() -> None:
    scene = Scene()
    for number in range(200):
        scene.views.stop(str(number))
    assert len(scene.views._over) == 50


# The ring


def test_the_ring_keeps_some_seconds_and_always_begins_with_a_key_frame() -> None:
    ring = Ring()
    for each in _steady(0, 200):
        ring.add(each)
        assert ring.after(-1)[0].begins_with_key
    lasted = ring.after(-1)[-1].end_s - ring.after(-1)[0].start_s
    assert 8 <= lasted <= 10.5
    assert ring.since(NOON_S + 95.3)[0].number == 188
    assert ring.since(NOON_S)[0] is ring.after(-1)[0]


def test_the_ring_is_bounded_however_rare_key_frames_are() -> None:
    ring = Ring(most_bytes=1_000)
    for each in _steady(0, 100, key_every=1_000):
        ring.add(each)
    assert len(ring.after(-1)) == 10 and ring.since_last_key() == []
