"""The life of one account, from the factory to the receipt of its erasure, each step held to what it promises."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from infra.demo.camera import Camera, NotBound, Sent
from infra.demo.client import Backstage, Json, Person, Refused, Wire, instant
from infra.demo.footage import Frame
from infra.demo.people import Cast, new_cast, picture_needles
from infra.demo.search import Hit, Needle, search
from infra.demo.stage import BrokenPromise, Cost, Promises, Stored, Teller, summary
from infra.demo.stored import Thing, counted, items, objects, size_bytes

LAST_LINE = "nothing of it is left but what the law keeps"
BETWEEN_VISITS = timedelta(minutes=57)  # longer than an upload ticket is renewed before its end
ERASED_WITHIN = timedelta(minutes=20)
A_DAY_AND_SOME = timedelta(hours=25)
POLLS = 20
LAWFUL_TABLES = ("fiscal", "ledger")


@dataclass(frozen=True)
class Step:
    title: str
    promises: dict[str, str]
    play: Callable[[Life, Promises], None]


STEPS: list[Step] = []


@contextmanager
def _held_to_the_contract(step: str) -> Iterator[None]:
    """An answer that the story cannot go on with is a broken promise as well."""
    try:
        yield
    except (Refused, NotBound) as refusal:
        raise BrokenPromise(step, "the cloud does its part", str(refusal)) from refusal
    except KeyError as missing:
        raise BrokenPromise(step, "answers have the agreed fields", f"one lacks {missing}") from missing
    except (AttributeError, IndexError, TypeError, ValueError) as odd:
        raise BrokenPromise(step, "answers have the agreed form", f"one has not: {odd!r}") from odd


def step(title: str, **promises: str) -> Callable[[Callable[[Life, Promises], None]], Callable[[Life, Promises], None]]:
    def declare(play: Callable[[Life, Promises], None]) -> Callable[[Life, Promises], None]:
        STEPS.append(Step(title, promises, play))
        return play

    return declare


@dataclass
class Life:
    """What is known while the story goes on."""

    wire: Wire
    frames: Sequence[Frame]
    teller: Teller
    cast: Cast = field(default_factory=new_cast)
    pause: Callable[[float], None] = time.sleep
    costs: list[Cost] = field(default_factory=list)
    before: Stored = field(default_factory=Stored)
    known: set[tuple[str, str]] = field(default_factory=set)
    device: Json = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    alarms: list[Json] = field(default_factory=list)
    order: Json = field(default_factory=dict)
    erasure_id: str = ""
    receipt: str = ""
    claims: Json = field(default_factory=dict)
    seen_by_her: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.backstage = Backstage(self.wire)
        self.person = Person(self.wire, self.cast.email, self.cast.password, self.cast.nickname, self.cast.terminal)
        self.camera = Camera(
            self.wire,
            sn=self.cast.sn,
            secret=self.cast.secret,
            mac=self.cast.mac,
            model=self.cast.model,
            firmware=self.cast.firmware,
            channels=self.cast.channels,
            lan=self.cast.lan,
            now=self.backstage.now,
            pause=self.pause,
        )

    @property
    def device_id(self) -> str:
        return cast(str, self.device["device_id"])

    def play(self, steps: Sequence[Step] | None = None) -> None:
        """Raises BrokenPromise at the first promise that does not hold."""
        with _held_to_the_contract("0 (Looking around)"):
            self.look_around()
        for number, act in enumerate(steps or STEPS, 1):
            name = f"{number} ({act.title})"
            self.teller.heading(number, act.title)
            promises = Promises(name, act.promises, self.teller)
            with _held_to_the_contract(name):
                act.play(self, promises)
                promises.all_shown()
                self.costs.append(self.cost(f"{number:>2}  {act.title}"))
        self.teller.line()
        for line in summary(self.costs, self.before):
            self.teller.line(line)
        self.teller.line()
        self.teller.line(LAST_LINE)

    def look_around(self) -> None:
        """What is there already: a running cloud may serve others."""
        self.backstage.settle()
        dump = self.backstage.dump()
        self.before = counted(dump)
        self.known = {(thing.where, thing.name) for thing in items(dump) + objects(dump)}
        self.backstage.trace()

    def cost(self, title: str) -> Cost:
        """What the step asked of AWS, its events' work included, without what looking into the stores asks."""
        self.backstage.settle()
        traced = self.backstage.trace()
        stored = counted(self.backstage.dump())
        self.backstage.trace()
        if traced is None:
            return Cost(title, stored=stored)
        return Cost(title, traced["calls"], traced["read_units"], traced["write_units"], stored)

    def coded_mails(self) -> list[Json]:
        """Mails to her that hold a code, newest first."""
        mails = self.backstage.outbox(self.cast.email)
        self.seen_by_her.append(mails)
        return [mail for mail in mails if mail.get("code")]

    def own_alarms(self) -> list[Json]:
        return self.person.all_of(f"/devices/{self.device_id}/alarms")

    def alarm_path(self, alarm: Json) -> str:
        return f"/devices/{self.device_id}/alarms/{alarm['alarm_id']}"

    def traces(self, dump: Json) -> list[Hit]:
        return search(dump, self.needles())

    def needles(self) -> list[Needle]:
        tokens = [
            Needle("her session's token", self.person.access_token),
            Needle("the camera's token", self.camera.token),
        ]
        return [*self.cast.needles(), *tokens, *picture_needles([sent.jpeg for sent in self.sent])]

    def own_ids(self) -> dict[str, str]:
        """The random ids that stand for her and hers."""
        ids = {
            "account": self.person.account_id,
            "device": self.device_id,
            "order": self.order["order_id"],
            "invoice": self.order["invoice_number"],
            "erasure": self.claims.get("erasure", self.erasure_id),  # its own id is her secret; it lies under a hash
        }
        return {name: value for name, value in ids.items() if value}


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
    promises.shows("hashed", not hits, _listed(hits))


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
    life.camera.activate()
    promises.shows("unowned", _gets_no_ticket(life), "it got one")
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


