"""Each `aws …` of infra/README.md passes the AWS CLI's own parser and the models of the services it calls."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import runbook

PYTHON = runbook.ROOT / "build" / "awscli" / "bin" / "python"
PARSER = Path(__file__).with_name("aws_parser.py")

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="`make awscli` fetches the AWS CLI")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the files that commands name by `file://`, as the runbook makes them."""
    folder = tmp_path_factory.mktemp("runbook")
    for name, content in runbook.FILES.items():
        (folder / name).write_text(content)
    for name in ("deployer.json", "operator.json"):
        (folder / name).write_text('{"Version": "2012-10-17", "Statement": []}')
    for name in ("fcm.json", "apns.json"):
        (folder / name).write_text(json.dumps({"PlatformCredential": runbook.FILES["firebase.json"]}))
    return folder


def parse(place: Path, *commands: tuple[str, ...]) -> list[dict[str, Any]]:
    told = {
        **runbook.environment(), "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "HOME": str(place),
        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    done = subprocess.run(  # noqa: S603  # our own words only
        [str(PYTHON), str(PARSER)], input="".join(json.dumps(words) + "\n" for words in commands), cwd=place, env=told,
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def _all(place: Path) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    commands = runbook.of("aws")
    return list(zip(commands, parse(place, *commands), strict=True))


def test_every_command_is_one_of_the_cli_and_asks_for_what_its_service_takes(place: Path) -> None:
    found = _all(place)
    assert len(found) > 30
    wrong = [(" ".join(words), one["said"]) for words, one in found if one["code"] != 0 or not one["asked"]]
    assert wrong == []


def test_what_the_runbook_is_for_is_among_them(place: Path) -> None:
    asked = {operation for _, one in _all(place) for operation in one["asked"]}
    assert {
        "iam:CreatePolicy", "acm:RequestCertificate", "apigateway:CreateBasePathMapping", "sesv2:PutAccountDetails",
        "sns:CreatePlatformApplication", "sns:SetSMSAttributes", "dynamodb:RestoreTableToPointInTime",
        "kms:ScheduleKeyDeletion", "service-quotas:RequestServiceQuotaIncrease",
    } <= asked  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("sns", "create-platform-applications", "--name", "sowa"),
        ("sns", "create-platform-application", "--name", "sowa"),
        ("dynamodb", "update-table", "--table", "x", "--time-to-live", "y"),
        ("apigateway", "create-domain-name", "--domain-name", "x", "--endpoint-configuration", "kinds=EDGE"),
        ("iam", "create-policy", "--policy-name", "x", "--policy-document", "file://nothing.json"),
        ("sesv2", "put-account-details", "--mail-type", "TRANSACTIONAL", "--website-url", ""),
    ],
    ids=["no such command", "an option too few", "no such option", "no such field", "no such file", "too short"],
)
def test_a_command_that_is_none_does_not_pass(place: Path, words: tuple[str, ...]) -> None:
    (one,) = parse(place, words)
    assert one["code"] != 0 and not one["asked"], one
