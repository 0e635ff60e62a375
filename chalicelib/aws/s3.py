"""S3 client: upload tickets and short links without a call, and the few calls that are needed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from chalicelib import clock
from chalicelib.aws import http1, s3_object, sigv4
from chalicelib.aws.clients import client, credentials, sdk_errors
from chalicelib.aws.s3_object import Part
from chalicelib.settings import settings

LONGEST_LINK = timedelta(minutes=5)
LONGEST_TICKET = timedelta(minutes=60)
# What a ticket's form says in a field of metadata before its holder says something else: not empty, since there are
# senders of forms who leave out what is.
UNSAID = "-"
_PART_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class Ticket(Struct, frozen=True):
    """A presigned POST: form fields that let their holder upload below one prefix (or, if the key is among them, under
    that key alone), within sizes, until a time."""

    url: str
    fields: dict[str, str]
    key_prefix: str
    least_bytes: int
    most_bytes: int
    until: datetime
    now: datetime


def ticket(
    prefix: str,
    content_type: str,
    *,
    least_bytes: int,
    most_bytes: int,
    until: datetime,
    is_whole_key: bool = False,
    below: str = "",
    types_begin: str = "",
    metadata: Iterable[str] = (),
) -> Ticket:
    """Signed here, with the function's own credentials; without a call to S3.

    Keys have to begin with the prefix and then with `below`. Any type that begins with `types_begin` is taken, of which
    `content_type` is the one that the fields say. `metadata` names what may be said of each object in fields of its
    own; the form has them already, since S3 refuses one that lacks a field that its policy names.

    The credentials of a Lambda role end by themselves, and what they signed ends with them, perhaps before `until`.
    """
    now = clock.now()
    said = [f"{_METADATA}{name}" for name in metadata]
    fields = {"Content-Type": content_type, **({"key": prefix} if is_whole_key else {}), **dict.fromkeys(said, UNSAID)}
    conditions: list[dict[str, str] | list[str | int]] = [
        {"bucket": settings.media_bucket},
        {"key": prefix} if is_whole_key else ["starts-with", "$key", f"{prefix}{below}"],
        ["starts-with", "$Content-Type", types_begin] if types_begin else {"Content-Type": content_type},
        ["content-length-range", least_bytes, most_bytes],
    ]
    conditions += [["starts-with", f"${name}", ""] for name in said]
    expiration = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    scope = sigv4.scope_of(now, settings.region, "s3")
    form = sigv4.post_form(credentials(), scope, fields, conditions, expiration)
    return Ticket(settings.media_url, form, prefix, least_bytes, most_bytes, until, now)


def link(key: str, *, until: datetime, content_type: str) -> str:
    """An address that reads one object for five minutes, or until `until` if that is sooner; signed without a call."""
    now = clock.now()
    seconds = max(1, int(min(LONGEST_LINK, until - now).total_seconds()))
    query = {
        "response-content-type": content_type,
        "response-content-disposition": "attachment",
        "response-cache-control": "private, no-store",
    }
    url = f"{settings.media_url}/{quote(key, safe='/~')}"
    return sigv4.presigned_link(credentials(), sigv4.scope_of(now, settings.region, "s3"), url, query, seconds)


def first_bytes(key: str, count: int) -> bytes | None:
    """The first bytes of an object; None if it is not there."""
    found = part(key, 0, count)
    return None if found is None else found.data


def part(key: str, first: int, count: int) -> Part | None:
    """So many bytes of an object from there on, or as many as it has; None if it is not there."""
    byte_range = f"bytes={first}-{first + count - 1}"
    if _is_own_way():
        return s3_object.part(settings.media_bucket, key, byte_range)
    try:
        found = _object(key, Range=byte_range)
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] == "InvalidRange":
            return Part(b"", "")
        raise
    return None if found is None else Part(found["Body"].read(), found["ETag"])


class Head(Struct, frozen=True):
    """What S3 says of an object besides its bytes; `metadata` is what its uploader said, by names in lower case."""

    etag: str
    modified_at: datetime
    metadata: dict[str, str]


_METADATA = "x-amz-meta-"


def etag(key: str) -> str | None:
    """The ETag of an object; None if it is not there."""
    if _is_own_way():
        return s3_object.etag(settings.media_bucket, key)
    found = _head_by_sdk(key)
    return None if found is None else found.etag


def head(key: str) -> Head | None:
    """What is said of an object; None if it is not there."""
    if not _is_own_way():
        return _head_by_sdk(key)
    headers = s3_object.head(settings.media_bucket, key)
    if headers is None:
        return None
    said = {name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)}
    return Head(headers["etag"], http1.date_of(headers["last-modified"]), said)


def _head_by_sdk(key: str) -> Head | None:
    try:
        found = client("s3").head_object(Bucket=settings.media_bucket, Key=key)
    except sdk_errors().ClientError as refusal:
        # Who may not list gets 403 of an absent key:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        if refusal.response["Error"]["Code"] in ("404", "NoSuchKey", "403"):
            return None
        raise
    return Head(found["ETag"], found["LastModified"], found["Metadata"])


def _is_own_way() -> bool:
    # A dot is another name to whoever looks at the certificate.
    return settings.aws_transport == "own" and "." not in settings.media_bucket


def chunks(key: str) -> Iterator[bytes] | None:
    """An object, piece by piece; None if it is not there."""
    found = _object(key)
    pieces: Iterator[bytes] | None = None if found is None else found["Body"].iter_chunks(_CHUNK_BYTES)
    return pieces


def _object(key: str, **part: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client("s3").get_object(Bucket=settings.media_bucket, Key=key, **part)
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise
    return found


def put(key: str, data: bytes, content_type: str) -> None:
    """Store a small object whole, in place of what may be there."""
    client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=data, ContentType=content_type)


def is_copied(source: str, target: str) -> bool:
    """Copy an object within the bucket, as it is and without reading it; whether it was still there."""
    bucket = settings.media_bucket
    try:
        client("s3").copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": source})
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return False
        raise
    return True


class Upload:
    """An object that is written piece by piece, in parts of 8 MiB; nothing is there until it is complete.

    Its hash and size are known as it grows. It can be written only from beginning to end, as a ZIP can.
    """

    def __init__(self, key: str, content_type: str) -> None:
        self._where = {"Bucket": settings.media_bucket, "Key": key}
        begun = client("s3").create_multipart_upload(**self._where, ContentType=content_type)
        self._where["UploadId"] = begun["UploadId"]
        self._parts: list[dict[str, object]] = []
        self._pending = bytearray()
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        self._pending += data
        self._hash.update(data)
        self.size_bytes += len(data)
        while len(self._pending) >= _PART_BYTES:
            self._send(bytes(self._pending[:_PART_BYTES]))
            del self._pending[:_PART_BYTES]
        return len(data)

    def flush(self) -> None:
        """Files can be flushed; a part is sent when it is full."""

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        sent = client("s3").upload_part(**self._where, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def complete(self) -> None:
        if self._pending or not self._parts:
            self._send(bytes(self._pending))
        client("s3").complete_multipart_upload(**self._where, MultipartUpload={"Parts": self._parts})


def abandon(prefix: str, is_meant: Callable[[str], bool] = lambda key: True) -> int:
    """End the uploads below a prefix that are not complete, of those whose key is meant; whoever is still at one fails
    with its next part."""
    meant = [one for one in _uploads(prefix) if is_meant(one["Key"])]
    for one in meant:
        client("s3").abort_multipart_upload(Bucket=settings.media_bucket, Key=one["Key"], UploadId=one["UploadId"])
    return len(meant)


def _uploads(prefix: str) -> Iterator[dict[str, Any]]:
    following = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
    for answer in _pages(client("s3").list_multipart_uploads, following, Prefix=prefix):
        yield from answer.get("Uploads", [])


def _pages(
    ask: Callable[..., dict[str, Any]], following: dict[str, str], **parameters: str
) -> Iterator[dict[str, Any]]:
    """Answer by answer, a thousand entries to a call; `following` says what of one is asked with for the next."""
    more = parameters
    while True:
        answer = ask(Bucket=settings.media_bucket, **more)
        yield answer
        if not answer.get("IsTruncated"):
            return
        more = parameters | {parameter: answer[name] for parameter, name in following.items()}


class Stored(Struct, frozen=True):
    """An object as a listing tells of it; the same bytes have the same `etag`, where S3 encrypts with its own key."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str


