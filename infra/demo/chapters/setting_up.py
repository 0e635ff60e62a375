"""The camera leaves the factory, a person comes, and the two find each other."""

from __future__ import annotations

import json

from infra.demo.console import Promises
from infra.demo.life import Life, listed, step
from infra.demo.search import search


@step(
    "Operators load a camera",
    loaded="the operators' function takes it",
    hashed="neither its code nor its secret can be read in the stores",
)
def load(life: Life, promises: Promises) -> None:
    who = life.cast
    device = {"sn": who.sn, "model": who.model, "code": who.code, "secret": who.secret}
    answer = life.backstage.operation("load_devices", {"devices": [device]})
    life.teller.say(f"One {who.model}, serial number {who.sn}. The function answers {json.dumps(answer)}.")
    promises.equal("loaded", answer["loaded"], 1)
    secrets_only = [needle for needle in who.needles() if needle.value in (who.code, who.secret)]
    hits = search(life.backstage.dump(), secrets_only)
    promises.shows("hashed", not hits, listed(hits))


@step(
    "A person registers by e-mail",
    mailed="a code arrives by e-mail",
    active="the code makes her account active",
    agreed="the account holds what she gave, and not her date of birth",
)
def register(life: Life, promises: Promises) -> None:
    who = life.cast
    version = life.wire.expect(200, "GET", "/policy/versions")["items"][0]["version"]
    registration_id = life.person.register("PL", who.birth_date, version, "en")
    mails = life.coded_mails()
    promises.equal("mailed", len(mails), 1)
    life.person.confirm(registration_id, mails[0]["code"])
    me = life.person.ask("GET", "/me")
    promises.equal("active", me.status, 200)
    life.seen_by_her.append(me.json)
    promises.equal("agreed", (me.json.get("nickname"), who.birth_date in json.dumps(me.json)), (who.nickname, False))
    life.teller.say(f"{who.nickname}, {who.email}, agreed to policy version {version}.")


@step(
    "A camera is activated and bound",
    unowned="while nobody owns it, it gets no upload ticket",
    bound="serial number and printed code make it hers",
    single="nobody can bind it a second time",
)
def bind(life: Life, promises: Promises) -> None:
    who = life.cast
    life.camera.cloud.activate()
    promises.shows("unowned", life.gets_no_ticket(), "it got one")
    binding = {
        "sn": who.sn,
        "code": who.code,
        "name": who.device_name,
        "time_zone": "Europe/Warsaw",
        "dst": True,
        "wifi": who.wifi,
        "password": who.device_password,
    }
    life.device = life.person.expect(201, "POST", "/devices", binding)
    devices = life.person.all_of("/devices")
    life.seen_by_her.append(devices)
    promises.equal("bound", [(each["device_id"], each["sn"]) for each in devices], [(life.device_id, who.sn)])
    again = life.person.ask("POST", "/devices", binding)
    promises.shows("single", 400 <= again.status < 500, f"it was answered {again.status}")
    life.teller.say(f"“{who.device_name}” is device {life.device_id} of account {life.person.account_id}.")
