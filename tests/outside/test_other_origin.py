"""A page of another origin, in a real browser: it gets on with the API and S3 where it is allowed, and nowhere else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests import loopback
from tests.outside.browsing import OF_THIS_MACHINE, a_browser, in_a_browser, sync_api
from tests.scene import jpeg, new_camera, new_person

APP, ELSEWHERE = "https://app.example.org", "https://elsewhere.example.org"

# What a page does: a question with a token, which the browser asks leave for, and one that is refused.
ASK = """async ([api, token]) => {
  const kind = {"Content-Type": "application/json", "Idempotency-Key": "0123456789abcdef"};
  const headers = {Authorization: `Bearer ${token}`, ...kind};
  const renamed = await fetch(`${api}/me`, {method: "PATCH", headers, body: JSON.stringify({nickname: "Zofia"})});
  const refused = await fetch(`${api}/me`, {headers: {Authorization: "Bearer none"}});
  const unknown = await fetch(`${api}/nowhere`);
  return [(await renamed.json()).nickname, refused.status, (await refused.json()).code, unknown.status];
}"""
UPLOAD = """async ([url, fields, text]) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob([Uint8Array.from(atob(text), (each) => each.charCodeAt(0))]), "snapshot.jpg");
  return (await fetch(url, {method: "POST", body: form})).status;
}"""
# By the playlist's own addresses, which lead on to S3.
PIECES = """async (url) => {
  const named = (await (await fetch(url)).text()).match(/media\\/[^"\\n]+/g);
  return Promise.all(named.map(async (path) => (await fetch(new URL(path, url))).text()));
}"""
FETCH = "async (url) => (await (await fetch(url)).arrayBuffer()).byteLength"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud]]:
    """A cloud of its own on two ports, which allows one origin."""
    ports = loopback.Ports()
    with LocalCloud.start(**ports.told, allowed_origin=APP) as cloud, ports.serving(cloud):
        yield ports.url, cloud


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser(OF_THIS_MACHINE) as started:
        yield started


def page_of(browser: Any, origin: str) -> Any:
    """A page that this origin seems to have served."""
    page = browser.new_context().new_page()
    page.route(f"{origin}/**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto(f"{origin}/")
    return page


@in_a_browser
def test_the_allowed_page_asks_uploads_and_looks_and_any_other_is_stopped(
    browser: Any, served: tuple[str, LocalCloud]
) -> None:
    api, cloud = served
    owner = new_person(cloud)
    camera = new_camera(cloud, owner=owner)
    ticket = camera.ask_ticket().json
    name = f"1/{cloud.now():%Y%m%dT%H%M%SZ}-motion-000001.jpg"
    form = [ticket["url"], {**ticket["fields"], "key": ticket["key_prefix"] + name}, b64encode(jpeg()).decode()]

    app = page_of(browser, APP)
    assert app.evaluate(ASK, [api, owner.access_token]) == ["Zofia", 401, "NotSignedIn", 404]
    assert app.evaluate(UPLOAD, form) == 204
    cloud.settle()
    (alarm,) = owner.alarms(camera.device_id)
    link = owner.call("GET", f"/devices/{camera.device_id}/alarms/{alarm['alarm_id']}").json["picture_url"]
    assert app.evaluate(FETCH, link) == len(jpeg())

    live = owner.watch(camera.device_id)
    camera.stream(b"moov", init="a")
    camera.stream(b"moof")
    assert app.evaluate(PIECES, live["playlist_url"]) == ["moov", "moof"]

    elsewhere = page_of(browser, ELSEWHERE)
    asked = (ASK, [api, owner.access_token]), (UPLOAD, form), (FETCH, link), (PIECES, live["playlist_url"])
    for script, told in asked:
        with pytest.raises(sync_api.Error, match="Failed to fetch"):
            elsewhere.evaluate(script, told)
