"""The invoice of an order as a file: made behind the payment, shown by a link, and kept as long as the law says."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import facturx
import pikepdf
import pypdf
import pytest

from chalicelib.invoices.actions import documents, making
from chalicelib.invoices.records import Invoice
from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Dispute
from chalicelib.settings import settings
from chalicelib.store.commit import commit
from infra.local.gateway import Response
from tests.conftest import Home
from tests.invoices.notes import issue_credit_note
from tests.orders.payment_events import tell
from tests.orders.test_invoice_to import COMPANY, PERSON
from tests.privacy.leaving import claims, receipt
from tests.scene import rows

NUMBER = "S-2026-000001"
FOLDER = f"invoices/20261231/{NUMBER}"


def buy(home: Home, invoice_to: dict[str, Any] | None = None) -> str:
    ordered = home.owner.order(home.camera.device_id, invoice_to=invoice_to)
    assert ordered.status == 201, ordered.body
    assert tell(home, ordered.json).json == {"changed": True}
    return str(ordered.json["order_id"])


def ask(home: Home, order_id: str, format: str = "pdf") -> Response:
    return home.owner.call("GET", f"/orders/{order_id}/invoice", query={"format": format})


def got(home: Home, order_id: str, format: str = "pdf") -> Response:
    """What the link leads to."""
    answer = ask(home, order_id, format)
    assert answer.status == 200, answer.body
    return home.world.fetch(answer.json["url"])


def objects(home: Home, below: str) -> dict[str, bytes]:
    stored = home.world.dump()["buckets"][settings.media_bucket]
    return {one["key"]: one["body"].encode("latin-1") for one in stored if one["key"].startswith(below)}


def test_until_it_is_there_one_is_told_when_to_ask_again(home: Home) -> None:
    with home.world.aws.lock:
        order_id = buy(home)
        answer = ask(home, order_id)
        assert (answer.status, answer.json, answer.headers["Retry-After"]) == (202, {"retry_after_seconds": 5}, "5")
    home.world.settle()
    assert ask(home, order_id).status == 200


def test_the_link_leads_to_a_pdf_that_carries_the_xml(home: Home) -> None:
    order_id = buy(home)
    home.world.settle()
    told = ask(home, order_id).json
    assert (told["format"], told["until"]) == ("pdf", "2026-01-05T08:05:00Z")
    pdf = got(home, order_id)
    assert pdf.headers["Content-Type"] == "application/pdf"
    name, xml = facturx.get_xml_from_pdf(io.BytesIO(pdf.body), check_xsd=True, check_schematron=False)
    assert (name, xml) == ("factur-x.xml", got(home, order_id, "xml").body)
    text = pypdf.PdfReader(io.BytesIO(pdf.body)).pages[0].extract_text()
    for said in (NUMBER, "2.43", "0.56", "2.99 EUR", "Consumer / Konsument, PL", "Zdarzenia, 7 dni, na miesiąc"):
        assert said in text.replace("\n", " "), said
    with pikepdf.open(io.BytesIO(pdf.body)) as file:
        assert file.open_metadata().pdfa_status == "3B"


def test_an_order_that_is_not_paid_has_none(home: Home) -> None:
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    answer = ask(home, order_id)
    assert (answer.status, answer.json["message"]) == (404, "There is no invoice of this order.")
    assert ask(home, order_id, "docx").status == 422


def test_the_free_plan_has_none(home: Home) -> None:
    order_id = home.owner.order(home.camera.device_id, plan_id="free").json["order_id"]
    assert ask(home, order_id).status == 404


def test_nobody_else_is_shown_it(home: Home) -> None:
    order_id = buy(home)
    home.world.settle()
    assert ask(home, order_id).status == 200
    assert home.stranger.call("GET", f"/orders/{order_id}/invoice").status == 404


@pytest.mark.parametrize("format", ["pdf", "xml"])
def test_one_that_names_somebody_lies_sealed_and_is_shown_as_a_copy(home: Home, format: str) -> None:
    order_id = buy(home, COMPANY)
    home.world.settle()
    assert "Müller".encode() not in b"".join(objects(home, "").values())
    assert len(objects(home, FOLDER)) == 3 and objects(home, "invoice-copies/") == {}
    shown = got(home, order_id, format).body
    assert objects(home, "invoice-copies/") == {
        f"invoice-copies/20260105/{home.owner.account_id}/{NUMBER}.{format}": shown
    }
    assert got(home, order_id, format).body == shown
    xml = shown if format == "xml" else facturx.get_xml_from_pdf(io.BytesIO(shown))[1]
    assert b"DE136695976" in xml and "Müller GmbH".encode() in xml and b"VATEX-EU-AE" in xml


def test_a_copy_ends_with_its_day_and_the_sealed_one_does_not(home: Home) -> None:
    order_id = buy(home, PERSON)
    home.world.settle()
    assert got(home, order_id).body and len(objects(home, "invoice-copies/")) == 1
    home.world.clock.move_to(home.world.now().timestamp() + 2 * 86_400)
    assert home.world.run_schedule("sweep_expired_invoices") == {"deleted": 1}
    assert objects(home, "invoice-copies/") == {} and len(objects(home, FOLDER)) == 3
    home.owner.sign_in()
    assert got(home, order_id).body


def test_documents_outlive_the_account_by_what_the_law_says_and_copies_do_not(home: Home) -> None:
    order_id = buy(home, PERSON)
    home.world.settle()
    assert got(home, order_id).body
    home.owner.step_up()
    erasure_id = home.owner.close().json["erasure_id"]
    home.world.advance(15 * 60)
    assert objects(home, "invoice-copies/") == {} == dict.fromkeys(rows(home.world, "account/invoice-document"), 1)
    assert len(objects(home, FOLDER)) == 3
    kept = claims(home.world, receipt(home.world, erasure_id))["kept"]
    assert {"record": f"invoice {NUMBER}", "row": "LAW", "until": "2031-12-31T23:59:59Z", "why": "tax law"} in kept
    home.world.clock.move_to(datetime(2031, 12, 31, 12, tzinfo=UTC).timestamp())
    assert home.world.run_schedule("sweep_expired_invoices") == {"deleted": 0}
    home.world.clock.move_to(datetime(2032, 1, 1, 12, tzinfo=UTC).timestamp())
    assert home.world.run_schedule("sweep_expired_invoices") == {"deleted": 3}


def test_they_are_written_though_the_account_has_gone_meanwhile(home: Home) -> None:
    with home.world.aws.lock:
        buy(home, PERSON)
        home.owner.step_up()
        assert home.owner.close().status == 202
    home.world.advance(15 * 60)
    assert len(objects(home, FOLDER)) == 3
    making.make_documents(home.owner.account_id, NUMBER)
    assert len(objects(home, FOLDER)) == 3


def test_told_twice_they_are_the_same(home: Home) -> None:
    buy(home)
    home.world.settle()
    before = objects(home, FOLDER)
    (row,) = rows(home.world, "account/invoice-document")
    making.make_documents(home.owner.account_id, NUMBER)
    assert objects(home, FOLDER) == before and len(before) == 3
    assert rows(home.world, "account/invoice-document") == [row]


def test_an_invoice_of_before_is_written_when_somebody_asks_for_it(home: Home) -> None:
    order_id = buy(home)
    home.world.settle()
    _as_of_before(home)
    assert ask(home, order_id).status == 202
    home.world.settle()
    assert NUMBER.encode() in got(home, order_id, "xml").body


def _as_of_before(home: Home) -> None:
    """Without what the invoice of 0.2 did not say, and without its documents."""
    from chalicelib.aws import s3
    from chalicelib.invoices.records import InvoiceDocument
    from chalicelib.store.commit import change, remove

    names = ("country", "tax_category", "tax_rate_bp", "catalogue_version", "period_days")
    commit(
        change(Invoice.new("", NUMBER), **dict.fromkeys(names)),
        remove(InvoiceDocument.key(home.owner.account_id, NUMBER)),
    )
    s3.delete(list(objects(home, FOLDER)))
    assert objects(home, FOLDER) == {}


def test_a_credit_note_has_documents_too_and_says_what_its_invoice_does(home: Home) -> None:
    buy(home, COMPANY)
    home.world.settle()
    number = issue_credit_note(home.owner.account_id, NUMBER)
    home.world.settle()
    answer = documents.link_to(home.owner.account_id, number, "xml")
    assert isinstance(answer, documents.InvoiceLink)
    xml = home.world.fetch(answer.url).body
    assert b"<ram:TypeCode>381<" in xml and NUMBER.encode() in xml and b"DE136695976" in xml
    assert b"<ram:GrandTotalAmount>1.00<" in xml and b"VATEX-EU-AE" in xml


def ask_for_note(home: Home, order_id: str, format: str = "pdf", document: str = "credit_note") -> Response:
    query = {"format": format, "document": document}
    return home.owner.call("GET", f"/orders/{order_id}/invoice", query=query)


@pytest.mark.parametrize("invoice_to", [None, COMPANY], ids=["nobody", "somebody"])
def test_the_credit_note_of_a_refund_is_shown_by_a_link_of_its_own(
    home: Home, invoice_to: dict[str, Any] | None
) -> None:
    order_id = buy(home, invoice_to)
    home.world.settle()
    missing = ask_for_note(home, order_id)
    said = "There is no credit note of this order: nothing of it went back."
    assert (missing.status, missing.json["message"]) == (404, said)
    with home.world.aws.lock:
        key = {"Idempotency-Key": "key-of-one-refund-0123"}
        back = home.owner.call("POST", f"/orders/{order_id}/refund", {}, headers=key).json
        assert (ask_for_note(home, order_id).status, ask_for_note(home, order_id).headers["Retry-After"]) == (202, "5")
    home.world.settle()
    xml, pdf = (home.world.fetch(ask_for_note(home, order_id, format).json["url"]) for format in ("xml", "pdf"))
    assert b"<ram:TypeCode>381<" in xml.body and back["credit_note_number"].encode() in xml.body
    assert facturx.get_xml_from_pdf(io.BytesIO(pdf.body), check_xsd=True, check_schematron=False)[1] == xml.body
    assert (b"DE136695976" in xml.body) == (invoice_to is not None)
    # The invoice is what is shown where nothing is said.
    assert b"<ram:TypeCode>380<" in got(home, order_id, "xml").body
    assert b"<ram:TypeCode>380<" in home.world.fetch(ask_for_note(home, order_id, "xml", "invoice").json["url"]).body
    assert ask_for_note(home, order_id, document="receipt").status == 422
    assert home.stranger.call("GET", f"/orders/{order_id}/invoice", query={"document": "credit_note"}).status == 404


def test_the_credit_note_of_a_lost_dispute_is_shown_too(home: Home) -> None:
    order_id = buy(home)
    (payment,) = home.owner.call("GET", f"/orders/{order_id}").json["payments"]
    headers, body = sandbox.event(Dispute(order_id, "lost", payment["reference"], "dp_1"))
    assert home.world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
    home.world.settle()
    answer = ask_for_note(home, order_id, "xml")
    assert b"<ram:TypeCode>381<" in home.world.fetch(answer.json["url"]).body
