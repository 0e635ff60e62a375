"""Refusals of payment providers' events."""

from __future__ import annotations

from chalicelib.errors import Conflict, Malformed, NotFound


class SignatureWrong(Malformed):
    pass


class ProviderUnknown(NotFound):
    pass


class AmountTooSmall(Conflict):
    """The provider takes no payment of so little: what is left to pay once the rest of another plan is credited."""


class ProviderRefused(RuntimeError):
    """The provider answers that it will not, by a code of its own, as where it is asked with a wrong key: an operator
    has to look."""
