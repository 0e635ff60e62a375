"""Speaks HTTP to the cloud: as a person's app does, and as the operator who moves the clock."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

Json = dict[str, Any]
PATIENCE_SECONDS = 60.0  # the clock's route may take 30 on its own


class Unreachable(Exception):
    """No answer came; the message is the sentence to show."""


class Refused(Exception):
    """The cloud answered, but not what the story needs."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        super().__init__(f"{method} {path} was answered {answer.status}: {answer.said()}")
        self.answer = answer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    def said(self) -> str:
        """The answer in one line, for a person to read."""
        text = self.body[:300].decode("utf-8", "replace").strip()
        return text or "nothing"


class Wire:
    """One HTTP request per call, no redirects followed, no proxy asked: the cloud is on this machine or named."""

    def __init__(self, url: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.url = url.rstrip("/")
        self.patience_seconds = patience_seconds

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """`url` is a path of the cloud or a whole address, such as that of a picture."""
        address = urlsplit(url if "://" in url else self.url + url)
        connect = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = connect(address.hostname or "", address.port, timeout=self.patience_seconds)
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        try:
            connection.request(method, target, body=body, headers=dict(headers or {}))
            reply = connection.getresponse()
            return Answer(reply.status, dict(reply.getheaders()), reply.read())
        except TimeoutError as error:
            raise Unreachable(
                f"{address.netloc} did not answer {method} {address.path} within {self.patience_seconds:.0f} seconds."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unreachable(f"No answer from {address.netloc} to {method} {address.path}: {reason}.") from error
        finally:
            connection.close()

    def follow(self, url: str) -> Answer:
        """The answer there, after a redirect if there is one."""
        answer = self.send("GET", url)
        return self.send("GET", answer.headers["Location"]) if answer.status == 302 else answer

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A JSON request. Every mutation carries an idempotency key of 128 random bits."""
        sent = {"Accept": "application/json", "Accept-Language": "en", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if method != "GET":
            sent.setdefault("Idempotency-Key", secrets.token_hex(16))
        raw = None
        if body is not None:
            raw = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        return self.send(method, path + (f"?{urlencode(query)}" if query else ""), raw, sent)

    def expect(self, status: int, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """The JSON of an answer that has this status; anything else is a refusal."""
        answer = self.ask(method, path, body, **how)
        if answer.status != status:
            raise Refused(method, path, answer)
        return answer.json


@dataclass
class Person:
    """A phone app's client: it keeps the tokens and renews them when they have run out."""

    wire: Wire
    email: str
    password: str
    nickname: str
    terminal: Json
    account_id: str = ""
    access_token: str = ""
    refresh_token: str = field(default="", repr=False)

    def register(self, country: str, birth_date: str, policy_version: str, language: str) -> str:
        answer = self.wire.expect(
            202,
            "POST",
            "/accounts",
            {
                "email": self.email,
                "password": self.password,
                "country": country,
                "nickname": self.nickname,
                "birth_date": birth_date,
                "policy_version": policy_version,
                "language": language,
            },
        )
        return cast(str, answer["registration_id"])

    def confirm(self, registration_id: str, code: str) -> None:
        body = {"registration_id": registration_id, "code": code, "terminal": self.terminal}
        answer = self.wire.expect(201, "POST", "/accounts/confirm", body)
        self.account_id = answer["account_id"]
        self._keep(answer)

    def ask(self, method: str, path: str, body: Any = None, **how: Any) -> Answer:
        answer = self.wire.ask(method, path, body, token=self.access_token, **how)
        if answer.status == 401 and self._renew():
            answer = self.wire.ask(method, path, body, token=self.access_token, **how)
        return answer

    def expect(self, status: int, method: str, path: str, body: Any = None, **how: Any) -> Any:
        answer = self.ask(method, path, body, **how)
        if answer.status != status:
            raise Refused(method, path, answer)
        return answer.json

    def all_of(self, path: str) -> list[Json]:
        """Every page of a list."""
        found: list[Json] = []
        query: dict[str, str] = {}
        while True:
            page = self.expect(200, "GET", path, query=query)
            found += page["items"]
            if not page.get("cursor"):
                return found
            query = {"cursor": page["cursor"]}

    def renewal(self) -> Answer:
        return self.wire.ask("POST", "/sessions/refresh", {"refresh_token": self.refresh_token})

    def _renew(self) -> bool:
        answer = self.renewal()
        if answer.status // 100 != 2:
            return False
        self._keep(answer.json)
        return True

    def _keep(self, tokens: Json) -> None:
        self.access_token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]


class Backstage:
    """The `_local` routes: what only the local cloud can show."""

    def __init__(self, wire: Wire, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wire = wire
        self._monotonic, self._ahead_s = monotonic, 0.0

    def seconds(self) -> float:
        """The world's, from some moment on: they pass as here, and what it is advanced by."""
        return self._monotonic() + self._ahead_s

    def operation(self, name: str, event: Json) -> Json:
        return cast(Json, self.wire.expect(200, "POST", f"/_local/operations/{name}", event))

    def outbox(self, to: str) -> list[Json]:
        """The messages sent to this address, newest first. Reading them lets pending events finish."""
        answer = self.wire.expect(200, "GET", "/_local/outbox", query={"to": to})
        return cast(list[Json], answer["items"] if isinstance(answer, dict) else answer)

    def settle(self) -> None:
        self.outbox("nobody")

    def now(self) -> datetime:
        return instant(self.wire.expect(200, "GET", "/_local/clock")["now"])

    def advance(self, seconds: float, *, within_seconds: float | None = None) -> datetime:
        """The world's time afterwards. On its way it stands still. `within_seconds` of real time, about, as far as that
        can be done by letting jobs run less often."""
        since = self._monotonic()
        wish = {"advance_seconds": seconds} | ({} if within_seconds is None else {"within_seconds": within_seconds})
        now = instant(self.wire.expect(200, "POST", "/_local/clock", wish)["now"])
        self._ahead_s += seconds - (self._monotonic() - since)
        return now

    def pay(self, order_id: str, outcome: str) -> Answer:
        return self.wire.ask("POST", f"/_local/payments/{order_id}", {"outcome": outcome})

    def dump(self) -> Json:
        return cast(Json, self.wire.expect(200, "GET", "/_local/dump"))

    def trace(self) -> Json | None:
        """The AWS calls since the last look; None where the cloud does not count."""
        answer = self.wire.ask("GET", "/_local/trace")
        if answer.status in (403, 404, 405):
            return None
        if answer.status != 200:
            raise Refused("GET", "/_local/trace", answer)
        return cast(Json, answer.json)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
