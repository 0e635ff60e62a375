"""Compression of answers, as API Gateway does it where an API has a MinimumCompressionSize.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable

from werkzeug.datastructures import Headers

# The template's own figure (infra/package/deployed.yaml). Shorter ones fit into a packet anyway.
LEAST_BYTES = 1024
_CODINGS = {"gzip": lambda body: gzip.compress(body, mtime=0), "deflate": zlib.compress}


def compressed(
    request_headers: Iterable[tuple[str, str]], headers: Headers, body: bytes
) -> tuple[Headers, bytes]:
    """An answer's headers and body as they leave. What has a coding of its own, and what is short, goes as it is."""
    accepted = ",".join(value for name, value in request_headers if name.lower() == "accept-encoding")
    compress = _CODINGS.get(_preferred(accepted))
    if compress is None or len(body) < LEAST_BYTES or "Content-Encoding" in headers:
        return headers, body
    return Headers([*headers, ("Content-Encoding", _preferred(accepted))]), compress(body)


def _preferred(accepted: str) -> str:
    """The coding of most weight, of several the first; if API Gateway does not know it, it looks for no other."""
    weighed = [_weighed(one) for one in accepted.split(",")]
    weight, coding = max(weighed, key=lambda one: one[0])
    return coding if weight > 0 else ""


def _weighed(wish: str) -> tuple[float, str]:
    coding, *parameters = (part.strip().lower() for part in wish.split(";"))
    quality = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
    try:
        return float(quality), coding
    except ValueError:
        return 0.0, coding
