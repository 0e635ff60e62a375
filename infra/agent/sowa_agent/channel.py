"""The channel: a WebSocket that is kept open, on which commands come down and their answers go up."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from sowa_agent.answers import Json
from sowa_agent.cloud import CloudClient, Refused, Unreachable

# API Gateway ends a connection after two hours; who opens another before is not away.
RENEW_AFTER_S = 110 * 60.0
LOOK_S = 1.0
OPEN_S = 20.0
# Who was hung up on asks within this time whether its token is still good; not all at once, where many were.
ASK_WITHIN_S = 5.0

log = logging.getLogger(__name__)


@dataclass
class Channel:
    """`how` is what activation said of it; `do` carries a command out and says its answer, which is sent.

    A camera that lost its connection comes back when the cloud has told it to, so that not all do at the same time;
    `back_within_s` is for one alone, that need not wait so long.
    """

    cloud: CloudClient
    how: Json
    do: Callable[[Json], Json]
    stopped: threading.Event
    back_within_s: float = float("inf")
    ask_within_s: float = ASK_WITHIN_S

    def run(self) -> None:
        """Until `stopped`. Raises TokenReplaced."""
        while not self.stopped.is_set():
            if not self._is_renewed():
                self.stopped.wait(min(self.back_within_s, self.how["reconnect_after_seconds"]))

    def _is_renewed(self) -> bool:
        """One connection to its end; whether that was our own doing."""
        token = self.cloud.token
        headers = {"Authorization": f"Bearer {token}"}
        try:
            with connect(
                self.how["channel_url"], additional_headers=headers, open_timeout=OPEN_S, ping_interval=None, proxy=None
            ) as connection:
                log.info("The channel is open.")
                self._listen(connection)
                return True
        except InvalidStatus as refused:
            if refused.response.status_code in (401, 403):
                return self._has_new_token(token)
            log.warning("The channel was refused (%s).", refused.response.status_code)
        except (WebSocketException, InvalidHandshake, OSError, EOFError) as problem:
            log.info("The channel is closed (%s).", type(problem).__name__)
            if isinstance(problem, ConnectionClosed) and problem.rcvd:
                self._ask()
        return False

    def _ask(self) -> None:
        """The cloud ends the channel of a token that was replaced, and says so to who asks. Raises TokenReplaced."""
        if not self.stopped.wait(random.uniform(0, self.ask_within_s)):  # noqa: S311  # nothing is kept secret by it
            with suppress(Refused, Unreachable):
                self.cloud.report()

    def _has_new_token(self, refused: str) -> bool:
        """Raises TokenReplaced."""
        try:
            self.cloud.renew_token(refused)
        except (Refused, Unreachable) as problem:
            log.warning("The channel was refused, and so is another activation (%s).", problem)
            return False
        return True

    def _listen(self, connection: ClientConnection) -> None:
        clock = self.cloud.clock.monotonic
        opened = spoken = clock()
        while not self.stopped.is_set() and clock() - opened < RENEW_AFTER_S:
            if clock() - spoken > self.how["ping_seconds"]:
                connection.send('{"action": "ping"}')
                spoken = clock()
            try:
                message = connection.recv(timeout=LOOK_S)
            except TimeoutError:
                continue
            if (command := _command_in(message)) is not None:
                connection.send(json.dumps(self.do(command)))
                spoken = clock()


def _command_in(message: Any) -> Json | None:
    """None for what is no command, such as the answer to a ping."""
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and "command" in said and "id" in said else None
