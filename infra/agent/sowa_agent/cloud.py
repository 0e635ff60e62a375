"""The cloud as a camera sees it: activation, upload tickets, uploads and state, over HTTP."""

from __future__ import annotations

import io
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import urllib3
from urllib3.exceptions import HTTPError

from sowa_agent import answers
from sowa_agent.answers import Json, instant
from sowa_agent.clocks import Clock, as_utc

CONNECT_S, READ_S = 10.0, 60.0
# A ticket is replaced so long before its end: an upload over a slow line takes a while.
RENEW_BEFORE_S = 300.0
TRIES = 4
_READ_BYTES = 64 * 1024
# Sixteen tickets are a tenth of it.
MOST_ANSWER_BYTES = 1024 * 1024
_TAKEN = (200, 201, 204)
# Of what is asked too often this alone does not pass within the hour.
QUOTA_SPENT = "EventQuotaSpent"
# S3 refuses a ticket that has run out.
_TICKET_IS_OVER = (400, 403)

NOT_UNDERSTOOD = "The cloud's answer is not understood."

log = logging.getLogger(__name__)


class Unreachable(Exception):
    """No answer came, or one that says to try again, or is not understood."""


class Refused(Exception):
    """The cloud does not do it; `code` names the situation."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message or f"The cloud answered {status} {code}.")
        self.status, self.code = status, code


class TokenReplaced(Exception):
    """The camera was activated anew, by another agent or by itself: this one's token is dead."""


class NotTaken(Exception):
    """Storage does not take it, on a new ticket either."""


