"""Request and response shapes of gift cards."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from chalicelib.entry.wire import Line, Shape, Time
from chalicelib.gift_cards import rules
from chalicelib.gift_cards.rules import State


class RedeemGiftCard(Shape):
    """The code as it is printed; small letters, blanks and hyphens do not count."""

    code: Annotated[str, Meta(max_length=64, extra={"normal": rules.normal_code})]
    device_id: Annotated[str, Meta(max_length=64)]

    def __post_init__(self) -> None:
        """Nothing is asked about a code that cannot be one. Raises GiftCardMistyped."""
        rules.require_well_typed(self.code)


class IssueGiftCards(Shape):
    """Cards for one period of a plan each, with its terms as it is sold now; taken up to the end of the day `until`,
    where the seller is. `note` is for operators, and names nobody. Whoever lost the answer orders the same again under
    the same `order_id` within a day: the codes are others, and those before are not taken any more."""

    plan_id: Annotated[str, Meta(max_length=64)]
    count: Annotated[int, Meta(ge=1, le=rules.MOST_CARDS)]
    until: date
    note: Line | None = None
    order_id: Annotated[str, Meta(min_length=16, max_length=64)] | None = None


class GiftCardFile(Shape):
    """Codes, one a line, as a JWE (RFC 7516, `dir` with A256GCM) at this address, for as long as that bucket keeps
    anything; `key` opens it, in base64url as `k` of a JWK, and is kept nowhere."""

    s3: str
    key: str


class IssuedGiftCards(Shape):
    """The codes are said once: here, or for more than a thousand in a file."""

    batch_id: str
    codes: list[str] | None
    file: GiftCardFile | None


class RevokeGiftCards(Shape):
    batch_id: Annotated[str, Meta(max_length=64)]


class GiftCardBatch(Shape):
    """Of so many cards that were issued these were redeemed, and the others are left, or are not taken any more because
    they were revoked, or expired. A batch is `unfinished` while it is issued, or if that broke off: of that nobody has
    a code."""

    batch_id: str
    state: State
    plan_id: str
    until: date
    note: str | None
    issued_at: Time | None
    revoked_at: Time | None
    issued: int
    redeemed: int
    revoked: int
    expired: int
    left: int


class RevokedGiftCards(Shape):
    """The batch as it is now; null if there is none of that id, or it is not issued yet."""

    batch: GiftCardBatch | None


class ReportGiftCards(Shape):
    """The report goes on behind the `cursor` of the answer before."""

    cursor: Annotated[str, Meta(max_length=64)] | None = None


class GiftCardReport(Shape):
    """Batches, the newest first; `cursor` is null where nothing follows."""

    items: list[GiftCardBatch]
    cursor: str | None
