"""Bounce and complaint reports of the mail provider, and whether others may have us write to an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

from chalicelib import clock
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.outbox.records import Delivery, Undelivered
from chalicelib.register import rows
from chalicelib.store.commit import change, commit, merge
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo

_KEPT = rows.BOUNCES_AND_COMPLAINTS.kept_for.period


def key_of(address_hash: str) -> Key[Undelivered]:
    """To be read with whatever decides that others may write there."""
    return Undelivered.key(address_hash)


def may_be_written_to(found: Undelivered | None) -> bool:
    """Whether an address takes mails that somebody else causes. What its owner asks for, and what concerns the account
    itself, is sent in any case: a report may be wrong, and nobody may be locked out by it."""
    return found is None


def take_report(notification: Any) -> None:
    """Take what SES says by SNS: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html.

    A mail that arrived changes nothing but the record of a notice that it carried, and one that its server may still
    take nothing at all.
    """
    try:
        event = json.loads(notification["Message"])
    except ValueError:
        return  # the sentence with which SES tries the topic once
    for address, count, report in _undelivered(event):
        _note(Contact("email", address), count, report)
    if (carried := _carried_by(event)) is not None:
        _note_delivery(*carried)


def _undelivered(event: Any) -> Iterator[tuple[str, str, str]]:
    """Each address that a mail did not reach or was unwanted at, what is counted of it, and the report's own id."""
    kind = event.get("eventType")
    if kind == "Bounce" and event["bounce"]["bounceType"] == "Permanent":
        report, count, to = event["bounce"], "bounces", event["bounce"]["bouncedRecipients"]
    elif kind == "Complaint" and event["complaint"].get("complaintFeedbackType") != "not-spam":
        report, count, to = event["complaint"], "complaints", event["complaint"]["complainedRecipients"]
    else:
        return
    for one in to:
        yield parseaddr(one["emailAddress"])[1].lower(), count, report["feedbackId"]


def _note(contact: Contact, count: str, report: str) -> None:
    found = Undelivered.new(contact.hashed)
    now = clock.now()
    is_new = Undelivered.last_report.does_not_exist() | (Undelivered.last_report != report)
    actions = (
        getattr(Undelivered, count).add(1),
        Undelivered.reported_at.set(clock.epoch_s(now)),
        Undelivered.last_report.set(report),
        Undelivered.expires_at.set(clock.epoch_s(now + _KEPT)),
    )
    with suppress(NothingToDo):  # the same report came again
        commit(merge(found, *actions, when=is_new, otherwise=NothingToDo))


def has_complained(contact: Contact) -> bool:
    """Whether somebody said of a mail to this address that it was unwanted: what need not be said is not sent there."""
    (found,) = read(key_of(contact.hashed))
    return found is not None and bool(found.complaints)


def _carried_by(event: Any) -> tuple[str, str, str] | None:
    """The account and the notice that the mail carried by its tags, and what became of it, by the attribute's name."""
    tags = event.get("mail", {}).get("tags", {})
    account_id, notice_id = (tags.get(name, [""])[0] for name in ("account", "notice"))
    became = {"Delivery": "delivered_at", "Complaint": "complained_at"}.get(event.get("eventType"))
    if event.get("eventType") == "Bounce" and event["bounce"]["bounceType"] == "Permanent":
        became = "failed_at"
    return (account_id, notice_id, became) if account_id and notice_id and became is not None else None


def _note_delivery(account_id: str, notice_id: str, became: str) -> None:
    """It is noted one time, and nothing is left of an account that was closed."""
    delivery = Delivery.new(account_id, f"{notice_id}.email")
    is_new = getattr(Delivery, became).does_not_exist()
    with suppress(NothingToDo):
        commit(change(delivery, when=is_new, otherwise=NothingToDo, **{became: clock.now_s()}))
