"""What documents of all kinds say, in each form, as it was looked at; `WRITE_DOCUMENTS=1` notes it anew.

Schemas and rules know names and sums; a label that is another one, or a line that stands somewhere else, they take.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.invoices.rules import cii, ksef
from chalicelib.invoices.rules.documents import Document
from tests.invoices.samples import KINDS, document
from tests.invoices.test_documents import opened, text_of

WRITTEN = Path(__file__).with_name("written.json")
# A size of the font, or where a line of text begins, from the left and from below.
_DRAWN = re.compile(rb"/F1 ([\d.]+) Tf|BT ([\d.]+ [\d.]+) Td")
ALL = {**KINDS, "paid in another way": document(payment_method="wallet")}


def _written(of: Document) -> dict[str, Any]:
    with opened(of) as file:
        (page,) = file.pages
        drawn = _DRAWN.findall(page.Contents.read_bytes())
    return {
        "page": [f"size {size.decode()}" if size else at.decode() for size, at in drawn],
        "text": text_of(of).splitlines(),
        "cii": cii.cii(of).decode(),
        "ksef": ksef.ksef(of).decode(),
    }


def test_what_is_looked_at_is_of_all_kinds() -> None:
    if os.environ.get("WRITE_DOCUMENTS"):
        said = {kind: _written(of) for kind, of in ALL.items()}
        WRITTEN.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    assert [*json.loads(WRITTEN.read_text())] == [*ALL]


@pytest.mark.parametrize("kind", ALL)
def test_a_document_says_what_was_looked_at_where_it_was(kind: str) -> None:
    assert _written(ALL[kind]) == json.loads(WRITTEN.read_text())[kind]


@pytest.mark.parametrize("kind", ["of nobody", "given back"])
def test_what_is_inside_is_small_and_of_the_documents_day(kind: str) -> None:
    with opened(ALL[kind]) as file:
        (attached,) = file.Root.AF
        inner = attached.EF.F
        assert (str(attached.Desc), str(inner.Filter)) == ("Factur-X", "/FlateDecode")
        assert {str(inner.Params.CreationDate), str(inner.Params.ModDate)} == {"D:20260105000000Z"}
