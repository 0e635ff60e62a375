"""The people and cameras that tests are played with; everything goes through the public doors."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from PIL import Image

from chalicelib.register import catalogue
from chalicelib.store import raw_items
from chalicelib.store.keys import RawItem
from chalicelib.store.records import Record
from infra.local import dump
from infra.local.async_events import queue_name
from infra.local.cloud import LocalCloud, Plugged
from infra.local.gateway import Response
from infra.strict_moto import endpoint

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "quiet river under old bridge"
SECRET = "factory-secret-0123456789abcdef"
CODE = "ABCD-2345"
DEVICE_PASSWORD = "seven grey herons"
POLICY = "2026-11-01"
# For what is said of moto, or of the figures and refusals that the layer itself puts in its place.
ON_MOTO = pytest.mark.skipif(endpoint.URL is not None, reason="DynamoDB is at an endpoint, and this is about moto")


@cache
def jpeg(number: int = 0, size: tuple[int, int] = (160, 120)) -> bytes:
    """A picture of its own for each number, between 1 KB and 1 MB."""
    # Noise that is the same in every run, so that no test depends on Pillow's randomness.
    noise = b"".join(hashlib.sha256(f"{number}/{block}".encode()).digest() for block in range(size[0] * size[1] // 32))
    picture = io.BytesIO()
    Image.frombytes("L", size, noise).save(picture, "JPEG", quality=60)
    return picture.getvalue()


def box(kind: str, size_bytes: int = 128) -> bytes:
    """A box of ISO/IEC 14496-12 with nothing worth knowing in it."""
    return size_bytes.to_bytes(4) + kind.encode() + bytes(size_bytes - 8)


def filmed(kind: str, sizes: Sequence[int] = ()) -> bytes:
    """A segment that no player could show: fragments of these sizes, or packets of a transport stream."""
    if kind == "ts":
        return (b"\x47" + bytes(187)) * (sum(sizes or (752,)) // 188)
    return b"".join(box("moof", size) for size in sizes or (128,))


@dataclass
class Person:
    """Somebody with a phone."""

    world: LocalCloud
    email: str
    nickname: str = "Ola"
    language: str = "en"
    terminal: dict[str, Any] = field(
        default_factory=lambda: {"os": "Android 16", "model": "Pixel 9", "unique_id": "t1"}
    )
    account_id: str = ""
    access_token: str = ""
    refresh_token: str = ""

    def registration(self, **other: Any) -> dict[str, Any]:
        return {
            "email": self.email,
            "password": PASSWORD,
            "country": "PL",
            "nickname": self.nickname,
            "birth_date": "1990-05-17",
            "policy_version": POLICY,
            "language": self.language,
            **other,
        }

    def register(self, **other: Any) -> str:
        """Ask for an account; the registration's id."""
        answer = self.world.call("POST", "/accounts", self.registration(**other))
        assert answer.status == 202, answer.body
        return str(answer.json["registration_id"])

    @property
    def session_id(self) -> str:
        return self.access_token.split(".")[2]

    def newest_code(self) -> str:
        return str(next(mail["code"] for mail in self.world.outbox(self.email) if mail.get("code")))

    def confirm(self, registration_id: str, **headers: str) -> Response:
        body = {"registration_id": registration_id, "code": self.newest_code(), "terminal": self.terminal}
        return self._keep(self.world.call("POST", "/accounts/confirm", body, headers=headers))

    def sign_in(self, password: str = PASSWORD, factor: dict[str, Any] | None = None, **headers: str) -> Response:
        body = {"email": self.email, "password": password, "terminal": self.terminal}
        if factor is not None:
            body["second_factor"] = factor
        return self._keep(self.world.call("POST", "/sessions", body, headers=headers))

    def refresh(self) -> None:
        """As an app does where time has passed: the session stays."""
        answer = self._keep(self.world.call("POST", "/sessions/refresh", {"refresh_token": self.refresh_token}))
        assert answer.status == 201, answer.body

    def agree(self, purpose: str, *, given: bool = True, **headers: str) -> Response:
        """To the text that is shown now, or no more."""
        shown = {one["purpose"]: one["text_version"] for one in self.call("GET", "/consents").json["items"]}
        body = {"given": given, "text_version": shown[purpose]}
        return self.call("PUT", f"/consents/{purpose}", body, headers=headers)

    def send_events(self, *events: dict[str, Any]) -> Response:
        """What the app saw of the person."""
        some = events or ({"name": "opened", "at": wire_time(self.world.now()), "screen": "devices"},)
        return self.call("POST", "/experience/events", {"events": list(some)})

    def _keep(self, answer: Response) -> Response:
        if answer.status == 201:
            self.account_id = answer.json["account_id"]
            self.access_token, self.refresh_token = answer.json["access_token"], answer.json["refresh_token"]
        return answer

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> Response:
        return self.world.call(method, path, body, token=self.access_token, **how)

    def step_up(self) -> None:
        assert self.call("POST", "/step-up", {}).status == 202
        assert self.call("POST", "/step-up/confirm", {"code": self.newest_code()}).status == 200

    def change_address(self, **new: str) -> str:
        """Ask for it; the change's id. Trust must have been raised."""
        answer = self.call("POST", "/me/address", new)
        assert answer.status == 202, answer.body
        return str(answer.json["change_id"])

    def bind(self, camera: Camera, name: str = "Garden", **headers: str) -> Response:
        body = {"sn": camera.sn, "code": camera.code, "name": name, "time_zone": "Europe/Warsaw", "dst": True}
        answer = self.call("POST", "/devices", body, headers=headers)
        if answer.status == 201:
            camera.device_id = answer.json["device_id"]
        return answer

    def settings(self, device_id: str) -> Any:
        return self.call("GET", f"/devices/{device_id}/settings").json

    def change_settings(self, device_id: str, version: int, **settings: Any) -> Response:
        return self.call("PUT", f"/devices/{device_id}/settings", {"version": version, "settings": settings})

    def set_privacy(self, device_id: str, *, on: bool, **headers: str) -> Response:
        return self.call("PUT", f"/devices/{device_id}/privacy-mode", {"on": on}, headers=headers)

    def set_device_password(self, device_id: str, password: str, **more: str) -> Response:
        return self.call("PUT", f"/devices/{device_id}/password", {"password": password, **more})

    def check_device_password(self, device_id: str, password: str) -> Response:
        return self.call("POST", f"/devices/{device_id}/password/check", {"password": password})

    def offer(self, device_id: str, **to: str | bool) -> str:
        """To hand it over; the offer's id. Trust must have been raised."""
        answer = self.call("POST", f"/devices/{device_id}/transfer", to)
        assert answer.status == 202, answer.body
        return str(answer.json["transfer_id"])

    def accept(self, transfer_id: str, name: str = "Yard", **headers: str) -> Response:
        body = {"name": name, "time_zone": "Europe/Warsaw", "dst": True}
        return self.call("POST", f"/transfers/{transfer_id}/accept", body, headers=headers)

    def take_pushes(self, token: str) -> Response:
        return self.call("PUT", "/terminals/current/push", {"platform": "fcm", "token": token})

    def alarms(self, device_id: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/devices/{device_id}/alarms", query=query)
        assert answer.status == 200, answer.body
        items: list[dict[str, Any]] = answer.json["items"]
        return items

    def share(self, device_id: str, *, rights: Sequence[str] = ("alarms",), **asked: Any) -> Response:
        return self.call("POST", f"/devices/{device_id}/shares", {"rights": list(rights), **asked})

    def device(self, device_id: str) -> Any:
        answer = self.call("GET", f"/devices/{device_id}")
        assert answer.status == 200, answer.body
        return answer.json

    def command(self, device_id: str, word: str = "restart", **said: Any) -> Response:
        return self.call("POST", f"/devices/{device_id}/commands", {"command": word, **said})

    def watch(self, device_id: str, channel: str = "1") -> Any:
        """Begin a live view."""
        answer = self.call("POST", f"/devices/{device_id}/live", {"channel": channel})
        assert answer.status == 201, answer.body
        return answer.json

    def playlist(self, device_id: str, begin: datetime, end: datetime, *, channel: str = "1") -> Any:
        """What plays this back: its address, and until when."""
        answer = self.ask_playlist(device_id, begin, end, channel=channel)
        assert answer.status == 201, answer.body
        return answer.json

    def ask_playlist(self, device_id: str, begin: datetime, end: datetime, *, channel: str = "1") -> Response:
        body = {"channel": channel, "from": wire_time(begin), "to": wire_time(end)}
        return self.call("POST", f"/devices/{device_id}/recordings/playlists", body)

    def timeline(self, device_id: str, day: str, *, channel: str = "1") -> Any:
        """Spans and alarms of a day of the device's."""
        query = {"channel": channel, "day": day}
        answer = self.call("GET", f"/devices/{device_id}/recordings/timeline", query=query)
        assert answer.status == 200, answer.body
        return answer.json

    def order(
        self,
        device_id: str,
        plan_id: str = "event-7-month",
        key: str = "order-key-0123456789",
        invoice_to: dict[str, Any] | None = None,
        renew: bool = False,
    ) -> Response:
        named: dict[str, Any] = {} if invoice_to is None else {"invoice_to": invoice_to}
        named |= {"renew": True} if renew else {}
        body = {"plan_id": plan_id, "device_id": device_id, "payment_method": "card", **named}
        return self.call("POST", "/orders", body, headers={"Idempotency-Key": key})

    def upload_avatar(self, data: bytes | None = None) -> Response:
        """Upload a picture on a fresh ticket; the cloud has not been told yet (see `settle`)."""
        ticket = self.call("POST", "/me/avatar", {"content_type": "image/jpeg"}).json
        return self.world.upload(ticket, "", jpeg(900, (640, 480)) if data is None else data)

    def show_face(self, data: bytes | None = None) -> None:
        """An avatar, all the way."""
        assert self.upload_avatar(data).status == 204
        self.world.settle()

    def avatar(self) -> bytes | None:
        """What its link gives; None where there is no link."""
        url = self.call("GET", "/me").json["avatar_url"]
        return None if url is None else self.world.fetch(url).body

    def upload_cover(self, device_id: str, data: bytes | None = None) -> Response:
        """Upload a picture on a fresh ticket; the cloud has not been told yet (see `settle`)."""
        ticket = self.call("POST", f"/devices/{device_id}/cover", {"content_type": "image/jpeg"}).json
        return self.world.upload(ticket, "", jpeg(910, (640, 480)) if data is None else data)

    def cover(self, device_id: str, data: bytes | None = None) -> None:
        """A cover, all the way."""
        assert self.upload_cover(device_id, data).status == 204
        self.world.settle()

    def cover_of(self, device_id: str) -> bytes | None:
        """What its link gives; None where there is no link."""
        url = self.call("GET", f"/devices/{device_id}").json["cover_url"]
        return None if url is None else self.world.fetch(url).body

    def close(self, **headers: str) -> Response:
        return self.call("POST", "/me/closing", headers=headers)


class Caller(Person):
    """Somebody who goes by a number; what the scene calls the e-mail is that."""

    def registration(self, **other: Any) -> dict[str, Any]:
        said = super().registration(**other)
        number = said.pop("email")
        return {**said, "phone": number}

    def sign_in(self, password: str = PASSWORD, **headers: str) -> Response:
        body = {"phone": self.email, "password": password, "terminal": self.terminal}
        return self._keep(self.world.call("POST", "/sessions", body, headers=headers))


@dataclass
class Camera:
    """A camera of the factory."""

    world: LocalCloud
    sn: str = "SN0001"
    code: str = CODE
    secret: str = SECRET
    token: str = ""
    device_id: str = ""
    # By channel; and whose init lies with which.
    recording_tickets: dict[str, Any] = field(default_factory=dict)
    inits_brought: set[str] = field(default_factory=set)

    def load(self) -> dict[str, Any]:
        row = {"sn": self.sn, "model": "Sowa One", "code": self.code, "secret": self.secret}
        answer: dict[str, Any] = self.world.invoke("load_devices", {"devices": [row]})
        return answer

    def activation(self, **other: Any) -> dict[str, Any]:
        return {
            "sn": self.sn,
            "secret": self.secret,
            "mac": "02:00:5e:10:00:01",
            "model": "Sowa One",
            "firmware": "1.0.0",
            "channels": [{"id": "1", "name": "Door"}],
            "lan": {"ip": "192.168.1.20", "port": 8554},
            **other,
        }

    def activate(self, **other: Any) -> Response:
        answer = self.world.call("POST", "/cameras/activation", self.activation(**other))
        if answer.status == 200:
            self.token = answer.json["camera_token"]
        return answer

    def equip(self, *channels: str) -> None:
        """It has these channels from now on."""
        assert self.activate(channels=[{"id": channel, "name": ""} for channel in channels]).status == 200

    def connect(self) -> Plugged:
        """Open the channel; what waits in the mailbox comes with `settle`."""
        plugged = self.world.connect(self.token)
        assert isinstance(plugged, Plugged), plugged
        return plugged

    def ask_ticket(self, kind: str = "alarm") -> Response:
        return self.world.call("POST", "/cameras/tickets", {"kind": kind}, token=self.token)

    def stream(
        self, piece: bytes = b"", *, channel: str = "1", init: str = "", ms: int = 1000, kind: str = "m4s"
    ) -> str:
        """Upload a piece of live video that begins now, or what a player must know first; its name."""
        name = f"init-{init}.mp4" if init else f"{self.world.now():%Y%m%dT%H%M%S.%f}"[:-3] + f"Z-{ms}.{kind}"
        ticket = self.ask_ticket("live").json
        assert self.world.upload(ticket, f"{channel}/{name}", piece or (init or "moof").encode()).status == 204
        return name

    def recording_ticket(self, channel: str = "1") -> Any:
        """A new one for this channel; the next segments come on it."""
        body = {"kind": "recording", "channels": [channel]}
        answer = self.world.call("POST", "/cameras/tickets", body, token=self.token)
        assert answer.status == 200, answer.body
        (ticket,) = answer.json["tickets"]
        self.recording_tickets[channel] = ticket
        return ticket

    def record(
        self,
        ms: int = 60_000,
        *,
        at: datetime | None = None,
        init: str = "a",
        channel: str = "1",
        sizes: Sequence[int] = (),
        kind: str = "m4s",
        data: bytes | None = None,
        ticket: Any = None,
    ) -> str:
        """Upload what was filmed until `at` (now), and before it the init if that does not lie with the ticket yet;
        the key. Without a ticket on the one at hand; the cloud has not been told yet (see `settle`)."""
        end = at or self.world.now()
        ticket = ticket or self._ticket_at_hand(channel)
        if kind == "m4s" and init:
            self._bring_init(ticket, channel, init)
        written = "-" + ".".join(map(_base36, sizes)) if sizes else ""
        name = f"{channel}/{segment_stamp(end - timedelta(milliseconds=ms))}-{ms}{written}.{kind}"
        types = {"Content-Type": "video/mp2t"} if kind == "ts" else {}
        answer = self.world.upload(ticket, name, filmed(kind, sizes) if data is None else data, **types)
        assert answer.status == 204, answer.body
        return f"{ticket['key_prefix']}{name}"

    def forget_tickets(self) -> None:
        """As in a world that was put back to before it was let in."""
        self.recording_tickets.clear()
        self.inits_brought.clear()

    def _ticket_at_hand(self, channel: str) -> Any:
        held = self.recording_tickets.get(channel)
        if held is None or datetime.fromisoformat(held["until"]) <= self.world.now():
            held = self.recording_ticket(channel)
        return held

    def _bring_init(self, ticket: Any, channel: str, init: str) -> None:
        name = f"{channel}/init-{init}.mp4"
        key = f"{ticket['key_prefix']}{name}"
        if key not in self.inits_brought:
            answer = self.world.upload(ticket, name, box("ftyp", 32) + box("moov", 600 + len(init)))
            assert answer.status == 204, answer.body
            self.inits_brought.add(key)

    def report(self, **told: Any) -> Response:
        """What it says of itself now."""
        body = {"at": f"{self.world.now():%Y-%m-%dT%H:%M:%S.%fZ}", **told}
        return self.world.call("PUT", "/cameras/state", body, token=self.token)

    def upload(
        self, number: int = 0, *, kind: str = "motion", channel: str = "1", data: bytes | None = None
    ) -> Response:
        """Upload one snapshot on a fresh ticket; the cloud has not been told yet (see `settle`)."""
        ticket = self.ask_ticket().json
        name = f"{channel}/{self.world.now():%Y%m%dT%H%M%SZ}-{kind}-{number:06d}.jpg"
        return self.world.upload(ticket, name, jpeg(number) if data is None else data)

    def answer_with_picture(self, command_id: str, data: bytes | None = None) -> Response:
        """Upload the snapshot that was asked for."""
        ticket = self.ask_ticket("snapshot").json
        name = f"1/{self.world.now():%Y%m%dT%H%M%SZ}-snapshot-{command_id}.jpg"
        return self.world.upload(ticket, name, jpeg(5) if data is None else data)

    def see(self, number: int = 0, **how: Any) -> None:
        """A snapshot, all the way to its alarm."""
        assert self.upload(number, **how).status == 204
        self.world.settle()


def wire_time(at: datetime) -> str:
    """As the API is told a moment."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def segment_stamp(at: datetime) -> str:
    """As a segment's name says when it begins."""
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z"


def _base36(number: int) -> str:
    rest, digit = divmod(number, 36)
    return (_base36(rest) if rest else "") + "0123456789abcdefghijklmnopqrstuvwxyz"[digit]


def new_person(world: LocalCloud, email: str = "ola@example.com", **other: Any) -> Person:
    """Somebody with an account, signed in."""
    person = Person(world, email, **other)
    assert person.confirm(person.register()).status == 201
    return person


def ask_for_reset(world: LocalCloud, email: str, **headers: str) -> str:
    """The id of a password's reset, whose code is on its way."""
    answer = world.call("POST", "/password-resets", {"email": email}, headers=headers)
    assert answer.status == 202, answer.body
    return str(answer.json["reset_id"])


def elsewhere(person: Person, unique_id: str = "t2", password: str = PASSWORD) -> Person:
    """The same person, signed in on another terminal."""
    other = Person(**{**vars(person), "terminal": {**person.terminal, "unique_id": unique_id}})
    assert other.sign_in(password).status == 201
    return other


def new_camera(world: LocalCloud, sn: str = "SN0001", owner: Person | None = None) -> Camera:
    """A camera, loaded and activated, and bound if it is given an owner."""
    camera = Camera(world, sn)
    camera.load()
    assert camera.activate().status == 200
    if owner is not None:
        assert owner.bind(camera).status == 201
    return camera


def lay_down(world: LocalCloud, key: str, content: str | bytes) -> str:
    """A file of the factory's; its address."""
    from chalicelib.aws.clients import client

    name = world.stack.physical("Factory")
    body = content.encode() if isinstance(content, str) else content
    with world.aws.outside():
        client("s3").put_object(Bucket=name, Key=key, Body=body)
    return f"s3://{name}/{key}"


def forget_root_secret(world: LocalCloud) -> None:
    """As it is before the installation's first request; what a container remembers of it is another matter."""
    from chalicelib.aws.clients import client

    with world.aws.outside():
        client("dynamodb").delete_item(TableName=world.stack.physical("Keys"), Key={"pk": {"S": "root"}})


def pay(world: LocalCloud, order_id: str, outcome: str = "paid") -> Response:
    """What the sandbox provider's page does."""
    from infra.local import checkout

    headers, body = checkout.event(order_id, outcome)
    return world.call("POST", "/payments/sandbox", raw=body, headers=headers)


@contextmanager
def just_before(world: LocalCloud, nth: int, act: Callable[[], Any]) -> Iterator[None]:
    """Within, somebody else acts right before the n-th AWS call of whoever asks here; it must come to that."""
    mine, calls = threading.current_thread().name, 0

    def before_call(thread: str, call: Any) -> None:
        nonlocal calls
        calls += thread == mine
        if thread == mine and calls == nth:
            other = threading.Thread(target=act)
            other.start()
            other.join()

    world.aws.order_by(before_call)
    try:
        yield
    finally:
        world.aws.order_by(None)
    assert calls >= nth, f"there were only {calls} calls"


def at_once(*acts: Callable[[], Response]) -> list[Response]:
    """All of them in threads of their own, begun together."""
    together = threading.Barrier(len(acts))
    answers: list[Response] = []

    def run(act: Callable[[], Response]) -> None:
        together.wait()
        answers.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def until(holds: Callable[[], bool]) -> None:
    """What another thread or process does is waited for, and not measured."""
    for _ in range(1500):
        if holds():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came about")


# What differs in any two answers, whoever is asked about.
_OWN_HEADERS = {"x-request-id", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id", "date"}


def looks(answer: Response) -> Any:
    """Everything of an answer but its random ids."""
    headers = sorted((name.lower(), value) for name, value in answer.headers.items())
    headers = [(name, value) for name, value in headers if name not in _OWN_HEADERS]
    return answer.status, headers, {name: len(str(value)) for name, value in answer.json.items()}, len(answer.body)


def everything_stored(world: LocalCloud) -> str:
    """As one text, to search."""
    return json.dumps(world.dump(), ensure_ascii=False)


def items_of(base: type[Record], pk: str) -> list[RawItem]:
    """All items of a partition as they lie there, known kind or not, expired or not."""
    return [item for page in raw_items.pages(base, pk) for item in page]


def granted(world: LocalCloud) -> list[str]:
    """The grants of plans, as they lie with the owners' devices."""
    return [one for row in rows(world, "account/device-owned") for one in row.get("plan_grants", [])]


# The tables and kinds whose rows a test looked at, and whether one was ever there.
_looked_at: dict[tuple[str, str], bool] = {}


def rows(world: LocalCloud, kind: str, table: str = "Items") -> list[dict[str, Any]]:
    """The rows of a kind, by the first words of their keys: `account/session`, or `key` where there is one key. Of a
    kind that no record has there would never be any; and one of them is there at some time in the test that asks."""
    pk, _, sk = kind.partition("/")
    assert catalogue.record_at(_physical(table), pk, sk or None), f"no record of {table} is a {kind}"
    _looked_at.setdefault((table, kind), False)
    stored = world.dump()
    _note_presence(stored)
    return [row for row in stored["tables"][_physical(table)] if _kind(row) == kind]


def _physical(table: str) -> str:
    return f"sowa-local-{table}"


def _kind(key: dict[str, Any]) -> str:
    return "/".join(key[name].split("#")[0] for name in ("pk", "sk") if name in key)


def _note_presence(stored: dict[str, Any]) -> None:
    for table in {table for table, _ in _looked_at}:
        written = [record["Keys"] for record in stored["streams"].get(_physical(table), ())]
        present = {_kind(key) for key in (*stored["tables"][_physical(table)], *written)}
        _looked_at.update({(table, kind): True for kind in present if (table, kind) in _looked_at})


@contextmanager
def requiring_presence() -> Iterator[None]:
    """Within, of each kind whose rows are looked at one is there at some time: one that nothing writes is never there,
    and that would be said of it whatever the code does. What the last day's streams tell of was there."""
    _looked_at.clear()
    yield
    if not all(_looked_at.values()):
        _note_presence(dump.dump())
    never = [f"{kind} of {table}" for (table, kind), was_there in _looked_at.items() if not was_there]
    _looked_at.clear()
    assert not never, f"rows that were looked for and never there: {never}; show one, before or after"


def lines_of(world: LocalCloud) -> list[str]:
    """The lines that functions wrote. A log without any is no proof of what is not in it."""
    lines = world.logs.lines()
    assert lines
    return lines


def is_nothing_sent(world: LocalCloud, to: str | None = None) -> bool:
    """Whether nobody, or this address, was sent anything; what is sent now is seen."""
    from chalicelib.aws.clients import client

    shown = to or "shown@example.com"
    text = {"Simple": {"Subject": {"Data": "shown"}, "Body": {"Text": {"Data": "shown"}}}}
    before = world.outbox(to)
    with world.aws.outside():
        client("sesv2").send_email(
            FromEmailAddress="no-reply@sowa.example", Destination={"ToAddresses": [shown]}, Content=text
        )
    assert [one["subject"] for one in world.outbox(to) if one not in before] == ["shown"]
    return before == []


def lose_events(world: LocalCloud, function: str) -> None:
    """Those that S3 told the function of, and that it has not taken yet."""
    from chalicelib.aws.clients import client

    with world.aws.outside():
        sqs = client("sqs")
        url = sqs.get_queue_url(QueueName=queue_name(function))["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        assert int(found["ApproximateNumberOfMessages"]) > 0
        sqs.purge_queue(QueueUrl=url)
