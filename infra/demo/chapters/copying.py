"""She takes a copy of her data."""

from __future__ import annotations

import io
import json
import zipfile

from infra.demo.client import Json
from infra.demo.console import Promises
from infra.demo.life import POLLS, Life, step


@step(
    "She takes a copy of her data",
    guarded="without raised trust there is none",
    ready="it is made, and a mail tells her",
    complete="it holds what she gave, every picture and all film that is left, byte for byte",
    readable="a page in it is for people, and lists of every kind for machines",
    once="its link opens once",
)
def copy(life: Life, promises: Promises) -> None:
    refused = life.person.ask("POST", "/privacy/exports", {})
    promises.equal("guarded", (refused.status, (refused.json or {}).get("code")), (403, "StepUpRequired"))
    life.raise_trust()
    before = len(life.mails())
    requested = life.person.expect(202, "POST", "/privacy/exports", {})
    export = _once_made(life, requested["export_id"])
    promises.equal("ready", (export["state"], len(life.mails()) - before), ("ready", 1))
    archive = life.wire.follow(export["download_url"])
    with zipfile.ZipFile(io.BytesIO(archive.body)) as files:
        contents = {name: files.read(name) for name in files.namelist()}
    missing = _missing(life, contents)
    promises.shows("complete", not missing, f"it lacks {missing}")
    kinds = [json.loads(content) for name, content in contents.items() if name.endswith(".json")]
    page = contents.get("index.html", b"").decode()
    promises.shows("readable", life.cast.nickname in page and len(kinds) > 1, sorted(contents))
    promises.equal("once", life.wire.follow(export["download_url"]).status, 404)
    life.teller.say(f"{len(contents)} files in {len(archive.body) / 1000:,.0f} KB, SHA-256 {export['sha256'][:16]}…")


def _once_made(life: Life, export_id: str) -> Json:
    for _ in range(POLLS):
        life.backstage.settle()
        export: Json = life.person.expect(200, "GET", f"/privacy/exports/{export_id}")
        if export["state"] != "preparing":
            break
        life.pause(0.5)
    return export


def _missing(life: Life, contents: dict[str, bytes]) -> list[str]:
    who = life.cast
    copied = b"\n".join(contents.values())
    given = {"e-mail": who.email, "nickname": who.nickname, "serial number": who.sn, "device's name": who.device_name}
    lacking = [what for what, value in given.items() if value.encode() not in copied]
    files = set(contents.values())
    lacking += [alarm["at"] for alarm in life.alarms if files.isdisjoint(life.sent_at(alarm))]
    lying = life.film_that_lies()
    return lacking + [each.name for each in life.filmed if each.name in lying and each.content not in files]
