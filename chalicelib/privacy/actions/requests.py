"""Requests of people about their data: each has a state, and a time until which it is answered (RIGHTS)."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib import clock, ids
from chalicelib.entry.callers import Caller
from chalicelib.privacy import shapes
from chalicelib.privacy.records import OPEN, PREPARING, ExercisedRight, Export

# By law (GDPR, article 12).
DUE = timedelta(days=30)
# Of a random id so much that two requests in one second are two.
_MARK = 12


def new_right(caller: Caller, kind: str, state: str, **values: object) -> ExercisedRight:
    """The record of a right that is exercised now; what is not open is settled at once."""
    at = clock.now()
    return ExercisedRight.new(
        caller.account_id,
        f"{kind}-{at:%Y%m%dT%H%M%SZ}-{ids.new_id()[:_MARK]}",
        cipher=caller.cipher,
        kind=kind,
        state=state,
        asked_at=clock.epoch_s(at),
        due_at=clock.epoch_s(at + DUE),
        **({} if state == OPEN else settled_now()),
        **values,
    )


def settled_now() -> dict[str, int]:
    """That it is settled, as of now."""
    return {"settled_at": clock.now_s()}


def requests_of(caller: Caller) -> shapes.PrivacyRequests:
    """Everything that the caller has asked for about his data, newest first; what he deletes or corrects himself is
    done with the call, and stands in the audit log."""
    page = ExercisedRight.together_with(Export, caller.account_id)
    items = [_of_export(one) if isinstance(one, Export) else _of_right(one) for one in page.items]
    items.sort(key=lambda one: (one.asked_at, one.request_id), reverse=True)
    return shapes.PrivacyRequests(items=items)


def _of_right(right: ExercisedRight) -> shapes.PrivacyRequest:
    return shapes.PrivacyRequest(
        request_id=right.pk_id + right.sort_id,
        kind=right.kind,
        state=right.state,
        asked_at=clock.at_epoch(right.asked_at),
        due_at=clock.at_epoch(right.due_at),
        settled_at=_time(right.settled_at),
        purpose=right.purpose,
    )


def _of_export(export: Export) -> shapes.PrivacyRequest:
    asked_at = clock.at_epoch(export.asked_at)
    return shapes.PrivacyRequest(
        request_id=export.pk_id + export.sort_id,
        kind="export",
        state="open" if export.state == PREPARING else "done",
        asked_at=asked_at,
        due_at=asked_at + DUE,
        settled_at=_time(export.ready_at),
        purpose=None,
    )


def _time(at: float | None) -> datetime | None:
    return None if at is None else clock.at_epoch(at)
