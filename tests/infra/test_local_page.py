"""The page of the local cloud as it is served, and its words; without a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.local import landing_page
from infra.local.control_api import ControlApi
from infra.local.gateway import http_request


def test_both_languages_say_the_same_things() -> None:
    """The table is plain enough to be read by lines."""
    english, polish = (landing_page.PAGE / "words.js").read_text("utf-8").split("\n  pl: {")
    keys = [_keys(half) for half in (english, polish)]
    assert keys[0] == keys[1]
    used = "".join(file.read_text("utf-8") for file in landing_page.PAGE.iterdir() if file.name != "words.js")
    # These are the API's own words: the kinds of alarms, of what leaves, of orders and plans.
    told = {"motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low", "snapshot"}
    told |= {"email", "sms", "push"}
    told |= {key for key in keys[0] if key.startswith(("state_", "order_", "right_", "share_"))}
    assert {key for key in keys[0] - told if f'"{key}"' not in used and f"{key}:" not in used} == set()


def _keys(half: str) -> set[str]:
    return set(re.findall(r'(?<=[ {,])(\w+): (?=")', half))


@pytest.fixture
def control_api() -> ControlApi:
    class Nothing:
        def handle(self, asked: Any) -> Any:
            raise AssertionError(f"{asked.path} went to the API")

    return ControlApi(Nothing())  # type: ignore[arg-type]  # the page needs no cloud


def test_the_page_allows_itself_and_s3_and_nothing_else(
    control_api: ControlApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIA_URL", "http://127.0.0.1:8001/media")
    page = control_api.handle(http_request("GET", "/", {}, b""))
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == policy["img-src"] == "'self' http://127.0.0.1:8001"
    assert policy["media-src"] == "'self' blob: http://127.0.0.1:8001"
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert b"<code>http://127.0.0.1:8001</code>" in page.body


@pytest.mark.parametrize(
    "path", ["../landing_page.py", "%2e%2e/landing_page.py", "page.css/", "nothing.js", "", ".js", "/etc/passwd"]
)
def test_only_the_pages_own_files_are_served(control_api: ControlApi, path: str) -> None:
    assert control_api.handle(http_request("GET", f"/_local/page/{path}", {}, b"")).status == 404
    assert control_api.handle(http_request("GET", "/_local/page/page.css", {}, b"")).status == 200
