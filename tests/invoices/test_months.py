"""A month is closed: its documents and sums, for the book-keeper."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import etree

from chalicelib.invoices.actions.months import MonthNotOver
from chalicelib.invoices.rules import months
from chalicelib.invoices.rules.months import Entry
from chalicelib.invoices.rules.vat import Split, Tax
from tests.conftest import Home
from tests.invoices.notes import issue_credit_note
from tests.orders.payment_events import tell
from tests.orders.test_invoice_to import COMPANY
from tests.scene import rows

FEBRUARY = datetime(2026, 2, 1, 0, 0, tzinfo=UTC)  # an hour into it in Warsaw


def buy(home: Home, key: str, invoice_to: dict[str, Any] | None = None) -> None:
    ordered = home.owner.order(home.camera.device_id, key=f"the-key-of-order-{key}", invoice_to=invoice_to)
    assert tell(home, ordered.json).json == {"changed": True}


@pytest.fixture
def sold(home: Home) -> Home:
    """Two at home, of which one is given back in part, and one to a business of another country."""
    buy(home, "1")
    buy(home, "2")
    buy(home, "3", COMPANY)
    issue_credit_note(home.owner.account_id, "S-2026-000002", 100)
    home.world.settle()
    home.world.clock.move_to(FEBRUARY.timestamp())
    return home


def close(home: Home, month: str = "2026-01") -> Any:
    return home.world.invoke("close_month", {"month": month})


def test_a_month_is_summed_by_country_and_rate_without_what_was_given_back(sold: Home) -> None:
    told = close(sold)
    assert (told["month"], told["invoices"], told["credit_notes"]) == ("2026-01", 3, 1)
    common = {"currency": "EUR"}
    assert told["sums"] == [
        {**common, "country": "DE", "tax_category": "AE", "tax_rate_bp": 0, "documents": 1, "net": 299, "tax": 0,
         "gross": 299},
        # 2.43 + 2.43 - 0.81 and 0.56 + 0.56 - 0.19.
        {**common, "country": "PL", "tax_category": "S", "tax_rate_bp": 2300, "documents": 3, "net": 405, "tax": 93,
         "gross": 498},
    ]  # fmt: skip


def test_each_document_has_a_line_of_the_csv(sold: Home) -> None:
    told = close(sold)
    data = sold.world.fetch(told["csv_url"]).body
    assert hashlib.sha256(data).hexdigest() == told["csv_sha256"]
    lines = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [one["number"] for one in lines] == ["S-2026-000001", "S-2026-000002", "S-2026-000003", "K-2026-000001"]
    assert lines[3] | {"payment_reference": ""} == {
        "number": "K-2026-000001", "issued_on": "2026-01-05", "corrects": "S-2026-000002", "country": "PL",
        "tax_category": "S", "tax_rate": "23", "net": "-0.81", "tax": "-0.19", "gross": "-1.00", "currency": "EUR",
        "payment_method": "card", "payment_reference": "",
    }  # fmt: skip
    assert "Müller" not in data.decode()


def test_the_xml_says_the_same(sold: Home) -> None:
    told = close(sold)
    data = sold.world.fetch(told["xml_url"]).body
    assert hashlib.sha256(data).hexdigest() == told["xml_sha256"]
    month = etree.fromstring(data)
    assert (month.tag, month.get("of"), len(month.findall("document"))) == ("month", "2026-01", 4)
    sums = [{part.tag: part.text for part in one} for one in month.findall("sum")]
    assert [(one["country"], one["net"], one["tax"], one["gross"]) for one in sums] == [
        ("DE", "2.99", "0.00", "2.99"), ("PL", "4.05", "0.93", "4.98")
    ]  # fmt: skip


def test_it_is_recorded_once_and_the_same_each_time(sold: Home) -> None:
    first = close(sold)
    (before,) = rows(sold.world, "invoices/closed-month", "Fiscal")
    sold.world.clock.move_to(FEBRUARY.timestamp() + 86_400)
    again = close(sold)
    (after,) = rows(sold.world, "invoices/closed-month", "Fiscal")
    same = ("sums", "csv_sha256", "xml_sha256", "invoices", "credit_notes")
    assert {name: again[name] for name in same} == {name: first[name] for name in same}
    assert (after["closed_at"], after["documents"]) == (before["closed_at"], 4) == (int(FEBRUARY.timestamp()), 4)


def test_a_month_that_is_not_over_where_the_seller_is_stays_open(sold: Home) -> None:
    sold.world.clock.move_to(FEBRUARY.timestamp() - 1)
    with pytest.raises(MonthNotOver):
        close(sold)
    assert rows(sold.world, "invoices/closed-month", "Fiscal") == []
    sold.world.clock.move_to(FEBRUARY.timestamp())
    assert close(sold)["invoices"] == 3 and len(rows(sold.world, "invoices/closed-month", "Fiscal")) == 1


def test_a_sale_belongs_to_the_month_that_it_is_where_the_seller_is(home: Home) -> None:
    home.world.clock.move_to(datetime(2026, 1, 31, 23, 30, tzinfo=UTC).timestamp())  # half past midnight in Warsaw
    home.owner.sign_in()
    buy(home, "late")
    home.world.clock.move_to(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    assert [close(home, month)["invoices"] for month in ("2026-01", "2026-02")] == [0, 1]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-01", "2026-01\n", "January"])
def test_what_is_no_month_is_refused(home: Home, month: str) -> None:
    with pytest.raises(Exception, match="month"):
        close(home, month)


def test_a_month_of_many_pages_is_whole(sold: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.invoices.actions import months as actions

    monkeypatch.setattr(actions, "_PAGE", 1)
    assert (close(sold)["invoices"], close(sold)["credit_notes"]) == (3, 1)


def entry(**said: Any) -> Entry:
    plain: dict[str, Any] = {
        "series": "invoice", "number": "S-2026-000001", "issued_on": date(2026, 1, 5), "corrects": None,
        "tax": Tax("PL", "S", 2300), "gross": 299, "currency": "EUR", "payment_method": "card",
        "payment_reference": "pi_1",
    }  # fmt: skip
    return Entry(**plain | said)


@pytest.mark.parametrize("reference", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_what_a_provider_wrote_becomes_no_formula(reference: str) -> None:
    (line,) = csv.DictReader(io.StringIO(months.as_csv([entry(payment_reference=reference)]).decode("utf-8-sig")))
    assert line["payment_reference"] == f"'{reference}"
    assert line["gross"] == "2.99"


def test_currencies_and_rates_are_summed_apart() -> None:
    sums = months.sums([
        entry(), entry(currency="PLN"), entry(tax=Tax("RO", "S", 1900)), entry(tax=Tax("RO", "S", 2100)), entry()
    ])  # fmt: skip
    assert [(one.currency, one.tax.country, one.tax.rate_bp, one.documents) for one in sums] == [
        ("EUR", "PL", 2300, 2), ("EUR", "RO", 1900, 1), ("EUR", "RO", 2100, 1), ("PLN", "PL", 2300, 1)
    ]  # fmt: skip
    assert sums[0].split == Split(2 * 243, 2 * 56)


@pytest.mark.parametrize(
    ("month", "after"), [("2026-01", date(2026, 2, 1)), ("2026-02", date(2026, 3, 1)), ("2026-12", date(2027, 1, 1))]
)
def test_a_month_ends_with_the_first_of_the_next(month: str, after: date) -> None:
    assert months.day_after(month) == after
