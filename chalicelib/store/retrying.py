"""Optimistic concurrency: who finds on commit that what was read is no longer so reads again and decides anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chalicelib.errors import Refusal, Unavailable

Answer = TypeVar("Answer")
AsRead = TypeVar("AsRead")


class StaleRead(Exception):
    """A decision's ground has changed since it was read: read again and decide anew."""


class NothingToDo(Exception):
    """It was done already, or what it was to be done to is gone: whoever was to do it is done."""


def retrying(attempt: Callable[[], Answer], *, tries: int = 4, otherwise: Refusal | None = None) -> Answer:
    """The answer of an attempt that reads what it decides on, made anew while that is stale; after so many tries raises
    `otherwise`, or Unavailable."""
    return retrying_from(None, lambda _: attempt(), lambda _: None, tries=tries, otherwise=otherwise)


def retrying_from(
    first: AsRead,
    attempt: Callable[[AsRead], Answer],
    read_again: Callable[[AsRead], AsRead],
    *,
    tries: int = 4,
    otherwise: Refusal | None = None,
) -> Answer:
    """The same for what was read already, as a request's needs are: the next try decides on what `read_again` makes of
    it."""
    latest = first
    for _ in range(tries):
        try:
            return attempt(latest)
        except StaleRead:
            latest = read_again(latest)
    raise otherwise or Unavailable(retry_after_seconds=1)
