"""Whatever call fails, in whichever way: nothing is half done, nothing twice, and nobody is told otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.strict.faults import Kind
from tests.conftest import Home
from tests.worlds.scenarios import SCENARIOS
from tests.worlds.sweep import Scenario, doors, failures, without_waiting, wrongs


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with without_waiting():
        yield


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_failure_leaves_nothing_half_done(home: Home, scenario: Scenario, kind: Kind) -> None:
    found = [f"{call}: {wrong}" for call, tried in failures(scenario, kind, home) for wrong in wrongs(tried)]
    assert not found, f"{scenario.name}, {kind.value}:\n" + "\n".join(dict.fromkeys(found))


def test_every_operation_has_a_scenario() -> None:
    assert doors() == {scenario.covers for scenario in SCENARIOS}
