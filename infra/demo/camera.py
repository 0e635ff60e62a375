"""A camera: it knows its factory secret, renews its upload ticket in time, and sends a picture until it is through."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from infra.demo.client import Answer, Json, Refused, Unreachable, Wire, instant

RENEW_BEFORE = timedelta(minutes=5)
TRIES = 4


class NotBound(Exception):
    """Nobody owns the camera, so the cloud takes no picture of it."""


_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Ticket:
    url: str
    fields: Mapping[str, str]
    key_prefix: str
    until: datetime


@dataclass(frozen=True)
class Sent:
    key: str
    channel: str
    at: datetime
    jpeg: bytes


@dataclass
class Camera:
    wire: Wire
    sn: str
    secret: str = field(repr=False)
    mac: str
    model: str
    firmware: str
    channels: list[Json]
    lan: Json
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    token: str = field(default="", repr=False)
    tickets_taken: int = 0
    _tickets: dict[str, Ticket] = field(default_factory=dict)

    def activate(self) -> Json:
        """Shows the factory secret; the token that comes back replaces any earlier one."""
        answer = self._until_through("POST", "/cameras/activation", self.description())
        if answer.status not in (200, 201):
            raise Refused("POST", "/cameras/activation", answer)
        self.token = answer.json["camera_token"]
        self._tickets.clear()
        return dict(answer.json)

    def description(self) -> Json:
        return {
            "sn": self.sn,
            "secret": self.secret,
            "mac": self.mac,
            "model": self.model,
            "firmware": self.firmware,
            "channels": self.channels,
            "lan": self.lan,
        }

    def snapshot(
        self,
        jpeg: bytes,
        *,
        type_: str = "motion",
        channel: str | None = None,
        at: datetime | None = None,
        answers: str | None = None,
    ) -> Sent:
        """Sends one picture, or `answers` a command with it. A ticket that storage no longer takes is replaced once."""
        channel = channel or str(self.channels[0]["id"])
        at = (at or self.now()).astimezone(UTC).replace(microsecond=0)
        kind, type_ = ("alarm", type_) if answers is None else ("snapshot", "snapshot")
        name = f"{channel}/{at:%Y%m%dT%H%M%SZ}-{type_}-{answers or secrets.token_hex(8)}.jpg"
        ticket = self.ticket(kind=kind)
        answer = self.upload(ticket, ticket.key_prefix + name, jpeg)
        if answer.status in (400, 403):
            ticket = self.ticket(fresh=True, kind=kind)
            answer = self.upload(ticket, ticket.key_prefix + name, jpeg)
        if answer.status not in (200, 201, 204):
            raise Refused("POST", ticket.url, answer)
        return Sent(ticket.key_prefix + name, channel, at, jpeg)

    def upload(self, ticket: Ticket, key: str, content: bytes, said: Mapping[str, str] = _NOTHING) -> Answer:
        """Straight to storage, past the API, with what is said in fields of its own. The same key again is the same
        object again, so a retry does no harm."""
        body, content_type = form({**ticket.fields, **said, "key": key}, key.rsplit("/", 1)[-1], content)
        return self._through(lambda: self.wire.send("POST", ticket.url, body, {"Content-Type": content_type}))

    def ticket(self, fresh: bool = False, kind: str = "alarm") -> Ticket:
        """The ticket at hand, or a new one when it nears its end."""
        held = self._tickets.get(kind)
        if fresh or held is None or self.now() > held.until - RENEW_BEFORE:
            held = self._tickets[kind] = self._new_ticket(kind)
        return held

    def ask_recording_tickets(self) -> Json:
        """One for each channel, and the plan; without one it is Refused, and asked again by whoever records."""
        body = {"kind": "recording"}
        answer = self.wire.ask("POST", "/cameras/tickets", body, token=self.token)
        if answer.status == 401:
            self.activate()
            answer = self.wire.ask("POST", "/cameras/tickets", body, token=self.token)
        if answer.status not in (200, 201):
            raise Refused("POST", "/cameras/tickets", answer)
        return dict(answer.json)

    def _new_ticket(self, kind: str) -> Ticket:
        answer = self._until_through("POST", "/cameras/tickets", {"kind": kind})
        if answer.status == 401:  # the token was replaced or lost: the factory secret gives another
            self.activate()
            answer = self._until_through("POST", "/cameras/tickets", {"kind": kind})
        if answer.status == 409:
            said = (answer.json or {}).get("message") or answer.said()
            raise NotBound(f"The camera got no upload ticket: {said}")
        if answer.status not in (200, 201):
            raise Refused("POST", "/cameras/tickets", answer)
        self.tickets_taken += 1
        given = answer.json
        return Ticket(given["url"], given["fields"], given["key_prefix"], instant(given["until"]))

    def _until_through(self, method: str, path: str, body: Any) -> Answer:
        """One idempotency key for all tries: a lost reply must not count twice."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        return self._through(lambda: self.wire.ask(method, path, body, token=self.token or None, headers=headers))

    def _through(self, send: Callable[[], Answer]) -> Answer:
        for tried in range(1, TRIES):
            try:
                answer = send()
                if answer.status < 500 and answer.status != 429:
                    return answer
            except Unreachable:
                pass
            self.pause(0.2 * 2**tried)
        return send()


def form(fields: Mapping[str, str], filename: str, content: bytes) -> tuple[bytes, str]:
    """A multipart/form-data body with the file last, as S3 wants it: what comes after the file is ignored there."""
    boundary = f"snapshot-{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = b"".join(parts) + head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
