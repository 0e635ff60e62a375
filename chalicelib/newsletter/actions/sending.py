"""Sending an issue to all who want it, page by page, each once, and to nobody who has withdrawn meanwhile (E1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from msgspec import Struct

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.aws.ses import MailRefused
from chalicelib.consents import actions as consents
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.errors import Conflict
from chalicelib.newsletter import rules, shapes
from chalicelib.newsletter.actions import links
from chalicelib.newsletter.actions.subscribing import PURPOSE
from chalicelib.newsletter.records import Issue, SentIssue, Subscriber, Subscription
from chalicelib.outbox.actions import reports
from chalicelib.store import ciphers
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, check, commit, create, is_set, remove
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

# A page takes some seconds: as many mails as a function sends within them, one after the other.
PAGE = 25


class IssueNameTaken(Conflict):
    """409: an issue of this name says something else."""


def order(body: shapes.SendNewsletter) -> shapes.Sending:
    """Begin to send an issue, or go on with it, and say how far it is. Raises IssueNameTaken."""
    return retrying(lambda: _order(body))


def _order(body: shapes.SendNewsletter) -> shapes.Sending:
    """Raises StaleRead, IssueNameTaken."""
    translations = {language: msgspec.to_builtins(said) for language, said in body.translations.items()}
    texts = rules.written(body.subject, body.text, translations)
    (issue,) = read(Issue.key(body.issue))
    if issue is None:
        issue = Issue.new(body.issue, texts=texts, ordered_at=clock.now_s(), stage="accounts")
        commit(create(issue, otherwise=StaleRead))
    elif issue.texts != texts:
        raise IssueNameTaken
    elif issue.stage != "done":
        commit(change(issue, otherwise=StaleRead, resumed_at=clock.now_s()))
    return shapes.Sending(issue=body.issue, sent=issue.sent, failed=issue.failed, done=issue.stage == "done")


class _Wanted(Struct, frozen=True):
    """A mail that somebody wants, with the conditions of that."""

    to: Contact
    language: str
    unsubscribe_url: str
    still: tuple[Write, ...]


def send_page(name: str) -> None:
    """Send an issue to a page of those who want it; what is then changed of it orders the next one. Delivered again,
    nobody is sent it again. Raises what keeps the mail provider from sending anything, so that it is tried again."""
    (issue,) = read(Issue.key(name))
    if issue is None or issue.stage == "done":
        return
    wanted, cursor = _PAGES[issue.stage](issue.after)
    became = [_send(issue, one) for one in wanted]
    as_read = (Issue.stage == issue.stage) & is_set(Issue.after, issue.after)
    counts = (Issue.sent.add(became.count(True)), Issue.failed.add(became.count(False)))
    stage = rules.stage_after(issue.stage, cursor)
    with suppress(NothingToDo):  # the same page was sent by another
        commit(change(issue, *counts, when=as_read, otherwise=NothingToDo, stage=stage, after=cursor))


def _send(issue: Issue, wanted: _Wanted) -> bool | None:
    """Whether the mail was taken; None where the address was sent it before, or wants it no more."""
    claim = SentIssue.new(issue.pk_id, wanted.to.hashed, expires_at=clock.epoch_s(clock.now() + rules.CLAIMED_FOR))
    try:
        commit(create(claim, otherwise=NothingToDo), *wanted.still)
    except NothingToDo:
        return None
    try:
        _mail(issue, wanted)
    except MailRefused:
        return False
    except Exception:
        commit(remove(claim))
        raise
    return True


def _mail(issue: Issue, wanted: _Wanted) -> None:
    subject, text = rules.said_in(issue.texts, wanted.language)
    url = wanted.unsubscribe_url
    addresses.send(
        wanted.to,
        "newsletter/mail/issue",
        wanted.language,
        one_click_url=url,
        unsubscribe_url=url,
        subject=subject,
        text=text,
    )


# Who wants it


def _accounts(after: str | None) -> tuple[list[_Wanted], str | None]:
    account_ids, cursor = consents.consenting(PURPOSE, limit=PAGE, after=after)
    found = read_all(key for account_id in account_ids for key in accounts.keys_of(account_id))
    living = accounts.living_among(found, account_ids)
    data_keys = {account_id: found[ciphers.key_of(account_id)] for account_id in living}
    wanted = [_of_account(account, data_keys[account_id]) for account_id, account in living.items()]
    return _deliverable([one for one in wanted if one is not None]), cursor


def _of_account(account: Account, data_key: DataKey | None) -> _Wanted | None:
    """What an account wants that agrees, has not restricted processing, and has an e-mail address."""
    grant, to = consents.grant_of(account, PURPOSE), addresses.of_kind(account, "email")
    if grant is None or to is None or data_key is None or data_key.is_restricted:
        return None
    still = (
        consents.require_in_force(account, grant, otherwise=NothingToDo),
        ciphers.require_unrestricted(account.pk_id, otherwise=NothingToDo),
    )
    return _Wanted(to, account.language, links.unsubscribing("account", account.pk_id), still)


def _addresses(after: str | None) -> tuple[list[_Wanted], str | None]:
    page = Subscriber.list_of("", limit=PAGE, after=after)
    listed = [one.sort_id for one in page.items]
    found = read_all(key for one in listed for key in (Subscription.key(one), ciphers.key_of(one)))
    pairs = ((found[Subscription.key(one)], found[ciphers.key_of(one)]) for one in listed)
    wanted = [_of_address(subscription, data_key) for subscription, data_key in pairs if subscription and data_key]
    return _deliverable(wanted), page.cursor


def _of_address(subscription: Subscription, data_key: DataKey) -> _Wanted:
    subscription.decrypted_with(data_key.unlocked())
    url = links.unsubscribing("address", subscription.address_hash)
    still = check(subscription, Subscription.pk.exists(), otherwise=NothingToDo)
    return _Wanted(Contact("email", subscription.email), subscription.language, url, (still,))


def _deliverable(wanted: Sequence[_Wanted]) -> list[_Wanted]:
    """Those whose address no mail came back from."""
    found = read_all(reports.key_of(one.to.hashed) for one in wanted)
    return [one for one in wanted if reports.may_be_written_to(found[reports.key_of(one.to.hashed)])]


_PAGES: dict[str, Callable[[str | None], tuple[list[_Wanted], str | None]]] = {
    "accounts": _accounts,
    "addresses": _addresses,
}
