"""Restore of the main table from a backup, without anybody who has left since, and without what was deleted (B17)."""

from __future__ import annotations

from datetime import datetime

from chalicelib import clock
from chalicelib.access.records import Device, Ownership
from chalicelib.accounts.records import Account
from chalicelib.devices.actions import owning
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import closing, replay_deletions
from chalicelib.privacy.actions.restore_runs import BUDGET_S, MARGIN, begun
from chalicelib.privacy.records import Replay
from chalicelib.register import erase, erasures
from chalicelib.register.erasures import Erasure
from chalicelib.settings import settings
from chalicelib.stock.actions import cameras
from chalicelib.store import deletions, keys
from chalicelib.store.commit import change, commit
from chalicelib.store.deletions import Deletion
from chalicelib.store.records import put_into_service, read, restoring


class _TimeIsOver(Exception):
    """The next run goes on."""


def replay_erasures(restored_to: datetime) -> shapes.Replayed:
    """Forget again whoever left after that instant, delete again what was deleted, then open the table; in instalments,
    of which each goes on where the last one stopped. Until all is done nobody can read it. Everybody signs in anew.

    One that was finished begins anew.
    """
    replay = begun(Replay, settings.items_table, settings.keys_table, restored_to)
    until_ticks = clock.ticks_s() + BUDGET_S
    try:
        with restoring():
            for erasure in erasures.begun_since(restored_to - MARGIN, after=replay.replayed_to):
                _replay(replay, erasure, until_ticks)
            for deletion in deletions.since(restored_to - MARGIN, after=replay.deletions_to or ""):
                _delete_again(replay, deletion, until_ticks)
    except _TimeIsOver:
        return _how_far(replay)
    put_into_service(since=clock.now_s())
    commit(change(replay, finished_at=clock.now_s()))
    return _how_far(replay)


def _how_far(replay: Replay) -> shapes.Replayed:
    return shapes.Replayed(
        erasures=int(replay.erasures),
        subjects=int(replay.subjects),
        deletions=int(replay.deletions),
        finished=replay.finished_at is not None,
    )


def _replay(replay: Replay, erasure: Erasure, until_ticks: float) -> None:
    """Raises _TimeIsOver."""
    hashed_id = erasure.pk_id
    for erased in erasures.erased_subjects(hashed_id, after=replay.subjects_to):
        erasures.open_again(hashed_id, erased)
        _forget_again(replay, hashed_id, erased.subject, until_ticks)
        replay.assign(subjects_to=erased.subject)
    # Those that were not done, and the children that restored rows name, which are found as they go.
    seen: set[str] = set()
    while fresh := [row.subject for row in erasures.open_subjects(hashed_id) if row.subject not in seen]:
        for subject in fresh:
            _forget_again(replay, hashed_id, subject, until_ticks)
        seen.update(fresh)
    if erasures.is_any_open(hashed_id):
        erasures.keep_in_sight(erasure)
    commit(
        change(
            replay,
            replayed_to=hashed_id,
            subjects_to=None,
            erasures=int(replay.erasures) + 1,
            subjects=int(replay.subjects) + erasures.count_subjects(hashed_id),
        )
    )


def _delete_again(replay: Replay, deletion: Deletion, until_ticks: float) -> None:
    """Raises _TimeIsOver."""
    if clock.ticks_s() >= until_ticks:
        raise _TimeIsOver
    replay_deletions.delete_again(deletion)
    count = int(replay.deletions) + 1
    commit(change(replay, deletions_to=deletions.position_of(deletion), deletions=count))


def _forget_again(replay: Replay, hashed_id: str, subject: str, until_ticks: float) -> None:
    """All of it, but for what ends by itself, or SNS keeps: that is in the clock's sight when the tables are open."""
    _end(subject)
    is_all = False
    while not is_all:
        left_s = until_ticks - clock.ticks_s()
        if left_s <= 0:
            commit(change(replay, subjects_to=replay.subjects_to))
            raise _TimeIsOver
        try:
            passed = erase.run_pass(hashed_id, subject, within_s=left_s)
        except erase.EndpointsOpen:
            return
        is_all = passed is None or (passed.is_whole and not passed.found)


def _end(subject: str) -> None:
    """All that others know of it goes as it went the first time: an address is free again, and so is a camera."""
    kind, subject_id = keys.kind_of(subject), keys.id_of(subject)
    if kind == Device.pk_prefix:
        (device,) = read(Device.key(subject_id))
        if device is not None:
            (account,) = read(Account.key(device.account_id))
            if account is not None:
                # The camera may be somebody else's already, who bound it of a closed account.
                (tie,) = read(Ownership.of_device(subject_id))
                commit(*owning.ends_at_owner(device, tie))
            cameras.release(subject_id, device.stock_id)
    if kind == Account.pk_prefix:
        (account,) = read(Account.key(subject_id))
        if account is not None:
            commit(*closing.ending(account))
