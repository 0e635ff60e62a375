"""How an erasure goes: from the commit to the receipt, through whatever dies on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.register import erase, erasures
from chalicelib.store import crypto
from infra.local.cloud import LocalCloud
from infra.strict_moto import DIES_AFTER, DIES_BEFORE, FAILING_FROM, Kind
from tests.alarms.snapshots import objects, rows_now_of
from tests.conftest import Home
from tests.privacy.leaving import DAY, HOUR, QUARTER, belongings, claims, closed, erasure, live_a_little, receipt
from tests.scene import rows


def test_it_is_erasing_until_nothing_more_can_be_written_and_then_done(home: Home) -> None:
    erasure_id = closed(home)["erasure_id"]
    home.world.settle()
    for _ in range(2):
        answer = erasure(home.world, erasure_id)
        nothing_yet = {"state": "erasing", "done_at": None, "receipt": None, "plans": []}
        assert (answer.status, answer.json) == (200, nothing_yet)
        home.world.advance(29)
        home.world.run_schedule("resume_erasures")
    home.world.advance(QUARTER - 58)
    done = erasure(home.world, erasure_id).json
    assert done["state"] == "done" and done["receipt"]
    assert "2026-01-05T08:01:00Z" <= done["done_at"] <= "2026-01-05T08:15:00Z"


def test_the_first_pass_comes_by_itself_and_at_once(home: Home) -> None:
    live_a_little(home)
    assert objects(home.world) and [row for row in rows_now_of("Items") if home.owner.account_id in row["pk"]]
    closed(home)
    home.world.settle()
    assert [one for one in objects(home.world) if not one.startswith("invoices/")] == []
    assert [row for row in rows_now_of("Items") if home.owner.account_id in row["pk"]] == []


@pytest.mark.parametrize("erasure_id", ["x", "a" * 32, "ż", "%20", "a" * 3000])
def test_an_erasure_that_never_was_is_not_found(home: Home, erasure_id: str) -> None:
    closed(home)
    answer = erasure(home.world, erasure_id)
    assert (answer.status, answer.json["code"]) == (404, "NotFound")


def test_the_id_is_the_persons_secret_and_stored_nowhere(home: Home) -> None:
    erasure_id = closed(home)["erasure_id"]
    home.world.advance(QUARTER)
    stored = json.dumps(home.world.dump())
    assert crypto.plain_hash(erasure_id) in stored
    assert erasure_id not in stored
    assert erasure_id not in receipt(home.world, erasure_id)


def test_what_anybody_may_ask_needs_no_sign_in_and_one_read(home: Home) -> None:
    erasure_id = closed(home)["erasure_id"]
    home.world.settle()
    home.world.trace.clear()
    assert erasure(home.world, erasure_id).status == 200
    assert home.world.trace.names() == ["dynamodb.GetItem"]


# ── Whatever dies ────────────────────────────────────────────────────────────────────────────────────────────────────


def nothing_is_left(home: Home) -> None:
    # But for what tax law keeps.
    assert [one for one in objects(home.world) if not one.startswith("invoices/")] == []
    items = [row for row in rows_now_of("Items") if any(told in str(row) for told in belongings(home))]
    assert items == []
    assert "platform-token-of-the-owner" not in str(home.world.dump()["endpoints"])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", [DIES_BEFORE, DIES_AFTER])
@pytest.mark.parametrize("nth", [1, 4, 9, 16, 25, 36])
def test_a_pass_that_dies_in_the_middle_is_taken_up_again(home: Home, nth: int, kind: Kind) -> None:
    live_a_little(home)
    erasure_id = closed(home)["erasure_id"]
    home.world.faults.fail(nth, kind)
    home.world.settle()
    assert home.world.faults.fired
    home.world.faults.clear()
    home.world.advance(QUARTER)
    nothing_is_left(home)
    said = claims(home.world, receipt(home.world, erasure_id))
    assert [kept["record"] for kept in said["kept"]] == ["invoice S-2026-000001"]


def test_the_clock_finishes_what_no_event_began(home: Home) -> None:
    """As if every event of it had been lost."""
    from chalicelib.aws.clients import client

    live_a_little(home)
    erasure_id = closed(home)["erasure_id"]
    home.world.faults.fail(1, FAILING_FROM)
    home.world.settle()
    home.world.faults.clear()
    with home.world.aws.outside():
        for queue in ("Erasures", "DeadLetters"):
            client("sqs").purge_queue(QueueUrl=home.world.stack.physical(queue))
    home.world.advance(QUARTER)
    nothing_is_left(home)
    assert receipt(home.world, erasure_id)


def test_aws_may_be_down_for_hours_and_it_is_finished_when_it_is_back(home: Home) -> None:
    live_a_little(home)
    erasure_id = closed(home)["erasure_id"]
    home.world.faults.fail(1, FAILING_FROM)
    home.world.advance(5 * HOUR)
    home.world.faults.clear()
    assert erasure(home.world, erasure_id).json["state"] == "erasing"
    home.world.advance(QUARTER)
    nothing_is_left(home)
    assert receipt(home.world, erasure_id)


def test_one_that_fails_keeps_no_other_waiting(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first = closed(home)["erasure_id"]
    home.stranger.step_up()
    second = home.stranger.close().json["erasure_id"]
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 61)
    run_pass, stuck = erase.run_pass, crypto.plain_hash(first)

    def all_but_one(hashed_id: str, *subject: Any) -> Any:
        if hashed_id == stuck:
            raise RuntimeError("this one is stuck")
        return run_pass(hashed_id, *subject)

    monkeypatch.setattr(erase, "run_pass", all_but_one)
    home.world.run_schedule("resume_erasures")
    home.world.settle()
    assert erasure(home.world, second).json["state"] == "done"
    assert erasure(home.world, first).json["state"] == "erasing"
    monkeypatch.undo()
    home.world.advance(QUARTER)
    assert erasure(home.world, first).json["state"] == "done"


def test_one_whose_passes_cannot_be_ordered_keeps_no_other_waiting_and_rings_the_alarm(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = closed(home)["erasure_id"]
    home.stranger.step_up()
    second = home.stranger.close().json["erasure_id"]
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 61)
    open_subjects, stuck = erasures.open_subjects, crypto.plain_hash(first)

    def all_but_one(hashed_id: str) -> Any:
        if hashed_id == stuck:
            raise RuntimeError("this one is stuck")
        return open_subjects(hashed_id)

    monkeypatch.setattr(erasures, "open_subjects", all_but_one)
    with pytest.raises(RuntimeError, match="stuck"):
        home.world.run_schedule("resume_erasures")
    home.world.settle()
    assert [erasure(home.world, one).json["state"] for one in (first, second)] == ["erasing", "done"]


def test_news_of_an_erasure_that_comes_again_does_no_harm(home: Home) -> None:
    from chalicelib.aws.clients import client

    erasure_id = closed(home)["erasure_id"]
    home.world.advance(QUARTER)
    before = receipt(home.world, erasure_id)
    (row,) = rows(home.world, "erasure/erasure", "Ledger")
    with home.world.aws.outside():
        for hashed in (row["pk"].partition("#")[2], "nobody"):
            for subject in ("", f"account#{home.owner.account_id}", "nothing"):
                body = json.dumps({"partition_id": hashed, "sort_id": subject})
                client("sqs").send_message(QueueUrl=home.world.stack.physical("Erasures"), MessageBody=body)
    home.world.settle()
    assert home.world.failures == []
    assert receipt(home.world, erasure_id) == before


def test_it_is_looked_at_again_after_an_hour_and_a_day_and_then_no_more(home: Home) -> None:
    closed(home)
    home.world.advance(QUARTER)

    def in_sight() -> int:
        return len(rows(home.world, "open/erasure", "Ledger"))

    def looked_at() -> set[int]:
        return {int(row["clean_at"]) for row in rows(home.world, "erasure/subject", "Ledger")}

    begin = home.world.now().timestamp() - QUARTER
    times = [looked_at()]
    assert in_sight() == 1
    for seconds, left in ((HOUR, 1), (DAY, 0)):
        home.world.advance(seconds)
        assert (in_sight(), rows(home.world, "erasure/open-subject", "Ledger")) == (left, [])
        times.append(looked_at())
    passed = [sorted({int((at - begin) // HOUR) for at in several}) for several in times]
    assert passed == [[0], [1], [24]]
    assert home.world.run_schedule("resume_erasures") == {"passes": 0}


def test_with_nothing_to_do_the_clocks_pass_is_two_queries_what_is_due_and_how_old_it_is(world: LocalCloud) -> None:
    world.trace.clear()
    assert world.run_schedule("resume_erasures") == {"passes": 0}
    assert world.trace.names() == ["dynamodb.Query"] * 2
