"""Commands: given, delivered over the channel, and answered."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.activity import actions as activity
from chalicelib.aws import websocket
from chalicelib.commands import rules, shapes
from chalicelib.commands.records import Command, MailboxDelivery
from chalicelib.devices.records import SettingChange
from chalicelib.entry.callers import Caller, Camera
from chalicelib.errors import NotFound, TooMany, Unavailable
from chalicelib.stock.actions import channel
from chalicelib.stock.records import Stock
from chalicelib.store.commit import Write, change, check, commit, commit_and_answer, create, put, remove
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

_SNAPSHOT, _LIVE = "snapshot", "live"
# API Gateway does not know a connection before it has answered the camera, and the camera counts as there before that.
_WAITS_FOR_CONNECTION_S = (0.1, 0.2, 0.4, 0.8, 1.6)


class MailboxFull(TooMany):
    pass


def give(caller: Caller, mine: DeviceAccess, body: shapes.Give) -> shapes.Command:
    """Put a command into the camera's mailbox; the stream brings it. Raises MailboxFull, PrivacyModeOn."""
    if body.command == _SNAPSHOT and mine.is_private:
        raise access.PrivacyModeOn
    device = mine.device
    device_id = device.pk_id
    if len(_unanswered(device_id)) >= rules.MOST_WAITING:
        raise MailboxFull(retry_after_seconds=60)
    command = new_command(device_id, body.command, within=timedelta(seconds=body.within_seconds))
    # In the answer nothing is sealed: it is shown as it is remembered.
    activity_row = activity.record(device, "command_given", who=caller.terminal, about=body.command)
    return commit_and_answer(*given(command), activity_row, answer=shapes.Command.of(command))


def new_command(device_id: str, word: str, *, within: timedelta, **details: Any) -> Command:
    """A command that is not given yet; its id begins with the time, so that they are brought in order."""
    now = clock.now_s()
    until = now + int(within.total_seconds())
    return Command.new(
        device_id,
        f"{now}-{ids.new_id()}",
        word=word,
        given_at=now,
        until=until,
        tries=0,
        expires_at=until + int(rules.KEPT.total_seconds()),
        **details,
    )


def given(command: Command) -> tuple[Write, Write]:
    """Writes that give it, on the condition that the ownership exists."""
    return create(command), access.require_exists(command.pk_id, otherwise=NotFound)


def _state_of(command: Command) -> rules.State:
    return rules.state_of(ok=command.ok, until=command.until, tries=command.tries, now_s=clock.now_s())


def _unanswered(device_id: str) -> list[Command]:
    return [one for one in Command.list_of(device_id).items if rules.may_be_sent(_state_of(one))]


# Down the channel


def take_in(camera: Camera, connection_id: str) -> None:
    """The camera is there, and what waits for it is ordered to be sent: nothing can be, before it is answered. Raises
    NotSignedIn."""
    stock = channel.connected(camera, connection_id)
    # Only now that it is there: whoever gives a command after this look finds it connected.
    if stock.device_id is not None and _unanswered(stock.device_id):
        ends = clock.now_s() + int(rules.KEPT.total_seconds())
        commit(put(MailboxDelivery.new(connection_id, expires_at=ends)))


def bring(device_id: str, command_id: str, *, is_repeat: bool) -> None:
    """Send a command that was just given, if the camera is there; else it waits in the mailbox.

    `is_repeat`: an earlier try may have died between deciding that it is sent and sending it.
    """
    command_key = Command.key(device_id, command_id)
    found = read_all((*access.alive_keys_of(device_id), command_key))
    device, command = access.alive(found, device_id), found[command_key]
    if device is None or command is None or not _is_allowed(command, access.is_restricted(found, device_id)):
        return
    (stock,) = read(Stock.key(device.stock_id))
    if stock is not None:
        _bring(stock, [command], is_repeat)


def bring_all(connection_id: str, *, is_repeat: bool) -> None:
    """Empty the mailbox of a camera that has just connected."""
    stock = channel.camera_at(connection_id)
    if stock is None or stock.device_id is None:
        return
    device, is_shown = access.read_shown(stock.device_id)
    if device is not None:
        waiting = [one for one in _unanswered(device.pk_id) if _is_allowed(one, not is_shown)]
        _bring(stock, waiting, is_repeat)


def _is_allowed(command: Command, is_restricted: bool) -> bool:
    """Nobody's camera is told to send live video who has restricted processing."""
    return not (is_restricted and command.word == _LIVE)


