"""One lock through which every AWS call passes, and the seam where a test may choose their order."""

import threading
from collections.abc import Callable
from typing import Any

from .trace import Call

BeforeCall = Callable[[str, Call], None]
AfterCall = Callable[[str, Any], None]


class Scheduler:
    def __init__(self) -> None:
        # Reentrant: whoever holds it to look at several things at the same time may still make calls.
        self.lock = threading.RLock()
        self.before_call: BeforeCall | None = None
        self.after_call: AfterCall | None = None

    def turn(self, call: Call) -> threading.RLock:
        """The hook runs outside the lock, so it may hold one client back while another goes first."""
        if self.before_call is not None:
            self.before_call(threading.current_thread().name, call)
        return self.lock

    def answered(self, answer: Any) -> None:
        if self.after_call is not None:
            self.after_call(threading.current_thread().name, answer)
