"""The life of one account while its story is narrated, each step held to what it promises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from infra.demo.camera import DemoCamera, Upload
from infra.demo.client import Backstage, Json, Person, Refused, Wire, instant
from infra.demo.console import BrokenPromise, Cost, Promises, Stored, Teller, summary
from infra.demo.people import Cast, new_cast, picture_needles
from infra.demo.search import Hit, Needle, search
from infra.demo.stored import counted, items, objects, size_bytes
from sowa_agent import cloud

LAST_LINE = "nothing of it is left but what the law keeps"
POLLS = 20


@dataclass(frozen=True)
class Step:
    title: str
    promises: dict[str, str]
    play: Callable[[Life, Promises], None]


@contextmanager
def _held_to_the_contract(step: str) -> Iterator[None]:
    """An answer that the story cannot go on with is a broken promise as well."""
    try:
        yield
    except (Refused, cloud.Refused, cloud.NotTaken, cloud.TokenReplaced) as refusal:
        raise BrokenPromise(step, "the cloud does its part", str(refusal) or type(refusal).__name__) from refusal
    except KeyError as missing:
        raise BrokenPromise(step, "answers have the agreed fields", f"one lacks {missing}") from missing
    except (AttributeError, IndexError, TypeError, ValueError) as odd:
        raise BrokenPromise(step, "answers have the agreed form", f"one has not: {odd!r}") from odd


def step(title: str, **promises: str) -> Callable[[Callable[[Life, Promises], None]], Step]:
    return lambda play: Step(title, promises, play)


@dataclass
class Life:
    """The state of the demo while it goes on. `source` is what the camera looks at, `spool` a folder for what it has
    not yet sent."""

    wire: Wire
    source: Path
    spool: Path
    teller: Teller
    cast: Cast = field(default_factory=new_cast)
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    costs: list[Cost] = field(default_factory=list)
    before: Stored = field(default_factory=Stored)
    known: set[tuple[str, str]] = field(default_factory=set)
    device: Json = field(default_factory=dict)
    alarms: list[Json] = field(default_factory=list)
    order: Json = field(default_factory=dict)
    renewed: Json = field(default_factory=dict)
    other_device: Json = field(default_factory=dict)
    erasure_id: str = ""
    receipt: str = ""
    claims: Json = field(default_factory=dict)
    seen_by_her: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.backstage = Backstage(self.wire, self.monotonic)
        self.person = Person(self.wire, self.cast.email, self.cast.password, self.cast.nickname, self.cast.terminal)
        self.camera = DemoCamera(
            self.wire, self.backstage, self.cast.camera(), self.source, self.spool, self.pause
        )

    @property
    def device_id(self) -> str:
        return cast(str, self.device["device_id"])

    @property
    def sent(self) -> list[Upload]:
        """The pictures of alarms."""
        return self.camera.wire.pictures()

    @property
    def filmed(self) -> list[Upload]:
        """The segments of recordings."""
        return self.camera.wire.segments()

    def play(self, steps: Sequence[Step]) -> None:
        """Raises BrokenPromise at the first promise that does not hold."""
        with _held_to_the_contract("0 (Looking around)"):
            self.look_around()
        for number, act in enumerate(steps, 1):
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
        """Note the data that is there already: a running cloud may serve others."""
        self.backstage.settle()
        dump = self.backstage.dump()
        self.before = counted(dump)
        self.known = {(thing.where, thing.name) for thing in items(dump) + objects(dump)}
        self.backstage.trace()

    def cost(self, title: str) -> Cost:
        """The AWS calls of the step, its events' work included, without those of looking into the stores."""
        self.backstage.settle()
        traced = self.backstage.trace()
        stored = counted(self.backstage.dump())
        self.backstage.trace()
        if traced is None:
            return Cost(title, stored=stored)
        return Cost(title, traced["calls"], traced["read_units"], traced["write_units"], stored)

    def mails(self) -> list[Json]:
        """Mails to her, newest first."""
        mails = self.backstage.outbox(self.cast.email)
        self.seen_by_her.append(mails)
        return mails

    def coded_mails(self) -> list[Json]:
        return [mail for mail in self.mails() if mail.get("code")]

    def raise_trust(self) -> int:
        """Prove again who she is, for what asks for it; how many mails with a code that took."""
        before = len(self.coded_mails())
        self.person.expect(202, "POST", "/step-up", {})
        mails = self.coded_mails()
        self.person.expect(200, "POST", "/step-up/confirm", {"code": mails[0]["code"]})
        return len(mails) - before

    def gets_no_ticket(self) -> bool:
        try:
            self.camera.cloud.ticket("alarm", fresh=True)
        except cloud.Refused as refused:
            return refused.status == 409
        return False

    def may_record(self) -> bool:
        try:
            self.camera.cloud.recording_tickets([self.cast.channel[0]])
        except cloud.Refused as refused:
            if refused.status == 409:
                return False
            raise
        return True

    def sent_at(self, alarm: Json) -> list[bytes]:
        """The picture that the camera sent at that moment."""
        return [sent.content for sent in self.sent if sent.start == instant(alarm["at"]).replace(microsecond=0)]

    def film_that_lies(self) -> dict[str, int]:
        """Names of the segments that storage holds, and their sizes in bytes."""
        names = {segment.name for segment in self.filmed}
        lying = {thing.name.rpartition("/")[2]: size_bytes(thing) for thing in objects(self.backstage.dump())}
        return {name: size for name, size in lying.items() if name in names}

    def her_strings_in(self, where: Any) -> list[Hit]:
        return search(where, self.cast.needles())

    def own_alarms(self) -> list[Json]:
        return self.person.all_of(f"/devices/{self.device_id}/alarms")

    def alarm_path(self, alarm: Json) -> str:
        return f"/devices/{self.device_id}/alarms/{alarm['alarm_id']}"

    def traces(self, dump: Json) -> list[Hit]:
        return search(dump, self.needles())

    def needles(self) -> list[Needle]:
        tokens = [
            Needle("her session's token", self.person.access_token),
            Needle("the camera's token", self.camera.cloud.token),
        ]
        return [*self.cast.needles(), *tokens, *self._needles_of_pictures()]

    def _needles_of_pictures(self) -> list[Needle]:
        film = picture_needles([segment.content for segment in self.filmed], "segment")
        return picture_needles([sent.content for sent in self.sent]) + film

    def own_ids(self) -> dict[str, str]:
        """The random ids that stand for her and hers."""
        ids = {
            "account": self.person.account_id,
            "device": self.device_id,
            "other device": self.other_device.get("device_id"),
            "order": self.order["order_id"],
            "invoice": self.order["invoice_number"],
            "renewal": self.renewed.get("order_id"),
            "renewal's invoice": self.renewed.get("invoice_number"),
            "credit note": self.renewed.get("credit_note_number"),
            "erasure": self.claims.get("erasure", self.erasure_id),  # its own id is her secret; it lies under a hash
        }
        return {name: value for name, value in ids.items() if value}


def listed(hits: Sequence[Hit]) -> str:
    some = "; ".join(str(hit) for hit in hits[:5])
    return some + (f"; and {len(hits) - 5} more" if len(hits) > 5 else "")
