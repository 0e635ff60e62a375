"""Operators' functions for signing in."""

from __future__ import annotations

from chalicelib.contacts.actions import addresses
from chalicelib.entry.queues import Operations
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import credentials

operations = Operations(__name__)


@operations.operation(shapes.RemoveSecondFactors)
def remove_second_factors(body: shapes.RemoveSecondFactors) -> shapes.SecondFactorsRemoved:
    """Somebody lost all second factors and proved to be who they are: the password alone lets in again."""
    return credentials.remove_second_factors(addresses.contact_from(body.email, body.phone))
