"""Opening a session: by a password, a code, or whatever else proves who it is (B1a, B2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from chalicelib import clock
from chalicelib.accounts.actions import passwords, registering
from chalicelib.accounts.actions.passwords import Proved
from chalicelib.accounts.actions.registering import NewAccount
from chalicelib.accounts.records import Account
from chalicelib.accounts.shapes import Terminal
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.errors import NotSignedIn, Refusal, TooMany
from chalicelib.outbox.actions import messages
from chalicelib.second_factors.actions import proving as second_factors
from chalicelib.second_factors.shapes import SecondFactor
from chalicelib.sessions import rules
from chalicelib.sessions.actions import audience, authentication
from chalicelib.sessions.actions.tokens import new_session, same_session, session_id_of
from chalicelib.sessions.records import Session
from chalicelib.sessions.shapes import Tokens
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, check, commit, put
from chalicelib.store.keys import Key
from chalicelib.store.records import Record
from chalicelib.store.retrying import retrying, retrying_from

_NEW_TERMINAL = "sessions/mail/new_terminal"
_TRIES = 2  # six AWS calls in all


class PasswordWrong(NotSignedIn):
    pass


def sign_in(
    contact: Contact, password: str, terminal: Terminal, repeat_key: str | None, factor: SecondFactor | None = None
) -> Tokens:
    """Open a session for an address and its password, and a second factor where the account has one; an exact repeat
    replaces the session that the first began."""
    beside = partial(_keys_beside, factor, repeat_key)
    proved = _right(passwords.prove_password(contact, password, terminal.unique_id, beside))
    again = partial(_proved_again, password)
    inputs = (contact.value, password, msgspec.json.encode(factor).decode())
    return open_session(proved, again, terminal, repeat_key, partial(_factor_spent, factor, repeat_key), *inputs)


def _proved_again(password: str, before: Proved) -> Proved:
    return _right(passwords.proved_again(before, password))


def _right(proved: Proved | None) -> Proved:
    if proved is None:
        raise PasswordWrong
    return proved


def open_session(
    proved: Proved,
    prove_again: Callable[[Proved], Proved],
    terminal: Terminal,
    repeat_key: str | None,
    beside: Callable[[Proved, Record], tuple[Write, ...]],
    *inputs: str,
) -> Tokens:
    """Open a session for who has been proved, in one commit with what is `beside` it and with the end of the one that
    the terminal had; the person is notified of a new terminal. A repeat must have the same `inputs`.

    It is proved again if the account is not as it was read; raises TooMany if it changes all the time.
    """
    existing = Session.list_of(proved.account.pk_id).items

    def attempt(proved: Proved) -> Tokens:
        tokens, opening = new_session(proved.account, proved.cipher, terminal, repeat_key, *inputs)
        spent = beside(proved, opening.record)
        notices = () if proved.is_on_known_terminal else (_notices(proved.account, terminal),)
        activity_row = _activity_row(proved.account, terminal)
        session_id = opening.record.sort_id
        learnt = proved.learn(session_id)
        ended = _ended(existing, session_id, _former_of(proved))
        commit(*spent, opening, activity_row, proved.forget, *notices, *audience.ends(ended), *learnt)
        return tokens

    # Another terminal may sign in, or the account be closed, at the same moment.
    return retrying_from(proved, attempt, prove_again, tries=_TRIES, otherwise=TooMany(retry_after_seconds=1))


def _keys_beside(
    factor: SecondFactor | None, repeat_key: str | None, account_id: str, terminal: str
) -> tuple[Key[Record], ...]:
    """The keys read with the account where a second factor comes too; first the session, if this is a repeat."""
    if factor is None:
        return ()
    keys = second_factors.keys_of(account_id, terminal, factor)
    return keys if repeat_key is None else (Session.key(account_id, session_id_of(account_id, repeat_key)), *keys)


def _factor_spent(
    factor: SecondFactor | None, repeat_key: str | None, proved: Proved, opening: Session
) -> tuple[Write, ...]:
    """Writes that use up the second factor, where one is required and this is not the repeat of a sign-in that did."""
    if not proved.account.second_factor_count:
        return ()
    before = None if factor is None or repeat_key is None else proved.beside[opening.own_key]
    if before is not None and _is_repeat(before, opening, proved.account):
        return ()
    return second_factors.spent(proved, factor)


def _is_repeat(before: Session, opening: Session, account: Account) -> bool:
    is_recent = clock.now_s() < before.opened_at + rules.SIGN_IN_REPEATED.total_seconds()
    return is_recent and authentication.is_valid(before, account) and before.request_hash == opening.request_hash


def _activity_row(account: Account, terminal: Terminal) -> Write:
    return activity.record(account, "signed_in", who=f"{terminal.model}, {terminal.os}")


def _former_of(proved: Proved) -> Session | None:
    """The session that the terminal had last, as it is where it is not among those that were listed."""
    known = proved.known_terminal
    return None if known is None else Session.new(proved.account.pk_id, known.session_id)


def _ended(existing: list[Session], opening_id: str, former: Session | None) -> list[Session]:
    """The sessions that end as another one opens: the one that the same terminal had, and the longest unused of too
    many."""
    others = {one.sort_id: one for one in existing if one.sort_id != opening_id}
    replaced = [] if former is None or former.sort_id == opening_id else [others.pop(former.sort_id, former)]
    return [*replaced, *rules.beyond(rules.MOST_SESSIONS - 1, others.values())]


def _notices(account: Account, terminal: Terminal) -> Write:
    """Writes that notify the person of a terminal that never signed in before; committed with its session."""
    at = f"{clock.now():%Y-%m-%d %H:%M} UTC"
    return messages.write(account, _NEW_TERMINAL, os=terminal.os, model=terminal.model, at=at)


def enter_by_code(registration_id: str, code: str, terminal: Terminal, repeat_key: str | None) -> Tokens:
    """Make the registration an account and open its first session, in one commit (B1a)."""
    return retrying(partial(_enter_by_code, registration_id, code, terminal, repeat_key), tries=_TRIES)


def _enter_by_code(registration_id: str, code: str, terminal: Terminal, repeat_key: str | None) -> Tokens:
    try:
        new = registering.confirmed(registration_id, code, repeat_key)
    except registering.AlreadyConfirmed as before:
        return begin_again(before.account, before.cipher, terminal, repeat_key, otherwise=before.otherwise)
    return begin(new, terminal, repeat_key)


def begin(
    new: NewAccount, terminal: Terminal, repeat_key: str | None, *more: Write, inputs: tuple[str, ...] = ()
) -> Tokens:
    """Store a new account and open its first session, in one commit with what is more."""
    tokens, opening = new_session(new.account, new.cipher, terminal, repeat_key, *inputs)
    account_id = new.account.pk_id
    hashed = passwords.terminal_hash(account_id, terminal.unique_id)
    seen = put(passwords.seen_terminal(account_id, hashed, opening.record.sort_id))
    commit(*more, *new.writes, opening, seen, _activity_row(new.account, terminal))
    return tokens


def begin_again(
    account: Account, cipher: SubjectCipher, terminal: Terminal, repeat_key: str | None, *, otherwise: type[Refusal]
) -> Tokens:
    """New tokens for the exact repeat of what made an account, in place of those of its first session.

    For a day, and while that session exists and what opens others is as it was: raises `otherwise` after that, and
    KeyReused for another request.
    """
    first_generation = Account.session_generation.default_for_new
    if clock.now_s() >= account.registered_at + rules.REPEAT_LIFE.total_seconds():
        raise otherwise
    as_begun = (Account.session_generation == first_generation) & (Account.second_factor_count == 0)
    begun = check(account, as_begun, otherwise=otherwise)
    return open_again(account, cipher, terminal, repeat_key, begun, otherwise=otherwise)


def open_again(
    account: Account,
    cipher: SubjectCipher,
    terminal: Terminal,
    repeat_key: str | None,
    *more: Write,
    inputs: tuple[str, ...] = (),
    otherwise: type[Refusal],
) -> Tokens:
    """New tokens for the exact repeat of what began a session and was used up by it, if that session still exists, in
    one commit with what is more. Raises KeyReused and `otherwise`."""
    tokens, opening = same_session(account, cipher, terminal, repeat_key, *inputs, otherwise=otherwise)
    commit(*more, opening, _activity_row(account, terminal))
    return tokens
