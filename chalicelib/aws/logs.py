"""CloudWatch Logs client: the functions' log lines, for operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.clients import client


def lines(group: str, since: datetime, until: datetime, pattern: str) -> Iterator[str]:
    """The lines of a log group that fit CloudWatch's filter pattern, in the order of their time, page by page."""
    start: dict[str, str] = {}
    while True:
        answer = client("logs").filter_log_events(
            logGroupName=group,
            startTime=int(since.timestamp() * 1000),
            endTime=int(until.timestamp() * 1000),
            filterPattern=pattern,
            **start,
        )
        yield from (event["message"] for event in answer["events"])
        if not answer.get("nextToken"):
            return
        start = {"nextToken": answer["nextToken"]}
