"""Invoices of a Polish seller as FA(3), the form of the national system of e-invoices (KSeF): written, and not sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.invoices.rules import vat
from chalicelib.invoices.rules.cii import name_of
from chalicelib.invoices.rules.documents import Document, decimal
from chalicelib.invoices.rules.parties import Party
from chalicelib.invoices.rules.xml_tree import Node, written

NAMESPACE: Final = "http://crd.gov.pl/wzor/2025/06/25/13775/"
COUNTRY: Final = "PL"
# By card, by phone (BLIK), by transfer; whatever else is said in words.
_PAYMENTS = {"card": "2", "blik": "7", "transfer": "6"}
# Islands of Saint Helena, of which the ministry knows no codes.
_OTHERWISE = {"AC": "SH", "TA": "SH"}
_YES, _NO = "1", "2"


def ksef(document: Document) -> bytes:
    """The document as XML, valid by the ministry's schema. Of a correction all amounts are differences."""
    parts: tuple[Node, ...] = (_head(document), _seller(document), _buyer(document), ("Fa", tuple(_invoice(document))))
    return written(("Faktura", parts), {"": NAMESPACE})


def _head(document: Document) -> Node:
    code: Node = ("KodFormularza", "FA", {"kodSystemowy": "FA (3)", "wersjaSchemy": "1-0E"})
    # The day, so that the bytes are the same each time.
    made: Node = ("DataWytworzeniaFa", f"{document.issued_on:%Y-%m-%d}T00:00:00Z")
    return ("Naglowek", (code, ("WariantFormularza", "3"), made, ("SystemInfo", "Sowa")))


def _seller(document: Document) -> Node:
    seller = document.seller
    named = (("NIP", seller.vat_number.removeprefix(COUNTRY)), ("Nazwa", seller.name))
    return ("Podmiot1", (("DaneIdentyfikacyjne", named), _address(seller)))


def _address(party: Party) -> Node:
    country = _OTHERWISE.get(party.country, party.country)
    return ("Adres", (("KodKraju", country), ("AdresL1", party.address)))


def _buyer(document: Document) -> Node:
    """Neither of local government nor of a VAT group."""
    buyer, neither = document.buyer, (("JST", _NO), ("GV", _NO))
    if buyer is None:
        return ("Podmiot2", (("DaneIdentyfikacyjne", (("BrakID", _YES),)), *neither))
    named = (*_number(buyer.vat_number), ("Nazwa", buyer.name))
    return ("Podmiot2", (("DaneIdentyfikacyjne", named), _address(buyer), *neither))


def _number(vat_number: str | None) -> tuple[Node, ...]:
    if vat_number is None:
        return (("BrakID", _YES),)
    if vat_number.startswith(COUNTRY):
        return (("NIP", vat_number.removeprefix(COUNTRY)),)
    return ("KodUE", vat_number[:2]), ("NrVatUE", vat_number[2:])


def _invoice(document: Document) -> Iterator[Node]:
    day = f"{document.issued_on:%Y-%m-%d}"
    yield ("KodWaluty", document.currency)
    yield ("P_1", day)
    yield ("P_2", document.number)
    yield ("P_6", day)
    yield from _sums(document)
    yield ("P_15", _signed(document, document.gross))
    yield ("Adnotacje", tuple(_remarks(document)))
    yield ("RodzajFaktury", "VAT" if document.corrected is None else "KOR")
    if document.corrected is not None:
        of = document.corrected
        corrected: tuple[Node, ...] = (
            ("DataWystFaKorygowanej", f"{of.issued_on:%Y-%m-%d}"), ("NrFaKorygowanej", of.number), ("NrKSeFN", _YES)
        )  # fmt: skip
        yield ("DaneFaKorygowanej", corrected)
    yield ("FaWiersz", tuple(_line(document)))
    yield ("Platnosc", tuple(_payment(document, day)))


def _signed(document: Document, amount: int) -> str:
    return decimal(amount if document.corrected is None else -amount)


def _is_at_home(document: Document) -> bool:
    return document.tax.category == "S" and vat.union_country(document.tax.country) == COUNTRY


def _sums(document: Document) -> Iterator[Node]:
    """Where the net amount and the tax stand goes by where the sale is taxed."""
    net, tax = (_signed(document, amount) for amount in (document.split.net, document.split.tax))
    if document.tax.category == "S":
        field = "1" if _is_at_home(document) else "5"  # else by the one-stop shop
        yield (f"P_13_{field}", net)
        yield (f"P_14_{field}", tax)
    else:
        yield ("P_13_9" if document.tax.category == "AE" else "P_13_8", net)


def _remarks(document: Document) -> Iterator[Node]:
    yield ("P_16", _NO)
    yield ("P_17", _NO)
    yield ("P_18", _YES if document.tax.category == "AE" else _NO)
    yield ("P_18A", _NO)
    yield ("Zwolnienie", (("P_19N", _YES),))
    yield ("NoweSrodkiTransportu", (("P_22N", _YES),))
    yield ("P_23", _NO)
    yield ("PMarzy", (("P_PMarzyN", _YES),))


def _line(document: Document) -> Iterator[Node]:
    net = decimal(document.split.net)
    yield ("NrWierszaFa", "1")
    yield ("P_7", name_of(document))
    yield ("P_8A", "szt.")
    yield ("P_8B", "1" if document.corrected is None else "-1")
    yield ("P_9A", net)
    yield ("P_11", _signed(document, document.split.net))
    if _is_at_home(document):
        yield ("P_12", vat.per_cent(document.tax.rate_bp))
    elif document.tax.category == "S":
        yield ("P_12_XII", vat.per_cent(document.tax.rate_bp))
    else:
        yield ("P_12", "np II" if document.tax.category == "AE" else "np I")


def _payment(document: Document, day: str) -> Iterator[Node]:
    if document.series == "invoice":  # what is given back goes back after its note is written
        yield ("Zaplacono", _YES)
        yield ("DataZaplaty", day)
    form = _PAYMENTS.get(document.payment_method)
    if form is not None:
        yield ("FormaPlatnosci", form)
        return
    yield ("PlatnoscInna", _YES)
    yield ("OpisPlatnosci", document.payment_method)
