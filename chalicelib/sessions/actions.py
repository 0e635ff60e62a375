"""Signing in and out, the tokens in between, and proving once more that it is you (B2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib import clock, ids
from chalicelib.accounts.actions import addresses, codes, letters, passwords, registering, resets, standing
from chalicelib.accounts.actions.addresses import Contact
from chalicelib.accounts.actions.passwords import Proved
from chalicelib.accounts.actions.registering import NewAccount
from chalicelib.accounts.records import Account
from chalicelib.accounts.shapes import Gps, Terminal
from chalicelib.activity import actions as activity
from chalicelib.aws import crypto
from chalicelib.aws.commit import MOST_WRITES, Write, change, check, commit, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import in_service_since, read
from chalicelib.errors import KeyReused, NotFound, NotSignedIn, TooMany
from chalicelib.register.vaults import Vault
from chalicelib.second_factors.actions import factors
from chalicelib.second_factors.actions import proving as second_factors
from chalicelib.second_factors.shapes import SecondFactor
from chalicelib.sessions import rules, shapes
from chalicelib.sessions.records import Session
from chalicelib.sessions.rules import ACCESS, REFRESH, Claim
from chalicelib.sessions.shapes import Tokens
from chalicelib.settings import settings

_STEP_UP = "step-up"
_PASSWORD_CHANGED = "accounts/mail/password"
_NEW_TERMINAL = "sessions/mail/new_terminal"
_TRIES = 2  # six AWS calls in all
_ENDED_TOGETHER = 90  # a transaction has room for a hundred writes


class PasswordWrong(NotSignedIn):
    en = "This address and password do not belong together."
    pl = "Ten adres i hasło do siebie nie pasują."


@dataclass
class Caller:
    """A signed-in person: what one consistent read said of them, and what the route asked to be read along."""

    account: Account
    session: Session
    vault: Vault
    language: str
    country: str
    repeat_key: str | None
    along: tuple[Any, ...] = field(default=())

    @property
    def account_id(self) -> str:
        return self.account.partition_id

    @property
    def terminal(self) -> str:
        """In words that the person knows it by."""
        return self.session.terminal

    @property
    def is_stepped_up(self) -> bool:
        until = self.session.stepped_up_until
        return until is not None and clock.now_s() < until


def claim_of(access_token: str | None) -> Claim:
    return rules.cut_token(ACCESS, access_token)


def places_of(claim: Claim) -> tuple[Key, ...]:
    return (*standing.places_of(claim.account_id), Session.key(claim.account_id, claim.session_id))


def vouch(claim: Claim, found: tuple[Any, ...], language: str, country: str, repeat_key: str | None) -> Caller:
    """The caller, if account, key and session stand and the secret is the session's; raises NotSignedIn."""
    account, vault_key, session = _standing(found)
    if not crypto.same(session.access_hash, crypto.plain_hash(claim.secret)):
        raise NotSignedIn
    if clock.now_s() >= session.access_until:
        raise NotSignedIn
    vault = vault_key.unlocked()
    return Caller(account.opened(vault), session.opened(vault), vault, language, country, repeat_key)


def _standing(found: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    account, vault_key, session = found
    if account is None or vault_key is None or not _stands(session, account):
        raise NotSignedIn
    return account, vault_key, session


def _stands(session: Session | None, account: Account) -> bool:
    if session is None or session.epoch != account.epoch:
        return False
    return bool(session.rotated_at >= in_service_since())  # or it may have ended after what was restored


def sign_in(
    contact: Contact, password: str, terminal: Terminal, repeat_key: str | None, factor: SecondFactor | None = None
) -> Tokens:
    """Open a session for an address and its password, and a second factor where the account has one; an exact repeat
    replaces the session that the first opened."""
    along = partial(_places_beside, factor, repeat_key)
    proved = _right(passwords.prove_password(contact, password, terminal.unique_id, along))
    again = partial(_proved_again, password)
    said = () if factor is None else (msgspec.json.encode(factor).decode(),)
    return open_session(proved, again, terminal, repeat_key, partial(_factor_spent, factor), *said)


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
    beside: Callable[[Proved, Any], tuple[Write, ...]],
    *said: str,
) -> Tokens:
    """Open a session for who has been proved, in one commit with what is `beside` it; the person hears of a new
    terminal. A repeat must have `said` the same.

    It is proved again if the account is not as it was read; raises TooMany if it changes all the time.
    """
    making_room = _making_room(proved.account.partition_id, repeat_key)
    for _ in range(_TRIES):
        tokens, opening = _new_session(proved.account, proved.vault, terminal, repeat_key, *said)
        spent = beside(proved, opening.record)
        telling = () if proved.is_on_known_terminal else (_telling(proved.account, terminal),)
        try:
            recorded = _recorded(proved.account, terminal)
            commit(*spent, opening, recorded, proved.forget, *telling, *making_room, *proved.learn())
            return tokens
        except standing.Changed:
            # Another terminal signed in, or the account was closed, at the same moment.
            proved = prove_again(proved)
    raise TooMany(retry_after_seconds=1)


