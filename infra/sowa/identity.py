"""Presigned requests by which an operator's function learns from STS who gave an order."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from chalicelib.aws.sts import VERSION
from chalicelib.entry.operators import FRESH_FOR, HEADER


def presigned(credentials: Any, region: str, bound_to: str) -> str:
    """The query of a GetCallerIdentity that these credentials sign, together with what it is for. `bound_to` is of
    `register.proposals`."""
    wanted = {"Action": "GetCallerIdentity", "Version": VERSION}
    request = AWSRequest(
        "GET", f"https://sts.{region}.amazonaws.com/", params=wanted, headers={HEADER: bound_to}
    )
    SigV4QueryAuth(credentials, "sts", region, expires=int(FRESH_FOR.total_seconds())).add_auth(request)
    return urlsplit(str(request.url)).query
