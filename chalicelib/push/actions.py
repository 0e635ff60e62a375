"""Push notifications: the registered terminals, and sending to them (B11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.aws import sns, sqs
from chalicelib.aws.sns import NotSent, Push
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Refusal, Unavailable
from chalicelib.push.records import Endpoint, EndpointRemoval, UnnamedEndpoint
from chalicelib.sessions.actions import authentication as sessions
from chalicelib.sessions.records import Session
from chalicelib.settings import settings
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, change, commit, commit_and_answer, create, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import retrying, retrying_from

# Who looks in the morning learns of the night; what is older is in the list. An invitation waits as long as itself.
_ALARM_TTL, _SHARE_TTL = timedelta(days=1), timedelta(days=7)
# The queue of pushes that did not reach their terminal.
FAILED = "FailedPushes"


class PlatformMissing(Conflict):
    pass


def take_pushes(caller: Caller, platform: str, token: str) -> None:
    """Push to this terminal from now on; an address it had before is forgotten.

    The row comes before SNS's copy of the token and names it after, so that a copy without a row cannot be; and while
    its session exists, so that whoever ends the session finds it.
    """
    if not settings.platform_application_arn(platform):
        raise PlatformMissing
    (held,) = read(_own_key(caller))
    if held is not None and _is_taken(held.decrypted_with(caller.cipher), platform, token):
        return
    endpoint = Endpoint.new(
        caller.account_id, caller.session.sort_id, cipher=caller.cipher, platform=platform, token=token
    )
    _commit_as_read(caller, lambda: commit(sessions.require_exists(caller), *_replacing(caller, held), put(endpoint)))
    endpoint_arn = _open(endpoint.platform, token, endpoint.holder)
    try:
        _commit_as_read(caller, lambda: commit_and_answer(*_taking(caller, endpoint, endpoint_arn), answer=None))
    except Refusal:
        sns.close_endpoint(endpoint_arn)
        raise


def _is_taken(held: Endpoint, platform: str, token: str) -> bool:
    if held.arn is None or (held.platform, held.token) != (platform, token):
        return False
    # Somebody else may have had the phone meanwhile: then it is taken anew.
    return _open(platform, token, held.holder) == str(held.arn)


def _open(platform: str, token: str, holder: str) -> str:
    """The person who held this phone before, and never signed out, gets nothing more there: SNS keeps the endpoint's
    name for the token, so what is pushed to it would reach who holds the phone now."""
    try:
        arn = sns.open_endpoint(platform, token, holder)
    except sns.HeldByAnother as before:
        _end_for(before.arn, before.holder)
        sns.close_endpoint(before.arn)
        arn = sns.open_endpoint(platform, token, holder)
    sns.enable_endpoint(arn, token)
    return arn


def _end_for(arn: str, holder: str) -> None:
    account_id, _, session_id = holder.partition(" ")

    def attempt() -> None:
        held, account = read(Endpoint.key(account_id, session_id), Account.key(account_id))
        if held is not None and account is not None and held.arn == arn:
            commit(*_forgetting(account, held))

    retrying(attempt)


def _taking(caller: Caller, endpoint: Endpoint, arn: str) -> tuple[Write, ...]:
    # The sealed token is like no other: only the row that was put is named.
    as_put = Endpoint.token == endpoint.attribute_values["token"]
    targets = access.subscribe(access.device_ids_of(caller.account_id), caller.account_id, arn)
    return change(endpoint, arn=arn, when=as_put), accounts.gains_endpoint(caller.account, arn), *targets


def _replacing(caller: Caller, held: Endpoint | None) -> tuple[Write, ...]:
    """Writes that end the address of before, but for its row, which the new one takes."""
    if held is None:
        return ()
    if held.arn is None:
        sns.close_token(held.platform, held.token, held.holder)
        return ()
    return _forgetting(caller.account, held)[1:]


def forget_terminal(caller: Caller, end: Callable[..., None]) -> None:
    """End pushes to this terminal in the same commit as its session, which `end` ends."""
    (held,) = read(_own_key(caller))
    # One without a name gets nothing; that its session is gone makes SNS forget it.
    named = None if held is None or held.arn is None else held
    _commit_as_read(caller, lambda: end(caller, *(() if named is None else _forgetting(caller.account, named))))


def _forgetting(account: Account, held: Endpoint) -> tuple[Write, ...]:
    """Nobody pushes there from the commit on. SNS forgets the address behind the stream: whatever it answers, and how
    long it takes, is in nobody's way."""
    targets = access.unsubscribe(access.device_ids_of(account.pk_id), account.pk_id, held.arn)
    removal = EndpointRemoval.new(account.pk_id, held.sort_id, ids.new_id(), arn=held.arn)
    return remove(held), accounts.loses_endpoint(account, held.arn), *targets, create(removal)


