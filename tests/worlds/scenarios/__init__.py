"""Every operation that changes anything, as a scenario of the crash sweep."""

from __future__ import annotations

from tests.worlds.scenarios import (
    alarms,
    cameras,
    channel,
    clips,
    consents,
    declared,
    gift_cards,
    holds,
    inactivity,
    invoices,
    leaving,
    money,
    newsletter,
    notices,
    people,
    pictures,
    plans,
    policy,
    recordings,
    refunds,
    renewals,
    rights,
    second_factors,
    sharing,
)
from tests.worlds.sweep import Scenario

_BY_HAND: tuple[Scenario, ...] = (
    *alarms.SCENARIOS,
    *cameras.SCENARIOS,
    *channel.SCENARIOS,
    *clips.SCENARIOS,
    *consents.SCENARIOS,
    *gift_cards.SCENARIOS,
    *holds.SCENARIOS,
    *inactivity.SCENARIOS,
    *invoices.SCENARIOS,
    *leaving.SCENARIOS,
    *money.SCENARIOS,
    *newsletter.SCENARIOS,
    *notices.SCENARIOS,
    *people.SCENARIOS,
    *policy.SCENARIOS,
    *pictures.SCENARIOS,
    *plans.SCENARIOS,
    *recordings.SCENARIOS,
    *refunds.SCENARIOS,
    *renewals.SCENARIOS,
    *rights.SCENARIOS,
    *second_factors.SCENARIOS,
    *sharing.SCENARIOS,
)
SCENARIOS = (*_BY_HAND, *declared.declared(_BY_HAND))
