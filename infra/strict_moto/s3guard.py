"""S3 for presigned addresses and POST forms: a WSGI app that checks, then acts on moto."""

import itertools
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.header import Header
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from . import trace
from .presigned import S3Error, Trust, Upload, bucket_and_key, check_form, check_get, form_of

LARGEST_BODY = 256 * 1024 * 1024
OVERRIDES = ("content-type", "content-disposition", "cache-control", "content-encoding", "content-language", "expires")
_STORED = {
    "content-type": "ContentType",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "cache-control": "CacheControl",
    "x-amz-storage-class": "StorageClass",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
}
_MEANT_FOR_S3 = {
    "key",
    "policy",
    "bucket",
    "success_action_status",
    "success_action_redirect",
    *(f"x-amz-{name}" for name in ("algorithm", "credential", "date", "signature", "security-token")),
}
_RETURNED = ("etag", "last-modified", "content-range", "accept-ranges", *OVERRIDES)


class S3Guard:
    """Give it a boto3 S3 client of this process; `credentials` are {access key: secret} of those who may sign. Pages of
    `trusted_origins` may ask without a rule of the bucket."""

    def __init__(
        self,
        s3: Any,
        *,
        credentials: Mapping[str, str],
        region: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trusted_origins: re.Pattern[str] | None = None,
    ) -> None:
        self._s3 = s3
        self._trusted_origins = trusted_origins
        self._trust = Trust(credentials, region, now)
        self._numbers = itertools.count(1)
        # When, under which key, and the code of the refusal, if it was one.
        self.uploads: deque[tuple[datetime, str, str | None]] = deque(maxlen=1000)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self.answer(Request(environ))
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        try:
            response = self._answer(request)
        except S3Error as error:
            response = _xml(error.status, "Error", {"Code": error.code, "Message": error.message})
        except ClientError as error:
            response = _of_client_error(error)
        response.headers.update(self._cors(request))
        response.headers["x-amz-request-id"] = f"LOCAL{next(self._numbers):011d}"
        if request.method == "HEAD":
            # The length of the object is reported, its bytes are not sent.
            response.automatically_set_content_length = False
            response.set_data(b"")
        return response

    def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return self._preflight(request)
        if request.method == "POST":
            return self._store(self._let_in(request))
        granted = _granted(check_get(request.method, _url(request), _headers(request), self._trust))
        if request.method not in ("GET", "HEAD") or not granted.key:
            raise S3Error(501, "NotImplemented", "Only objects are read here, and only by GET and HEAD.")
        return self._read(granted, request)

    def _preflight(self, request: Request) -> Response:
        if not self._cors(request):
            raise S3Error(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.")
        return Response(status=200)

    def _cors(self, request: Request) -> dict[str, str]:
        """What the bucket's rules let this origin's pages do; nothing if no rule does."""
        origin = request.headers.get("Origin")
        if not origin:
            return {}  # no page asks: the rules are for browsers
        method = request.headers.get("Access-Control-Request-Method", request.method)
        wanted = [name.strip().lower() for name in request.headers.get("Access-Control-Request-Headers", "").split(",")]
        rule = self._rule_for(request, origin, method, set(wanted) - {""})
        if rule is None:
            return {}
        named = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": method}
        if any(wanted):
            named["Access-Control-Allow-Headers"] = ", ".join(wanted)
        if exposed := rule.get("ExposeHeaders"):
            named["Access-Control-Expose-Headers"] = ", ".join(exposed)
        return {**named, "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}

    def _rule_for(self, request: Request, origin: str, method: str, wanted: set[str]) -> dict[str, Any] | None:
        """The first of the bucket's rules that lets in this origin, method and all headers that are asked for."""
        if self._trusted_origins is not None and self._trusted_origins.fullmatch(origin):
            return {"ExposeHeaders": ["Content-Length", "Content-Range", "ETag"]}
        bucket, _ = bucket_and_key(request.host, request.path)
        try:
            with trace.outside():
                rules: list[dict[str, Any]] = self._s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
        except ClientError:
            return None  # no such bucket, or no rules
        return next((rule for rule in rules if _lets_in(rule, origin, method, wanted)), None)

    def _read(self, granted: Any, request: Request) -> Response:
        _require_plain(granted.query)
        wanted = {"Bucket": granted.bucket, "Key": granted.key}
        for header, name in (("Range", "Range"), ("If-None-Match", "IfNoneMatch"), ("If-Match", "IfMatch")):
            if header in request.headers:
                wanted[name] = request.headers[header]
        with trace.outside():
            found = (self._s3.head_object if request.method == "HEAD" else self._s3.get_object)(**wanted)
            data = found["Body"].read() if "Body" in found else b""
        described = found["ResponseMetadata"]["HTTPHeaders"]
        headers = Headers(
            [(name, described[name]) for name in described if name in _RETURNED or name.startswith("x-amz-meta-")]
        )
        headers.update(
            {name: granted.query[f"response-{name}"] for name in OVERRIDES if f"response-{name}" in granted.query}
        )
        response = Response(data, found["ResponseMetadata"]["HTTPStatusCode"], headers)
        if request.method == "HEAD":
            response.headers["Content-Length"] = str(found["ContentLength"])
        return response

    def _let_in(self, request: Request) -> Upload:
        headers = _headers(request)
        form = form_of(headers, _body(request))
        is_form = not isinstance(form, S3Error)
        outcome = check_form(_url(request), headers, form, self._trust) if is_form else form
        code = outcome.code if isinstance(outcome, S3Error) else None
        self.uploads.append((self._trust.now(), form.fields.get("key", "") if is_form else "", code))
        upload: Upload = _granted(outcome)
        return upload

    def _store(self, upload: Upload) -> Response:
        with trace.outside():
            stored = self._s3.put_object(Bucket=upload.bucket, Key=upload.key, Body=upload.data, **_kept(upload.fields))
        location = f"/{quote(upload.bucket)}/{quote(upload.key)}"
        described = {"ETag": stored["ETag"], "Location": location}
        if redirect := upload.fields.get("success_action_redirect"):
            joint = "&" if "?" in redirect else "?"
            query = f"bucket={quote(upload.bucket)}&key={quote(upload.key)}&etag={quote(stored['ETag'])}"
            return Response(status=303, headers={**described, "Location": f"{redirect}{joint}{query}"})
        if upload.fields.get("success_action_status") == "201":
            answer = {"Location": location, "Bucket": upload.bucket, "Key": upload.key, "ETag": stored["ETag"]}
            response = _xml(201, "PostResponse", answer)
            response.headers.update(described)
            return response
        # Anything but 200 and 201 is taken for the default.
        return Response(status=200 if upload.fields.get("success_action_status") == "200" else 204, headers=described)


def _lets_in(rule: dict[str, Any], origin: str, method: str, wanted: set[str]) -> bool:
    allowed = {name.lower() for name in rule.get("AllowedHeaders", ())}
    return origin in rule["AllowedOrigins"] and method in rule["AllowedMethods"] and wanted <= allowed


def _granted(outcome: Any) -> Any:
    if isinstance(outcome, S3Error):
        raise outcome
    return outcome


def _require_plain(query: dict[str, str]) -> None:
    """What is neither a signing parameter nor an override would ask for something else than the object."""
    unknown = query.keys() - {f"response-{name}" for name in OVERRIDES} - {"X-Amz-Security-Token", "x-id"}
    if unknown:
        raise S3Error(501, "NotImplemented", f"Not played here: {', '.join(sorted(unknown))}")


def _kept(fields: dict[str, str]) -> dict[str, Any]:
    """What a form's fields say about the object; a field that would be silently lost is refused."""
    kept: dict[str, Any] = {parameter: fields[name] for name, parameter in _STORED.items() if name in fields}
    kept["Metadata"] = {
        # What is no ASCII is given back so:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
        name.removeprefix("x-amz-meta-"): value if value.isascii() else Header(value, "utf-8", sys.maxsize).encode()
        for name, value in fields.items()
        if name.startswith("x-amz-meta-")
    }
    unknown = [
        name
        for name in fields
        if name not in _STORED and name not in _MEANT_FOR_S3 and not name.startswith(("x-amz-meta-", "x-ignore-"))
    ]
    if unknown:
        raise S3Error(501, "NotImplemented", f"Not played here: {', '.join(unknown)}")
    return kept


def _url(request: Request) -> str:
    path = quote(request.path, safe="/-_.~")
    return f"{request.scheme}://{request.host}{path}?{request.query_string.decode('latin-1')}"


def _headers(request: Request) -> dict[str, str]:
    return dict(request.headers.items())


def _body(request: Request) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise S3Error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    body = request.get_data(cache=False)
    if request.content_length is not None and len(body) < request.content_length:
        raise S3Error(400, "IncompleteBody", "You did not provide the number of bytes specified by Content-Length.")
    return body


def _xml(status: int, root: str, content: dict[str, str]) -> Response:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in content.items())
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}</{root}>'
    return Response(text, status, content_type="application/xml")


def _of_client_error(error: ClientError) -> Response:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 304:
        return Response(status=304)
    described = error.response.get("Error", {})
    return _xml(status, "Error", {"Code": described.get("Code", ""), "Message": described.get("Message", "")})
