"""Asking for a copy of one's data, and opening it."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.scene import Person


def asked(person: Person, **headers: str) -> dict[str, Any]:
    """What is answered at once; the archive is not made yet."""
    person.step_up()
    answer = person.call("POST", "/privacy/exports", headers=headers)
    assert answer.status == 202, answer.body
    return dict(answer.json)


def export_shown(person: Person, export_id: str) -> dict[str, Any]:
    return dict(person.call("GET", f"/privacy/exports/{export_id}").json)


def ready(person: Person) -> dict[str, Any]:
    export_id = asked(person)["export_id"]
    person.world.settle()
    made = export_shown(person, export_id)
    assert made["state"] == "ready", [repr(failure.fault) for failure in person.world.failures]
    return made


def open_link(world: LocalCloud, url: str) -> Response:
    return world.call("GET", urlsplit(url).path)


def archive(person: Person) -> ZipFile:
    """A copy of everything that there is of this person, as the person gets it."""
    led = open_link(person.world, ready(person)["download_url"])
    assert led.status == 302, led.body
    got = person.world.fetch(led.headers["Location"])
    assert got.status == 200
    return ZipFile(io.BytesIO(got.body))


def records_in(copy: ZipFile) -> dict[str, list[dict[str, Any]]]:
    """By the last words of their path: `alarm`, `device`."""
    paths = [one["path"] for one in json.loads(copy.read("export.json"))["files"] if "records" in one]
    found: dict[str, list[dict[str, Any]]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[2].removesuffix(".json"), []).extend(json.loads(copy.read(path)))
    return found
