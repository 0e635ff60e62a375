"""Rules of feedback: how much of it there may be, and how its parts are named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from chalicelib.errors import Conflict

MOST_OPEN = 10
MOST_MESSAGES = 50
MOST_ATTACHMENTS = 4
# What is written on a screen can still be read.
SIDE = 1024

State = Literal["open", "answered"]
By = Literal["person", "operator"]
About = Literal["device", "plan", "app", "other"]
OPEN: Final = "open"
ANSWERED: Final = "answered"
PERSON: Final = "person"
OPERATOR: Final = "operator"


class TooMuchFeedback(Conflict):
    """409: so many threads wait for an answer already (`most`)."""


class FeedbackFull(Conflict):
    """409: the thread has as many messages as it may have (`most`); another one can be begun."""


def stamp_of(at: datetime) -> str:
    """The time with which ids of threads begin: to the microsecond, so that they are told apart in their order."""
    return f"{at:%Y%m%dT%H%M%S%fZ}"


def message_id(feedback_id: str, number: int) -> str:
    return f"{feedback_id}.{number:02}"


def with_opened(open_ids: Iterable[str] | None, feedback_id: str, now: datetime, kept: timedelta) -> set[str]:
    """The threads that wait once this one does, too; of any that is over by now nobody hears. Raises
    TooMuchFeedback."""
    first = stamp_of(now - kept)
    others = {one for one in open_ids or () if one >= first} - {feedback_id}
    if len(others) >= MOST_OPEN:
        raise TooMuchFeedback(most=MOST_OPEN)
    return others | {feedback_id}


def without(open_ids: Iterable[str] | None, feedback_id: str) -> set[str] | None:
    """Those that wait once this one is answered."""
    return (set(open_ids or ()) - {feedback_id}) or None
