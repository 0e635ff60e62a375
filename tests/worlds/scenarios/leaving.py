"""People close their accounts, move away, and take a copy along."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from werkzeug.datastructures import Headers

from chalicelib.aws.clients import client
from chalicelib.privacy.actions import export
from chalicelib.settings import settings
from infra.local import dump, module_caches
from infra.local.gateway import Response
from infra.strict_moto import trace
from tests.conftest import Home
from tests.neighbour import COUNTRY, neighbour
from tests.privacy.backups import brought_back, copied
from tests.push.refusing import as_if_sns_had_answered_nobody
from tests.scene import (
    PASSWORD,
)
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.cameras import unbound
from tests.worlds.scenarios.money import paid
from tests.worlds.scenarios.people import remove_child, stepped_up
from tests.worlds.scenarios.steps import CLOSED, ELSEWHERE, HOUR, job, once, settle, settled
from tests.worlds.sweep import Scenario, leap


def _about_to_close(home: Home) -> None:
    paid(home)
    home.owner.bind(unbound(home), "Attic")
    home.owner.step_up()


def _about_to_close_while_sns_is_asked(home: Home) -> None:
    """Who removes a child finds a terminal whose name is known."""
    _about_to_close(home)
    as_if_sns_had_answered_nobody(home.owner)
    home.world.settle()


def _close(home: Home, state: Any, key: str) -> Response:
    return home.owner.close(**once(key))


def _closings(home: Home, state: Any, stored: Stored) -> int:
    return int(home.owner.account_id not in stored.first_ids("Account"))


def _closed(home: Home) -> None:
    paid(home)
    home.owner.step_up()
    assert home.owner.close().status == 202


def _moved(home: Home) -> None:
    arrival = arrived_elsewhere(home)
    home.world.settle()
    assert leave_for_good(home, arrival, "the-key-of-moving").status == 202


def _tickets_of_plans(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("PlanTicket"))


def _closed_a_minute_ago(home: Home) -> None:
    """The first pass is made; the next one is the clock's."""
    _closed(home)
    home.world.settle()
    leap(home.world, 61)


def _resume_erasures(home: Home, state: Any, key: str) -> None:
    """The clock orders the passes, which close its subjects; the last of them signs."""
    job(home.world, "resume_erasures")
    settle(home, state, key)


