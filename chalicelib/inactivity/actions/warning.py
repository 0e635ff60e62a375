"""Warnings that an account will be deleted, to its person and to those with whom something of it is shared."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.inactivity import rules
from chalicelib.inactivity.actions import watching
from chalicelib.inactivity.records import Inactivity, InactivityCheck
from chalicelib.inactivity.rules import History
from chalicelib.notices.actions import announcing, telling
from chalicelib.sessions.actions.audience import Target
from chalicelib.store.commit import commit
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo
from chalicelib.words import LANGUAGES, Phrase

_KIND: Final = "inactivity"


def warn(
    account: Account,
    targets: list[Target],
    state: Inactivity,
    due: InactivityCheck,
    history: History,
    *,
    is_first: bool,
) -> None:
    """Tell the person, with what says so, and look again when it may have arrived. A first warning may follow another
    that did not arrive: the reminders are counted from it. Raises StaleRead, NothingToDo."""
    now, notice_id = clock.now_s(), announcing.new_notice_id()
    nth = 1 if is_first else history.warnings + 1
    said: dict[str, Any] = {"stage": "warned", "used_at": history.used_at, "told_at": now, "warnings": nth}
    if is_first:
        said["notice_ids"] = {*(state.notice_ids or ()), notice_id} if history.stage == "warned" else {notice_id}
        said["warned_at"] = history.warned_at if history.stage == "warned" else now
    next_at = now + (rules.TRIED_AGAIN_AFTER_S if is_first else rules.GAPS_S[nth - 1])
    moved = watching.moved_on(state, due, next_at, **said)
    marked = accounts.marked_inactive(account, history.used_at)
    telling.tell(account, targets, notice_id, _KIND, _words(account, history, nth), *moved, still=marked)


def _words(account: Account, history: History, nth: int) -> dict[str, str]:
    ends = clock.at_epoch(clock.now_s() + rules.left_s(nth)).date().isoformat()
    used = clock.at_epoch(history.used_at).date().isoformat()
    title, text = Phrase("inactivity_title", ends=ends), Phrase("inactivity_text", ends=ends, used=used)
    return {"title": title.read_in(account.language), "text": text.read_in(account.language)}


def tell_guests(account_id: str) -> None:
    """Tell those with whom devices of a warned account are shared, each once, and in words that name nobody."""
    (state,) = read(Inactivity.key(account_id))
    if state is None or state.stage != "warned" or state.warned_at is None:
        return
    guests = {guest for device, _ in access.owned_by(account_id) for guest in access.guests_of(device)}
    if not guests:
        return
    notice_id = min(state.notice_ids)
    with suppress(NothingToDo):  # they were told, and perhaps not all
        commit(announcing.bulletin(notice_id, _KIND, _texts_for_guests(state), otherwise=NothingToDo))
    announcing.name_recipients(notice_id, sorted(guests))


def _texts_for_guests(state: Inactivity) -> str:
    ends = clock.at_epoch(int(state.warned_at) + rules.NOTICE_S).date().isoformat()
    title, text = Phrase("inactivity_of_owner_title"), Phrase("inactivity_of_owner_text", ends=ends)
    return announcing.texts_of({one: (title.read_in(one), text.read_in(one)) for one in LANGUAGES})
