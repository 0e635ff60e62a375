"""Incidents with personal data: those are told whom they concern, each once, and deadlines ring (GDPR, 33 and 34)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.errors import Invalid, NotFound
from chalicelib.notices import rules, shapes
from chalicelib.notices.actions import announcing
from chalicelib.notices.records import Incident
from chalicelib.store.commit import change, commit, create
from chalicelib.store.records import read
from chalicelib.words import Phrase

# By which attribute each step is remembered.
_STEPS: Final[dict[shapes.Step, str]] = {
    "early_warning": "warned_at", "notification": "notified_at", "final_report": "reported_at",
}  # fmt: skip
_PAGE = 100


class IncidentDeadlineNear(Exception):
    """A step that the law asks for has not been recorded, and its deadline is near or over."""


def declare(order: shapes.DeclareIncident) -> shapes.Declared:
    """Tell the owners of the devices, and the accounts; who ordered the same within a day, as after a lost answer,
    gets the same incident, and whoever was not named yet is named then. Raises Invalid where it concerns nobody."""
    account_ids = sorted({*map(access.owner_of, order.who.devices), *order.who.accounts})
    if not account_ids:
        raise Invalid(fields={"who": Phrase("incident_concerns_nobody")})
    texts = announcing.texts(order.title, f"{order.what}\n\n{order.advice}", order.translations)
    incident_id = announcing.ordered_once(
        order,
        lambda one: (
            announcing.bulletin(one, "incident", texts),
            create(Incident.new("", one, title=order.title, declared_at=clock.now_s())),
        ),
    )
    announcing.name_recipients(incident_id, account_ids)
    (incident,) = read(Incident.key("", incident_id))
    if incident is None:
        raise NotFound("incident")
    return shapes.Declared(incident_id=incident_id, accounts=len(account_ids), deadlines=_deadlines(incident))


def record_step(incident_id: str, step: shapes.Step) -> shapes.RecordedStep:
    """Say that a step was taken; when it was recorded first stays."""
    (incident,) = read(Incident.key("", incident_id))
    if incident is None:
        return shapes.RecordedStep(incident=None)
    attribute = _STEPS[step]
    if getattr(incident, attribute) is None:
        now: dict[str, Any] = {attribute: clock.now_s()}
        commit(change(incident, otherwise=NotFound("incident"), **now))
    described = shapes.Incident(
        incident_id=incident_id,
        title=incident.title,
        declared_at=clock.at_epoch(incident.declared_at),
        deadlines=_deadlines(incident),
    )
    return shapes.RecordedStep(incident=described)


def _deadlines(incident: Incident) -> dict[shapes.Step, datetime]:
    """Of the steps that were not recorded."""
    left = [step for step, attribute in _STEPS.items() if getattr(incident, attribute) is None]
    return {step: clock.at_epoch(incident.declared_at + rules.DEADLINES_S[step]) for step in left}


def ring() -> int:
    """How many incidents are open. Raises IncidentDeadlineNear, so that the alarm rings, as long as a step is late."""
    now, every = clock.now_s(), Incident.all_of("", page_size=_PAGE)
    left = {one.sort_id: (int(one.declared_at), list(_deadlines(one))) for one in every}
    late = [
        f"{incident_id}: {step}"
        for incident_id, (declared_at, steps) in left.items()
        for step in steps
        if now >= rules.rings_at(declared_at, step)
    ]
    if late:
        raise IncidentDeadlineNear(", ".join(late))
    return sum(bool(steps) for _, steps in left.values())
