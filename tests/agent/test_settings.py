"""The schedule of motion detection, by the clock on the wall where the camera is."""

from __future__ import annotations

from datetime import datetime

import pytest

from sowa_agent.settings import Settings


def _settings(**motion: object) -> Settings:
    return Settings.of({"version": 1, "settings": {"motion": motion}})


@pytest.mark.parametrize(
    ("at", "looks"),
    [
        ("2026-11-07T22:00", True),  # a Saturday
        ("2026-11-07T21:59", False),
        ("2026-11-08T05:59", True),
        ("2026-11-08T06:00", False),
        ("2026-11-08T23:00", False),
        ("2026-11-07T05:00", False),  # the night before is a Friday's
    ],
)
def test_a_period_goes_on_into_the_next_day(at: str, looks: bool) -> None:
    settings = _settings(schedule=[{"days": ["sat"], "start": "22:00", "end": "06:00"}])
    assert settings.looks_for_motion(datetime.fromisoformat(at)) is looks  # the wall's own time


def test_without_a_schedule_it_always_looks_unless_it_is_switched_off() -> None:
    noon = datetime(2026, 11, 7, 12)  # noqa: DTZ001  # the wall's own time
    assert _settings().looks_for_motion(noon)
    assert not _settings(enabled=False).looks_for_motion(noon)
    period = {"days": ["mon"], "start": "08:00", "end": "09:00"}
    assert not _settings(schedule=[period]).looks_for_motion(noon)
    assert _settings(schedule=[period, {**period, "days": ["sat"], "end": "13:00"}]).looks_for_motion(noon)


def test_what_is_realised_is_said_back_with_its_version() -> None:
    settings = _settings(sensitivity=4, schedule=[{"days": ["sat"], "start": "22:00", "end": "06:00"}])
    assert Settings.of(settings.as_json()) == settings
