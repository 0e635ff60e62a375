"""Failures planned for the n-th call from now, played at the HTTP level so that the SDK meets them as in life."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore.exceptions import ConnectionClosedError

from .trace import Call

Answer = tuple[int, Mapping[str, Any], str | bytes]


class Crash(BaseException):
    """The process died. Not an Exception: code that forgives everything must not forgive its own death."""


class Kind(Enum):
    DIES_BEFORE = "dies before the effect"
    DIES_AFTER = "dies after the effect"
    THROTTLED = "throttled, in every retry of the call"
    LOST_REPLY = "takes effect, the reply is lost, the SDK sends it again"
    ERROR_AFTER = "takes effect, then answers 500 to every retry"
    FAILING_FROM = "answers 503 from here on"


DIES_BEFORE, DIES_AFTER, THROTTLED, LOST_REPLY, ERROR_AFTER, FAILING_FROM = Kind


@dataclass(frozen=True, slots=True)
class Fired:
    kind: Kind
    call: Call


class Faults:
    def __init__(self) -> None:
        self._count = 0
        self._planned: dict[int, Kind] = {}
        self._failing_from: int | None = None
        self._refusing: set[str] = set()
        self._process = threading.local()
        self.fired: list[Fired] = []

    def fail(self, nth: int, kind: Kind) -> None:
        """The nth call from now (1 is the next); several plans may stand beside each other."""
        if nth < 1:
            raise ValueError("calls are counted from 1")
        if kind is FAILING_FROM:
            self._failing_from = self._count + nth
        else:
            self._planned[self._count + nth] = kind

    def refuse(self, service: str) -> None:
        """Every call to the service answers 503 from now on."""
        self._refusing.add(service)

    def clear(self) -> None:
        self._planned.clear()
        self._failing_from = None
        self._refusing.clear()
        self.fired.clear()

    @contextmanager
    def process(self) -> Iterator[None]:
        """Within one process death is final: a `finally:` that still calls AWS crashes again."""
        before = getattr(self._process, "dead", None)
        self._process.dead = False
        try:
            yield
        finally:
            self._process.dead = before

    def strike(self, call: Call, url: str, effect: Callable[[], Answer]) -> Answer:
        """Decide this attempt: the effect, a failure, or both."""
        if getattr(self._process, "dead", None):
            raise Crash(f"{call.name}: this process is already dead")
        kind = self._kind_of(call)
        if kind is None:
            return effect()
        if kind in (THROTTLED, FAILING_FROM):
            return throttled(call) if kind is THROTTLED else unavailable(call)
        if kind is DIES_BEFORE:
            self._die(call)
        if call.attempts > 1:
            return effect() if kind is LOST_REPLY else broken(call)
        effect()
        if kind is DIES_AFTER:
            self._die(call)
        if kind is LOST_REPLY:
            raise ConnectionClosedError(endpoint_url=url)
        return broken(call)

    def _kind_of(self, call: Call) -> Kind | None:
        if call.attempts == 1:
            self._count += 1
            kind = self._planned.pop(self._count, None)
            if kind is None and self._is_down(call):
                kind = FAILING_FROM
            if kind is not None:
                call.fault = kind
                self.fired.append(Fired(kind, call))
        return call.fault

    def _is_down(self, call: Call) -> bool:
        from_here_on = self._failing_from is not None and self._count >= self._failing_from
        return from_here_on or call.service in self._refusing

    def _die(self, call: Call) -> None:
        if getattr(self._process, "dead", None) is not None:
            self._process.dead = True
        raise Crash(f"{call.name}: the process died")


# The errors each service really throws when it is asked too often; what is not listed says ThrottlingException.
_THROTTLES: dict[str, tuple[int, str]] = {
    "dynamodb": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    "s3": (503, "SlowDown"),
    "sqs": (403, "com.amazonaws.sqs#RequestThrottled"),
    "sns": (429, "Throttled"),
    "ses": (400, "Throttling"),
    "sts": (400, "Throttling"),
    "sesv2": (429, "TooManyRequestsException"),
    "lambda": (429, "TooManyRequestsException"),
}
_INTERNAL = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#InternalServerError",
    "s3": "InternalError",
    "kms": "KMSInternalException",
    "sqs": "InternalFailure",
    "sns": "InternalError",
    "ses": "InternalFailure",
}


def throttled(call: Call) -> Answer:
    status, code = _THROTTLES.get(call.service, (400, "ThrottlingException"))
    return _error(call, status, code, "Rate exceeded")


def broken(call: Call) -> Answer:
    return _error(call, 500, _INTERNAL.get(call.service, "InternalServerError"), "We encountered an internal error.")


def unavailable(call: Call) -> Answer:
    return _error(call, 503, "ServiceUnavailable", "The service cannot handle the request.")


def _error(call: Call, status: int, code: str, message: str) -> Answer:
    plain = code.rpartition("#")[2]
    if call.service == "s3":
        xml = f"<Error><Code>{plain}</Code><Message>{message}</Message><RequestId>fault</RequestId></Error>"
        return status, {"content-type": "application/xml"}, xml
    if call.protocol in ("query", "ec2"):
        xml = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{plain}</Code><Message>{message}</Message></Error>"
            "<RequestId>fault</RequestId></ErrorResponse>"
        )
        return status, {"content-type": "text/xml"}, xml
    headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-errortype": plain}
    return status, headers, json.dumps({"__type": code, "message": message})
