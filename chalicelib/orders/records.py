"""What is remembered of orders, and what tax law keeps of them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import FiscalRow, Item
from chalicelib.register.rows import B13, LAW
from chalicelib.register.tags import Time, key, plain


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
    device_id = key(UnicodeAttribute(), B13, why="random id of what it is for", told=True)
    amount = key(NumberAttribute(), B13, why="a price", told=True)
    currency = plain(UnicodeAttribute(), why="of the price", told=True)
    payment_method = key(UnicodeAttribute(), B13, why="the kind of payment, without its number", told=True)
    ordered_at = key(Time(), B13, why="time", told=True)
    state = key(UnicodeAttribute(), B13, why="open, paid, refused, expired or refund_due", told=True)
    paid_at = key(Time(null=True), B13, why="time", told=True)
    invoice_number = key(
        UnicodeAttribute(null=True), B13, why="number of the invoice", points_to="fiscal", told=True
    )
    confirmed_at = key(Time(null=True), B13, why="time: when the person was told", told=True)


class Invoice(FiscalRow):
    """What tax law wants to be kept of a sale: no name, no address, no way to what was seen or recorded."""

    partition = "invoices"
    place = "invoice"

    issued_at = key(Time(), LAW, why="time", told=True)
    plan_id = key(UnicodeAttribute(), LAW, why="what was sold", told=True)
    amount = key(NumberAttribute(), LAW, why="gross price", told=True)
    currency = plain(UnicodeAttribute(), why="of the price", told=True)
    payment_method = key(UnicodeAttribute(), LAW, why="how it was paid", told=True)
    payment_reference = key(UnicodeAttribute(), LAW, why="the provider's number of the payment", told=True)


class InvoiceCounter(FiscalRow):
    """The last number given in a year: invoices are numbered without a gap."""

    partition = "invoices"
    place = "counter"

    last = plain(NumberAttribute(), why="a count")
