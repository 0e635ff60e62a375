"""The address of live views' own: the same answers as the API's, and strangers take little of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.live.function_urls import show_live
from chalicelib.settings import settings
from infra.local.gateway import Response
from tests.conftest import Home
from tests.live.test_live import at, guest, piece, pieces_shown

_OF_EACH_REQUEST = ("x-amzn-RequestId", "X-Request-Id", "Location")


def both(home: Home, path: str, method: str = "GET") -> tuple[Response, Response]:
    """What the door says, and what the API."""
    of_api = "/" + path.split("/", 3)[3]
    return home.world.call(method, path), home.world.call(method, of_api)


def said(answer: Response) -> tuple[int, dict[str, str], Any]:
    headers = {name: value for name, value in answer.headers.items() if name not in _OF_EACH_REQUEST}
    body = answer.body if answer.status < 400 else {**answer.json, "request_id": ""}
    return answer.status, headers, body


@pytest.fixture
def live(home: Home) -> Any:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(kind="ts")
    return live


def test_a_playlist_lies_at_the_door_and_its_pieces_beside_it(home: Home, live: Any) -> None:
    assert live["playlist_url"].startswith(f"{settings.live_url}/live/")
    assert settings.live_url != settings.public_url
    assert at(home, live["playlist_url"], pieces_shown(home, live)[0]).status == 302


def test_the_door_says_what_the_api_says(home: Home, live: Any) -> None:
    path = urlsplit(live["playlist_url"]).path
    begin = path.rpartition("/")[0]
    for one in (
        path, f"{begin}/{pieces_shown(home, live)[0]}", path.replace("/playlist", "x/playlist"), f"{begin}/media/none",
        f"{path}?a=b", f"{begin}/media/%FF", f"{'/'.join(path.split('/')[:4])}/{'a' * 200}/playlist.m3u8",
    ):  # fmt: skip
        at_door, at_api = both(home, one)
        assert said(at_door) == said(at_api), one


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_nothing_else_is_asked_for_there(home: Home, live: Any, method: str) -> None:
    door = urlsplit(settings.live_url).path
    path = urlsplit(live["playlist_url"]).path
    for one in (path, f"{door}/devices", f"{door}/live", f"{door}/devices/{home.camera.device_id}/live"):
        assert home.owner.call(method, one).status == 404
    assert home.owner.call("GET", f"{door}/devices").status == 404
    assert home.world.call("GET", f"{door}/live/{'a' * 5000}/playlist.m3u8").status == 404


def test_a_page_of_the_allowed_origin_may_ask(home: Home, live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = urlsplit(live["playlist_url"]).path
    monkeypatch.setitem(vars(settings), "allowed_origin", "https://app.example.org")
    for method, status in (("GET", 200), ("OPTIONS", 204)):
        answer = home.world.call(method, path)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "https://app.example.org")
    monkeypatch.setitem(vars(settings), "allowed_origin", "")
    assert home.world.call("OPTIONS", path).status == 404


def test_a_wrong_secret_is_refused_before_anything_is_read(home: Home, live: Any) -> None:
    path = urlsplit(live["playlist_url"]).path
    shown = pieces_shown(home, live)[0]
    secret = path.split("/")[-2]
    wrong = [secret[:-1], f"{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}", ".".join(["a" * 26] * 4), "x", "..."]
    home.world.trace.clear()
    for one in wrong:
        assert home.world.call("GET", path.replace(secret, one)).status == 404
        assert at(home, live["playlist_url"].replace(secret, one), shown).status == 404
    assert home.world.trace.names() == []


def test_what_is_stopped_is_over_with_the_next_request_at_both(home: Home) -> None:
    guest(home)
    live = home.stranger.watch(home.camera.device_id)
    shown = piece(home, live, home.camera.stream(kind="ts"))
    path = urlsplit(live["playlist_url"]).path
    begin = path.rpartition("/")[0]
    stop = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    assert home.stranger.call("DELETE", stop).status == 204
    for one in (path, f"{begin}/{shown}"):
        assert [answer.status for answer in both(home, one)] == [404, 404]


# What strangers take


# A thousand wrong secrets a second, and what is advised to be reserved (infra/README.md).
STRANGERS_A_SECOND, RESERVE = 1_000, 100
# An instruction of bytecode took 29 ns of a core, with what it calls in C, and is reckoned at five times that; 256 MB
# are a seventh of a core. The runtime hands over an event and takes the answer in a millisecond or two.
SECONDS_AN_INSTRUCTION, RUNTIME_S = 7 * 150e-9, 0.002


def test_a_thousand_wrong_secrets_a_second_take_at_most_half_of_the_reserve(home: Home, live: Any, capsys: Any) -> None:
    event = asked(home, urlsplit(live["playlist_url"]).path.replace("/playlist", "x/playlist"))
    assert show_live(event, None)["statusCode"] == 404  # in a warm container
    instructions = counted(lambda: show_live(event, None))
    at_once = STRANGERS_A_SECOND * (instructions * SECONDS_AN_INSTRUCTION + RUNTIME_S)
    with capsys.disabled():
        print(f"\n{instructions} instructions for a wrong secret: {at_once:.1f} of {RESERVE} functions")
    assert at_once <= RESERVE / 2


def asked(home: Home, path: str) -> dict[str, Any]:
    events: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(home.world.functions, "call_by_name", lambda name, handler, event: events.append(event) or {})
        with suppress(KeyError):
            home.world.call("GET", path)
    return events[0]


def counted(act: Callable[[], object]) -> int:
    """The instructions of bytecode that it takes: the same from run to run."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count
