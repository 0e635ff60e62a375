"""Reading the API log, the only place with IP addresses, for a recorded reason (LOG)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.activity import actions as activity
from chalicelib.aws import logs
from chalicelib.privacy import shapes
from chalicelib.privacy.records import LogReading
from chalicelib.settings import settings
from chalicelib.store import crypto, hour_keys
from chalicelib.store.commit import Write, commit, create
from chalicelib.store.records import read

# An operator function's answer has at most 6 MB.
MOST_LINES = 5_000
# A line is written when its request ends.
_LONGEST_REQUEST = timedelta(seconds=60)


def read_api_log(since: datetime, until: datetime, account_id: str | None, reason: str) -> shapes.ApiLog:
    """The requests of this span whose addresses can still be read; it is recorded before anything is read."""
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
    found = list(islice(_decrypted_lines(since, until, account_id), MOST_LINES + 1))
    return shapes.ApiLog(reading_id=reading_id, items=found[:MOST_LINES], more=len(found) > MOST_LINES)


def _activity_row(account_id: str | None, reason: str) -> tuple[Write, ...]:
    """Whose addresses are looked for reads that somebody did; of a closed account there is nobody to read it."""
    account, key = (None, None) if account_id is None else read(*accounts.keys_of(account_id))
    if account is None or key is None:
        return ()
    account.decrypted_with(key.unlocked())
    return (activity.record(account, "log_looked_into", by=activity.OPERATOR, about=reason),)


def _decrypted_lines(since: datetime, until: datetime, account_id: str | None) -> Iterator[shapes.LoggedRequest]:
    decrypter = hour_keys.Decrypter()
    for text in logs.lines(settings.api_log_group, since, until + _LONGEST_REQUEST, '{ $.address = "*" }'):
        line: dict[str, Any] = json.loads(text)
        found = decrypter.open(line["address"], line["request_id"])
        if found is None:
            continue
        at, (address, whose) = found
        if since <= at < until and account_id in (None, whose):
            yield shapes.LoggedRequest(
                at=at, route=line["door"], answered=line["status"], address=address, account_id=whose
            )
