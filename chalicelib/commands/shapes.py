"""Request and response shapes of commands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib import clock
from chalicelib.commands import rules
from chalicelib.entry.wire import Shape, Time

Word = Literal["restart", "snapshot"]


class Give(Shape):
    """`within_seconds` is how long it waits for a camera that sleeps."""

    command: Word
    within_seconds: Annotated[int, Meta(ge=10, le=86_400)] = 86_400


class Command(Shape):
    """`waiting` for the camera, `sent` to it, and then `done`, `failed` (it said so) or `expired`.

    `alarm_id` is where the picture of a `snapshot` is, once it has arrived: as an alarm that nobody is pushed.
    """

    command_id: str
    device_id: str
    command: str
    state: rules.State
    given_at: Time
    until: Time
    answered_at: Time | None
    error: str | None
    alarm_id: str | None

    @classmethod
    def of(cls, command: Any) -> Command:
        now_s, answered_at = clock.now_s(), command.answered_at
        state = rules.state_of(ok=command.ok, until=command.until, tries=command.tries, now_s=now_s)
        return cls(
            command_id=command.sort_id,
            device_id=command.pk_id,
            command=command.word,
            state=state,
            given_at=clock.at_epoch(command.given_at),
            until=clock.at_epoch(command.until),
            answered_at=None if answered_at is None else clock.at_epoch(answered_at),
            error=command.error,
            alarm_id=command.alarm_id,
        )


class Said(Shape, forbid_unknown_fields=False):
    """A camera's answer to a command, which may say more; `error` is one word why it could not."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    ok: bool
    error: Any = None
