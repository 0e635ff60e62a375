"""The runbook's commands are such as the AWS CLI takes."""

from __future__ import annotations

import re
from pathlib import Path

from infra.package import deploy

TEXT = (Path(__file__).parents[2] / "infra" / "README.md").read_text()


def commands(beginning: str) -> list[str]:
    """As they stand there, over however many lines."""
    joined = re.sub(r"\s*\\?\n\s*", " ", TEXT)
    return [found.split("`")[0] for found in re.findall(rf"{beginning}.*?(?=`| aws |$)", joined)]


def test_what_runs_longer_than_a_minute_is_not_begun_twice() -> None:
    """The CLI gives an answer up after 60 s, and asks again: https://docs.aws.amazon.com/cli/latest/reference/lambda/invoke.html"""
    invocations = commands("aws lambda invoke")
    assert len(invocations) >= 3
    assert [one for one in invocations if "--cli-read-timeout 0" not in one] == []


def test_a_credential_is_read_from_a_file_since_shorthand_cannot_hold_one() -> None:
    """JSON and PEM have the commas, quotes and equals signs of the CLI's own shorthand."""
    made = commands("aws sns create-platform-application")
    assert len(made) == 2
    assert all("--attributes file://" in one for one in made)


def test_every_parameter_that_can_be_said_is_told() -> None:
    first = re.findall(r"^\| (`.*?`) \|", TEXT, re.MULTILINE)
    told = {name for names in first for name in re.findall(r"`([A-Z_]+)`", names)}
    own = {deploy.in_capitals(one) for one in deploy.PARAMETERS}
    of_platforms = {one for one in own if one.startswith("OIDC_") and not one.endswith("_AUDIENCES")}
    assert own - of_platforms <= told
