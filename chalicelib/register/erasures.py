"""The ledger of erasures: which subjects are to be, and have been, forgotten, by random ids only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib import clock, ids
from chalicelib.register import rows
from chalicelib.store import crypto, keys
from chalicelib.store.commit import Write, create
from chalicelib.store.records import LedgerRow
from chalicelib.store.tags import key, plain

ERASING: Final = "erasing"
DONE: Final = "done"
OWNER: Final = "the person"
PARENT: Final = "a parent"
MOVE: Final = "a move to another region"


class Erasure(LedgerRow):
    """One erasure, from the commit that made its subjects unreadable to the receipt. Its id is the person's secret,
    so it lies under the id's hash."""

    pk_prefix = "erasure"
    sk_prefix = "erasure"
    stream_queue = "Erasures"

    subjects = key(UnicodeSetAttribute(), rows.ACCOUNT_CLOSURE, why="kinds and random ids of what is erased")
    begun_at = plain(NumberAttribute(), why="a time")
    ordered_by = plain(UnicodeAttribute(null=True), why="the person, a parent or a move, by kind alone")
    state = plain(UnicodeAttribute(), why="erasing or done")
    passes = plain(NumberAttribute(default_for_new=0), why="a count")
    items = plain(NumberAttribute(default_for_new=0), why="a count")
    objects = plain(NumberAttribute(default_for_new=0), why="a count")
    endpoints = plain(NumberAttribute(default_for_new=0), why="a count")
    open_endpoints = key(
        UnicodeSetAttribute(null=True),
        rows.ALARM_MESSAGES,
        why="random ids given by SNS and of who held them, until it forgot them",
    )
    kept = key(UnicodeSetAttribute(null=True), rows.ACCOUNT_CLOSURE, why="numbers of what the law keeps")
    done_at = plain(NumberAttribute(null=True), why="a time")
    receipt = plain(UnicodeAttribute(null=True), why="signed, without personal data")

    @property
    def begun(self) -> datetime:
        return clock.at_epoch(self.begun_at)


class OpenErasure(LedgerRow):
    """Keeps an erasure in sight of the clock until its last pass."""

    pk_prefix = "open"
    sk_prefix = "erasure"

    next_at = plain(NumberAttribute(), why="a time")


def begun_since(at: datetime) -> Iterator[Erasure]:
    """Every erasure that began then or later. It looks through the whole ledger: for an operator, after a restore."""
    yield from Erasure.scan(Erasure.begun_at >= clock.epoch_s(at), consistent_read=True)


def begin(*subjects: tuple[str, str], ordered_by: str = OWNER) -> tuple[str, tuple[Write, ...]]:
    """The id of a new erasure and the writes that begin it, to be committed with what makes the subjects unreadable.

    A subject is its kind and its id, as its partition is named.
    """
    erasure_id = ids.as_text(ids.random_bytes(20))
    hashed = crypto.plain_hash(erasure_id)
    now = clock.now_s()
    erasure = Erasure.new(
        hashed,
        subjects={keys.joined(*subject) for subject in subjects},
        ordered_by=ordered_by,
        begun_at=now,
        state=ERASING,
    )
    return erasure_id, (create(erasure), create(OpenErasure.new("", hashed, next_at=now)))
