"""Shapes of the User Experience Plan on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.entry.wire import END, Shape, Time

MOST_EVENTS = 100
# Names of the app's own, and no words of a person's.
Token = Annotated[str, Meta(min_length=1, max_length=64, pattern=f"^[a-z0-9_.-]+{END}")]


class ExperienceEvent(Shape):
    """`screen` is where in the app it was, `value` what of it; both are the app's own names for them."""

    name: Literal["opened", "viewed", "tapped", "played", "searched"]
    at: Time
    screen: Token | None = None
    value: Token | None = None


class SendEvents(Shape):
    events: Annotated[list[ExperienceEvent], Meta(min_length=1, max_length=MOST_EVENTS)]


class TakenEvents(Shape):
    """So many events are kept, until then at the latest."""

    events: int
    until: Time
