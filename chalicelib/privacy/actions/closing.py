"""Closing an account (B17)."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib import ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.errors import NotFound
from chalicelib.identities import actions as identities
from chalicelib.outbox.actions import messages
from chalicelib.outbox.records import ClosureNotice
from chalicelib.privacy import shapes
from chalicelib.push.actions import terminals
from chalicelib.register import erasures
from chalicelib.register.erasures import OWNER, PARENT
from chalicelib.settings import settings
from chalicelib.store.commit import Write, commit_and_answer
from chalicelib.store.retrying import retrying_from


def close_account(
    account: Account,
    ordered_by: str = OWNER,
    read_again: Callable[[Account], Account] = accounts.read_again_signed_in,
    **moved: str,
) -> shapes.Closing:
    """End the account in one commit, after which nothing of it can be read, whatever hangs below it; the erasure
    follows, and says who ordered it, and of a move where to and with which ticket."""
    left = terminals.leave_unfinished(account)
    return retrying_from(account, lambda account: _close(account, ordered_by, left, moved), read_again)


def remove_child(contact: Contact) -> shapes.Removed:
    """Close the account that is reached there, when it is closed, as its owner would: a parent asked for it."""
    try:
        return shapes.Removed(closed=close_account(_reached(contact), PARENT, lambda _: _reached(contact)))
    except NotFound:
        return shapes.Removed(closed=None)


def _reached(contact: Contact) -> Account:
    account = accounts.at(contact)
    if account is None:
        raise NotFound
    return account


def _close(
    account: Account, ordered_by: str, left: tuple[tuple[str, str], ...], moved: dict[str, str]
) -> shapes.Closing:
    notice_id = ids.new_id()
    of_person = (Account.pk_prefix, account.pk_id), (ClosureNotice.pk_prefix, notice_id)
    erasure_id, begun = erasures.begin(*of_person, *left, ordered_by=ordered_by, **moved)
    answer = shapes.Closing(erasure_id=erasure_id, receipt_url=f"{settings.public_url}/erasures/{erasure_id}")
    notice = messages.write_closure_notice(notice_id, account, "privacy/mail/closed", url=answer.receipt_url)
    return commit_and_answer(*ending(account), *begun, *notice, answer=answer)


def ending(account: Account) -> tuple[Write, ...]:
    """Writes that end an account, with what may vouch for it; raises StaleRead on commit."""
    return *accounts.end(account), *identities.ends_of_all(account.pk_id)
