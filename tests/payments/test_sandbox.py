"""The sandbox is a provider as any other: what it is asked for, and what it tells of."""

from __future__ import annotations

import json

import pytest

from chalicelib.errors import Malformed
from chalicelib.payments import sandbox
from chalicelib.payments.rules import SignatureWrong
from chalicelib.payments.shapes import Card, CardSaved, Dispute, Event, Payment, Refund, RefundRequest
from infra.local.cloud import LocalCloud
from tests.orders.payment_events import signature

EVENTS: tuple[Event, ...] = (
    Payment("order", "paid", 299, "EUR", "pi_1"),
    Payment("order", "expired", 299, "EUR", "pi_1"),
    Dispute("order", "opened", "pi_1", "dp_1"),
    Dispute("order", "lost", "pi_1", "dp_1"),
    Refund("r1", "pending", "re_1"),
    Refund("r1", "failed", "re_1"),
    Payment("order", "paid", 299, "EUR", "pi_1", Card("cus_1", "sandbox-card")),
    CardSaved("device", "PLN", Card("cus_1", "sandbox-card")),
)


@pytest.mark.parametrize("told", EVENTS)
def test_an_event_says_what_it_was_made_of(world: LocalCloud, told: Event) -> None:
    headers, body = sandbox.event(told)
    said = {name.lower(): value for name, value in headers.items()}
    assert sandbox.Sandbox().verified(said, body) == told
    with pytest.raises(SignatureWrong):
        sandbox.Sandbox().verified(said, body + b" ")


@pytest.mark.parametrize("told", EVENTS)
@pytest.mark.parametrize("altered", [{"reference": ""}, {"refund_id": 7}, {"outcome": "else", "state": "else"}])
def test_an_event_that_says_what_none_can_say_is_refused(
    world: LocalCloud, told: Event, altered: dict[str, object]
) -> None:
    _, body = sandbox.event(told)
    said = json.loads(body)
    kind = said["type"].partition(".")[0]
    known = {name: value for name, value in altered.items() if name in said[kind]}
    text = json.dumps({**said, kind: {**said[kind], **known}}).encode()
    headers = {"sandbox-signature": signature(world, text)}
    if known:
        with pytest.raises(Malformed):
            sandbox.Sandbox().verified(headers, text)
    else:
        assert sandbox.Sandbox().verified(headers, text) == told


def test_a_refund_that_is_asked_for_twice_is_one(world: LocalCloud) -> None:
    one, other = RefundRequest("r1", "pi_1", 299, "EUR"), RefundRequest("r2", "pi_1", 299, "EUR")
    first, again = sandbox.Sandbox().refund(one), sandbox.Sandbox().refund(one)
    assert first == again and (first.refund_id, first.state) == ("r1", "succeeded")
    assert sandbox.Sandbox().refund(other).refund_reference != first.refund_reference