@step(
    "The camera sees something move and sends pictures",
    taken="storage takes every picture, straight from the camera",
    renewed="an hour later the camera has renewed its ticket by itself",
)
def send(life: Life, promises: Promises) -> None:
    path, token = "/terminals/current/push", life.cast.push_token
    answer = life.person.ask("PUT", path, {"platform": "fcm", "token": token})
    if answer.status // 100 != 2:
        raise Refused("PUT", path, answer)
    middle = (len(life.frames) + 1) // 2
    life.sent += _visit(life, life.frames[:middle])
    # The reply to this one was lost, let us say: the camera sends it again under the same name.
    life.camera.upload(life.camera.ticket(), life.sent[0].key, life.sent[0].jpeg)
    life.backstage.advance(BETWEEN_VISITS.total_seconds())
    life.sent += _visit(life, life.frames[middle:])
    lying = {thing.name: size_bytes(thing) for thing in objects(life.backstage.dump())}
    missing = [sent.key for sent in life.sent if lying.get(sent.key) != len(sent.jpeg)]
    promises.shows("taken", len(life.sent) == len(life.frames) and not missing, f"missing: {missing}")
    if life.frames[middle:]:
        promises.equal("renewed", life.camera.tickets_taken, 2)
    sizes = [len(sent.jpeg) for sent in life.sent]
    life.teller.say(
        f"{len(sizes)} JPEG pictures, {sum(sizes) / 1000:,.0f} KB together, the largest {max(sizes) / 1000:,.0f} KB, "
        f"in two visits {BETWEEN_VISITS.seconds // 60} minutes apart; the first one sent twice."
    )


def _visit(life: Life, frames: Sequence[Frame]) -> list[Sent]:
    """The pictures bear the time at which they were taken, so the visit ended just now."""
    if not frames:
        return []
    ended = life.backstage.now()
    last = frames[-1].at_seconds
    return [life.camera.snapshot(each.jpeg, at=ended - timedelta(seconds=last - each.at_seconds)) for each in frames]


