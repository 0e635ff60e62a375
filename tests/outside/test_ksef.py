"""Invoices for KSeF, held against the ministry's schema as the package of others carries it; it is read and not run.

Without the package index this is skipped.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from chalicelib.accounts import rules as accounts
from chalicelib.invoices.rules import ksef
from chalicelib.invoices.rules.parties import Buyer
from tests.invoices.samples import KINDS, document

REQUIREMENTS = Path(__file__).with_name("requirements-ksef.txt")
SCHEMA = "ksef2/_infra/schema/fa3/definitions/schemat.xsd"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    place = tmp_path_factory.mktemp("ksef")
    # The package is for a newer Python than that of the tests.
    fetch = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary", ":all:", "--python-version", "3.13", "--require-hashes", "-r", str(REQUIREMENTS),
        "--dest", str(place),
    ]  # fmt: skip
    try:
        subprocess.run(fetch, check=True, timeout=300)  # noqa: S603  # our own words only
    except subprocess.SubprocessError:
        pytest.skip("the package index cannot be reached")
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return etree.XMLSchema(etree.parse(place / SCHEMA))


def problems(schema: etree.XMLSchema, xml: bytes) -> list[str]:
    return [] if schema.validate(etree.fromstring(xml)) else [str(one) for one in schema.error_log]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_valid_by_the_schema(schema: etree.XMLSchema, kind: str) -> None:
    assert problems(schema, ksef.ksef(KINDS[kind])) == []


def test_the_schema_finds_what_is_missing(schema: etree.XMLSchema) -> None:
    xml = ksef.ksef(document())
    for wanted in (b"<BrakID>1</BrakID>", b"<JST>2</JST>", b"<GV>2</GV>"):
        assert wanted in xml and problems(schema, xml.replace(wanted, b""))


@pytest.mark.parametrize("method", ["card", "blik", "transfer", "sandbox"])
def test_each_way_to_pay_is_valid(schema: etree.XMLSchema, method: str) -> None:
    assert problems(schema, ksef.ksef(document(payment_method=method))) == []


def test_whoever_registers_may_be_named_with_his_country(schema: etree.XMLSchema) -> None:
    countries = accounts._regions()
    assert len(countries) > 190
    named = {one: ksef.ksef(document(buyer=Buyer("Ola", "Ulica 1", one))) for one in countries}
    assert {one for one, xml in named.items() if problems(schema, xml)} == set()
