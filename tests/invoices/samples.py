"""Documents of all kinds that are sold."""

from __future__ import annotations

from datetime import date
from typing import Any

from chalicelib.invoices.rules import vat
from chalicelib.invoices.rules.documents import Corrected, Document
from chalicelib.invoices.rules.parties import Buyer, Seller

DAY = date(2026, 1, 5)
SELLER = Seller("Sowa sp. z o.o.", "ul. Sowia 1, 00-001 Warszawa", "PL", "PL5260250995")
COMPANY = Buyer("Müller & Söhne <GmbH>", "Allee 1, 10115 Berlin", "DE", "DE136695976")
PERSON = Buyer("Łukasz Żółć", "ul. Gęsia 7, 30-001 Kraków", "PL")


def document(country: str = "PL", **other: Any) -> Document:
    buyer: Buyer | None = other.get("buyer")
    is_business = buyer is not None and buyer.vat_number is not None
    said: dict[str, Any] = {
        "series": "invoice",
        "number": "S-2026-000001",
        "issued_on": DAY,
        "seller": SELLER,
        "buyer": None,
        "names": {"pl": "Zdarzenia, 7 dni", "en": "Events, 7 days"},
        "period_days": 30,
        "gross": 299,
        "currency": "EUR",
        "tax": vat.tax_of(country, DAY, seller_country="PL", is_business=is_business),
        "payment_method": "card",
        "payment_reference": "pi_3Q",
    }
    return Document(**said | other)


def credit_note(**other: Any) -> Document:
    of = Corrected("S-2026-000001", DAY)
    return document(series="credit_note", number="K-2026-000001", corrected=of, **other)


KINDS = {
    "of nobody": document(),
    "to Finland": document("FI", gross=6990),
    "to a person": document(buyer=PERSON),
    "to a business": document("DE", buyer=COMPANY),
    "to a business of Poland": document(buyer=Buyer("Firma", "Lublin", "PL", "PL5260250995"), currency="PLN"),
    "out of the union": document("US", currency="USD", payment_method="transfer"),
    "out of the union, of before": document("US", currency="USD", tax=vat.Tax("US", "G", 0)),
    "given back out of the union": credit_note(country="CH", gross=100),
    "given back": credit_note(gross=100),
    "given back to a business": credit_note(country="DE", buyer=COMPANY),
    "of before": document(period_days=None),
}
