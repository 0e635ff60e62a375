"""The policy, as anybody may read it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from chalicelib.register.rows import ROWS
from chalicelib.settings import MissingSetting, Settings, settings
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import POLICY


def policy(world: LocalCloud, accepted: str = "en", **query: str) -> dict[str, Any]:
    answer = world.call("GET", "/policy", headers={"Accept-Language": accepted}, query=query)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json
    return told


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("pl", "pl", "Polityka prywatności"),
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl", "Polityka prywatności"),
        ("en", "en", "Privacy policy"),
        ("en;q=0.5,pl;q=0.4", "en", "Privacy policy"),
        ("de", "en", "Privacy policy"),
        ("", "en", "Privacy policy"),
    ],
)
def test_it_is_read_in_the_language_that_is_asked_for(
    world: LocalCloud, accepted: str, language: str, title: str
) -> None:
    told = policy(world, accepted)
    assert (told["language"], told["title"]) == (language, title)
    assert all(section["heading"] and section["paragraphs"] for section in told["sections"])


@pytest.mark.parametrize("language", ["pl", "en"])
def test_its_table_has_every_row_of_the_register(world: LocalCloud, language: str) -> None:
    told = policy(world, language)
    assert [line["row"] for line in told["table"]] == [row.id for row in ROWS if not row.planned]
    assert [line["row"] for line in told["planned"]] == [row.id for row in ROWS if row.planned]
    assert all(set(line) == set(told["columns"]) and all(line.values()) for line in told["table"] + told["planned"])


def test_who_runs_the_installation_is_named_and_no_gap_is_left(world: LocalCloud) -> None:
    for language in ("pl", "en"):
        text = str(policy(world, language)["sections"])
        assert "privacy@sowa.example" in text
        assert "{" not in text.replace("{'", "")


def test_each_language_has_a_digest_of_its_own_which_stays(world: LocalCloud) -> None:
    digests = {language: policy(world, language)["sha256"] for language in ("pl", "en")}
    assert len(set(digests.values())) == 2
    assert all(len(digest) == 64 for digest in digests.values())
    world.clock.move_to(world.now().timestamp() + 30 * 86_400)
    assert digests["pl"] == policy(world, "pl")["sha256"]


def test_the_one_in_force_comes_first_and_is_what_is_shown(world: LocalCloud) -> None:
    answer = world.call("GET", "/policy/versions")
    assert (answer.status, answer.json["cursor"]) == (200, None)
    first = answer.json["items"][0]
    url = f"/policy?version={POLICY}"
    assert first == {"version": POLICY, "from": POLICY, "url": url, "needs_agreement": False}
    assert policy(world)["version"] == first["version"]
    path, _, query = first["url"].partition("?")
    assert world.call("GET", path, query=query).json == policy(world)


@pytest.mark.parametrize("version", ["2021-09-13", "latest", "../2026-11-01", "en", " "])
def test_a_version_that_never_was_is_not_found(world: LocalCloud, version: str) -> None:
    answer = world.call("GET", "/policy", query={"version": version})
    assert (answer.status, answer.json["code"]) == (404, "UnknownVersion")


def test_a_version_that_cannot_be_is_refused(world: LocalCloud) -> None:
    answer = world.call("GET", "/policy", query={"version": "v" * 33})
    assert (answer.status, list(answer.json["fields"])) == (422, ["version"])


def test_reading_it_costs_no_call_and_what_was_published_lately_is_one(home: Home) -> None:
    home.world.settle()
    before = home.world.dump()["tables"]
    home.world.trace.clear()
    policy(home.world)
    page(home.world)
    assert home.world.trace.names() == []
    home.world.call("GET", "/policy/versions")
    assert home.world.trace.names() == ["dynamodb.GetItem"]
    assert home.world.dump()["tables"] == before


def test_who_runs_an_installation_is_named_by_its_policy(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the operator of this installation" in str(policy(world))
    assert "operator tej instalacji" in str(policy(world, "pl")) and "operator tej instalacji" in page(world, "pl")
    monkeypatch.setenv("OPERATOR_NAME", "Camera Company of Somewhere")
    monkeypatch.setenv("OPERATOR_CONTACT", "privacy@cameras.example.org")
    monkeypatch.setenv("POLICY_ADDITIONS", '{"en": "Our gate is filmed, too."}')
    monkeypatch.setattr(settings, "operator", Settings().operator)
    monkeypatch.setattr(settings, "policy_additions", Settings().policy_additions)
    said = str(policy(world))
    assert "Camera Company of Somewhere" in said and "privacy@cameras.example.org" in said
    assert "the operator of this installation" not in said
    assert "Our gate is filmed, too." in said
    assert "Camera Company of Somewhere" in page(world) and "Our gate is filmed, too." in page(world)


def test_nothing_is_answered_in_the_name_of_nobody_who_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_CONTACT", "")
    with pytest.raises(MissingSetting, match="OPERATOR_CONTACT"):
        _ = Settings().operator


def page(world: LocalCloud, accepted: str = "en", **query: str) -> str:
    answer = world.call("GET", "/policy/page", headers={"Accept-Language": accepted}, query=query)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.body.decode()


@pytest.mark.parametrize(
    ("accepted", "query", "language"),
    [
        ("pl", {}, "pl"),
        ("en", {}, "en"),
        ("de", {}, "en"),
        ("pl", {"language": "en"}, "en"),
        ("en", {"language": "PL"}, "pl"),
    ],
)
def test_the_page_is_read_in_the_language_of_its_reader_or_of_its_link(
    world: LocalCloud, accepted: str, query: dict[str, str], language: str
) -> None:
    assert f'<html lang="{language}">' in page(world, accepted, **query)


def test_the_page_may_use_its_own_style_and_nothing_else(world: LocalCloud) -> None:
    answer = world.call("GET", "/policy/page")
    style = answer.body.decode().partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = dict(one.split(" ", 1) for one in answer.headers["Content-Security-Policy"].split("; "))
    assert allowed["style-src"] == f"'sha256-{digest}'"
    assert {allowed[one] for one in ("default-src", "base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    # What is no page may use nothing at all.
    of_json = world.call("GET", "/policy").headers["Content-Security-Policy"]
    assert of_json == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"version": "2021-09-13"}, 404, "UnknownVersion"),
        ({"language": "de"}, 422, "Invalid"),
        ({"page": "1"}, 422, "Invalid"),
    ],
)
def test_a_page_that_there_is_not_is_refused(world: LocalCloud, query: dict[str, str], status: int, code: str) -> None:
    answer = world.call("GET", "/policy/page", query=query)
    assert (answer.status, answer.json["code"]) == (status, code)
