"""Pairs of operations that meet on the same thing: who does what, and which answers are right whoever comes first."""

from __future__ import annotations

from tests.worlds.races import (
    alarms,
    cameras,
    channel,
    clips,
    closing,
    money,
    people,
    plans,
    platforms,
    recordings,
    second_factors,
    sharing,
)
from tests.worlds.races.race import Race

RACES: tuple[Race, ...] = (
    *alarms.RACES,
    *cameras.RACES,
    *channel.RACES,
    *clips.RACES,
    *closing.RACES,
    *money.RACES,
    *people.RACES,
    *plans.RACES,
    *platforms.RACES,
    *recordings.RACES,
    *second_factors.RACES,
    *sharing.RACES,
)
