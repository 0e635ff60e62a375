"""One botocore session, and one client per AWS service, made when first needed."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

from chalicelib.settings import AwsCredentials, settings

_PATIENCE = Config(
    # API Gateway gives up at 29 s and we promise an answer in 8; botocore's defaults would wait for minutes.
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    parameter_validation=False,
    # One SNS or SQS answer is not worth a checksum pass over the body.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    # Else botocore puts together who it is, and what it runs on, twice for each call.
    user_agent=f"sowa Botocore/{botocore.__version__}",
)
_making = threading.Lock()


@cache
def session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def client(service: str, endpoint_url: str | None = None) -> Any:
    """`endpoint_url` for the one service that has an address for each installation."""
    return made(session(), service, endpoint_url)


def made(by: botocore.session.Session, service: str, endpoint_url: str | None = None) -> Any:
    with _making:  # making a client is not thread-safe in botocore; using one is
        return by.create_client(service, region_name=settings.region, config=_PATIENCE, endpoint_url=endpoint_url)


def credentials() -> AwsCredentials:
    """What is signed without a call is signed with: what the environment says at this moment, or whatever else botocore
    is configured to find."""
    if settings.aws_transport == "own" and (found := settings.aws_credentials) is not None:
        return found
    frozen = session().get_credentials().get_frozen_credentials()
    return AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token or "")
