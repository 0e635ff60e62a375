"""What is remembered of orders, and what tax law keeps of them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import FiscalRow, Item
from chalicelib.store.tags import Time, key, plain


class Order(Item):
    """A plan ordered for a device, with the terms of the catalogue of then."""

    partition = "account"
    place = "order"
    told_to = "OrderChanges"
    told_of = frozenset({"INSERT", "MODIFY"})

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue", told=True)
    catalogue_version = plain(NumberAttribute(null=True), why="of the entry", told=True)
    kind = plain(UnicodeAttribute(null=True), why="of the plan", told=True)
    keep_days = plain(NumberAttribute(null=True), why="of the plan", told=True)
    period_days = plain(NumberAttribute(null=True), why="of the plan", told=True)
    device_id = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="random id of what it is for", told=True)
    amount = key(NumberAttribute(), rows.PLAN_PURCHASE, why="a price", told=True)
    currency = plain(UnicodeAttribute(), why="of the price", told=True)
    payment_method = key(
        UnicodeAttribute(), rows.PLAN_PURCHASE, why="the kind of payment, without its number", told=True
    )
    ordered_at = key(Time(), rows.PLAN_PURCHASE, why="time", told=True)
    state = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="open, paid, refused, expired or refund_due", told=True)
    paid_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time", told=True)
    invoice_number = key(
        UnicodeAttribute(null=True), rows.PLAN_PURCHASE, why="number of the invoice", points_to="fiscal", told=True
    )
    # It stays as long as its invoice, which says its number.
    paid_with = key(UnicodeAttribute(null=True), rows.PLAN_PURCHASE, why="hash of the provider's number of the payment")
    refunds_due = key(
        UnicodeSetAttribute(null=True),
        rows.PLAN_PURCHASE,
        why="the same of what is owed back",
        points_to="fiscal",
        told=True,
    )
    confirmed_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time: when the person was told", told=True)


class Invoice(FiscalRow):
    """What tax law wants to be kept of a sale: no name, no address, no way to what was seen or recorded."""

    partition = "invoices"
    place = "invoice"

    issued_at = key(Time(), rows.TAX_RECORDS, why="time", told=True)
    plan_id = key(UnicodeAttribute(), rows.TAX_RECORDS, why="what was sold", told=True)
    amount = key(NumberAttribute(), rows.TAX_RECORDS, why="gross price", told=True)
    currency = plain(UnicodeAttribute(), why="of the price", told=True)
    payment_method = key(UnicodeAttribute(), rows.TAX_RECORDS, why="how it was paid", told=True)
    payment_reference = key(UnicodeAttribute(), rows.TAX_RECORDS, why="the provider's number of the payment", told=True)


class Payment(FiscalRow):
    """Money that a provider took, found by a hash of the provider's number of it, so that told of twice it counts once.
    It says neither who paid nor for what: the order knows its payments, and invoices theirs."""

    partition = "payments"
    place = "payment"

    provider = plain(UnicodeAttribute(), why="of the payment", told=True)
    payment_reference = key(UnicodeAttribute(), rows.TAX_RECORDS, why="the provider's number of the payment", told=True)
    amount = key(NumberAttribute(), rows.TAX_RECORDS, why="what was paid", told=True)
    currency = plain(UnicodeAttribute(), why="of the amount", told=True)
    received_at = key(Time(), rows.TAX_RECORDS, why="time", told=True)
    tax_year = plain(NumberAttribute(), why="in which it was received, where the seller is")
    state = key(UnicodeAttribute(), rows.TAX_RECORDS, why="applied or refund_due", told=True)
    reason = key(UnicodeAttribute(null=True), rows.TAX_RECORDS, why="why it is owed back", told=True)


class InvoiceCounter(FiscalRow):
    """The last number given in a year: invoices are numbered without a gap."""

    partition = "invoices"
    place = "counter"

    last = plain(NumberAttribute(), why="a count")
