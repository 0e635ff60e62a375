"""Shape of a payment provider's event."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Outcome = Literal["paid", "refused", "expired"]


class Payment(msgspec.Struct, frozen=True):
    """A payment as its provider reports it, once the signature is verified. The reference is the provider's own
    number of the payment: told of again, it is the same money."""

    order_id: Annotated[str, Meta(max_length=128)]
    outcome: Outcome
    amount: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]
    reference: Annotated[str, Meta(min_length=1, max_length=255)]
