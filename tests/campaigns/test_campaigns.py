"""Campaigns are entered by consent, end with it, and are drawn so that anybody can draw them again (C1)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from chalicelib.errors import Refusal
from infra.local import dump
from tests.campaigns.entrants import CAMPAIGN, draw, enter, entered, opened, order, over, shown
from tests.conftest import Home
from tests.privacy.exports import archive, records_in
from tests.scene import new_person, rows
from tests.worlds.invariants import Stored

DAY = 86_400


def test_what_is_opened_is_listed_in_the_language_of_the_request(home: Home) -> None:
    said = {"title": "Losowanie", "text": "Trzy kamery.", "data_use": "Usuwamy."}
    opened(home.world, translations={"pl": said})
    (item,) = home.owner.call("GET", "/campaigns", headers={"Accept-Language": "pl"}).json["items"]
    assert (item["title"], item["questions"][1]["text"], item["ticket"]) == ("Losowanie", "Czego chcesz?", None)
    assert (shown(home.owner)["title"], item["questions"][0]["choices"]) == ("Spring draw", ["green", "blue"])


def test_opened_again_it_is_the_same_and_another_needs_another_name(home: Home) -> None:
    body = order(home.world)
    first = home.world.invoke("open_campaign", body)
    home.world.clock.move_to(home.world.now().timestamp() + DAY)
    assert home.world.invoke("open_campaign", body) == first
    assert len(rows(home.world, "campaigns/campaign")) == 1
    with pytest.raises(Refusal, match="another name"):
        home.world.invoke("open_campaign", {**body, "title": "Autumn"})


@pytest.mark.parametrize("ends_at", ["2026-01-01T00:00:00Z", "2029-01-01T00:00:00Z"])
def test_it_ends_within_a_year(home: Home, ends_at: str) -> None:
    with pytest.raises(Refusal):
        opened(home.world, ends_at=ends_at)
    assert opened(home.world)["campaign"] == CAMPAIGN


def test_nobody_enters_without_the_consent_of_its_purpose(home: Home) -> None:
    opened(home.world)
    home.owner.agree("surveys")
    answer = enter(home.owner)
    assert (answer.status, answer.json["code"]) == (403, "ConsentMissing")
    ticket = entered(home.owner)
    assert (shown(home.owner)["ticket"], shown(home.stranger)["ticket"]) == (ticket, None)


def test_a_person_enters_once_and_a_repeat_is_the_same_entry(home: Home) -> None:
    opened(home.world)
    home.owner.agree("marketing_events")
    first, again = (enter(home.owner, key="a-key-of-the-client") for _ in range(2))
    assert (first.status, first.json) == (201, again.json)
    other = enter(home.owner, key="another-key-of-it")
    assert (other.status, other.json["code"]) == (409, "EnteredAlready")
    assert len(rows(home.world, "account/campaign-entry")) == 1


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers.colour"),
        ({"colour": " "}, "answers.colour"),
        ({"colour": "red"}, "answers.colour"),
        ({"colour": "green", "size": "big"}, "answers.size"),
    ],
)
def test_answers_are_to_what_was_asked(home: Home, answers: dict[str, str], field: str) -> None:
    opened(home.world)
    home.owner.agree("marketing_events")
    answer = enter(home.owner, answers=answers)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert enter(home.owner, answers={"colour": "blue", "wish": "Rain."}).status == 201


def test_what_has_ended_is_not_entered(home: Home) -> None:
    opened(home.world)
    home.owner.agree("marketing_events")
    over(home.world, home.owner)
    answer = enter(home.owner)
    assert (answer.status, answer.json["code"]) == (410, "CampaignOver")


def test_what_was_entered_is_in_a_copy_of_ones_data_and_in_the_activity(home: Home) -> None:
    opened(home.world)
    ticket = entered(home.owner)
    (entry,) = records_in(archive(home.owner))["campaign-entry"]
    assert (entry["ticket"], entry["answers"]["colour"]) == (ticket, "green")
    assert entry["contact"]["email"] == home.owner.email
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert "campaign_entered" in acts


def test_who_leaves_takes_all_along(home: Home) -> None:
    opened(home.world)
    entered(home.owner)
    assert len(rows(home.world, "campaign-tickets/ticket")) == 1
    assert home.owner.call("DELETE", f"/campaigns/{CAMPAIGN}/entries/mine").status == 204
    assert rows(home.world, "account/campaign-entry") == rows(home.world, "campaign-tickets/ticket") == []
    answer = home.owner.call("DELETE", f"/campaigns/{CAMPAIGN}/entries/mine")
    assert (answer.status, answer.json["kind"]) == (404, "entry")
    assert enter(home.owner).status == 201


@pytest.mark.parametrize("how", ["withdraws", "closes"])
def test_an_entry_goes_with_the_consent_and_with_the_account(home: Home, how: str) -> None:
    opened(home.world)
    entered(home.owner)
    assert len(rows(home.world, "account/campaign-entry")) == len(rows(home.world, "campaign-tickets/ticket")) == 1
    if how == "withdraws":
        assert home.owner.agree("marketing_events", given=False).status == 200
    else:
        home.owner.step_up()
        assert home.owner.close().status == 202
    home.world.settle()
    assert rows(home.world, "account/campaign-entry") == rows(home.world, "campaign-tickets/ticket") == []


def test_with_the_withdrawal_nothing_is_shown_and_one_may_enter_anew(home: Home) -> None:
    """Before anybody was told."""
    opened(home.world)
    first = entered(home.owner)
    with home.world.aws.lock:
        home.owner.agree("marketing_events", given=False)
        assert shown(home.owner)["ticket"] is None
        second = entered(home.owner)
        assert second != first and len(Stored(dump.dump()).of("EntryTicket")) == 1
    home.world.settle()
    assert shown(home.owner)["ticket"] == second


def test_who_restricted_processing_enters_nothing_and_wins_nothing(home: Home) -> None:
    opened(home.world)
    entered(home.stranger)
    home.owner.agree("marketing_events")
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    assert enter(home.owner).json["code"] == "ProcessingRestricted"
    assert home.stranger.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    over(home.world)
    assert draw(home.world)["winners"] == []


def test_entries_are_gone_ninety_days_after_the_end(home: Home) -> None:
    home.world.calendar.lag = None  # whatever TTL does
    opened(home.world)
    ticket = entered(home.owner)
    end = home.world.now().timestamp() + 97 * DAY
    home.world.clock.move_to(end - 1)
    home.owner.sign_in()
    assert shown(home.owner)["ticket"] == ticket
    home.world.clock.move_to(end + 1)
    home.owner.sign_in()
    assert home.owner.call("GET", "/campaigns").json["items"] == []
    assert "campaign-entry" not in records_in(archive(home.owner))


# The draw


def test_anybody_can_draw_the_winners_again(home: Home) -> None:
    committed = opened(home.world)["seed_sha256"]
    people = [home.owner, home.stranger, *(new_person(home.world, f"p{number}@example.com") for number in range(3))]
    tickets = {entered(person): person for person in people}
    before = shown(home.owner)
    assert (before["seed_sha256"], before["seed"], before["winners"]) == (committed, None, [])
    assert home.owner.call("GET", f"/campaigns/{CAMPAIGN}/tickets").json["kind"] == "draw"
    over(home.world, home.owner)
    drawn = draw(home.world, count=2)
    told = shown(home.owner)
    listed = home.owner.call("GET", f"/campaigns/{CAMPAIGN}/tickets").json["items"]
    assert sorted(listed) == sorted(tickets)
    assert hashlib.sha256(told["seed"].encode()).hexdigest() == committed
    ranked = sorted(listed, key=lambda one: hashlib.sha256(f"{told['seed']}:{one}".encode()).hexdigest())
    assert told["winners"] == [one["ticket"] for one in drawn["winners"]] == ranked[:2]
    assert [one["contact"]["email"] for one in drawn["winners"]] == [tickets[one].email for one in ranked[:2]]


@pytest.mark.parametrize("restricts", range(3))
def test_who_had_restricted_processing_is_not_among_the_tickets_of_the_draw(home: Home, restricts: int) -> None:
    """Whichever rank he has."""
    opened(home.world)
    people = [home.owner, home.stranger, new_person(home.world, "third@example.com")]
    tickets = [entered(person) for person in people]
    over(home.world, *people)
    assert people[restricts].call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    draw(home.world, count=2)
    told = shown(home.owner)
    listed = home.owner.call("GET", f"/campaigns/{CAMPAIGN}/tickets").json["items"]
    ranked = sorted(listed, key=lambda one: hashlib.sha256(f"{told['seed']}:{one}".encode()).hexdigest())
    assert told["winners"] == ranked[:2] and tickets[restricts] not in told["winners"]


def test_drawn_again_the_winners_are_the_same_and_are_told_once(home: Home) -> None:
    opened(home.world)
    entered(home.owner)
    over(home.world, home.owner)
    first = draw(home.world)
    assert draw(home.world, count=5) == first
    titles = [one["title"] for one in home.owner.call("GET", "/notices").json["items"]]
    assert titles.count("You have won: Spring draw") == 1
    assert sum("You have won" in str(one.get("subject")) for one in home.world.outbox(home.owner.email)) == 1


def test_a_winner_who_withdraws_is_named_no_more(home: Home) -> None:
    opened(home.world)
    ticket = entered(home.owner)
    over(home.world, home.owner)
    assert draw(home.world)["winners"][0]["contact"]["name"] == home.owner.nickname
    home.owner.agree("marketing_events", given=False)
    assert draw(home.world)["winners"] == [{"ticket": ticket, "contact": None}]


@pytest.mark.parametrize(
    ("other", "at_end", "said"),
    [({}, False, "not ended"), ({"kind": "survey"}, True, "Nothing is drawn")],
)
def test_what_cannot_be_drawn_is_refused(home: Home, other: dict[str, Any], at_end: bool, said: str) -> None:
    opened(home.world, **other)
    if at_end:
        over(home.world)
    with pytest.raises(Refusal, match=said):
        draw(home.world)
    assert draw(home.world, campaign="another") == {"seed": None, "winners": []}
