"""Redeeming gift cards: each once, by whoever has it, for a device of one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from chalicelib.gift_cards import rules
from chalicelib.plans.rules import catalogue
from chalicelib.plans.rules.catalogue import CATALOGUE
from chalicelib.plans.rules.ledger import Grant
from infra.local.gateway import Response
from tests.conftest import Home
from tests.gift_cards.cards import PLAN, UNKNOWN, counts, issue, new_code, redeem, report
from tests.plans.steps import DAY, buy, euros, later, move, place, plan_of, preview, refused
from tests.privacy import exports
from tests.privacy.leaving import claims, closed, receipt
from tests.scene import at_once, everything_stored, granted, just_before, new_camera, new_person, rows
from tests.worlds.invariants import violations

MONTH = 30 * DAY


def in_days(home: Home, days: int) -> str:
    return f"{home.world.now() + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def guess_wrong(home: Home, times: int) -> None:
    for _ in range(times):
        assert refused(redeem(home, UNKNOWN)) == (404, "GiftCardUnknown")


def tries(home: Home) -> list[Any]:
    return [one["wrong"] for one in rows(home.world, "account/gift-card-tries")]


# What is had


def test_a_card_gives_one_period_of_its_plan_at_once(home: Home) -> None:
    answer = redeem(home, new_code(home.world))
    assert answer.status == 200, answer.body
    assert (answer.json["state"], answer.json["plan_id"], answer.json["until"]) == ("active", PLAN, in_days(home, 30))
    told = plan_of(home)
    assert {name: told[name] for name in answer.json} == answer.json
    assert counts(report(home.world)[0]) == {"issued": 1, "redeemed": 1, "revoked": 0, "expired": 0, "left": 0}


def test_of_the_plan_that_runs_it_is_more_and_another_waits_behind_it(home: Home) -> None:
    buy(home)
    assert redeem(home, new_code(home.world)).json["until"] == in_days(home, 60)
    answer = redeem(home, new_code(home.world, "continuous-30-year"))
    (waiting,) = answer.json["waiting"]
    assert (answer.json["plan_id"], waiting["plan_id"]) == (PLAN, "continuous-30-year")
    assert (waiting["from"], waiting["until"]) == (in_days(home, 60), in_days(home, 60 + 365))


def test_it_is_of_the_terms_that_it_was_issued_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    code = new_code(home.world)
    dearer = tuple(structs.replace(one, version=one.version + 1, period_days=7, keep_days=3) for one in CATALOGUE)
    monkeypatch.setattr(catalogue, "CATALOGUE", dearer)
    answer = redeem(home, code)
    assert (answer.json["keep_days"], answer.json["until"]) == (7, in_days(home, 30))
    later_one = redeem(home, new_code(home.world))
    assert later_one.json["waiting"][0]["until"] == in_days(home, 37)


def test_it_moves_and_is_worth_nothing_where_another_plan_takes_its_place(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    redeem(home, new_code(home.world))
    assert move(home, other).json["until"] == in_days(home, 30)
    told = preview(home, "event-30-year", other, begins="now")
    assert (told.status, told.json["credit"]) == (200, euros(0))
    assert place(home, "event-30-year", other, begins="now").status == 201


def test_given_along_with_a_device_its_grant_says_nothing_of_the_card(home: Home) -> None:
    redeem(home, new_code(home.world))
    (card,) = rows(home.world, "gift-card/gift-card")
    card_id = card["pk"].partition("#")[2]
    assert card_id in granted(home.world)[0]
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email, with_plan=True)
    home.stranger.step_up()
    assert home.stranger.call("POST", f"/transfers/{transfer_id}/accept").status == 201
    (theirs,) = granted(home.world)
    assert card_id not in theirs and Grant.of(theirs).source_kind == "gift"
    assert [one for one in violations(home.world.dump()) if "gift" in one] == []


def test_its_owner_reads_of_it_and_a_copy_of_ones_data_has_it(home: Home) -> None:
    redeem(home, new_code(home.world))
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert acts.count("gift_card_redeemed") == 1
    (said,) = exports.records_in(exports.archive(home.owner))["gift-card-redemption"]
    assert (said["plan_id"], said["device_id"]) == (PLAN, home.camera.device_id)
    assert said["redeemed_at"] == "2026-01-05T08:00:00Z"


# The code


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: f"\t{code}\u200b "])
def test_it_is_taken_however_it_is_typed(home: Home, typed: Any) -> None:
    assert redeem(home, typed(new_code(home.world))).status == 200


def test_a_code_is_stored_nowhere(home: Home) -> None:
    code = new_code(home.world)
    assert redeem(home, code).status == 200
    text = everything_stored(home.world)
    assert rows(home.world, "gift-card/gift-card")[0]["pk"] in text
    for form in (code, code.replace("-", ""), code.lower(), code.replace("-", "").lower()):
        assert form not in text


def test_what_is_mistyped_costs_no_guess_and_no_call(home: Home) -> None:
    code = new_code(home.world)
    wrong = "3" if code[0] != "3" else "4"
    redeem(home, UNKNOWN)
    for typed in [wrong + code[1:], code[:-1], "", "0000-0000-0000-0000-0000", code + code] * 4:
        home.world.trace.clear()
        answer = redeem(home, typed)
        assert refused(answer) == (422, "GiftCardMistyped")
        assert answer.json["fields"].keys() == {"code"}
        assert home.world.trace.names() == ["dynamodb.BatchGetItem"]  # who asks
    assert tries(home) == [1]
    assert redeem(home, code).status == 200


def test_ten_unknown_ones_lock_the_person_for_half_an_hour_and_nobody_else(home: Home) -> None:
    code = new_code(home.world)
    guess_wrong(home, 10)
    answer = redeem(home, code)
    assert (*refused(answer), answer.headers["Retry-After"]) == (429, "TooManyTries", "1800")
    theirs = new_camera(home.world, "SN0002", owner=home.stranger).device_id
    assert redeem(home, new_code(home.world), by=home.stranger, device_id=theirs).status == 200
    later(home, 1800)
    home.owner.sign_in()
    assert redeem(home, code).status == 200


def test_twenty_lock_for_a_day(home: Home) -> None:
    guess_wrong(home, 10)
    later(home, 1800)
    home.owner.sign_in()
    guess_wrong(home, 10)
    assert redeem(home, new_code(home.world)).headers["Retry-After"] == "86400"


def test_a_right_one_gives_no_guesses_back(home: Home) -> None:
    guess_wrong(home, 9)
    assert redeem(home, new_code(home.world)).status == 200
    guess_wrong(home, 1)
    assert refused(redeem(home, new_code(home.world))) == (429, "TooManyTries")


def test_right_ones_that_are_spent_over_or_withdrawn_are_no_guesses(home: Home) -> None:
    spent, withdrawn = new_code(home.world), issue(home.world)
    redeem(home, spent)
    home.world.invoke("revoke_gift_cards", {"batch_id": withdrawn["batch_id"]})
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    for _ in range(6):
        assert refused(redeem(home, spent, device_id=other)) == (409, "GiftCardSpent")
        assert refused(redeem(home, withdrawn["codes"][0])) == (410, "GiftCardRevoked")
    assert tries(home) == []
    guess_wrong(home, 1)
    assert tries(home) == [1]


def test_a_guess_that_another_one_overtakes_opens_nothing(home: Home) -> None:
    """Of guesses at one moment no more can be right than are counted."""
    code = new_code(home.world)
    with just_before(home.world, 3, lambda: redeem(home, UNKNOWN)):
        answer = redeem(home, code)
    assert (*refused(answer), answer.headers["Retry-After"]) == (429, "TooManyTries", "1")
    assert tries(home) == [1]
    assert redeem(home, code).status == 200


# Once


def test_it_takes_four_calls(home: Home) -> None:
    code = new_code(home.world)
    home.owner.call("GET", "/me")
    home.world.trace.clear()
    assert redeem(home, code).status == 200
    assert home.world.trace.names() == [
        "dynamodb.BatchGetItem", "dynamodb.BatchGetItem", "dynamodb.GetItem", "dynamodb.TransactWriteItems"
    ]  # fmt: skip


def test_a_second_person_is_told_that_it_is_spent_and_nothing_of_the_first(home: Home) -> None:
    code = new_code(home.world)
    redeem(home, code)
    theirs = new_camera(home.world, "SN0002", owner=home.stranger).device_id
    answer = redeem(home, code, by=home.stranger, device_id=theirs)
    assert refused(answer) == (409, "GiftCardSpent")
    assert answer.json.keys() == {"code", "message", "request_id"}
    assert "ask where it comes from" in answer.json["message"]
    assert len(granted(home.world)) == 1


def test_who_lost_the_answer_sends_it_again_and_has_it_once(home: Home) -> None:
    code = new_code(home.world)
    first = redeem(home, code)
    later(home, MONTH - 1)
    home.owner.sign_in()
    again = redeem(home, code)
    assert (again.status, again.json) == (200, first.json)
    assert len(granted(home.world)) == 1


def test_for_another_device_of_ones_own_it_is_spent_and_that_is_named(home: Home) -> None:
    code = new_code(home.world)
    redeem(home, code)
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    answer = redeem(home, code, device_id=other)
    assert (*refused(answer), answer.json["device_id"]) == (409, "GiftCardSpent", home.camera.device_id)


def test_an_exact_repeat_is_answered_alike_and_another_request_under_its_key_is_refused(home: Home) -> None:
    code, key = new_code(home.world), "the-key-of-one-redemption"
    first = redeem(home, code, key=key)
    later(home, 29 * DAY)
    home.owner.refresh()
    assert redeem(home, code, key=key).body == first.body
    assert refused(redeem(home, new_code(home.world), key=key)) == (422, "KeyReused")


def test_without_a_key_nothing_happens(home: Home) -> None:
    body = {"code": new_code(home.world), "device_id": home.camera.device_id}
    assert refused(home.owner.call("POST", "/gift-cards/redeem", body)) == (400, "KeyMissing")
    assert rows(home.world, "account/gift-card-redemption") == []
    assert redeem(home, body["code"]).status == 200
    assert len(rows(home.world, "account/gift-card-redemption")) == 1


def test_of_many_who_have_the_code_one_has_the_plan(home: Home) -> None:
    code = new_code(home.world)
    people = [new_person(home.world, f"guest{number}@example.com") for number in range(4)]
    theirs = [new_camera(home.world, f"SN010{number}", owner=one).device_id for number, one in enumerate(people)]

    def asks(number: int) -> Response:
        return redeem(home, code, by=people[number], device_id=theirs[number])

    answers = at_once(*(lambda number=number: asks(number) for number in range(4)))  # type: ignore[misc]
    assert sorted(one.status for one in answers) == [200, 409, 409, 409]
    assert len(granted(home.world)) == 1
    assert report(home.world)[0]["redeemed"] == 1


def test_many_cards_of_one_batch_at_once_are_all_had(home: Home) -> None:
    codes = issue(home.world, 4)["codes"]
    people = [new_person(home.world, f"guest{number}@example.com") for number in range(4)]
    theirs = [new_camera(home.world, f"SN010{number}", owner=one).device_id for number, one in enumerate(people)]

    def asks(number: int) -> Response:
        return redeem(home, codes[number], by=people[number], device_id=theirs[number])

    answers = at_once(*(lambda number=number: asks(number) for number in range(4)))  # type: ignore[misc]
    assert [one.status for one in answers] == [200] * 4
    assert counts(report(home.world)[0]) == {"issued": 4, "redeemed": 4, "revoked": 0, "expired": 0, "left": 0}


@pytest.mark.parametrize("nth", [3, 4])
def test_a_card_that_is_withdrawn_at_that_moment_is_not_had(home: Home, nth: int) -> None:
    issued = issue(home.world)
    revoke = {"batch_id": issued["batch_id"]}
    with just_before(home.world, nth, lambda: home.world.invoke("revoke_gift_cards", revoke)):
        answer = redeem(home, issued["codes"][0])
    assert refused(answer) == (410, "GiftCardRevoked")
    assert "withdrawn" in answer.json["message"]
    assert plan_of(home)["state"] == "none"
    assert counts(report(home.world)[0]) == {"issued": 1, "redeemed": 0, "revoked": 1, "expired": 0, "left": 0}


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_a_device_that_is_paid_for_at_that_moment_has_both(home: Home, nth: int) -> None:
    code = new_code(home.world)
    with just_before(home.world, nth, lambda: buy(home)):
        answer = redeem(home, code)
    assert (answer.status, answer.json["until"]) == (200, in_days(home, 60))


# For how long, and for whom


def test_it_is_taken_up_to_the_end_of_its_last_day_where_the_seller_is(home: Home) -> None:
    codes = issue(home.world, 2, until="2026-01-06")["codes"]
    end_in_warsaw = home.world.now().replace(day=6, hour=23, minute=0)
    home.world.clock.move_to(end_in_warsaw.timestamp() - 1)
    home.owner.sign_in()
    assert redeem(home, codes[0]).status == 200
    later(home, 1)
    answer = redeem(home, codes[1])
    assert (*refused(answer), answer.json["last_day"]) == (410, "GiftCardExpired", "2026-01-06")
    assert counts(report(home.world)[0]) == {"issued": 2, "redeemed": 1, "revoked": 0, "expired": 1, "left": 0}
    assert redeem(home, codes[0]).status == 200  # the answer of then


def test_a_year_later_it_is_still_known_and_then_forgotten(home: Home) -> None:
    code = new_code(home.world, until="2026-01-06")
    later(home, (1 + rules.KNOWN_DAYS_AFTER) * DAY)
    home.owner.sign_in()
    assert refused(redeem(home, code)) == (410, "GiftCardExpired")
    later(home, DAY)
    home.owner.sign_in()
    assert refused(redeem(home, code)) == (404, "GiftCardUnknown")


def test_for_a_device_that_is_not_ones_own_nothing_is_said_of_the_code(home: Home) -> None:
    code = new_code(home.world)
    for typed in (code, UNKNOWN):
        assert refused(redeem(home, typed, by=home.stranger)) == (404, "NotFound")
        assert refused(redeem(home, typed, device_id="nobodys")) == (404, "NotFound")
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    home.world.settle()
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    for typed in (code, UNKNOWN):
        assert refused(redeem(home, typed, by=home.stranger)) == (403, "RightMissing")
    assert tries(home) == []
    redeem(home, UNKNOWN)
    assert tries(home) == [1]
    assert redeem(home, code).status == 200


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_for_a_device_that_goes_at_that_moment_the_card_is_not_spent(home: Home, nth: int) -> None:
    code = new_code(home.world)
    with just_before(home.world, nth, lambda: home.owner.call("DELETE", f"/devices/{home.camera.device_id}")):
        answer = redeem(home, code)
    assert refused(answer) == (404, "NotFound")
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    assert redeem(home, code, device_id=other).status == 200


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_for_an_account_that_is_closed_at_that_moment_the_card_is_not_spent(home: Home, nth: int) -> None:
    code, theirs = new_code(home.world), new_camera(home.world, "SN0002", owner=home.stranger).device_id
    home.owner.step_up()
    with just_before(home.world, nth, lambda: home.owner.close()):
        answer = redeem(home, code)
    assert refused(answer) == (404, "NotFound")
    assert redeem(home, code, by=home.stranger, device_id=theirs).status == 200


# What stays


def test_after_the_account_is_closed_the_card_is_spent_and_says_nothing_of_whose_it_was(home: Home) -> None:
    code = new_code(home.world)
    redeem(home, code)
    before = rows(home.world, "gift-card/gift-card")
    assert len(rows(home.world, "account/gift-card-redemption")) == 1
    erasure_id = closed(home)["erasure_id"]
    home.world.advance(15 * 60)
    assert rows(home.world, "gift-card/gift-card") == before
    assert before[0].keys() == {
        "pk", "sk", "schema_version", "commit_id", "expires_at", "batch_id", "redeemed_at"
    }  # fmt: skip
    assert rows(home.world, "account/gift-card-redemption") == []
    claims(home.world, receipt(home.world, erasure_id))
    home.stranger.sign_in()
    theirs = new_camera(home.world, "SN0002", owner=home.stranger).device_id
    assert refused(redeem(home, code, by=home.stranger, device_id=theirs)) == (409, "GiftCardSpent")
