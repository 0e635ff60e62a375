"""Which terminals are pushed to, and pushing to them (B11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.aws import push
from chalicelib.aws.commit import Write, change, commit, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.devices.actions import standing as devices
from chalicelib.errors import Conflict, Refusal, Unavailable
from chalicelib.push.records import Endpoint
from chalicelib.sessions.actions import standing as sessions
from chalicelib.sessions.actions.standing import Caller
from chalicelib.settings import settings

_TRIES = 4


class PlatformMissing(Conflict):
    en = "This installation does not push to that platform."
    pl = "Ta instalacja nie wysyła powiadomień na tę platformę."


def take_pushes(caller: Caller, platform: str, token: str) -> None:
    """Push to this terminal from now on; an address it had before is forgotten.

    The row comes before SNS's copy of the token and names it after, so that a copy without a row cannot be; and while
    its session stands, so that whoever ends the session finds it.
    """
    if not settings.platform_application_arn(platform):
        raise PlatformMissing
    (held,) = read(_place(caller))
    if held is not None and _is_taken(held.opened(caller.vault), platform, token):
        return
    endpoint = Endpoint.new(
        caller.account_id, caller.session.place_id, vault=caller.vault, platform=platform, token=token
    )
    _commit_as_read(caller, lambda: commit(sessions.must_stand(caller), *_replacing(caller, held), put(endpoint)))
    endpoint_arn = push.open_endpoint(platform, token, caller.session.place_id)
    try:
        _commit_as_read(caller, lambda: done(*_taking(caller, endpoint, endpoint_arn), answer=None))
    except Refusal:
        push.close_endpoint(endpoint_arn)
        raise


def _is_taken(held: Endpoint, platform: str, token: str) -> bool:
    if held.arn is None or (held.platform, held.token) != (platform, token):
        return False
    # A sign-out that died half-way made SNS forget the terminal and let the row stand: then it is taken anew.
    at_sns: str = push.open_endpoint(platform, token, held.place_id)
    return at_sns == str(held.arn)


def _taking(caller: Caller, endpoint: Endpoint, arn: str) -> tuple[Write, ...]:
    # The sealed token is like no other: only the row that was put is named.
    as_put = Endpoint.token == endpoint.attribute_values["token"]
    heard = devices.hears_at(caller.account.device_ids or (), caller.account_id, arn)
    return change(endpoint, arn=arn, when=as_put), accounts.gains_endpoint(caller.account, arn), *heard


def _replacing(caller: Caller, held: Endpoint | None) -> tuple[Write, ...]:
    """What ends the address of before, but for its row, which the new one takes."""
    return () if held is None else _forgetting(caller.account, held)[1:]


def forget_terminal(caller: Caller, end: Callable[..., None]) -> None:
    """End pushes to this terminal in the same commit as its session, which `end` ends."""
    (held,) = read(_place(caller))
    opened = None if held is None else held.opened(caller.vault)
    _commit_as_read(caller, lambda: end(caller, *(() if opened is None else _forgetting(caller.account, opened))))


def forget_ended_session(account_id: str, session_id: str) -> None:
    """A session is gone, by its time or because its token was used twice: its terminal hears nothing more."""
    session, held, account, key = read(
        sessions.place_of(account_id, session_id),
        Endpoint.key(account_id, session_id),
        *accounts.places_of(account_id),
    )
    if session is None and held is not None and account is not None and key is not None:
        commit(*_forgetting(account, held.opened(key.unlocked())))


def _forgetting(account: Account, held: Endpoint) -> tuple[Write, ...]:
    """SNS forgets the terminal first, so that whatever happens then, no copy is left there."""
    if held.arn is None:
        push.close_token(held.platform, held.token, held.place_id)
        return (remove(held),)
    push.close_endpoint(held.arn)
    heard = devices.hears_no_more_at(account.device_ids or (), account.partition_id, held.arn)
    return remove(held), accounts.loses_endpoint(account, held.arn), *heard


def close_unfinished(account: Account) -> None:
    """Before the key to its token is destroyed: a copy at SNS whose name never reached its row."""
    for held in Endpoint.list_of(account.partition_id).items:
        if held.arn is None:
            push.close_token(held.platform, held.opened(account.vault).token, held.place_id)


def _commit_as_read(caller: Caller, attempt: Callable[[], None]) -> None:
    # A device bound at the same moment must hear of the terminal too: then the account is not as it was read.
    for _ in range(_TRIES):
        try:
            return attempt()
        except accounts.Changed:
            caller.account = accounts.read_again(caller.account)
    raise Unavailable(retry_after_seconds=1)


def _place(caller: Caller) -> Key:
    return Endpoint.key(caller.account_id, caller.session.place_id)


def tell_of_alarm(endpoints: Iterable[str], device_id: str, alarm_id: str, *, late: bool = False) -> None:
    """Push the ids of an alarm; who may know more asks for it. `late`: it was seen long before it could be sent."""
    for arn in endpoints:
        push.send(arn, "ALARM_LATE" if late else "ALARM", device_id=device_id, alarm_id=alarm_id, **_if_late(late))


def _if_late(late: bool) -> dict[str, str]:
    return {"late": "true"} if late else {}


def tell_of_too_many_uploads(endpoints: Iterable[str], device_id: str) -> None:
    """Push the id of a device that uploaded so much that the rest of this hour is not taken."""
    for arn in endpoints:
        push.send(arn, "TOO_MANY_UPLOADS", device_id=device_id)


def tell_of_share(endpoints: Iterable[str], share_id: str) -> None:
    """Push the id of a share that waits to be accepted."""
    for arn in endpoints:
        push.send(arn, "SHARE", share_id=share_id)


def tell_of_return(endpoints: Iterable[str], device_id: str, alarm_id: str) -> None:
    """Push that a camera is back, by the id of the alarm that it had gone away, which is over."""
    for arn in endpoints:
        push.send(arn, "BACK", device_id=device_id, ended_alarm_id=alarm_id)
