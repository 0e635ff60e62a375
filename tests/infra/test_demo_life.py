"""The story comes to its end in a cloud that keeps its promises, and stops at the very one that is broken."""

import base64
import io
import json
import re
import secrets
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from PIL import Image

from infra.demo.__main__ import main
from infra.demo.chapters import STEPS
from infra.demo.client import Answer, Wire
from infra.demo.console import WIDTH, BrokenPromise, Cost, Promises, Stored, Teller, summary
from infra.demo.footage import Frame
from infra.demo.life import LAST_LINE, Life
from infra.demo.segments import Film
from tests.infra.fake_recordings import FILM, FakeRecordings

KEY = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
WEEK = timedelta(days=7)
FRAMES = [Frame(secrets.token_bytes(2000 + number), float(number), 9.0) for number in range(4)]
Json = dict[str, Any]


class FakeCloud(Wire):
    """As much of the cloud as one account sees, in memory; each fault breaks one promise."""

    def __init__(self, fault: str = "", traced: bool = True) -> None:
        super().__init__("http://fake")
        self.fault, self.traced = fault, traced
        self.now = datetime(2026, 11, 1, 10, tzinfo=UTC)
        self.outbox: list[Json] = []
        self.items: list[Json] = [{"pk": "policy", "sk": "1"}]
        self.ledger: list[Json] = []
        self.fiscal: list[Json] = []
        self.pictures: dict[str, bytes] = {}
        self.recordings = FakeRecordings(self.pictures)
        self.recordings.fault = fault
        self.alarms: list[Json] = []
        self.account: Json = {}
        self.device: Json = {}
        self.order: Json = {}
        self.ended: datetime | None = None
        self.closed = False
        self.token_until = self.trusted_until = self.now
        self.copies: dict[str, int] = {}
        self.calls = 0

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        address = urlsplit(url)
        self.calls += 1
        if address.path == "/storage":
            return self._upload(body or b"", headers or {})
        if address.path.startswith("/copies/"):
            return self._link(address.path)
        if address.path == "/archive":
            return Answer(200, {}, self._archive())
        if address.path.startswith("/film/"):
            return self.recordings.serve(address.path)
        if address.path.startswith("/picture/"):
            return self._picture(address.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        status, answer = self._answer(method, address.path, json.loads(body or b"null"), query, headers or {})
        return Answer(status, {}, json.dumps(answer).encode())

    def _answer(self, method: str, path: str, body: Any, query: Json, headers: Mapping[str, str]) -> tuple[int, Any]:
        for pattern, (handler, needs) in ROUTES.items():
            if found := re.fullmatch(pattern, f"{method} {path}"):
                if needs == "person" and not self._signed_in(headers):
                    return 401, {"code": "NotSignedIn"}
                asked = {"body": body, "query": query, "headers": headers, "id": next(iter(found.groups()), "")}
                return handler(self, asked)
        return 404, {"code": "NotFound"}

    def _signed_in(self, headers: Mapping[str, str]) -> bool:
        known = headers.get("Authorization") == f"Bearer {self.account.get('token')}"
        closed = self.closed and self.fault != "session outlives the account"
        return known and not closed and (self.now < self.token_until or self.closed)

    # people

    def load(self, asked: Json) -> tuple[int, Any]:
        device = asked["body"]["devices"][0]
        if self.fault == "code stored readably":
            self.items.append({"pk": "factory", "sk": base64.b64encode(device["code"].encode()).decode()})
        return (422, {"code": "Invalid"}) if self.fault == "load refused" else (200, {"loaded": 1})

    def register(self, asked: Json) -> tuple[int, Any]:
        self.account = {**asked["body"], "account_id": secrets.token_hex(8)}
        self._mail_code("no code")
        return 202, {"registration_id": "r1"}

    def _mail_code(self, fault: str) -> None:
        if self.fault != fault:
            self.outbox.insert(0, {"kind": "email", "to": self.account["email"], "text": "…", "code": "123456"})

    def confirm(self, _: Json) -> tuple[int, Any]:
        self.items.append({"pk": f"account#{self.account['account_id']}", "sk": "self"})
        return 201, {"account_id": self.account["account_id"], **self._tokens()}

    def _tokens(self) -> Json:
        self.account["token"] = secrets.token_hex(16)
        self.token_until = self.now + timedelta(minutes=15)
        return {"access_token": self.account["token"], "refresh_token": "again", "expires_in_seconds": 900}

    def refresh(self, _: Json) -> tuple[int, Any]:
        if self.closed and self.fault != "session can be renewed":
            return 401, {"code": "NotSignedIn"}
        return 201, self._tokens()

    def me(self, _: Json) -> tuple[int, Any]:
        if self.fault == "account not active":
            return 403, {}
        birth = {"birth_date": self.account["birth_date"]} if self.fault == "date of birth kept" else {}
        return 200, {"nickname": self.account["nickname"], "email": self.account["email"], **birth}

    # devices

    def activate(self, _: Json) -> tuple[int, Any]:
        return 201, {"camera_token": "camera-token", "channel_url": "ws://fake"}

    def ticket(self, asked: Json) -> tuple[int, Any]:
        if asked["body"]["kind"] == "recording":
            return 200, self.recordings.ticket(self.now)
        if (not self.device and self.fault != "ticket before owner") or (self.closed and self.fault != "ticket after"):
            return 409, {"code": "NobodyOwnsIt"}
        lasting = timedelta(days=1) if self.fault == "ticket lasts a day" else timedelta(hours=1)
        prefix = f"alarms/{self.now:%Y%m%d}/{self.device.get('device_id')}/"
        until = (self.now + lasting).isoformat()
        return 201, {"url": "http://fake/storage", "fields": {"policy": "p"}, "key_prefix": prefix, "until": until}

    def bind(self, asked: Json) -> tuple[int, Any]:
        if self.device and self.fault != "bound twice":
            return 409, {"code": "AlreadyBound"}
        said = {name: asked["body"][name] for name in ("sn", "name", "time_zone")}
        self.device = {"device_id": secrets.token_hex(8), **said}
        return 201, self.device

    def devices(self, _: Json) -> tuple[int, Any]:
        return 200, {"items": [] if self.fault == "device not listed" else [self.device], "cursor": None}

    def push(self, asked: Json) -> tuple[int, Any]:
        self.account["push"] = asked["body"]["token"]
        return 200, {}

    def _upload(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        message = message_from_bytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
        parts = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message.walk()
        }
        key, jpeg = parts["key"].decode(), parts["file"]
        if self.closed:
            if self.fault == "late picture stays":
                self.pictures[key] = jpeg
            return Answer(204, {}, b"")
        if key.startswith("recordings/"):
            self.recordings.upload(key, jpeg)
            return Answer(204, {}, b"")
        new = key not in self.pictures
        if self.fault != "a picture is lost" or not self.pictures:
            self.pictures[key] = jpeg
        if new or self.fault == "alarm twice":
            self._alarm(key)
        return Answer(204, {}, b"")

    def _alarm(self, key: str) -> None:
        at = datetime.strptime(key.rsplit("/", 1)[-1][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        alarm = {
            "alarm_id": secrets.token_hex(8),
            "device_id": self.device["device_id"],
            "at": at.isoformat(),
            "read": False,
        }
        until = self.now + WEEK - timedelta(hours=1 if self.fault == "alarm ends early" else 0)
        told = self.now + WEEK
        self.alarms.insert(0, {**alarm, "until": told.isoformat(), "_until": until, "_key": key})
        data = {"alarm_id": alarm["alarm_id"], "device_id": alarm["device_id"]}
        if self.fault == "push names her":
            data["title"] = self.account["nickname"]
        if self.fault == "push of another":
            data["alarm_id"] = "somebody-elses"
        if self.fault != "no push":
            self.outbox.insert(0, {"kind": "push", "to": self.account["push"], "text": "Alarm", "data": data})

    def _living(self) -> list[Json]:
        lasting = timedelta(hours=1 if self.fault == "alarm lives on" else 0)
        return [alarm for alarm in self.alarms if self.now < alarm["_until"] + lasting]

    def list_alarms(self, _: Json) -> tuple[int, Any]:
        alarms = self._living()
        if self.fault == "oldest first":
            alarms = alarms[::-1]
        return 200, {"items": [_shown(alarm) for alarm in alarms], "cursor": None}

    def _picked(self, asked: Json) -> Json | None:
        return next((alarm for alarm in self._living() if alarm["alarm_id"] == asked["id"]), None)

    def one_alarm(self, asked: Json) -> tuple[int, Any]:
        if alarm := self._picked(asked):
            return 200, {**_shown(alarm), "picture_url": f"http://fake/picture/{alarm['_key']}"}
        return 404, {"code": "NotFound"}

    def _picture(self, path: str) -> Answer:
        key = path.removeprefix("/picture/")
        alarm = next((alarm for alarm in self.alarms if alarm["_key"] == key), None)
        ended = alarm is None or (self.now >= alarm["_until"] and self.fault != "link lives on")
        if ended:
            return Answer(403, {}, b"<Error/>")
        if self.closed and self.fault == "link outlives the account":
            return Answer(200, {}, FRAMES[0].jpeg)
        if key not in self.pictures:
            return Answer(404, {}, b"<Error/>")
        picture = self.pictures[key]
        return Answer(200, {}, picture[::-1] if self.fault == "another picture" else picture)

    def read(self, asked: Json) -> tuple[int, Any]:
        if (alarm := self._picked(asked)) and self.fault != "not marked":
            alarm["read"] = True
        return 204, None

    def delete(self, asked: Json) -> tuple[int, Any]:
        if (alarm := self._picked(asked)) and self.fault != "not deleted":
            self.alarms.remove(alarm)
            self.pictures.pop(alarm["_key"], None)
        return 204, None

    # plans

    def plans(self, _: Json) -> tuple[int, Any]:
        prices = [("free", 0), ("small", 299), ("large", 999)]
        return 200, {"items": [_plan(name, amount) for name, amount in prices], "cursor": None}

    def buy(self, asked: Json) -> tuple[int, Any]:
        if not self.order or self.fault == "ordered twice":
            self.order = {"order_id": secrets.token_hex(8), "state": "open", "plan_id": asked["body"]["plan_id"]}
        return 201, {"order_id": self.order["order_id"], "checkout_url": "http://fake/pay"}

    def pay(self, _: Json) -> tuple[int, Any]:
        count = self.order.get("paid_times", 0) + 1
        invoice = "" if self.fault == "no invoice" else f"2026/{count if self.fault == 'paid twice' else 1}"
        self.order |= {"state": "paid", "invoice_number": invoice, "paid_times": count}
        self.fiscal = [{"pk": "invoice#1", "sk": "1", "order": self.order["order_id"]}]
        return 200, {}

    def one_order(self, _: Json) -> tuple[int, Any]:
        return 200, {name: value for name, value in self.order.items() if name != "paid_times"}

    def plan(self, _: Json) -> tuple[int, Any]:
        state = "waiting" if self.fault == "plan waits" else "active"
        plan = {"state": state, "plan_id": self.order["plan_id"], "until": "2026-12-01T10:00:00Z"}
        return 200, {**plan, "used_bytes": self.recordings.used_bytes()}

    # recordings

    def recorded_days(self, _: Json) -> tuple[int, Any]:
        return 200, {"days": self.recordings.days()}

    def timeline(self, _: Json) -> tuple[int, Any]:
        return 200, self.recordings.timeline([_shown(alarm) for alarm in self._living()])

    def recorded(self, _: Json) -> tuple[int, Any]:
        return 200, {"items": self.recordings.listed(), "cursor": None}

    def delete_recording(self, asked: Json) -> tuple[int, Any]:
        self.recordings.delete(asked["id"])
        return 204, None

    def playlist(self, _: Json) -> tuple[int, Any]:
        return 201, {"playlist_url": "http://fake/film/playlist"}

    def make_clip(self, _: Json) -> tuple[int, Any]:
        return 202, {"clip_id": "c1"}

    def clip(self, _: Json) -> tuple[int, Any]:
        return 200, {"state": "ready", "url": "http://fake/film/clip", "size_bytes": len(self.recordings.clip())}

    # closing

    def step_up(self, _: Json) -> tuple[int, Any]:
        self._mail_code("no second code")
        return 202, {}

    def trust(self, _: Json) -> tuple[int, Any]:
        self.trusted_until = self.now + timedelta(minutes=10)
        return 200, {}

    # a copy

    def ask_for_copy(self, _: Json) -> tuple[int, Any]:
        if self.now >= self.trusted_until and self.fault != "copied without trust":
            return 403, {"code": "StepUpRequired"}
        if self.fault != "no mail of the copy":
            self.outbox.insert(0, {"kind": "email", "to": self.account["email"], "text": "It is ready."})
        name = f"exports/{self.account['account_id']}/1.zip"
        self.pictures[name] = self._archive()
        return 202, {"export_id": "x1", "state": "preparing"}

    def copy(self, _: Json) -> tuple[int, Any]:
        state = "preparing" if self.fault == "never ready" else "ready"
        return 200, {"export_id": "x1", "state": state, "download_url": "http://fake/copies/1", "sha256": "0" * 64}

    def _archive(self) -> bytes:
        pictures = [body for name, body in self.pictures.items() if name.startswith("alarms/")]
        pictures += [] if self.fault == "film is not copied" else self.recordings.film()
        if self.fault == "a picture is not copied":
            pictures.pop(1)
        told = json.dumps({**self.account, **self.device}, ensure_ascii=False)
        page = "" if self.fault == "no page" else f"<h1>{self.account['nickname']}</h1>"
        contents = {"account.json": told, "export.json": "{}", "index.html": page}
        if self.fault == "name is not copied":
            contents["account.json"] = told.replace(self.device["name"], "")
        to = io.BytesIO()
        with zipfile.ZipFile(to, "w") as archive:
            for name, content in [*contents.items(), *((f"{one}.jpg", body) for one, body in enumerate(pictures))]:
                archive.writestr(name, content)
        return to.getvalue()

    def _link(self, path: str) -> Answer:
        self.copies[path] = self.copies.get(path, 0) + 1
        if self.copies[path] > 1 and self.fault != "opens twice":
            return Answer(404, {}, b"")
        return Answer(302, {"Location": "http://fake/archive"}, b"")

    def close(self, _: Json) -> tuple[int, Any]:
        if self.now >= self.trusted_until and self.fault != "closed without trust":
            return 403, {"code": "StepUpRequired"}
        self.closed = True
        return 202, {"erasure_id": "e1" * 8, "receipt_url": "http://fake/erasures/" + "e1" * 8}

    def erasure(self, _: Json) -> tuple[int, Any]:
        if self.fault == "erasure hangs":
            return 200, {"state": "erasing"}
        kept = [] if self.fault == "kept is not told" else [{"what": "invoice", "why": "tax law"}]
        claims = {"sub": "e1" * 8, "stores": {"items": 2}, "kept": kept}
        if self.fault == "receipt names her":
            claims["of"] = self.account["email"]
        receipt = jws.serialize_compact({"alg": "ES256", "kid": "one"}, json.dumps(claims), KEY)
        return 200, {"state": "done", "done_at": "2026-11-09T00:00:00Z", "receipt": receipt}

    def keys(self, _: Json) -> tuple[int, Any]:
        key = OTHER_KEY if self.fault == "another key" else KEY
        return 200, {"keys": [key.as_dict(private=False)]}

    def _erase(self) -> None:
        email = self.account["email"]
        self.items = self.items[:1]
        if self.fault != "pictures outlive the account":
            self.pictures = {}
        self.ledger = [{"pk": "erasure#" + "e1" * 8, "sk": "record"}]
        if self.fault == "address left":
            self.items.append({"pk": "x", "sk": base64.b64encode(b"?" + email.encode()).decode()})
        if self.fault == "row left":
            self.items.append({"pk": f"account#{self.account['account_id']}", "sk": "x"})
        if self.fault == "picture left":
            self.pictures["covers/1.jpg"] = FRAMES[0].jpeg

    # backstage

    def see_outbox(self, asked: Json) -> tuple[int, Any]:
        return 200, [message for message in self.outbox if message["to"] == asked["query"]["to"]]

    def clock(self, asked: Json) -> tuple[int, Any]:
        if asked["body"]:
            self.now += timedelta(seconds=asked["body"]["advance_seconds"])
            if self.closed:
                self._erase()
            self._sweep()
        return 200, {"now": self.now.isoformat()}

    def _sweep(self) -> None:
        gone = [alarm for alarm in self.alarms if self.now > alarm["_until"] + timedelta(hours=12)]
        if self.fault != "rows of alarms left":
            self.alarms = [alarm for alarm in self.alarms if alarm not in gone]
        if self.now - datetime(2026, 11, 1, 10, tzinfo=UTC) > WEEK and self.fault != "archive stays":
            self.pictures = {name: body for name, body in self.pictures.items() if not name.startswith("exports/")}
        for alarm in gone:
            if self.fault != "pictures left":
                self.pictures.pop(alarm["_key"], None)

    def dump(self, _: Json) -> tuple[int, Any]:
        if self.fault == "dump fails":
            return 500, {"message": "no dump today"}
        if self.fault == "dump of another form":
            return 200, []
        alarms = [{"pk": "device", "sk": alarm["alarm_id"]} for alarm in self.alarms if not self.closed]
        objects = [{"key": key, "body": body.decode("latin-1")} for key, body in self.pictures.items()]
        tables = {"Items": self.items + alarms, "Ledger": self.ledger, "Fiscal": self.fiscal}
        return 200, {"tables": tables, "buckets": {"media": objects}, "queues": {}, "streams": {}, "logs": []}

    def trace(self, _: Json) -> tuple[int, Any]:
        calls, self.calls = self.calls, 0
        counted = {"calls": calls, "read_units": calls / 2, "write_units": 1, "by_operation": {}}
        return (200, counted) if self.traced else (404, {})

    def versions(self, _: Json) -> tuple[int, Any]:
        return 200, {"items": [{"version": "2021-09-13"}], "cursor": None}


def _shown(alarm: Json) -> Json:
    return {name: value for name, value in alarm.items() if not name.startswith("_")}


def _plan(name: str, amount: int) -> Json:
    return {"plan_id": name, "name": name.title(), "price": {"amount": amount, "currency": "EUR"}}


RECORDINGS = r"/devices/\w+/recordings"
ALARM = r"/devices/\w+/alarms/(\w+)"
ROUTES: dict[str, tuple[Callable[[FakeCloud, Json], tuple[int, Any]], str]] = {
    r"POST /_local/operations/load_devices": (FakeCloud.load, ""),
    r"GET /_local/outbox": (FakeCloud.see_outbox, ""),
    r"(?:GET|POST) /_local/clock": (FakeCloud.clock, ""),
    r"GET /_local/dump": (FakeCloud.dump, ""),
    r"GET /_local/trace": (FakeCloud.trace, ""),
    r"POST /_local/payments/(\w+)": (FakeCloud.pay, ""),
    r"GET /policy/versions": (FakeCloud.versions, ""),
    r"POST /accounts": (FakeCloud.register, ""),
    r"POST /accounts/confirm": (FakeCloud.confirm, ""),
    r"POST /sessions/refresh": (FakeCloud.refresh, ""),
    r"GET /me": (FakeCloud.me, "person"),
    r"POST /cameras/activation": (FakeCloud.activate, ""),
    r"POST /cameras/tickets": (FakeCloud.ticket, ""),
    r"POST /devices": (FakeCloud.bind, "person"),
    r"GET /devices": (FakeCloud.devices, "person"),
    r"PUT /terminals/current/push": (FakeCloud.push, "person"),
    r"GET /alarms": (FakeCloud.list_alarms, "person"),
    r"GET /devices/\w+/alarms": (FakeCloud.list_alarms, "person"),
    rf"GET {ALARM}": (FakeCloud.one_alarm, "person"),
    rf"DELETE {ALARM}": (FakeCloud.delete, "person"),
    rf"POST {ALARM}/read": (FakeCloud.read, "person"),
    r"GET /plans": (FakeCloud.plans, ""),
    r"POST /orders": (FakeCloud.buy, "person"),
    r"GET /orders/\w+": (FakeCloud.one_order, "person"),
    r"GET /devices/\w+/plan": (FakeCloud.plan, "person"),
    rf"GET {RECORDINGS}/days": (FakeCloud.recorded_days, "person"),
    rf"GET {RECORDINGS}/timeline": (FakeCloud.timeline, "person"),
    rf"GET {RECORDINGS}": (FakeCloud.recorded, "person"),
    rf"DELETE {RECORDINGS}/(\w+)": (FakeCloud.delete_recording, "person"),
    rf"POST {RECORDINGS}/playlists": (FakeCloud.playlist, "person"),
    rf"POST {RECORDINGS}/clips": (FakeCloud.make_clip, "person"),
    rf"GET {RECORDINGS}/clips/(\w+)": (FakeCloud.clip, "person"),
    r"POST /privacy/exports": (FakeCloud.ask_for_copy, "person"),
    r"GET /privacy/exports/(\w+)": (FakeCloud.copy, "person"),
    r"POST /step-up": (FakeCloud.step_up, "person"),
    r"POST /step-up/confirm": (FakeCloud.trust, "person"),
    r"POST /me/closing": (FakeCloud.close, "person"),
    r"GET /erasures/(\w+)": (FakeCloud.erasure, ""),
    r"GET /keys": (FakeCloud.keys, ""),
}

# fault → the step that must stop the story, and a word of the promise that it breaks
FAULTS = {
    "dump fails": (0, "does its part"),
    "dump of another form": (0, "agreed form"),
    "load refused": (1, "does its part"),
    "code stored readably": (1, "can be read in the stores"),
    "no code": (2, "a code arrives"),
    "account not active": (2, "makes her account active"),
    "date of birth kept": (2, "not her date of birth"),
    "ticket before owner": (3, "no upload ticket"),
    "device not listed": (3, "make it hers"),
    "bound twice": (3, "a second time"),
    "a picture is lost": (4, "takes every picture"),
    "ticket lasts a day": (4, "renewed its ticket"),
    "alarm twice": (5, "exactly one alarm"),
    "no push": (5, "a push message went"),
    "push names her": (5, "ids only"),
    "push of another": (5, "ids only"),
    "oldest first": (6, "newest first"),
    "another picture": (6, "byte for byte"),
    "not marked": (6, "says so"),
    "not deleted": (6, "gone at once"),
    "ordered twice": (7, "one order"),
    "no invoice": (7, "invoice number"),
    "plan waits": (7, "plan is active"),
    "paid twice": (7, "changes nothing"),
    "film is lost": (8, "takes every segment"),
    "plan does not say": (8, "what is in use"),
    "no day": (9, "calendar has the day"),
    "no marks": (9, "the day shows"),
    "a part is missing": (9, "every picture of it"),
    "clip of one recording": (10, "across a gap"),
    "recording stays": (10, "gone at once"),
    "segments left": (10, "in minutes"),
    "copied without trust": (11, "without raised trust there is none"),
    "never ready": (11, "a mail tells her"),
    "no mail of the copy": (11, "a mail tells her"),
    "name is not copied": (11, "what she gave"),
    "a picture is not copied": (11, "every picture"),
    "film is not copied": (11, "all film that is left"),
    "no page": (11, "for people"),
    "opens twice": (11, "opens once"),
    "alarm ends early": (12, "one second before"),
    "alarm lives on": (12, "404 and not listed"),
    "link lives on": (12, "link to its picture is dead"),
    "rows of alarms left": (12, "a day later nothing"),
    "pictures left": (12, "a day later nothing"),
    "archive stays": (12, "of the copy"),
    "closed without trust": (13, "without raised trust"),
    "no second code": (13, "a code by e-mail"),
    "session outlives the account": (13, "next request is refused"),
    "session can be renewed": (13, "next request is refused"),
    "ticket after": (13, "no upload ticket any more"),
    "late picture stays": (13, "deleted on arrival"),
    "erasure hangs": (13, "within 20 minutes"),
    "pictures outlive the account": (13, "no picture of hers"),
    "link outlives the account": (13, "the link that she had"),
    "another key": (14, "signature is that"),
    "receipt names her": (14, "nothing personal"),
    "address left": (15, "none of her strings"),
    "picture left": (15, "none of her strings"),
    "row left": (15, "of the tax law"),
    "kept is not told": (15, "the invoice is kept"),
}


def _life(cloud: FakeCloud) -> tuple[Life, io.StringIO]:
    told = io.StringIO()
    return Life(cloud, FRAMES, FILM, Teller(told), pause=lambda _: None), told


def test_the_whole_story_ends_well_in_a_cloud_that_keeps_its_promises() -> None:
    life, told = _life(FakeCloud())
    life.play(STEPS)
    lines = told.getvalue().splitlines()
    assert lines[-1] == LAST_LINE == "nothing of it is left but what the law keeps"
    assert max(len(line) for line in lines) <= WIDTH
    assert sum(line.startswith("    ok  ") for line in lines) == sum(len(step.promises) for step in STEPS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_promise_stops_the_story_at_its_step(fault: str) -> None:
    step, promise = FAULTS[fault]
    life, told = _life(FakeCloud(fault))
    with pytest.raises(BrokenPromise) as broken:
        life.play(STEPS)
    assert broken.value.step.startswith(f"{step} (")
    assert promise in broken.value.promised
    assert LAST_LINE not in told.getvalue()


def test_every_step_has_a_fault_that_stops_it() -> None:
    assert {step for step, _ in FAULTS.values()} == set(range(len(STEPS) + 1))


def test_every_personal_string_of_the_story_is_looked_for_and_is_hers_alone() -> None:
    lives = [_life(FakeCloud())[0] for _ in range(2)]
    values = [{str(needle.value) for needle in life.cast.needles()} for life in lives]
    assert not values[0] & values[1]
    assert {lives[0].cast.email, lives[0].cast.nickname, lives[0].cast.mac, lives[0].cast.sn} <= values[0]


def test_a_cloud_that_does_not_count_shows_a_dash() -> None:
    life, told = _life(FakeCloud(traced=False))
    life.play(STEPS)
    row = next(line for line in told.getvalue().splitlines() if line.startswith(" 1  Operators load a camera  "))
    assert row.split()[-3:] == ["-", "-", "-"]


def test_the_summary_adds_up_what_the_steps_cost_and_names_peak_and_end() -> None:
    costs = [
        Cost("1  first", 10, 2.5, 3, Stored(3, 4000, 7)),
        Cost("2  second", 1200, 0.5, 1, Stored(9, 1500, 2)),
    ]
    rows = [line.split() for line in summary(costs, before=Stored(0, 0, 1))]
    assert rows[2] == ["1", "first", "10", "2.5", "3"]
    assert rows[4] == ["together", "1,210", "3", "4"]
    assert rows[8:] == [
        ["before", "0", "0", "1"],
        ["at", "its", "peak", "9", "4,000", "7"],
        ["in", "the", "end", "9", "1,500", "2"],
    ]


def test_a_promise_that_is_never_shown_is_a_broken_one() -> None:
    promises = Promises("1 (x)", {"a": "it rains", "b": "it shines"}, Teller(io.StringIO()))
    promises.shows("a", True, "")
    with pytest.raises(BrokenPromise, match="it shines"):
        promises.all_shown()


# The program as a whole


@pytest.fixture
def filmed_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """To film takes a while."""
    monkeypatch.setattr(Film, "out_of", lambda *_: FILM)


@contextmanager
def _served(cloud: FakeCloud) -> Iterator[str]:
    """The fake cloud at a real address of this machine."""

    class Route(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = cloud.send(self.command, self.path, body or None, dict(self.headers))
            own = f"http://127.0.0.1:{server.server_port}"
            content = answer.body.replace(b"http://fake", own.encode())
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value.replace("http://fake", own))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Route)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    for number in range(3):
        Image.effect_noise((320, 240), 50 + number).convert("RGB").save(tmp_path / f"{number}.jpg")
    return tmp_path


@pytest.mark.usefixtures("filmed_already")
def test_the_program_ends_with_0_if_all_is_well(footage: Path) -> None:
    told = io.StringIO()
    with _served(FakeCloud()) as url:
        assert main(["--video", str(footage), "--url", url], Teller(told)) == 0
    assert told.getvalue().splitlines()[-1] == LAST_LINE


@pytest.mark.usefixtures("filmed_already")
def test_one_photograph_is_enough_for_the_whole_story(tmp_path: Path) -> None:
    Image.effect_noise((320, 240), 50).convert("RGB").save(tmp_path / "only.jpg")
    with _served(FakeCloud()) as url:
        assert main(["--video", str(tmp_path), "--url", url], Teller(io.StringIO())) == 0


@pytest.mark.usefixtures("filmed_already")
def test_the_program_ends_with_1_and_names_the_step_whose_promise_is_broken(footage: Path) -> None:
    told = io.StringIO()
    with _served(FakeCloud("paid twice")) as url:
        assert main(["--video", str(footage), "--url", url], Teller(told)) == 1
    assert "A promise is broken in step 7 (She buys a plan)." in told.getvalue()
    assert "Promised: the payment's message coming twice changes nothing" in told.getvalue()
    assert "Seen:" in told.getvalue()


@pytest.mark.usefixtures("filmed_already")
def test_a_cloud_that_does_not_answer_is_said_in_a_sentence(footage: Path) -> None:
    told = io.StringIO()
    with _served(FakeCloud()) as url:
        pass
    assert main(["--video", str(footage), "--url", url], Teller(told)) == 1
    assert "No answer from 127.0.0.1" in told.getvalue() and "Connection refused" in told.getvalue()


def test_footage_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    told = io.StringIO()
    assert main(["--video", str(tmp_path / "absent.mp4"), "--url", "http://127.0.0.1:9"], Teller(told)) == 1
    assert "There is no file" in told.getvalue()


def test_the_video_may_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDEO", str(tmp_path / "absent.mp4"))
    told = io.StringIO()
    assert main(["--url", "http://127.0.0.1:9"], Teller(told)) == 1
    assert "absent.mp4" in told.getvalue()
