"""The sandbox's page, as a browser without JavaScript has it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from infra.local import checkout_page
from infra.local.control_api import ControlApi
from infra.local.gateway import Response, http_request
from tests.conftest import Home
from tests.orders.payment_events import order, payments, plan, state
from tests.payments.renewal_steps import renew, switch
from tests.plans.steps import DAY, buy, later, place, plan_of

_FORM = re.compile(r'<form method="post">(.*?)<button[^>]*>(.*?)</button></form>')
_FIELD = re.compile(r'name="([^"]*)" value="([^"]*)"')


class Page:
    """What is shown of an order, and the buttons that it has."""

    def __init__(self, home: Home, order_id: str, language: str = "en") -> None:
        self._api, self._path = ControlApi(home.world), f"/_local/payments/{order_id}"
        self._headers = {"Accept-Language": language}
        self.open(self._path)

    def open(self, address: str) -> None:
        self.answer = self._api.handle(http_request("GET", address, self._headers))
        self.text = self.answer.body.decode()

    @property
    def buttons(self) -> dict[str, dict[str, str]]:
        return {said: dict(_FIELD.findall(unescape(form))) for form, said in _FORM.findall(self.text)}

    def press(self, said: str) -> Response:
        """The page that follows is shown then."""
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(self.buttons[said]).encode()
        answer = self._api.handle(http_request("POST", self._path, headers, body))
        assert answer.status == 303, answer.body
        self.open(answer.headers["Location"])
        return answer


def test_a_person_sees_what_it_costs_and_pays(sandbox_home: Home) -> None:
    ordered = order(sandbox_home)
    page = Page(sandbox_home, ordered["order_id"])
    assert page.answer.status == 200 and "2.99&nbsp;EUR" in page.text and "waits for its payment" in page.text
    assert list(page.buttons) == ["Pay", "Have the bank refuse it", "Let it time out"]
    page.press("Pay")
    assert (state(sandbox_home, ordered), plan(sandbox_home)["state"]) == ("paid", "active")
    assert "paid the order" in page.text
    assert list(page.buttons) == ["Pay once more", "Dispute it at the bank"]


def test_what_is_refused_can_be_paid_and_what_timed_out_cannot(sandbox_home: Home) -> None:
    ordered, other = order(sandbox_home), order(sandbox_home)
    page = Page(sandbox_home, ordered["order_id"])
    page.press("Have the bank refuse it")
    assert state(sandbox_home, ordered) == "refused"
    page.press("Pay")
    assert state(sandbox_home, ordered) == "paid"
    late = Page(sandbox_home, other["order_id"])
    late.press("Let it time out")
    assert (state(sandbox_home, other), list(late.buttons)) == ("expired", ["Pay once more"])
    late.press("Pay once more")
    assert state(sandbox_home, other) == "refund_due"


def test_what_is_paid_twice_goes_back_once(sandbox_home: Home) -> None:
    ordered = order(sandbox_home)
    page = Page(sandbox_home, ordered["order_id"])
    page.press("Pay")
    page.press("Pay once more")
    sandbox_home.world.settle()
    page.open(f"/_local/payments/{ordered['order_id']}")
    assert [one for _, _, one in payments(sandbox_home, ordered)] == ["applied", "refunded"]
    assert "went back" in page.text


@pytest.mark.parametrize(
    ("decision", "then", "said"),
    [
        ("The bank decides for the seller", "active", "the dispute was decided for the seller"),
        ("The bank takes the money back", "none", "the dispute was lost"),
    ],
)
def test_a_dispute_is_opened_and_decided(sandbox_home: Home, decision: str, then: str, said: str) -> None:
    ordered = order(sandbox_home)
    page = Page(sandbox_home, ordered["order_id"])
    page.press("Pay")
    page.press("Dispute it at the bank")
    assert plan(sandbox_home)["state"] == "suspended"
    page.press(decision)
    assert plan(sandbox_home)["state"] == then and said in page.text
    assert list(page.buttons) == ["Pay once more"]


def test_it_speaks_both_languages_and_keeps_the_one_that_was_chosen(sandbox_home: Home) -> None:
    ordered = order(sandbox_home)
    page = Page(sandbox_home, ordered["order_id"], "pl-PL,pl;q=0.9")
    assert '<html lang="pl">' in page.text and "Zapłać" in page.buttons
    page.open(f"/_local/payments/{ordered['order_id']}?language=en")
    assert '<html lang="en">' in page.text
    page.open(f"/_local/payments/{ordered['order_id']}?language=pl")
    page._headers = {}
    assert page.press("Zapłać").headers["Location"].endswith("?language=pl")
    assert "opłacone" in page.text
    english, polish = checkout_page.WORDS["en"], checkout_page.WORDS["pl"]
    assert english.keys() == polish.keys() and not set(english.values()) & set(polish.values()) - {"Plan"}


def test_an_order_that_is_not_there_is_not_found(sandbox_home: Home) -> None:
    page = Page(sandbox_home, "%3Cscript%3E")
    assert (page.answer.status, page.buttons) == (404, {})
    assert "<script" not in page.text and "no such order" in page.text


def test_the_page_may_load_and_run_nothing(sandbox_home: Home) -> None:
    page = Page(sandbox_home, order(sandbox_home)["order_id"])
    policy = page.answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy
    assert "<script" not in page.text and "http" not in page.text


def test_what_renews_by_itself_says_so_and_saves_a_card(sandbox_home: Home) -> None:
    ordered = place(sandbox_home, "event-7-month", renew=True).json
    page = Page(sandbox_home, ordered["order_id"])
    assert "the card is saved" in page.text
    page.press("Pay, with a card that is declined later")
    assert plan(sandbox_home)["renews"]["price"] == {"amount": 299, "currency": "EUR"}
    later(sandbox_home, 29 * DAY)
    assert renew(sandbox_home) == 1
    assert plan_of(sandbox_home)["until"] == "2026-02-04T08:00:00Z"


def test_a_card_is_saved_where_a_refusal_says(sandbox_home: Home) -> None:
    buy(sandbox_home)
    url = switch(sandbox_home, on=True).json["card_url"]
    page = Page(sandbox_home, "x")
    page._path = url.removeprefix("http://127.0.0.1:8000")
    page.open(page._path)
    page._path = page._path.partition("?")[0]
    page.press("Save a card that pays")
    assert "You can close this page" in page.text and page.buttons == {}
    assert plan(sandbox_home)["renews"] is not None
