"""Rules of commands: how long they wait, how many, and how often they are sent."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, Literal

LONGEST_WAIT = timedelta(days=1)
# A command that was answered, or came too late, can be asked for so much longer.
KEPT = timedelta(hours=1)
MOST_WAITING = 20
MOST_TRIES = 5

_WORD = re.compile("[a-z_]{1,32}")

State = Literal["waiting", "sent", "done", "failed", "expired"]
WAITING: Final = "waiting"
SENT: Final = "sent"
DONE: Final = "done"
FAILED: Final = "failed"
EXPIRED: Final = "expired"


def state_of(*, ok: float | None, until: float, tries: float, now_s: int) -> State:
    if ok is not None:
        return DONE if ok else FAILED
    if now_s >= until or tries >= MOST_TRIES:
        return EXPIRED
    return SENT if tries else WAITING


def error_word(value: object) -> str | None:
    """The error word of the camera's firmware, if it is one; a sentence, which could hold anything, is not kept."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def may_be_sent(state: str) -> bool:
    """A camera that has not answered gets the command again when it comes back: the connection may have died under the
    command."""
    return state in (WAITING, SENT)
