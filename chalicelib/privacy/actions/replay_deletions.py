"""Deletions that are carried out again, on tables that were restored to a moment before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import cast

from chalicelib.access.records import Share
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.alarms.actions import deleting as alarms
from chalicelib.alarms.records import Alarm, Removal
from chalicelib.gift_cards.actions import redeeming
from chalicelib.gift_cards.records import GiftCardRedemption
from chalicelib.register import catalogue
from chalicelib.second_factors.actions import factors
from chalicelib.second_factors.records import Passkey, Totp
from chalicelib.sharing.actions import shares
from chalicelib.store import keys, raw_items
from chalicelib.store.commit import change_to_stored, commit
from chalicelib.store.deletions import Deletion
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import Item, KeyRow, Record
from chalicelib.store.retrying import NothingToDo


def delete_again(deletion: Deletion) -> None:
    """Delete what one commit had deleted, and put in place what it had put there; all of it may be repeated."""
    for kind, found in _by_kind(deletion.rows or ()).items():
        if kind is Removal:
            alarms.delete_all_again(found[0].pk_id, int(deletion.until))
        else:
            _DELETE_AGAIN.get(kind, _delete_rows)(found)
    for row, values in deletion.values.items():
        _replace_again(_key_of(row), values)


def _by_kind(rows: Iterable[str]) -> dict[type[Record], list[Key[Record]]]:
    found: dict[type[Record], list[Key[Record]]] = {}
    for key in map(_key_of, sorted(rows)):
        found.setdefault(key.record, []).append(key)
    return found


def _key_of(row: str) -> Key[Record]:
    raw = keys.raw_of(row)
    if not raw["sk"]["S"]:
        return Key(catalogue.kind_of(KeyRow, {"pk": raw["pk"]}), row, None)
    return Key(catalogue.kind_of(Item, raw), raw["pk"]["S"], raw["sk"]["S"])


def _delete_rows(found: list[Key[Record]]) -> None:
    raw_items.delete(found[0].record, [key.raw() for key in found])


def _delete_alarms(found: list[Key[Record]]) -> None:
    alarms.delete_again(found[0].pk_id, [key.sort_id for key in found])


def _end_shares(found: list[Key[Record]]) -> None:
    for key in found:
        shares.end_again(key.pk_id, key.sort_id)


def _end_factors(found: list[Key[Record]]) -> None:
    for key in found:
        factors.end_again(cast("Key[Totp | Passkey]", key))


# What goes with more than its own row.
_DELETE_AGAIN: dict[type[Record], Callable[[list[Key[Record]]], None]] = {
    Alarm: _delete_alarms,
    Share: _end_shares,
    Totp: _end_factors,
    Passkey: _end_factors,
}


def _replace_again(key: Key[Record], values: RawItem) -> None:
    if key.record is Account:
        accounts.replace_again(key.pk_id, values)
        return
    if key.record is GiftCardRedemption:
        redeeming.redeem_again(cast("Key[GiftCardRedemption]", key), values)
        return
    with suppress(NothingToDo):  # it was there only later, or is gone
        commit(change_to_stored(key, values, otherwise=NothingToDo))
        if key.record is Share:
            shares.grant_again(key.pk_id, key.sort_id)
