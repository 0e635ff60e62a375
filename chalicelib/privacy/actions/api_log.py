"""Reading the API log, the only place with IP addresses, for a recorded reason (LOG)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.activity import actions as activity
from chalicelib.aws import logs
from chalicelib.errors import Invalid
from chalicelib.privacy import shapes
from chalicelib.privacy.records import LogReading
from chalicelib.settings import settings
from chalicelib.store import crypto, hour_keys
from chalicelib.store.commit import Write, commit, create
from chalicelib.store.records import read
from chalicelib.words import Phrase

# An operator function's answer has at most 6 MB.
MOST_LINES = 5_000
_LINES_OF_A_PAGE = 1_000
# Of the 29 seconds that the function may take. CloudWatch looks long for what is rare.
BUDGET_S = 20
# A line is written when its request ends.
_LONGEST_REQUEST = timedelta(seconds=60)


def read_api_log(
    since: datetime, until: datetime, account_id: str | None, reason: str, cursor: str | None = None
) -> shapes.ApiLog:
    """The requests of this span whose addresses can still be read, behind the cursor of the answer before; it is
    recorded before anything is read. Raises Invalid."""
    reading_id = ids.new_id()
    about = None if account_id is None else crypto.keyed_hash("log readings", account_id)
    commit(
        create(
            LogReading.new(
                "",
                reading_id,
                read_at=clock.now_s(),
                since=clock.epoch_s(since),
                until=clock.epoch_s(until),
                about=about,
                reason=reason,
            )
        ),
        *_activity_row(account_id, reason),
    )
    found: list[shapes.LoggedRequest] = []
    decrypter, until_ticks = hour_keys.Decrypter(), clock.ticks_s() + BUDGET_S
    is_first = True
    while is_first or _goes_on(cursor, len(found), until_ticks):
        page = _page(since, until, cursor)
        requests = (_decrypted(line, decrypter) for line in page.items)
        found += [one for one in requests if one and since <= one.at < until and account_id in (None, one.account_id)]
        is_first, cursor = False, page.cursor
    return shapes.ApiLog(reading_id=reading_id, items=found, cursor=cursor)


def _goes_on(cursor: str | None, count: int, until_ticks: float) -> bool:
    return cursor is not None and count + _LINES_OF_A_PAGE <= MOST_LINES and clock.ticks_s() < until_ticks


def _page(since: datetime, until: datetime, cursor: str | None) -> logs.Lines:
    group, longest = settings.api_log_group, until + _LONGEST_REQUEST
    try:
        return logs.lines(group, since, longest, '{ $.address = "*" }', limit=_LINES_OF_A_PAGE, after=cursor)
    except logs.UnknownCursor as unknown:
        raise Invalid(fields={"cursor": Phrase("not_valid")}) from unknown


def _activity_row(account_id: str | None, reason: str) -> tuple[Write, ...]:
    """The activity by which people read that their addresses were looked for; of a closed account nobody reads it."""
    account, key = (None, None) if account_id is None else read(*accounts.keys_of(account_id))
    if account is None or key is None:
        return ()
    account.decrypted_with(key.unlocked())
    return (activity.record(account, "log_looked_into", by=activity.OPERATOR, about=reason),)


def _decrypted(text: str, decrypter: hour_keys.Decrypter) -> shapes.LoggedRequest | None:
    line: dict[str, Any] = json.loads(text)
    found = decrypter.open(line["address"], line["request_id"])
    if found is None:
        return None
    at, (address, whose) = found
    return shapes.LoggedRequest(at=at, route=line["door"], answered=line["status"], address=address, account_id=whose)
