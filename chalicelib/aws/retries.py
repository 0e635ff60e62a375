"""Retries of calls to AWS: which failures are worth one, how long to wait, and a quota, as botocore has them."""

from __future__ import annotations

import threading
from typing import Final, Literal, NamedTuple, get_args

from chalicelib import ids

Service = Literal["dynamodb", "kms", "s3", "sns", "sqs", "sts"]
SERVICES: Final = get_args(Service)
MOST = 2
# Codes and figures are those of botocore 1.44, retries/standard.py.
_TRANSIENT_CODES = {
    "PriorRequestNotComplete",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
}
_TRANSIENT_STATUSES = {500, 502, 503, 504}
_THROTTLED_CODES = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
_THROTTLED_STATUS = 429
_LONGEST_WAIT_S, _LONGEST_ASKED_WAIT_S = 20, 5


class Fault(NamedTuple):
    """A failure that is worth a retry: its cost in tokens of the quota, and the most that its first wait may take."""

    cost: int
    first_wait_s: float


_THROTTLED = Fault(cost=5, first_wait_s=1)
_TRANSIENT = {
    "dynamodb": Fault(cost=14, first_wait_s=0.025),
    "kms": Fault(cost=14, first_wait_s=0.05),
    "s3": Fault(cost=14, first_wait_s=0.05),
    "sns": Fault(cost=14, first_wait_s=0.05),
    "sqs": Fault(cost=14, first_wait_s=0.05),
    "sts": Fault(cost=14, first_wait_s=0.05),
}


def lost(service: str) -> Fault:
    """No whole answer came."""
    return _TRANSIENT[service]


def fault_of(service: str, status: int, code: str) -> Fault | None:
    """None for a refusal that would be the same again."""
    if _is_throttled(status, code):
        return _THROTTLED
    return _TRANSIENT[service] if is_worth_one(status, code) else None


def is_worth_one(status: int, code: str) -> bool:
    """Whether a refusal may be another one, or none, the next time."""
    return _is_throttled(status, code) or code in _TRANSIENT_CODES or status in _TRANSIENT_STATUSES


def _is_throttled(status: int, code: str) -> bool:
    return code in _THROTTLED_CODES or status == _THROTTLED_STATUS


def wait_s(fault: Fault, retries: int, asked_ms: str) -> float:
    """How long to wait before one more retry: at random up to twice as long each time, and as long as AWS asks for in
    `x-amz-retry-after`, within bounds."""
    jittered: float = ids.fraction() * min(fault.first_wait_s * 2**retries, _LONGEST_WAIT_S)
    if not asked_ms.isdecimal() or len(asked_ms) > 6:
        return jittered
    return max(jittered, min(int(asked_ms) / 1000, jittered + _LONGEST_ASKED_WAIT_S))


class Quota:
    """Tokens for retries of one service, by which a container stops trying again while the service as a whole fails."""

    MOST = 500

    def __init__(self) -> None:
        self._left = self.MOST
        self._lock = threading.Lock()

    def take(self, cost: int) -> bool:
        with self._lock:
            if cost > self._left:
                return False
            self._left -= cost
            return True

    def give_back(self, cost: int) -> None:
        """After a success: what its last retry cost, or one where it needed none."""
        if self._left < self.MOST:
            with self._lock:
                self._left = min(self.MOST, self._left + (cost or 1))
