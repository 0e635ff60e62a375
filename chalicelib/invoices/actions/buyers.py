"""Buyers who asked for an invoice in their name: what they gave is looked at, and kept under a key of its own."""

from __future__ import annotations

import msgspec

from chalicelib import ids
from chalicelib.errors import Invalid
from chalicelib.invoices.records import InvoiceBuyer
from chalicelib.invoices.rules import parties, series, vat
from chalicelib.invoices.rules.parties import Buyer as Buyer  # what orders are named by
from chalicelib.store import ciphers
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, create
from chalicelib.store.records import read
from chalicelib.words import Phrase


class InvoiceToInvalid(Invalid):
    """`fields` names what cannot stand on an invoice."""


def buyer_of(name: str, address: str, country: str, vat_number: str | None) -> Buyer:
    """The buyer as the invoice names it, its VAT number (of a country of the European Union, which is also that of the
    address) without blanks. Raises InvoiceToInvalid."""
    wrong = {
        f"invoice_to.{field}": Phrase("not_writable")
        for field, text in (("name", name), ("address", address))
        if not parties.is_written(text)
    }
    number = None if vat_number is None else _valid(vat_number, country)
    if vat_number is not None and number is None:
        wrong["invoice_to.vat_number"] = Phrase("not_a_vat_number")
    if wrong:
        raise InvoiceToInvalid(fields=wrong)
    return Buyer(name, address, country, number)


def _valid(vat_number: str, country: str) -> str | None:
    # Of 27 countries, each by a module of its own: only who gives a number waits for them.
    from stdnum.eu import vat as numbers
    from stdnum.exceptions import ValidationError

    try:
        number: str = numbers.validate(vat_number)
    except ValidationError:
        return None
    of = parties.country_of(number)
    # Greece's begin with EL in the Union's own lists, of which KSeF takes no other.
    number = number.replace("GR", "EL", 1) if number.startswith("GR") else number
    return number if of in vat.UNION and of == vat.union_country(country) else None


def stored(buyer: Buyer) -> dict[str, str | None]:
    """The buyer as an attribute of another record, which is to be sealed."""
    return dict(msgspec.structs.asdict(buyer))


def from_stored(said: dict[str, str | None] | None) -> Buyer | None:
    return None if said is None else msgspec.convert(said, Buyer)


def kept(buyer: Buyer, year: int) -> tuple[str, tuple[Write, Write]]:
    """The id by which an invoice of this tax year names its buyer, and the writes that keep what he gave, sealed with a
    key that ends when the law's time does. It is nobody's child: it outlives the account (row LAW)."""
    buyer_id, until = ids.new_id(), series.kept_until(year)
    cipher, key = ciphers.new_cipher(buyer_id, until=until)
    record = InvoiceBuyer.new(
        buyer_id,
        cipher=cipher,
        name=buyer.name,
        address=buyer.address,
        country=buyer.country,
        vat_number=buyer.vat_number,
        expires_at=key.expires_at,
    )
    return buyer_id, (create(record), create(key))


def cipher_of(buyer_id: str) -> SubjectCipher | None:
    """What the documents that name a buyer are sealed with; None if the law's time is over."""
    (key,) = read(ciphers.key_of(buyer_id))
    return None if key is None else key.unlocked()


def kept_buyer(buyer_id: str) -> Buyer | None:
    """The buyer of an invoice; None if the law's time is over."""
    record, key = read(InvoiceBuyer.key(buyer_id), ciphers.key_of(buyer_id))
    if record is None or key is None:
        return None
    record.decrypted_with(key.unlocked())
    return Buyer(record.name, record.address, record.country, record.vat_number)
