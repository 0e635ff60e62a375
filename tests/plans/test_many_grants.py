"""How much may run and wait on one device: what is left of it has to go into one ticket, and one commit."""

from __future__ import annotations

import pytest

from chalicelib.plans.rules import changes
from tests.conftest import Home
from tests.gift_cards.cards import new_code, redeem
from tests.neighbour import REST, neighbour
from tests.orders.payment_events import tell
from tests.plans.steps import buy, place, plan_of, preview, refused
from tests.privacy.test_region_plans import bring
from tests.scene import rows


def test_where_much_waits_nothing_more_is_ordered_or_given(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_LEFT", 2)
    code = new_code(home.world)
    buy(home)
    ordered = place(home, "event-30-month").json
    buy(home, "continuous-7-month")
    before = plan_of(home)
    for answer in (preview(home, "event-7-month"), place(home, "event-7-month"), redeem(home, code)):
        assert refused(answer) == (409, "TooManyPlansWait")
    assert plan_of(home) == before
    # What was ordered before is paid and had.
    assert tell(home, ordered).json == {"changed": True}
    assert len(plan_of(home)["waiting"]) == 2
    monkeypatch.undo()
    assert redeem(home, code).status == 200


def test_what_comes_from_another_region_has_room_or_stays_in_its_ticket(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_BROUGHT", 2)
    buy(home)
    ticket = neighbour().plan_ticket(REST, REST)
    assert refused(bring(home, ticket)) == (409, "MovedTooOften")
    monkeypatch.undo()
    assert bring(home, ticket).status == 200


def test_what_was_handed_over_and_comes_back_from_another_region_is_found_again(home: Home) -> None:
    """It is called there as it was here; what was ordered there nobody disputes here."""
    hashed = "a" * 52
    named = REST.replace(REST.split(" ")[6], f"move:{hashed}")
    assert bring(home, neighbour().plan_ticket(REST, named)).status == 200
    (row,) = rows(home.world, "handed-plan/plan")
    assert (row["account_id"], hashed in row["pk"]) == (home.owner.account_id, True)


def test_two_moves_and_open_orders_fit_into_a_ticket() -> None:
    from msgspec import inspect

    from chalicelib.orders import rules
    from chalicelib.privacy.shapes import PlanTicket

    field = next(one for one in inspect.type_info(PlanTicket).fields if one.name == "grants")  # type: ignore[attr-defined]
    together = 2 * (changes.MOST_GRANTS_OF_MOVES - 1)
    assert max(together, changes.MOST_BROUGHT, changes.MOST_LEFT) + rules.MOST_OPEN <= field.type.max_length
