"""A bare import of what declares records brings no SDK, whatever a later PynamoDB asks for at its import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from infra.applier import RESOURCES

ROOT = RESOURCES.parents[1]


def run(code: str) -> str:
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("first", ["chalicelib.alarms.records", "chalicelib.store.commit", "app"])
def test_no_part_of_the_sdk_is_imported_before_it_is_called(first: str) -> None:
    brought = f"import sys, {first}; print(*sys.modules)"
    imported = run(brought).split()
    assert first in imported and "pynamodb.models" in imported
    assert [name for name in imported if name.split(".")[0] in ("botocore", "boto3", "urllib3", "http")] == []


def test_whoever_imports_it_later_gets_the_real_one() -> None:
    real = "import chalicelib, botocore.exceptions as b, pynamodb.exceptions as p, pynamodb.connection as c; "
    assert run(real + "print(issubclass(p.VerboseClientError, b.ClientError), c.Connection.__module__)").split() == [
        "True",
        "pynamodb.connection.base",
    ]
