"""Calls a function as Lambda does: found by its handler string, with a context of its own, its words kept as logs."""

from __future__ import annotations

import importlib
import json
import random
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from infra.local.logs import Logs
from infra.local.readers_writer_lock import ReadersWriterLock

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # moto's own

Handler = Callable[[Any, Any], Any]


class Failure(NamedTuple):
    """A function that raised, where nobody waited for its answer."""

    function: str
    fault: BaseException


class Context:
    """Lambda's context object; a fresh one for each call."""

    memory_limit_in_mb = "512"
    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(self, function_name: str, request_id: str, timeout_seconds: float) -> None:
        self.function_name = function_name
        self.aws_request_id = request_id
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}"
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = f"local/[{self.function_version}]"
        self._until = time.time() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._until - time.time()) * 1000))


class Functions:
    """Everything that runs, runs through here: one at a time per thread, never while time moves."""

    def __init__(
        self,
        *,
        logs: Logs | None = None,
        rwlock: ReadersWriterLock | None = None,
        seed: int | None = None,
        timeout_seconds: float = 29,
        process: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        """`process` surrounds each call: who dies in it stays dead until it ends."""
        self.logs = logs or Logs()
        self.rwlock = rwlock or ReadersWriterLock()
        self.random = random.Random(seed)  # noqa: S311  # names requests, guards nothing
        self.failures: deque[Failure] = deque(maxlen=1_000)
        # Functions that no event reaches, because as many run as may.
        self.throttled: set[str] = set()
        self._timeout_seconds = timeout_seconds
        self._process = process

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def call(self, name: str, handler: Handler, event: Any) -> Any:
        """The handler's answer; whatever it raises is logged as Lambda logs it, and raised."""
        context = Context(name, self.new_id(), self._timeout_seconds)
        with self.rwlock.shared(), self.logs.of_function(), self._process():
            try:
                return written(handler(event, context))
            except BaseException as fault:
                # A function that dies of anything at all is still only a function; an interrupt is for the whole world.
                if not isinstance(fault, KeyboardInterrupt):
                    self._log(fault, context)
                raise

    def call_by_name(self, name: str, handler_string: str, event: Any) -> Any:
        """As `call`, with event and answer passed through JSON, as between AWS and a function."""
        return self._call_with(name, handler_string, json.dumps(event))

    def attempt(self, name: str, handler_string: str, event: Any) -> tuple[bool, Any]:
        """Whether it went well, and its answer. Nobody waits for what was raised, so it is kept in `failures`."""
        sent = json.dumps(event)  # an event that is none is nobody's failure but ours
        try:
            return True, self._call_with(name, handler_string, sent)
        except KeyboardInterrupt:
            raise
        except BaseException as fault:  # a planned crash is no Exception, and must end only its function
            self.failures.append(Failure(name, fault))
            return False, None

    def _call_with(self, name: str, handler_string: str, sent: str) -> Any:
        return json.loads(json.dumps(self.call(name, found(handler_string), json.loads(sent))))

    def _log(self, fault: BaseException, context: Context) -> None:
        trace = "".join(traceback.format_exception(fault))
        self.logs.take(f"[ERROR] {type(fault).__name__}: {fault} RequestId: {context.aws_request_id}\n{trace}\n")


def written(answer: Any) -> Any:
    """The answer, if Lambda's runtime of Python 3.12 and later can write it: JSON in UTF-8. Over a lone surrogate its
    process ends (awslambdaric 4.2.2)."""
    json.dumps(answer, ensure_ascii=False).encode()
    return answer


def found(handler_string: str) -> Handler:
    """The module's attribute, and nothing of the app: Lambda knows no more."""
    module, _, name = handler_string.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler
