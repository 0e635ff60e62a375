"""The runbook is what an operator can follow: its shell runs, and calls make, `sowa` and AWS as they can be called."""

from __future__ import annotations

import re

import click
import pytest

from infra.package import deploy
from infra.sowa.__main__ import sowa
from infra.sowa.policies import LANGUAGES
from tests import runbook
from tests.runbook import ROOT, RUNBOOK

TEXT = RUNBOOK.read_text()
MAKE_VARIABLES = {"STAGE", "AWS_REGION", "CONFIRM", "ARCHITECTURE", "OFFLINE"}


def test_its_blocks_are_shell_that_runs_from_top_to_bottom() -> None:
    assert len(runbook.blocks()) > 15
    called = {words[0] for words in runbook.commands()}
    assert called == set(runbook.NOTED)


def test_what_runs_longer_than_a_minute_is_not_begun_twice() -> None:
    """The CLI gives an answer up after 60 s, and asks again: https://docs.aws.amazon.com/cli/latest/reference/lambda/invoke.html"""
    assert len(runbook.of("sowa")) > 10
    assert [words for words in runbook.of("aws") if words[:2] == ("lambda", "invoke")] == []


def test_a_credential_is_read_from_a_file_since_shorthand_cannot_hold_one() -> None:
    """JSON and PEM have the commas, quotes and equals signs of the CLI's own shorthand."""
    made = [words for words in runbook.of("aws") if words[1] == "create-platform-application"]
    assert len(made) == 2
    assert all(words[words.index("--attributes") + 1].startswith("file://") for words in made)


def test_every_target_of_make_is_one_and_is_told_what_it_takes() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    parameters = {deploy.in_capitals(one) for one in deploy.PARAMETERS}
    given = runbook.of("make")
    assert {words[0] for words in given} >= {"setup", "deploy", "destroy"}
    for target, *said in given:
        assert target in targets
        assert {one.partition("=")[0] for one in said} <= parameters | MAKE_VARIABLES, target


@pytest.mark.parametrize("words", sorted(set(runbook.of("sowa"))), ids=" ".join)
def test_every_order_to_sowa_is_one(words: tuple[str, ...], tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    for name in ("cameras.csv", "smoke.csv", "order.json"):
        (RUNBOOK.__class__(str(tmp_path)) / name).write_text("sn\n")
    _parse(sowa, "sowa", list(words))


def _parse(command: click.Command, name: str, words: list[str]) -> None:
    """As click does before it carries anything out. Raises UsageError."""
    with command.make_context(name, words) as context:
        if isinstance(command, click.Group):
            found, one, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            assert one is not None and found is not None
            _parse(one, found, rest)


@pytest.mark.parametrize("words", [["device", "load"], ["devices", "load", "nothing.csv"], ["erasures", "show", "x"]])
def test_an_order_to_sowa_that_is_none_does_not_pass(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        _parse(sowa, "sowa", words)


def test_every_command_of_sowa_is_told_of() -> None:
    every = {
        f"{group} {name}" if hasattr(one, "commands") else group
        for group, one in sowa.commands.items()
        for name in getattr(one, "commands", {"": None})
    }
    assert LANGUAGES and [one for one in every if f"sowa {one}" not in TEXT and not _is_called(one)] == []


def _is_called(command: str) -> bool:
    return any(command in " ".join(words) for words in runbook.of("sowa"))


def test_every_parameter_that_can_be_said_is_told() -> None:
    first = re.findall(r"^\| (`.*?`) \|", TEXT, re.MULTILINE)
    told = {name for names in first for name in re.findall(r"`([A-Z_]+)`", names)}
    own = {deploy.in_capitals(one) for one in deploy.PARAMETERS}
    of_platforms = {one for one in own if one.startswith("OIDC_") and not one.endswith("_AUDIENCES")}
    assert own - of_platforms <= told


def test_each_link_within_leads_to_a_heading() -> None:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert len(links) > 15 and links - anchors == set()


def test_everything_that_is_needed_before_a_stage_serves_is_asked_for_in_the_first_deployment() -> None:
    """What the template has no default for; only STAGE is said elsewhere."""
    from tests.infra.packaged import made

    needed = {deploy.in_capitals(name) for name, one in made()["Parameters"].items() if "Default" not in one}
    (told,) = (block for block in runbook.blocks() if "OPERATOR_CONTACT=" in block)
    said = set(re.findall(r"^([A-Z_]+)=", told, re.MULTILINE))
    assert needed - {"STAGE"} <= said
    assert said <= {deploy.in_capitals(one) for one in deploy.PARAMETERS}
