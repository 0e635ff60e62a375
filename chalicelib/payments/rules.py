"""What is refused of what a payment provider tells."""

from __future__ import annotations

from chalicelib.errors import Malformed, NotFound


class SignatureWrong(Malformed):
    pass


class ProviderUnknown(NotFound):
    pass
