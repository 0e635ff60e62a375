"""Restore of the table of keys: what is missing is added from a copy, but for whoever has left since."""

from __future__ import annotations

from datetime import datetime

from chalicelib import clock, ids
from chalicelib.privacy import shapes
from chalicelib.privacy.actions.restore_runs import BUDGET_S, MARGIN, begun
from chalicelib.privacy.records import KeysRestore
from chalicelib.register import erasures
from chalicelib.settings import settings
from chalicelib.store import ciphers, deletions, keys, restored_keys
from chalicelib.store.commit import change, commit
from chalicelib.store.keys import RawItem


class _Ended:
    """The keys that were deleted for good since a moment: their own, or one above them."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._pks = {_pk_of(row.subject) for one in erasures.begun_since(since) for row in erasures.subjects(one.pk_id)}

    def look_again(self) -> None:
        """See also what was deleted meanwhile."""
        began = clock.now()
        for deletion in deletions.since(self._since):
            self._pks |= {row for row in deletion.rows or () if " " not in row}
        self._since = began - MARGIN

    def __contains__(self, pk: str) -> bool:
        subject_id = keys.id_of(pk)
        while subject_id:
            if ciphers.key_of(subject_id).pk in self._pks:
                return True
            subject_id = ids.parent_of(subject_id)
        return pk in self._pks


def _pk_of(subject: str) -> str:
    return ciphers.key_of(keys.id_of(subject)).pk


def restore_keys(restored_to: datetime) -> shapes.KeysRestored:
    """Add to the table of keys what it lacks of the copy of that instant, in instalments, of which each goes on where
    the last one stopped. No key is replaced, and none comes back that was deleted since, or that hangs on one that was.

    A table that has no root secret gets the copy's when all is done, and is closed until then. It is never finished
    where the settings name no copy. Raises RootSecretMissing, RootSecretDiffers.
    """
    if not settings.restored_keys_table:
        return shapes.KeysRestored(copy="", added=0, stayed_deleted=0, finished=False)
    root = restored_keys.root_of_copy()
    run = begun(KeysRestore, settings.restored_keys_table, settings.keys_table, restored_to)
    until_ticks = clock.ticks_s() + BUDGET_S
    ended = _Ended(restored_to - MARGIN)
    for nth, page in enumerate(restored_keys.pages(run.looked_to)):
        if nth and clock.ticks_s() >= until_ticks:
            return _how_far(run)
        missing = restored_keys.missing(page)
        # Behind the look into the table: what is deleted from now on was still there, and is not missing.
        ended.look_again()
        allowed = [row for row in missing if row["pk"]["S"] not in ended]
        added = restored_keys.add(allowed)
        _note_progress(run, page, added, len(missing) - len(allowed))
    restored_keys.add_root(root)
    # How far it was is somebody's id.
    commit(change(run, finished_at=clock.now_s(), looked_to=None))
    return _how_far(run)


def _note_progress(run: KeysRestore, page: list[RawItem], added: int, ended: int) -> None:
    looked_to = page[-1]["pk"]["S"] if page else run.looked_to
    commit(change(run, looked_to=looked_to, added=int(run.added) + added, ended=int(run.ended) + ended))


def _how_far(run: KeysRestore) -> shapes.KeysRestored:
    return shapes.KeysRestored(
        copy=settings.restored_keys_table,
        added=int(run.added),
        stayed_deleted=int(run.ended),
        finished=run.finished_at is not None,
    )