def _places_beside(
    factor: SecondFactor | None, repeat_key: str | None, account_id: str, terminal: str
) -> tuple[Key, ...]:
    """What is read with the account where a second factor comes along; first the session, if this is a repeat."""
    if factor is None:
        return ()
    own = place_of(account_id, _session_id(account_id, repeat_key))
    return own, *second_factors.places_of(account_id, terminal, factor)


def _factor_spent(factor: SecondFactor | None, proved: Proved, opening: Any) -> tuple[Write, ...]:
    """What uses up the second factor, where one is asked for and this is not the repeat of a sign-in that did."""
    if not proved.account.second_factors:
        return ()
    before, *found = proved.along or (None,)
    if before is not None and _is_repeat(before, opening, proved.account):
        opening.assign(opened_at=before.opened_at)
        return ()
    return second_factors.spent(proved, factor, tuple(found))


def _is_repeat(before: Session, opening: Session, account: Account) -> bool:
    is_recent = clock.now_s() < before.opened_at + rules.SIGN_IN_REPEATED.total_seconds()
    return is_recent and _stands(before, account) and before.request_hash == opening.request_hash


def _recorded(account: Account, terminal: Terminal) -> Write:
    return activity.happened(account, "signed_in", who=f"{terminal.model}, {terminal.os}")


def _making_room(account_id: str, repeat_key: str | None) -> tuple[Write, ...]:
    """What ends the longest unused sessions, where one more would be too many."""
    opening = _session_id(account_id, repeat_key)
    others = [one for one in Session.list_of(account_id).items if one.place_id != opening]
    return tuple(remove(one) for one in rules.beyond(rules.MOST_SESSIONS - 1, others))


def _telling(account: Account, terminal: Terminal) -> Write:
    """What makes the person hear of a terminal that never signed in before; committed with its session."""
    at = f"{clock.now():%Y-%m-%d %H:%M} UTC"
    return letters.write(account, _NEW_TERMINAL, os=terminal.os, model=terminal.model, at=at)


def enter_by_code(registration_id: str, code: str, terminal: Terminal, repeat_key: str | None) -> Tokens:
    """Make the registration an account and open its first session, in one commit (B1a)."""
    try:
        return _enter_by_code(registration_id, code, terminal, repeat_key)
    except registering.ConfirmedMeanwhile:
        return _enter_by_code(registration_id, code, terminal, repeat_key)


def _enter_by_code(registration_id: str, code: str, terminal: Terminal, repeat_key: str | None) -> Tokens:
    try:
        new = registering.confirmed(registration_id, code, terminal.unique_id, repeat_key)
    except registering.AlreadyConfirmed as before:
        tokens, opening = _new_session(before.account, before.vault, terminal, repeat_key)
        commit(opening, _recorded(before.account, terminal))
        return tokens
    return begin(new, terminal, repeat_key)


def begin(new: NewAccount, terminal: Terminal, repeat_key: str | None, *more: Write) -> Tokens:
    """Store a new account and open its first session, in one commit with what is more."""
    tokens, opening = _new_session(new.account, new.vault, terminal, repeat_key)
    commit(*more, *new.writes, opening, _recorded(new.account, terminal))
    return tokens


def _new_session(
    account: Account, vault: Vault, terminal: Terminal, repeat_key: str | None, *said: str
) -> tuple[Tokens, Write]:
    account_id = account.partition_id
    session_id = _session_id(account_id, repeat_key)
    family = ids.new_id()
    refresh_secret = family + ids.as_text(ids.random_bytes(32))
    request_hash = crypto.keyed_hash("sign-ins", terminal.os, terminal.model, terminal.unique_id, *said)
    session = Session.new(
        account_id,
        session_id,
        vault=vault,
        epoch=account.epoch,
        opened_at=clock.now_s(),
        request_hash=request_hash,
        family_hash=crypto.plain_hash(family),
        terminal_os=terminal.os,
        terminal_model=terminal.model,
        terminal_unique_id=terminal.unique_id,
        terminal_gps=None if terminal.gps is None else [terminal.gps.latitude, terminal.gps.longitude],
    )
    values, tokens = _turn(account_id, session_id, 1, refresh_secret)
    session.assign(**values)
    same = Session.pk.does_not_exist() | (Session.request_hash == request_hash)
    return tokens, put(session, when=same, otherwise=KeyReused)


