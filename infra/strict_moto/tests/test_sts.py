"""Who has presigned a GetCallerIdentity, as STS says it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .. import routes, sts
from .scene import REGION, client

HOST = f"sts.{REGION}.amazonaws.com"
HEADER = "x-example-for"
WANTED = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}


def user(name: str = "anna") -> Credentials:
    client("iam").create_user(UserName=name)
    key = client("iam").create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def session(name: str = "anna") -> Credentials:
    arn = "arn:aws:iam::123456789012:role/keepers"
    made = client("sts").assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def presigned(by: Credentials, said: str = "one", region: str = REGION) -> str:
    request = AWSRequest("GET", f"https://{HOST}/", params=WANTED, headers={HEADER: said})
    SigV4QueryAuth(by, "sts", region, expires=300).add_auth(request)
    return str(request.url)


def sent(url: str, said: str = "one", answering: Any = sts) -> tuple[int, Any]:
    request = AWSRequest("GET", url, headers={"host": HOST, "accept": "application/json", HEADER: said}).prepare()
    answer = answering.answer(request)
    assert answer is not None
    return answer[0], answer[2]


def arn(answer: tuple[int, Any]) -> str:
    status, body = answer
    assert status == 200, body
    return str(json.loads(body)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Arn"])


def code(answer: tuple[int, Any]) -> str:
    status, body = answer
    assert status == 403, body
    return str(json.loads(body)["Error"]["Code"])


def test_users_and_sessions_are_named_by_their_arns(strict_aws: Any) -> None:
    assert arn(sent(presigned(user()))) == "arn:aws:iam::123456789012:user/anna"
    assert arn(sent(presigned(session("bob")))) == "arn:aws:sts::123456789012:assumed-role/keepers/bob"


def test_moto_answers_whatever_signature_there_is(strict_aws: Any) -> None:
    """Why this is played here: moto names nobody, and refuses nobody."""
    forged = presigned(user()).replace("X-Amz-Signature=", "X-Amz-Signature=0")
    status, body = sent(forged, answering=routes)
    assert status == 200 and b"user/moto" in (body if isinstance(body, bytes) else body.encode())
    assert code(sent(forged)) == "SignatureDoesNotMatch"


def test_what_was_signed_may_not_be_altered(strict_aws: Any) -> None:
    url = presigned(user())
    assert arn(sent(url))
    assert code(sent(url, said="two")) == "SignatureDoesNotMatch"
    later = urlsplit(url)
    altered = urlencode([*((n, v) for n, v in parse_qsl(later.query) if n != "Version"), ("Version", "2012-01-01")])
    assert code(sent(later._replace(query=altered).geturl())) == "SignatureDoesNotMatch"
    assert code(sent(presigned(user("zed"), region="us-east-1"))) == "SignatureDoesNotMatch"


def test_credentials_that_nobody_has_and_tokens_of_others_are_refused(strict_aws: Any) -> None:
    assert code(sent(presigned(Credentials("AKIANOBODY0000000000", "x")))) == "InvalidClientTokenId"
    one, other = session("bob"), session("zed")
    mixed = Credentials(one.access_key, one.secret_key, other.token)
    assert code(sent(presigned(mixed))) == "InvalidClientTokenId"


@pytest.mark.parametrize(("minutes", "is_good"), [(0, True), (14.9, True), (15, False), (-15.1, False)])
def test_it_is_good_for_fifteen_minutes_whatever_it_says(strict_aws: Any, minutes: float, is_good: bool) -> None:
    at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        url = presigned(user())
    with time_machine.travel(at + timedelta(minutes=minutes), tick=False):
        assert sent(url)[0] == (200 if is_good else 403)


def test_a_session_that_is_over_is_nobodys(strict_aws: Any) -> None:
    at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        made = session("bob")
    with time_machine.travel(at + timedelta(hours=2), tick=False):
        assert code(sent(presigned(made))) == "InvalidClientTokenId"