@step(
    "Alarms appear, and her phone is told",
    counted="every picture becomes exactly one alarm, the one sent twice as well",
    pushed="a push message went to her phone",
    bare="the push holds ids only, nothing personal",
)
def appear(life: Life, promises: Promises) -> None:
    for _ in range(POLLS):
        life.backstage.settle()
        life.alarms = life.own_alarms()
        if len(life.alarms) >= len(life.sent):
            break
        life.pause(0.5)
    promises.equal("counted", len(life.alarms), len(life.sent))
    pushes = life.backstage.outbox(life.cast.push_token)
    life.seen_by_her.append(pushes)
    promises.shows("pushed", len(pushes) > 0, "there is none in the outbox")
    contents = [{name: value for name, value in push.items() if name != "to"} for push in pushes]
    hits = her_strings_in(life, contents)
    ids = {life.device_id, life.person.account_id, *(alarm["alarm_id"] for alarm in life.alarms)}
    strangers = [handle for push in pushes for handle in _handles(push.get("data")) if handle not in ids]
    promises.shows("bare", not hits and not strangers, _listed(hits) or f"ids that nobody knows: {strangers}")
    life.teller.say(f"{len(life.alarms)} alarms, {len(pushes)} push messages. The last: {json.dumps(contents[0])}")


def _handles(data: Any) -> list[str]:
    """What stands under a name that ends in `_id`, however deep a platform's payload is."""
    if not isinstance(data, dict):
        return []
    own = [str(value) for name, value in data.items() if name.endswith("_id")]
    return own + [handle for value in data.values() for handle in _handles(value)]


def her_strings_in(life: Life, where: Any) -> list[Hit]:
    return search(where, life.cast.needles())


