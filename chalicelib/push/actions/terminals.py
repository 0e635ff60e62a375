"""Push addresses of terminals: taken, replaced, and forgotten at SNS behind the commit that ends them (B11)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.aws import sns
from chalicelib.aws.sns import NotSent
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Refusal
from chalicelib.push.records import Endpoint, EndpointRemoval, UnnamedEndpoint
from chalicelib.sessions.actions import audience, authentication
from chalicelib.sessions.actions.audience import Target
from chalicelib.sessions.records import Session
from chalicelib.settings import settings
from chalicelib.store import ciphers
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import (
    Write,
    absent,
    change,
    commit,
    commit_and_answer,
    create,
    is_set,
    put,
    remove,
)
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying, retrying_from

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


# A token has 4 KB at most, and an item 400.
_LEFT_TOGETHER = 50


class PlatformMissing(Conflict):
    pass


# Taken


def take_pushes(caller: Caller, platform: str, token: str) -> None:
    """Push to this terminal from now on; an address it had before is forgotten.

    The row comes before SNS's copy of the token and names it after, so that a copy without a row cannot be; and while
    its session exists, so that whoever ends the session finds it.
    """
    if not settings.platform_application_arn(platform):
        raise PlatformMissing
    (held,) = read(_own_key(caller))
    # The terminal may ask twice at once, or the password be changed meanwhile.
    retrying_from(held, partial(_take, caller, platform, token), lambda _: _read_again(caller))


def _read_again(caller: Caller) -> Endpoint | None:
    authentication.read_again(caller)
    (held,) = read(_own_key(caller))
    return held


def _take(caller: Caller, platform: str, token: str, held: Endpoint | None) -> None:
    if held is not None and _is_taken(caller, held.decrypted_with(caller.cipher), platform, token):
        return
    endpoint = Endpoint.new(
        caller.account_id, caller.session.sort_id, cipher=caller.cipher, platform=platform, token=token
    )
    begun = put(endpoint, when=_has_as_read(held), otherwise=StaleRead)
    commit(_require_account(caller), *_replacing(caller.session, held), begun)
    arn = _open(platform, token, endpoint.holder)
    try:
        commit_and_answer(*_naming(caller, endpoint, arn), answer=None)
    except (Refusal, StaleRead):
        _abandon(caller, endpoint, arn)
        raise


def _own_key(caller: Caller) -> Key[Endpoint]:
    return Endpoint.key(caller.account_id, caller.session.sort_id)


def _is_taken(caller: Caller, held: Endpoint, platform: str, token: str) -> bool:
    if held.arn is None or held.arn != caller.session.push_arn or (held.platform, held.token) != (platform, token):
        return False
    # Somebody else may have had the phone meanwhile, or have it now: then it is taken anew.
    try:
        arn = sns.open_endpoint(platform, token, held.holder)
    except sns.HeldByAnother:
        return False
    return arn == str(held.arn) and sns.enable_endpoint(arn, token)


def _replacing(session: Session, held: Endpoint | None) -> tuple[Write, ...]:
    """Writes that end the address of before, but for its row, which the new one takes; the session must exist."""
    if held is not None and held.arn is None:
        sns.close_token(held.platform, held.token, held.holder)
    removal = () if held is None or held.arn is None else (_removal_of(held),)
    return *audience.loses(session), *removal


def _has_as_read(held: Endpoint | None) -> Condition:
    """The condition that the row is the one that was read, if there was one. The sealed token is like no other."""
    if held is None:
        return absent(Endpoint)
    as_read: Condition = (Endpoint.token == held.attribute_values["token"]) & is_set(Endpoint.arn, held.arn)
    return as_read


def _naming(caller: Caller, endpoint: Endpoint, arn: str) -> tuple[Write, ...]:
    as_put = _has_as_read(endpoint)
    return (
        _require_account(caller),
        *audience.gains(caller.session, arn),
        change(endpoint, when=as_put, otherwise=StaleRead, arn=arn),
    )


def _require_account(caller: Caller) -> Write:
    """Sessions of another generation, and of a closed account, have ended, though their rows may still be there."""
    return accounts.require_sessions_as_read(caller.account, otherwise=StaleRead)


def _abandon(caller: Caller, endpoint: Endpoint, arn: str) -> None:
    """Have SNS forget what could not be named, unless the terminal asked for the same at once, which names it."""
    (now,) = read(endpoint.own_key)
    is_others = now is not None and now.attribute_values["token"] != endpoint.attribute_values["token"]
    if now is None or not is_others or not _is_same(now.decrypted_with(caller.cipher), endpoint):
        sns.close_endpoint_of(arn, endpoint.holder)


def _is_same(one: Endpoint, other: Endpoint) -> bool:
    return bool((one.platform, one.token) == (other.platform, other.token))


def _open(platform: str, token: str, holder: str) -> str:
    """The person who held this phone before, and never signed out, gets nothing more there: SNS keeps the endpoint's
    name for the token, so what is pushed to it would reach who holds the phone now."""
    try:
        arn = sns.open_endpoint(platform, token, holder)
    except sns.HeldByAnother as before:
        account_id, _, session_id = before.holder.partition(" ")
        _forget(Target(account_id, session_id, before.arn), unnamed_too=True)
        sns.close_endpoint(before.arn)
        arn = _open_freed(platform, token, holder)
    if not sns.enable_endpoint(arn, token):
        raise StaleRead  # the session may just have ended, and its address been forgotten
    return arn


def _open_freed(platform: str, token: str, holder: str) -> str:
    """Raises StaleRead if somebody took the phone once more in the meantime: the last one has it."""
    try:
        return sns.open_endpoint(platform, token, holder)
    except sns.HeldByAnother as overtaken:
        raise StaleRead from overtaken


# Forgotten


def _forget(target: Target, *, unnamed_too: bool = False) -> None:
    """Push nowhere that is not there any more, or another's, in one commit with the row's end: behind it SNS forgets
    the address. Nothing is done if it is not the terminal's.

    `unnamed_too`: the holder may just be about to write down the address that SNS has given out; with the row gone that
    fails, and begins anew.
    """
    retrying(partial(_forget_as_read, target, unnamed_too))


def _forget_as_read(target: Target, unnamed_too: bool) -> None:
    held, session = read(
        Endpoint.key(target.account_id, target.session_id), Session.key(target.account_id, target.session_id)
    )
    if held is not None and held.arn == target.arn:
        commit(*_forgetting(held, session))
    elif held is not None and held.arn is None and unnamed_too:
        commit(remove(held, when=_has_as_read(held), otherwise=StaleRead))


def _forgetting(held: Endpoint, session: Session | None) -> tuple[Write, ...]:
    """Nobody pushes there from the commit on. SNS forgets the address behind the stream: whatever it answers, and how
    long it takes, is in nobody's way."""
    target = Target(held.pk_id, held.sort_id, held.arn)
    ended = audience.without(target) if session is None else audience.loses(session)
    return remove(held, when=_has_as_read(held), otherwise=StaleRead), *ended, _removal_of(held)


