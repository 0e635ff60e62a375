"""The product's own transport, which calls AWS without an SDK's client, led through the strict layer like one."""

import functools
import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.exceptions import BotoCoreError

from infra.strict_moto import Call, Crash, trace
from infra.strict_moto.layer import Attempt, Replacement

_ATTEMPTS, _CALLS = "chalicelib.aws.attempts", "chalicelib.aws.json_calls"
# What asks elsewhere, as tests of the transport itself do, goes there.
_AWS = ".amazonaws.com"
_PROTOCOLS = {"sns": "query", "sts": "query"}


def replacements(attempt: Attempt) -> Iterator[Replacement]:
    """What stands in the place of the function that sends one signed request, so that retries are real, and of the
    waits between them."""
    attempts: Any = importlib.import_module(_ATTEMPTS)
    yield attempts, "tried", _followed(attempts, importlib.import_module(_CALLS), attempts.tried)
    yield attempts.http1, "exchange", functools.partial(_exchange, attempts.http1, attempts.http1.exchange, attempt)
    yield attempts, "clock", _sleepless(attempts.clock)
    yield attempts.retries.Quota, "take", _unlimited(attempts.retries.Quota.take)


def _followed(attempts: Any, calls: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    """One Call for one call, retries and all; its error is what the caller gets to see."""

    def tried(service: str, operation: str, request: Mapping[str, Any], send: Callable[[], Any]) -> Any:
        if not calls._host(service).endswith(_AWS):
            return original(service, operation, request, send)
        protocol, thread = _PROTOCOLS.get(service, "json"), threading.current_thread().name
        call = Call(service, operation, dict(request), thread=thread, protocol=protocol)
        try:
            with trace.inside(call):
                return original(service, operation, request, send)
        except attempts.CallRefused as refused:
            call.error = refused.code
            raise
        except (attempts.ReplyLost, Crash) as error:
            call.error = type(error).__name__
            raise

    return tried


def _exchange(
    http1: Any,
    original: Callable[..., Any],
    attempt: Attempt,
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Any:
    if not host.endswith(_AWS):
        return original(method, host, path, headers, body)
    request = AWSPreparedRequest(method, f"https://{host}{path}", HeadersDict(headers), body, stream_output=False)
    try:
        answer = attempt(trace.current(), request)
    except BotoCoreError as lost:
        raise http1.ConnectionLost(f"{host}: {lost!r}") from lost
    if answer is None:
        raise RuntimeError(f"{host} is not played here")
    status, told, text = answer
    lower = {name.lower(): str(value) for name, value in told.items()}
    sent = b"" if method == "HEAD" else text.encode() if isinstance(text, str) else text
    return http1.Response(status, lower, sent)


def _is_followed() -> bool:
    return trace.current().service != "none"


def _sleepless(clock: Any) -> SimpleNamespace:
    def sleep(seconds: float) -> None:
        if not _is_followed():
            clock.sleep(seconds)

    return SimpleNamespace(now=lambda: clock.now(), sleep=sleep)


def _unlimited(original: Callable[[Any, int], bool]) -> Callable[[Any, int], bool]:
    """As of a botocore client: one test's faults would change the next one's retries."""

    def take(quota: Any, cost: int) -> bool:
        return _is_followed() or original(quota, cost)

    return take
