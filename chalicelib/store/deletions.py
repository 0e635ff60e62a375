"""The ledger of deletions: what people deleted or replaced, for as long as a restore could bring it back."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeSetAttribute

from chalicelib import clock, ids
from chalicelib.store import keys
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import LedgerRow, Record
from chalicelib.store.tags import plain

KEPT: Final = timedelta(days=35)
"""So far back a table can be restored, and no further."""

_PAGE = 500


class Deletion(LedgerRow):
    """Deletions of one commit, and what it replaced, by random ids and keyed hashes; what is sealed stays sealed with
    its own subject's key, and is unreadable with it."""

    pk_prefix = "deletion"
    sk_prefix = "deletion"

    rows = plain(UnicodeSetAttribute(null=True), why="keys: random ids and keyed hashes of which records were deleted")
    until = plain(NumberAttribute(null=True), why="a time: what was there before was deleted with them")
    replaced = plain(
        BinaryAttribute(null=True, legacy_encoding=False),
        why="values that took the place of others, as they are stored: what is personal of them is sealed",
    )

    @property
    def values(self) -> dict[str, RawItem]:
        """Key, as it is written in `rows` → attribute → value as DynamoDB has it, None for one that was removed."""
        found: dict[str, RawItem] = msgspec.json.decode(self.replaced or b"{}")
        return {row: {name: _raw(value) for name, value in several.items()} for row, several in found.items()}


def _raw(value: dict[str, Any] | None) -> RawItem | None:
    # JSON has no bytes.
    return {"B": base64.b64decode(value["B"])} if value and "B" in value else value


def deletion_of(
    deleted: Iterable[Key[Record]], replaced: Mapping[str, RawItem] | None = None, until: int | None = None
) -> Deletion:
    """A row of the ledger, to be committed with the deletion itself."""
    now = clock.now()
    return Deletion.new(
        _day(now),
        f"{_time(now)}-{ids.new_id()}",
        rows={written(one) for one in deleted} or None,
        replaced=msgspec.json.encode(replaced) if replaced else None,
        until=until,
        expires_at=clock.epoch_s(now + KEPT),
    )


def written(key: Key[Record]) -> str:
    return key.pk if key.sk is None else keys.written(key)


def since(at: datetime, *, after: str = "") -> Iterator[Deletion]:
    """All that was deleted from then on, in order, behind the one of this position."""
    day_after, _, sort_after = after.partition(" ")
    for number in range((clock.now().date() - at.date()).days + 1):
        day = _day(at + timedelta(days=number))
        if day >= day_after:
            yield from _of_day(day, "" if number else _time(at), sort_after if day == day_after else None)


def _of_day(day: str, begin: str, after: str | None) -> Iterator[Deletion]:
    while True:
        page = Deletion.list_of(day, first=begin, limit=_PAGE, after=after)
        yield from page.items
        if page.cursor is None:
            return
        after = page.cursor


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _time(at: datetime) -> str:
    return f"{at:%H:%M:%S.%f}"


def position_of(deletion: Deletion) -> str:
    """The position behind which `since` goes on."""
    return f"{deletion.pk_id} {deletion.sort_id}"
