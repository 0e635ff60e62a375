"""Open erasures as operators are shown them: `show_erasures`."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.store import crypto
from infra.local.cloud import LocalCloud
from infra.strict_moto import FAILING_FROM
from tests.conftest import Home
from tests.privacy.leaving import DAY, HOUR, QUARTER, closed


def show(world: LocalCloud) -> dict[str, Any]:
    answer: dict[str, Any] = world.invoke("show_erasures", {})
    return answer


def test_none_is_open_where_nobody_left(home: Home) -> None:
    assert show(home.world) == {"items": [], "total": 0, "oldest_seconds": 0}


def test_one_is_shown_by_its_hash_until_its_last_pass(home: Home) -> None:
    erasure_id = closed(home)["erasure_id"]
    (shown,) = show(home.world)["items"]
    assert shown["erasure"] == crypto.plain_hash(erasure_id)
    assert (shown["state"], shown["began_at"]) == ("erasing", "2026-01-05T08:00:00Z")
    assert shown["open_subjects"] >= 1
    assert erasure_id not in json.dumps(shown)
    home.world.advance(QUARTER)
    (done,) = show(home.world)["items"]
    assert (done["state"], done["open_subjects"]) == ("done", 0)
    home.world.advance(DAY + HOUR)
    assert show(home.world)["items"] == []


def test_to_be_shown_writes_nothing(home: Home) -> None:
    closed(home)
    home.world.settle()
    before = home.world.dump()["tables"]
    home.world.trace.clear()
    assert show(home.world)["total"] == 1
    assert set(home.world.trace.names()) <= {"dynamodb.Query", "dynamodb.GetItem"} and home.world.trace.names()
    assert home.world.dump()["tables"] == before


def test_it_says_how_late_one_is(home: Home) -> None:
    closed(home)
    home.world.faults.fail(1, FAILING_FROM)
    home.world.clock.move_to(home.world.now().timestamp() + 2 * HOUR)
    home.world.faults.clear()
    assert show(home.world)["oldest_seconds"] == 2 * HOUR
