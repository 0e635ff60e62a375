"""The processing register: what is kept about people, why, on which legal basis, how long, and who else gets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NamedTuple

from chalicelib.words import bundle

INACTIVE_DAYS = 730
"""An account that nobody used for so long is deleted, after the notice."""

NOTICE_DAYS = 90
"""So long before, at least, a notice must have been sent and not have bounced."""

Sentence = Literal["title", "data", "purpose", "kept_for", "shared_with", "rights", "refusal"]


class Basis(Enum):
    """The legal basis of processing; the values are the points of GDPR, Article 6(1)."""

    CONSENT = "a"
    CONTRACT = "b"
    LEGAL_OBLIGATION = "c"
    LEGITIMATE_INTEREST = "f"


class Until(Enum):
    """The event that ends keeping, whatever time is left."""

    TIME_PASSED = "time passed"
    CHANGE_MADE = "change made"
    SIGNED_OUT = "signed out"
    SHARE_ENDED = "share ended"
    PLAN_ENDED = "plan ended"
    DEVICE_REMOVED = "device removed"
    ACCOUNT_CLOSED = "account closed"
    CONSENT_WITHDRAWN = "consent withdrawn"
    OBJECTED = "objected"
    EVENT_ENDED = "event ended"
    TAX_YEAR_ENDED = "tax year ended"
    ANONYMISED = "anonymised"


class Retention(NamedTuple):
    """The length of keeping: at most `days` or `minutes` from arrival, and no later than `days_after` the `until`.

    Where the row keeps several things (a code and what it changes, three plans), the figures are the longest of
    those that have one, and the sentence tells them apart.
    """

    until: Until
    days: int | None = None
    minutes: int | None = None
    days_after: int = 0

    @property
    def period(self) -> timedelta:
        """The period that code goes by, so that it keeps what the row promises. Raises NoPeriod."""
        if self.days is None and self.minutes is None:
            raise NoPeriod(self.until)
        return timedelta(days=self.days or 0, minutes=self.minutes or 0)


class NoPeriod(ValueError):
    """It is not a time that ends the keeping of what was asked about."""


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Row:
    """One row of the policy's table; there is one object of each, and identity is equality.

    `shared_sentences`: which of its sentences are said of other rows, too, and the key of each. `planned`: this version
    has no part of it, and takes no data for it. `marketing`: whoever objects to it needs no reason (GDPR, 21(2)).
    """

    id: str
    basis: Basis
    kept_for: Retention
    shared_sentences: Mapping[str, str]
    planned: bool
    marketing: bool

    def sentence(self, name: Sentence, language: str) -> str:
        """A sentence of `words/register`, with its figures filled in, so that each is written in one file."""
        sentence = bundle(language, "register")[self.shared_sentences.get(name, f"{self.id}_{name}")]
        return sentence.format(inactive_days=INACTIVE_DAYS, notice_days=NOTICE_DAYS, **self.kept_for._asdict())

    def __repr__(self) -> str:
        return f"<Row {self.id}>"


class UnknownRow(KeyError):
    """No row of the policy has this id."""


def _row_of(id: str, facts: Mapping[str, Any]) -> Row:
    kept_for = facts["kept_for"]
    return Row(
        id=id,
        basis=Basis(facts["basis"]),
        kept_for=Retention(**kept_for | {"until": Until(kept_for["until"])}),
        shared_sentences=facts.get("shared_sentences", {}),
        planned=facts.get("planned", False),
        marketing=facts.get("marketing", False),
    )


_BY_ID = {
    id: _row_of(id, facts) for id, facts in json.loads(Path(__file__).with_name("rows.json").read_bytes()).items()
}

# The order of the policy's table, then of what the promises add.
ROWS = tuple(_BY_ID.values())


def row(id: str) -> Row:
    """The row with this id, as the policy writes it: `row("B1a")`."""
    try:
        return _BY_ID[id]
    except KeyError:
        raise UnknownRow(id) from None


MARKETPLACE_ORDERS = row("A")
REGISTRATION = row("B1a")
ACCOUNT_CHANGES = row("B1b")
SIGN_IN = row("B2")
DEVICE_BINDING = row("B3")
LIVE_VIEW = row("B4")
PLAYBACK = row("B5")
DEVICE_SETTINGS = row("B6")
DEVICE_NAME_AND_COVER = row("B7")
DEVICE_PASSWORD = row("B8")
DEVICE_SHARING = row("B9")
DEVICE_REMOVAL = row("B10")
ALARM_MESSAGES = row("B11")
CLOUD_STORAGE = row("B12")
PLAN_PURCHASE = row("B13")
PLAN_TRANSFER = row("B14")
EXPERIENCE_PLAN = row("B15")
SUPPORT_REQUESTS = row("B16")
ACCOUNT_CLOSURE = row("B17")
EVENT_PARTICIPATION = row("C1")
EVENT_NEWS = row("C2")
RATING_REQUESTS = row("C3")
EVENT_INVITATIONS = row("C4")
EVENT_PHOTOS = row("C5")
AFTER_SALES_ACCOUNT = row("D1")
REPAIRS_AND_RETURNS = row("D2")
PASSWORD_RESET = row("D3")
NEWSLETTER = row("E1")
WEBSITE_USE = row("E2")
STATISTICS = row("F1")
IMPORTANT_NOTICES = row("F2")
LEGAL_DISCLOSURE = row("F3")
PUBLISHED_CONTENT = row("F4")
API_LOG_ADDRESSES = row("LOG")
TAX_RECORDS = row("LAW")
FUNCTIONAL_COOKIES = row("COOKIES")
DATA_SUBJECT_REQUESTS = row("RIGHTS")
CONSENT_RECORDS = row("CONSENTS")
ACTIVITY_LOG = row("AUDIT")
BRUTE_FORCE_PROTECTION = row("GUESSES")
MESSAGE_RATE_LIMITS = row("MESSAGES")
IDEMPOTENCY_RECORDS = row("REPEATS")
LINKED_SERVICES = row("LINKS")
INACTIVE_ACCOUNTS = row("IDLE")
BOUNCES_AND_COMPLAINTS = row("REPORTS")