def _session_id(account_id: str, repeat_key: str | None) -> str:
    # Made of the key, so that a repeated sign-in lands on the same session: the new secrets end the old ones.
    if repeat_key is None:
        return ids.new_id()
    return ids.as_text(crypto.derived("ids", "session", account_id, repeat_key)[:16])


def _turn(account_id: str, session_id: str, generation: int, refresh_secret: str) -> tuple[dict[str, Any], Tokens]:
    """What a session stores for its n-th pair of tokens, and the pair. The access secret follows from the refresh
    secret, so that the same turn gives the same pair."""
    access_secret = ids.as_text(crypto.derived("access", session_id, str(generation), refresh_secret))
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


def refresh(refresh_token: str) -> Tokens:
    """The next pair. For 30 s a spent refresh token still yields its successor; used later, it ends the family."""
    claim = rules.cut_token(REFRESH, refresh_token)
    _, _, session = _standing(read(*places_of(claim)))
    if not crypto.same(session.family_hash, crypto.plain_hash(_family(claim))):
        raise NotSignedIn
    given = crypto.plain_hash(claim.secret)
    generation = int(session.generation)
    if crypto.same(session.refresh_hash, given):
        values, tokens = _turn(*_of(claim), generation + 1, _successor(claim, generation + 1))
        turned = change(
            session, spent_refresh_hash=given, when=Session.refresh_hash == given, otherwise=_Turned, **values
        )
        try:
            commit(turned)
        except _Turned:
            # The same token came twice at once, and the other was faster: now it is a spent one.
            return refresh(refresh_token)
        return tokens
    is_last = session.spent_refresh_hash is not None and crypto.same(session.spent_refresh_hash, given)
    if is_last and clock.now_s() < session.rotated_at + rules.REFRESH_GRACE.total_seconds():
        _, tokens = _turn(*_of(claim), generation, _successor(claim, generation))
        return replace(tokens, expires_in_seconds=int(session.access_until) - clock.now_s())
    # It was this family's once: somebody holds a copy, and nobody can say who.
    commit(remove(session))
    raise NotSignedIn


class _Turned(Exception):
    pass


def _of(claim: Claim) -> tuple[str, str]:
    return claim.account_id, claim.session_id


def _family(claim: Claim) -> str:
    """What all refresh tokens of one sign-in begin with, random: it tells a token spent long ago from a guess."""
    return claim.secret[: ids.LENGTH]


def _successor(claim: Claim, generation: int) -> str:
    turned = ids.as_text(crypto.derived("refresh", claim.session_id, str(generation), claim.secret))
    return _family(claim) + turned


def place_of(account_id: str, session_id: str) -> Key:
    return Session.key(account_id, session_id)


def sign_out(caller: Caller, *more: Write) -> None:
    """End this session; its tokens open nothing from the next request on."""
    done(remove(caller.session), _signed_out(caller, caller.session), *more, answer=None)


def _signed_out(caller: Caller, session: Session) -> Write:
    return activity.happened(caller.account, "signed_out", who=caller.terminal, about=session.terminal)


def must_stand(caller: Caller) -> Write:
    """Let a commit stand or fall with the caller's own session."""
    return check(caller.session, Session.pk.exists(), otherwise=NotSignedIn)


def sessions_of(caller: Caller) -> shapes.Sessions:
    """Every terminal that is signed in now, the one used last first."""
    found = [one for one in Session.list_of(caller.account_id).items if _stands(one, caller.account)]
    found.sort(key=lambda one: (one.rotated_at, one.opened_at, one.place_id), reverse=True)
    return shapes.Sessions(items=[_described(one.opened(caller.vault), caller) for one in found])


def _described(session: Session, caller: Caller) -> shapes.Session:
    gps = session.terminal_gps
    return shapes.Session(
        session_id=session.place_id,
        terminal=Terminal(
            os=session.terminal_os,
            model=session.terminal_model,
            unique_id=session.terminal_unique_id,
            gps=None if gps is None else Gps(latitude=gps[0], longitude=gps[1]),
        ),
        opened_at=clock.at_epoch(session.opened_at),
        last_used_at=clock.at_epoch(session.rotated_at),
        is_current=session.place_id == caller.session.place_id,
    )


