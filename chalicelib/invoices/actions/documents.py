"""Documents of invoices: ordered, stored for as long as the law says, and shown by links of five minutes."""

from __future__ import annotations

import base64
from typing import Literal

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.errors import NotFound
from chalicelib.invoices.actions import buyers
from chalicelib.invoices.records import COPIES, INVOICES, Invoice, InvoiceDocument, KeptDocument
from chalicelib.invoices.rules import series
from chalicelib.invoices.shapes import Format as Format
from chalicelib.invoices.shapes import InvoiceLink as InvoiceLink
from chalicelib.invoices.shapes import Kind as Kind
from chalicelib.invoices.shapes import Pending as Pending
from chalicelib.register import sweep
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, commit, create, put
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo

# `ksef` is for the seller's authorities, and shown to nobody.
Stored = Literal[Format, "ksef"]
MEDIA_TYPES: dict[Stored, str] = {"pdf": "application/pdf", "xml": "application/xml", "ksef": "application/xml"}
_NAMES: dict[Stored, str] = {"pdf": "invoice.pdf", "xml": "invoice.xml", "ksef": "ksef-fa3.xml"}
# As a rule it takes a second or two behind the payment.
_RETRY_AFTER_S = 5
# What was asked for is made within a day, or lies with the dead letters.
_ASKED_FOR_S = 30 * 24 * 60 * 60


def requested(account_id: str, number: str) -> Write:
    """Has the documents of an invoice or a credit note made behind the commit that numbers it, for the account that may
    look at them. Raises NothingToDo if they were ordered before."""
    document = InvoiceDocument.new(account_id, number, asked_at=clock.now_s())
    return create(document, otherwise=NothingToDo)


def requested_for_the_books(number: str) -> Write:
    """The same where the account is gone: nobody looks at them, and the law wants them. They are sealed as those of the
    invoice that is corrected."""
    now = clock.now_s()
    return put(KeptDocument.new("", number, asked_at=now, expires_at=now + _ASKED_FOR_S))


def archive_key(number: str, format: Stored) -> str:
    """Where a document lies for as long as the law keeps it."""
    return f"{INVOICES.of(series.day_of_archive(series.year_of(number)), number)}{_NAMES[format]}"


def store(number: str, format: Stored, data: bytes, cipher: SubjectCipher | None) -> None:
    """Put a document where it is kept; with the cipher of whom it names it is sealed."""
    key = archive_key(number, format)
    if cipher is None:
        s3.put(key, data, MEDIA_TYPES[format])
    else:
        s3.put(key, cipher.seal(base64.b64encode(data).decode(), key), "application/octet-stream")


def _unsealed(key: str, cipher: SubjectCipher) -> bytes | None:
    chunks = s3.chunks(key)
    return None if chunks is None else base64.b64decode(cipher.open(b"".join(chunks), key))


def link_to(account_id: str, number: str, format: Format) -> InvoiceLink | Pending:
    """A link to a document of the caller's, or when to ask again. One that names somebody lies sealed: of it a copy is
    made first, which ends within a day. Raises NotFound when the law's time is over."""
    document, invoice = read(InvoiceDocument.key(account_id, number), Invoice.key("", number))
    if invoice is None:
        raise NotFound("invoice")
    if document is None:
        _order(account_id, number)
    if document is None or document.made_at is None:
        return Pending(retry_after_seconds=_RETRY_AFTER_S)
    until = clock.now() + s3.LONGEST_LINK
    key = _readable_key(account_id, invoice, format)
    return InvoiceLink(url=s3.link(key, until=until, content_type=MEDIA_TYPES[format]), format=format, until=until)


def _order(account_id: str, number: str) -> None:
    """Those of before had nobody who made them."""
    try:
        commit(requested(account_id, number))
    except NothingToDo:
        return


def _readable_key(account_id: str, invoice: Invoice, format: Format) -> str:
    key, buyer_id = archive_key(invoice.sort_id, format), buyer_id_of(invoice)
    if buyer_id is None:
        return key
    cipher = buyers.cipher_of(buyer_id)
    data = None if cipher is None else _unsealed(key, cipher)
    if data is None:
        raise NotFound("invoice")
    copy = f"{COPIES.of(clock.now(), account_id)}{invoice.sort_id}.{format}"
    s3.put(copy, data, MEDIA_TYPES[format])
    return copy


def buyer_id_of(invoice: Invoice) -> str | None:
    """Whom it names, by id; a credit note names whom its invoice does."""
    of = invoice if invoice.corrects is None else corrected(invoice)
    found: str | None = of.buyer
    return found


def corrected(note: Invoice) -> Invoice:
    """The invoice that a credit note is about; it is kept no shorter. Raises NotFound."""
    (invoice,) = read(Invoice.key("", note.corrects))
    if invoice is None:
        raise NotFound("invoice")
    return invoice


def sweep_expired_documents() -> int:
    """Delete documents after the law's time, and copies after their day; how many."""
    return sweep.sweep_expired(COPIES, INVOICES)
