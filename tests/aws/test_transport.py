"""Calls go over our own transport where nothing asks for botocore's, and both say the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib import clock
from chalicelib.aws import attempts, botocore_calls, clients, http1, json_calls, retries, sns, sns_publish
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.settings import FOR_BOTOCORE, Settings, WrongSetting, settings

LAMBDA = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIATESTS",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_LAMBDA_FUNCTION_NAME": "sowa-api",
}


def chosen(folder: Path, **environment: str) -> str:
    with patch.dict(os.environ, {"HOME": str(folder), **LAMBDA, **environment}, clear=True):
        return Settings().aws_transport


def test_in_lambda_calls_go_our_own_way_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    assert chosen(tmp_path) == "own"
    assert chosen(tmp_path, AWS_TRANSPORT="botocore") == "botocore"
    assert chosen(tmp_path, AWS_SESSION_TOKEN="", AWS_CONFIG_FILE=os.devnull, HTTPS_PROXY="") == "own"
    with pytest.raises(WrongSetting, match="own or botocore"):
        chosen(tmp_path, AWS_TRANSPORT="curl")


def test_each_service_that_is_called_our_own_way_may_have_another_address() -> None:
    assert {f"AWS_ENDPOINT_URL_{service.upper()}" for service in retries.SERVICES} <= set(FOR_BOTOCORE)
    assert {"https_proxy", "HTTPS_PROXY", "AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_USE_FIPS_ENDPOINT"} <= set(FOR_BOTOCORE)


@pytest.mark.parametrize("name", FOR_BOTOCORE)
def test_whatever_is_configured_for_botocore_is_left_to_it(tmp_path: Path, name: str) -> None:
    assert chosen(tmp_path, **{name: "anything"}) == "botocore"
    assert chosen(tmp_path, **{name: "anything", "AWS_TRANSPORT": "own"}) == "own"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "local"])
def test_other_partitions_are_left_to_botocore(tmp_path: Path, region: str) -> None:
    assert chosen(tmp_path, AWS_REGION=region) == "botocore"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_credentials_from_elsewhere_are_found_by_botocore(tmp_path: Path, name: str) -> None:
    assert chosen(tmp_path, **{name: ""}) == "botocore"


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_a_shared_file_is_read_by_botocore(tmp_path: Path, name: str) -> None:
    tmp_path.joinpath(".aws").mkdir()
    file = tmp_path / ".aws" / name
    file.touch()
    assert chosen(tmp_path) == "own"
    file.write_text("[default]\nuse_fips_endpoint = true\n")
    assert chosen(tmp_path) == "botocore"
    variable = {"config": "AWS_CONFIG_FILE", "credentials": "AWS_SHARED_CREDENTIALS_FILE"}[name]
    assert chosen(tmp_path, **{variable: os.devnull}) == "own"
    assert chosen(tmp_path / "elsewhere", **{variable: str(file)}) == "botocore"


@pytest.mark.parametrize("service", ["dynamodb", "kms", "sns", "sqs"])
def test_hosts_are_those_that_botocore_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: retries.Service
) -> None:
    session = botocore.session.get_session()
    regions = session.get_available_regions(service)
    assert {"eu-central-1", "us-east-1", "il-central-1"} <= set(regions)
    loaded = session.get_component("data_loader").load_service_model(service, "endpoint-rule-set-1")
    from botocore.endpoint_provider import EndpointProvider

    provider = EndpointProvider(loaded, session.get_component("data_loader").load_data("partitions"))
    for region in regions:
        assert chosen(tmp_path, AWS_REGION=region) == "own"
        theirs = provider.resolve_endpoint(Region=region, UseDualStack=False, UseFIPS=False).url
        monkeypatch.setitem(vars(settings), "region", region)
        ours = sns_publish._host() if service == "sns" else json_calls._host(service)
        assert theirs == f"https://{ours}"


# One answer, two transports

CACHES = (botocore_calls._client, botocore_calls._session, clients.client, clients.session)


@pytest.fixture
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in LAMBDA.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(vars(settings), "region", "eu-central-1")
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(attempts, "_quotas", {service: retries.Quota() for service in attempts._quotas})
    monkeypatch.setattr(BotocoreStubber, "__call__", lambda *_, **__: None)
    for made in CACHES:
        made.cache_clear()
    yield
    for made in CACHES:
        made.cache_clear()


class Replies:
    """The same answers to either transport; None is none at all."""

    def __init__(self, *answers: tuple[int, bytes] | None) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[dict[str, str], bytes]] = []

    def exchange(self, method: str, host: str, path: str, headers: dict[str, str], body: bytes) -> http1.Response:
        answer = self._next(headers, body)
        if answer is None:
            raise http1.ConnectionLost("timed out")
        return http1.Response(answer[0], {"x-amzn-requestid": "R1"}, answer[1])

    def send(self, request: Any) -> AWSResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        answer = self._next(headers, body)
        if answer is None:
            raise ReadTimeoutError(endpoint_url=request.url)
        raw = type("Raw", (), {"stream": lambda self: iter([answer[1]])})()
        return AWSResponse(request.url, answer[0], {"x-amzn-RequestId": "R1"}, raw)

    def _next(self, headers: dict[str, Any], body: bytes) -> tuple[int, bytes] | None:
        told = {name: value if isinstance(value, str) else value.decode() for name, value in headers.items()}
        self.asked.append((told, body))
        return self._answers.pop(0)


def outcome(do: Callable[[], object]) -> object:
    try:
        return do()
    except sns.NotSent:
        return sns.NotSent
    except CallRefused as refused:
        return refused.status, refused.code, refused.message, refused.body, refused.request_id, str(refused)
    except ReplyLost:
        return ReplyLost


REFUSED = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "Transaction cancelled",
    "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": {"raw": {"B": "AP8="}}}],
}  # fmt: skip
THROTTLED = (400, b'{"__type":"x#ThrottlingException","message":"Rate exceeded"}')
REQUEST = {"TableName": "T", "Key": {"pk": {"B": b"\x00\xff"}, "sk": {"S": "\u017c\U0001f989"}}, "ConsistentRead": True}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "answers",
    [
        [(200, b'{"Item": {"pk":{"B":"AA=="}}}')],
        [(200, b"")],
        [(400, json.dumps(REFUSED).encode())],
        [(400, b'{"__type":"ValidationException","message":"No"}')],
        [(400, b"?")],
        [(503, b"<html>Unavailable"), (200, b"{}")],
        [(500, b"")] * 3,
        [(503, b"<html><b>Unavailable")] * 3,
        [THROTTLED, THROTTLED, (200, b"{}")],
        [THROTTLED] * 3,
        [(429, b'{"message":"Too many"}'), (200, b"{}")],
        [(400, b'{"__type":"a#TransactionInProgressException"}'), (200, b"{}")],
        [(400, b'{"__type":"a#LimitExceededException"}'), (200, b"{}")],
        [(400, b'{"__type":"a#TransactionConflictException"}')],
        [None, (200, b"{}")],
        [None, None, None],
    ],
)
@pytest.mark.usefixtures("_nobody_waits")
def test_both_transports_end_in_the_same(
    monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, bytes] | None]
) -> None:
    own, theirs = by_both(monkeypatch, answers, lambda: json_calls.call("dynamodb", "GetItem", REQUEST))
    require_same_json(own, theirs)


def by_both(
    monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, bytes] | None], do: Callable[[], object]
) -> list[list[tuple[dict[str, str], bytes]]]:
    """What each sent, if both end in the same."""
    outcomes, sent = [], []
    for transport in ("own", "botocore"):
        replies = Replies(*answers)
        monkeypatch.setitem(vars(settings), "aws_transport", transport)
        monkeypatch.setattr(http1, "exchange", replies.exchange)
        monkeypatch.setattr(URLLib3Session, "send", lambda _, request, replies=replies: replies.send(request))
        outcomes.append(outcome(do))
        sent.append(replies.asked)
    assert outcomes[0] == outcomes[1]
    assert len(sent[0]) == len(sent[1]) == len(answers)
    return sent


def require_same_json(own: list[tuple[dict[str, str], bytes]], theirs: list[tuple[dict[str, str], bytes]]) -> None:
    for (headers, body), (their_headers, their_body) in zip(own, theirs, strict=True):
        assert json.loads(body) == json.loads(their_body)
        for name in ("content-type", "x-amz-target", "x-amz-security-token"):
            assert headers[name] == their_headers[name]


MESSAGES = {"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/1/q", "Entries": [{"Id": "0", "MessageBody": "{}"}]}


@pytest.mark.parametrize(
    "answers",
    [
        [(200, b'{"Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":"x"}]}')],
        [(400, b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}')],
        [(403, b'{"__type":"com.amazonaws.sqs#RequestThrottled","message":"Slow down"}'), (200, b"{}")],
        [(500, b'{"__type":"com.amazonaws.sqs#InternalFailure"}')] * 3,
        [None, (200, b"{}")],
        [None, None, None],
    ],
)
@pytest.mark.usefixtures("_nobody_waits")
def test_both_transports_send_the_same_messages(
    monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, bytes] | None]
) -> None:
    own, theirs = by_both(monkeypatch, answers, lambda: json_calls.call("sqs", "SendMessageBatch", MESSAGES))
    require_same_json(own, theirs)


PUSH = sns.Push("ALARM", "20261130T071500Z-abc", "d", timedelta(days=1), {"device_id": "d", "alarm_id": "\u017c&=+ %"})
ARN = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/sowa/1-2"


def refused_by_sns(code: str, message: str = "No", status: int = 400) -> tuple[int, bytes]:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, f"<ErrorResponse>{error}<RequestId>R1</RequestId></ErrorResponse>".encode()


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("answers", "end"),
    [
        ([(200, b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>")], True),
        ([refused_by_sns("EndpointDisabled")], False),
        ([refused_by_sns("NotFound", status=404)], False),
        ([refused_by_sns("InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found")], False),
        ([refused_by_sns("InvalidParameter", "Invalid parameter: Message Structure")], sns.NotSent),
        ([refused_by_sns("AuthorizationError", status=403)], sns.NotSent),
        ([refused_by_sns("Throttling"), refused_by_sns("EndpointDisabled")], False),
        ([refused_by_sns("Throttled", status=429)] * 3, sns.NotSent),
        ([refused_by_sns("InternalError", status=500)] * 3, sns.NotSent),
        ([(503, b"<html><b>Unavailable")] * 3, sns.NotSent),
        ([None] * 3, sns.NotSent),
    ],
)
@pytest.mark.usefixtures("_nobody_waits")
def test_both_transports_push_the_same(
    monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, bytes] | None], end: object
) -> None:
    ended = []
    own, theirs = by_both(monkeypatch, answers, lambda: ended.append(outcome(lambda: sns.send(ARN, PUSH))))
    assert ended == [end, end]
    for (headers, body), (their_headers, their_body) in zip(own, theirs, strict=True):
        assert sorted(body.split(b"&")) == sorted(their_body.split(b"&"))
        for name in ("content-type", "x-amz-security-token"):
            assert headers[name] == their_headers[name]


def test_what_a_record_holds_is_not_taken_for_the_words_of_xml() -> None:
    body = json.dumps({"__type": "x#ConditionalCheckFailedException", "Item": {"a": {"S": "<Code>SlowDown</Code>"}}})
    assert CallRefused("PutItem", 400, body.encode(), "R1").code == "ConditionalCheckFailedException"


def test_a_bare_import_of_the_calls_loads_neither_botocore_nor_http_client() -> None:
    import subprocess
    import sys

    code = "import sys, chalicelib.aws.json_calls; print([n for n in {names} if n in sys.modules])"
    names = ["botocore", "http.client", "email", "urllib.request", "urllib3", "ssl"]
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-c", code.format(names=names)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['ssl']"
