"""Operators' functions for the newsletter."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.newsletter import shapes
from chalicelib.newsletter.actions import sending, unsubscribing

operations = Operations(__name__)


@operations.operation(shapes.SendNewsletter)
def send_newsletter(body: shapes.SendNewsletter) -> shapes.Sending:
    """Send an issue to all who want it, each once, or go on with one that stopped; and say how far it is."""
    return sending.order(body)


@operations.operation(shapes.ForgetSubscriber)
def forget_subscriber(body: shapes.ForgetSubscriber) -> shapes.Forgotten:
    """Leave nothing of an address that the newsletter goes or went to."""
    return shapes.Forgotten(subscribed=unsubscribing.forget(body.email))
