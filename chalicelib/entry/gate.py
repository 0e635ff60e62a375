"""Who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from chalicelib.entry.once import Claim, Once
from chalicelib.errors import NotSignedIn, StepUpRequired
from chalicelib.store.keys import Key
from chalicelib.store.records import read

if TYPE_CHECKING:
    from chalicelib.devices.actions.cameras import Camera
    from chalicelib.sessions.actions.standing import Caller


class Who(Enum):
    """Who may come through a door."""

    ANYONE = "anyone"
    PERSON = "a signed-in person"
    CAMERA = "a camera"
    PROVIDER = "a payment provider, by its signature"


@dataclass(frozen=True)
class Visitor:
    """What is known of every request: its language, the country and address it comes from, and the key by which it may
    be repeated."""

    language: str
    country: str
    repeat_key: str | None
    source_ip: str = ""


def admit_person(
    visitor: Visitor,
    token: str | None,
    *,
    along: Callable[[str], tuple[Key, ...]],
    once: Callable[[Claim], Once | None],
    stepped_up: bool,
) -> tuple[Caller, Once | None]:
    """The caller, known by one consistent read of session, account, vault key and whatever the route reads along.

    Raises NotSignedIn, StepUpRequired, or Replayed, for which the token is verified first as for anything else, but for
    the exact repeat of a request that ended its own session: that is still answered.
    """
    # Imported here so that functions without people's routes do not carry this house.
    from chalicelib.sessions.actions import standing as sessions

    claim = sessions.claim_of(token)
    repeat = once(claim)
    places = sessions.places_of(claim)
    extra = along(claim.account_id)
    found = read(*places, *extra, *([] if repeat is None else [repeat.where]))
    try:
        caller = sessions.vouch(claim, found[: len(places)], visitor.language, visitor.country, visitor.repeat_key)
    except NotSignedIn:
        if repeat is not None:
            repeat.replay_after_the_end(found[-1])
        raise
    if repeat is not None:
        repeat.replay(found[-1])
    if stepped_up and not caller.is_stepped_up:
        raise StepUpRequired
    caller.source_ip = visitor.source_ip
    caller.along = found[len(places) : len(places) + len(extra)]
    return caller, repeat


def admit_camera(token: str | None) -> Camera:
    from chalicelib.devices.actions import cameras

    return cameras.recognise_camera(token)


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return str(token.strip())


def required(token: str | None) -> str:
    if token is None:
        raise NotSignedIn
    return token
