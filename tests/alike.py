"""`make alike`: whether the work of a request tells known addresses from unknown ones, by medians of CPU time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from unittest.mock import patch

from chalicelib.accounts.actions import passwords
from infra.local.cloud import LocalCloud, Snapshot
from infra.local.gateway import Response
from tests.identities import platforms
from tests.identities.people import enter
from tests.scene import PASSWORD, Person, new_person

TABLE = Path(__file__).with_name("alike.md")
TIMES = 100
# A sign-in without its password hash is a sixth of the work. That an account was read and opened is some hundredths.
MOST_APART = 0.15
_HEAD = f"""# Known and unknown addresses, by the work of their requests

Beside what the tests compare (status, bytes, headers, AWS calls, hashes), this compares what is left: the CPU time of
the process, the emulated AWS included, for {TIMES} requests about an address that has an account and {TIMES} about one
that has none, in turns, each on the same world. What counts is the ratio of the two medians, which the speed of the
machine and its other work cancel out of. The last row leaves the password hash out for unknown addresses: it has to
break the bar, or the bar shows nothing. `make alike` writes this table anew, and fails if it says otherwise.

| request | unknown / known | bar | |
|---|---:|---:|---|
"""

Asks = Callable[[Person, str], Response]


def _register(asker: Person, email: str) -> Response:
    return asker.world.call("POST", "/accounts", Person(asker.world, email).registration())


def _sign_in(asker: Person, email: str) -> Response:
    body = {"email": email, "password": f"not {PASSWORD}", "terminal": {**asker.terminal, "unique_id": "another"}}
    return asker.world.call("POST", "/sessions", body)


def _reset(asker: Person, email: str) -> Response:
    return asker.world.call("POST", "/password-resets", {"email": email})


def _change_address(asker: Person, email: str) -> Response:
    return asker.call("POST", "/me/address", {"email": email})


@cache
def _unproved(world: LocalCloud, email: str) -> str:
    """Facebook says an address, and not that it has proved it: whoever gives a stranger's as their own."""
    return platforms.platforms().facebook.id_token(platforms.nonce(world), email=email)


def _enter(asker: Person, email: str) -> Response:
    return enter(asker.world, _unproved(asker.world, email), "facebook")


# What names an address, and what it answers whether that is known or not.
REQUESTS: dict[str, tuple[Asks, int]] = {
    "`POST /accounts`": (_register, 202),
    "`POST /sessions`": (_sign_in, 401),
    "`POST /password-resets`": (_reset, 202),
    "`POST /me/address`": (_change_address, 202),
    "`POST /sessions/federated`, unproved": (_enter, 422),
}
SABOTAGED = "`POST /sessions`, without the hash"


def _skipping(expected: str, password: str, look: Callable[[str, str], bool] = passwords._is_right) -> bool:
    return bool(expected) and look(expected, password)


@dataclass(frozen=True)
class Compared:
    what: str
    ratio: float
    must_break: bool = False

    @property
    def is_right(self) -> bool:
        return (abs(self.ratio - 1) > MOST_APART) == self.must_break

    def row(self) -> str:
        verdict = ("breaks, as it must" if self.must_break else "holds") if self.is_right else "WRONG"
        return f"| {self.what} | {self.ratio:.2f} | 1 ± {MOST_APART:.2f} | {verdict} |"


@dataclass(frozen=True)
class _Scene:
    """The same world for each request; the two addresses have as many letters."""

    asker: Person
    before: Snapshot
    known: str = "someone@example.com"
    unknown: str = "nobody0@example.com"

    @classmethod
    def arranged(cls, world: LocalCloud) -> _Scene:
        new_person(world, cls.known)
        asker = new_person(world, "asker@example.com")
        asker.step_up()
        world.settle()
        return cls(asker, world.snapshot())

    def cpu_s(self, asks: Asks, status: int, email: str) -> float:
        self.asker.world.restore(self.before)
        began = time.process_time()
        answer = asks(self.asker, email)
        spent = time.process_time() - began
        assert answer.status == status, answer.body
        return spent

    def ratio(self, asks: Asks, status: int, times: int) -> float:
        for email in (self.known, self.unknown):
            self.cpu_s(asks, status, email)  # what is asked for the first time is not compared
        taken = [[self.cpu_s(asks, status, email) for email in (self.known, self.unknown)] for _ in range(times)]
        known, unknown = (median(column) for column in zip(*taken, strict=True))
        return unknown / known


def compared(times: int = TIMES) -> Iterator[Compared]:
    with platforms.served() as told, LocalCloud.start(seed=0, platforms=told.parameters) as world:
        scene = _Scene.arranged(world)
        for what, (asks, status) in REQUESTS.items():
            yield Compared(what, scene.ratio(asks, status, times))
        with patch.object(passwords, "_hash_of_nothing", lambda: ""), patch.object(passwords, "_is_right", _skipping):
            yield Compared(SABOTAGED, scene.ratio(*REQUESTS["`POST /sessions`"], times), must_break=True)


def main() -> int:
    rows = []
    for one in compared():
        print(one.row(), flush=True)
        rows.append(one)
    TABLE.write_text(_HEAD + "".join(f"{one.row()}\n" for one in rows))
    return 0 if all(one.is_right for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
