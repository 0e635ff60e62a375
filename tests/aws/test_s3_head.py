"""Whether an object is there is asked over the transport of our own, and what S3 says of its length is no body."""

from __future__ import annotations

import pytest

from chalicelib.aws import attempts, retries, s3_head
from chalicelib.aws.attempts import CallRefused, ReplyLost
from tests.aws import tls_server
from tests.aws.test_json_calls import _own_transport, server, waits
from tests.aws.tls_server import Server, breaks, says

__all__ = ["_own_transport", "server", "waits"]  # fixtures


def head(status: int, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Length: 1000", "x-amz-request-id: S1", *more]
    return "\r\n".join([*lines, "", ""]).encode()


THERE = says(head(200, 'ETag: "e1"'))


@pytest.fixture(autouse=True)
def _bucket(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr(s3_head, "_host", lambda bucket: f"{tls_server.HOST}:{server.port}")


def test_the_etag_comes_without_a_body_and_the_connection_is_kept(server: Server) -> None:
    server.acts = [THERE, THERE, says(head(404)), THERE]
    found = [s3_head.etag("media", key) for key in ("a b/ż~.jpg", "b", "none", "c")]
    assert found == ['"e1"', '"e1"', None, '"e1"']
    assert server.connections == 1
    assert server.requests[0].first.startswith("HEAD /a%20b/%C5%BC~.jpg HTTP/1.1")
    assert server.requests[0].headers["x-amz-security-token"] == "token"


@pytest.mark.parametrize("status", [403, 404])
def test_what_may_not_be_listed_is_not_there(server: Server, status: int, waits: list[float]) -> None:
    server.acts = [says(head(status))]
    assert s3_head.etag("media", "key") is None and waits == []


def test_what_passes_is_tried_again(server: Server, waits: list[float]) -> None:
    server.acts = [says(head(503, "Connection: close")), breaks(), THERE]
    assert s3_head.etag("media", "key") == '"e1"'
    assert len(waits) == 2 and attempts._quotas["s3"]._left == retries.Quota.MOST - 14


def test_any_other_refusal_is_raised(server: Server) -> None:
    server.acts = [says(head(400))]
    with pytest.raises(CallRefused, match=r"HeadObject: 400 400:.*\(S1\)"):
        s3_head.etag("media", "key")


def test_no_answer_is_not_taken_for_absence(server: Server, waits: list[float]) -> None:
    server.acts = [breaks()] * (retries.MOST + 1)
    with pytest.raises(ReplyLost):
        s3_head.etag("media", "key")
