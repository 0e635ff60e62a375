"""One decision, one commit: all or nothing, once, and never a false failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws import json_calls
from chalicelib.aws.attempts import CallRefused
from chalicelib.errors import Conflict, Gone, NotFound, Unavailable
from chalicelib.store import commit as commits
from chalicelib.store.commit import (
    change,
    check,
    commit,
    commit_and_answer,
    create,
    merge,
    put,
    remove,
    with_answer_record,
)
from chalicelib.store.records import read
from infra.local.cloud import LocalCloud
from infra.strict_moto import ERROR_AFTER, FAILING_FROM, LOST_REPLY, THROTTLED
from tests.store.things import Thing, stored, waits

__all__ = ["waits"]  # a fixture


def thing(place: str = "1", **values: Any) -> Thing:
    return Thing.new("t", place, **values)


def is_there(place: str = "1") -> bool:
    return read(Thing.key("t", place)) != (None,)


def count() -> int:
    (found,) = read(Thing.key("t", "1"))
    return int(found.count)


LOSSES = [LOST_REPLY, ERROR_AFTER]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["create", "put", "change", "add", "merge", "count", "count in any case", "remove"])
def test_a_lone_write_whose_reply_is_lost_is_no_failure_and_done_once(
    world: LocalCloud, waits: list[float], kind: str, loss: Any
) -> None:
    if kind != "create":
        commit(create(thing(count=1)))
    as_read = Thing.count == 1
    write = {
        "create": lambda: create(thing(count=2), otherwise=NotFound),
        "put": lambda: put(thing(count=2), when=as_read, otherwise=NotFound),
        "change": lambda: change(thing(count=1), count=2, when=as_read, otherwise=NotFound),
        "add": lambda: change(thing(), Thing.count.add(1), when=as_read, otherwise=NotFound),
        "merge": lambda: merge(thing(), Thing.count.add(1), when=as_read, otherwise=NotFound),
        "count": lambda: change(thing(), Thing.count.add(1)),
        "count in any case": lambda: merge(thing(), Thing.count.add(1)),
        "remove": lambda: remove(thing(), when=as_read, otherwise=NotFound),
    }[kind]()
    world.faults.fail(1, loss)
    commit(write)
    assert [fired.kind for fired in world.faults.fired] == [loss]
    assert not is_there() if kind == "remove" else count() == 2


@pytest.mark.parametrize("loss", LOSSES)
def test_a_transaction_whose_reply_is_lost_is_done_once(world: LocalCloud, waits: list[float], loss: Any) -> None:
    commit(create(thing(count=1)), create(thing("2")))
    world.faults.fail(1, loss)
    commit(
        change(thing(), Thing.count.add(1)),
        remove(thing("2"), when=Thing.pk.exists(), otherwise=NotFound),
        create(thing("3"), otherwise=Conflict),
    )
    assert (count(), is_there("2"), is_there("3")) == (2, False, True)


def test_a_write_of_somebody_else_is_not_taken_for_ones_own(world: LocalCloud) -> None:
    commit(create(thing(count=1)))
    with pytest.raises(Gone):
        commit(create(thing(count=1), otherwise=Gone))


@pytest.mark.parametrize("together", [False, True])
def test_what_stands_in_the_way_decides_what_the_person_hears(world: LocalCloud, together: bool) -> None:
    commit(create(thing(name="first")))
    more = [create(thing("2"), otherwise=Gone)] if together else []
    seen = []

    def by_what_stands(standing: dict[str, Any] | None) -> BaseException:
        seen.append(standing)
        return NotFound()

    refusal = Conflict(retry_after_seconds=3)
    for otherwise, expected in ((NotFound, NotFound), (refusal, Conflict), (by_what_stands, NotFound)):
        with pytest.raises(expected) as raised:
            commit(*more, create(thing(name="second"), otherwise=otherwise))
        assert otherwise is not refusal or raised.value is refusal
        assert not is_there("2")
    assert [standing["name"]["S"] for standing in seen if standing] == ["first"]


def test_the_refusal_is_that_of_the_write_that_failed(world: LocalCloud) -> None:
    commit(create(thing("2")))
    with pytest.raises(Gone):
        commit(
            create(thing("1"), otherwise=NotFound),
            create(thing("2"), otherwise=Gone),
            create(thing("3"), otherwise=Conflict),
        )
    assert not is_there("1") and not is_there("3")


def test_a_check_lets_a_commit_stand_or_fall_and_writes_nothing(world: LocalCloud) -> None:
    with pytest.raises(NotFound):
        commit(create(thing("2")), check(Thing.key("t", "1"), Thing.pk.exists(), otherwise=NotFound))
    commit(create(thing("1")))
    before = stored(thing("1"))
    commit(create(thing("2")), check(Thing.key("t", "1"), Thing.pk.exists(), otherwise=NotFound))
    assert stored(thing("1")) == before and is_there("2")


def test_a_change_never_brings_back_what_is_gone(world: LocalCloud) -> None:
    gone = thing(count=1)
    for more in ([], [create(thing("2"))]):
        with pytest.raises(Gone):
            commit(change(gone, count=2, otherwise=Gone), *more)
        assert stored(gone) is None and not is_there("2")


def test_a_change_sets_and_removes_and_the_object_changes_with_it(world: LocalCloud) -> None:
    one = thing(name="a", count=1)
    commit(create(one))
    commit(change(one, name=None, count=5))
    assert (one.name, one.count) == (None, 5)
    item = stored(one) or {}
    assert "name" not in item and item["count"] == {"N": "5"}
    with pytest.raises(AttributeError):
        change(one, nonsense=1)


def test_a_merge_makes_what_is_not_there(world: LocalCloud) -> None:
    for _ in range(2):
        commit(merge(thing(), Thing.count.add(1)))
    assert count() == 2


def test_removing_what_is_gone_is_no_error_unless_it_must_be_there(world: LocalCloud) -> None:
    commit(remove(Thing.key("t", "1")))
    with pytest.raises(NotFound):
        commit(remove(Thing.key("t", "1"), when=Thing.pk.exists(), otherwise=NotFound))


def test_what_is_over_but_still_lies_there_is_no_obstacle(world: LocalCloud) -> None:
    commit(create(thing(name="old", expires_at=clock.now_s() + 60)))
    world.advance(59, reaper_lag_seconds=None)
    with pytest.raises(Conflict):
        commit(create(thing(name="new")))
    world.advance(1)
    assert stored(thing()) is not None
    commit(create(thing(name="new")))
    assert (stored(thing()) or {})["name"] == {"S": "new"}


def test_a_hundred_writes_are_one_commit_and_a_hundred_and_one_are_none(world: LocalCloud) -> None:
    with pytest.raises(ValueError, match="101"):
        commit(*(create(thing(str(number))) for number in range(101)))
    assert len(world.trace) == 0
    commit(*(create(thing(str(number))) for number in range(100)))
    assert [call.operation for call in world.trace] == ["TransactWriteItems"]


# ── Busy ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("more", [0, 1])
def test_a_throttled_write_waits_and_is_sent_again(world: LocalCloud, waits: list[float], more: int) -> None:
    world.faults.fail(1, THROTTLED)
    commit(create(thing()), *(create(thing(str(number + 2))) for number in range(more)))
    assert is_there()
    assert len(waits) == 1 and 0 <= waits[0] <= 0.05


@pytest.mark.parametrize("more", [0, 1])
def test_after_eight_tries_within_eight_seconds_the_person_is_asked_to_come_again(
    world: LocalCloud, waits: list[float], more: int
) -> None:
    world.faults.fail(1, FAILING_FROM)
    with pytest.raises(Unavailable) as refusal:
        commit(create(thing()), *(create(thing(str(number + 2))) for number in range(more)))
    assert refusal.value.retry_after_seconds == 2
    assert len(world.trace) == 8 and len(waits) == 7
    assert all(waited <= 0.05 * 2**turn for turn, waited in enumerate(waits)) and sum(waits) < 8


class Conflicting:
    """DynamoDB that cancels the first transactions for these reasons."""

    def __init__(self, *reasons: list[dict[str, Any]]) -> None:
        self._reasons = list(reasons)
        self.tokens: list[str] = []

    def call(self, service: Any, operation: str, request: Any) -> bytes:
        assert operation == "TransactWriteItems"
        self.tokens.append(request["ClientRequestToken"])
        if not self._reasons:
            return json_calls.call(service, operation, request)
        body = {"__type": "TransactionCanceledException", "CancellationReasons": self._reasons.pop(0)}
        raise CallRefused(operation, 400, json.dumps(body).encode(), "R1")


NONE, BUSY = {"Code": "None"}, {"Code": "TransactionConflict"}
FAILED, INVALID = {"Code": "ConditionalCheckFailed"}, {"Code": "ValidationError"}


def conflicting(monkeypatch: pytest.MonkeyPatch, *reasons: list[dict[str, Any]]) -> Conflicting:
    dynamodb = Conflicting(*reasons)
    monkeypatch.setattr(commits, "call", dynamodb.call)
    return dynamodb


def test_a_conflict_is_tried_again_as_the_same_transaction(
    world: LocalCloud, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb = conflicting(monkeypatch, [NONE, BUSY], [BUSY, NONE])
    commit(create(thing("1")), create(thing("2")))
    assert is_there("1") and len(dynamodb.tokens) == 3 and len(set(dynamodb.tokens)) == 1


def test_conflicts_without_end_are_unavailable(
    world: LocalCloud, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    conflicting(monkeypatch, *[[BUSY, NONE]] * 8)
    with pytest.raises(Unavailable):
        commit(create(thing("1")), create(thing("2")))
    assert not is_there("1")


def test_a_condition_that_failed_counts_more_than_a_conflict_and_what_is_invalid_is_a_fault(
    world: LocalCloud, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    conflicting(monkeypatch, [BUSY, FAILED], [NONE, INVALID])
    with pytest.raises(Gone):
        commit(create(thing("1")), create(thing("2"), otherwise=Gone))
    with pytest.raises(CallRefused):
        commit(create(thing("1")), create(thing("2")))
    assert waits == []


# ── With its answer ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_answer_is_kept_in_the_same_commit_as_the_effect(world: LocalCloud) -> None:
    with with_answer_record(lambda answer: create(thing("answer", name=answer), otherwise=Gone)):
        assert commit_and_answer(create(thing("1")), answer="yes") == "yes"
        with pytest.raises(Gone):
            commit_and_answer(create(thing("2")), answer="yes")
    assert [call.operation for call in world.trace] == ["TransactWriteItems"] * 2
    assert is_there("answer") and is_there("1") and not is_there("2")
    commit_and_answer(create(thing("3")), answer="yes")
    assert world.trace.calls[-1].operation == "PutItem"
