"""Failures of AWS's services, and which of them may pass in a moment."""

from __future__ import annotations

import sys
from typing import Any

from chalicelib.aws import retries
from chalicelib.aws.attempts import CallRefused, ReplyLost

# Beside what is worth a retry of the call itself: words of a transaction for its parts, and of others for throttling.
_BUSY_CODES = {
    "ProvisionedThroughputExceeded",
    "Throttled",
    "ThrottlingError",
    "TransactionConflict",
    "TransactionConflictException",
}
_FIRST_OF_THEIRS = 500


def is_busy(refused: CallRefused) -> bool:
    """Whether AWS may answer otherwise in a moment."""
    return is_busy_code(refused.code, refused.status)


def is_busy_code(code: str, status: int = 0) -> bool:
    """The same of a code alone, as the parts of a transaction have one."""
    return code in _BUSY_CODES or status >= _FIRST_OF_THEIRS or retries.is_worth_one(status, code)


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
        return is_busy_code(response["Error"]["Code"], status)
    return sdk is not None and isinstance(problem, sdk.BotoCoreError)

