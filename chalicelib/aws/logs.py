"""CloudWatch Logs client: the functions' log lines, for operators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.clients import client, sdk_errors
from chalicelib.instants import ms_of


@dataclass(frozen=True)
class Lines:
    """Some lines of a log group; `cursor` is None if nothing follows. There may be none, and more behind them."""

    items: list[str]
    cursor: str | None


class UnknownCursor(ValueError):
    """CloudWatch knows a cursor for a day, and for the same question only."""


def lines(group: str, since: datetime, until: datetime, pattern: str, *, limit: int, after: str | None) -> Lines:
    """The lines of a log group that fit CloudWatch's filter pattern, in the order of their time; those behind the
    cursor `after`. Raises UnknownCursor."""
    start = {} if after is None else {"nextToken": after}
    try:
        answer = client("logs").filter_log_events(
            logGroupName=group,
            startTime=ms_of(since),
            endTime=ms_of(until),
            filterPattern=pattern,
            limit=limit,
            **start,
        )
    except sdk_errors().ClientError as refusal:
        if after is not None and refusal.response["Error"]["Code"] == "InvalidParameterException":
            raise UnknownCursor from refusal
        raise
    return Lines([event["message"] for event in answer["events"]], answer.get("nextToken"))
