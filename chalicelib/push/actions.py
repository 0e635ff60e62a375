"""Which terminals are pushed to, and pushing to them (B11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chalicelib.accounts import actions as accounts
from chalicelib.aws import push
from chalicelib.aws.commit import Write, commit, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.devices import actions as devices
from chalicelib.errors import Conflict, Unavailable
from chalicelib.push.records import Endpoint
from chalicelib.sessions.actions import Caller
from chalicelib.settings import settings

_TRIES = 4


class PlatformMissing(Conflict):
    en = "This installation does not push to that platform."
    pl = "Ta instalacja nie wysyła powiadomień na tę platformę."


def take_pushes(caller: Caller, platform: str, token: str) -> None:
    """Push to this terminal from now on; an address it had before is forgotten."""
    if not settings.platform_application_arn(platform):
        raise PlatformMissing
    (held,) = read(_place(caller))
    if held is not None and held.opened(caller.vault).token == token and held.platform == platform:
        return
    if held is not None:
        _commit_as_read(caller, lambda: commit(*_forgetting(caller, held)))
    arn = push.take_endpoint(platform, token)
    endpoint = Endpoint.new(
        caller.account_id, caller.session.place_id, vault=caller.vault, arn=arn, platform=platform, token=token
    )

    def take() -> None:
        heard = devices.hears_at(caller.account.device_ids or (), caller.account_id, arn)
        done(put(endpoint), accounts.gains_endpoint(caller.account, arn), *heard, answer=None)

    _commit_as_read(caller, take)


def forget_terminal(caller: Caller) -> tuple[Write, ...]:
    """What ends pushes to this terminal, to be committed with what ends its session. SNS forgets it first, so that
    whatever happens then, no copy is left there."""
    (held,) = read(_place(caller))
    return () if held is None else _forgetting(caller, held)


def _forgetting(caller: Caller, held: Endpoint) -> tuple[Write, ...]:
    push.close_endpoint(held.arn)
    heard = devices.hears_no_more_at(caller.account.device_ids or (), caller.account_id, held.arn)
    return remove(held), accounts.loses_endpoint(caller.account, held.arn), *heard


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


def tell_of_alarm(endpoints: Iterable[str], device_id: str, alarm_id: str) -> None:
    """Push the ids of an alarm; who may know more asks for it."""
    for arn in endpoints:
        push.send(arn, device_id=device_id, alarm_id=alarm_id)
