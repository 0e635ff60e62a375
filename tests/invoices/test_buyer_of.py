"""What cannot stand on an invoice is named, each by its own field and with its own reason."""

from __future__ import annotations

import pytest

from chalicelib.invoices.actions import buyers, numbering
from chalicelib.invoices.actions.buyers import Buyer, InvoiceToInvalid
from chalicelib.plans.actions.ledgers import Terms
from tests.conftest import Home


def wrong(name: str, address: str, country: str = "DE", vat_number: str | None = None) -> dict[str, str]:
    with pytest.raises(InvoiceToInvalid) as refused:
        buyers.buyer_of(name, address, country, vat_number)
    return {field: phrase.key for field, phrase in refused.value.details["fields"].items()}


def test_each_field_is_named() -> None:
    assert wrong("漢", "Allee 1") == {"invoice_to.name": "not_writable"}
    assert wrong("Anna", "漢") == {"invoice_to.address": "not_writable"}
    assert wrong("漢", "漢", "DE", "DE1") == {
        "invoice_to.name": "not_writable",
        "invoice_to.address": "not_writable",
        "invoice_to.vat_number": "not_a_vat_number",
    }


@pytest.mark.parametrize(
    ("said", "country", "number"),
    [
        ("DE 136695976", "DE", "DE136695976"),
        ("de136695976", "DE", "DE136695976"),
        ("EL094259216", "GR", "EL094259216"),
        ("DE136695976", "PL", None),
        ("DE136695977", "DE", None),
        ("CHE-123.456.788", "CH", None),
    ],
)
def test_a_number_is_of_the_country_of_the_address_and_without_blanks(
    said: str, country: str, number: str | None
) -> None:
    if number is None:
        assert wrong("Firma", "Allee 1", country, said) == {"invoice_to.vat_number": "not_a_vat_number"}
    else:
        assert buyers.buyer_of("Firma", "Allee 1", country, said) == Buyer("Firma", "Allee 1", country, number)


def test_a_buyer_is_stored_and_read_again() -> None:
    buyer = Buyer("Firma", "Allee 1", "DE", "DE136695976")
    said = {"name": "Firma", "address": "Allee 1", "country": "DE", "vat_number": "DE136695976"}
    assert buyers.stored(buyer) == said
    assert (buyers.from_stored(dict(said)), buyers.from_stored(None)) == (buyer, None)


@pytest.mark.parametrize(
    ("buyer", "country", "category"),
    [
        (None, "PL", "S"),
        (Buyer("Anna", "Allee 1", "DE"), "PL", "S"),  # a person is where the account is
        (Buyer("Firma", "Allee 1", "DE", "DE136695976"), "DE", "AE"),
        (Buyer("Firma", "Lublin", "PL", "PL5260250995"), "PL", "S"),
    ],
)
def test_a_person_is_taxed_by_the_account_and_a_business_by_its_number(
    home: Home, buyer: Buyer | None, country: str, category: str
) -> None:
    terms = Terms(plan_id="event-7-month", version=2, kind="event", keep_days=7, period_days=30)
    sold = numbering.sold_to("PL", buyer, terms, int(home.world.now().timestamp()))
    assert (sold.tax.country, sold.tax.category) == (country, category)
    assert (sold.catalogue_version, sold.period_days) == (2, 30)
    assert sold.stored() == {
        "country": country, "tax_category": category, "tax_rate_bp": 2300 if category == "S" else 0,
        "catalogue_version": 2, "period_days": 30,
    }  # fmt: skip
