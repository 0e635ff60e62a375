"""By what money is found again is stored: after an update it is what it was before, for ever."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime

import pytest

from chalicelib.gift_cards.actions import cards, issuing
from chalicelib.gift_cards.shapes import IssueGiftCards
from chalicelib.invoices.actions import documents, months
from chalicelib.invoices.rules import series
from chalicelib.orders.actions import reading, webhooks
from chalicelib.payments.shapes import Report
from chalicelib.plans.actions import quoting
from chalicelib.plans.rules import catalogue, changes
from chalicelib.plans.rules.ledger import Grant, Pause, source_of
from chalicelib.store import crypto

NOW = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_a_gift_card_is_found_by_the_hash_that_was_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all that are sold and not redeemed would be unknown."""
    monkeypatch.setattr(crypto, "secret_for", lambda purpose: sha256(f"secret for {purpose}"))
    code = "ABCD-EFGH-JKMN-PQRS-T"
    known = hmac.digest(sha256("secret for gift cards"), b"ABCDEFGHJKMNPQRST", hashlib.sha256)[:20]
    assert cards.id_of(code) == cards.id_of(code.lower()) == crypto.ids.as_text(known)


def test_a_payment_an_event_and_an_order_of_cards_are_known_again() -> None:
    """Else what a provider tells twice would count twice."""
    assert reading.payment_id("stripe", "pi_1") == crypto.plain_hash("stripe pi_1")
    assert webhooks._hash_of("stripe", Report("evt_1", "refund", "re_1")) == crypto.plain_hash("stripe evt_1")
    order = IssueGiftCards("event-7-month", 1, date(2026, 4, 1), order_id="our-order-0000001")
    assert issuing._order_key(order).pk_id == crypto.plain_hash("gift cards our-order-0000001")


def test_what_was_credited_is_known_again() -> None:
    """Else nobody could pay an order that is open during an update."""
    grants = [changes.new_grant(catalogue.offer("event-7-month"), source, NOW) for source in ("order:1", "gift:2")]
    end = NOW + 30 * 86_400
    assert quoting._named(tuple(grants)) == crypto.plain_hash(f"order:1 {end} gift:2 {end}")


def test_a_ledger_is_read_as_it_was_written() -> None:
    text = "2026-01-05T08:00:00Z 2026-02-04T08:00:00Z event-7-month 2 event 7 order:one 299 EUR 2592000 "
    for mark, said in (("", "-"), ("moved", "moved"), ("suspended", "suspended")):
        one = Grant.of(text + said)
        assert (one.text, one.mark) == (text + said, mark)
    assert (one.plan, one.version, one.amount, one.currency) == (("event-7-month", "event", 7), 2, 299, "EUR")
    assert (one.seconds, one.whole_s, one.source, one.source_kind) == (2592000, 2592000, "order:one", "order")
    for carried in ("", " moved"):
        pause = Pause.of(f"2026-01-05T08:00:00Z 2026-01-06T08:00:00Z{carried}")
        assert pause.text == f"2026-01-05T08:00:00Z 2026-01-06T08:00:00Z{carried}"
        assert (pause.is_carried, pause.seconds) == (bool(carried), 86_400)
    assert source_of("gift", "2") == "gift:2"


def test_numbers_and_their_counters_are_named_as_they_were() -> None:
    assert series.number_of("invoice", 2026, 7) == "S-2026-000007"
    assert series.number_of("credit_note", 2026, 7, "eu") == "K-2026-eu-000007"
    assert series.year_of("K-2026-eu-000007") == series.year_of("S-2026-000007") == 2026
    assert [series.year_prefix("invoice", 2026), series.year_prefix("credit_note", 2026)] == ["S-2026-", "K-2026-"]
    assert [series.counter_id("invoice", 2026), series.counter_id("credit_note", 2026)] == ["2026", "K-2026"]
    assert [series.counter_id(one, 2026, "eu") for one in ("invoice", "credit_note")] == ["S-2026-eu", "K-2026-eu"]
    assert series.day_of_archive(2026) == datetime(2026, 12, 31, tzinfo=UTC)
    assert series.kept_until(2026) == datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_documents_are_where_they_were_and_of_the_type_that_they_are() -> None:
    """Else what the law keeps would be found by nobody."""
    keys = [documents.archive_key("K-2026-000001", format) for format in documents.MEDIA_TYPES]
    folder = "invoices/20261231/K-2026-000001"
    assert keys == [f"{folder}/invoice.pdf", f"{folder}/invoice.xml", f"{folder}/ksef-fa3.xml"]
    assert months._key_of("2026-01", "csv") == "invoices/20261231/month-2026-01/invoices.csv"
    assert [*documents.MEDIA_TYPES.values()] == ["application/pdf", "application/xml", "application/xml"]
