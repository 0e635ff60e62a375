"""What S3 signs away it gives to the letter: every altered address or form is refused, in S3's words."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import boto3
import pytest
import requests
import time_machine
from botocore.config import Config
from werkzeug.test import Client

from .. import StrictAWS
from ..presigned import Granted, S3Error, Trust, Upload, check_get, check_post
from ..s3guard import S3Guard
from .scene import ACCESS_KEY, REGION, SECRET, client

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
BOUNDARY = "boundary-of-the-form"
PICTURE = b"\xff\xd8picture"


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def code(self) -> str:
        text = self.body.decode("utf-8", "replace")
        return text.partition("<Code>")[2].partition("</Code>")[0]


@dataclass
class HttpRequest:
    """A request, to be spoilt."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def with_query(self, **changes: str | None) -> "HttpRequest":
        names = {name.replace("_", "-"): value for name, value in changes.items()}
        query = {name: value for name, value in {**self.query(), **names}.items() if value is not None}
        self.url = urlunsplit(urlsplit(self.url)._replace(query=urlencode(query, quote_via=quote)))
        return self

    def with_part(self, **parts: str) -> "HttpRequest":
        self.url = urlunsplit(urlsplit(self.url)._replace(**parts))
        return self


Ask = Callable[[HttpRequest], Answer]


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def make_bucket() -> None:
    client("s3").create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(
        Bucket="media", Key="a/b c.jpg", Body=PICTURE, ContentType="image/jpeg", Metadata={"who": "x"}
    )


def ask_guard(request: HttpRequest) -> Answer:
    guard = S3Guard(client("s3"), credentials={ACCESS_KEY: SECRET}, region=REGION, trusted_origins=TRUSTED)
    parts = urlsplit(request.url)
    answer = Client(guard).open(
        parts.path,
        base_url=f"{parts.scheme}://{parts.netloc}",
        query_string=parts.query,
        method=request.method,
        headers=request.headers,
        data=request.body,
    )
    return Answer(answer.status_code, answer.headers, answer.get_data())


def ask_bare_moto(request: HttpRequest) -> Answer:
    try:
        answer = requests.request(request.method, request.url, headers=request.headers, data=request.body, timeout=1)
    except (KeyError, requests.RequestException):
        return Answer(500, {}, b"")  # it stumbles over some of this
    return Answer(answer.status_code, answer.headers, answer.content)


@pytest.fixture
def ask(strict_or_bare: Any, clock: Any) -> Ask:
    make_bucket()
    return ask_guard if isinstance(strict_or_bare, StrictAWS) else ask_bare_moto


@pytest.fixture
def guard(strict_aws: StrictAWS, clock: Any) -> Ask:
    make_bucket()
    return ask_guard


# --- addresses ---


def presigned(method: str = "get_object", expires: int = 300, **more: Any) -> HttpRequest:
    url = client("s3").generate_presigned_url(
        method, {"Bucket": "media", "Key": "a/b c.jpg", **more}, ExpiresIn=expires
    )
    return HttpRequest("HEAD" if method == "head_object" else "GET", url)


