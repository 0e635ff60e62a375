"""Routing of requests to moto's handlers: moto's own choice, cached for each address."""

import functools
import re
from collections.abc import Callable
from typing import Any
from xml.parsers.expat import ExpatError

from botocore.awsrequest import AWSPreparedRequest
from moto import backend_index, backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.exceptions import HTTPException
from moto.core.request import normalize_request
from moto.core.utils import get_equivalent_url_in_aws_domain

from .faults import Answer

Handler = Callable[[Any, str, Any], tuple[Any, ...]]

_MALFORMED_XML = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>MalformedXML</Code><Message>The XML you provided was not '
    b"well-formed or did not validate against our published schema</Message></Error>"
)


def answer(request: AWSPreparedRequest) -> Answer | None:
    """None for what is not AWS's: that goes out over the network."""
    parsed, _ = get_equivalent_url_in_aws_domain(request.url)
    host = _STREAMS_OF_ACCOUNT.sub("streams.dynamodb.", parsed.netloc)
    address = f"{parsed.scheme}://{host}{parsed.path}"
    handler = _s3_handler(address) if _S3.match(address) else _handler(address)
    if handler is None:
        return (404, {}, "Not yet implemented") if _AWS.match(address) else None
    normal = normalize_request(request)
    try:
        status, headers, body = handler(normal, normal.raw_url, normal.headers)
    except HTTPException as refusal:
        return refusal.code or 500, dict(refusal.get_headers()), refusal.get_body()
    except ExpatError:
        # moto falls over what XML 1.0 has no character for; S3 refuses it, and all that came with it.
        return 400, {"Content-Type": "application/xml"}, _MALFORMED_XML
    return int(status), headers, body


# The SDK puts the account of a stream's ARN into the host; moto does not know that host yet.
_STREAMS_OF_ACCOUNT = re.compile(r"^[0-9]{12}\.streams-ddb\.")
_AWS = re.compile(r"https?://.+\.amazonaws.com/.*")
_S3 = re.compile(
    r"https?://([a-zA-Z0-9\-_.]+\.)?s3(?!-control|-outposts|tables|vectors)[.-][a-z0-9\-.]*amazonaws\.com/"
)


@functools.lru_cache(maxsize=1024)
def _handler(address: str) -> Handler | None:
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(address):
            for path, handler in _paths(service):
                if path.match(address):
                    return handler
    return None


def _s3_handler(address: str) -> Handler | None:
    """Every object has an address of its own, so these are not remembered."""
    return next((handler for path, handler in _paths("s3") if path.match(address)), None)


@functools.lru_cache(maxsize=1024)
def _paths(service: str) -> list[tuple[re.Pattern[str], Handler]]:
    known: Any = backends.get_backend(service)  # type: ignore[call-overload]
    if isinstance(known, BackendDict):
        regions = known[DEFAULT_ACCOUNT_ID]
        backend = regions["us-east-1" if "us-east-1" in regions else "aws"]
    else:
        backend = known["global"]
    return [(re.compile(path), handler) for path, handler in backend.urls.items()]
