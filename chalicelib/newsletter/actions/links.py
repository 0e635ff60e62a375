"""Links in mails of the newsletter: each carries what it is about, and a keyed hash that nobody else can make (E1)."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from chalicelib.errors import Gone
from chalicelib.settings import settings
from chalicelib.store import crypto

What = Literal["confirm", "address", "account"]
_JOINT = "."


class LinkOver(Gone):
    """410: it is not whole, was not made here, or what it was about is over."""


def confirming(subscription_id: str) -> str:
    """The page at which an order is confirmed."""
    return _link("confirm", "confirm", subscription_id)


def unsubscribing(what: What, subject: str) -> str:
    """The address by which an address (by its hash) or an account is unsubscribed; it lasts."""
    return _link("unsubscribe", what, subject)


def _link(page: str, what: What, subject: str) -> str:
    token = _JOINT.join((what, subject, _mark(what, subject)))
    return f"{settings.public_url}/newsletter/{page}?{urlencode({'token': token})}"


def subject_of(token: str, *allowed: What) -> tuple[str, str]:
    """The subject of a link: what it is about, and which. Raises LinkOver."""
    what, _, rest = token.partition(_JOINT)
    subject, _, mark = rest.partition(_JOINT)
    if what not in allowed or not mark.isascii() or not crypto.same(mark, _mark(what, subject)):
        raise LinkOver
    return what, subject


def _mark(what: str, subject: str) -> str:
    return crypto.keyed_hash("newsletter links", what, subject)
