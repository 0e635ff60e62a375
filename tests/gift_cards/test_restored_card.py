"""A card that a restored table has as it was before is not had twice by whom the ledger says that he had it."""

from __future__ import annotations

from chalicelib.gift_cards.actions import cards
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from tests.conftest import Home
from tests.gift_cards.cards import counts, new_code, redeem, report
from tests.plans.steps import plan_of


def test_it_gives_nothing_more(home: Home) -> None:
    code = new_code(home.world)
    assert redeem(home, code).status == 200
    with home.world.aws.outside():
        (card,) = read(cards.key_of(code))
        commit(change(card, redeemed_at=None))
    before = plan_of(home)
    answer = redeem(home, code)
    assert (answer.status, answer.json["code"]) == (503, "Unavailable")
    assert plan_of(home) == before
    assert counts(report(home.world)[0])["redeemed"] == 1
