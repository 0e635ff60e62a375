"""How invoices and credit notes are numbered, and for how long they are kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from chalicelib.invoices.actions import numbering
from chalicelib.invoices.records import Invoice
from chalicelib.invoices.rules import series as numbers
from chalicelib.invoices.rules.series import Series
from chalicelib.settings import settings
from chalicelib.store.commit import Write, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead
from tests.conftest import Home
from tests.infra.packaged import made
from tests.orders.payment_events import order, tell


def _issued(series: Series, year: int, reference: str, corrects: str | None = None) -> tuple[str, tuple[Write, ...]]:
    return _issued_at(series, int(datetime(year, 7, 1, tzinfo=UTC).timestamp()), reference, corrects)


def _issued_at(series: Series, at: int, reference: str, corrects: str | None = None) -> tuple[str, tuple[Write, ...]]:
    (counter,) = read(numbering.counter_of(series, numbering.tax_year(at)))
    return numbering.issued(
        series,
        at,
        counter,
        plan_id="event-7-month",
        amount=299,
        currency="EUR",
        payment_method="card",
        payment_reference=reference,
        corrects=corrects,
    )


@pytest.mark.parametrize(
    ("series", "count", "number"),
    [
        ("invoice", 1, "S-2026-000001"),
        ("invoice", 999_999, "S-2026-999999"),
        ("invoice", 1_000_000, "S-2026-1000000"),
        ("credit_note", 1, "K-2026-000001"),
    ],
)
def test_a_document_is_numbered_by_series_year_and_count(series: Series, count: int, number: str) -> None:
    assert numbers.number_of(series, 2026, count) == number


@pytest.mark.parametrize("series", ["invoice", "credit_note"])
@pytest.mark.parametrize("count", [1, 1_000_000])
def test_a_document_is_kept_to_the_end_of_the_fifth_year_after_its_own(series: Series, count: int) -> None:
    number = numbers.number_of(series, 2026, count)
    assert numbers.kept_until(numbers.year_of(number)) == datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)


def _issue(series: Series, year: int, reference: str, corrects: str | None = None) -> str:
    number, writes = _issued(series, year, reference, corrects)
    commit(*writes)
    return number


def test_each_year_and_series_counts_for_itself(home: Home) -> None:
    assert [_issue("invoice", 2026, f"p-{n}") for n in range(3)] == [f"S-2026-00000{n}" for n in (1, 2, 3)]
    assert _issue("credit_note", 2026, "r-1", corrects="S-2026-000002") == "K-2026-000001"
    assert _issue("invoice", 2027, "p-4") == "S-2027-000001"
    assert _issue("credit_note", 2027, "r-2", corrects="S-2026-000003") == "K-2027-000001"
    assert _issue("credit_note", 2026, "r-3", corrects="S-2026-000001") == "K-2026-000002"
    (note,) = read(Invoice.key("", "K-2026-000001"))
    assert note is not None and (note.corrects, int(note.amount)) == ("S-2026-000002", 299)


def test_who_lost_his_number_to_another_is_told_and_leaves_nothing(home: Home) -> None:
    number, writes = _issued("credit_note", 2026, "r-1")
    assert _issue("credit_note", 2026, "r-2") == number
    with pytest.raises(StaleRead):
        commit(*writes)
    (kept,) = read(Invoice.key("", number))
    assert kept is not None and kept.payment_reference == "r-2"
    assert _issue("credit_note", 2026, "r-1") == "K-2026-000002"


@pytest.mark.parametrize(("second", "number"), [(59, "S-2026-000001"), (60, "S-2027-000001")])
def test_number_and_date_are_of_one_year_at_its_very_end(home: Home, second: int, number: str) -> None:
    """Where the seller is, which is an hour before midnight elsewhere."""
    at = int(datetime(2026, 12, 31, 22, 59, tzinfo=UTC).timestamp()) + second
    said, writes = _issued_at("invoice", at, "pi_1")
    assert said == number
    (invoice,) = (write.record for write in writes if isinstance(write.record, Invoice))
    assert invoice.issued_at == at


def test_a_seller_of_several_regions_numbers_each_for_itself_and_old_numbers_stay(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """https://eur-lex.europa.eu/eli/dir/2006/112/oj, article 226 (2): a number identifies an invoice uniquely."""
    assert (_issue("invoice", 2026, "p-1"), _issue("credit_note", 2026, "r-1")) == ("S-2026-000001", "K-2026-000001")
    monkeypatch.setitem(vars(settings), "invoice_region", "EU")
    given = [_issue("invoice", 2026, f"q-{n}") for n in range(2)]
    assert given == ["S-2026-EU-000001", "S-2026-EU-000002"]
    assert _issue("credit_note", 2026, "r-2", corrects="S-2026-000001") == "K-2026-EU-000001"
    monkeypatch.setitem(vars(settings), "invoice_region", "ASIA")
    assert _issue("invoice", 2026, "p-2") == "S-2026-ASIA-000001"
    assert {numbers.year_of(number) for number in given} == {2026}
    monkeypatch.setitem(vars(settings), "invoice_region", "")
    assert _issue("invoice", 2026, "p-3") == "S-2026-000002"


def test_a_payer_where_there_are_several_regions_finds_his_invoice_and_the_book_keeper_all(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = order(home), order(home)
    tell(home, first)
    monkeypatch.setitem(vars(settings), "invoice_region", "EU")
    tell(home, second)
    home.world.settle()
    given = [home.owner.call("GET", f"/orders/{one['order_id']}").json["invoice_number"] for one in (first, second)]
    assert given == ["S-2026-000001", "S-2026-EU-000001"]
    assert home.owner.call("GET", f"/orders/{second['order_id']}/invoice").status == 200
    home.world.clock.move_to(datetime(2026, 2, 1, 12, tzinfo=UTC).timestamp())
    closed = home.world.invoke("close_month", {"month": "2026-01"})
    assert [number in home.world.fetch(closed["csv_url"]).body.decode() for number in given] == [True, True]
    assert closed["invoices"] == 2


@pytest.mark.parametrize(
    ("said", "is_allowed"), [("", True), ("EU", True), ("US1", True), ("1", False), ("eu", False), ("A-B", False)]
)
def test_a_deployment_names_a_region_as_numbers_can_say_it(said: str, is_allowed: bool) -> None:
    allowed = made()["Parameters"]["InvoiceRegion"]["AllowedPattern"]
    assert (re.fullmatch(allowed, said) is not None) == is_allowed
