"""Rules of the claims of another platform."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.errors import Conflict, Invalid, NotFound, NotSignedIn, Unavailable
from chalicelib.words import Phrase

NONCE_LIFE = timedelta(minutes=10)
# Clocks differ, but not by more.
LEEWAY_S = 60
# Of each one account: so many writes a closing has room for, of the few that it is to be whatever hangs below.
MOST_PLATFORMS = 5
_MOST_NICKNAME_CHARACTERS = 64
# Where each platform keeps its people's pictures; a dot in front stands for any name below. Apple passes none on.
PICTURE_HOSTS: dict[str, tuple[str, ...]] = {
    "google": ("lh3.googleusercontent.com",),
    "apple": (),
    "facebook": ("platform-lookaside.fbsbx.com", ".fbcdn.net"),
}
# So narrow that nobody can read another host out of it: no user, no backslash, nothing but ASCII.
_ADDRESS = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?P<port>:[0-9]{1,5})?/[!-\[\]-~]{0,2000}")


class IdTokenRefused(NotSignedIn):
    """One refusal for everything that may be wrong with it: a forger learns nothing."""


class IdTokenWrong(Invalid):
    """The same to somebody who is signed in here, and stays so."""

    def __init__(self) -> None:
        super().__init__(fields={"id_token": Phrase("expired")})


class PlatformNotOffered(NotFound):
    pass


class PlatformSilent(Unavailable):
    pass


class ProofNeeded(Conflict):
    pass


class EmailNotVouched(Invalid):
    """Facebook never says that it has proved one."""

    def __init__(self) -> None:
        super().__init__(fields={"id_token": Phrase("without_confirmed_email")})


class IdentityTaken(Conflict):
    pass


class PlatformLinked(Conflict):
    pass


@dataclass(frozen=True)
class Vouched:
    """The claims of a verified id token. `email` is there only if the platform itself has proved it."""

    issuer: str
    subject: str
    nonce: str
    email: str | None
    nickname: str | None
    # Where the platform says that it keeps a picture; it may have said anything.
    picture: str | None


def vouched(issuer: str, claims: dict[str, object]) -> Vouched:
    """The parsed claims of a verified token; raises IdTokenRefused where they are of the wrong kind."""
    subject, nonce = claims["sub"], claims["nonce"]
    if not (isinstance(subject, str) and isinstance(nonce, str) and _is_utf8(subject) and _is_utf8(nonce)):
        raise IdTokenRefused
    # Apple says it as text.
    is_proved = claims.get("email_verified") in (True, "true")
    email = _address(claims, "email") if is_proved else None
    return Vouched(issuer, subject, nonce, email, _nickname(claims), _address(claims, "picture"))


def _address(claims: dict[str, object], name: str) -> str | None:
    text = _text(claims, name)
    return text if text is not None and _is_utf8(text) else None


def _nickname(claims: dict[str, object]) -> str | None:
    names = (_text(claims, name) for name in ("nickname", "name", "given_name"))
    return next((name for text in names if text and (name := printable(text))), None)


def _is_utf8(text: str) -> bool:
    """Whether there is no lone surrogate in it, which JSON can say and nobody can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(claims: dict[str, object], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def is_picture_of(platform: str, url: str, keys_url: str) -> bool:
    """Whether it is one of the platform's own addresses for pictures. Of a platform on this machine, as a local cloud
    has it, they are where its keys are."""
    parts, keys = _ADDRESS.fullmatch(url), _ADDRESS.fullmatch(keys_url)
    if parts is None:
        return False
    if parts["scheme"] == "http":
        return keys is not None and parts["host"] == "127.0.0.1" and _origin(parts) == _origin(keys)
    return parts["port"] is None and any(_is_at(parts["host"], host) for host in PICTURE_HOSTS[platform])


def _origin(address: re.Match[str]) -> tuple[str | None, ...]:
    return address.group("scheme", "host", "port")


def _is_at(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


def printable(text: str) -> str:
    """As it may stand in a profile: one line, not too long."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:_MOST_NICKNAME_CHARACTERS]
