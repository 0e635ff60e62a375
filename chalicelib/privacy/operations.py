"""What operators order about rights."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import restore

operations = Operations(__name__)


@operations.operation(shapes.Replay)
def replay_erasures(asked: shapes.Replay) -> shapes.Replayed:
    """After a restore: forget again whoever has left since, then open the tables to everybody."""
    return restore.replay_erasures(asked.restored_to)
