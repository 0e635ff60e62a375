"""Checks of accounts that nobody may be using: the work grows with those whose day it is (IDLE)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.devices.actions import owning
from chalicelib.inactivity import rules
from chalicelib.inactivity.actions import warning, watching
from chalicelib.inactivity.records import CheckedDays, Inactivity, InactivityCheck
from chalicelib.inactivity.rules import History
from chalicelib.notices.actions import telling
from chalicelib.outbox.actions import messages
from chalicelib.plans.actions import ledgers as plans
from chalicelib.privacy.actions import closing, objections
from chalicelib.register import erasures, rows
from chalicelib.sessions.actions import audience, last_use
from chalicelib.store import ciphers, keys
from chalicelib.store.commit import commit, put, remove
from chalicelib.store.records import Found, read, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

# Of the 300 seconds that the job may take.
BUDGET_S = 240
_PAGE = 100
# Where nothing says which days were looked at: the job has never run.
_LOOKED_BACK_DAYS = 34


class AccountsUnreachable(Exception):
    """Accounts that nobody uses and nobody could be told of: an operator may know how to reach their people."""


def check_due() -> dict[str, int]:
    """Do what is due, the oldest first; how much of what. What there is no time for is for the next run. Raises
    AccountsUnreachable, so that the alarm rings, once for each."""
    until_ticks, done = clock.ticks_s() + BUDGET_S, Counter[str]()
    faults: list[Exception] = []
    today = clock.now().date()
    left: date | None = None
    for day in _days_to(today):
        for row in InactivityCheck.all_of(day.isoformat(), page_size=_PAGE):
            if clock.ticks_s() >= until_ticks:
                left = left or day
                break
            try:
                done[_check(row)] += 1
            except NothingToDo:
                continue
            except Exception as fault:  # raised again below: it is in the way of no other account
                faults.append(fault)
                left = left or day
    commit(put(CheckedDays.new(day=(left or today).isoformat())))
    if faults:
        raise faults[0]
    if done["close"]:
        raise AccountsUnreachable(f"{done['close']} accounts")
    return {f"accounts_{act}": count for act, count in sorted(done.items())}


def _days_to(today: date) -> Iterator[date]:
    (before,) = read(CheckedDays.key())
    first = today - timedelta(days=_LOOKED_BACK_DAYS) if before is None else date.fromisoformat(before.day)
    yield from (first + timedelta(days=days) for days in range((today - first).days + 1))


def _check(row: InactivityCheck) -> str:
    return retrying(lambda: _check_once(row))


def _check_once(row: InactivityCheck) -> str:
    """What was done. Raises StaleRead, NothingToDo."""
    account_id, now = row.account_id, clock.now_s()
    own, target_row = Inactivity.key(account_id), audience.key_of(account_id)
    found = read_all((own, target_row, *accounts.keys_of(account_id)))
    account, state = accounts.living_among(found, [account_id]).get(account_id), found[own]
    if account is None or state is None or state.check != keys.written(row.own_key):
        commit(remove(row))
        raise NothingToDo
    history = _history_of(account, state)
    step = rules.next_step(history, now)
    if step.act != "wait" and _is_spared(found, account):
        history = History(used_at=now)
        step = rules.next_step(history, now)
    if step.act in ("warn", "remind"):
        targets = telling.targets_of(found, account_id)
        warning.warn(account, targets, state, row, history, is_first=step.act == "warn")
    elif step.act == "delete":
        _delete(account)
    elif step.act == "close":
        _close(account, state, row)
    elif step.act == "empty":
        _empty(account, state, row)
    else:
        _wait(account, state, row, history, step.at)
    return step.act


def _is_spared(found: Found, account: Account) -> bool:
    """Whether disuse is no reason to delete the account: its person has restricted processing (what is kept stays
    stored), objects to this very purpose, or holds a plan."""
    key = found[ciphers.key_of(account.pk_id)]
    if key is not None and key.is_restricted:
        return True
    return objections.is_objected_to(account, rows.INACTIVE_ACCOUNTS) or plans.is_any_held(account.pk_id)


def _history_of(account: Account, state: Inactivity) -> History:
    """What is known of an account now: a use since the last check begins everything anew."""
    used_at = max(int(state.used_at), last_use.of(account.pk_id))
    if state.stage == "used" or account.inactive_since is None or used_at > state.used_at:
        is_back = state.stage != "used" and used_at == state.used_at
        return History(used_at=int(state.told_at) if is_back else used_at)
    return History(
        used_at=used_at,
        stage=state.stage,
        warned_at=int(state.warned_at),
        told_at=int(state.told_at),
        warnings=int(state.warnings),
        arrived_at=_arrived_at(account.pk_id, state.notice_ids or set()),
    )


def _arrived_at(account_id: str, notice_ids: set[str]) -> int | None:
    """When the first of these arrived, as the mail provider says."""
    wanted = [messages.delivery_of(account_id, f"{one}.email") for one in sorted(notice_ids)]
    found: Found = read_all(wanted)
    arrived = (one for key in wanted if (one := found[key]) is not None and one.has_arrived)
    return min((int(one.delivered_at) for one in arrived), default=None)


def _wait(account: Account, state: Inactivity, row: InactivityCheck, history: History, at: int) -> None:
    """Whoever came back is warned no more, and was never inactive."""
    if history.stage != "used":
        commit(*watching.moved_on(state, row, at))
        return
    nothing = dict.fromkeys(("warned_at", "told_at", "warnings", "notice_ids"))
    is_marked = account.inactive_since is not None
    unmarked = (accounts.marked_inactive(account, None),) if is_marked else ()
    commit(*watching.moved_on(state, row, at, stage="used", used_at=history.used_at, **nothing), *unmarked)


def _delete(account: Account) -> None:
    """As its person would close it, if nobody has signed in since the account was read. Raises StaleRead."""

    def came_back(_: Account) -> Account:
        raise StaleRead  # what is known of it is read anew, and it is looked at again in time

    closing.close_account(account, erasures.INACTIVITY, came_back)


def _close(account: Account, state: Inactivity, row: InactivityCheck) -> None:
    """Nothing is open any more but signing in: cameras show and send nothing, nobody is signed in, nothing is pushed.
    What is needed to sign in stays."""
    for device, _ in access.owned_by(account.pk_id):
        if not access.is_private(device):
            commit(access.switch_privacy_mode(device, on=True))
    now = clock.now_s()
    moved = watching.moved_on(state, row, now + rules.EMPTIED_AFTER_S, stage="unreachable", told_at=now)
    commit(*moved, accounts.ends_sessions_of_inactive(account), audience.only(account.pk_id))


def _empty(account: Account, state: Inactivity, row: InactivityCheck) -> None:
    """Devices go, each in a commit of its own, with all that hangs below them. Nothing else is left by then but what is
    needed to sign in: media hang on devices, and terminals and acts are not remembered for so long."""
    still = accounts.has_inactivity_as_read(account)
    for device, tie in access.owned_by(account.pk_id):
        _, begun = erasures.begin(owning.subject_of(device), ordered_by=erasures.INACTIVITY)
        loss = accounts.loses_device(account, when=still, otherwise=StaleRead)
        commit(*owning.end_ownership(device, tie, loss=loss), *begun)
    moved = watching.moved_on(state, row, clock.now_s() + rules.LOOKED_AT_AFTER_S, stage="emptied")
    commit(*moved, accounts.require_still_inactive(account))
