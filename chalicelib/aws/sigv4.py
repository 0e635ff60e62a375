"""Signature Version 4: signed headers of JSON calls, presigned links and POST forms of S3."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from chalicelib.settings import AwsCredentials

_ALGORITHM = "AWS4-HMAC-SHA256"
_SHA256_OF_NOTHING = hashlib.sha256(b"").hexdigest()
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Scope(NamedTuple):
    """The scope of a signature: the second of `stamp`, and the day, region and service of `text`."""

    stamp: str
    text: str


def scope_of(at: datetime, region: str, service: str) -> Scope:
    """Of an instant in UTC."""
    text = at.isoformat()  # in a tenth of strftime's time
    stamp = f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}{text[17:19]}Z"
    return Scope(stamp, f"{stamp[:8]}/{region}/{service}/aws4_request")


def signed_headers(
    credentials: AwsCredentials, scope: Scope, host: str, target: str | None, content_type: str, body: bytes
) -> dict[str, str]:
    """The headers of a POST to `/`; `target` names the operation, where the body does not."""
    signed = {"content-type": content_type, "host": host, "x-amz-date": scope.stamp}
    if credentials.session_token:
        signed["x-amz-security-token"] = credentials.session_token
    if target is not None:
        signed["x-amz-target"] = target
    return _authorized(credentials, scope, signed, "POST\n/", hashlib.sha256(body).hexdigest())


def _authorized(
    credentials: AwsCredentials, scope: Scope, signed: dict[str, str], begin: str, body_hash: str
) -> dict[str, str]:
    """These headers, which are in the order of their names, and the one that signs them."""
    names = ";".join(signed)
    lines = "".join([f"{name}:{value}\n" for name, value in signed.items()])
    canonical = f"{begin}\n\n{lines}\n{names}\n{body_hash}"
    signature = _signature(credentials, scope, _to_sign(scope, canonical))
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope.text}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return signed


def signed_of_object(
    credentials: AwsCredentials, scope: Scope, method: str, host: str, path: str, byte_range: str
) -> dict[str, str]:
    """The headers of a HEAD or GET of an object of S3, or of a range of its bytes; the path is quoted already."""
    signed = {"host": host}
    if byte_range:
        signed["range"] = byte_range
    signed |= {"x-amz-content-sha256": _SHA256_OF_NOTHING, "x-amz-date": scope.stamp}
    if credentials.session_token:
        signed["x-amz-security-token"] = credentials.session_token
    return _authorized(credentials, scope, signed, f"{method}\n{path}", _SHA256_OF_NOTHING)


def presigned_link(
    credentials: AwsCredentials, scope: Scope, url: str, query: Mapping[str, str], seconds: int
) -> str:
    """An address that reads one object of S3 for so many seconds; the path of `url` is quoted already."""
    signing = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope.text}",
        "X-Amz-Date": scope.stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    if credentials.session_token:
        signing["X-Amz-Security-Token"] = credentials.session_token
    pairs = [f"{_quoted(name)}={_quoted(value)}" for name, value in (*query.items(), *signing.items())]
    host, path = _host_and_path(url)
    ordered = "&".join(f"{name}={value}" for name, value in sorted(pair.split("=") for pair in pairs))
    canonical = f"GET\n{path}\n{ordered}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    signature = _signature(credentials, scope, _to_sign(scope, canonical))
    return f"{url}?{'&'.join(pairs)}&X-Amz-Signature={signature}"


def post_form(
    credentials: AwsCredentials, scope: Scope, fields: Mapping[str, str], conditions: list[Any], expiration: str
) -> dict[str, str]:
    """The fields of a form that uploads to S3 what fits the conditions, until it expires."""
    signing = {
        "x-amz-algorithm": _ALGORITHM,
        "x-amz-credential": f"{credentials.access_key_id}/{scope.text}",
        "x-amz-date": scope.stamp,
    }
    if credentials.session_token:
        signing["x-amz-security-token"] = credentials.session_token
    signed = [*conditions, *({name: value} for name, value in signing.items())]
    document = json.dumps({"expiration": expiration, "conditions": signed})
    policy = base64.b64encode(document.encode()).decode()
    return {**fields, **signing, "policy": policy, "x-amz-signature": _signature(credentials, scope, policy)}


def _to_sign(scope: Scope, canonical: str) -> str:
    return f"{_ALGORITHM}\n{scope.stamp}\n{scope.text}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def _signature(credentials: AwsCredentials, scope: Scope, to_sign: str) -> str:
    return hmac.digest(_key(credentials.secret_access_key, scope.text), to_sign.encode(), "sha256").hex()


@lru_cache(maxsize=16)  # of today and yesterday, for each service
def _key(secret: str, scope: str) -> bytes:
    """The signing key of a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return quote(text, safe="-._~")


def _host_and_path(url: str) -> tuple[str, str]:
    """The host as the Host header has it, without the scheme's own port."""
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port
    host = f"[{name}]" if ":" in name else name
    is_default = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return (host if is_default else f"{host}:{port}"), parts.path