def _removal_of(held: Endpoint) -> Write:
    return create(EndpointRemoval.new(held.pk_id, held.sort_id, ids.new_id(), arn=held.arn))


def forget_dead(target: Target) -> None:
    """Forget a terminal that its platform does not know any more; the app says its token again when it is opened.

    Raises NotSent if the terminal has come back meanwhile.
    """
    state = sns.state_of(target.arn)
    if state is not None and state.is_enabled:
        raise NotSent
    _forget(target)


def forget_ended_session(pk_id: str, sort_id: str) -> None:
    """A session is gone, however it went, or an address of one: nobody pushes there any more, and SNS forgets it.
    Nothing is done about what is there no more, or still exists."""
    retrying(partial(_forget_ended, pk_id, sort_id))


def _forget_ended(pk_id: str, sort_id: str) -> None:
    session_id = EndpointRemoval.new(pk_id, sort_id).session_id
    session, held, removal, unnamed, key = read(
        Session.key(pk_id, session_id),
        Endpoint.key(pk_id, session_id),
        EndpointRemoval.key(pk_id, sort_id),
        UnnamedEndpoint.key(pk_id, sort_id),
        ciphers.key_of(pk_id),
    )
    if key is None:
        return  # what was left of an account was noted for its erasure
    if unnamed is not None:
        for platform, token, holder in unnamed.decrypted_with(key.unlocked()).tokens:
            sns.close_token(platform, token, holder)
        commit(remove(unnamed), remove(key, is_noted=False))
    if removal is not None:
        _have_forgotten(removal, held, key)
    if held is not None:
        _forget_unless_current(held, session, key)


def _have_forgotten(removal: EndpointRemoval, held: Endpoint | None, key: DataKey) -> None:
    if held is None or not _is_same_address(removal, held, key):
        sns.close_endpoint_of(removal.arn, removal.holder)
    commit(remove(removal))


def _is_same_address(removal: EndpointRemoval, held: Endpoint, key: DataKey) -> bool:
    """Whether the terminal has come back to the address, to which SNS gives the same name, or is about to: then its row
    answers for what SNS has of it. A row may stay without a name for as long as the terminal does not ask again."""
    if held.arn is not None:
        return bool(held.arn == removal.arn)
    state = sns.state_of(removal.arn)
    return state is not None and state.token == held.decrypted_with(key.unlocked()).token


def _forget_unless_current(held: Endpoint, session: Session | None, key: DataKey) -> None:
    if held.arn is not None:
        # The exact repeat of a sign-in may have begun the session anew, which knows nothing of the address.
        if session is None or session.push_arn != held.arn:
            commit(*_forgetting(held, session))
    elif session is None:
        sns.close_token(held.platform, held.decrypted_with(key.unlocked()).token, held.holder)
        commit(remove(held, when=_has_as_read(held), otherwise=StaleRead))


# Left by who closes the account


def leave_unfinished(account: Account) -> tuple[tuple[str, str], ...]:
    """Before the key to its token is destroyed: what SNS may hold under a name that never reached its row is written
    down with a key of its own, and SNS forgets it behind the stream; the subjects that this makes."""
    unfinished = [held for held in Endpoint.list_of(account.pk_id).items if held.arn is None]
    # A subject for many of them: whatever SNS has not answered, the commit that closes the account stays small.
    together = [unfinished[first : first + _LEFT_TOGETHER] for first in range(0, len(unfinished), _LEFT_TOGETHER)]
    return tuple(_leave(account, several) for several in together)


def _leave(account: Account, several: list[Endpoint]) -> tuple[str, str]:
    left_id, until = ids.new_id(), clock.now() + UnnamedEndpoint.spared_for
    cipher, data_key_row = ciphers.new_cipher(left_id, until=until)
    tokens = [[one.platform, one.decrypted_with(account.cipher).token, one.holder] for one in several]
    ends = data_key_row.expires_at
    left = UnnamedEndpoint.new(left_id, left_id, cipher=cipher, tokens=tokens, expires_at=ends)
    commit(create(left), create(data_key_row))
    return UnnamedEndpoint.pk_prefix, left_id
