"""A table: partitions that are found at once, each sorted by its sort key, and what changed, in order."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.strict_moto.sizes import attributes_bytes
from tests.engine.items import Item, Value, kind_of, ordered
from tests.engine.refusals import invalid

RECORDS_KEPT = 20_000
Sorted = Any
_ALONE = ""


@dataclass
class Partition:
    """Its items by sort key; a table without one has a single item in each partition, under `_ALONE`."""

    order: list[Sorted] = field(default_factory=list)
    items: dict[Sorted, Item] = field(default_factory=dict)

    def put(self, place: Sorted, item: Item) -> None:
        if place not in self.items:
            insort(self.order, place) if self.order and self.order[-1] > place else self.order.append(place)
        self.items[place] = item

    def drop(self, place: Sorted) -> None:
        if self.items.pop(place, None) is not None:
            del self.order[bisect_left(self.order, place)]


@dataclass
class Range:
    """Which sort keys: from `low` to `high`, or those that begin with `start`."""

    low: Sorted = None
    high: Sorted = None
    with_low: bool = True
    with_high: bool = True
    start: Sorted = None

    def within(self, order: list[Sorted]) -> tuple[int, int]:
        """The places of the first, and of the first no more."""
        if self.start is not None:
            length = len(self.start)
            return bisect_left(order, self.start), bisect_right(order, self.start, key=lambda one: one[:length])
        first = 0 if self.low is None else (bisect_left if self.with_low else bisect_right)(order, self.low)
        end = len(order) if self.high is None else (bisect_right if self.with_high else bisect_left)(order, self.high)
        return first, end


class Stream:
    """What changed in a table; the oldest is forgotten once there is too much."""

    def __init__(self, arn: str, view: str) -> None:
        self.arn, self.view = arn, view
        self.records: list[dict[str, Any]] = []
        self.begin = 0

    @property
    def end(self) -> int:
        return self.begin + len(self.records)

    def tell(self, key: Item, old: Item | None, new: Item | None, size: int) -> None:
        if old == new:  # a write that changes nothing is not told
            return
        name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        images = {"OldImage": old, "NewImage": new}
        seen = {image: item for image, item in images.items() if item and self._shows(image)}
        told = {"ApproximateCreationDateTime": int(time.time()), "Keys": key, "SequenceNumber": f"{self.end:021d}"}
        told |= {"SizeBytes": size, "StreamViewType": self.view, **seen}
        if len(self.records) >= RECORDS_KEPT:
            del self.records[: RECORDS_KEPT // 2]
            self.begin += RECORDS_KEPT // 2
        self.records.append({"eventID": f"{self.end:032x}", "eventName": name, "eventVersion": "1.1"} | {
            "eventSource": "aws:dynamodb", "awsRegion": self.arn.split(":")[3], "dynamodb": told
        })  # fmt: skip

    def _shows(self, image: str) -> bool:
        return self.view in ("NEW_AND_OLD_IMAGES", "OLD_IMAGE" if image == "OldImage" else "NEW_IMAGE")


class Table:
    def __init__(self, name: str, keys: list[tuple[str, str]], stream: Stream | None = None) -> None:
        """`keys` are one or two names of attributes and their types: partition key, sort key."""
        self.name, self.keys, self.stream = name, keys, stream
        self.told: dict[str, Any] = {}
        self.partitions: dict[Sorted, Partition] = {}
        self.count = 0

    def get(self, key: Item) -> Item | None:
        partition, place = self.where(key)
        found = self.partitions.get(partition)
        return found.items.get(place) if found else None

    def change(self, key: Item, new: Item | None) -> None:
        """An item is never changed where it lies: another takes its place, or none."""
        old = self.get(key)
        self.load(new) if new is not None else self._drop(key, old)
        if self.stream is not None:
            size = sum(attributes_bytes(one) for one in (key, old or {}, new or {}))
            self.stream.tell(key, old, new, size)

    def load(self, item: Item) -> None:
        """Without telling the stream."""
        partition, place = self.where(item)
        there = self.partitions.setdefault(partition, Partition())
        self.count += place not in there.items
        there.put(place, item)

    def _drop(self, key: Item, old: Item | None) -> None:
        if old is None:
            return
        partition, place = self.where(key)
        self.partitions[partition].drop(place)
        self.count -= 1
        if not self.partitions[partition].order:
            del self.partitions[partition]

    def of_partition(self, hashed: Sorted, within: Range, after: Item | None, forward: bool) -> Iterator[Item]:
        """In order of the sort key, looking at no item that is not given."""
        partition = self.partitions.get(hashed)
        if partition is None:
            return
        order = partition.order
        first, end = within.within(order)
        if after is not None:
            place = self.where(after)[1]
            first, end = (max(first, bisect_right(order, place)), end) if forward else (
                first, min(end, bisect_left(order, place))
            )  # fmt: skip
        for position in range(first, end) if forward else range(end - 1, first - 1, -1):
            yield partition.items[order[position]]

    def all(self, after: Item | None = None) -> Iterator[Item]:
        """In some order that stays: what a Scan sees."""
        start = self.where(after)[0] if after else None
        for hashed in sorted(self.partitions):
            if start is None or hashed > start:
                yield from self.of_partition(hashed, Range(), None, True)
            elif hashed == start:
                yield from self.of_partition(hashed, Range(), after, True)

    def where(self, attributes: Item) -> tuple[Sorted, Sorted]:
        (partition, _), *rest = self.keys
        return ordered(attributes[partition]), ordered(attributes[rest[0][0]]) if rest else _ALONE

    def key_of(self, item: Item) -> Item:
        return {name: item[name] for name, _ in self.keys}

    def check_key(self, key: Item) -> None:
        """Exactly the key's attributes, of their types, none empty."""
        if set(key) != {name for name, _ in self.keys}:
            raise invalid("The provided key element does not match the schema")
        self._check(key, "The provided key element does not match the schema")

    def check_item(self, item: Item) -> None:
        for name, _ in self.keys:
            if name not in item:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
        self._check(item, "One or more parameter values were invalid: Type mismatch for key")

    def _check(self, attributes: Item, wrong_type: str) -> None:
        for (name, kind), most in zip(self.keys, (2048, 1024), strict=False):
            value: Value = attributes[name]
            if kind_of(value) != kind:
                raise invalid(wrong_type)
            if value[kind] in ("", b""):
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                    f"an empty string value. Key: {name}"
                )
            if attributes_bytes({"": value}) > most:
                too_long = f"Size of key {name} has exceeded {most} bytes"
                raise invalid(f"One or more parameter values were invalid: {too_long}")


def load(table: Table, items: Iterable[Item]) -> None:
    """Other people's items, straight in."""
    for item in items:
        table.load(item)
