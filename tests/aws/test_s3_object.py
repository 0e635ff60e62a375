"""Whether an object is there, and bytes of it, are asked over the transport of our own; what S3 says of a HEAD's length
is no body."""

from __future__ import annotations

import pytest

from chalicelib.aws import attempts, retries, s3_object
from chalicelib.aws.attempts import CallRefused, ReplyLost
from tests.aws import tls_server
from tests.aws.test_json_calls import _own_transport, reply, server, waits
from tests.aws.tls_server import Server, breaks, says

__all__ = ["_own_transport", "server", "waits"]  # fixtures


def head(status: int, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Length: 1000", "x-amz-request-id: S1", *more]
    return "\r\n".join([*lines, "", ""]).encode()


THERE = says(head(200, 'ETag: "e1"'))


@pytest.fixture(autouse=True)
def _bucket(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr(s3_object, "_host", lambda bucket: f"{tls_server.HOST}:{server.port}")


def test_the_etag_comes_without_a_body_and_the_connection_is_kept(server: Server) -> None:
    server.acts = [THERE, THERE, says(head(404)), THERE]
    found = [s3_object.etag("media", key) for key in ("a b/ż~.jpg", "b", "none", "c")]
    assert found == ['"e1"', '"e1"', None, '"e1"']
    assert server.connections == 1
    assert server.requests[0].first.startswith("HEAD /a%20b/%C5%BC~.jpg HTTP/1.1")
    assert server.requests[0].headers["x-amz-security-token"] == "token"


@pytest.mark.parametrize("status", [403, 404])
def test_what_may_not_be_listed_is_not_there(server: Server, status: int, waits: list[float]) -> None:
    server.acts = [says(head(status))]
    assert s3_object.etag("media", "key") is None and waits == []


def test_what_passes_is_tried_again(server: Server, waits: list[float]) -> None:
    server.acts = [says(head(503, "Connection: close")), breaks(), THERE]
    assert s3_object.etag("media", "key") == '"e1"'
    assert len(waits) == 2 and attempts._quotas["s3"]._left == retries.Quota.MOST - 14


def test_any_other_refusal_is_raised(server: Server) -> None:
    server.acts = [says(head(400))]
    with pytest.raises(CallRefused, match=r"HeadObject: 400 400:.*\(S1\)"):
        s3_object.etag("media", "key")


def test_no_answer_is_not_taken_for_absence(server: Server, waits: list[float]) -> None:
    server.acts = [breaks()] * (retries.MOST + 1)
    with pytest.raises(ReplyLost):
        s3_object.etag("media", "key")


# Bytes


def refusal(code: str, status: int) -> bytes:
    said = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>a &lt; b</Message></Error>'
    return reply(said.encode(), status, "x-amz-request-id: S1", "Content-Type: application/xml")


def test_a_range_is_asked_for_and_signed(server: Server) -> None:
    server.acts = [says(reply(b"0123", 206, 'ETag: "e1"', "Content-Range: bytes 0-3/9"))]
    assert s3_object.part("media", "a b.jpg", "bytes=0-3") == s3_object.Part(b"0123", '"e1"')
    (request,) = server.requests
    assert request.first == "GET /a%20b.jpg HTTP/1.1"
    assert request.headers["range"] == "bytes=0-3"
    assert "SignedHeaders=host;range;x-amz-content-sha256;" in request.headers["authorization"]


def test_what_is_not_there_has_no_bytes(server: Server, waits: list[float]) -> None:
    server.acts = [says(refusal("NoSuchKey", 404)), says(refusal("InvalidRange", 416))]
    found = [s3_object.part("media", "key", "bytes=9-10") for _ in range(2)]
    assert (found, waits) == ([None, s3_object.Part(b"", "")], [])


@pytest.mark.parametrize(("code", "status"), [("NoSuchBucket", 404), ("AccessDenied", 403)])
def test_any_other_refusal_of_bytes_is_raised_and_says_what_s3_said(server: Server, code: str, status: int) -> None:
    server.acts = [says(refusal(code, status))]
    with pytest.raises(CallRefused, match=rf"GetObject: {status} {code}: a < b \(S1\)"):
        s3_object.part("media", "key", "bytes=0-3")


def test_a_bucket_that_is_asked_too_often_costs_what_throttling_costs(server: Server, waits: list[float]) -> None:
    server.acts = [says(refusal("SlowDown", 503))] * (retries.MOST + 1)
    with pytest.raises(CallRefused, match="SlowDown"):
        s3_object.part("media", "key", "bytes=0-3")
    assert attempts._quotas["s3"]._left == retries.Quota.MOST - 5 * retries.MOST


def test_bytes_that_are_cut_short_are_asked_for_again(server: Server, waits: list[float]) -> None:
    whole = reply(b"0123", 206, 'ETag: "e1"')
    server.acts = [breaks(whole[:-1]), says(whole)]
    assert s3_object.part("media", "key", "bytes=0-3") == s3_object.Part(b"0123", '"e1"')
    assert len(waits) == 1
