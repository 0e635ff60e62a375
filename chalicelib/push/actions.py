"""Which terminals are pushed to, and pushing to them (B11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.aws import push, queue
from chalicelib.aws.commit import Write, change, commit, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.push import NotSent, Push
from chalicelib.aws.table import read
from chalicelib.devices.actions import standing as devices
from chalicelib.errors import Conflict, Refusal, Unavailable
from chalicelib.push.records import Endpoint
from chalicelib.sessions.actions import standing as sessions
from chalicelib.sessions.actions.standing import Caller
from chalicelib.settings import settings

_TRIES = 4
# Who looks in the morning hears of the night; what is older is in the list. An invitation waits as long as itself.
_ALARM_TTL, _SHARE_TTL = timedelta(days=1), timedelta(days=7)
# The queue of pushes that did not reach their terminal.
FAILED = "FailedPushes"


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
    endpoint_arn = push.open_endpoint(platform, token, _holder(endpoint))
    try:
        _commit_as_read(caller, lambda: done(*_taking(caller, endpoint, endpoint_arn), answer=None))
    except Refusal:
        push.close_endpoint(endpoint_arn)
        raise


def _is_taken(held: Endpoint, platform: str, token: str) -> bool:
    if held.arn is None or (held.platform, held.token) != (platform, token):
        return False
    # A sign-out that died half-way made SNS forget the terminal and let the row stand: then it is taken anew.
    at_sns: str = push.open_endpoint(platform, token, _holder(held))
    if at_sns != str(held.arn):
        return False
    push.enable_endpoint(at_sns, token)
    return True


def _holder(endpoint: Endpoint) -> str:
    """What SNS keeps with its copy: random ids, by which a dead terminal's row is found."""
    return f"{endpoint.partition_id} {endpoint.place_id}"


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
        push.close_token(held.platform, held.token, _holder(held))
        return (remove(held),)
    push.close_endpoint(held.arn)
    heard = devices.hears_no_more_at(account.device_ids or (), account.partition_id, held.arn)
    return remove(held), accounts.loses_endpoint(account, held.arn), *heard


def close_unfinished(account: Account) -> None:
    """Before the key to its token is destroyed: a copy at SNS whose name never reached its row."""
    for held in Endpoint.list_of(account.partition_id).items:
        if held.arn is None:
            push.close_token(held.platform, held.opened(account.vault).token, _holder(held))


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


def tell_of_alarm(
    endpoints: Iterable[str], device_id: str, alarm_id: str, *, type: str | None = None, late: bool = False
) -> None:
    """Push the ids of an alarm; who may know more asks for it. `late`: it is about the past, and not news; `type`: the
    word that apps have a sentence for, if it is another than that of any alarm."""
    _tell(endpoints, _of_alarm(device_id, alarm_id, type, late))


def _of_alarm(device_id: str, alarm_id: str, type: str | None, late: bool) -> Push:
    ids = {"device_id": device_id, "alarm_id": alarm_id}
    said = {} if type is None else {"type": type}
    about = f"{(type or 'alarm').upper()}{'_LATE' if late else ''}"
    ids |= said | ({"late": "true"} if late else {})
    return Push(about, alarm_id, device_id, _ALARM_TTL, ids)


def tell_of_too_many_uploads(endpoints: Iterable[str], device_id: str) -> None:
    """Push the id of a device that uploaded so much that the rest of this hour is not taken."""
    for arn in endpoints:
        push.send(arn, "TOO_MANY_UPLOADS", device_id=device_id)


def tell_of_share(endpoints: Iterable[str], share_id: str) -> None:
    """Push the id of a share that waits to be accepted."""
    # A share's id is two ids, and APNs takes 64 bytes.
    _tell(endpoints, Push("SHARE", share_id[:64], "shares", _SHARE_TTL, {"share_id": share_id}))


def _tell(endpoints: Iterable[str], what: Push) -> None:
    """Push to each; what did not reach its terminal is tried again for that one alone, behind a queue of its own, or
    the terminal is forgotten."""
    told: dict[str, Any] = {"about": what.about, "push_id": what.id, **what.ids}
    for arn in [arn for arn in endpoints if not _is_reached(arn, what)]:
        queue.tell(FAILED, endpoint=arn, **told)


def _is_reached(arn: str, what: Push) -> bool:
    try:
        return push.send(arn, what)
    except NotSent:
        # Whatever it was, the queue's listener meets it again, where it is logged, counted and put aside in the end.
        return False


def push_again(arn: str, about: str, push_id: str, ids: dict[str, str]) -> None:
    """Once more to a terminal that a push did not reach, if it may still hear; forget it if it is dead.

    Raises what goes wrong otherwise: the queue comes again, and puts aside what never succeeds.
    """
    device_id = ids.get("device_id")
    if device_id is not None and arn not in _hearing(device_id):
        return
    topic, ttl = ("shares", _SHARE_TTL) if device_id is None else (device_id, _ALARM_TTL)
    if not push.send(arn, Push(about, push_id, topic, ttl, ids)):
        _forget_dead(arn)


def _hearing(device_id: str) -> list[str]:
    device = devices.standing([device_id]).get(device_id)
    return [] if device is None else devices.endpoints_of(device, None)


def _forget_dead(arn: str) -> None:
    """The row, the audiences and SNS's copy of a terminal that its platform does not know any more; the app says its
    token again when it is opened."""
    holder = push.holder_of(arn)
    account_id, _, session_id = (holder or "").partition(" ")
    if not session_id:
        return
    held, account, key = read(Endpoint.key(account_id, session_id), *accounts.places_of(account_id))
    if held is None or account is None or key is None or held.arn != arn:
        push.close_endpoint(arn)
        return
    commit(*_forgetting(account, held.opened(key.unlocked())))
