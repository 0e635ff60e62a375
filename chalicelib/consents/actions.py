"""Giving and withdrawing consents, and what depends on them (CONSENTS)."""

from __future__ import annotations

from functools import partial
from typing import TypeGuard

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.consents import rules, shapes
from chalicelib.consents.records import ConsentChange
from chalicelib.consents.rules import Grant, Purpose
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.store.commit import Write, check, commit_and_answer, create
from chalicelib.store.retrying import retrying_from

_BY_ACCOUNT = "account"
# Of a random id so much that two changes in one microsecond are two.
_MARK = 12


class ConsentMissing(Forbidden):
    """403: the person has not agreed to it, or not any more."""


class TextVersionOld(Conflict):
    """409: `text_version` is the one to show and to agree to."""


def consents_of(caller: Caller) -> shapes.Consents:
    """All purposes, with their texts and whether the caller agrees; as the account's row said it with the session."""
    return shapes.Consents(items=[_described(caller, purpose) for purpose in rules.PURPOSES])


def _described(caller: Caller, purpose: Purpose) -> shapes.Consent:
    text, grant = rules.current_text(purpose, caller.language), rules.grant_of(caller.account.consents, purpose)
    return shapes.Consent(
        purpose=purpose,
        given=grant is not None,
        text_version=text.version,
        text=text.words,
        given_at=None if grant is None else clock.at_epoch(grant.given_at),
        given_text_version=None if grant is None else grant.text_version,
    )


def change_consent(caller: Caller, purpose: str, body: shapes.ChangeConsent) -> shapes.Consent:
    """Give or withdraw a consent; what stands already is not recorded again. What was gathered by one that is withdrawn
    cannot be read from this commit on, and is deleted behind the stream.

    Raises NotFound, TextVersionOld.
    """
    known = _known(purpose)
    version = rules.current_text(known, caller.language).version
    if body.given and body.text_version != version:
        raise TextVersionOld(text_version=version)
    return retrying_from(caller, partial(_change, known, body.given), accounts.caller_read_again)


def _known(purpose: str) -> Purpose:
    if not _is_purpose(purpose):
        raise NotFound
    return purpose


def _is_purpose(word: str) -> TypeGuard[Purpose]:
    return word in rules.PURPOSES


def _change(purpose: Purpose, given: bool, caller: Caller) -> shapes.Consent:
    account, before = caller.account, rules.grant_of(caller.account.consents, purpose)
    text = rules.current_text(purpose, caller.language)
    agreed = None if before is None else before.text_version
    if agreed == (text.version if given else None):
        is_open = check(account, Account.pk.exists(), otherwise=NotFound)
        return commit_and_answer(is_open, answer=_described(caller, purpose))
    new = Grant(purpose, text.version, clock.now_s(), ids.new_id()) if given else None
    changed = accounts.changes_consents(account, rules.with_grant(account.consents, purpose, new))
    return commit_and_answer(
        changed,
        create(_entry(caller, purpose, text, given=given)),
        activity.record(
            account, "consent_given" if given else "consent_withdrawn", who=caller.terminal, about=purpose
        ),
        answer=_described(caller, purpose),
    )


def _entry(caller: Caller, purpose: Purpose, text: rules.Text, *, given: bool) -> ConsentChange:
    now = clock.now()
    return ConsentChange.new(
        caller.account_id,
        f"{purpose}-{now:%Y%m%dT%H%M%S%fZ}-{ids.new_id()[:_MARK]}",
        cipher=caller.cipher,
        at=clock.epoch_s(now),
        purpose=purpose,
        given=given,
        text_version=text.version,
        text_sha256=text.sha256,
        language=caller.language,
        way=_BY_ACCOUNT,
        terminal=caller.terminal,
    )


def history_of(caller: Caller, purpose: str, limit: int, cursor: str | None) -> shapes.ConsentHistory:
    """When the caller gave and withdrew a consent, newest first. Raises NotFound."""
    bound = f"{_known(purpose)}-"
    page = ConsentChange.list_of(
        caller.account_id, first=bound, last=bound, newest_first=True, limit=limit, after=cursor
    )
    entries = [one.decrypted_with(caller.cipher) for one in page.items]
    return shapes.ConsentHistory(items=[_shown(one) for one in entries], cursor=page.cursor)


def _shown(entry: ConsentChange) -> shapes.ConsentChange:
    return shapes.ConsentChange(
        at=clock.at_epoch(entry.at),
        given=entry.given,
        text_version=entry.text_version,
        text_sha256=entry.text_sha256,
        language=entry.language,
        way=entry.way,
        terminal=entry.terminal,
    )


# What depends on a consent


def required(caller: Caller, purpose: Purpose) -> tuple[Grant, Write]:
    """The caller's consent, and the condition that it is still in force, to be committed with what is gathered by it.
    Raises ConsentMissing, also on commit."""
    grant = rules.grant_of(caller.account.consents, purpose)
    if grant is None:
        raise ConsentMissing
    return grant, check(caller.account, Account.consents.contains(grant.text), otherwise=ConsentMissing)


def is_in_force(account: Account | None, purpose: Purpose, grant_id: str) -> bool:
    """Whether what bears this id may still be kept and read."""
    grant = None if account is None else rules.grant_of(account.consents, purpose)
    return grant is not None and grant.id == grant_id
