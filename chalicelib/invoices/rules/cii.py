"""Invoices as EN 16931 has them, in the syntax of UN/CEFACT's Cross Industry Invoice, which Factur-X embeds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from chalicelib.invoices.rules import vat
from chalicelib.invoices.rules.documents import Document, decimal
from chalicelib.invoices.rules.parties import Party
from chalicelib.invoices.rules.xml_tree import Node, written

# https://fnfe-mpe.org/factur-x/ : the profile whose rules are those of the standard itself.
PROFILE: Final = "urn:cen.eu:en16931:2017"
_NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
# UNTDID 1001.
_TYPES = {"invoice": "380", "credit_note": "381"}
# UNTDID 4461: a card, or whatever the provider's page took (online payment service).
_CARD, _ONLINE = "48", "68"
# Why no tax is charged (VATEX, CEF): the words, and the code.
EXEMPTIONS: Final = {
    "AE": ("Reverse charge / Odwrotne obciążenie", "VATEX-EU-AE"),
    "O": ("Not subject to VAT: outside the European Union / Nie podlega VAT: poza Unią Europejską", "VATEX-EU-O"),
    "G": ("Supplied outside the European Union / Poza Unią Europejską", "VATEX-EU-G"),
}
# Codes of ours that the standard's list lacks: islands of Saint Helena, and Kosovo, which has another one there.
_OTHERWISE = {"AC": "SH", "TA": "SH", "XK": "1A"}
# What a buyer is called who did not ask to be named: the standard wants a name.
UNNAMED: Final = "Consumer / Konsument"


def cii(document: Document) -> bytes:
    """The document as XML, valid by the schema and the rules of EN 16931."""
    return written(("rsm:CrossIndustryInvoice", (_context(), _head(document), _transaction(document))), _NAMESPACES)


def _context() -> Node:
    guideline: Node = ("ram:GuidelineSpecifiedDocumentContextParameter", (("ram:ID", PROFILE),))
    return ("rsm:ExchangedDocumentContext", (guideline,))


def _head(document: Document) -> Node:
    return (
        "rsm:ExchangedDocument",
        (
            ("ram:ID", document.number),
            ("ram:TypeCode", _TYPES[document.series]),
            ("ram:IssueDateTime", (_day(document.issued_on),)),
            ("ram:IncludedNote", (("ram:Content", f"Payment {document.payment_reference}"),)),
        ),
    )


def _day(day: date) -> Node:
    return ("udt:DateTimeString", f"{day:%Y%m%d}", {"format": "102"})


def _transaction(document: Document) -> Node:
    parties = (("ram:SellerTradeParty", _seller(document)), ("ram:BuyerTradeParty", _buyer(document)))
    return (
        "rsm:SupplyChainTradeTransaction",
        (
            _line(document),
            ("ram:ApplicableHeaderTradeAgreement", parties),
            ("ram:ApplicableHeaderTradeDelivery", (_delivered(document),)),
            ("ram:ApplicableHeaderTradeSettlement", tuple(_settlement(document))),
        ),
    )


def _line(document: Document) -> Node:
    """One plan, for one period."""
    net = decimal(document.split.net)
    days = None if document.period_days is None else f"{document.period_days} days / dni"
    return (
        "ram:IncludedSupplyChainTradeLineItem",
        (
            ("ram:AssociatedDocumentLineDocument", (("ram:LineID", "1"),)),
            (
                "ram:SpecifiedTradeProduct",
                (("ram:Name", name_of(document)), None if days is None else ("ram:Description", days)),
            ),
            ("ram:SpecifiedLineTradeAgreement", (("ram:NetPriceProductTradePrice", (("ram:ChargeAmount", net),)),)),
            ("ram:SpecifiedLineTradeDelivery", (("ram:BilledQuantity", "1", {"unitCode": "C62"}),)),
            (
                "ram:SpecifiedLineTradeSettlement",
                (
                    ("ram:ApplicableTradeTax", (("ram:TypeCode", "VAT"), *_category(document))),
                    (
                        "ram:SpecifiedTradeSettlementLineMonetarySummation",
                        (("ram:LineTotalAmount", net),),
                    ),
                ),
            ),
        ),
    )


def name_of(document: Document) -> str:
    """The plan's name in each language."""
    return " / ".join(dict.fromkeys(document.names.values()))