def _bring(stock: Stock, commands: list[Command], is_repeat: bool) -> None:
    at = stock.connection_id
    wanted = [one for one in commands if (is_repeat or one.sent_on != at) and rules.may_be_sent(_state_of(one))]
    if at is None or not wanted or not _has_begun(stock, at):
        return
    for command in wanted:
        try:
            commit(*_claim(stock, command))
        except StaleRead:
            # Brought by somebody else, or the camera has another owner or connection: then that is reported on its own.
            continue
        if not _send(at, command):
            channel.closed(at)
            return


def _has_begun(stock: Stock, connection_id: str) -> bool:
    """Whether anything can be sent on it by now. Otherwise whoever is taking it in has yet to look into the mailbox, or
    has died, and it is asked after: it must not be taken for one that has ended."""
    if not channel.may_be_unanswered(stock):
        return True
    for wait_s in (*_WAITS_FOR_CONNECTION_S, None):
        if websocket.is_there(connection_id):
            return True
        if wait_s is not None:
            clock.sleep(wait_s)
    return False


def _claim(stock: Stock, command: Command) -> tuple[Write, Write]:
    """Decides that it is sent, now, and to this owner's camera: nobody else's command passes here."""
    tries = int(command.tries)
    same = (Stock.device_id == command.pk_id) & (Stock.connection_id == stock.connection_id)
    return (
        change(
            command,
            tries=tries + 1,
            sent_on=stock.connection_id,
            when=(Command.tries == tries) & _not_answered(),
            otherwise=StaleRead,
        ),
        check(Stock.key(stock.pk_id), same, otherwise=StaleRead),
    )


def _not_answered() -> Condition:
    return Command.answered_at.does_not_exist()


def _send(connection_id: str, command: Command) -> bool:
    now = clock.rfc3339(clock.now())
    message: dict[str, object] = {"id": command.sort_id, "command": command.word, "now": now}
    if command.channel is not None:
        message["channel"] = command.channel
    if command.piece_ms is not None:
        message["piece_ms"] = int(command.piece_ms)
    if command.live_id is not None:
        message["live_id"] = command.live_id
    if command.live_until is not None:
        message["until"] = clock.rfc3339(clock.at_epoch(command.live_until))
    return websocket.send(connection_id, message)


# Up the channel


def take_answer(connection_id: str, answer: shapes.Said) -> None:
    """Keep what a camera says to a command; a second answer changes nothing. Raises NotFound, also for what is said on
    a connection that was superseded, which is ended: the command is brought again on the one that counts."""
    stock = channel.camera_at(connection_id)
    if stock is None:
        channel.hang_up(connection_id)
        raise NotFound
    if access.read_alive(stock.device_id) is None:
        raise NotFound
    with suppress(NothingToDo):  # it was answered before
        commit(*_answered(stock, answer))


def _answered(stock: Stock, answer: shapes.Said) -> tuple[Write, Write]:
    now = clock.now_s()
    same_owner = (Stock.device_id == stock.device_id) & (Stock.connection_id == stock.connection_id)
    return (
        change(
            Command.new(stock.device_id, answer.id),
            ok=int(answer.ok),
            error=rules.error_word(answer.error),
            answered_at=now,
            expires_at=now + int(rules.KEPT.total_seconds()),
            when=_not_answered(),
            otherwise=lambda there: NotFound() if there is None else NothingToDo(),
        ),
        check(Stock.key(stock.pk_id), same_owner, otherwise=NotFound),
    )


def shown_by(device_id: str, command_id: str, alarm_id: str) -> tuple[Write, ...]:
    """Writes that link a command to its picture; none where the command is not known any more."""
    (command,) = read(Command.key(device_id, command_id))
    if command is None or command.word != _SNAPSHOT:
        return ()
    return (change(command, alarm_id=alarm_id, otherwise=Unavailable(retry_after_seconds=1)),)


# What other houses have changed


def send_settings(device_id: str, change_id: str) -> None:
    """Tell the camera that it ought to be otherwise: it fetches how. Told again, it is not sent again."""
    (known,) = read(SettingChange.key(device_id, change_id))
    if known is None:
        return
    with suppress(NothingToDo, NotFound):  # it was sent before, or has no owner any more
        carried_out = remove(known, when=SettingChange.pk.exists(), otherwise=NothingToDo)
        commit(carried_out, *given(new_command(device_id, "settings", within=rules.LONGEST_WAIT)))
