"""Rules of privacy mode."""

from __future__ import annotations


def was_private_between(begin: float, end: float, since: float | None, until: float | None) -> bool:
    """Whether privacy mode was on at any moment from the one to the other, by when it was last switched on and off;
    `until` is None while it is on."""
    return since is not None and since <= end and (until is None or begin < until)
