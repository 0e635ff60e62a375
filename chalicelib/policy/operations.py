"""Operators' functions for the policy."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.policy import shapes
from chalicelib.policy.actions import publishing

operations = Operations(__name__)


@operations.operation(shapes.PublishPolicy)
def publish_policy(body: shapes.PublishPolicy) -> shapes.PublishedVersion:
    """Publish a version of the policy that begins on a day to come, and tell every account of it. Order it until it is
    finished."""
    return publishing.publish(body)
