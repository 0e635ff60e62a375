"""One botocore session, and one client per AWS service, made when first needed."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

_PATIENCE = Config(
    # API Gateway gives up at 29 s and we promise an answer in 8; botocore's defaults would wait for minutes.
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    parameter_validation=False,
    # One SNS or SQS answer is not worth a checksum pass over the body.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
_making = threading.Lock()


@cache
def session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def client(service: str) -> Any:
    with _making:  # making a client is not thread-safe in botocore; using one is
        return session().create_client(service, config=_PATIENCE)
