"""Redeeming a gift card when two of its AWS calls fail, each in whatever way: it is had once, and never half."""

from __future__ import annotations

import itertools

import pytest

from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER, DIES_BEFORE, Crash, Kind
from tests.conftest import Home
from tests.gift_cards.cards import new_code, redeem
from tests.scene import granted
from tests.worlds.invariants import violations
from tests.worlds.sweep import without_waiting

# It takes four; what is tried again takes some more.
CALLS = range(1, 7)
_KEY = "the-key-of-one-redemption"


def _redeem(home: Home, code: str, key: str) -> Response | None:
    """None where its process died."""
    try:
        return redeem(home, code, key=key)
    except Crash:
        return None


# Of the first one the process must not die.
FIRST = [kind for kind in Kind if kind not in (DIES_BEFORE, DIES_AFTER)]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("first", FIRST, ids=[kind.name for kind in FIRST])
def test_with_two_faults_in_one_request_a_card_is_had_once(home: Home, first: Kind) -> None:
    code = new_code(home.world)
    home.world.settle()
    before, fired = home.world.snapshot(), 0
    for (one, other), second in itertools.product(itertools.combinations(CALLS, 2), Kind):
        home.world.restore(before)
        home.world.faults.fail(one, first)
        home.world.faults.fail(other, second)
        with without_waiting():
            answer = _redeem(home, code, _KEY)
        fired += len(home.world.faults.fired) > 1
        home.world.faults.clear()
        said = f"call {one} {first.value}, call {other} {second.value}: {answer and answer.body!r}"
        assert answer is None or answer.status in (200, 502, 503), said
        had = len(granted(home.world))
        assert had == 1 if answer is not None and answer.status == 200 else had <= 1, said
        for key in (_KEY, "the-key-of-another-try"):
            again = _redeem(home, code, key)
            assert again is not None and again.status == 200, f"{said}, then {again and again.body!r}"
        assert len(granted(home.world)) == 1, said
        assert violations(home.world.dump()) == [], said
    assert fired