def signed_by_hand(url: str, **changes: str) -> HttpRequest:
    """An address whose signature is right whatever it says, as only the owner of the secret could make it."""
    parts = urlsplit(url)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{ACCESS_KEY}/20250601/{REGION}/s3/aws4_request",
        "X-Amz-Date": "20250601T120000Z",
        "X-Amz-Expires": "300",
        "X-Amz-SignedHeaders": "host",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    signed = query["X-Amz-SignedHeaders"]
    headers = "".join(f"{name}:{parts.netloc if name == 'host' else ''}\n" for name in signed.split(";"))
    canonical = f"GET\n{quote(parts.path)}\n{encoded}\n{headers}\n{signed}\nUNSIGNED-PAYLOAD"
    scope = query["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}"
    return HttpRequest("GET", f"{url}?{encoded}&X-Amz-Signature={signature(scope, to_sign)}")


def signature(scope: str, to_sign: str) -> str:
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


HOST = f"https://media.s3.{REGION}.amazonaws.com"
BY_HAND = f"{HOST}/a/b c.jpg"


def test_an_address_gives_the_object_once_asked_as_signed(guard: Ask) -> None:
    answer = guard(presigned())
    assert (answer.status, answer.body) == (200, PICTURE)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["x-amz-meta-who"] == "x"
    assert guard(signed_by_hand(BY_HAND)).status == 200


def test_an_address_may_have_the_bucket_in_its_path(guard: Ask) -> None:
    local = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:8001",
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url = local.generate_presigned_url("get_object", {"Bucket": "media", "Key": "a/b c.jpg"})
    assert url.startswith("http://127.0.0.1:8001/media/a/b%20c.jpg?")
    assert guard(HttpRequest("GET", url)).body == PICTURE
    form = local.generate_presigned_post("media", "local.jpg")
    assert form["url"] == "http://127.0.0.1:8001/media"
    assert guard(posted(form["fields"], url=form["url"])).status == 204


def test_ranges_overrides_and_conditions_are_honoured(guard: Ask) -> None:
    request = presigned(ResponseContentType="text/plain", ResponseContentDisposition='attachment; filename="x.jpg"')
    answer = guard(request)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="x.jpg"'
    request.headers["Range"] = "bytes=2-4"
    part = guard(request)
    assert (part.status, part.body) == (206, PICTURE[2:5])
    assert part.headers["Content-Range"] == f"bytes 2-4/{len(PICTURE)}"
    unchanged = presigned()
    unchanged.headers["If-None-Match"] = answer.headers["ETag"]
    assert guard(unchanged).status == 304
    beyond = presigned()
    beyond.headers["Range"] = "bytes=100-200"
    assert guard(beyond).code == "InvalidRange"


def test_a_head_tells_the_length_and_sends_nothing(guard: Ask) -> None:
    answer = guard(presigned("head_object"))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(PICTURE))


def test_a_link_lives_to_the_second(guard: Ask, clock: Any) -> None:
    request = presigned(expires=300)
    clock.shift(299)
    assert guard(request).status == 200
    clock.shift(1)
    assert (guard(request).status, guard(request).code) == (403, "AccessDenied")


def test_a_missing_object_is_not_found(guard: Ask) -> None:
    assert (guard(presigned(Key="none")).status, guard(presigned(Key="none")).code) == (404, "NoSuchKey")


