"""Whoever orders the newsletter, confirms it, and wants no more of it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response

EMAIL = "reader@example.com"
ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SUBJECT, TEXT = "New cameras", "They see in the dark."
_LINK = re.compile(r"https?://\S+/newsletter/\S+")


def order(world: LocalCloud, email: str = EMAIL, key: str = "", **other: Any) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return world.call("POST", "/newsletter", {"email": email, "language": "en", **other}, headers=headers)


def link_in(world: LocalCloud, email: str = EMAIL) -> str:
    """The newest link of the newsletter's that was sent there."""
    return next(found[0] for one in world.outbox(email) if (found := _LINK.search(one["text"])))


def token_in(world: LocalCloud, email: str = EMAIL) -> str:
    return parse_qs(urlsplit(link_in(world, email)).query)["token"][0]


def press(world: LocalCloud, which: str, token: str) -> Response:
    """As the page's button does, and mail programs."""
    return world.call("POST", f"/newsletter/{which}", query={"token": token}, raw=ONE_CLICK, headers=FORM)


def subscribed(world: LocalCloud, email: str = EMAIL, **other: Any) -> None:
    assert order(world, email, **other).status == 202
    assert press(world, "confirm", token_in(world, email)).status == 200
    world.settle()


def send(world: LocalCloud, issue: str = "2026-12", **other: Any) -> Any:
    """An issue, to everybody."""
    answer = world.invoke("send_newsletter", {"issue": issue, "subject": SUBJECT, "text": TEXT, **other})
    world.settle()
    return answer


def issues(world: LocalCloud, email: str = EMAIL, subject: str = SUBJECT) -> int:
    return sum(one.get("subject") == subject for one in world.outbox(email))
