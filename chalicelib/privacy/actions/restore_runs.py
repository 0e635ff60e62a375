"""Runs of a restore: what each goes on with where the last one of the same tables stopped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeVar

from chalicelib import clock
from chalicelib.privacy.records import KeysRestore, Replay
from chalicelib.store import crypto, keys
from chalicelib.store.commit import commit, put
from chalicelib.store.records import read

# Clocks differ, a restore is to the second, and a commit may take its time.
MARGIN: Final = timedelta(minutes=5)
# Of the 900 seconds that the functions may take.
BUDGET_S: Final = 720

_Run = TypeVar("_Run", Replay, KeysRestore)


def begun(kind: type[_Run], copied: str, serving: str, restored_to: datetime) -> _Run:
    """The run of these tables and this instant that is not finished, or a new one."""
    where = kind.key("", crypto.plain_hash(f"{copied} {serving} {clock.rfc3339(restored_to)}"))
    (found,) = read(where)
    if found is None or found.finished_at is not None:
        found = kind.new("", keys.id_of(where.sk or ""))
        commit(put(found))
    return found
