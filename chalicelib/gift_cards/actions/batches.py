"""Batches of gift cards: reported, and revoked (B13)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from chalicelib import clock
from chalicelib.gift_cards import rules, shapes
from chalicelib.gift_cards.records import GiftCardBatch
from chalicelib.plans.actions import ledgers as plans
from chalicelib.store.commit import change, commit
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo

_PAGE = 200


def key_of(batch_id: str) -> Key[GiftCardBatch]:
    return GiftCardBatch.key("", batch_id)


def terms_of(batch: GiftCardBatch) -> plans.Terms:
    """The plan's terms as the cards were issued for it, whatever the catalogue says since."""
    return plans.Terms(
        plan_id=batch.plan_id,
        version=int(batch.catalogue_version),
        kind=batch.kind,
        keep_days=int(batch.keep_days),
        period_days=int(batch.period_days),
    )


def report(cursor: str | None) -> shapes.GiftCardReport:
    """A page of the batches, the newest first."""
    page = GiftCardBatch.list_of("", newest_first=True, limit=_PAGE, after=cursor)
    return shapes.GiftCardReport(items=[described(one) for one in page.items], cursor=page.cursor)


def revoke(batch_id: str) -> shapes.RevokedGiftCards:
    """No card of the batch is taken from now on; the batch, if it is there and was issued."""
    (batch,) = read(key_of(batch_id))
    if batch is None or batch.issued_at is None:
        return shapes.RevokedGiftCards(batch=None)
    if batch.revoked_at is None:
        is_first = GiftCardBatch.revoked_at.does_not_exist()
        with suppress(NothingToDo):  # somebody else did so
            commit(change(batch, revoked_at=clock.now_s(), when=is_first, otherwise=NothingToDo))
        # Not before: cards may be redeemed as fast as they can up to that moment.
        (batch,) = read(key_of(batch_id))
    return shapes.RevokedGiftCards(batch=None if batch is None else described(batch))


def described(batch: GiftCardBatch) -> shapes.GiftCardBatch:
    state = rules.state_of(
        is_issued=batch.issued_at is not None,
        is_revoked=batch.revoked_at is not None,
        is_over=clock.now_s() >= batch.ends_at,
    )
    issued = 0 if state == "unfinished" else int(batch.count)
    redeemed = int(batch.redeemed)
    others = issued - redeemed
    return shapes.GiftCardBatch(
        batch_id=batch.sort_id,
        state=state,
        plan_id=batch.plan_id,
        until=date.fromisoformat(batch.last_day),
        note=batch.note,
        issued_at=None if batch.issued_at is None else clock.at_epoch(batch.issued_at),
        revoked_at=None if batch.revoked_at is None else clock.at_epoch(batch.revoked_at),
        issued=issued,
        redeemed=redeemed,
        revoked=others if state == "revoked" else 0,
        expired=others if state == "expired" else 0,
        left=others if state == "issued" else 0,
    )
