"""Bounce and complaint reports of the mail provider, and whether others may have us write to an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

from chalicelib import clock
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.outbox.records import Undelivered
from chalicelib.register import rows
from chalicelib.store.commit import commit, merge
from chalicelib.store.keys import Key
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

    A mail that arrived, and one that its server may still take, changes nothing.
    """
    try:
        event = json.loads(notification["Message"])
    except ValueError:
        return  # the sentence with which SES tries the topic once
    for address, count, report in _undelivered(event):
        _note(Contact("email", address), count, report)


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
