"""Taking and deleting the events of the User Experience Plan (B15)."""

from __future__ import annotations

from typing import Final

from chalicelib import clock, ids
from chalicelib.accounts.records import Account
from chalicelib.consents import actions as consents
from chalicelib.entry.callers import Caller
from chalicelib.experience import shapes
from chalicelib.experience.records import ExperienceEvents
from chalicelib.register import rows
from chalicelib.store.commit import MOST_WRITES, commit, commit_and_answer, create, remove
from chalicelib.store.records import read

PURPOSE: Final = "experience"
KEPT = rows.EXPERIENCE_PLAN.kept_for.period
# One write of a commit is the note in the ledger of deletions.
_DELETED_TOGETHER = MOST_WRITES // 2


def take_events(caller: Caller, events: list[shapes.ExperienceEvent]) -> shapes.TakenEvents:
    """Keep what an app saw; on condition of the consent by which it was gathered, so that nothing commits after that
    was withdrawn. Raises ConsentMissing."""
    grant, still_given = consents.required(caller, PURPOSE)
    now = clock.now()
    until = now + KEPT
    kept = ExperienceEvents.new(
        caller.account_id,
        f"{grant.id}-{now:%Y%m%dT%H%M%S%fZ}-{ids.new_id()}",
        cipher=caller.cipher,
        arrived_at=clock.epoch_s(now),
        expires_at=clock.epoch_s(until),
        events=[_kept(event) for event in events],
    )
    answer = shapes.TakenEvents(events=len(events), until=clock.at_epoch(clock.epoch_s(until)))
    return commit_and_answer(create(kept), still_given, answer=answer)


def _kept(event: shapes.ExperienceEvent) -> dict[str, str]:
    optional = {"screen": event.screen, "value": event.value}
    said = {name: value for name, value in optional.items() if value is not None}
    return {"name": event.name, "at": clock.rfc3339(event.at), **said}


def delete_withdrawn(account_id: str) -> None:
    """Delete what was gathered by a consent that is in force no more; delivered again, it finds nothing. Of an account
    that was closed the erasure deletes it."""
    gathered = [
        (one.own_key, one.grant_id) for one in ExperienceEvents.all_of(account_id, page_size=_DELETED_TOGETHER)
    ]
    # Read behind them: what is gathered meanwhile by a consent that is new is not among them.
    (account,) = read(Account.key(account_id))
    if account is None:
        return
    gone = [key for key, grant_id in gathered if not consents.is_in_force(account, PURPOSE, grant_id)]
    for first in range(0, len(gone), _DELETED_TOGETHER):
        commit(*(remove(one) for one in gone[first : first + _DELETED_TOGETHER]))
