"""Every way to read a record: together, consistently, in pages, and never past its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws import json_calls
from chalicelib.errors import Unavailable
from chalicelib.store import keys, raw_items
from chalicelib.store.commit import commit, create, put
from chalicelib.store.records import Item, read
from infra.local.cloud import LocalCloud
from tests.scene import items_of
from tests.store.things import Lock, Thing, waits

__all__ = ["waits"]  # a fixture


def store(*places: str, **values: Any) -> None:
    commit(*(create(Thing.new("t", place, name=place, **values)) for place in places))


def test_records_of_several_tables_are_read_in_one_consistent_call(world: LocalCloud) -> None:
    store("1", "2")
    commit(put(Lock.new("l", name="lock")))
    world.trace.clear()
    wanted = (Thing.key("t", "2"), Lock.key("l"), Thing.key("t", "none"), Thing.key("t", "1"), Thing.key("t", "2"))
    found = read(*wanted)
    assert [getattr(one, "name", None) for one in found] == ["2", "lock", None, "1", "2"]
    (call,) = world.trace
    assert call.operation == "BatchGetItem"
    assert all(asked["ConsistentRead"] for asked in call.params["RequestItems"].values())


def test_one_record_is_read_by_the_cheapest_call(world: LocalCloud) -> None:
    store("1")
    world.trace.clear()
    assert [one.name for one in read(Thing.key("t", "1"))] == ["1"]
    (call,) = world.trace
    assert (call.operation, call.params["ConsistentRead"], call.read_units) == ("GetItem", True, 1.0)


def test_a_record_is_over_at_its_very_second(world: LocalCloud) -> None:
    store("1", "2", expires_at=clock.now_s() + 60)
    store("3")

    def there() -> tuple[bool, int, int]:
        alone, page = read(Thing.key("t", "1")), Thing.list_of("t").items
        return alone != (None,), len([one for one in read(Thing.key("t", "1"), Thing.key("t", "2")) if one]), len(page)

    world.advance(59, reaper_lag_seconds=None)
    assert there() == (True, 2, 3)
    world.advance(1)
    assert there() == (False, 0, 1)
    assert len(list(items_of(Item, Thing.key("t").pk))) == 3  # they lie there still


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_follow_each_other_without_a_gap_in_both_directions(
    world: LocalCloud, newest_first: bool, limit: int
) -> None:
    places = [f"{number:02d}" for number in range(7)]
    store(*places)
    commit(create(Thing.new("other", "00")), create(Thing.new("t", "x")))
    seen, after, pages = [], None, 0
    while True:
        page = Thing.list_of("t", last="06", newest_first=newest_first, limit=limit, after=after)
        assert len(page.items) <= limit
        seen += [one.sort_id for one in page.items]
        after, pages = page.cursor, pages + 1
        if after is None:
            break
    assert seen == (places[::-1] if newest_first else places)
    assert pages == -(-7 // limit)


def test_what_is_over_leaves_a_page_shorter_and_its_cursor_right(world: LocalCloud) -> None:
    store("1", "2", expires_at=clock.now_s() + 60)
    store("3", "4")
    world.advance(60, reaper_lag_seconds=None)
    first = Thing.list_of("t", limit=2)
    assert (first.items, first.cursor) == ([], "2")
    assert [one.sort_id for one in Thing.list_of("t", limit=2, after=first.cursor).items] == ["3", "4"]


def test_bounds_take_in_all_that_begins_so(world: LocalCloud) -> None:
    store("a1", "b1", "b2", "c1")
    assert [one.sort_id for one in Thing.list_of("t", first="b", last="b").items] == ["b1", "b2"]
    assert [one.sort_id for one in Thing.list_of("t", first="b2").items] == ["b2", "c1"]
    assert [one.sort_id for one in Thing.list_of("t", last="a").items] == ["a1"]


def test_a_cursor_from_elsewhere_leads_to_nothing_strange(world: LocalCloud) -> None:
    store("b1", "b2")
    for after in ("", "~", "b1~", "zzz", "0"):
        for newest_first in (False, True):
            page = Thing.list_of("t", limit=10, after=after, newest_first=newest_first)
            assert {one.sort_id for one in page.items} <= {"b1", "b2"}


class Sparing:
    """DynamoDB that leaves half of each batch undone, so many times."""

    def __init__(self, times: int) -> None:
        self._times = times

    def call(self, service: Any, operation: str, request: Any) -> bytes:
        if not operation.startswith("Batch"):
            return json_calls.call(service, operation, request)
        self._times -= 1
        if self._times < 0:
            return json_calls.call(service, operation, request)
        left_name, within = ("UnprocessedKeys", "Keys") if "Get" in operation else ("UnprocessedItems", None)
        return self._some(operation, request["RequestItems"], left_name, within)

    def _some(self, operation: str, asked: Any, left_name: str, within: str | None) -> bytes:
        (name, of_table), *_ = asked.items()
        entries = of_table[within] if within else of_table
        done, left = entries[: len(entries) // 2], entries[len(entries) // 2 :]
        both = [{**of_table, within: part} if within else part for part in (done, left)]
        answer = b'{"Responses": {}}'
        if done:
            answer = json_calls.call("dynamodb", operation, {"RequestItems": {name: both[0]}})
        return json.dumps({**json.loads(answer), left_name: {name: both[1]}}).encode()


def sparing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(raw_items, "call", Sparing(times).call)


def test_keys_left_unread_are_read_again(
    world: LocalCloud, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    store("1", "2", "3", "4")
    sparing(monkeypatch, 2)
    assert [one.name for one in read(*(Thing.key("t", place) for place in "1234"))] == ["1", "2", "3", "4"]
    assert len(waits) == 2


def test_nothing_is_decided_on_half_of_what_was_asked(
    world: LocalCloud, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    store("1", "2")
    sparing(monkeypatch, 9)
    with pytest.raises(Unavailable):
        read(Thing.key("t", "1"), Thing.key("t", "2"))


def test_a_partition_is_deleted_twenty_five_at_a_time(world: LocalCloud) -> None:
    store(*(f"{number:02d}" for number in range(60)))
    world.trace.clear()
    raw_items.delete(Item, list(items_of(Item, Thing.key("t").pk)))
    assert [call.operation for call in world.trace] == ["Query", *["BatchWriteItem"] * 3]
    assert list(items_of(Item, Thing.key("t").pk)) == []


def test_items_left_undeleted_are_deleted_again_or_it_is_said(
    world: LocalCloud, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(*(f"{number:02d}" for number in range(8)))
    items = list(items_of(Item, Thing.key("t").pk))
    sparing(monkeypatch, 2)
    raw_items.delete(Item, items)
    assert list(items_of(Item, Thing.key("t").pk)) == []
    sparing(monkeypatch, 99)
    with pytest.raises(Unavailable):
        raw_items.delete(Item, items)


def test_a_partition_larger_than_a_page_is_read_to_its_end(world: LocalCloud) -> None:
    for number in range(4):
        commit(create(Thing.new("t", str(number), name="x" * 390_000)))
    world.trace.clear()
    assert len(list(items_of(Item, Thing.key("t").pk))) == 4
    assert len(world.trace) > 1


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("parts", "key"), [(("a",), "a"), (("a", "b"), "a#b"), (("a", "b", "c"), "a#b#c")])
def test_keys_are_joined_and_cut(parts: tuple[str, ...], key: str) -> None:
    assert keys.joined(*parts) == key
    assert keys.kind_of(key) == parts[0]
    assert keys.id_of(key) == "#".join(parts[1:])


def test_a_kind_does_not_span_another_that_begins_so() -> None:
    low, high = keys.span("order")
    assert low <= "order#1" <= high and low <= "order#zz" <= high
    assert not low <= "orders#1" <= high and not low <= "orde#1" <= high
