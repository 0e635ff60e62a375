"""What is done with a card or a batch that is not as it was thought to be: nothing more, and by whom was first."""

from __future__ import annotations

from chalicelib.gift_cards.actions import cards
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from tests.conftest import Home
from tests.gift_cards.cards import counts, issue, new_code, redeem, report
from tests.gift_cards.test_issuing import revoke
from tests.plans.steps import in_seconds, later, plan_of
from tests.scene import just_before


def test_a_card_that_a_restored_table_has_as_new_gives_nothing_more(home: Home) -> None:
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


def test_a_batch_is_revoked_by_whom_was_first(home: Home) -> None:
    batch_id = issue(home.world)["batch_id"]
    said: list[str] = []

    def revoke_later() -> None:
        later(home, 60)
        said.append(revoke(home.world, batch_id)["revoked_at"])

    with just_before(home.world, 2, revoke_later):
        assert revoke(home.world, batch_id)["revoked_at"] == in_seconds(home, 0)
    assert said == [report(home.world)[0]["revoked_at"]] == [in_seconds(home, 0)]
