"""What is said about signing in."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from chalicelib.accounts.shapes import OneTimeCode, Password, Reached, Terminal
from chalicelib.entry.wire import Shape


class SignIn(Reached, kw_only=True):
    password: Password
    terminal: Terminal


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
