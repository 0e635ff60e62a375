"""What operators order about rights."""

from __future__ import annotations

from chalicelib.contacts.actions import addresses
from chalicelib.entry.queues import Operations
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import api_log, closing, restore

operations = Operations(__name__)


@operations.operation(shapes.Replay)
def replay_erasures(asked: shapes.Replay) -> shapes.Replayed:
    """After a restore: forget again whoever has left since, then open the tables to everybody."""
    return restore.replay_erasures(asked.restored_to)


@operations.operation(shapes.RemoveChild)
def remove_child(asked: shapes.RemoveChild) -> shapes.Removed:
    """A parent asked that the account of a child be removed: it is closed as its owner would."""
    return closing.remove_child(addresses.asked(asked.email, asked.phone))


@operations.operation(shapes.ReadApiLog)
def read_api_log(asked: shapes.ReadApiLog) -> shapes.ApiLog:
    """Who asked from which address, for a reason that is recorded; of the last seven days and no longer."""
    return api_log.read_api_log(asked.from_, asked.to, asked.account_id, asked.reason)