@step(
    "She looks at the alarms",
    newest="they are listed newest first, hers alone",
    same="the picture she opens is the camera's, byte for byte",
    read="an alarm that she has read says so",
    deleted="an alarm that she deletes is gone at once",
)
def look(life: Life, promises: Promises) -> None:
    everything = life.person.all_of("/alarms")
    times = [instant(alarm["at"]) for alarm in everything]
    mine = {alarm["device_id"] for alarm in everything} == {life.device_id}
    promises.shows("newest", mine and times == sorted(times, reverse=True), f"times {times}")
    matches = [_as_sent(life, alarm) for alarm in life.alarms]
    promises.shows("same", all(matches), f"{matches.count(False)} of {len(matches)} pictures differ")
    alarm = life.alarms[-1]
    answer = life.person.ask("POST", life.alarm_path(alarm) + "/read", {})
    after = life.person.expect(200, "GET", life.alarm_path(alarm))
    promises.shows("read", answer.status // 100 == 2 and after["read"] is True, f"{answer.status}, {after}")
    unwanted = life.alarms[0]
    answer = life.person.ask("DELETE", life.alarm_path(unwanted))
    gone = life.person.ask("GET", life.alarm_path(unwanted)).status
    listed = unwanted["alarm_id"] in {each["alarm_id"] for each in life.own_alarms()}
    promises.equal("deleted", (answer.status // 100, gone, listed), (2, 404, False))
    life.alarms = life.own_alarms()
    life.teller.say(f"She opened {len(matches)} pictures, marked one read, deleted one; {len(life.alarms)} are left.")


def _as_sent(life: Life, alarm: Json) -> bool:
    """Compares what the link gives with what the camera sent at that moment."""
    one = life.person.expect(200, "GET", life.alarm_path(alarm))
    picture = life.wire.send("GET", one["picture_url"])
    life.seen_by_her.append(picture.body.decode("latin-1"))
    taken = [sent.jpeg for sent in life.sent if sent.at == instant(one["at"]).replace(microsecond=0)]
    return picture.status == 200 and picture.body in taken


@step(
    "She buys a plan",
    once="the same order sent twice is one order",
    paid="the payment makes the order paid, with an invoice number",
    active="the plan is active",
    again="the payment's message coming twice changes nothing",
)
def buy(life: Life, promises: Promises) -> None:
    catalogue = life.wire.expect(200, "GET", "/plans")["items"]
    plan = min((each for each in catalogue if each["price"]["amount"] > 0), key=lambda each: each["price"]["amount"])
    wanted = {"plan_id": plan["plan_id"], "device_id": life.device_id, "payment_method": "card"}
    key = {"Idempotency-Key": secrets.token_hex(16)}
    life.order = life.person.expect(201, "POST", "/orders", wanted, headers=key)
    repeated = life.person.expect(201, "POST", "/orders", wanted, headers=key)
    promises.equal("once", repeated["order_id"], life.order["order_id"])
    path = f"/orders/{life.order['order_id']}"
    paying = life.backstage.pay(life.order["order_id"], "paid")
    life.backstage.settle()
    life.order = order = life.person.expect(200, "GET", path)
    invoiced = (paying.status // 100, order["state"], bool(order.get("invoice_number")))
    promises.equal("paid", invoiced, (2, "paid", True))
    device_plan = life.person.expect(200, "GET", f"/devices/{life.device_id}/plan")
    promises.equal("active", (device_plan["state"], device_plan["plan_id"]), ("active", plan["plan_id"]))
    life.backstage.pay(life.order["order_id"], "paid")
    life.backstage.settle()
    afterwards = (
        life.person.expect(200, "GET", path),
        life.person.expect(200, "GET", f"/devices/{life.device_id}/plan"),
    )
    promises.equal("again", afterwards, (order, device_plan))
    life.seen_by_her.append(life.backstage.outbox(life.cast.email))
    price = f"{plan['price']['amount'] / 100:.2f} {plan['price']['currency']}"
    life.teller.say(f"“{plan['name']}” for {price}; invoice {order['invoice_number']}, until {device_plan['until']}.")
    readable = her_strings_in(life, life.backstage.dump())
    names = sorted({f"{hit.what} (in {hit.where.partition('[')[0]})" for hit in readable})
    found, total = len({hit.what for hit in readable}), len(life.cast.needles())
    life.teller.say(
        f"While the account lives, {total - found} of {total} personal strings are not readable anywhere in the "
        "stores" + (f"; readable: {', '.join(names)}." if names else ".")
    )


@step(
    "Seven days pass",
    lasting="one second before its end an alarm can be read, its picture too",
    ended="at its end it is 404 and not listed",
    dead="the link to its picture is dead",
    gone="a day later nothing of the alarms lies in storage or tables",
)
def outlive(life: Life, promises: Promises) -> None:
    first, link, seen = _last_look(life)
    promises.equal("lasting", seen, (200, 200))
    end = instant(first["until"])
    _advance_to(life, end)
    gone = life.person.ask("GET", life.alarm_path(first)).status
    listed = life.own_alarms()
    overdue = [alarm["alarm_id"] for alarm in listed if instant(alarm["until"]) <= end]
    promises.equal("ended", (gone, overdue), (404, []))
    status = life.wire.send("GET", str(link)).status
    promises.shows("dead", 400 <= status < 500, f"it was answered {status}")
    life.teller.say(f"The first alarm ended at {end:%Y-%m-%d %H:%M:%S} UTC; {len(listed)} younger ones were left then.")
    life.backstage.advance(A_DAY_AND_SOME.total_seconds())
    left = _left_of_alarms(life, life.backstage.dump())
    promises.shows("gone", not left, f"left: {[(thing.where, thing.name) for thing in left[:5]]}")


def _last_look(life: Life) -> tuple[Json, str | None, tuple[int, int | None]]:
    """The alarm looked at one second before its end, the link to its picture, and how both were answered.

    The cloud's clock goes on meanwhile: if this machine was so slow that the second passed, the next alarm is taken.
    """
    for alarm in sorted(life.alarms, key=lambda each: instant(each["until"])):
        end = instant(alarm["until"])
        if life.backstage.now() > end - timedelta(seconds=1):
            continue
        # First to ten minutes before: her session is renewed there, and the last stride is short.
        _advance_to(life, end - timedelta(minutes=10))
        life.person.expect(200, "GET", "/me")
        _advance_to(life, end - timedelta(seconds=1))
        answer = life.person.ask("GET", life.alarm_path(alarm))
        link = answer.json.get("picture_url") if answer.status == 200 else None
        seen = (answer.status, life.wire.send("GET", link).status if link else None)
        if seen == (200, 200) or life.backstage.now() < end:
            break
    return alarm, link, seen


def _advance_to(life: Life, then: datetime) -> None:
    seconds = (then - life.backstage.now()).total_seconds()
    if seconds > 0:
        life.backstage.advance(seconds)


def _left_of_alarms(life: Life, dump: Json) -> list[Thing]:
    ids = [alarm["alarm_id"] for alarm in life.alarms]
    pictures = [thing for thing in objects(dump) if thing.name.startswith("alarms/") and life.device_id in thing.name]
    rows = [thing for thing in items(dump) if thing.names(ids)]
    of_device = [thing for thing in items(dump) if "alarm" in thing.name.lower() and life.device_id in thing.name]
    return pictures + rows + of_device


@step(
    "She closes the account",
    guarded="without raised trust it cannot be closed",
    mailed="a code by e-mail raises it",
    at_once="the next request is refused, and the session cannot be renewed",
    camera="her camera gets no upload ticket any more",
    late="a picture sent with a ticket that it still had is deleted on arrival",
    done="within 20 minutes the erasure is done, with a receipt",
    emptied="storage holds no picture of hers any more",
    dead="the link that she had to one is dead",
)
def close(life: Life, promises: Promises) -> None:
    life.person.expect(200, "GET", "/me")
    refused = life.person.ask("POST", "/me/closing", {})
    promises.equal("guarded", (refused.status, (refused.json or {}).get("code")), (403, "StepUpRequired"))
    before = len(life.coded_mails())
    life.person.expect(202, "POST", "/step-up", {})
    mails = life.coded_mails()
    promises.equal("mailed", len(mails), before + 1)
    life.person.expect(200, "POST", "/step-up/confirm", {"code": mails[0]["code"]})
    link = _one_more_picture(life)
    ticket = life.camera.ticket()
    began = time.monotonic()
    closing = life.person.expect(202, "POST", "/me/closing", {})
    life.erasure_id = closing.get("erasure_id") or closing["receipt_url"].rstrip("/").rsplit("/", 1)[-1]
    token = life.person.access_token
    refusals = (life.wire.ask("GET", "/me", token=token).status, life.person.renewal().status)
    took = time.monotonic() - began
    promises.equal("at_once", refusals, (401, 401))
    promises.shows("camera", _gets_no_ticket(life), "it got one")
    late = ticket.key_prefix + f"1/{life.backstage.now():%Y%m%dT%H%M%SZ}-motion-{secrets.token_hex(8)}.jpg"
    life.camera.upload(ticket, late, life.frames[-1].jpeg)
    life.backstage.settle()
    promises.shows("late", late not in _own_pictures(life), "it lies in storage")
    life.backstage.advance(ERASED_WITHIN.total_seconds())
    erasure = life.wire.expect(200, "GET", f"/erasures/{life.erasure_id}")
    promises.equal("done", (erasure["state"], bool(erasure.get("receipt"))), ("done", True))
    life.receipt = erasure["receipt"]
    promises.equal("emptied", _own_pictures(life), [])
    status = life.wire.send("GET", link).status
    promises.shows("dead", 400 <= status < 500, f"it was answered {status}")
    life.teller.say(f"Closing and two refusals took {took * 1000:,.0f} ms. Erased at {erasure.get('done_at', '?')}.")


def _one_more_picture(life: Life) -> str:
    """The link to a fresh picture, so that there is one to erase: those of the first hours ended by themselves."""
    life.sent.append(life.camera.snapshot(life.frames[-1].jpeg))
    life.backstage.settle()
    alarm = life.own_alarms()[0]
    return cast(str, life.person.expect(200, "GET", life.alarm_path(alarm))["picture_url"])


def _own_pictures(life: Life) -> list[str]:
    return [thing.name for thing in objects(life.backstage.dump()) if life.device_id in thing.name]


def _gets_no_ticket(life: Life) -> bool:
    try:
        life.camera.ticket(fresh=True)
    except NotBound:
        return True
    return False


@step(
    "The receipt is verified offline",
    signed="its signature is that of the published key",
    strict="with one letter changed it is refused",
    nameless="it holds nothing personal",
)
def verify(life: Life, promises: Promises) -> None:
    keys = KeySet.import_key_set(life.wire.expect(200, "GET", "/keys"))
    try:
        life.claims = json.loads(jws.deserialize_compact(life.receipt, keys, algorithms=["ES256"]).payload)
        promises.shows("signed", True, "")
    except JoseError as error:
        promises.shows("signed", False, f"the signature is refused: {error}")
    promises.shows("strict", _refused(_altered(life.receipt), keys), "the altered receipt was accepted")
    hits = her_strings_in(life, life.claims)
    promises.shows("nameless", not hits, _listed(hits))
    life.teller.say("It says:")
    for line in _outlined(life.claims):
        life.teller.line(f"      {line}"[:100])


def _altered(receipt: str) -> str:
    """One letter in the middle of what is said becomes another."""
    header, payload, signature = receipt.split(".")
    middle = len(payload) // 2
    other = "B" if payload[middle] == "A" else "A"
    return f"{header}.{payload[:middle]}{other}{payload[middle + 1 :]}.{signature}"


def _refused(receipt: str, keys: KeySet) -> bool:
    try:
        jws.deserialize_compact(receipt, keys, algorithms=["ES256"])
    except (JoseError, ValueError):
        return True
    return False


def _outlined(value: Any, depth: int = 0) -> list[str]:
    """Nested JSON as an indented list, for a person to read."""
    indent = "  " * depth
    lines: list[str] = []
    pairs = value.items() if isinstance(value, dict) else [("-", each) for each in value]
    for name, each in pairs:
        label = f"{indent}{name}" if name == "-" else f"{indent}{name}:"
        if isinstance(each, dict | list) and each:
            lines += [label, *_outlined(each, depth + 1)]
        else:
            lines.append(f"{label} {each}")
    return lines


@step(
    "Everything that is stored is searched for her",
    control="the same search finds her in what her own app had shown",
    clean="it finds none of her strings and pictures in the stores",
    lawful="what still names her account or her camera are records of the erasure and of the tax law",
    told="the receipt says that the invoice is kept",
)
def seek(life: Life, promises: Promises) -> None:
    shown = life.traces({"shown": life.seen_by_her})
    promises.shows("control", len({hit.what for hit in shown}) > 3, f"it finds only {_listed(shown)}")
    dump = life.backstage.dump()
    hits = life.traces(dump)
    total = len(life.needles())
    promises.shows("clean", not hits, _listed(hits))
    life.teller.say(
        f"{total} strings and pictures, each in plain, base64 (three alignments), hex, UTF-16, escaped and gzipped: "
        f"{len(hits)} hits in {counted(dump).items} items, {counted(dump).objects} objects, queues, streams and logs. "
        f"In what her app had shown: {len({hit.what for hit in shown})} of {total}."
    )
    ids = life.own_ids()
    left = [thing for thing in items(dump) + objects(dump) if thing.names(ids.values())]
    unlawful = [thing for thing in left if not any(table in thing.where.lower() for table in LAWFUL_TABLES)]
    life.teller.say("What is left and bears one of the ids of this account, its camera, order, invoice or erasure:")
    for thing in left:
        named = ", ".join(name for name, value in ids.items() if thing.names([value]))
        life.teller.line(f"      {_short(thing)} (names the {named})")
    others = [thing for thing in items(dump) + objects(dump) if (thing.where, thing.name) not in life.known]
    life.teller.say(f"Besides, {len(others) - len(left)} things that were not there before and name nobody:")
    for thing in others:
        if thing not in left:
            life.teller.line(f"      {_short(thing)}")
    promises.shows("lawful", not unlawful, f"{[(thing.where, thing.name) for thing in unlawful[:5]]}")
    said = json.dumps(life.claims.get("kept")).lower()
    promises.shows("told", "invoice" in said or "fiscal" in said, f"kept: {life.claims.get('kept')}")


def _short(thing: Thing) -> str:
    """Where it lies, with the middle of long random ids left out."""
    return re.sub(r"\w{20,}", lambda long: f"{long[0][:8]}…", f"{thing.where}: {thing.name}")


def _listed(hits: Sequence[Hit]) -> str:
    some = "; ".join(str(hit) for hit in hits[:5])
    return some + (f"; and {len(hits) - 5} more" if len(hits) > 5 else "")
