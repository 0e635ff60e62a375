"""As much of the cloud as one account and its camera see, in memory, for the demo; each fault breaks one promise."""

import base64
import io
import json
import re
import secrets
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey

from infra.demo.client import Answer, Wire
from tests.infra.fake_recordings import FakeRecordings

KEY = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
WEEK, DAY, PERIOD = timedelta(days=7), timedelta(days=1), timedelta(days=30)
BEGUN = datetime(2026, 11, 1, 10, tzinfo=UTC)
PRICE = {"amount": 699, "currency": "EUR"}
Json = dict[str, Any]


class FakeCloud(Wire):
    """`fault` names the promise that it breaks; `traced` is whether it counts its calls."""

    def __init__(self, fault: str = "", traced: bool = True) -> None:
        super().__init__("http://fake")
        self.fault, self.traced = fault, traced
        self.now = BEGUN
        self.outbox: list[Json] = []
        self.items: list[Json] = [{"pk": "policy", "sk": "1"}]
        self.ledger: list[Json] = []
        self.fiscal: list[Json] = []
        self.pictures: dict[str, bytes] = {}
        self.first_picture = b""
        self.recordings = FakeRecordings(self.pictures)
        self.recordings.fault = fault
        self.alarms: list[Json] = []
        self.account: Json = {}
        self.device: Json = {}
        self.order: Json = {}
        self.renewal: Json = {}
        self.other: Json = {}
        self.lies_on = ""
        self.renews = self.is_told = False
        self.paused_at: datetime | None = None
        self.paused_for = timedelta()
        self.gifts = 0
        self.ended: datetime | None = None
        self.closed = False
        self.token_until = self.trusted_until = self.now
        self.copies: dict[str, int] = {}
        self.calls = self.uploads = 0

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
        channel = {"channel_url": "ws://fake", "ping_seconds": 30, "reconnect_after_seconds": 5}
        return 201, {"camera_token": "camera-token", **channel}

    def ticket(self, asked: Json) -> tuple[int, Any]:
        if asked["body"]["kind"] == "recording":
            has_plan = self.order and self.lies_on == self.device["device_id"]
            has_plan = has_plan and (self.paused_at is None or self.fault == "records while paused")
            return (200, self.recordings.ticket(self.now)) if has_plan else (409, {"code": "NoPlan"})
        if (not self.device and self.fault != "ticket before owner") or (self.closed and self.fault != "ticket after"):
            return 409, {"code": "NobodyOwnsIt"}
        lasting = timedelta(days=1) if self.fault == "ticket lasts a day" else timedelta(hours=1)
        prefix = f"alarms/{self.now:%Y%m%d}/{self.device.get('device_id')}/"
        until = (self.now + lasting).isoformat()
        return 201, {"url": "http://fake/storage", "fields": {"policy": "p"}, "key_prefix": prefix, "until": until}

    def state(self, _: Json) -> tuple[int, Any]:
        return 200, {"desired": {"version": 0, "settings": {}}, "privacy_mode": False, "now": self.now.isoformat()}

    def bind(self, asked: Json) -> tuple[int, Any]:
        said = {name: asked["body"][name] for name in ("sn", "name", "time_zone")}
        bound = {"device_id": secrets.token_hex(8), **said}
        if self.device and said["sn"] != self.device["sn"]:
            self.other = bound
            return 201, bound
        if self.device and self.fault != "bound twice":
            return 409, {"code": "AlreadyBound"}
        self.device, self.lies_on = bound, bound["device_id"]
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
        self.uploads += 1
        if self.closed:
            if self.fault == "late picture stays":
                self.pictures[key] = jpeg
            return Answer(204, {}, b"")
        if key.startswith("recordings/"):
            self.recordings.upload(key, jpeg)
            return Answer(204, {}, b"")
        new = key not in self.pictures
        self.first_picture = self.first_picture or jpeg
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
            return Answer(200, {}, b"a picture")
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
        plans = [("small", "event", 199), ("large", "continuous", 999), ("middle", "continuous", 699)]
        return 200, {"items": [_plan(*each) for each in plans], "cursor": None}

    def buy(self, asked: Json) -> tuple[int, Any]:
        if not self.order or self.fault == "ordered twice":
            self.order = {"order_id": secrets.token_hex(8), "state": "open", "plan_id": asked["body"]["plan_id"]}
        self.renews = asked["body"]["renew"]
        return 201, {"order_id": self.order["order_id"], "checkout_url": "http://fake/pay"}

    def pay(self, _: Json) -> tuple[int, Any]:
        count = self.order.get("paid_times", 0) + 1
        invoice = "" if self.fault == "no invoice" else f"2026/{count if self.fault == 'paid twice' else 1}"
        self.order |= {"state": "paid", "invoice_number": invoice, "paid_times": count}
        self.fiscal = [{"pk": "invoice#1", "sk": "1", "order": self.order["order_id"]}]
        return 200, {}

    def one_order(self, asked: Json) -> tuple[int, Any]:
        order = self.renewal if asked["id"] == self.renewal.get("order_id") else self.order
        return 200, {name: value for name, value in order.items() if name != "paid_times"}

    def orders(self, _: Json) -> tuple[int, Any]:
        return 200, {"items": [order for order in (self.renewal, self.order) if order], "cursor": None}

    def _until(self) -> datetime:
        renewed = bool(self.renewal) and self.renewal["state"] == "paid" and self.fault != "period is lost"
        if self.fault == "plan outlives its money" and self.renewal:
            renewed = True
        return BEGUN + PERIOD * (1 + renewed + self.gifts) + self.paused_for

    def move(self, asked: Json) -> tuple[int, Any]:
        is_back = asked["body"]["to_device_id"] == self.device["device_id"]
        self.lies_on = "" if is_back and self.fault == "does not come back" else asked["body"]["to_device_id"]
        return self.plan(asked)

    def _no_plan(self, until: datetime) -> Json:
        ended = {"state": "ended", "plan_id": self.order["plan_id"], "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
        return {**ended, "renews": None, "waiting": []}

    def plan(self, asked: Json) -> tuple[int, Any]:
        if asked["id"] not in ("", self.lies_on) and self.fault != "lies on both":
            return 200, self._no_plan(self.now)
        state = "waiting" if self.fault == "plan waits" else "active" if self.paused_at is None else "paused"
        until = self._until()
        plan = {"state": state, "plan_id": self.order["plan_id"], "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
        at = until if self.fault == "renews too late" else until - DAY
        renews = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "price": PRICE} if self.renews else None
        if asked["id"] == self.other.get("device_id") and self.fault == "renewal stays behind":
            renews = None
        return 200, {**plan, "renews": renews, "waiting": [], "used_bytes": self.recordings.used_bytes()}

    def _renew(self) -> None:
        """What the jobs of a week before the end do, and of the day before."""
        until = self._until()
        if self.renews and not self.is_told and self.now >= until - WEEK:
            self.is_told = True
            price = "" if self.fault == "price is not told" else "6.99 EUR"
            subject = f"Your plan renews on {until - DAY:%Y-%m-%d}"
            self.outbox.insert(0, {"kind": "email", "to": self.account["email"], "subject": subject, "text": price})
        due = until - (WEEK if self.fault == "taken early" else DAY)
        if self.renews and not self.renewal and self.now >= due:
            amount = {**PRICE, "amount": 799} if self.fault == "more is taken" else PRICE
            number = "2026/1" if self.fault == "no other invoice" else "2026/2"
            self.renewal = {"order_id": "r1" * 8, "state": "paid", "amount": amount, "invoice_number": number}
            self.renewal |= {"period_days": PERIOD.days, "payments": [{"state": "applied"}]}

    def pause(self, asked: Json) -> tuple[int, Any]:
        if asked["body"]["on"]:
            self.paused_at = self.now
            return self.plan(asked)
        if self.paused_at is not None and self.fault != "time goes on":
            self.paused_for = self.now - self.paused_at
        if self.fault != "stays paused":
            self.paused_at = None
        return self.plan(asked)

    def set_renewal(self, asked: Json) -> tuple[int, Any]:
        self.renews = self.fault == "renews all the same"
        return self.plan(asked)

    def refund_preview(self, _: Json) -> tuple[int, Any]:
        return 200, {"amount": PRICE, "is_whole": self.fault != "less is said"}

    def refund(self, _: Json) -> tuple[int, Any]:
        number = self.renewal.get("credit_note_number")
        if number and self.fault != "goes back twice":
            return 409, {"code": "RefundedAlready", "credit_note_number": number}
        state = "refund_due" if self.fault == "money stays" else "refunded"
        self.renewal |= {"state": "refunded", "credit_note_number": "K-2026/1", "payments": [{"state": state}]}
        return 202, {"amount": PRICE, "credit_note_number": "K-2026/1"}

    def issue(self, _: Json) -> tuple[int, Any]:
        return 200, {"codes": [GIFT]}

    def redeem(self, asked: Json) -> tuple[int, Any]:
        typed = asked["body"]["code"].replace(" ", "-").upper()
        if typed != GIFT and self.fault != "slip is taken":
            return 422, {"code": "GiftCardMistyped"}
        if self.fault != "gift is lost" and (not self.gifts or self.fault == "gift counts twice"):
            self.gifts += 1
        return self.plan(asked)

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
        pictures += [] if self.fault == "film is not copied" else self.recordings.contents()
        if self.fault == "a picture is not copied":
            pictures = [picture for picture in pictures if picture != self.first_picture]
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
            self.pictures["covers/1.jpg"] = self.first_picture

    # backstage

    def see_outbox(self, asked: Json) -> tuple[int, Any]:
        return 200, [message for message in self.outbox if message["to"] == asked["query"]["to"]]

    def clock(self, asked: Json) -> tuple[int, Any]:
        if asked["body"]:
            self.now += timedelta(seconds=asked["body"]["advance_seconds"])
            if self.closed:
                self._erase()
            else:
                self._renew()
            self._sweep()
        return 200, {"now": self.now.isoformat()}

    def _sweep(self) -> None:
        gone = [alarm for alarm in self.alarms if self.now > alarm["_until"] + timedelta(hours=12)]
        if self.fault != "rows of alarms left":
            self.alarms = [alarm for alarm in self.alarms if alarm not in gone]
        if self.now - BEGUN > WEEK and self.fault != "archive stays":
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


def _plan(name: str, kind: str, amount: int) -> Json:
    price = {"amount": amount, "currency": "EUR"}
    return {"plan_id": name, "name": name.title(), "kind": kind, "period_days": 30, "price": price}


GIFT = "XAKW-XPY3-X4Y4-9N7F-MXC3"
RECORDINGS = r"/devices/\w+/recordings"
ALARM = r"/devices/\w+/alarms/(\w+)"
ROUTES: dict[str, tuple[Callable[[FakeCloud, Json], tuple[int, Any]], str]] = {
    r"POST /_local/operations/load_devices": (FakeCloud.load, ""),
    r"POST /_local/operations/issue_gift_cards": (FakeCloud.issue, ""),
    r"POST /gift-cards/redeem": (FakeCloud.redeem, "person"),
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
    r"PUT /cameras/state": (FakeCloud.state, ""),
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
    r"GET /orders": (FakeCloud.orders, "person"),
    r"GET /orders/(\w+)": (FakeCloud.one_order, "person"),
    r"POST /orders/\w+/refund/preview": (FakeCloud.refund_preview, "person"),
    r"POST /orders/\w+/refund": (FakeCloud.refund, "person"),
    r"GET /devices/(\w+)/plan": (FakeCloud.plan, "person"),
    r"POST /devices/\w+/plan/move": (FakeCloud.move, "person"),
    r"PUT /devices/\w+/plan/pause": (FakeCloud.pause, "person"),
    r"PUT /devices/\w+/plan/renewal": (FakeCloud.set_renewal, "person"),
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