BAD_ADDRESSES: dict[str, tuple[Callable[[], HttpRequest], int, str]] = {
    "unsigned": (lambda: presigned().with_part(query=""), 403, "AccessDenied"),
    "another key": (lambda: presigned().with_part(path="/a/c.jpg"), 403, "SignatureDoesNotMatch"),
    "another bucket": (
        lambda: presigned().with_part(netloc=f"others.s3.{REGION}.amazonaws.com"),
        403,
        "SignatureDoesNotMatch",
    ),
    "the bucket moved into the path": (
        lambda: presigned().with_part(netloc=f"s3.{REGION}.amazonaws.com", path="/media/a/b%20c.jpg"),
        403,
        "SignatureDoesNotMatch",
    ),
    "another method": (lambda: HttpRequest("HEAD", presigned().url), 403, ""),
    "a changed signature": (lambda: presigned().with_query(X_Amz_Signature="0" * 64), 403, "SignatureDoesNotMatch"),
    "no signature": (lambda: presigned().with_query(X_Amz_Signature=None), 400, "AuthorizationQueryParametersError"),
    "a longer life": (lambda: presigned().with_query(X_Amz_Expires="3000"), 403, "SignatureDoesNotMatch"),
    "no end": (lambda: presigned().with_query(X_Amz_Expires=None), 400, "AuthorizationQueryParametersError"),
    "an end in words": (
        lambda: presigned().with_query(X_Amz_Expires="never"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "a negative life": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Expires="-1"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "more than a week": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Expires="604801"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "an override nobody signed": (
        lambda: presigned().with_query(response_content_type="text/html"),
        403,
        "SignatureDoesNotMatch",
    ),
    "a changed override": (
        lambda: presigned(ResponseContentType="image/jpeg").with_query(response_content_type="text/html"),
        403,
        "SignatureDoesNotMatch",
    ),
    "a changed date": (lambda: presigned().with_query(X_Amz_Date="20250601T120001Z"), 403, "SignatureDoesNotMatch"),
    "a date of another day than the scope's": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Date="20250602T000000Z"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "a date that is none": (
        lambda: presigned().with_query(X_Amz_Date="yesterday"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "signed in the future": (lambda: signed_by_hand(BY_HAND, X_Amz_Date="20250601T121501Z"), 403, "AccessDenied"),
    "expired long ago": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Date="20250601T110000Z"),
        403,
        "AccessDenied",
    ),
    "a key nobody has": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Credential=f"AKIASTRANGER/20250601/{REGION}/s3/aws4_request"),
        403,
        "InvalidAccessKeyId",
    ),
    "another region": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Credential=f"{ACCESS_KEY}/20250601/us-east-1/s3/aws4_request"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "another service": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Credential=f"{ACCESS_KEY}/20250601/{REGION}/sqs/aws4_request"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "half a scope": (
        lambda: signed_by_hand(BY_HAND, X_Amz_Credential=f"{ACCESS_KEY}/20250601/{REGION}"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "another algorithm": (
        lambda: presigned().with_query(X_Amz_Algorithm="AWS4-HMAC-SHA1"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "the host not signed": (
        lambda: signed_by_hand(BY_HAND, X_Amz_SignedHeaders="range"),
        400,
        "AuthorizationQueryParametersError",
    ),
    "a header signed and not sent": (
        lambda: presigned().with_query(X_Amz_SignedHeaders="host;range"),
        403,
        "SignatureDoesNotMatch",
    ),
    "a header of S3's sent and not signed": (
        lambda: HttpRequest("GET", presigned().url, {"x-amz-security-token": "x"}),
        403,
        "AccessDenied",
    ),
    "a parameter twice": (
        lambda: HttpRequest("GET", presigned().url + "&X-Amz-Expires=3000"),
        400,
        "InvalidArgument",
    ),
    "another parameter added": (lambda: presigned().with_query(versionId="x"), 403, "SignatureDoesNotMatch"),
    "the old signature": (
        lambda: presigned().with_part(query=f"AWSAccessKeyId={ACCESS_KEY}&Signature=x&Expires=1748779500"),
        400,
        "InvalidRequest",
    ),
    "something else than the object, well signed": (lambda: signed_by_hand(BY_HAND, tagging=""), 501, "NotImplemented"),
    "the list of the bucket, well signed": (lambda: signed_by_hand(f"{HOST}/"), 501, "NotImplemented"),
}


@pytest.mark.parametrize("fault", BAD_ADDRESSES)
def test_no_altered_address_is_honoured(ask: Ask, fault: str) -> None:
    spoil, status, code = BAD_ADDRESSES[fault]
    answer = ask(spoil())
    assert (answer.status, answer.code) == (status, code)


# --- forms ---


def ticket(
    key: str = "alarms/${filename}", conditions: list[Any] | None = None, fields: dict[str, str] | None = None
) -> dict[str, str]:
    given = [["content-length-range", 4, 100], {"Content-Type": "image/jpeg"}] if conditions is None else conditions
    form = client("s3").generate_presigned_post(
        "media",
        key,
        Fields={"Content-Type": "image/jpeg"} if fields is None else dict(fields),
        Conditions=given,
        ExpiresIn=600,
    )
    found: dict[str, str] = form["fields"]
    return found


def posted(
    fields: dict[str, str], data: bytes | None = PICTURE, filename: str | None = "p.jpg", url: str = f"{HOST}/"
) -> HttpRequest:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    body = "".join(parts).encode()
    if data is not None:
        name = f'; filename="{filename}"' if filename is not None else ""
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"{name}\r\n\r\n'.encode() + data + b"\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return HttpRequest("POST", url, headers, body + f"--{BOUNDARY}--\r\n".encode())


def spoilt(request: HttpRequest, old: bytes, new: bytes) -> HttpRequest:
    request.body = request.body.replace(old, new)
    return request


def policy_of(**changes: Any) -> dict[str, str]:
    """A ticket whose policy says whatever we like, and is well signed."""
    fields = ticket()
    policy = {**json.loads(base64.b64decode(fields["policy"])), **changes}
    return resigned({**fields, "policy": base64.b64encode(json.dumps(policy).encode()).decode()})


def resigned(fields: dict[str, str]) -> dict[str, str]:
    scope = fields["x-amz-credential"].partition("/")[2]
    return {**fields, "x-amz-signature": signature(scope, fields["policy"])}


def without(fields: dict[str, str], name: str) -> dict[str, str]:
    return {field: value for field, value in fields.items() if field != name}


def test_a_form_stores_the_file_under_its_name(guard: Ask) -> None:
    answer = guard(posted({**ticket(fields={"Content-Type": "image/jpeg"})}, filename="/sd card/p 1.jpg"))
    assert (answer.status, answer.body) == (204, b"")
    found = client("s3").get_object(Bucket="media", Key="alarms/p 1.jpg")
    assert found["Body"].read() == PICTURE and found["ContentType"] == "image/jpeg"
    assert answer.headers["ETag"] == found["ETag"]


def test_what_a_form_says_about_the_object_is_kept(guard: Ask) -> None:
    said = {"x-amz-meta-who": "camera 1", "Cache-Control": "no-store", "success_action_status": "201"}
    conditions = [{name: value} for name, value in said.items()]
    answer = guard(posted(ticket("k", conditions, said)))
    assert answer.status == 201
    assert b"<Bucket>media</Bucket><Key>k</Key>" in answer.body
    found = client("s3").head_object(Bucket="media", Key="k")
    assert found["Metadata"] == {"who": "camera 1"} and found["CacheControl"] == "no-store"


def test_a_form_may_bring_what_its_policy_leaves_open(guard: Ask) -> None:
    conditions = [["starts-with", "$Content-Type", "image/"], ["starts-with", "$x-amz-meta-note", ""]]
    fields = ticket("k", conditions, {})
    answer = guard(posted({**fields, "Content-Type": "image/png", "x-amz-meta-note": "x", "x-ignore-me": "y"}))
    assert answer.status == 204


@pytest.mark.parametrize("begin", ["", "n"])
def test_a_form_has_to_bring_what_its_policy_names(guard: Ask, begin: str) -> None:
    conditions = [["starts-with", "$x-amz-meta-note", begin]]
    fields = ticket("k", conditions, {})
    assert [guard(posted(one)).status for one in (fields, {**fields, "x-amz-meta-note": "n"})] == [403, 204]


def test_metadata_that_are_no_ascii_are_kept_encoded(guard: Ask) -> None:
    fields = ticket("k", [["starts-with", "$x-amz-meta-note", ""]], {})
    assert guard(posted({**fields, "x-amz-meta-note": "ż"})).status == 204
    assert client("s3").head_object(Bucket="media", Key="k")["Metadata"] == {"note": "=?utf-8?b?xbw=?="}


def test_what_follows_the_file_is_not_read(guard: Ask) -> None:
    fields = ticket("k", [], {})
    trailing = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nother\r\n'.encode()
    request = spoilt(posted(fields), f"--{BOUNDARY}--".encode(), trailing + f"--{BOUNDARY}--".encode())
    assert guard(request).status == 204
    assert client("s3").head_object(Bucket="media", Key="k")


def test_a_ticket_lives_to_the_second(guard: Ask, clock: Any) -> None:
    fields = ticket()
    clock.shift(599)
    assert guard(posted(fields)).status == 204
    clock.shift(1)
    answer = guard(posted(fields))
    assert (answer.status, answer.code) == (403, "AccessDenied") and b"Policy expired" in answer.body


@pytest.mark.parametrize(("size", "status"), [(3, 400), (4, 204), (100, 204), (101, 400)])
def test_sizes_are_kept_to_the_byte(guard: Ask, size: int, status: int) -> None:
    assert guard(posted(ticket(), b"x" * size)).status == status


BAD_FORMS: dict[str, tuple[Callable[[], HttpRequest], int, str]] = {
    "unsigned": (lambda: posted({"key": "alarms/p.jpg"}), 403, "AccessDenied"),
    "a changed signature": (
        lambda: posted({**ticket(), "x-amz-signature": "0" * 64}),
        403,
        "SignatureDoesNotMatch",
    ),
    "no signature": (lambda: posted(without(ticket(), "x-amz-signature")), 400, "InvalidArgument"),
    "a changed policy": (
        lambda: posted(
            {**policy_of(expiration="2030-01-01T00:00:00Z"), "x-amz-signature": ticket()["x-amz-signature"]}
        ),
        403,
        "SignatureDoesNotMatch",
    ),
    "too small": (lambda: posted(ticket(), b"x"), 400, "EntityTooSmall"),
    "empty": (lambda: posted(ticket(), b""), 400, "EntityTooSmall"),
    "too large": (lambda: posted(ticket(), b"x" * 101), 400, "EntityTooLarge"),
    "a key elsewhere": (lambda: posted({**ticket(), "key": "others/p.jpg"}), 403, "AccessDenied"),
    "a key beside the prefix": (lambda: posted({**ticket(), "key": "alarms"}), 403, "AccessDenied"),
    "another key than the one": (lambda: posted({**ticket("k"), "key": "k2"}), 403, "AccessDenied"),
    "an endless key": (lambda: posted(ticket(), filename="x" * 1100), 400, "KeyTooLongError"),
    "an empty key": (lambda: posted(ticket("${filename}"), filename=""), 400, "InvalidArgument"),
    "no key": (lambda: posted(without(ticket(), "key")), 400, "InvalidArgument"),
    "another type": (lambda: posted({**ticket(), "Content-Type": "text/html"}), 403, "AccessDenied"),
    "no type": (lambda: posted(without(ticket(), "Content-Type")), 403, "AccessDenied"),
    "a second type in a list": (
        lambda: posted(
            {**ticket("k", [["starts-with", "$Content-Type", "image/"]], {}), "Content-Type": "image/a,text/b"}
        ),
        403,
        "AccessDenied",
    ),
    "another bucket": (
        lambda: posted(ticket(), url=f"https://others.s3.{REGION}.amazonaws.com/"),
        403,
        "AccessDenied",
    ),
    "a field the policy does not know": (lambda: posted({**ticket(), "x-amz-meta-a": "b"}), 403, "AccessDenied"),
    "an acl the policy does not know": (lambda: posted({**ticket(), "acl": "public-read"}), 403, "AccessDenied"),
    "a redirect the policy does not know": (
        lambda: posted({**ticket(), "success_action_redirect": "https://evil.example"}),
        403,
        "AccessDenied",
    ),
    "a changed date": (lambda: posted({**ticket(), "x-amz-date": "20250601T120001Z"}), 403, "AccessDenied"),
    "a date of another day": (lambda: posted({**ticket(), "x-amz-date": "20250602T120000Z"}), 400, "InvalidArgument"),
    "a key nobody has": (
        lambda: posted({**ticket(), "x-amz-credential": f"AKIASTRANGER/20250601/{REGION}/s3/aws4_request"}),
        403,
        "InvalidAccessKeyId",
    ),
    "another region": (
        lambda: posted({**ticket(), "x-amz-credential": f"{ACCESS_KEY}/20250601/us-east-1/s3/aws4_request"}),
        400,
        "InvalidArgument",
    ),
    "another algorithm": (lambda: posted({**ticket(), "x-amz-algorithm": "none"}), 400, "InvalidArgument"),
    "expired": (lambda: posted(policy_of(expiration="2025-06-01T12:00:00Z")), 403, "AccessDenied"),
    "an end that is no time": (lambda: posted(policy_of(expiration="never")), 400, "InvalidPolicyDocument"),
    "a policy that is no JSON": (
        lambda: posted(resigned({**ticket(), "policy": base64.b64encode(b"{").decode()})),
        400,
        "InvalidPolicyDocument",
    ),
    "a policy that is no base64": (lambda: posted(resigned({**ticket(), "policy": "%"})), 400, "InvalidPolicyDocument"),
    "a condition nobody knows": (
        lambda: posted(policy_of(conditions=[["ends-with", "$key", "x"]])),
        400,
        "InvalidPolicyDocument",
    ),
    "a condition of two halves": (
        lambda: posted(policy_of(conditions=[{"a": "b", "c": "d"}])),
        400,
        "InvalidPolicyDocument",
    ),
    "a policy without conditions for what is sent": (lambda: posted(policy_of(conditions=[])), 403, "AccessDenied"),
    "no file": (lambda: posted(ticket(), data=None), 400, "InvalidArgument"),
    "a field twice": (
        lambda: spoilt(
            posted(ticket()),
            b'name="file"',
            b'name="key"\r\n\r\nother\r\n--' + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="file"',
        ),
        400,
        "InvalidArgument",
    ),
    "cut short": (lambda: spoilt(posted(ticket()), f"--{BOUNDARY}--\r\n".encode(), b""), 400, "MalformedPOSTRequest"),
    "cut short after the file": (
        lambda: spoilt(posted(ticket()), f"--{BOUNDARY}--\r\n".encode(), f"--{BOUNDARY}\r\n".encode()),
        400,
        "MalformedPOSTRequest",
    ),
    "no form at all": (
        lambda: HttpRequest("POST", f"{HOST}/", {"Content-Type": "image/jpeg"}, PICTURE),
        412,
        "PreconditionFailed",
    ),
    "a form for an object": (lambda: posted(ticket(), url=f"{HOST}/alarms/p.jpg"), 405, "MethodNotAllowed"),
    "fields without end": (
        lambda: posted({**ticket(), "x-ignore-me": "x" * 21_000}),
        400,
        "MaxPostPreDataLengthExceeded",
    ),
}


@pytest.mark.parametrize("fault", BAD_FORMS)
def test_no_altered_form_is_honoured(ask: Ask, fault: str) -> None:
    spoil, status, code = BAD_FORMS[fault]
    answer = ask(spoil())
    assert (answer.status, answer.code) == (status, code)


def test_a_refused_form_stores_nothing(guard: Ask) -> None:
    before = client("s3").list_objects_v2(Bucket="media")["KeyCount"]
    for spoil, _, _ in BAD_FORMS.values():
        guard(spoil())
    assert client("s3").list_objects_v2(Bucket="media")["KeyCount"] == before


def test_what_a_form_says_and_nobody_plays_is_refused(guard: Ask) -> None:
    assert guard(posted(ticket("k", [{"tagging": "x"}], {"tagging": "x"}))).code == "NotImplemented"


# --- the rest of the door ---


ORIGIN = "https://app.example"
TRUSTED = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d+)?")


def let_pages_in(**more: list[str]) -> None:
    rule = {"AllowedOrigins": [ORIGIN], "AllowedMethods": ["GET", "POST"], **more}
    client("s3").put_bucket_cors(Bucket="media", CORSConfiguration={"CORSRules": [rule]})


def from_page(origin: str, method: str, url: str = f"{HOST}/k") -> HttpRequest:
    headers = {"Origin": origin} | ({"Access-Control-Request-Method": "POST"} if method == "OPTIONS" else {})
    return HttpRequest(method, url, headers)


def test_pages_of_the_origin_that_the_bucket_names_may_ask_beforehand(guard: Ask) -> None:
    let_pages_in()
    answer = guard(from_page(ORIGIN, "OPTIONS"))
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Origin" in answer.headers["Vary"]


def asking_for(headers: str, origin: str = ORIGIN) -> HttpRequest:
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": headers}
    return HttpRequest("OPTIONS", f"{HOST}/k", {"Origin": origin, **preflight})


def test_pages_may_ask_with_the_headers_that_the_rule_names_and_see_those_that_it_shows(guard: Ask) -> None:
    let_pages_in()
    assert guard(asking_for("range")).status == 403
    let_pages_in(AllowedHeaders=["Range"], ExposeHeaders=["Content-Range", "ETag"])
    answer = guard(asking_for("range"))
    assert (answer.status, answer.headers["Access-Control-Allow-Headers"]) == (200, "range")
    for headers in ("range, x-more", "authorization"):
        assert guard(asking_for(headers)).status == 403
    assert guard(asking_for("range", "https://elsewhere.example")).status == 403
    request = presigned()
    request.headers |= {"Origin": ORIGIN, "Range": "bytes=2-4"}
    part = guard(request)
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, PICTURE[2:5], f"bytes 2-4/{len(PICTURE)}")
    assert part.headers["Access-Control-Expose-Headers"] == "Content-Range, ETag"


def test_pages_of_trusted_origins_may_ask_with_any_header(guard: Ask) -> None:
    answer = guard(asking_for("range", "http://localhost:8000"))
    assert (answer.status, answer.headers["Access-Control-Allow-Headers"]) == (200, "range")


@pytest.mark.parametrize("origin", ["https://app.example.org", "http://app.example", "null", "http://localhost.example"])
def test_pages_of_other_origins_may_not(guard: Ask, origin: str) -> None:
    for rules in (lambda: None, let_pages_in):
        rules()
        for method in ("OPTIONS", "GET"):
            answer = guard(from_page(origin, method))
            assert answer.status == 403
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://localhost:8000"])
def test_pages_of_trusted_origins_may_without_a_rule(guard: Ask, origin: str) -> None:
    assert guard(from_page(origin, "GET")).headers["Access-Control-Allow-Origin"] == origin


def test_nobodys_origin_is_trusted_unless_it_is_said(strict_aws: StrictAWS) -> None:
    headers = {}
    for said, trusted_origins in (("nothing", None), ("these", TRUSTED)):
        guard = S3Guard(client("s3"), credentials={}, region=REGION, trusted_origins=trusted_origins)
        headers[said] = Client(guard).get("/media/k", headers={"Origin": "http://localhost:8000"}).headers
    assert headers["these"]["Access-Control-Allow-Origin"] == "http://localhost:8000"
    assert "Access-Control-Allow-Origin" not in headers["nothing"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_nothing_unsigned_gets_in(guard: Ask, method: str) -> None:
    assert guard(HttpRequest(method, f"{HOST}/k")).status == 403


def test_a_presigned_put_is_not_played_even_if_signed(guard: Ask) -> None:
    url = client("s3").generate_presigned_url("put_object", {"Bucket": "media", "Key": "k"})
    assert guard(HttpRequest("PUT", url, body=b"1")).code == "NotImplemented"


def test_the_rules_are_looked_up_for_pages_alone(guard: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    original = S3Guard._rule_for
    monkeypatch.setattr(S3Guard, "_rule_for", lambda self, *told: looked_up.append(told[1]) or original(self, *told))
    let_pages_in()
    assert "Access-Control-Allow-Origin" in guard(from_page(ORIGIN, "GET")).headers
    assert looked_up == [ORIGIN]
    assert guard(presigned()).status == 200
    assert looked_up == [ORIGIN]


def test_refusals_are_told_with_cors_as_xml(guard: Ask) -> None:
    let_pages_in()
    answer = guard(from_page(ORIGIN, "GET"))
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (403, ORIGIN)
    assert answer.headers["Content-Type"].startswith("application/xml")


def test_the_door_leaves_no_trace_in_the_programs_calls(strict_aws: StrictAWS, clock: Any) -> None:
    make_bucket()
    strict_aws.trace.clear()
    ask_guard(presigned())
    ask_guard(posted(ticket()))
    assert strict_aws.trace.calls == []


def test_the_checks_can_be_asked_on_their_own() -> None:
    trust = Trust({ACCESS_KEY: SECRET}, REGION, lambda: NOON)
    with time_machine.travel(NOON, tick=False):
        request, form = presigned(), posted(ticket("k", [], {}))
    granted = check_get("GET", request.url, {}, trust)
    assert granted == Granted("GET", "media", "a/b c.jpg", {})
    refused = check_get("GET", request.url, {"Host": "elsewhere.example"}, trust)
    assert isinstance(refused, S3Error) and refused.code == "SignatureDoesNotMatch"
    upload = check_post(form.url, form.headers, form.body, trust)
    assert isinstance(upload, Upload) and (upload.bucket, upload.key, upload.data) == ("media", "k", PICTURE)
