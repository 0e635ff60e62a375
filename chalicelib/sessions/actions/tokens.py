"""A session's tokens: the first pair, and each next one for a refresh token (B2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes, passwords
from chalicelib.accounts.records import Account
from chalicelib.accounts.shapes import Terminal
from chalicelib.errors import KeyReused, NotSignedIn
from chalicelib.sessions import rules
from chalicelib.sessions.actions import audience, authentication
from chalicelib.sessions.records import Session
from chalicelib.sessions.rules import ACCESS, REFRESH, Claim
from chalicelib.sessions.shapes import Tokens
from chalicelib.store import crypto
from chalicelib.store.ciphers import DataKey, SubjectCipher
from chalicelib.store.commit import Otherwise, Write, change, commit, merge, put
from chalicelib.store.keys import RawItem
from chalicelib.store.records import in_service_since, read_all
from chalicelib.store.retrying import StaleRead, retrying

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

# What a repeat leaves as it is, beside what says which session it is.
_NOT_REPLACED = frozenset({"pk", "sk", "commit_id", "opened_at", "push_arn"})


def new_session(
    account: Account, cipher: SubjectCipher, terminal: Terminal, repeat_key: str | None, *inputs: str
) -> tuple[Tokens, Write]:
    """The tokens of a new session, and what stores it; of a repeat, which must have the same `inputs`, those before
    die. On commit it raises KeyReused."""
    tokens, session = _made(account, cipher, terminal, repeat_key, inputs)
    same = Session.pk.does_not_exist() | (Session.request_hash == session.request_hash)
    return tokens, _stored(session, when=same, otherwise=KeyReused)


def same_session(
    account: Account,
    cipher: SubjectCipher,
    terminal: Terminal,
    repeat_key: str | None,
    *inputs: str,
    otherwise: type[BaseException],
) -> tuple[Tokens, Write]:
    """The same for the exact repeat of what is used up: the session that it began must exist.

    On commit it raises KeyReused for another request, and `otherwise` if the session has ended.
    """
    tokens, session = _made(account, cipher, terminal, repeat_key, inputs)
    is_readable = (Session.session_generation == account.session_generation) & (
        Session.rotated_at >= in_service_since()
    )
    same = (Session.request_hash == session.request_hash) & is_readable

    def refusal(existing: RawItem | None) -> BaseException:
        is_other = existing is not None and existing["request_hash"]["S"] != session.request_hash
        return KeyReused() if is_other else otherwise()

    return tokens, _stored(session, when=same, otherwise=refusal)


def _stored(session: Session, *, when: Condition, otherwise: Otherwise) -> Write:
    """Store it in place of the one that this is the repeat of, which began when it began, and keeps its terminal's push
    address."""
    actions = [_stored_value(session, name) for name in Session.get_attributes() if name not in _NOT_REPLACED]
    began = Session.opened_at.set(Session.opened_at | session.opened_at)
    return merge(session, *actions, began, when=when, otherwise=otherwise)


def _stored_value(session: Session, name: str) -> Action:
    value = session.attribute_values.get(name)
    action: Action = getattr(Session, name).remove() if value is None else getattr(Session, name).set(value)
    return action


def _made(
    account: Account, cipher: SubjectCipher, terminal: Terminal, repeat_key: str | None, inputs: tuple[str, ...]
) -> tuple[Tokens, Session]:
    account_id = account.pk_id
    session_id = session_id_of(account_id, repeat_key)
    family = ids.new_id()
    refresh_secret = family + ids.as_text(ids.random_bytes(32))
    # The client's key is kept nowhere: without it nobody can guess at the inputs, a password above all.
    every = (repeat_key or ids.new_id(), msgspec.json.encode(terminal).decode(), *inputs)
    session = Session.new(
        account_id,
        session_id,
        cipher=cipher,
        session_generation=account.session_generation,
        opened_at=clock.now_s(),
        request_hash=crypto.keyed_hash("sign-ins", *every),
        family_hash=crypto.plain_hash(family),
        terminal_os=terminal.os,
        terminal_model=terminal.model,
        terminal_unique_id=terminal.unique_id,
        terminal_gps=None if terminal.gps is None else [terminal.gps.latitude, terminal.gps.longitude],
    )
    values, tokens = _turn(account_id, session_id, 1, refresh_secret)
    session.assign(**values)
    return tokens, session


def session_id_of(account_id: str, repeat_key: str | None) -> str:
    # Made of the key, so that a repeated sign-in lands on the same session: the new secrets end the old ones.
    if repeat_key is None:
        return ids.new_id()
    return ids.as_text(crypto.derived("ids", "session", account_id, repeat_key)[:16])


def _turn(
    account_id: str, session_id: str, generation: int, refresh_secret: str
) -> tuple[dict[str, Any], Tokens]:
    """The attributes of a session for its n-th pair of tokens, and the pair. The access secret follows from the refresh
    secret, so that the same turn gives the same pair."""
    turned = ids.as_text(crypto.derived("access", session_id, str(generation), refresh_secret))
    access_secret = _lasting(session_id, refresh_secret[: ids.LENGTH]) + turned
    now = clock.now()
    values = {
        "access_hash": crypto.plain_hash(access_secret),
        "access_until": clock.epoch_s(now + rules.ACCESS_LIFE),
        "refresh_hash": crypto.plain_hash(refresh_secret),
        "rotated_at": clock.epoch_s(now),
        "generation": generation,
        "expires_at": clock.epoch_s(now + rules.SESSION_LIFE),
    }
    tokens = Tokens(
        account_id=account_id,
        access_token=rules.token(ACCESS, account_id, session_id, access_secret),
        refresh_token=rules.token(REFRESH, account_id, session_id, refresh_secret),
        expires_in_seconds=int(rules.ACCESS_LIFE.total_seconds()),
    )
    return values, tokens


def refresh(refresh_token: str, repeat_key: str | None) -> Tokens:
    """The next pair. A spent refresh token yields its successor, however late, as long as neither of the successor's
    tokens was used, and to the exact repeat of the request for a day; else its use ends the family."""
    # The same token may come twice at the same time, or its successor be used meanwhile.
    return retrying(partial(_refresh, rules.parse_token(REFRESH, refresh_token), repeat_key))


def _refresh(claim: Claim, repeat_key: str | None) -> Tokens:
    account, data_key_row, session = authentication.of(claim, read_all(authentication.keys_of(claim)))
    if not crypto.same(session.family_hash, crypto.plain_hash(_family(claim))):
        raise NotSignedIn
    given = crypto.plain_hash(claim.secret)
    if crypto.same(session.refresh_hash, given):
        more = (*_keeping_terminal_known(session, data_key_row), *account_writes.is_used(account))
        return _turned(session, claim, given, repeat_key, *more)
    if session.spent_refresh_hash is not None and crypto.same(session.spent_refresh_hash, given):
        return _yielded_again(session, claim, given)
    if _is_repeat(session, claim, repeat_key):
        _, tokens = _turn(*_of(claim), int(session.generation), _successor(claim, int(session.generation)))
        return replace(tokens, expires_in_seconds=max(0, int(session.access_until) - clock.now_s()))
    # It was this family's before: somebody holds a copy, and nobody can say who.
    commit(*audience.ends([session]))
    raise NotSignedIn


def _keeping_terminal_known(session: Session, data_key_row: DataKey) -> tuple[Write, ...]:
    """The write that notes the use of the session's terminal, once in each month of the session's life."""
    if not rules.is_first_use_in_month(session.opened_at, session.rotated_at, clock.now_s()):
        return ()
    unique_id = session.decrypted_with(data_key_row.unlocked()).terminal_unique_id
    terminal = passwords.terminal_hash(session.pk_id, unique_id)
    return (put(passwords.seen_terminal(session.pk_id, terminal, session.sort_id)),)


def _turned(session: Session, claim: Claim, given: str, repeat_key: str | None, *more: Write) -> Tokens:
    generation = int(session.generation) + 1
    values, tokens = _turn(*_of(claim), generation, _successor(claim, generation))
    inputs = {"spent_refresh_hash": given, "refreshed_by": _refreshed_by(claim, repeat_key)}
    commit(change(session, when=Session.refresh_hash == given, otherwise=StaleRead, **inputs, **values), *more)
    return tokens


def _yielded_again(session: Session, claim: Claim, given: str) -> Tokens:
    """The same successor, which begins to live only now: the answer that brought it may never have arrived."""
    generation = int(session.generation)
    values, tokens = _turn(*_of(claim), generation, _successor(claim, generation))
    commit(change(session, when=Session.spent_refresh_hash == given, otherwise=StaleRead, **values))
    return tokens


def _is_repeat(session: Session, claim: Claim, repeat_key: str | None) -> bool:
    """A slow first try may come after the answer to its repeat was used: who knows the key is the same client."""
    asked_by = _refreshed_by(claim, repeat_key)
    is_same = asked_by is not None and session.refreshed_by == asked_by
    return is_same and clock.now_s() < session.rotated_at + rules.REFRESH_REPEATED.total_seconds()


def _refreshed_by(claim: Claim, repeat_key: str | None) -> str | None:
    return None if repeat_key is None else crypto.keyed_hash("refreshes", claim.session_id, claim.secret, repeat_key)


def _of(claim: Claim) -> tuple[str, str]:
    return claim.account_id, claim.session_id


def _family(claim: Claim) -> str:
    """The beginning of all refresh tokens of one sign-in, random: it tells a token spent long ago from a guess."""
    return claim.secret[: ids.LENGTH]


def _lasting(session_id: str, family: str) -> str:
    """The beginning of the family's access tokens; see `Claim.lasting`."""
    return ids.as_text(crypto.derived("access/lasting", session_id, family))[: rules.LASTING_CHARACTERS]


def _successor(claim: Claim, generation: int) -> str:
    turned = ids.as_text(crypto.derived("refresh", claim.session_id, str(generation), claim.secret))
    return _family(claim) + turned
