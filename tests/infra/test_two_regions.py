"""Two local clouds on one machine, each a region: somebody moves from the one to the other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.demo.client import Wire
from infra.local.server import take
from tests.scene import PASSWORD, POLICY

ROOT = Path(__file__).parents[2]
TERMINAL = {"os": "Android 16", "model": "Pixel 9", "unique_id": "t1"}
EMAIL = "ola@example.com"


@contextmanager
def region(port: int, regions: dict[str, str]) -> Iterator[None]:
    child = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-m", "infra.local", "--port", str(port), "--quiet", "--seed", str(port)],
        cwd=ROOT,
        env={**os.environ, "REGIONS": json.dumps(regions)},
        text=True,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        assert "ready\n" in iter(child.stdout.readline, "")
        threading.Thread(target=child.stdout.read, daemon=True).start()
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(20)


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Wire, Wire]]:
    with take(0) as one, take(0) as other:
        ports = one.getsockname()[1], other.getsockname()[1]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    regions = dict(zip(("europe", "asia"), urls, strict=True))
    with region(ports[0], regions), region(ports[1], regions):
        yield Wire(urls[0]), Wire(urls[1])


def newest_code(where: Wire) -> Any:
    return next(mail["code"] for mail in where.ask("GET", f"/_local/outbox?to={EMAIL}").json if mail.get("code"))


def registered(where: Wire) -> str:
    said = {
        "email": EMAIL, "password": PASSWORD, "country": "PL", "nickname": "Ola", "birth_date": "1990-05-17",
        "policy_version": POLICY,
    }  # fmt: skip
    registration_id = where.ask("POST", "/accounts", said).json["registration_id"]
    body = {"registration_id": registration_id, "code": newest_code(where), "terminal": TERMINAL}
    return str(where.ask("POST", "/accounts/confirm", body).json["access_token"])


def stepped_up(where: Wire, token: str) -> None:
    assert where.ask("POST", "/step-up", {}, token=token).status == 202
    assert where.ask("POST", "/step-up/confirm", {"code": newest_code(where)}, token=token).status == 200


def test_somebody_moves_and_is_forgotten_where_she_came_from(two: tuple[Wire, Wire]) -> None:
    europe, asia = two
    token = registered(europe)
    stepped_up(europe, token)
    leaving = europe.ask("POST", "/me/move", {"country": "JP"}, token=token).json
    assert leaving["endpoint"] == asia.url
    arriving = {"ticket": leaving["ticket"], "password": PASSWORD, "terminal": TERMINAL}
    assert europe.ask("POST", "/accounts/arrivals", arriving).status == 422  # it is for the other
    arrived = asia.ask("POST", "/accounts/arrivals", arriving)
    assert arrived.status == 201, arrived.said()
    assert asia.ask("POST", "/accounts/arrivals", arriving).status == 410
    me = asia.ask("GET", "/me", token=arrived.json["access_token"]).json
    assert (me["email"], me["nickname"], me["country"]) == (EMAIL, "Ola", "JP")
    assert europe.ask("GET", "/me", token=token).status == 200
    closing = europe.ask("POST", "/me/move/confirm", {"arrival": arrived.json["arrival"]}, token=token)
    assert closing.status == 202, closing.said()
    for seconds in (15 * 60, 2 * 86_400):
        assert europe.ask("POST", "/_local/clock", {"advance_seconds": seconds}).status == 200
    assert europe.ask("GET", f"/erasures/{closing.json['erasure_id']}").json["state"] == "done"
    stored = europe.ask("GET", "/_local/dump").body.decode()
    assert EMAIL not in stored and me["account_id"] not in stored
    assert asia.ask("GET", "/me", token=arrived.json["access_token"]).json["email"] == EMAIL
