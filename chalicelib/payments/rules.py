"""Refusals of payment providers' events."""

from __future__ import annotations

from chalicelib.errors import Malformed, NotFound


class SignatureWrong(Malformed):
    pass


class ProviderUnknown(NotFound):
    pass
