"""Operators' functions for notices."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.notices import shapes
from chalicelib.notices.actions import announcing

operations = Operations(__name__)


@operations.operation(shapes.Announce)
def announce(body: shapes.Announce) -> shapes.Announced:
    """Tell everybody something, in the list of their notices. The same within a day is told once."""
    return announcing.announce(body)
