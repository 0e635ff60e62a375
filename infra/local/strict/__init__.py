"""moto held to AWS's word: serialised, traced, struck by planned faults, and as strict as what it plays."""

from infra.local.strict.faults import (
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
from infra.local.strict.layer import StrictAWS
from infra.local.strict.snapshots import Snapshot
from infra.local.strict.trace import Call, Trace

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
