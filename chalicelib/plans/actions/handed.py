"""Plans that were handed over: who has each now, so that a dispute of its payment finds it (B13, B14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib import clock, ids
from chalicelib.plans.records import HandedPlan, ReceivedPlan
from chalicelib.plans.rules.ledger import source_of
from chalicelib.store import crypto, keys
from chalicelib.store.commit import Write, check, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.retrying import StaleRead

# A bank takes a dispute for 540 days at most, and decides within some months.
_DISPUTED_FOR_S = 730 * 24 * 60 * 60


def renamed(source: str) -> str:
    """What a source is called that was handed over: it says nothing of who paid, and is the same whoever has it next.
    A gift, which nobody disputes, gets a new id each time."""
    kind = source.partition(":")[0]
    if kind == "order":
        return source_of("move", _hash_of(source))
    return source if kind == "move" else source_of("gift", ids.new_id())


def _hash_of(source: str) -> str:
    # The id of an order has more random bits than can be guessed, and a region that it comes back from needs no key.
    return crypto.plain_hash(source)


def sources_of(order_id: str) -> tuple[str, str]:
    """What the grant of an order is called, with its buyer and with whoever it was handed over to."""
    source = source_of("order", order_id)
    return source, renamed(source)


def key_of(order_id: str) -> Key[HandedPlan]:
    """The row that says who has it, if it was handed over."""
    return HandedPlan.key(_hash_of(source_of("order", order_id)))


def noted(found_by: Iterable[str], former_id: str | None, account_id: str) -> Iterator[Write]:
    """Writes by which what is found by these hashes is this account's from now on, and no more the former one's."""
    until = clock.now_s() + _DISPUTED_FOR_S
    for hashed in found_by:
        row = HandedPlan.new(hashed, account_id=account_id, expires_at=until)
        yield put(row)
        yield put(ReceivedPlan.new(account_id, hashed, found_at=keys.written(row.own_key), expires_at=until))
        if former_id is not None:
            yield remove(ReceivedPlan.key(former_id, hashed))


def require_as_read(order_id: str, row: HandedPlan | None) -> Write:
    """A check that nobody else has got it since. Raises StaleRead on commit."""
    same = HandedPlan.pk.does_not_exist() if row is None else HandedPlan.account_id == row.account_id
    return check(key_of(order_id), same, otherwise=StaleRead)