@dataclass(frozen=True)
class Ticket:
    url: str
    fields: Mapping[str, str]
    key_prefix: str
    until_s: float

    @classmethod
    def of(cls, given: Json) -> Ticket:
        """Raises ValueError."""
        fields = answers.field(given, "fields", dict)
        checked = {str(name): answers.field(fields, name, str) for name in fields}
        url, key_prefix = (answers.field(given, name, str) for name in ("url", "key_prefix"))
        return cls(url, checked, key_prefix, instant(given.get("until")).timestamp())

    @property
    def ownership(self) -> str | None:
        """Whose camera it is, as an id that no other ownership has: `recordings/<class>/<day>/<id>/…`."""
        parts = self.key_prefix.split("/")
        return parts[3] if len(parts) > 4 else None


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Json:
        """Empty where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass
class Wire:
    """HTTP with connections that are kept open, no redirects and no tries of its own."""

    url: str
    connect_s: float = CONNECT_S
    read_s: float = READ_S

    def __post_init__(self) -> None:
        self.url = self.url.rstrip("/")
        timeout = urllib3.Timeout(connect=self.connect_s, read=self.read_s)
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=4, timeout=timeout, retries=False)

    def send(self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]) -> Answer:
        """Raises Unreachable, which never says what was sent."""
        try:
            answer = self._pool.request(
                method, url, body=body, headers=headers, redirect=False, preload_content=False
            )
            said = answer.read(MOST_ANSWER_BYTES + 1)
        except (HTTPError, OSError) as error:
            raise Unreachable(f"No answer from {urllib3.util.parse_url(url).host} ({type(error).__name__}).") from None
        if len(said) > MOST_ANSWER_BYTES:
            answer.close()
            raise Unreachable(NOT_UNDERSTOOD)
        answer.release_conn()
        return Answer(answer.status, said)

    def ask(self, method: str, path: str, body: Json, token: str, idempotency_key: str) -> Answer:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Language": "en"}
        headers["Idempotency-Key"] = idempotency_key
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.send(method, self.url + path, json.dumps(body).encode(), headers)

    def upload(self, ticket: Ticket, name: str, content: bytes | Path, more: Mapping[str, str] | None = None) -> int:
        """Straight to storage; the status. A file is read as it is sent. The same name again is the same again."""
        fields = {**ticket.fields, **(more or {}), "key": ticket.key_prefix + name}
        form = _Form(fields, name.rpartition("/")[2], content)
        try:
            headers = {"Content-Type": form.content_type, "Content-Length": str(form.size_bytes)}
            return self.send("POST", ticket.url, cast(IO[bytes], form), headers).status
        finally:
            form.close()


class _Form(io.RawIOBase):
    """multipart/form-data with the file last, as S3 wants it, read piece by piece."""

    def __init__(self, fields: Mapping[str, str], filename: str, content: bytes | Path) -> None:
        super().__init__()
        boundary = f"part-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        head = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'.encode()
        head += b"Content-Type: application/octet-stream\r\n\r\n"
        tail = f"\r\n--{boundary}--\r\n".encode()
        # S3 asks for a Content-Length, so it is known before anything is sent.
        file: IO[bytes] = content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
        length = os.fstat(file.fileno()).st_size if isinstance(content, Path) else len(content)
        self._parts: list[IO[bytes]] = [io.BytesIO(head), file, io.BytesIO(tail)]
        self.size_bytes = len(head) + length + len(tail)

    def read(self, size: int = -1) -> bytes:
        wanted = _READ_BYTES if size < 0 else size
        while self._parts:
            if block := self._parts[0].read(wanted):
                return block
            self._parts.pop(0).close()
        return b""

    def close(self) -> None:
        for part in self._parts:
            part.close()
        super().close()


@dataclass(frozen=True)
class Identity:
    """What a camera says of itself when it is activated."""

    sn: str
    secret: str = field(repr=False)
    mac: str
    model: str
    firmware: str
    channels: tuple[tuple[str, str], ...]

    def as_json(self) -> Json:
        channels = [{"id": channel, "name": name} for channel, name in self.channels]
        return {
            "sn": self.sn, "secret": self.secret, "mac": self.mac, "model": self.model, "firmware": self.firmware,
            "channels": channels,
        }  # fmt: skip


@dataclass
class CloudClient:
    """A camera's token with the cloud, and what it is asked with. Several threads ask at the same time.

    Every question raises Unreachable, Refused, or TokenReplaced.
    """

    wire: Wire
    identity: Identity
    clock: Clock
    pause: Callable[[float], Any] = lambda seconds: threading.Event().wait(seconds)
    token: str = field(default="", repr=False)
    # The token is of a former run; an activation since may have been carried out, and its answer lost.
    is_token_kept: bool = False
    on_activated: Callable[[Json], None] = lambda how: None
    _tickets: dict[str, Ticket] = field(default_factory=dict)
    _activating: threading.RLock = field(default_factory=threading.RLock)

    def activate(self) -> Json:
        """Shows the factory secret; an earlier token is dead from then on. How to open the channel."""
        with self._activating:
            answer = self._through("POST", "/cameras/activation", self.identity.as_json())
            with understood():
                token, how = answers.field(answer, "camera_token", str), how_to_connect(answer)
            self.token, self.is_token_kept = token, False
            self.on_activated(how)
        return how

    def renew_token(self, refused: str) -> None:
        """The cloud does not take that token: there is another by now, or one that was kept is replaced by activating
        again. Of this run's own it means that another agent was activated."""
        with self._activating:
            if self.token != refused:
                return
            if not self.is_token_kept:
                raise TokenReplaced
            self.activate()

    def report(self, **state: Any) -> Json:
        """What the camera is like; how it ought to be."""
        return self._through("PUT", "/cameras/state", self._of_now(state))

    def report_once(self, **state: Any) -> Json:
        """The same without tries: whoever has time says it again later."""
        return self._answer("PUT", "/cameras/state", self._of_now(state), secrets.token_hex(16))

    def _of_now(self, state: Json) -> Json:
        return {"at": as_utc(self.clock.now_s()).isoformat(), **state}

    def recording_tickets(self, channels: list[str]) -> Json:
        """Plan and tickets, without tries: whoever records asks again."""
        body: Json = {"kind": "recording", "channels": channels}
        return self._answer("POST", "/cameras/tickets", body, secrets.token_hex(16))

    def ticket(self, kind: str, *, fresh: bool = False) -> Ticket:
        """The one at hand, or another where it nears its end."""
        held = self._tickets.get(kind)
        if fresh or held is None or self.clock.now_s() > held.until_s - RENEW_BEFORE_S:
            given = self._through("POST", "/cameras/tickets", {"kind": kind})
            with understood():
                held = self._tickets[kind] = Ticket.of(given)
        return held

    def upload(self, kind: str, name: str, content: bytes) -> Ticket:
        """One object; a ticket that storage does not take any more is replaced once. Raises NotTaken as well."""
        for fresh in (False, True):
            ticket = self.ticket(kind, fresh=fresh)
            if self.put(ticket, name, content):
                return ticket
        raise NotTaken(name)

    def put(self, ticket: Ticket, name: str, content: bytes | Path, more: Mapping[str, str] | None = None) -> bool:
        """Whether storage takes it on this ticket. Raises Unreachable."""
        status = self.wire.upload(ticket, name, content, more)
        if status in _TAKEN or status in _TICKET_IS_OVER:
            return status in _TAKEN
        raise Unreachable(f"Storage answered {status}.")

    def _through(self, method: str, path: str, body: Json) -> Json:
        """One idempotency key for all tries: a lost answer must not count twice."""
        key = secrets.token_hex(16)
        for tried in range(1, TRIES):
            try:
                return self._answer(method, path, body, key)
            except Unreachable:
                self.pause(0.2 * 2**tried)
        return self._answer(method, path, body, key)

    def _answer(self, method: str, path: str, body: Json, key: str) -> Json:
        token = self.token
        answer = self.wire.ask(method, path, body, token, key)
        said = answer.json
        if answer.status in _TAKEN:
            with understood():
                if "now" in said:
                    self.clock.learn(instant(said["now"]))
            return said
        code = str(said.get("code", ""))
        if answer.status >= 500 or (answer.status == 429 and code != QUOTA_SPENT):
            raise Unreachable(f"The cloud answered {answer.status}.")
        if answer.status == 401 and path != "/cameras/activation":
            self.renew_token(token)
            return self._answer(method, path, body, key)
        raise Refused(answer.status, code, str(said.get("message", "")))


@contextmanager
def understood() -> Iterator[None]:
    """Whatever answers as the cloud ought to: what it says in another form is as if it had not answered."""
    try:
        yield
    except ValueError:
        raise Unreachable(NOT_UNDERSTOOD) from None


def how_to_connect(said: Json) -> Json:
    """What an activation says of the channel. Raises ValueError."""
    # Whatever it says, the agent rests between two tries.
    seconds = {name: max(1.0, answers.number(said, name)) for name in ("ping_seconds", "reconnect_after_seconds")}
    return {"channel_url": answers.field(said, "channel_url", str), **seconds}
