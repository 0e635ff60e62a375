"""Announcing something to everybody, or to some accounts, once however often it is ordered (F2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec

from chalicelib import clock, ids
from chalicelib.errors import Conflict
from chalicelib.notices import rules, shapes
from chalicelib.notices.records import Announcement, Bulletin, NoticeOrder, Recipient
from chalicelib.store import crypto
from chalicelib.store.commit import MOST_WRITES, Otherwise, Write, commit, create, put
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.words import DEFAULT_LANGUAGE

_REPEATED_WITHIN = timedelta(days=1)
# Who is named is told within seconds; what could not be told by then rings as a dead letter.
_NAMED_FOR = timedelta(days=30)


def announce(order: shapes.Announce) -> shapes.Announced:
    """Tell everybody, or those accounts; who ordered the same within a day, as after a lost answer, gets the same
    notice, and whoever was not named yet is named then."""
    write = announced if order.to == "all" else bulletin
    said = texts(order.title, order.text, order.translations)
    notice_id = ordered_once(order, lambda notice_id: (write(notice_id, order.kind, said),))
    if order.to == "all":
        return shapes.Announced(notice_id=notice_id, accounts=None)
    account_ids = sorted(set(order.to))
    name_recipients(notice_id, account_ids)
    return shapes.Announced(notice_id=notice_id, accounts=len(account_ids))


def ordered_once(order: msgspec.Struct, said: Callable[[str], tuple[Write, ...]]) -> str:
    """The id of what is told by this order, with the writes that say it; of what was ordered within a day, the same."""
    return retrying(lambda: _ordered(order, said))


def _ordered(order: msgspec.Struct, said: Callable[[str], tuple[Write, ...]]) -> str:
    """Raises StaleRead."""
    hashed = crypto.plain_hash(f"{type(order).__name__} {msgspec.json.encode(order, order='sorted').decode()}")
    (before,) = read(NoticeOrder.key(hashed))
    if before is not None:
        return str(before.notice_id)
    notice_id, until = new_notice_id(), clock.epoch_s(clock.now() + _REPEATED_WITHIN)
    order_row = NoticeOrder.new(hashed, notice_id=notice_id, expires_at=until)
    commit(create(order_row, otherwise=StaleRead), *said(notice_id))
    return notice_id


def texts(title: str, text: str, translations: Mapping[str, shapes.Told]) -> str:
    """What is said, by language, as it is stored."""
    return rules.written(title, text, {language: msgspec.to_builtins(one) for language, one in translations.items()})


def new_notice_id() -> str:
    return f"{rules.stamp_of(clock.now())}-{ids.new_id()}"


def announced(notice_id: str, kind: shapes.Kind, said: str) -> Write:
    """A write by which everybody is told."""
    return create(Announcement.new("", notice_id, kind=kind, at=clock.now_s(), texts=said))


def bulletin(notice_id: str, kind: shapes.Kind, said: str, *, otherwise: Otherwise = Conflict) -> Write:
    """A write by which those are told who are then named. On commit it raises `otherwise` if it was written before."""
    return create(Bulletin.new(notice_id, kind=kind, at=clock.now_s(), texts=said), otherwise=otherwise)


def texts_of(by_language: Mapping[str, tuple[str, str]]) -> str:
    """Title and text in each language, as announcements have them."""
    translations = {one: {"title": title, "text": text} for one, (title, text) in by_language.items()}
    return rules.written(*by_language[DEFAULT_LANGUAGE], translations)


def name_recipients(notice_id: str, account_ids: Sequence[str]) -> None:
    """Have the stream tell each of these; who was told already is not told again."""
    for some in _parts(account_ids):
        until = clock.epoch_s(clock.now() + _NAMED_FOR)
        commit(*(put(Recipient.new(notice_id, one, expires_at=until)) for one in some))


def _parts(account_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (account_ids[at : at + MOST_WRITES] for at in range(0, len(account_ids), MOST_WRITES))
