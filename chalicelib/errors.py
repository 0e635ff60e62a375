"""The families of refusal: every way in which the cloud says no."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib import words
from chalicelib.words import Phrase

# What the messages of kinds of things that are not there begin with.
ABSENT = "absent_"


class Refusal(Exception):
    """A no that the person may read.

    The class name is the wire's `code`; its message stands under it in `words/`. `details` go into the body
    beside them (`fields` for 422, `endpoint` for 421), `retry_after_seconds` becomes a header.
    """

    def __init__(self, *, retry_after_seconds: int | None = None, **details: Any) -> None:
        super().__init__(type(self).__name__)
        self.retry_after_seconds = retry_after_seconds
        self.details = details

    def message(self, language: str) -> str:
        return words.message(type(self), language)


class Malformed(Refusal):
    pass


class TooLarge(Refusal):
    pass


class Invalid(Refusal):
    """422: well-formed, but something in it is wrong; `fields` names what, by phrases."""


class NotSignedIn(Refusal):
    """401: `realm` says whose secret or token was wanted."""

    realm: ClassVar[str] = "people"


class Forbidden(Refusal):
    pass


class StepUpRequired(Forbidden):
    pass


class ProcessingRestricted(Forbidden):
    """403: the person has restricted the processing of what is kept of him, and this would be more than storing it."""


class PolicyNotAccepted(Forbidden):
    """403: a policy is in force that people must agree to anew, `policy_version`, and this person has not yet."""


class NotFound(Refusal):
    """404: not yours, absent and expired look the same. `kind` says what is not there; where nothing is said, it is
    what the route's path names last."""

    def __init__(self, kind: str | None = None, **details: Any) -> None:
        super().__init__(**(details if kind is None else {**details, "kind": kind}))

    def message(self, language: str) -> str:
        kind = self.details.get("kind")
        return super().message(language) if kind is None else Phrase(f"{ABSENT}{kind}").read_in(language)


class Conflict(Refusal):
    pass


class Gone(Refusal):
    pass


class TooMany(Refusal):
    """429: say when to come back with `retry_after_seconds`."""


class Misdirected(Refusal):
    """421: another region serves this person; `endpoint` names it."""


class Unavailable(Refusal):
    pass


class KeyReused(Invalid):
    def __init__(self) -> None:
        used = Phrase("used_with_another_request")
        super().__init__(fields={"Idempotency-Key": used})


class KeyMissing(Malformed):
    pass