def end_session(caller: Caller, session: Session | None) -> None:
    """Sign one of the person's terminals out, from its next request on; its pushes end behind the stream."""
    if session is None or not _stands(session, caller.account):
        raise NotFound
    gone = remove(session, when=Session.pk.exists(), otherwise=NotFound)
    recorded = _signed_out(caller, session.opened(caller.vault))
    done(gone, recorded, *_by_another(caller, session), answer=None)


def _by_another(caller: Caller, session: Session) -> tuple[Write, ...]:
    # DynamoDB refuses to look twice at one item in one transaction.
    return () if session.place_id == caller.session.place_id else (must_stand(caller),)


def end_other_sessions(caller: Caller) -> None:
    """Sign all the person's other terminals out, in one commit."""
    others = [one for one in Session.list_of(caller.account_id).items if one.place_id != caller.session.place_id]
    # Who signed in often in the same instant may have more of them than there can be.
    while len(others) > _ENDED_TOGETHER:
        commit(must_stand(caller), *map(remove, others[:_ENDED_TOGETHER]))
        del others[:_ENDED_TOGETHER]
    recorded = [activity.happened(caller.account, "signed_out_others", who=caller.terminal)] if others else []
    done(must_stand(caller), *map(remove, others), *recorded, answer=None)


def ask_for_step_up(caller: Caller) -> None:
    """Send a code to the account's own address."""
    where = _step_up_key(caller)
    (old,) = read(where)
    to, language = addresses.of(caller.account), caller.account.language
    codes.send_next(where, old, caller.repeat_key, lambda digits: codes.send(to, language, digits))


def step_up(caller: Caller, digits: str) -> None:
    """Ten minutes of raised trust for this session, for what cannot be undone."""
    (code,) = read(_step_up_key(caller))
    spent = codes.prove_code(code, digits)
    until = clock.epoch_s(clock.now() + rules.STEP_UP_LIFE)
    done(spent, change(caller.session, stepped_up_until=until), answer=None)


def _step_up_key(caller: Caller) -> Key:
    return codes.key_of(caller.account_id, f"{_STEP_UP}-{caller.session.place_id}")


# Passwords


def change_password(caller: Caller, current: str, new: str) -> None:
    """Set another password and end all other sessions, in one commit; the person is told (B1b)."""
    account, session = caller.account, caller.session
    changed = passwords.changed(account, current, new, session.terminal_unique_id)
    ends = _ends_of(caller.account_id, but=session.place_id)
    told = letters.write(account, _PASSWORD_CHANGED)
    recorded = activity.happened(account, "password_changed", who=caller.terminal)
    done(*changed, change(session, epoch=account.epoch), told, recorded, *ends, answer=None)


def reset_password(reset_id: str, code: str, password: str, repeat_key: str | None) -> None:
    """Set another password by a code and end all sessions, in one commit; the person is told (D3)."""
    try:
        reset = resets.proved(reset_id, code, password, repeat_key)
    except resets.AlreadyReset:
        return
    told, recorded = letters.write(reset.account, _PASSWORD_CHANGED), activity.happened(reset.account, "password_reset")
    commit(*reset.writes, told, recorded, *_ends_of(reset.account.partition_id))


def remove_second_factors(contact: Contact) -> shapes.SecondFactorsRemoved:
    """For who has lost all of them and proved to the operator who they are: they are asked for no more, all sessions
    end, and the person is told."""
    account = standing.at(contact)
    if account is None or not account.second_factors:
        return shapes.SecondFactorsRemoved(count=0)
    count, ends = len(account.second_factors), factors.ends_of_all(account)
    told = letters.write(account, "second_factors/mail/all_removed", contact=settings.operator["contact"])
    recorded = activity.happened(account, "second_factors_removed", by=activity.OPERATOR)
    commit(*ends, told, recorded, *_ends_of(account.partition_id)[: MOST_WRITES - len(ends) - 2])
    return shapes.SecondFactorsRemoved(count=count)


def _ends_of(account_id: str, but: str = "") -> list[Write]:
    """The epoch has ended them; that their rows go makes their terminals hear nothing more. The many of a few go by
    their time."""
    open_ones = Session.list_of(account_id, limit=_ENDED_TOGETHER).items
    return [remove(session) for session in open_ones if session.place_id != but]
