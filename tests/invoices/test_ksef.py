"""Invoices for KSeF say where Polish law wants each amount; the schema judges them in tests/outside/test_ksef.py."""

from __future__ import annotations

import pytest
from lxml import etree

from chalicelib.invoices.rules import ksef
from chalicelib.invoices.rules.documents import Document
from tests.invoices.samples import KINDS, credit_note, document

AMOUNTS = ("P_13_1", "P_14_1", "P_13_5", "P_14_5", "P_13_8", "P_13_9", "P_15", "P_12", "P_12_XII", "P_18")


def said(of: Document) -> dict[str, str]:
    """Its leaves, by tag."""
    root = etree.fromstring(ksef.ksef(of))
    assert root.tag == f"{{{ksef.NAMESPACE}}}Faktura"
    return {etree.QName(one).localname: one.text or "" for one in root.iter() if len(one) == 0}


def amounts(of: Document) -> dict[str, str]:
    return {name: value for name, value in said(of).items() if name in AMOUNTS}


def test_a_sale_at_home_is_taxed_at_the_polish_rate() -> None:
    assert amounts(document()) == {"P_13_1": "2.43", "P_14_1": "0.56", "P_15": "2.99", "P_18": "2", "P_12": "23"}


def test_a_sale_by_the_one_stop_shop_says_the_rate_of_there() -> None:
    assert amounts(document("FI")) == {
        "P_13_5": "2.38", "P_14_5": "0.61", "P_15": "2.99", "P_18": "2", "P_12_XII": "25.5"
    }  # fmt: skip


def test_a_business_of_another_country_owes_the_tax_and_is_known_by_its_number() -> None:
    told = said(KINDS["to a business"])
    assert amounts(KINDS["to a business"]) == {"P_13_9": "2.99", "P_15": "2.99", "P_18": "1", "P_12": "np II"}
    assert (told["KodUE"], told["NrVatUE"]) == ("DE", "136695976") and "BrakID" not in told


def test_a_polish_business_is_known_by_its_nip() -> None:
    root = etree.fromstring(ksef.ksef(KINDS["to a business of Poland"]))
    numbers = [one.text for one in root.iter(f"{{{ksef.NAMESPACE}}}NIP")]
    assert numbers == ["5260250995", "5260250995"]


def test_a_sale_out_of_the_union_is_outside_of_the_territory() -> None:
    assert amounts(KINDS["out of the union"]) == {"P_13_8": "2.99", "P_15": "2.99", "P_18": "2", "P_12": "np I"}


def test_a_correction_says_the_difference_and_of_what() -> None:
    told = said(credit_note(gross=100))
    assert (told["RodzajFaktury"], told["NrFaKorygowanej"], told["NrKSeFN"]) == ("KOR", "S-2026-000001", "1")
    assert (told["P_13_1"], told["P_14_1"], told["P_15"], told["P_11"]) == ("-0.81", "-0.19", "-1.00", "-0.81")


@pytest.mark.parametrize("kind", KINDS)
def test_a_consumer_has_no_number_and_nobody_is_local_government(kind: str) -> None:
    told = said(KINDS[kind])
    buyer = KINDS[kind].buyer
    assert ("BrakID" in told) == (buyer is None or buyer.vat_number is None)
    assert (told["JST"], told["GV"]) == ("2", "2")
    assert ksef.ksef(KINDS[kind]) == ksef.ksef(KINDS[kind])
