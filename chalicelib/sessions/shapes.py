"""Request and response shapes of signing in."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from chalicelib.accounts.shapes import Password, Terminal
from chalicelib.contacts.shapes import OneTimeCode, Reached
from chalicelib.entry.wire import Listed, Shape, Time
from chalicelib.second_factors.shapes import SecondFactor


class SignIn(Reached, kw_only=True):
    """`second_factor` is asked for where the account has one: see SecondFactorNeeded."""

    password: Password
    terminal: Terminal
    second_factor: SecondFactor | None = None


class Tokens(Shape):
    """`access_token` opens doors for `expires_in_seconds`; `refresh_token` is exchanged for the next pair."""

    account_id: str
    access_token: str
    refresh_token: str
    expires_in_seconds: int


class Refresh(Shape):
    refresh_token: Annotated[str, Meta(max_length=512)]


class StepUp(Shape):
    code: OneTimeCode


class RemoveSecondFactors(Reached):
    """An address of the person whose factors they are; that it is the person who asks was checked before."""


class SecondFactorsRemoved(Shape):
    """The number of factors that there were, recovery codes apart."""

    count: int


class Session(Shape):
    """One terminal's sign-in. `last_used_at` is when its tokens were last renewed: to a quarter of an hour."""

    session_id: str
    terminal: Terminal
    opened_at: Time
    last_used_at: Time
    is_current: bool


class Sessions(Listed):
    """The one used last comes first."""

    items: list[Session]
