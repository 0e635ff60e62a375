"""What time it is by the cloud, and when a frame was filmed."""

from __future__ import annotations

import pytest

from sowa_agent.clocks import FrameClock, as_utc
from sowa_agent.packets import TICKS_PER_SECOND
from tests.agent.fakes import NOON_S, FakeCloud, MovedClock


@pytest.mark.parametrize("host_ahead_s", [86_400.0, -86_400.0, 0.0])
def test_the_cloud_corrects_a_host_that_is_a_day_wrong(host_ahead_s: float) -> None:
    clock = MovedClock(host_ahead_s=host_ahead_s)
    cloud = FakeCloud(clock=clock)
    assert clock.now_s() == NOON_S + host_ahead_s
    cloud.client().activate()
    clock.advance(5)
    assert clock.now_s() == NOON_S + 5
    assert clock.host_is_ahead_s() == host_ahead_s


def test_a_host_whose_clock_is_set_while_it_runs_changes_nothing() -> None:
    clock = MovedClock()
    clock.learn(as_utc(NOON_S))
    clock.host_ahead_s = 86_400
    clock.advance(60)
    assert clock.now_s() == NOON_S + 60


def test_what_an_answer_is_under_way_is_no_correction() -> None:
    clock = MovedClock()
    clock.learn(as_utc(NOON_S))
    clock.learn(as_utc(NOON_S - 0.2))
    assert clock.now_s() == NOON_S
    clock.learn(as_utc(NOON_S - 2))
    assert clock.now_s() == NOON_S - 2


def _seen(frames: FrameClock, seconds: int, *, drift: float = 1.0, late: float = 0.0) -> None:
    for at in range(seconds):
        frames.see(round(at * drift * TICKS_PER_SECOND), at + late)


def test_a_frame_was_filmed_when_the_quickest_says() -> None:
    frames = FrameClock()
    frames.see(0, 4.0)  # it was buffered
    frames.see(TICKS_PER_SECOND, 4.0)
    frames.see(4 * TICKS_PER_SECOND, 4.1)
    assert frames.filmed(0) == pytest.approx(0.1)
    frames.see(5 * TICKS_PER_SECOND, 9.0)  # the network hung
    assert frames.filmed(5 * TICKS_PER_SECOND) == pytest.approx(5.1)


@pytest.mark.parametrize("drift", [1.0002, 0.9998])
def test_a_camera_whose_crystal_drifts_is_followed(drift: float) -> None:
    """By 17 seconds a day."""
    frames = FrameClock()
    _seen(frames, 7_200, drift=drift)
    assert frames.filmed(round(7_200 * drift * TICKS_PER_SECOND)) == pytest.approx(7_200, abs=0.05)


def test_a_network_that_hangs_while_a_minute_ends_changes_nothing() -> None:
    frames = FrameClock()
    _seen(frames, 61)
    frames.see(61 * TICKS_PER_SECOND, 66.0)  # the first of the next minute is late
    assert frames.filmed(61 * TICKS_PER_SECOND) == pytest.approx(61)