def forget_ended_session(pk_id: str, sort_id: str) -> None:
    """A session is gone, however it went, or an address of one: nobody pushes there any more, and SNS forgets it.
    Nothing is done about what is there no more, or still exists."""
    session, held, removal, unnamed, account, key = read(
        Session.key(pk_id, sort_id),
        Endpoint.key(pk_id, sort_id),
        EndpointRemoval.key(pk_id, sort_id),
        UnnamedEndpoint.key(pk_id, sort_id),
        *accounts.keys_of(pk_id),
    )
    if unnamed is not None and key is not None:
        sns.close_token(unnamed.platform, unnamed.decrypted_with(key.unlocked()).token, unnamed.holder)
        commit(remove(unnamed), remove(key))
    if account is None or key is None:
        return  # what was left was noted for the erasure
    if removal is not None:
        if held is not None and held.arn is None:
            # The terminal is just coming back, perhaps to the same address: called again in a while, it is known.
            raise Unavailable(retry_after_seconds=1)
        _have_forgotten(account, removal)
    if session is None and held is not None:
        _forget(account, held.decrypted_with(key.unlocked()))


def _forget(account: Account, held: Endpoint) -> None:
    if held.arn is None:
        sns.close_token(held.platform, held.token, held.holder)
        commit(remove(held))
    else:
        commit(*_forgetting(account, held))


def _have_forgotten(account: Account, removal: EndpointRemoval) -> None:
    # The terminal may have come back to the same address meanwhile, to which SNS gives the same name.
    if removal.arn not in (account.endpoints or ()):
        sns.close_endpoint_of(removal.arn, removal.holder)
    commit(remove(removal))


def leave_unfinished(account: Account) -> tuple[tuple[str, str], ...]:
    """Before the key to its token is destroyed: what SNS may hold under a name that never reached its row is written
    down with a key of its own, and SNS forgets it behind the stream; the subjects that this makes."""
    unfinished = [held for held in Endpoint.list_of(account.pk_id).items if held.arn is None]
    return tuple(_leave(account, held) for held in unfinished)


def _leave(account: Account, held: Endpoint) -> tuple[str, str]:
    left_id, until = ids.new_id(), clock.now() + UnnamedEndpoint.spared_for
    cipher, data_key_row = ciphers.new_cipher(left_id, until=until)
    token = held.decrypted_with(account.cipher).token
    left = UnnamedEndpoint.new(
        left_id, left_id, cipher=cipher, platform=held.platform, holder=held.holder, token=token,
        expires_at=data_key_row.expires_at,
    )  # fmt: skip
    commit(create(left), create(data_key_row))
    return UnnamedEndpoint.pk_prefix, left_id


def _commit_as_read(caller: Caller, attempt: Callable[[], None]) -> None:
    # A device bound at the same moment must be notified of the terminal too: then the account is not as it was read.
    retrying_from(caller, lambda _: attempt(), accounts.caller_read_again)


def _own_key(caller: Caller) -> Key[Endpoint]:
    return Endpoint.key(caller.account_id, caller.session.sort_id)


def notify_of_alarm(
    endpoints: Iterable[str], device_id: str, alarm_id: str, *, type: str | None = None, late: bool = False
) -> None:
    """Push the ids of an alarm; who may know more asks for it. `late`: it is about the past, and not news; `type`: the
    word that apps have a sentence for, if it is another than that of any alarm."""
    _notify(endpoints, _of_alarm(device_id, alarm_id, type, late))


