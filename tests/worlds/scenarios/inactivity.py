"""Accounts that nobody uses are warned, and deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from werkzeug.datastructures import Headers

from chalicelib.inactivity.records import CheckedDays
from chalicelib.store.commit import commit, put
from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import new_person
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import HOUR, settle
from tests.worlds.sweep import Scenario, leap

DAY_S = 24 * HOUR
JOB = "check_inactive_accounts"


def unused(home: Home) -> None:
    """Two years but for ninety days."""
    home.world.settle()
    leap(home.world, 331 * DAY_S)
    home.world.run_schedule(JOB)
    _checked_until(home, 310)


def _checked_until(home: Home, days: int) -> None:
    """So many days on, on each of which but the last the job has looked."""
    leap(home.world, days * DAY_S)
    with home.world.aws.outside():
        commit(put(CheckedDays.new(day=f"{home.world.now() - timedelta(days=1):%Y-%m-%d}")))


def last_day(home: Home) -> None:
    """Four warnings were sent, and the first has arrived."""
    unused(home)
    home.world.run_schedule(JOB)
    home.world.settle()
    # Each a day after what is due, which is yesterday.
    for days in (31, 30, 24, 7):
        _checked_until(home, days)
        home.world.run_schedule(JOB)
        home.world.settle()
    _checked_until(home, 2)
    warnings = [int(row.get("warnings", 0)) for row in Stored(dump.dump()).of("Inactivity").values()]
    assert warnings == [4, 4], warnings


def check_accounts(home: Home, state: Any, key: str) -> Response:
    """The next day it looks again at what it could not do; a day of all other jobs is not what is tried here."""
    try:
        home.world.run_schedule(JOB)
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), b"{}")


def _warned(home: Home, state: Any, stored: Stored) -> int:
    return sum(where[0] == home.owner.account_id for where in stored.of("Notice"))


def _deleted(home: Home, state: Any, stored: Stored) -> int:
    return int(home.owner.account_id not in stored.first_ids("Account"))


def _warned_and_not_passed_on(home: Home) -> str:
    """Somebody's camera is shared with the stranger; the stream waits."""
    share = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share}/accept").status == 200
    unused(home)
    with home.world.aws.lock:
        home.world.run_schedule(JOB)
    return share


def _guests_told(home: Home, state: Any, stored: Stored) -> int:
    """Beside the warning of the guest's own account."""
    return sum(where[0] == home.stranger.account_id for where in stored.of("Notice")) - 1


def _registered_and_not_passed_on(home: Home) -> str:
    home.world.settle()
    with home.world.aws.lock:
        return new_person(home.world, "new@example.com").account_id


def _watched(home: Home, account_id: str, stored: Stored) -> int:
    return sum(where[0] == account_id for where in stored.of("Inactivity"))


SCENARIOS = (
    Scenario(
        "an unused account is warned", JOB, unused, check_accounts, _warned, is_repeated=True,
    ),
    Scenario(
        "an unused account is deleted", JOB, last_day, check_accounts, _deleted, is_repeated=True,
    ),
    Scenario(
        "guests of an unused account are told", "on_account_warned", _warned_and_not_passed_on, settle, _guests_told,
        is_asked=False,
    ),
    Scenario(
        "a new account is watched", "on_terminal_seen", _registered_and_not_passed_on, settle, _watched,
        is_asked=False,
    ),
)  # fmt: skip
