"""One botocore session, and one client per AWS service, made when first needed."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.settings import AwsCredentials, settings

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session

# botocore is a third of a cold start, and most requests call none of the services that it is for.
_making = threading.Lock()


def _patience() -> Config:
    from botocore import __version__, config

    return config.Config(
        # API Gateway gives up at 29 s and we promise an answer in 8; botocore's defaults would wait for minutes.
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 3},
        parameter_validation=False,
        # One SNS or SQS answer is not worth a checksum pass over the body.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Else botocore puts together who it is, and what it runs on, twice for each call.
        user_agent=f"sowa Botocore/{__version__}",
    )


@cache
def session() -> Session:
    from botocore.session import get_session

    from chalicelib.aws.listing_entries import Parsers

    made = get_session()
    made.register_component("response_parser_factory", Parsers())
    return made


def sdk_errors() -> Any:
    """botocore's exceptions, for whom one has just been raised."""
    from botocore import exceptions

    return exceptions


@cache
def client(service: str, endpoint_url: str | None = None) -> Any:
    """`endpoint_url` for the one service that has an address for each installation."""
    return made(session(), service, endpoint_url)


def made(by: Session, service: str, endpoint_url: str | None = None) -> Any:
    with _making:  # making a client is not thread-safe in botocore; using one is
        return by.create_client(service, region_name=settings.region, config=_patience(), endpoint_url=endpoint_url)


def credentials() -> AwsCredentials:
    """Keys for what is signed without a call: those in the environment at this moment, or whatever else botocore is
    configured to find."""
    if settings.aws_transport == "own" and (found := settings.aws_credentials) is not None:
        return found
    frozen = session().get_credentials().get_frozen_credentials()
    return AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token or "")