def _of_alarm(device_id: str, alarm_id: str, type: str | None, late: bool) -> Push:
    ids = {"device_id": device_id, "alarm_id": alarm_id}
    optional = {} if type is None else {"type": type}
    about = f"{(type or 'alarm').upper()}{'_LATE' if late else ''}"
    ids |= optional | ({"late": "true"} if late else {})
    return Push(about, alarm_id, device_id, _ALARM_TTL, ids)


def notify_of_too_many_uploads(endpoints: Iterable[str], device_id: str) -> None:
    """Push the id of a device that uploaded so much that the rest of this hour is not taken."""
    _notify(endpoints, Push("TOO_MANY_UPLOADS", device_id, device_id, _ALARM_TTL, {"device_id": device_id}))


def notify_of_share(endpoints: Iterable[str], share_id: str) -> None:
    """Push the id of a share that waits to be accepted."""
    # A share's id is two ids, and APNs takes 64 bytes.
    _notify(endpoints, Push("SHARE", share_id[:64], "shares", _SHARE_TTL, {"share_id": share_id}))


def notify_of_return(endpoints: Iterable[str], device_id: str, alarm_id: str) -> None:
    """Push that a camera is back, by the id of the alarm that it had gone away, which is over."""
    ids = {"device_id": device_id, "ended_alarm_id": alarm_id}
    _notify(endpoints, Push("BACK", alarm_id, device_id, _ALARM_TTL, ids))


def _notify(endpoints: Iterable[str], what: Push) -> None:
    """Push to each; what did not reach its terminal is tried again for that one alone, behind a queue of its own, or
    the terminal is forgotten."""
    details: dict[str, Any] = {"about": what.about, "push_id": what.id, **what.ids}
    for arn in [arn for arn in endpoints if not _is_reached(arn, what)]:
        sqs.send(FAILED, endpoint=arn, **details)


def _is_reached(arn: str, what: Push) -> bool:
    try:
        return sns.send(arn, what)
    except NotSent:
        # Whatever it was, the queue's listener meets it again, where it is logged, counted and put aside in the end.
        return False


def push_again(arn: str, about: str, push_id: str, ids: dict[str, str]) -> None:
    """Again to a terminal that a push did not reach, if it may still be notified; forget it if it is dead.

    Raises what goes wrong otherwise: the queue comes again, and puts aside what never succeeds.
    """
    device_id = ids.get("device_id")
    device = None if device_id is None else access.existing([device_id]).get(device_id)
    if device_id is not None and (device is None or arn not in access.endpoints_of(device, None)):
        return
    topic, ttl = ("shares", _SHARE_TTL) if device_id is None else (device_id, _ALARM_TTL)
    if not sns.send(arn, Push(about, push_id, topic, ttl, ids)):
        _forget_dead(arn, None if device is None else access.account_at(device, arn))


def _forget_dead(arn: str, account_id: str | None) -> None:
    """The row, the audiences and SNS's copy of a terminal that its platform does not know any more; the app says its
    token again when it is opened. `account_id` is whose it is where SNS does not know it any more either.

    Raises NotSent if the terminal has come back meanwhile, or is about to.
    """
    state = sns.state_of(arn)
    if state is not None and state.is_enabled:
        raise NotSent
    held = _row_of_lost(arn, account_id) if state is None else _row_of_holder(state.holder)
    if held is not None and held.arn is None:
        raise NotSent
    if held is None or held.arn != arn:
        sns.close_endpoint(arn)
        return
    account, key = read(*accounts.keys_of(held.pk_id))
    if account is not None and key is not None:
        commit(*_forgetting(account, held.decrypted_with(key.unlocked())))


def _row_of_lost(arn: str, account_id: str | None) -> Endpoint | None:
    rows = [] if account_id is None else Endpoint.list_of(account_id).items
    return next((row for row in rows if row.arn == arn), None)


def _row_of_holder(holder: str) -> Endpoint | None:
    account_id, _, session_id = holder.partition(" ")
    (held,) = read(Endpoint.key(account_id, session_id)) if session_id else (None,)
    found: Endpoint | None = held
    return found
