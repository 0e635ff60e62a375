"""Whom an invoice names: nobody, unless the order says so, and then sealed with a key of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.invoices.actions import buyers
from chalicelib.invoices.actions.buyers import Buyer
from infra.local.gateway import Response
from tests.conftest import Home
from tests.orders.payment_events import invoices, tell
from tests.privacy.exports import archive, records_in
from tests.scene import rows

PERSON = {"name": "Ola Żółć", "address": "ul. Gęsia 7, 30-001 Kraków", "country": "PL"}
COMPANY = {"name": "Müller GmbH", "address": "Allee 1, 10115 Berlin", "country": "DE", "vat_number": "DE 136 695 976"}
# Valid by their check digits; whose they are does not matter.
NUMBERS = {
    "AT": "ATU13585627", "BE": "BE0403019261", "BG": "BG175074752", "CY": "CY10259033P", "CZ": "CZ25123891",
    "DE": "DE136695976", "DK": "DK13585628", "EE": "EE100931558", "ES": "ESB58378431", "FI": "FI20774740",
    "FR": "FR40303265045", "GR": "EL094259216", "HR": "HR33392005961", "HU": "HU12892312", "IE": "IE6433435F",
    "IT": "IT00743110157", "LT": "LT119511515", "LU": "LU15027442", "LV": "LV40003521600", "MT": "MT11679112",
    "NL": "NL004495445B01", "PL": "PL5260250995", "PT": "PT501964843", "RO": "RO18547290", "SE": "SE123456789701",
    "SI": "SI50223054", "SK": "SK2022749619",
}  # fmt: skip


def ask(home: Home, invoice_to: dict[str, Any], key: str = "an-order-that-names") -> Response:
    return home.owner.order(home.camera.device_id, key=key, invoice_to=invoice_to)


def buy(home: Home, invoice_to: dict[str, Any], key: str = "an-order-that-names") -> dict[str, Any]:
    """The invoice as it is stored."""
    ordered = ask(home, invoice_to, key)
    assert ordered.status == 201, ordered.body
    assert tell(home, ordered.json).json == {"changed": True}
    return invoices(home.world)[-1]


def test_an_invoice_names_whom_the_order_says(home: Home) -> None:
    invoice = buy(home, PERSON)
    assert buyers.kept_buyer(invoice["buyer"]) == Buyer(**PERSON)
    assert (invoice["country"], invoice["tax_category"], invoice["tax_rate_bp"]) == ("PL", "S", 2300)


def test_without_a_word_it_names_nobody(home: Home) -> None:
    tell(home, home.owner.order(home.camera.device_id).json)
    assert "buyer" not in invoices(home.world)[0]
    assert rows(home.world, "invoice-buyer/buyer", "Fiscal") == []
    assert "buyer" in buy(home, PERSON)
    assert len(rows(home.world, "invoice-buyer/buyer", "Fiscal")) == 1


def test_what_names_somebody_is_nowhere_in_the_clear(home: Home) -> None:
    invoice = buy(home, COMPANY)
    kept = str(home.world.dump()["tables"])
    assert invoice["buyer"] in kept
    for said in ("Müller", "Allee", "136695976"):
        assert said not in kept


def test_a_business_of_another_country_of_the_union_owes_the_tax_itself(home: Home) -> None:
    invoice = buy(home, COMPANY)
    assert (invoice["country"], invoice["tax_category"], invoice["tax_rate_bp"]) == ("DE", "AE", 0)
    buyer = buyers.kept_buyer(invoice["buyer"])
    assert buyer is not None and buyer.vat_number == "DE136695976"


def test_a_person_pays_the_tax_of_the_country_of_the_account_whatever_the_address(home: Home) -> None:
    """Whoever is sent the invoice, the tax is due where the buyer lives."""
    invoice = buy(home, {**PERSON, "country": "US"})
    assert (invoice["country"], invoice["tax_category"], invoice["tax_rate_bp"]) == ("PL", "S", 2300)


def test_a_sale_is_taxed_by_where_the_buyer_lives_when_it_is_paid(home: Home) -> None:
    assert home.owner.call("PATCH", "/me", {"country": "FI"}).status == 200
    tell(home, home.owner.order(home.camera.device_id).json)
    (invoice,) = invoices(home.world)
    assert (invoice["country"], invoice["tax_category"], invoice["tax_rate_bp"]) == ("FI", "S", 2550)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"vat_number": "PL5260250996"}, "invoice_to.vat_number"),
        ({"vat_number": "DE136695976"}, "invoice_to.vat_number"),
        ({"vat_number": "EU372000063"}, "invoice_to.vat_number"),
        ({"vat_number": "GB980780684", "country": "GB"}, "invoice_to.vat_number"),
        ({"vat_number": "5260250995"}, "invoice_to.vat_number"),
        ({"vat_number": "PL" + 30 * "9"}, "invoice_to.vat_number"),
        ({"name": "日本株式会社"}, "invoice_to.name"),
        ({"address": "👍 1"}, "invoice_to.address"),
        ({"country": "QQ"}, "country"),
        ({"name": ""}, "invoice_to.name"),
        ({"address": 201 * "a"}, "invoice_to.address"),
        ({"phone": "1"}, "invoice_to.phone"),
    ],
)
def test_what_cannot_stand_on_an_invoice_is_refused_by_its_field(home: Home, said: dict[str, Any], field: str) -> None:
    answer = ask(home, {**PERSON, **said})
    assert answer.status == 422 and list(answer.json["fields"]) == [field], answer.body
    assert rows(home.world, "account/order") == []
    assert ask(home, PERSON, "another-key-of-the-order").status == 201
    assert len(rows(home.world, "account/order")) == 1


@pytest.mark.parametrize("country", NUMBERS)
def test_a_business_of_each_country_of_the_union_is_known_by_its_number(country: str) -> None:
    assert len(NUMBERS) == 27
    buyer = buyers.buyer_of("Firma", "Ulica 1", country, NUMBERS[country].lower())
    assert buyer.vat_number == NUMBERS[country]


def test_its_key_ends_when_the_laws_time_does(home: Home) -> None:
    invoice = buy(home, PERSON)
    (kept,) = rows(home.world, "invoice-buyer/buyer", "Fiscal")
    ends = datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert kept["expires_at"] == int(ends.timestamp())
    home.world.clock.move_to(ends.timestamp() - 1)
    assert buyers.kept_buyer(invoice["buyer"]) is not None
    home.world.clock.move_to(ends.timestamp() + 1)
    assert buyers.kept_buyer(invoice["buyer"]) is None


def test_it_outlives_the_account_and_what_the_order_said_does_not(home: Home) -> None:
    invoice = buy(home, PERSON)
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(15 * 60)
    assert rows(home.world, "account/order") == []
    assert buyers.kept_buyer(invoice["buyer"]) == Buyer(**PERSON)


def test_a_copy_of_ones_data_says_whom_the_order_named(home: Home) -> None:
    buy(home, PERSON)
    (ordered,) = records_in(archive(home.owner))["order"]
    assert ordered["invoice_to"] == {**PERSON, "vat_number": None}
