"""Failures of AWS's services, and which of them may pass in a moment."""

from __future__ import annotations

import sys
from typing import Any

from chalicelib.aws import retries
from chalicelib.aws.json_calls import CallRefused, ReplyLost

BUSY_CODES = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ThrottlingException",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        # The words of SES, SNS and SQS for the same.
        "Throttling",
        "Throttled",
        "ThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
    }
)
_FIRST_OF_THEIRS = 500


def is_busy(refused: CallRefused) -> bool:
    """Whether AWS may answer otherwise in a moment."""
    return _is_busy(refused.code, refused.status)


def is_passing(problem: Exception) -> bool:
    """The same of whatever a call of any service may raise: no answer is one that may come in a moment."""
    if isinstance(problem, CallRefused):
        return is_busy(problem)
    if isinstance(problem, ReplyLost):
        return True
    # What nobody has imported yet has raised nothing, and is a good part of a cold start.
    sdk: Any = sys.modules.get("botocore.exceptions")
    if sdk is not None and isinstance(problem, sdk.ClientError):
        response: dict[str, Any] = problem.response
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _is_busy(response["Error"]["Code"], status)
    return sdk is not None and isinstance(problem, sdk.BotoCoreError)


def _is_busy(code: str, status: int) -> bool:
    return code in BUSY_CODES or status >= _FIRST_OF_THEIRS or retries.is_worth_one(status, code)
