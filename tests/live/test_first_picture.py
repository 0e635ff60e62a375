"""A playlist without a piece ends most players, so the first answer waits for the first picture, and says if there is
none."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.live.rules import pieces as rules
from tests.conftest import Home
from tests.live.test_live import at, pieces_shown


def slow_to_wake(home: Home, seconds: float) -> None:
    """A camera that shows something so long after it was told."""
    told = home.world.now()

    def wake() -> None:
        if (home.world.now() - told).total_seconds() >= seconds:
            home.world.meanwhile = None
            home.camera.stream(init="a")
            home.camera.stream()

    home.world.meanwhile = wake


@pytest.fixture(autouse=True)
def _asleep(home: Home) -> Any:
    yield
    home.world.meanwhile = None


def waited(home: Home, live: Any) -> tuple[int, float]:
    """The status of the playlist, and how many seconds it took."""
    begun = home.world.now()
    status = at(home, live["playlist_url"]).status
    return status, (home.world.now() - begun).total_seconds()


def test_the_first_answer_waits_for_a_camera_that_is_slow_to_wake(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    slow_to_wake(home, 4)
    home.world.trace.clear()
    assert waited(home, live) == (200, 4.0)
    # Nothing is listed of an hour in which the camera had no ticket: neither of the one before, nor while it sleeps.
    assert home.world.trace.names().count("s3.ListObjectsV2") == 1
    assert len(pieces_shown(home, live)) == 1
    assert waited(home, live) == (200, 0.0)


def test_after_eight_seconds_it_says_that_there_is_no_picture_and_does_not_wait_again(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    answer = at(home, live["playlist_url"])
    assert (answer.status, answer.json["code"]) == (404, "NoPictureYet")
    assert "asleep" in answer.json["message"]
    home.world.trace.clear()
    assert waited(home, live) == (404, 0.0)
    # Nor does it write again that it does not.
    assert "dynamodb.UpdateItem" not in home.world.trace.names()
    home.camera.stream(kind="ts")
    assert waited(home, live) == (200, 0.0)
    assert sum(rules.LOOKS_AFTER_S) == 8


def test_each_view_waits_for_itself(home: Home) -> None:
    for _ in range(2):
        assert waited(home, home.owner.watch(home.camera.device_id)) == (404, 8.0)


def test_a_second_who_asks_while_it_waits_is_answered_at_once(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    seen = []

    def ask() -> None:
        seen.append(waited(home, live))

    home.world.meanwhile = ask
    assert waited(home, live) == (404, 8.0)
    assert seen == [(404, 0.0)] * len(rules.LOOKS_AFTER_S)


def test_who_has_no_view_is_never_waited_with(home: Home) -> None:
    live = home.owner.watch(home.camera.device_id)
    wrong = {**live, "playlist_url": live["playlist_url"].replace("/playlist", "a/playlist")}
    home.world.trace.clear()
    assert waited(home, wrong) == (404, 0.0)
    assert home.world.trace.names() == []
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.owner.call("DELETE", path).status == 204
    assert waited(home, live) == (404, 0.0)


@pytest.mark.parametrize("end", ["stop", "privacy"])
def test_a_view_that_ends_while_it_waits_shows_nothing(home: Home, end: str) -> None:
    live = home.owner.watch(home.camera.device_id)
    device_id = home.camera.device_id

    def over() -> None:
        home.world.meanwhile = None
        home.camera.stream(kind="ts")
        if end == "stop":
            assert home.owner.call("DELETE", f"/devices/{device_id}/live/{live['live_id']}").status == 204
        else:
            assert home.owner.set_privacy(device_id, on=True).status == 200

    home.world.meanwhile = over
    answer = at(home, live["playlist_url"])
    assert (answer.status, answer.json["code"]) == (404, "NotFound")


def test_later_answers_list_once_though_an_hour_has_just_begun(home: Home) -> None:
    assert home.world.now().minute == 0
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    assert len(pieces_shown(home, live)) == 1
    home.camera.stream(ms=999)
    home.world.trace.clear()
    assert len(pieces_shown(home, live)) == 2
    assert home.world.trace.names() == ["dynamodb.BatchGetItem", "s3.ListObjectsV2"]


def test_time_may_be_moved_while_an_answer_waits(home: Home) -> None:
    """In the local cloud, where moving it would wait for all functions to end; and no function took what passed."""
    live = home.owner.watch(home.camera.device_id)
    home.world.meanwhile = lambda: home.world.advance(9)
    assert waited(home, live) == (404, 89.0)
    assert at(home, live["playlist_url"]).json["code"] == "NoPictureYet"
