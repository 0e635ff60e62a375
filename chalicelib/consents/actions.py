"""Giving and withdrawing consents, and what depends on them (CONSENTS)."""

from __future__ import annotations

from functools import partial
from typing import TypeGuard

from msgspec import Struct

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.consents import rules, shapes
from chalicelib.consents.records import ConsentChange, Consenting
from chalicelib.consents.rules import Grant, Purpose, Way
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.store import keys
from chalicelib.store.commit import Write, check, commit_and_answer, create, put, remove
from chalicelib.store.retrying import retrying_from

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
    how = _How("account", caller.language, caller.terminal)
    writes = _changed(account, purpose, text, how, given=given)
    return commit_and_answer(*writes, answer=_described(caller, purpose))


class _How(Struct, frozen=True):
    """In which way somebody agreed or withdrew, in which language, and where."""

    way: Way
    language: str
    terminal: str | None = None


def _changed(account: Account, purpose: Purpose, text: rules.Text, how: _How, *, given: bool) -> tuple[Write, ...]:
    """Writes by which an account, decrypted, agrees to this text, or withdraws. Raises StaleRead on commit."""
    new = Grant(purpose, text.version, clock.now_s(), ids.new_id()) if given else None
    act = "consent_given" if given else "consent_withdrawn"
    return (
        accounts.changes_consents(account, rules.with_grant(account.consents, purpose, new)),
        create(_entry(account, purpose, text, how, given=given)),
        *_listed(account.pk_id, purpose, given=given),
        activity.record(account, act, who=how.terminal, about=purpose),
    )


def _entry(account: Account, purpose: Purpose, text: rules.Text, how: _How, *, given: bool) -> ConsentChange:
    now = clock.now()
    is_listed = given and purpose in rules.LISTED
    return ConsentChange.new(
        account.pk_id,
        f"{purpose}-{now:%Y%m%dT%H%M%S%fZ}-{ids.new_id()[:_MARK]}",
        cipher=account.cipher,
        at=clock.epoch_s(now),
        purpose=purpose,
        given=given,
        text_version=text.version,
        text_sha256=text.sha256,
        language=how.language,
        way=how.way,
        terminal=how.terminal,
        listed_at=keys.written(Consenting.key(purpose, account.pk_id)) if is_listed else None,
    )


def _listed(account_id: str, purpose: Purpose, *, given: bool) -> tuple[Write, ...]:
    """The write that puts an account among those that agree to this, or takes it off, if anybody looks for them."""
    if purpose not in rules.LISTED:
        return ()
    return (put(Consenting.new(purpose, account_id)),) if given else (remove(Consenting.key(purpose, account_id)),)


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


# Consents that are given and withdrawn by links in mails


def gives(account: Account, purpose: Purpose, version: str, language: str) -> tuple[Write, ...]:
    """Writes by which an account, decrypted, agrees to this version's text by a link in a mail; none if it agrees.
    Raises StaleRead on commit."""
    if rules.grant_of(account.consents, purpose) is not None:
        return ()
    return _changed(account, purpose, rules.text_of(purpose, version, language), _How("link", language), given=True)


def withdraws(account: Account, purpose: Purpose, way: Way) -> tuple[Write, ...]:
    """Writes by which an account, decrypted, withdraws; none if it does not agree. Raises StaleRead on commit."""
    if rules.grant_of(account.consents, purpose) is None:
        return ()
    text = rules.current_text(purpose, account.language)
    return _changed(account, purpose, text, _How(way, account.language), given=False)


# What depends on a consent


def shown_text(purpose: Purpose, language: str) -> rules.Text:
    """The text to agree to from now on."""
    return rules.current_text(purpose, language)


def agreed_text(purpose: Purpose, version: str, language: str) -> rules.Text:
    """The text of a version that somebody agreed to."""
    return rules.text_of(purpose, version, language)


def grant_of(account: Account, purpose: Purpose) -> Grant | None:
    """The consent of an account that is in force."""
    return rules.grant_of(account.consents, purpose)


def consenting(purpose: Purpose, *, limit: int, after: str | None) -> tuple[list[str], str | None]:
    """A page of the accounts that agree to a purpose of `rules.LISTED`, by their ids, and behind which id the next one
    begins; whether each still does, its own row says."""
    page = Consenting.list_of(purpose, limit=limit, after=after)
    return [one.account_id for one in page.items], page.cursor


def required(caller: Caller, purpose: Purpose) -> tuple[Grant, Write]:
    """The caller's consent, and the condition that it is still in force, to be committed with what is gathered by it.
    Raises ConsentMissing, also on commit."""
    grant = rules.grant_of(caller.account.consents, purpose)
    if grant is None:
        raise ConsentMissing
    return grant, require_in_force(caller.account, grant, otherwise=ConsentMissing)


def require_in_force(account: Account, grant: Grant, *, otherwise: type[Exception]) -> Write:
    """The condition that a consent is still in force."""
    return check(account, Account.consents.contains(grant.text), otherwise=otherwise)


def is_in_force(account: Account | None, purpose: Purpose, grant_id: str) -> bool:
    """Whether what bears this id may still be kept and read."""
    grant = None if account is None else rules.grant_of(account.consents, purpose)
    return grant is not None and grant.id == grant_id
