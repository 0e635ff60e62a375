"""The newsletter goes to whoever confirmed it and to nobody else, and ends with one press (E1)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.contacts.actions import budgets
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.newsletter.subscribers import EMAIL, issues, link_in, order, press, send, subscribed, token_in
from tests.scene import Person, new_person, rows

DAY = 86_400


def consent(person: Person) -> bool:
    items = person.call("GET", "/consents").json["items"]
    return next(bool(one["given"]) for one in items if one["purpose"] == "newsletter")


def ways(person: Person) -> list[tuple[bool, str]]:
    items = person.call("GET", "/consents/newsletter/history").json["items"]
    return [(one["given"], one["way"]) for one in items]


# Double opt-in


def test_who_confirms_gets_the_issues_and_who_only_ordered_does_not(world: LocalCloud) -> None:
    assert order(world, "other@example.com").json == {"confirm_within_hours": 24}
    subscribed(world)
    send(world)
    assert (issues(world), issues(world, "other@example.com")) == (1, 0)


def test_a_link_that_is_opened_by_a_scanner_changes_nothing(world: LocalCloud) -> None:
    assert order(world).status == 202
    before = rows(world, "subscription/subscription")
    for _ in range(2):
        answer = world.call("GET", "/newsletter/confirm", query={"token": token_in(world)})
        assert (answer.status, "<form method=\"post\">" in answer.body.decode()) == (200, True)
    assert rows(world, "subscription/subscription") == before
    assert press(world, "confirm", token_in(world)).status == 200
    send(world)
    answer = world.call("GET", "/newsletter/unsubscribe", query={"token": token_in(world)})
    assert (answer.status, issues(world)) == (200, 1)
    send(world, "next")
    assert issues(world) == 2


def test_the_page_may_post_to_where_it_came_from_and_do_nothing_else(world: LocalCloud) -> None:
    answer = world.call("GET", "/newsletter/confirm", headers={"Accept-Language": "pl"})
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy and "default-src 'none'" in policy and "script" not in policy
    assert 'lang="pl"' in answer.body.decode() and "Tak, chcę" in answer.body.decode()
    pressed = world.call("GET", "/policy/page")
    assert "form-action 'none'" in pressed.headers["Content-Security-Policy"]


def test_a_press_that_comes_twice_is_one_and_no_failure(world: LocalCloud) -> None:
    assert order(world).status == 202
    token = token_in(world)
    assert [press(world, "confirm", token).status for _ in range(3)] == [200, 200, 200]
    assert len(rows(world, "newsletter/subscriber")) == 1


def test_the_exact_repeat_of_an_order_sends_its_link_again(world: LocalCloud) -> None:
    links = set()
    for key in ("a-key-of-the-client", "a-key-of-the-client", "another-key-of-it"):
        assert order(world, key=key).status == 202
        links.add(link_in(world))
    assert (len(links), len(world.outbox(EMAIL)), len(rows(world, "subscription/subscription"))) == (2, 3, 2)


def test_an_order_that_nobody_confirms_is_over_after_a_day(world: LocalCloud) -> None:
    assert order(world).status == 202
    token = token_in(world)
    (row,) = rows(world, "subscription/subscription")
    end = int(world.now().timestamp()) + DAY
    assert abs(int(row["expires_at"]) - end) <= 1
    world.clock.move_to(end + 1)
    answer = press(world, "confirm", token)
    assert (answer.status, answer.json["code"]) == (410, "LinkOver")


@pytest.mark.parametrize("which", ["confirm", "unsubscribe"])
@pytest.mark.parametrize("token", ["", "x", "confirm.abc.def", "address.abc.é", "account..", "confirm.a.b.c"])
def test_a_link_that_was_not_made_here_is_refused(world: LocalCloud, which: str, token: str) -> None:
    answer = press(world, which, token)
    assert (answer.status, answer.json["code"]) == (410, "LinkOver")


def test_a_link_to_confirm_does_not_unsubscribe_nor_the_other_way_round(world: LocalCloud) -> None:
    subscribed(world)
    confirming = token_in(world)
    send(world)
    assert press(world, "unsubscribe", confirming).status == 410
    assert press(world, "confirm", token_in(world)).status == 410


def test_who_orders_again_is_subscribed_once_and_in_the_new_language(world: LocalCloud) -> None:
    subscribed(world)
    subscribed(world, language="pl")
    assert len(rows(world, "newsletter/subscriber")) == 1
    send(world, translations={"pl": {"subject": "Nowe kamery", "text": "Widzą w ciemności."}})
    assert (issues(world), issues(world, subject="Nowe kamery")) == (0, 1)


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"language": "de"}, {"more": 1}, {"email": None}])
def test_what_is_no_order_is_refused(world: LocalCloud, wrong: dict[str, Any]) -> None:
    assert order(world, **({"email": EMAIL} | wrong)).status == 422


def test_known_and_unknown_addresses_are_answered_alike_with_the_same_calls(home: Home) -> None:
    subscribed(home.world)
    home.owner.agree("newsletter")
    home.world.settle()
    seen = []
    for email in (EMAIL, home.owner.email, "nobody@example.com"):
        home.world.trace.clear()
        answer = order(home.world, email)
        seen.append((answer.status, answer.body, home.world.trace.names()))
    assert seen[0] == seen[1] == seen[2] and "sesv2.SendEmail" in seen[0][2]


def test_an_address_is_not_flooded(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as tight:
        tight.setattr(budgets, "most", lambda kind, scope: 5)
        answers = [order(world).status for _ in range(7)]
    assert answers == [202] * 5 + [429] * 2
    assert len(world.outbox(EMAIL)) == 5


# Unsubscribing


def test_every_issue_is_ended_by_one_click_of_a_mail_program(world: LocalCloud) -> None:
    subscribed(world)
    world.trace.clear()
    send(world)
    (sent,) = (call.params for call in world.trace if call.name == "sesv2.SendEmail")
    headers = {one["Name"]: one["Value"] for one in sent["Content"]["Simple"]["Headers"]}
    assert headers == {"List-Unsubscribe": f"<{link_in(world)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    assert press(world, "unsubscribe", token_in(world)).status == 200
    send(world, "next")
    assert issues(world) == 1


def test_multipart_is_a_click_too_and_one_that_comes_twice_is_no_failure(world: LocalCloud) -> None:
    subscribed(world)
    send(world)
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    for _ in range(2):
        answer = world.call(
            "POST", "/newsletter/unsubscribe", query={"token": token_in(world)}, raw=body,
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )  # fmt: skip
        assert answer.status == 200
    assert rows(world, "newsletter/subscriber") == []


def test_what_is_left_of_who_unsubscribed_is_that_there_was_a_consent(world: LocalCloud) -> None:
    subscribed(world)
    send(world)
    assert len(rows(world, "key", "Keys")) == 1
    assert press(world, "unsubscribe", token_in(world)).status == 200
    for kind in ("subscription/subscription", "newsletter/subscriber", "address/newsletter"):
        assert rows(world, kind) == []
    assert rows(world, "key", "Keys") == []
    (proof,) = rows(world, "address/newsletter-consent")
    assert (proof["way"], int(proof["expires_at"])) == ("link", int(world.now().timestamp()) + 1095 * DAY)


def test_an_operator_forgets_an_address_whole(world: LocalCloud) -> None:
    subscribed(world)
    assert len(rows(world, "address/newsletter-consent")) == 1
    assert world.invoke("forget_subscriber", {"email": EMAIL}) == {"subscribed": True}
    assert rows(world, "address/newsletter-consent") == []
    assert world.invoke("forget_subscriber", {"email": EMAIL}) == {"subscribed": False}


@pytest.mark.parametrize("outcome", ["bounced", "complained"])
def test_a_mail_that_came_back_or_was_unwanted_ends_it(world: LocalCloud, outcome: str) -> None:
    subscribed(world)
    assert len(rows(world, "newsletter/subscriber")) == 1
    world.mail.decide(EMAIL, outcome)
    send(world)
    assert rows(world, "newsletter/subscriber") == []
    world.clock.move_to(world.now().timestamp() + 100 * DAY)  # when the report is forgotten
    send(world, "next")
    assert issues(world) == 1


# Accounts


def test_who_agrees_with_an_account_gets_the_issues_until_he_withdraws(home: Home) -> None:
    assert home.owner.agree("newsletter").status == 200
    send(home.world)
    assert (issues(home.world, home.owner.email), issues(home.world, home.stranger.email)) == (1, 0)
    assert home.owner.agree("newsletter", given=False).status == 200
    assert rows(home.world, "consenting/consenting") == []
    send(home.world, "next")
    assert issues(home.world, home.owner.email) == 1


def test_a_click_withdraws_the_consent_of_an_account(home: Home) -> None:
    home.owner.agree("newsletter")
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    send(home.world)
    assert press(home.world, "unsubscribe", token_in(home.world, home.owner.email)).status == 200
    assert not consent(home.owner)
    assert ways(home.owner) == [(False, "link"), (True, "account")]


def test_who_confirms_with_the_address_of_an_account_gives_its_consent(home: Home) -> None:
    assert order(home.world, home.owner.email).status == 202
    assert not consent(home.owner)
    token = token_in(home.world, home.owner.email)
    assert [press(home.world, "confirm", token).status for _ in range(2)] == [200, 200]
    assert consent(home.owner) and ways(home.owner) == [(True, "link")]
    subscribed(home.world)
    assert len(rows(home.world, "newsletter/subscriber")) == 1  # the other's
    send(home.world)
    assert issues(home.world, home.owner.email) == 1


def test_who_gets_an_account_later_agrees_by_it_and_has_all_in_one_place(world: LocalCloud) -> None:
    subscribed(world)
    assert len(rows(world, "newsletter/subscriber")) == 1
    reader = new_person(world, EMAIL)
    world.settle()
    assert consent(reader) and ways(reader) == [(True, "link")]
    assert rows(world, "newsletter/subscriber") == rows(world, "address/newsletter-consent") == []
    send(world)
    assert issues(world) == 1
    reader.agree("newsletter", given=False)
    send(world, "next")
    assert issues(world) == 1


def test_who_closes_the_account_is_off_the_list(home: Home) -> None:
    home.owner.agree("newsletter")
    assert len(rows(home.world, "consenting/consenting")) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    send(home.world)
    assert issues(home.world, home.owner.email) == 0
    assert rows(home.world, "consenting/consenting") == []


def test_who_restricted_processing_gets_none_until_he_lifts_it(home: Home) -> None:
    home.owner.agree("newsletter")
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    send(home.world)
    assert issues(home.world, home.owner.email) == 0
    assert home.owner.call("DELETE", "/privacy/restriction").status == 204
    send(home.world, "next")
    assert issues(home.world, home.owner.email) == 1


def test_a_complaint_withdraws_the_consent_of_an_account_and_a_bounce_does_not(home: Home) -> None:
    for person, outcome in ((home.owner, "complained"), (home.stranger, "bounced")):
        person.agree("newsletter")
        home.world.mail.decide(person.email, outcome)
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    send(home.world)
    assert (consent(home.owner), consent(home.stranger)) == (False, True)
    assert ways(home.owner)[0] == (False, "complaint")
    send(home.world, "next")
    assert [issues(home.world, one.email) for one in (home.owner, home.stranger)] == [1, 1]


def test_an_address_that_is_given_up_gets_no_issue(home: Home) -> None:
    home.owner.agree("newsletter")
    home.owner.step_up()
    change_id = home.owner.change_address(email="new@example.com")
    code = Person(home.world, "new@example.com").newest_code()
    assert home.owner.call("POST", "/me/address/confirm", {"change_id": change_id, "code": code}).status == 200
    send(home.world)
    assert (issues(home.world, home.owner.email), issues(home.world, "new@example.com")) == (0, 1)
