"""moto held to AWS's word: serialised, traced, struck by planned faults, and as strict as what it plays."""

from .faults import (
    DIES_AFTER,
    DIES_BEFORE,
    ERROR_AFTER,
    FAILING_FROM,
    LOST_REPLY,
    THROTTLED,
    Crash,
    Faults,
    Kind,
)
from .layer import StrictAWS
from .snapshots import Snapshot
from .trace import Call, Trace

__all__ = [
    "DIES_AFTER",
    "DIES_BEFORE",
    "ERROR_AFTER",
    "FAILING_FROM",
    "LOST_REPLY",
    "THROTTLED",
    "Call",
    "Crash",
    "Faults",
    "Kind",
    "Snapshot",
    "StrictAWS",
    "Trace",
]
