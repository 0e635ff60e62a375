"""Pairs of operations that meet on the same thing: who does what, and which answers are right whoever comes first."""

from __future__ import annotations

from tests.worlds.races import (
    alarms,
    cameras,
    campaigns,
    channel,
    clips,
    closing,
    consents,
    gift_cards,
    holds,
    money,
    newsletter,
    people,
    plans,
    platforms,
    policy,
    recordings,
    refunds,
    renewals,
    rights,
    second_factors,
    sharing,
    support,
)
from tests.worlds.races.race import Race

_BY_KIND: dict[str, tuple[Race, ...]] = {
    module.__name__.rpartition(".")[2]: module.RACES
    for module in (
        alarms, cameras, campaigns, channel, clips, closing, consents, gift_cards, holds, money, newsletter, people,
        plans, platforms, policy, recordings, refunds, renewals, rights, second_factors, sharing, support,
    )
}  # fmt: skip
RACES = tuple(race for races in _BY_KIND.values() for race in races)
KINDS = {race.name: kind for kind, races in _BY_KIND.items() for race in races}
