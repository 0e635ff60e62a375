"""Webhooks of payment providers: each event is verified, and given to whom it is about (B13)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chalicelib import clock
from chalicelib.errors import Unavailable
from chalicelib.invoices.actions import numbering
from chalicelib.invoices.actions.turns import Turns
from chalicelib.orders.actions import disputing, paying, paying_back, renewal
from chalicelib.orders.actions.paying import PaymentMismatch
from chalicelib.orders.records import DelayedEvent, TakenEvent
from chalicelib.payments.actions import looked_up, verified
from chalicelib.payments.shapes import CardSaved, Dispute, Event, Payment, Refund, Report
from chalicelib.store import crypto
from chalicelib.store.commit import change, commit, put, remove, waiting_at_most
from chalicelib.store.passes import run_pass
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo, retrying_from

_TRIES = 5
# Providers give up after some seconds, and tell it again; three are promised.
_PATIENCE_S = 1.6
# For so long an event is known again; providers tell one again for three days.
_KNOWN_S = 30 * 24 * 60 * 60
# An event that does not match its order is counted with those that are late.
_MISMATCH_RINGS_S = 24 * 60 * 60
# Of the 300 seconds that the job may take.
BUDGET_S = 240
_PAGE = 100


def take_event(name: str, headers: dict[str, str], body: bytes) -> bool:
    """Apply what a provider's webhook tells of; whether anything changed. Reported twice, it counts once. What cannot
    be looked up now is kept, and looked up later. Raises ProviderUnknown, SignatureWrong, PaymentMismatch, and
    Unavailable where too many are in each other's way: then the provider tells it again."""
    event = verified(name, headers, body)
    if isinstance(event, Report):
        return _take_report(name, event)
    return event is not None and applied(name, event)


def _take_report(name: str, report: Report) -> bool:
    event_hash = _hash_of(name, report)
    (before,) = read(TakenEvent.key(event_hash))
    if before is not None:
        return False
    try:
        event = looked_up(name, report)
    except Unavailable:
        commit(put(_delayed(name, report)))
        return False
    changed = event is not None and applied(name, event)
    # After its effect: where this is lost, the event comes again, and changes nothing.
    commit(put(_taken(event_hash)))
    return changed


def applied(name: str, event: Event) -> bool:
    """Apply what a provider has told; whether anything changed. Raises PaymentMismatch, Unavailable."""
    # Of many who are paid at once, each but the first would number in vain, again and again.
    with waiting_at_most(_PATIENCE_S), Turns("invoice", numbering.tax_year(clock.now_s())) as turns:
        later = Unavailable(retry_after_seconds=2)
        return retrying_from(event, partial(_apply, name), partial(_again, turns), tries=_TRIES, otherwise=later)


def _again(turns: Turns, event: Event) -> Event:
    if isinstance(event, Payment) and event.outcome == "paid":
        turns.wait()
    return event


def _apply(name: str, event: Event) -> bool:
    if isinstance(event, Dispute):
        return disputing.apply(name, event)
    if isinstance(event, Refund):
        return paying_back.note(event)
    if isinstance(event, CardSaved):
        return renewal.begin_with(name, event)
    return paying.apply(name, event)


def _hash_of(name: str, report: Report) -> str:
    return crypto.plain_hash(f"{name} {report.event_id}")


def _taken(event_hash: str) -> TakenEvent:
    return TakenEvent.new(event_hash, expires_at=clock.now_s() + _KNOWN_S)


def _delayed(name: str, report: Report) -> DelayedEvent:
    return DelayedEvent.new(
        "",
        _hash_of(name, report),
        provider=name,
        event_id=report.event_id,
        about_kind=report.kind,
        about_number=report.number,
        since=clock.now_s(),
        expires_at=clock.now_s() + _KNOWN_S,
    )


# What could not be looked up when it came


def look_up(event_hash: str) -> bool:
    """Apply an event that was delayed; whether anything changed. Where the provider does not answer still, it stays,
    and the clock looks again. Of another amount than its order's it is looked at by nobody again, and stays for a day,
    so that it rings; raises PaymentMismatch then, once, so that the log says so."""
    (delayed,) = read(DelayedEvent.key("", event_hash))
    if delayed is None or delayed.mismatched_at is not None:
        return False
    name = delayed.provider
    report = Report(delayed.event_id, delayed.about_kind, delayed.about_number)
    try:
        event = looked_up(name, report)
    except Unavailable:
        return False
    try:
        changed = event is not None and applied(name, event)
    except PaymentMismatch:
        now = clock.now_s()
        kept = change(delayed, otherwise=NothingToDo, mismatched_at=now, expires_at=now + _MISMATCH_RINGS_S)
        commit(put(_taken(event_hash)), kept)
        raise
    commit(put(_taken(event_hash)), remove(delayed))
    return changed


def look_up_all() -> int:
    """Look up all that was delayed; how many have changed something. One that fails keeps no other waiting."""
    return run_pass(_all_delayed(), lambda delayed: look_up(delayed.sort_id), budget_s=BUDGET_S)


def _all_delayed() -> Iterator[DelayedEvent]:
    return DelayedEvent.all_of("", page_size=_PAGE)
