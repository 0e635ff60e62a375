"""One botocore session, and one client per AWS service, made when first needed."""

from __future__ import annotations

import base64
import json
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.parsers import JSONParser, ResponseParserFactory

from chalicelib.settings import AwsCredentials, settings

if TYPE_CHECKING:
    from botocore.model import Shape
    from botocore.parsers import ResponseParser

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
# What DynamoDB answers to reads: AttributeValues as they lie in JSON, but for their bytes.
_READS = frozenset({"GetItemOutput", "BatchGetItemOutput", "QueryOutput"})
_making = threading.Lock()


@cache
def session() -> botocore.session.Session:
    made = botocore.session.get_session()
    made.register_component("response_parser_factory", _Parsers())
    return made


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


class _Parsers(ResponseParserFactory):  # type: ignore[misc]
    def create_parser(self, protocol_name: str) -> ResponseParser:
        return _Parser() if protocol_name == "json" else super().create_parser(protocol_name)


class _Parser(JSONParser):  # type: ignore[misc]
    """botocore's, but that it does not ask each attribute of each item for every type that it might have, which was
    a third of a list's work. Errors, and whatever is no read of items, are read by botocore's own."""

    def _handle_json_body(self, raw_body: bytes, shape: Shape) -> object:
        if shape.name not in _READS:
            return super()._handle_json_body(raw_body, shape)
        return json.loads(raw_body, object_hook=_with_bytes)


def _with_bytes(value: dict[str, object]) -> dict[str, object]:
    one, many = value.get("B"), value.get("BS")
    # An attribute may be called so, too; then a type is below it, and no text.
    if isinstance(one, str):
        value["B"] = base64.b64decode(one)
    elif isinstance(many, list) and all(isinstance(each, str) for each in many):
        value["BS"] = [base64.b64decode(each) for each in many]
    return value