def below(prefix: str, *, after: str = "", last: str = "") -> Iterator[Stored]:
    """Every object whose key begins so, in the order of their keys; those behind `after`, up to `last` and what begins
    with it."""
    for page in pages(prefix, after=after, last=last):
        yield from page


def pages(prefix: str, *, after: str = "", last: str = "") -> Iterator[list[Stored]]:
    """The same by the thousand; the next are only asked for when these were dealt with, and perhaps deleted."""
    for answer in _listed(Prefix=prefix, **({"StartAfter": after} if after else {})):
        page = _contents(answer)
        within = [stored for stored in page if not last or stored.key <= last or stored.key.startswith(last)]
        yield within
        if len(within) < len(page):  # S3 itself knows no end of a list
            return


def first_page(prefix: str) -> tuple[list[Stored], bool]:
    """The first thousand objects whose key begins so, in the order of their keys; and whether these are all."""
    answer = next(_listed(Prefix=prefix))
    return _contents(answer), not answer.get("IsTruncated")


def first(prefix: str) -> Stored | None:
    """The first object whose key begins so; None if there is none."""
    answer = client("s3").list_objects_v2(Bucket=settings.media_bucket, Prefix=prefix, MaxKeys=1)
    return next(iter(_contents(answer)), None)


def _contents(answer: dict[str, Any]) -> list[Stored]:
    entries = answer.get("Contents", [])
    return [Stored(entry["Key"], entry["Size"], entry["LastModified"], entry["ETag"]) for entry in entries]


