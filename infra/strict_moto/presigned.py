"""Whether S3 would honour a presigned address or a POST form: signature, scope, time, every condition of the policy.

Written from the documentation of Signature Version 4 (query parameters, browser-based uploads), not from botocore's
signer: what it accepts is what was signed, not what our signer happens to make.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SECONDS = 7 * 24 * 3600
SKEW = timedelta(minutes=15)
LARGEST_FIELDS = 20 * 1024
LONGEST_KEY = 1024

_SIGNING = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)
# Fields a policy need not mention.
_UNNAMED = {"x-amz-signature", "policy", "file"}


class S3Error(Exception):
    """An error answer of S3."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Granted:
    """The operation that a presigned address permits."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Upload:
    """The upload that a POST form permits."""

    bucket: str
    key: str
    data: bytes = field(repr=False)
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    fields: dict[str, str]
    filename: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trust:
    """The credentials whose signatures count, the region, and the time there."""

    credentials: Mapping[str, str]
    region: str
    now: Callable[[], datetime]


def check_get(method: str, url: str, headers: Mapping[str, str], trust: Trust) -> Granted | S3Error:
    """A GET or HEAD of a presigned address; the Host header decides, not the url's host."""
    try:
        return _verified_query(method, url, {name.lower(): value for name, value in headers.items()}, trust)
    except S3Error as error:
        return error


def check_post(url: str, headers: Mapping[str, str], body: bytes, trust: Trust) -> Upload | S3Error:
    """A multipart POST of a form to a bucket."""
    form = form_of(headers, body)
    return form if isinstance(form, S3Error) else check_form(url, headers, form, trust)


def form_of(headers: Mapping[str, str], body: bytes) -> Form | S3Error:
    """The form of a POST; reading one of 64 MB is work."""
    try:
        return read_form({name.lower(): value for name, value in headers.items()}.get("content-type", ""), body)
    except S3Error as error:
        return error


def check_form(url: str, headers: Mapping[str, str], form: Form, trust: Trust) -> Upload | S3Error:
    """A form that was read, posted to a bucket."""
    try:
        lowered = {name.lower(): value for name, value in headers.items()}
        bucket, key = bucket_and_key(lowered.get("host", urlsplit(url).netloc), urlsplit(url).path)
        if key:
            raise S3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        return _verified_form(bucket, form, trust)
    except S3Error as error:
        return error


def bucket_and_key(host: str, path: str) -> tuple[str, str]:
    """`/<bucket>/<key>`, or the bucket in the host as AWS's own addresses have it."""
    path = unquote(path).removeprefix("/")
    in_host = re.match(r"(.+)\.s3[.-][a-z0-9.-]*amazonaws\.com$", host)
    if in_host:
        return in_host.group(1), path
    bucket, _, key = path.partition("/")
    return bucket, key


# --- addresses ---------------------------------------------------------------------------------------------------


def _verified_query(method: str, url: str, headers: dict[str, str], trust: Trust) -> Granted:
    parts = urlsplit(url)
    headers.setdefault("host", parts.netloc)
    pairs = [
        (unquote(name), unquote(value))
        for name, _, value in (pair.partition("=") for pair in parts.query.split("&") if pair)
    ]
    query = dict(pairs)
    if len(query) != len(pairs):
        raise S3Error(400, "InvalidArgument", "A query parameter may be given once.")
    _require_signing_parameters(query)
    signed_at = _time_of(query["X-Amz-Date"])
    secret = _secret(query["X-Amz-Credential"], query["X-Amz-Date"], trust, "AuthorizationQueryParametersError")
    _require_signed_headers(query["X-Amz-SignedHeaders"], headers)
    expires = _expires(query["X-Amz-Expires"])
    canonical = _canonical_request(method, parts.path, pairs, query["X-Amz-SignedHeaders"], headers)
    to_sign = "\n".join((ALGORITHM, query["X-Amz-Date"], _scope(query["X-Amz-Credential"]), _sha256(canonical)))
    _require_signature(secret, query["X-Amz-Credential"], to_sign, query["X-Amz-Signature"])
    _require_in_time(signed_at, expires, trust.now())
    bucket, key = bucket_and_key(headers["host"], parts.path)
    return Granted(method, bucket, key, {name: value for name, value in query.items() if name not in _SIGNING})


