"""Telling one account: a notice of its own, a push, and a mail or a text message, each once (F2)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.notices import rules
from chalicelib.notices.records import Bulletin, Notice, Recipient
from chalicelib.outbox.actions import messages
from chalicelib.push.actions import notifying as push
from chalicelib.sessions.actions import audience
from chalicelib.sessions.actions.audience import Target
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, commit, create, remove
from chalicelib.store.records import Found, read, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying


def tell_recipient(notice_id: str, account_id: str) -> None:
    """Tell an account what a bulletin says; one that was told, or was closed, is not told."""
    retrying(lambda: _tell_recipient(notice_id, account_id))


def _tell_recipient(notice_id: str, account_id: str) -> None:
    said, named, target_row = Bulletin.key(notice_id), Recipient.key(notice_id, account_id), audience.key_of(account_id)
    own = Notice.key(account_id, notice_id)
    found = read_all((said, named, own, target_row, *accounts.keys_of(account_id)))
    bulletin, recipient = found[said], found[named]
    if recipient is None:
        return
    account = accounts.living_among(found, [account_id]).get(account_id)
    if bulletin is None or account is None or found[own] is not None:
        commit(remove(recipient))
        return
    words = rules.told_in(bulletin.texts, account.language)
    targets = targets_of(found, account_id)
    tell(account, targets, notice_id, bulletin.kind, words, remove(recipient))


def targets_of(found: Found, account_id: str) -> list[Target]:
    """The account's terminals; nobody is pushed to who has restricted processing, and reads it in the list."""
    key = found[ciphers.key_of(account_id)]
    return [] if key is None or key.is_restricted else audience.targets_of(found[audience.key_of(account_id)])


def tell(
    account: Account,
    targets: Iterable[Target],
    notice_id: str,
    kind: str,
    words: dict[str, str],
    *with_it: Write,
    still: Write | None = None,
) -> None:
    """Tell an account in these words, with what is committed with it; `still` is what is required of the account, if
    that is more than that it lives. The push comes before the commit: one too many beats one too few. Raises
    NothingToDo where it was told already, StaleRead where it was closed meanwhile."""
    push.notify_of_notice(targets, notice_id, kind)
    notice = Notice.new(
        account.pk_id, notice_id, cipher=account.cipher, kind=kind, at=clock.now_s(), **words
    )
    commit(
        create(notice, otherwise=NothingToDo),
        still or accounts.require_sessions_as_read(account, otherwise=StaleRead),
        *_written(account, notice_id, kind, words, to=None),
        *with_it,
    )


def _written(
    account: Account, notice_id: str, kind: str, words: dict[str, str], *, to: Contact | None
) -> tuple[Write, ...]:
    title, text, withheld = words["title"], words["text"], rules.may_be_withheld(kind)
    return messages.write_notice(
        account, notice_id, "notices/mail/notice", to=to, may_be_withheld=withheld, title=title, text=text
    )


# What did not arrive goes another way


def fall_back(account_id: str, delivery_id: str) -> None:
    """Send a notice as a text message, once, whose mail did not arrive, if the account has a number."""
    retrying(lambda: _fall_back(account_id, delivery_id))


def _fall_back(account_id: str, delivery_id: str) -> None:
    report = messages.delivery_of(account_id, delivery_id)
    found = read_all((report, *accounts.keys_of(account_id)))
    delivery, account = found[report], accounts.living_among(found, [account_id]).get(account_id)
    if delivery is None or delivery.failed_at is None or delivery.channel != "email" or account is None:
        return
    phone = addresses.of_kind(account, "phone")
    (notice,) = read(Notice.key(account_id, delivery.notice_id))
    if phone is None or notice is None:
        return
    notice.decrypted_with(account.cipher)
    words = {"title": notice.title, "text": notice.text}
    with suppress(NothingToDo):
        commit(
            accounts.require_sessions_as_read(account, otherwise=StaleRead),
            *_written(account, delivery.notice_id, notice.kind, words, to=phone),
        )
