"""Records of orders, of the money that came for them, and of the cards by which plans renew by themselves."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import FiscalRow, Item
from chalicelib.store.tags import Time, key, personal, plain


class Order(Item):
    """A plan ordered for a device, with the terms of the catalogue of then."""

    pk_prefix = "account"
    sk_prefix = "order"
    stream_queue, stream_listener = "Notices", "orders.on_order_changed"
    stream_events = frozenset({"INSERT", "MODIFY"})

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue", exported=True)
    catalogue_version = plain(NumberAttribute(null=True), why="of the entry", exported=True)
    kind = plain(UnicodeAttribute(null=True), why="of the plan", exported=True)
    keep_days = plain(NumberAttribute(null=True), why="of the plan", exported=True)
    period_days = plain(NumberAttribute(null=True), why="of the plan", exported=True)
    device_id = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="random id of what it is for", exported=True)
    stock_id = key(
        UnicodeAttribute(null=True), rows.PLAN_PURCHASE, why="keyed hash of its serial number, whoever binds it again"
    )
    amount = key(NumberAttribute(), rows.PLAN_PURCHASE, why="a price", exported=True)
    currency = plain(UnicodeAttribute(), why="of the price", exported=True)
    payment_method = key(
        UnicodeAttribute(), rows.PLAN_PURCHASE, why="the kind of payment, without its number", exported=True
    )
    begins = plain(UnicodeAttribute(null=True), why="whether it is to begin at once", exported=True)
    credit = key(NumberAttribute(null=True), rows.PLAN_PURCHASE, why="what was credited", exported=True)
    credit_of = plain(UnicodeAttribute(null=True), why="hash of what was credited: is it still so?")
    ordered_at = key(Time(), rows.PLAN_PURCHASE, why="time", exported=True)
    state = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="open, paid, refunded or another", exported=True)
    renews = plain(UnicodeAttribute(null=True), why="whether it is to renew by itself", exported=True)
    # Of one that nobody ordered: which period of which device it pays, by a renewal that was said then.
    renewal = plain(UnicodeAttribute(null=True), why="hash of the period that it renews: is it still to be?")
    checkout_url = plain(UnicodeAttribute(null=True), why="page of the provider's where it may be paid, for a day")
    paid_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time", exported=True)
    invoice_number = key(
        UnicodeAttribute(null=True), rows.PLAN_PURCHASE, why="number of the invoice", points_to="fiscal", exported=True
    )
    # It stays as long as its invoice, which says its number.
    paid_with = key(UnicodeAttribute(null=True), rows.PLAN_PURCHASE, why="hash of the provider's number of the payment")
    refunds_due = key(
        UnicodeSetAttribute(null=True),
        rows.PLAN_PURCHASE,
        why="the same of what is owed back",
        points_to="fiscal",
        exported=True,
    )
    refunds_found_at = key(
        UnicodeSetAttribute(null=True), rows.PLAN_PURCHASE, why="where a refund leads here", points_to="row"
    )
    invoice_to = personal(rows.PLAN_PURCHASE, null=True)
    credit_note_number = key(
        UnicodeAttribute(null=True),
        rows.PLAN_PURCHASE,
        why="number of the credit note",
        points_to="fiscal",
        exported=True,
    )
    refund_amount = key(NumberAttribute(null=True), rows.PLAN_PURCHASE, why="what goes back of it", exported=True)
    refunded_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time: when the plan was given back", exported=True)
    refund_reason = personal(rows.PLAN_PURCHASE, null=True)
    confirmed_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time: when the person was notified", exported=True)


class WholeRefunds(Item):
    """For which cameras an account got a whole price back, and until when no other one of theirs goes back whole."""

    pk_prefix = "account"
    sk_prefix = "whole-refunds"

    given = key(UnicodeSetAttribute(null=True), rows.PLAN_PURCHASE, why="keyed hashes of serial numbers, and times")


class OpenOrders(Item):
    """Which of an account's orders may be open, so that there are so many at most: of the last day, each by its id,
    which begins with its time. What is paid or over since is forgotten when there is no room."""

    pk_prefix = "account"
    sk_prefix = "open-orders"

    order_ids = key(UnicodeSetAttribute(null=True), rows.PLAN_PURCHASE, why="times and random ids of orders")


class Payment(FiscalRow):
    """Money that a provider took, found by a hash of the provider's number of it, so that reported twice it counts
    once. It says neither who paid nor for what: the order knows its payments, and invoices theirs."""

    pk_prefix = "payments"
    sk_prefix = "payment"

    provider = plain(UnicodeAttribute(), why="of the payment", exported=True)
    payment_reference = key(
        UnicodeAttribute(), rows.TAX_RECORDS, why="the provider's number of the payment", exported=True
    )
    amount = key(NumberAttribute(), rows.TAX_RECORDS, why="what was paid", exported=True)
    currency = plain(UnicodeAttribute(), why="of the amount", exported=True)
    received_at = key(Time(), rows.TAX_RECORDS, why="time", exported=True)
    tax_year = plain(NumberAttribute(), why="in which it was received, where the seller is")
    state = key(UnicodeAttribute(), rows.TAX_RECORDS, why="applied, or how far its refund is", exported=True)
    reason = key(UnicodeAttribute(null=True), rows.TAX_RECORDS, why="why it is owed back", exported=True)
    invoice_number = key(
        UnicodeAttribute(null=True), rows.TAX_RECORDS, why="number of the invoice of what it bought", exported=True
    )
    refund_amount = key(NumberAttribute(null=True), rows.TAX_RECORDS, why="what goes back of it", exported=True)
    refund_reference = key(
        UnicodeAttribute(null=True), rows.TAX_RECORDS, why="the provider's number of the refund", exported=True
    )
    refunded_at = key(Time(null=True), rows.TAX_RECORDS, why="time", exported=True)
    lost_amount = key(
        NumberAttribute(null=True), rows.TAX_RECORDS, why="what the payer's bank took of it", exported=True
    )
    dispute_state = key(UnicodeAttribute(null=True), rows.TAX_RECORDS, why="opened, won or lost", exported=True)
    dispute_reference = key(
        UnicodeAttribute(null=True), rows.TAX_RECORDS, why="the provider's number of the dispute", exported=True
    )


class TakenEvent(Item):
    """An event of a payment provider's that was taken, by a hash of the provider's number of it: it is taken one time
    in thirty days, however often it comes."""

    pk_prefix = "provider-event"
    sk_prefix = "taken"


class DelayedEvent(Item):
    """An event that could not be looked up when it came, since its provider did not answer. It names nobody."""

    pk_prefix = "delayed-events"
    sk_prefix = "delayed-event"
    stream_queue, stream_listener = "Notices", "orders.on_event_delayed"

    provider = plain(UnicodeAttribute(), why="of the event")
    event_id = plain(UnicodeAttribute(), why="the provider's number of the event")
    about_kind = plain(UnicodeAttribute(), why="the kind of object that it is about")
    about_number = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="the provider's number of that")
    since = key(Time(), rows.PLAN_PURCHASE, why="time")
    mismatched_at = key(Time(null=True), rows.PLAN_PURCHASE, why="time: since when it is known not to match its order")


class DueRefund(Item):
    """Money that goes back, until the provider says that it is there. Its id is that of the payment, which is our
    number of the refund, too: a payment goes back once. It names nobody, and outlives the account whose money it is."""

    pk_prefix = "refunds-due"
    sk_prefix = "refund"
    stream_queue, stream_listener = "Notices", "orders.on_refund_due"

    owed_since = key(Time(), rows.TAX_RECORDS, why="time")
    # Nobody is asked for it any more; for a while it stays to be counted.
    failed_at = key(Time(null=True), rows.TAX_RECORDS, why="time: since when somebody has to pay it in another way")


class RefundOrder(Item):
    """The order whose money goes back, by the id of the payment: whoever paid is told if the refund fails, which may be
    weeks after the provider said that it is there. It ends with the order."""

    pk_prefix = "refund-order"
    sk_prefix = "order"

    order_id = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="random id of whose money it is")


class SavedCard(Item):
    """The card by which plans of an account renew by themselves, by the provider's numbers of it. A provider makes a
    customer for each card that is saved, and both go as soon as nothing renews any more."""

    pk_prefix = "account"
    sk_prefix = "saved-card"

    provider = plain(UnicodeAttribute(), why="of the card", exported=True)
    # In the clear, since it is asked to delete them when nothing of the account can be read any more.
    customer = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="the provider's number of its customer", exported=True)
    payment_method = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="the provider's number of the card", exported=True)
    saved_at = key(Time(), rows.PLAN_PURCHASE, why="time", exported=True)
    uses = plain(NumberAttribute(default_for_new=0), why="a count: of renewals that were said by it")


class DueCustomer(Item):
    """A customer at a provider whom nobody needs any more, until the provider has deleted him with his card. It names
    no account."""

    pk_prefix = "customers-due"
    sk_prefix = "customer"
    stream_queue, stream_listener = "Notices", "orders.on_customer_due"

    provider = plain(UnicodeAttribute(), why="of the customer")
    customer = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="the provider's number of its customer")
    since = key(Time(), rows.PLAN_PURCHASE, why="time")
