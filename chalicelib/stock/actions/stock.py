"""Stock: cameras from the factory, found by serial number (B3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Literal

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.stock import rules, shapes
from chalicelib.stock.records import Report, Stock
from chalicelib.store import ciphers, crypto
from chalicelib.store.commit import MOST_WRITES, Write, commit, create, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying


def owner_of(sn: str, mac: str) -> str:
    """The account that has the device of this serial number and MAC address; an id of nobody's if they do not belong
    together, for the same work."""
    (stock,) = read(Stock.key(id_of(sn)))
    device_id = (None if stock is None else stock.device_id) or ids.new_id()
    device = access.read_decrypted(device_id)
    if device is None:
        return ids.new_id()
    # A camera that has never said what it is has none, which is nobody's proof.
    own = device.mac or ids.new_id()
    return str(device.account_id) if crypto.same(rules.normal_mac(own), rules.normal_mac(mac)) else ids.new_id()


class Outcome(Enum):
    """The outcome of loading a camera, or of taking it out of stock."""

    LOADED = "in stock now"
    UNCHANGED = "was in stock, just so"
    OTHERWISE = "is in stock with another model, code or secret; if nobody owns it, unload it first"
    UNLOADED = "not in stock any more"
    ABSENT = "was not in stock"
    OWNED = "has an owner, and stays in stock"


def load(made: list[shapes.Made]) -> list[Outcome]:
    """Put cameras into stock, a hundred to a commit; what is there stays as it is."""
    hundreds = [made[first : first + MOST_WRITES] for first in range(0, len(made), MOST_WRITES)]
    return [outcome for hundred in hundreds for outcome in _load_together(hundred)]


def _load_together(made: list[shapes.Made]) -> list[Outcome]:
    # A put for each would be a call for each; looked for first, a hundred are one read, and one commit of those that
    # are new, which depends on nobody having put one of them there meanwhile.
    rows = [_row_of(one) for one in made]

    def attempt() -> list[Outcome]:
        found = read(*(row.own_key for row in rows))
        there = {row.pk_id: row for row in found if row is not None}
        new: dict[str, Stock] = {}
        outcomes = [_outcome(row, there, new) for row in rows]
        if new:
            commit(*(create(row, otherwise=StaleRead) for row in new.values()))
        return outcomes

    return retrying(attempt)


def unload(sns: list[str]) -> list[Outcome]:
    """Take cameras out of stock that nobody owns, with their reports; their tokens are nobody's then."""
    together = MOST_WRITES // 3
    parts = [sns[first : first + together] for first in range(0, len(sns), together)]
    return [outcome for part in parts for outcome in _unload_together(part)]


def _unload_together(sns: list[str]) -> list[Outcome]:
    stock_ids = [id_of(sn) for sn in sns]

    def attempt() -> list[Outcome]:
        found = dict(zip(stock_ids, read(*map(Stock.key, stock_ids)), strict=True))
        free = [stock for stock in found.values() if stock is not None and stock.device_id is None]
        if free:
            commit(*(write for stock in free for write in _taken_out(stock)))
        return [_outcome_of_unloading(stock) for stock in _each_once(stock_ids, found)]

    return retrying(attempt)


def _taken_out(stock: Stock) -> tuple[Write, ...]:
    """A person who binds it at the same moment has it, and it stays."""
    unowned = Stock.device_id.does_not_exist()
    reports = Report.key(stock.pk_id), ciphers.key_of(stock.pk_id)
    return remove(stock, when=unowned, otherwise=StaleRead), *map(remove, reports)


def _each_once(stock_ids: list[str], found: dict[str, Stock | None]) -> Iterator[Stock | None]:
    """Of a camera that is named twice only the first finds anything."""
    left = dict(found)
    return (left.pop(stock_id, None) for stock_id in stock_ids)


def _outcome_of_unloading(stock: Stock | None) -> Outcome:
    if stock is None:
        return Outcome.ABSENT
    return Outcome.UNLOADED if stock.device_id is None else Outcome.OWNED


def show(sns: list[str]) -> list[shapes.StockedDevice]:
    """Cameras as stock has them; whose account is closed owns none."""
    stocked = read(*(Stock.key(id_of(sn)) for sn in sns))
    owned = access.existing({stock.device_id for stock in stocked if stock is not None and stock.device_id})
    return [_shown(sn, stock, owned) for sn, stock in zip(sns, stocked, strict=True)]


def _shown(sn: str, stock: Stock | None, owned: Mapping[str, object]) -> shapes.StockedDevice:
    if stock is None:
        return shapes.StockedDevice(sn=sn, state="absent")
    times = {
        name: None if (at := getattr(stock, name)) is None else clock.at_epoch(at)
        for name in ("connected_at", "away_since", "locked_until")
    }
    state: Literal["free", "owned"] = "owned" if stock.device_id in owned else "free"
    return shapes.StockedDevice(
        sn=sn, state=state, model=stock.model, connected=rules.is_online(stock.connected_at, clock.now_s()), **times
    )


def _row_of(made: shapes.Made) -> Stock:
    stock_id = id_of(made.sn)
    return Stock.new(
        stock_id,
        model=made.model,
        code_hash=code_hash(stock_id, made.code),
        secret_hash=secret_hash(stock_id, made.secret),
        wrong_codes=0,
    )


def _outcome(row: Stock, there: dict[str, Stock], new: dict[str, Stock]) -> Outcome:
    before = there.get(row.pk_id) or new.get(row.pk_id)
    if before is None:
        new[row.pk_id] = row
        return Outcome.LOADED
    return Outcome.UNCHANGED if _made(before) == _made(row) else Outcome.OTHERWISE


def _made(row: Stock) -> tuple[object, ...]:
    return row.model, row.code_hash, row.secret_hash


def id_of(sn: str) -> str:
    return crypto.keyed_hash("serial numbers", rules.normal_sn(sn))


def code_hash(stock_id: str, code: str) -> str:
    return crypto.keyed_hash("printed codes", stock_id, rules.normal_code(code))


def secret_hash(stock_id: str, secret: str) -> str:
    return crypto.keyed_hash("factory secrets", stock_id, secret.strip())
