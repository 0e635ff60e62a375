"""Every operation that changes anything, as a scenario of the crash sweep."""

from __future__ import annotations

from tests.worlds.scenarios import (
    alarms,
    cameras,
    channel,
    leaving,
    money,
    people,
    pictures,
    recordings,
    second_factors,
    sharing,
)
from tests.worlds.sweep import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *alarms.SCENARIOS,
    *cameras.SCENARIOS,
    *channel.SCENARIOS,
    *leaving.SCENARIOS,
    *money.SCENARIOS,
    *people.SCENARIOS,
    *pictures.SCENARIOS,
    *recordings.SCENARIOS,
    *second_factors.SCENARIOS,
    *sharing.SCENARIOS,
)