def _leave(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/me/move", {"country": COUNTRY}, headers=once(key))


def _relocations(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Relocation"))


def vouched_for(home: Home) -> str:
    return neighbour().ticket()


def arrive(home: Home, ticket: str, key: str) -> Response:
    body = {"ticket": ticket, "password": PASSWORD, "terminal": ELSEWHERE}
    return home.world.call("POST", "/accounts/arrivals", body, headers=once(key))


def arrivals(home: Home, ticket: str, stored: Stored) -> int:
    return len(stored.of("Account")) - 2


def arrived_elsewhere(home: Home) -> str:
    _about_to_close(home)
    return neighbour().arrival(_leave(home, None, "the-key-of-leaving").json["ticket"])


def leave_for_good(home: Home, arrival: str, key: str) -> Response:
    return home.owner.call("POST", "/me/move/confirm", {"arrival": arrival}, headers=once(key))


def _proved(home: Home) -> None:
    paid(home)
    home.owner.step_up()
    home.world.settle()


def _ask_for_export(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/privacy/exports", headers=once(key))


def _exports(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Export"))


def _export_asked(home: Home) -> None:
    _proved(home)
    assert _ask_for_export(home, None, "the-key-of-an-export").status == 202


def _half_copied(home: Home) -> None:
    """Its first archive had room for rows alone, and its second is due."""
    _export_asked(home)
    (where,) = Stored(dump.dump()).of("Export")
    with patch.object(export, "MOST_FILES", 1):
        export.prepare(*where)
    assert len(Stored(dump.dump()).of("ExportVolume")) == 1


def _export_of_yesterday(home: Home) -> None:
    _export_asked(home)
    home.world.settle()
    leap(home.world, 86_400 + 60)


def _sweep_archives(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_archives")


def _a_stranger_left_and_came_back(home: Home) -> None:
    home.stranger.step_up()
    with brought_back(home.world):
        assert home.stranger.close().status == 202


def _replay(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("replay_erasures", {"restored_to": "2026-01-05T08:00:00Z"})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _keys_lost(home: Home) -> set[str]:
    """With the root secret; a copy of them is older than a leaving. The keys that are to come back."""
    copied(home, settings.keys_table)
    home.stranger.step_up()
    assert home.stranger.close().status == 202
    home.world.settle()
    wanted = _keys_in_service()
    with home.world.aws.outside():
        for pk in wanted:
            client("dynamodb").delete_item(TableName=settings.keys_table, Key={"pk": {"S": pk}})
    return wanted


def _keys_in_service() -> set[str]:
    with trace.outside():
        return {row["pk"]["S"] for row in client("dynamodb").scan(TableName=settings.keys_table)["Items"]}


def _restore_keys(home: Home, state: set[str], key: str) -> Response:
    """An operator gets the exception, and orders again; the containers are new."""
    module_caches.forget()
    with patch.dict(vars(settings), restored_keys_table=f"{settings.keys_table}-restored"):
        try:
            answer = home.world.invoke("restore_keys", {"restored_to": "2026-01-05T08:00:00Z"})
        except Exception as fault:
            return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _keys_are_back(home: Home, state: set[str], stored: Stored) -> int:
    return int(_keys_in_service() >= state)


def _look_into_the_log(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again; then two looks are recorded."""
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    try:
        answer = home.world.invoke("read_api_log", {**asked, "account_id": home.owner.account_id})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


SCENARIOS = (
    Scenario(
        "close the account",
        "POST /me/closing",
        _about_to_close_while_sns_is_asked,
        _close,
        _closings,
        may_say=(401,),
        keeps_answer=True,
        told=CLOSED,
    ),
    Scenario("remove a child", "remove_child", paid, remove_child, _closings, told=CLOSED),
    Scenario(
        "ask to leave for another region",
        "POST /me/move",
        stepped_up,
        _leave,
        _relocations,
        at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "arrive from another region", "POST /accounts/arrivals", vouched_for, arrive, arrivals, may_say=(410,)
    ),
    Scenario(
        "leave for another region",
        "POST /me/move/confirm",
        arrived_elsewhere,
        leave_for_good,
        _closings,
        may_say=(401,),
        keeps_answer=True,
        told=CLOSED,
    ),
    Scenario(
        "ask for a copy of one's data",
        "POST /privacy/exports",
        _proved,
        _ask_for_export,
        _exports,
        keeps_answer=True,
    ),
    Scenario("look into the log", "read_api_log", settled, _look_into_the_log, at_most=2, is_repeated=True),
    Scenario("replay erasures", "replay_erasures", _a_stranger_left_and_came_back, _replay, is_repeated=True),
    Scenario("restore keys", "restore_keys", _keys_lost, _restore_keys, _keys_are_back, is_repeated=True),
    # Its devices are found and erased, and their cameras released.
    Scenario(
        "an erasure begins",
        ("forward_ledger_changes", "on_erasure_begun", "on_ownership_ended"),
        _closed,
        settle,
        is_asked=False,
    ),
    Scenario(
        "an account that moved is erased",
        ("forward_ledger_changes", "on_erasure_begun"),
        _moved,
        settle,
        _tickets_of_plans,
        is_asked=False,
    ),
    Scenario("an erasure ends", "resume_erasures", _closed_a_minute_ago, _resume_erasures, is_asked=False),
    Scenario("a copy is made", "on_export_asked", _half_copied, settle, is_asked=False),
    Scenario(
        "old copies go",
        "sweep_expired_archives",
        _export_of_yesterday,
        _sweep_archives,
        is_asked=False,
        within_seconds=HOUR,
    ),
)
