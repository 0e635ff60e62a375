"""What is remembered of orders, and what tax law keeps of them."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import FiscalRow, Item
from chalicelib.register.rows import B13, LAW
from chalicelib.register.tags import key, plain


class Order(Item):
    """A plan ordered for a device."""

    partition = "account"
    place = "order"
    told_to = "OrderChanges"
    told_of = frozenset({"INSERT", "MODIFY"})

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue")
    device_id = key(UnicodeAttribute(), B13, why="random id of what it is for")
    amount = key(NumberAttribute(), B13, why="a price")
    currency = plain(UnicodeAttribute(), why="of the price")
    payment_method = key(UnicodeAttribute(), B13, why="the kind of payment, without its number")
    ordered_at = key(NumberAttribute(), B13, why="time")
    state = key(UnicodeAttribute(), B13, why="open, paid, refused, expired or refund_due")
    paid_at = key(NumberAttribute(null=True), B13, why="time")
    invoice_number = key(UnicodeAttribute(null=True), B13, why="number of the invoice", points_to="fiscal")
    confirmed_at = key(NumberAttribute(null=True), B13, why="time: when the person was told")


class Invoice(FiscalRow):
    """What tax law wants to be kept of a sale: no name, no address, no way to what was seen or recorded."""

    partition = "invoices"
    place = "invoice"

    issued_at = key(NumberAttribute(), LAW, why="time")
    plan_id = key(UnicodeAttribute(), LAW, why="what was sold")
    amount = key(NumberAttribute(), LAW, why="gross price")
    currency = plain(UnicodeAttribute(), why="of the price")
    payment_method = key(UnicodeAttribute(), LAW, why="how it was paid")
    payment_reference = key(UnicodeAttribute(), LAW, why="the provider's number of the payment")


class InvoiceCounter(FiscalRow):
    """The last number given in a year: invoices are numbered without a gap."""

    partition = "invoices"
    place = "counter"

    last = plain(NumberAttribute(), why="a count")
