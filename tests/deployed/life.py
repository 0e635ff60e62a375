"""A household's life with an installation that stands, over HTTP and the WebSocket alone."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.jwk import KeySet
from websockets.sync.client import connect

from infra.demo.client import Person, Wire
from infra.demo.people import Cast, new_cast
from sowa_agent import cloud
from sowa_agent.clocks import Clock
from sowa_agent.names import picture_name
from tests.ministack import Emulator
from tests.scene import jpeg

WITHIN_S = 60.0
# What was under way when an account was closed is waited for, a minute at most, and then erased.
ERASED_WITHIN_S = 150.0
Json = dict[str, Any]


def awaited(look: Callable[[], Any], until: Callable[[Any], Any], within_s: float = WITHIN_S) -> Any:
    """What is seen when it is as it ought to be. Raises AssertionError with what was seen last."""
    end = time.monotonic() + within_s
    while not until(seen := look()):
        assert time.monotonic() < end, seen
        time.sleep(0.5)
    return seen


@dataclass
class Life:
    """`url` is the API's, `webhook_secret` what the payment provider signs with."""

    emulator: Emulator
    stage: str
    url: str
    webhook_secret: str
    cast: Cast = field(default_factory=new_cast)

    def __post_init__(self) -> None:
        self.wire = Wire(self.url)
        who = self.cast
        self.person = Person(self.wire, who.email, who.password, who.nickname, who.terminal)
        self.camera = cloud.CloudClient(cloud.Wire(self.url), who.camera(), Clock())
        self.device_path, self.picture = "", jpeg()

    def play(self) -> None:
        """Raises AssertionError or a refusal where something is not as it ought to be."""
        self.load()
        self.register()
        channel = self.bind()
        self.look_at_a_picture()
        self.command(channel)
        self.buy()
        self.step_up()
        self.copy()
        self.close()

    def load(self) -> None:
        who = self.cast
        device = {"sn": who.sn, "model": who.model, "code": who.code, "secret": who.secret}
        answer = self.emulator.client("lambda").invoke(
            FunctionName=f"sowa-{self.stage}-load_devices", Payload=json.dumps({"devices": [device]})
        )
        assert json.load(answer["Payload"])["loaded"] == 1

    def _code(self, number: int) -> str:
        """Of the mail with this number, when it has come."""
        mails = awaited(lambda: self.emulator.mails(self.cast.email), lambda mails: len(self._codes(mails)) >= number)
        return self._codes(mails)[number - 1]

    def _codes(self, mails: list[str]) -> list[str]:
        return [code for mail in mails for code in re.findall(r"\b[0-9]{6}\b", mail)]

    def register(self) -> None:
        version = self.wire.expect(200, "GET", "/policy/versions")["items"][0]["version"]
        registration_id = self.person.register("PL", self.cast.birth_date, version, "en")
        self.person.confirm(registration_id, self._code(1))
        assert self.person.expect(200, "GET", "/me")["nickname"] == self.cast.nickname

    def bind(self) -> Mapping[str, Any]:
        """How the camera opens its channel."""
        who, channel = self.cast, self.camera.activate()
        told = {"sn": who.sn, "code": who.code, "name": who.device_name, "time_zone": "Europe/Warsaw", "dst": True}
        device = self.person.expect(
            201, "POST", "/devices", {**told, "wifi": who.wifi, "password": who.device_password}
        )
        self.device_path = f"/devices/{device['device_id']}"
        assert [one["sn"] for one in self.person.all_of("/devices")] == [who.sn]
        return channel

    def look_at_a_picture(self) -> None:
        self.camera.upload("alarm", picture_name(self.cast.channel[0], time.time(), "motion"), self.picture)
        (alarm,) = awaited(lambda: self.person.all_of(f"{self.device_path}/alarms"), bool)
        told = self.person.expect(200, "GET", f"{self.device_path}/alarms/{alarm['alarm_id']}")
        assert self.wire.send("GET", told["picture_url"]).body == self.picture

    def command(self, channel: Mapping[str, Any]) -> None:
        bearer = {"Authorization": f"Bearer {self.camera.token}"}
        with connect(channel["channel_url"], additional_headers=bearer, proxy=None) as connection:
            given = self.person.expect(202, "POST", f"{self.device_path}/commands", {"command": "restart"})
            received = json.loads(connection.recv(timeout=WITHIN_S))
            assert (received["id"], received["command"]) == (given["command_id"], "restart")
            connection.send(json.dumps({"id": received["id"], "ok": True}))
            path = f"{self.device_path}/commands/{given['command_id']}"
            awaited(lambda: self.person.expect(200, "GET", path)["state"], lambda state: state == "done")

    def buy(self) -> None:
        plan = next(one for one in self.wire.expect(200, "GET", "/plans")["items"] if one["price"]["amount"])
        device_id = self.device_path.rpartition("/")[2]
        wanted = {"plan_id": plan["plan_id"], "device_id": device_id, "payment_method": "card"}
        ordered = self.person.expect(201, "POST", "/orders", wanted)["order_id"]
        price = self.person.expect(200, "GET", f"/orders/{ordered}")["amount"]
        payment = {"order_id": ordered, "outcome": "paid", "reference": f"payment-of-{ordered}", **price}
        body = json.dumps({"type": "payment.paid", "payment": payment}).encode()
        stamp = str(int(time.time()))
        signed = hmac.new(self.webhook_secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Sandbox-Signature": f"t={stamp},v1={signed}"}
        assert self.wire.send("POST", "/payments/sandbox", body, headers).status // 100 == 2
        order = awaited(
            lambda: self.person.expect(200, "GET", f"/orders/{ordered}"), lambda order: order["state"] == "paid"
        )
        assert order["invoice_number"]
        assert self.person.expect(200, "GET", f"{self.device_path}/plan")["state"] == "active"

    def step_up(self) -> None:
        self.person.expect(202, "POST", "/step-up", {})
        self.person.expect(200, "POST", "/step-up/confirm", {"code": self._code(2)})

    def copy(self) -> None:
        """All that is kept of the person is fetched as one archive, by a link that opens once."""
        path = f"/privacy/exports/{self.person.expect(202, 'POST', '/privacy/exports', {})['export_id']}"
        export = awaited(lambda: self.person.expect(200, "GET", path), lambda one: one["state"] == "ready")
        archive = self.wire.follow(export["download_url"]).body
        assert hashlib.sha256(archive).hexdigest() == export["sha256"]
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            contents = {name: files.read(name) for name in files.namelist()}
        assert self.picture in contents.values()
        said = b"".join(content for name, content in contents.items() if name.endswith(".json")).decode()
        who = self.cast
        assert [one for one in (who.email, who.nickname, who.sn, who.device_name) if one not in said] == []
        assert self.wire.follow(export["download_url"]).status == 404

    def close(self) -> None:
        closing = self.person.expect(202, "POST", "/me/closing", {})
        assert self.wire.ask("GET", "/me", token=self.person.access_token).status == 401
        erasure_id = closing.get("erasure_id") or closing["receipt_url"].rpartition("/")[2]
        erasure = awaited(lambda: self._resumed(erasure_id), lambda one: one["state"] == "done", ERASED_WITHIN_S)
        keys = KeySet.import_key_set(self.wire.expect(200, "GET", "/keys"))
        assert json.loads(jws.deserialize_compact(erasure["receipt"], keys, algorithms=["ES256"]).payload)
        assert self._objects() == []

    def _resumed(self, erasure_id: str) -> Json:
        """What the clock does every five minutes is done now."""
        self.emulator.client("lambda").invoke(FunctionName=f"sowa-{self.stage}-resume_erasures")
        erasure: Json = self.wire.expect(200, "GET", f"/erasures/{erasure_id}")
        return erasure

    def _objects(self) -> list[str]:
        """What the media bucket holds of this camera."""
        s3 = self.emulator.client("s3")
        (bucket,) = (one["Name"] for one in s3.list_buckets()["Buckets"] if f"sowa-{self.stage}-media" in one["Name"])
        held = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [one["Key"] for one in held if self.device_path.rpartition("/")[2] in one["Key"]]