def folders(prefix: str) -> Iterator[str]:
    """The common prefixes below this one, up to the next slash: `alarms/20260105/` after `alarms/`."""
    for answer in _listed(Prefix=prefix, Delimiter="/"):
        yield from (found["Prefix"] for found in answer.get("CommonPrefixes", []))


def _listed(**parameters: str) -> Iterator[dict[str, Any]]:
    return _pages(client("s3").list_objects_v2, {"ContinuationToken": "NextContinuationToken"}, **parameters)


class NotDeleted(RuntimeError):
    """S3 kept some of the objects; the job must come again."""


# DeleteObjects names its keys in XML 1.0, which has no character for these, or which parsers read as others (sections
# 2.2 and 2.11). S3 takes them at an upload, and refuses them all with the one (aws/aws-sdk-ruby#1303). These
# are named and not all others, since to compile so large a set is 4 % of the work of a cold start.
_NOT_IN_XML = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_TOGETHER = 1000


def delete(keys: list[str]) -> int:
    """Delete these objects, a thousand to a call; absent ones are no error, and one that stays keeps no other.

    Raises NotDeleted at the end, if any stayed.
    """
    alone = [key for key in keys if _NOT_IN_XML.search(key)]
    together = [key for key in keys if not _NOT_IN_XML.search(key)]
    batches = [together[at : at + _MOST_TOGETHER] for at in range(0, len(together), _MOST_TOGETHER)]
    kept = sum(_delete_together(batch) for batch in batches) + _delete_one_by_one(alone)
    if kept:
        raise NotDeleted(f"{kept} objects")
    return len(keys)


def _delete_together(keys: list[str]) -> int:
    """Delete up to a thousand in one call; the number of those that S3 kept."""
    named = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    try:
        return len(client("s3").delete_objects(Bucket=settings.media_bucket, Delete=named).get("Errors", []))
    except sdk_errors().ClientError as refusal:
        # Which one of them nobody says.
        return _delete_one_by_one(keys) if refusal.response["Error"]["Code"] == "MalformedXML" else len(keys)
    except sdk_errors().BotoCoreError:  # no answer in time: the next ones may get one
        return len(keys)


def _delete_one_by_one(keys: list[str]) -> int:
    """The same, of objects that are named in the address."""
    kept = 0
    for key in keys:
        try:
            client("s3").delete_object(Bucket=settings.media_bucket, Key=key)
        except (sdk_errors().BotoCoreError, sdk_errors().ClientError):
            kept += 1
    return kept


def delete_pages(pages_of_keys: Iterable[list[str]], *, until_ticks: float) -> tuple[int, bool]:
    """Delete page after page, until a time by `clock.ticks_s`; how many objects, and whether these were all.

    What S3 keeps of one page stops no other; raises NotDeleted at the end.
    """
    count, kept = 0, 0
    for keys in pages_of_keys:
        if clock.ticks_s() >= until_ticks:
            return count, False
        try:
            count += delete(keys)
        except NotDeleted:
            kept += 1
    if kept:
        raise NotDeleted(f"some of {kept} pages")
    return count, True