def _require_signing_parameters(query: dict[str, str]) -> None:
    if not any(name in query for name in _SIGNING):
        if "Signature" in query or "AWSAccessKeyId" in query:
            raise S3Error(
                400,
                "InvalidRequest",
                f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}.",
            )
        raise S3Error(403, "AccessDenied", "Access Denied")
    if not all(query.get(name) for name in _SIGNING):
        raise _bad_parameters(f"Query-string authentication version 4 requires the {', '.join(_SIGNING)} parameters.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise _bad_parameters(f'X-Amz-Algorithm only supports "{ALGORITHM}"')


def _bad_parameters(message: str) -> S3Error:
    return S3Error(400, "AuthorizationQueryParametersError", message)


def _time_of(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _bad_parameters("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"") from None


def _expires(text: str) -> timedelta:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise _bad_parameters("X-Amz-Expires should be a number")
    if int(text) < 0:
        raise _bad_parameters("X-Amz-Expires must be non-negative")
    if int(text) > LONGEST_SECONDS:
        raise _bad_parameters(
            "X-Amz-Expires must be less than a week (in seconds); "
            "that is, the given X-Amz-Expires must be less than 604800 seconds"
        )
    return timedelta(seconds=int(text))


def _require_in_time(signed_at: datetime, expires: timedelta, now: datetime) -> None:
    if signed_at > now + SKEW:
        raise S3Error(403, "AccessDenied", "Request is not yet valid")
    if now >= signed_at + expires:
        raise S3Error(403, "AccessDenied", "Request has expired")


def _require_signed_headers(signed: str, headers: dict[str, str]) -> None:
    names = signed.split(";")
    if "host" not in names or names != sorted(names) or signed != signed.lower():
        raise _bad_parameters("X-Amz-SignedHeaders must name the host, in lower case and in order")
    if any(name.startswith("x-amz-") and name not in names for name in headers):
        raise S3Error(403, "AccessDenied", "There were headers present in the request which were not signed")


def _canonical_request(
    method: str, path: str, pairs: list[tuple[str, str]], signed: str, headers: dict[str, str]
) -> str:
    encoded = sorted((_encode(name), _encode(value)) for name, value in pairs if name != "X-Amz-Signature")
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed.split(";"))
    return "\n".join(
        (
            method,
            quote(unquote(path), safe="/-_.~") or "/",
            "&".join(f"{name}={value}" for name, value in encoded),
            lines,
            signed,
            "UNSIGNED-PAYLOAD",
        )
    )


# --- signatures --------------------------------------------------------------------------------------------------


def _secret(credential: str, date: str, trust: Trust, code: str) -> str:
    """The secret of the key a credential names, when its scope is ours."""
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise S3Error(
            400, code, 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    access_key, day, region, service, _ = parts
    if access_key not in trust.credentials:
        raise S3Error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if region != trust.region:
        raise S3Error(400, code, f"the region '{region}' is wrong; expecting '{trust.region}'")
    if service != "s3":
        raise S3Error(400, code, f'incorrect service "{service}". This endpoint belongs to "s3".')
    if day != date[:8]:
        raise S3Error(400, code, f'Invalid credential date "{day}". This date is not the same as X-Amz-Date: "{date}".')
    return trust.credentials[access_key]


def _scope(credential: str) -> str:
    return credential.partition("/")[2]


def _require_signature(secret: str, credential: str, to_sign: str, signature: str) -> None:
    key = f"AWS4{secret}".encode()
    for part in _scope(credential).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise S3Error(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")


# --- forms -------------------------------------------------------------------------------------------------------


def read_form(content_type: str, body: bytes) -> Form:
    """The fields up to the file; what follows the file S3 does not read."""
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise S3Error(412, "PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data")
    decoder = MultipartDecoder(options["boundary"].encode(), max_parts=1000)
    decoder.receive_data(body)
    decoder.receive_data(None)
    try:
        return _form(decoder)
    except (ValueError, AttributeError, RequestEntityTooLarge):
        message = "The body of your POST request is not well-formed multipart/form-data."
        raise S3Error(400, "MalformedPOSTRequest", message) from None


def _form(decoder: MultipartDecoder) -> Form:
    fields: dict[str, str] = {}
    while not isinstance(event := decoder.next_event(), Epilogue):
        # A file part may come without a file name: what makes it the file is its field's name.
        if isinstance(event, File | Field) and event.name == "file":
            data = _data(decoder)
            # The rest must still be well-formed: a body cut short would otherwise pass as a smaller file.
            while not isinstance(decoder.next_event(), Epilogue):
                pass
            return Form(fields, event.filename if isinstance(event, File) else "", data)
        if isinstance(event, File | Field):
            name = event.name.lower()
            if name in fields:
                raise S3Error(400, "InvalidArgument", f"The field {name} may be given once.")
            fields[name] = _data(decoder).decode()
            if sum(map(len, fields.values())) > LARGEST_FIELDS:
                message = "Your POST request fields preceding the upload file were too large."
                raise S3Error(400, "MaxPostPreDataLengthExceeded", message)
    raise S3Error(400, "InvalidArgument", "POST requires exactly one file upload per request.")


def _data(decoder: MultipartDecoder) -> bytes:
    found = bytearray()
    while True:
        event = decoder.next_event()
        assert isinstance(event, Data)
        found += event.data
        if not event.more_data:
            return bytes(found)


def _verified_form(bucket: str, form: Form, trust: Trust) -> Upload:
    fields = form.fields
    if "policy" not in fields:
        raise S3Error(403, "AccessDenied", "Access Denied")
    for name in ("key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
        if not fields.get(name):
            raise S3Error(400, "InvalidArgument", f"Bucket POST must contain a field named '{name}'.")
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise S3Error(400, "InvalidArgument", f"X-Amz-Algorithm only supports {ALGORITHM}")
    secret = _secret(fields["x-amz-credential"], fields["x-amz-date"], trust, "InvalidArgument")
    _require_signature(secret, fields["x-amz-credential"], fields["policy"], fields["x-amz-signature"])
    # Variables are put in before the policy is looked at.
    key = fields["key"].replace("${filename}", re.split(r"[/\\]", form.filename)[-1])
    if not 0 < len(key.encode()) <= LONGEST_KEY:
        raise S3Error(400, "KeyTooLongError" if key else "InvalidArgument", "A key has a length of 1 to 1,024 bytes.")
    _require_policy(_policy(fields["policy"]), {**fields, "key": key, "bucket": bucket}, len(form.data), trust.now())
    return Upload(bucket, key, form.data, fields)


def _policy(encoded: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode(encoded, validate=True))
        expiration, conditions = policy["expiration"], policy["conditions"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise S3Error(400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from None
    if not isinstance(expiration, str) or not isinstance(conditions, list):
        raise S3Error(
            400, "InvalidPolicyDocument", "Invalid Policy: an expiration and a list of conditions are needed."
        )
    return {"expiration": _expiration(expiration), "conditions": [_condition(given) for given in conditions]}


def _expiration(text: str) -> datetime:
    for layout in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise S3Error(400, "InvalidPolicyDocument", f"Invalid Policy: Invalid 'expiration' value: '{text}'")


def _condition(given: Any) -> tuple[str, Any, Any]:
    """Verb, what it is about, and what it must be; sizes are about a least and a most."""
    if isinstance(given, dict):
        if len(given) != 1:
            message = (
                "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
            )
            raise S3Error(400, "InvalidPolicyDocument", message)
        name, value = next(iter(given.items()))
        return "eq", name.lower(), str(value)
    if isinstance(given, list) and len(given) == 3:
        verb, name, value = given
        if verb in ("eq", "starts-with") and str(name).startswith("$"):
            return verb, str(name)[1:].lower(), str(value)
        if verb == "content-length-range" and all(re.fullmatch("[0-9]+", str(size)) for size in (name, value)):
            return verb, int(name), int(value)
    raise S3Error(400, "InvalidPolicyDocument", f"Invalid Policy: Invalid condition: {json.dumps(given)}")


def _require_policy(policy: dict[str, Any], values: dict[str, str], size: int, now: datetime) -> None:
    if now >= policy["expiration"]:
        raise S3Error(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    named = {about for verb, about, _ in policy["conditions"] if verb != "content-length-range"}
    extra = [name for name in values if name not in named | _UNNAMED | {"bucket"} and not name.startswith("x-ignore-")]
    if extra:
        raise S3Error(403, "AccessDenied", f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
    for verb, about, wanted in policy["conditions"]:
        # Of a field that is not there not even that it begins with nothing.
        if verb != "content-length-range" and not (about in values and _holds(verb, about, values[about], wanted)):
            shown = json.dumps([verb, f"${about}", wanted])
            raise S3Error(403, "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {shown}")
    for verb, least, most in policy["conditions"]:
        if verb == "content-length-range":
            _require_size(size, least, most)


def _holds(verb: str, about: str, value: str, wanted: str) -> bool:
    if verb == "eq":
        return value == wanted
    if about == "content-type":
        # A list of types passes only when each of them does.
        return all(part.strip().startswith(wanted) for part in value.split(","))
    return value.startswith(wanted)


def _require_size(size: int, least: int, most: int) -> None:
    if size < least:
        raise S3Error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    if size > most:
        raise S3Error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
