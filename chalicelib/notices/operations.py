"""Operators' functions for notices."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.notices import shapes
from chalicelib.notices.actions import announcing, incidents

operations = Operations(__name__)


@operations.operation(shapes.Announce)
def announce(body: shapes.Announce) -> shapes.Announced:
    """Tell everybody something, in the list of their notices. The same within a day is told once."""
    return announcing.announce(body)


@operations.operation(shapes.DeclareIncident)
def declare_incident(body: shapes.DeclareIncident) -> shapes.Declared:
    """Tell those whom an incident with personal data concerns, and ring for the steps that the law asks for."""
    return incidents.declare(body)


@operations.operation(shapes.RecordIncidentStep)
def record_incident_step(body: shapes.RecordIncidentStep) -> shapes.RecordedStep:
    """Say that a step of an incident was taken, so that nothing rings for it."""
    return incidents.record_step(body.incident_id, body.step)
