"""Issuing gift cards: their codes are told once, and kept as keyed hashes (B13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from chalicelib import clock, ids
from chalicelib.aws import factory
from chalicelib.errors import Conflict, KeyReused
from chalicelib.gift_cards import rules, shapes
from chalicelib.gift_cards.actions import cards
from chalicelib.gift_cards.records import GiftCardBatch, GiftCardOrder
from chalicelib.instants import ms_of
from chalicelib.plans.actions import ledgers as plans
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import MOST_WRITES, Write, absent, change, commit, create, put
from chalicelib.store.keys import Key
from chalicelib.store.records import read

# Of a batch that broke off nothing is left then.
_UNFINISHED = timedelta(days=30)
_REPEATED_WITHIN = timedelta(days=1)
_FOLDER = "gift-cards"
_KEY_BYTES = 32


def issue(order: shapes.IssueGiftCards) -> shapes.IssuedGiftCards:
    """Cards of a new batch. None of them is taken before all are there; what broke off is nobody's, and may be ordered
    again. Raises PlanUnknown, Invalid, KeyReused for an order's id that was another's, Conflict if the same is ordered
    at the same time."""
    offer, zone = plans.offered(order.plan_id), clock.zone(settings.seller_time_zone)
    now = clock.now()
    rules.require_issuable(is_free=offer.is_free, last_day=order.until, today=now.astimezone(zone).date())
    ends = clock.begin_of_day(order.until + timedelta(days=1), zone, dst=True)
    repeated = _repeated(order)
    batch = _begun(order, offer, now, ends)
    codes = sorted({rules.new_code(ids.random_bytes(rules.RANDOM_BYTES)) for _ in range(order.count)})
    known_until = clock.epoch_s(ends + timedelta(days=rules.KNOWN_DAYS_AFTER))
    for hundred in _hundreds(codes):
        commit(*(create(cards.new_card(code, batch.sort_id, known_until)) for code in hundred))
    file = _file_of(batch, codes) if order.count > rules.MOST_ANSWERED else None
    # Withdrawn it cannot be yet.
    issued = change(batch, issued_at=clock.now_s(), expires_at=None, otherwise=Conflict)
    commit(issued, *_in_place_of(repeated, order, batch))
    return shapes.IssuedGiftCards(batch_id=batch.sort_id, codes=codes if file is None else None, file=file)


def _order_key(order: shapes.IssueGiftCards) -> Key[GiftCardOrder]:
    return GiftCardOrder.key(crypto.plain_hash(f"gift cards {order.order_id}"))


def _body_hash(order: shapes.IssueGiftCards) -> str:
    return crypto.plain_hash(msgspec.json.encode(order).decode())


def _repeated(order: shapes.IssueGiftCards) -> GiftCardOrder | None:
    """The same order, if it was carried out before. Raises KeyReused."""
    if order.order_id is None:
        return None
    (before,) = read(_order_key(order))
    if before is not None and before.body_hash != _body_hash(order):
        raise KeyReused
    found: GiftCardOrder | None = before
    return found


def _in_place_of(
    before: GiftCardOrder | None, order: shapes.IssueGiftCards, batch: GiftCardBatch
) -> Iterator[Write]:
    """Writes that let the batch be the order's, and withdraw the one before it, whose codes were lost."""
    if order.order_id is None:
        return
    as_read = absent(GiftCardOrder) if before is None else GiftCardOrder.batch_id == before.batch_id
    row = GiftCardOrder.new(
        _order_key(order).pk_id,
        batch_id=batch.sort_id,
        body_hash=_body_hash(order),
        expires_at=clock.epoch_s(clock.now() + _REPEATED_WITHIN),
    )
    yield put(row, when=as_read)
    if before is not None:
        yield change(GiftCardBatch.new("", before.batch_id), revoked_at=clock.now_s())


def _begun(order: shapes.IssueGiftCards, offer: plans.Offer, now: datetime, ends: datetime) -> GiftCardBatch:
    batch = GiftCardBatch.new(
        "",
        f"{ms_of(now):012x}{ids.random_bytes(8).hex()}",
        plan_id=offer.plan_id,
        catalogue_version=offer.version,
        kind=offer.kind,
        keep_days=offer.keep_days,
        period_days=offer.period_days,
        count=order.count,
        redeemed=0,
        last_day=order.until.isoformat(),
        ends_at=clock.epoch_s(ends),
        note=order.note or None,
        expires_at=clock.epoch_s(now + _UNFINISHED),
    )
    commit(create(batch))
    return batch


def _hundreds(codes: list[str]) -> Iterator[list[str]]:
    left = iter(codes)
    while hundred := list(islice(left, MOST_WRITES)):
        yield hundred


def _file_of(batch: GiftCardBatch, codes: list[str]) -> shapes.GiftCardFile:
    """The codes as a file that only who has the answer can open."""
    # Here and not above, as only who issues that many needs it.
    from joserfc import jwe
    from joserfc.jwk import OctKey
    from joserfc.util import urlsafe_b64encode

    key = ids.random_bytes(_KEY_BYTES)
    header = {"alg": "dir", "enc": "A256GCM", "cty": "text/plain"}
    sealed = jwe.encrypt_compact(header, "".join(f"{code}\n" for code in codes).encode(), OctKey.import_key(key))
    name = f"{_FOLDER}/{batch.sort_id}.jwe"
    factory.put(name, sealed.encode(), "application/jose")
    return shapes.GiftCardFile(s3=factory.address(name), key=urlsafe_b64encode(key).decode())
