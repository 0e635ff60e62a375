"""A copy of the table of keys, restored from a backup: what the table in service lacks is added from it, and nothing is
replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib import clock
from chalicelib.aws.attempts import CallRefused
from chalicelib.aws.json_calls import call
from chalicelib.settings import settings
from chalicelib.store import raw_items, requests
from chalicelib.store.crypto import RootSecret
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import KeyRow

# As many as one call finds in the table in service.
_PAGE = 100


class RootSecretMissing(RuntimeError):
    """The copy holds no root secret: it is none of this installation's table."""


class RootSecretDiffers(RuntimeError):
    """The table in service has a root secret of its own, with which nothing of the copy can be decrypted."""


def root_of_copy() -> RawItem:
    """The copy's root secret. Raises RootSecretMissing, and RootSecretDiffers if another one is in service."""
    copied = raw_items.get_one(settings.restored_keys_table, RootSecret.key())
    if copied is None:
        raise RootSecretMissing
    in_service = _in_service([RootSecret.key()])
    if in_service and in_service[0]["encrypted"] != copied["encrypted"]:
        raise RootSecretDiffers
    return copied


def _in_service(wanted: list[Key[KeyRow]] | list[Key[RootSecret]]) -> list[RawItem]:
    """The rows of these keys in the table that serves, past their end or not."""
    name = settings.keys_table
    return raw_items.get({name: [*wanted]})[name] if wanted else []


def pages(after: str | None) -> Iterator[list[RawItem]]:
    """All rows of the copy but its root secret, behind the one with this key."""
    start = None if after is None else {"pk": {"S": after}}
    for rows in raw_items.scan(settings.restored_keys_table, after=start, limit=_PAGE):
        yield [row for row in rows if row["pk"]["S"] != RootSecret.key().pk]


def missing(page: list[RawItem]) -> list[RawItem]:
    """Those rows that the table in service lacks, and that are not past their end."""
    there = {row["pk"]["S"] for row in _in_service([Key(KeyRow, row["pk"]["S"], None) for row in page])}
    now = clock.now_s()
    return [row for row in page if row["pk"]["S"] not in there and not _is_over(row, now)]


def _is_over(row: RawItem, now: int) -> bool:
    return "expires_at" in row and int(row["expires_at"]["N"]) <= now


def add(rows: Iterable[RawItem]) -> int:
    """Store these where nothing lies; how many."""
    return sum(map(_add, rows))


def add_root(copied: RawItem) -> None:
    """The root secret comes last: before, nothing in the table can be decrypted or added."""
    _add(copied | {"table": {"S": settings.keys_table}})


def _add(row: RawItem) -> bool:
    try:
        call("dynamodb", "PutItem", requests.put_if_absent(settings.keys_table, row))
    except CallRefused as refusal:
        if refusal.code != "ConditionalCheckFailedException":
            raise
        return False
    return True
