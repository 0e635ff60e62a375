"""Request and response shapes of addresses, and of codes that were sent there."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from chalicelib import typed
from chalicelib.entry.wire import END, Shape

Email = Annotated[str, Meta(max_length=254, description="an e-mail address", extra={"normal": typed.tidied})]
Phone = Annotated[
    str,
    Meta(
        max_length=32,
        description="a phone number with its country code, E.164",
        extra={"normal": typed.phone_number},
    ),
]
OneTimeCode = Annotated[
    str, Meta(pattern="^[0-9]{6}" + END, description="six digits", extra={"normal": typed.one_time_code})
]


class Reached(Shape):
    """Exactly one of the two."""

    email: Email | None = None
    phone: Phone | None = None