def _category(document: Document) -> tuple[Node, Node | None]:
    # What is not subject to the tax has no rate, not even one of nothing (BR-O-05).
    rate: Node = ("ram:RateApplicablePercent", vat.per_cent(document.tax.rate_bp))
    return ("ram:CategoryCode", document.tax.category), None if document.tax.category == "O" else rate


def _seller(document: Document) -> tuple[Node | None, ...]:
    """Where nothing is subject to the tax the seller's number stands as his registration, and not as that of a payer of
    VAT (BR-O-02, BT-30)."""
    seller = document.seller
    if document.tax.category != "O":
        return _party(seller)
    name, address, _ = _party(seller)
    return name, ("ram:SpecifiedLegalOrganization", (("ram:ID", seller.vat_number),)), address


def _buyer(document: Document) -> tuple[Node | None, ...]:
    if document.buyer is not None:
        return _party(document.buyer)
    return ("ram:Name", UNNAMED), ("ram:PostalTradeAddress", (_country(document.tax.country),))


def _party(party: Party) -> tuple[Node | None, ...]:
    number = party.vat_number
    return (
        ("ram:Name", party.name),
        ("ram:PostalTradeAddress", (("ram:LineOne", party.address), _country(party.country))),
        None if number is None else ("ram:SpecifiedTaxRegistration", (("ram:ID", number, {"schemeID": "VA"}),)),
    )


def _country(country: str) -> Node:
    return ("ram:CountryID", _OTHERWISE.get(country, country))


def _delivered(document: Document) -> Node:
    """The day of the payment, with which the plan is granted."""
    when: Node = ("ram:OccurrenceDateTime", (_day(document.issued_on),))
    return ("ram:ActualDeliverySupplyChainEvent", (when,))


def _settlement(document: Document) -> Iterator[Node]:
    yield ("ram:InvoiceCurrencyCode", document.currency)
    code = _CARD if document.payment_method == "card" else _ONLINE
    means = (("ram:TypeCode", code), ("ram:Information", document.payment_method))
    yield ("ram:SpecifiedTradeSettlementPaymentMeans", means)
    yield ("ram:ApplicableTradeTax", tuple(_tax(document)))
    yield ("ram:SpecifiedTradeSettlementHeaderMonetarySummation", tuple(_sums(document)))
    if document.corrected is not None:
        issued: Node = ("qdt:DateTimeString", f"{document.corrected.issued_on:%Y%m%d}", {"format": "102"})
        of = (("ram:IssuerAssignedID", document.corrected.number), ("ram:FormattedIssueDateTime", (issued,)))
        yield ("ram:InvoiceReferencedDocument", of)


def _tax(document: Document) -> Iterator[Node]:
    words, code = EXEMPTIONS.get(document.tax.category, (None, None))
    category, rate = _category(document)
    yield ("ram:CalculatedAmount", decimal(document.split.tax))
    yield ("ram:TypeCode", "VAT")
    if words is not None:
        yield ("ram:ExemptionReason", words)
    yield ("ram:BasisAmount", decimal(document.split.net))
    yield category
    if code is not None:
        yield ("ram:ExemptionReasonCode", code)
    if rate is not None:
        yield rate


def _sums(document: Document) -> Iterator[Node]:
    """It is paid before it is issued, and given back before a credit note is."""
    net, tax, gross = (decimal(one) for one in (document.split.net, document.split.tax, document.gross))
    yield ("ram:LineTotalAmount", net)
    yield ("ram:TaxBasisTotalAmount", net)
    yield ("ram:TaxTotalAmount", tax, {"currencyID": document.currency})
    yield ("ram:GrandTotalAmount", gross)
    yield ("ram:TotalPrepaidAmount", gross)
    yield ("ram:DuePayableAmount", decimal(0))
