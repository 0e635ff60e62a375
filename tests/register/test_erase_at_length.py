"""However much hangs below a subject, it goes by instalments: whole on moto as far as moto bears it, and beyond that on
a store that only pages and counts, of which a small world shows that both do the same."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws import s3, sqs
from chalicelib.aws.clients import client
from chalicelib.privacy.actions import erasing
from chalicelib.register import erase, erasures
from chalicelib.register.erasures import DONE, Erasure
from chalicelib.settings import settings
from chalicelib.store import raw_items
from chalicelib.store.records import Item, read
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.privacy.leaving import QUARTER
from tests.register.paging import Paging
from tests.register.subjects import alarms, begun, counts, pictures_of, tie, write

EVERY = "EVERY_SIZE" in os.environ
# Devices, and alarms of each, whole on moto.
DEVICES, ALARMS = (200, 48) if EVERY else (12, 10)
# Alarms of one device, and pictures below it, on the store that only pages and counts.
MANY_ALARMS, MANY_PICTURES = (100_000, 1_000_000) if EVERY else (2_000, 20_000)


class Messages:
    """A queue in which nobody is slow: what is sent comes in its order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._waiting: list[dict[str, str]] = []
        self.passes: Counter[str] = Counter()
        self.order: list[str] = []
        patch.setattr(sqs, "send_together", lambda queue, messages: self._waiting.extend(messages))

    def settle(self, *hashes: str) -> None:
        """First those of the subjects that are open, then all that follows."""
        seen: set[tuple[str, str]] = set()
        while True:
            opened = [(hashed, row.subject) for hashed in hashes for row in erasures.open_subjects(hashed)]
            fresh = [one for one in opened if one not in seen]
            seen.update(fresh)
            self._waiting += [{"partition_id": hashed, "sort_id": subject, "pass": "0"} for hashed, subject in fresh]
            if not self._waiting:
                return
            message = self._waiting.pop(0)
            self.passes[message["sort_id"]] += 1
            self.order.append(message["sort_id"])
            erasing.run_pass(message["partition_id"], message["sort_id"], int(message["pass"]))


@pytest.fixture
def messages(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Messages:
    return Messages(monkeypatch)


class Minutes:
    """A clock on which each call of the store takes its time."""

    def __init__(self, patch: pytest.MonkeyPatch, store: Paging, seconds: float) -> None:
        self.start = clock.now()
        patch.setattr(clock, "ticks_s", lambda: sum(store.calls.values()) * seconds)
        patch.setattr(clock, "now", lambda: self.start)


def late(patch: pytest.MonkeyPatch) -> None:
    """Nobody who began before the erasure can still be writing."""
    patch.setattr(erase, "LONGEST_FUNCTION", timedelta())


def objects_in_the_bucket() -> int:
    return sum(1 for _ in s3.below(""))


def put_objects(keys: list[str]) -> None:
    for key in keys:
        client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=b"x")


def state(hashed: str) -> str:
    (erasure,) = read(Erasure.key(hashed))
    return str(erasure.state)


def test_an_account_with_many_devices_is_forgotten_whole(home: Home) -> None:
    since = home.world.now() - timedelta(days=1)
    devices = [f"device{number:03d}" for number in range(DEVICES)]
    rows = [row for device in devices for row in alarms(device, ALARMS, since, in_an_hour=ALARMS)]
    with home.world.aws.outside():
        write([*(tie("gone", device).serialize() for device in devices), *rows])
        before = objects_in_the_bucket()
        put_objects(pictures_of(rows)[::20])
    hashed = begun(("account", "gone"))
    home.world.settle()
    home.world.advance(QUARTER)
    assert state(hashed) == DONE
    assert counts(hashed)[0] == DEVICES + len(rows)
    assert objects_in_the_bucket() == before
    for subject in ("account#gone", *(f"device#{device}" for device in devices)):
        assert not any(raw_items.pages(Item, subject, 1)), subject
    assert erasures.count_subjects(hashed) == 1 + DEVICES


def test_the_store_that_only_pages_agrees_with_moto(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same calls, same counts, same end."""
    late(monkeypatch)
    monkeypatch.setattr(erase, "_ITEMS_OF_A_PAGE", 40)
    since = clock.now() - timedelta(days=1)
    rows = [tie("gone", "device").serialize(), *alarms("device", 110, since, in_an_hour=30)]
    seen = []
    for of_ours in (False, True):
        before = objects_in_the_bucket()
        with monkeypatch.context() as patch:
            store = Paging(rows, pictures_of(rows))
            if of_ours:
                store.installed(patch)
            else:
                write(rows)
                put_objects(pictures_of(rows))
            hashed = begun(("account", "gone"))
            messages.passes.clear()
            messages.settle(hashed)
            erasing_again(hashed, messages)
            left = (store.rows, store.objects) if of_ours else (_left(), objects_in_the_bucket() - before)
            seen.append((state(hashed), counts(hashed), dict(messages.passes), left))
    assert seen[0] == seen[1]
    assert seen[0][0::3] == (DONE, (0, 0))


def erasing_again(hashed: str, messages: Messages) -> None:
    """As the clock would order it."""
    erasing.order_due_passes()
    messages.settle(hashed)


def _left() -> int:
    subjects = ("account#gone", "device#device")
    return sum(len(page) for subject in subjects for page in raw_items.pages(Item, subject))


def test_very_many_rows_and_pictures_go_in_passes_of_twenty_seconds(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(monkeypatch)
    since = clock.now() - timedelta(days=7)
    rows = alarms("device", MANY_ALARMS, since, in_an_hour=MANY_ALARMS // 160)
    more = MANY_PICTURES // MANY_ALARMS
    pictures = [f"{key}.{nth}" for key in pictures_of(rows) for nth in range(more)]
    store = Paging(rows, pictures).installed(monkeypatch)
    a_call_s = 20 / 150
    Minutes(monkeypatch, store, a_call_s)
    hashed = begun(("device", "device"))
    messages.settle(hashed)
    assert (store.rows, store.objects) == (0, 0)
    assert counts(hashed) == (len(rows), len(pictures), 0)
    # As many calls as there are pages and batches, and one folder for each hour; and no pass is longer than its time.
    folders = len({key.rsplit("/", 2)[0] for key in pictures})
    assert store.calls["batch_write_item"] <= len(rows) // 25 + messages.passes["device#device"] + 1
    assert store.calls["delete_objects"] <= len(pictures) // 1000 + folders
    assert store.calls["query"] <= len(rows) // 100 + 3 * messages.passes["device#device"]
    least = sum(store.calls.values()) * a_call_s / 20
    assert 3 <= messages.passes["device#device"] <= least + 2


def test_a_huge_subject_keeps_no_small_one_waiting(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes an account while another's goes by many instalments is forgotten after one of them."""
    late(monkeypatch)
    rows = alarms("huge", 2_000, clock.now() - timedelta(days=1))
    small = alarms("small", 2, clock.now() - timedelta(days=1))
    store = Paging([*rows, *small], pictures_of([*rows, *small])).installed(monkeypatch)
    Minutes(monkeypatch, store, 0.6)
    hashes = begun(("device", "huge")), begun(("device", "small"))
    messages.settle(*hashes)
    assert (store.rows, store.objects) == (0, 0)
    assert messages.passes["device#huge"] > 3
    assert messages.order.index("device#small") == 1


@pytest.mark.parametrize("seed", range(3))
def test_messages_that_come_twice_or_in_another_order_change_nothing(
    messages: Messages, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    late(monkeypatch)
    monkeypatch.setattr(erase, "_ITEMS_OF_A_PAGE", 10)
    rows = [tie("gone", f"of{number}").serialize() for number in range(5)]
    rows += [row for number in range(5) for row in alarms(f"of{number}", 30, clock.now() - timedelta(days=1))]
    store = Paging(rows, pictures_of(rows)).installed(monkeypatch)
    Minutes(monkeypatch, store, 1)
    order = __import__("random").Random(seed)  # repeatable is the point
    waiting: list[dict[str, str]] = messages._waiting

    def send_together(queue: str, several: list[dict[str, str]]) -> None:
        waiting.extend([*several, *several])
        order.shuffle(waiting)

    monkeypatch.setattr(sqs, "send_together", send_together)
    hashed = begun(("account", "gone"))
    messages.settle(hashed)
    erasing_again(hashed, messages)
    assert (store.rows, store.objects, state(hashed)) == (0, 0, DONE)
    assert counts(hashed) == (len(rows), len(pictures_of(rows)), 0)


def test_a_receipt_of_a_thousand_subjects_is_stored_and_names_them(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of more says how many it does not name."""
    late(monkeypatch)
    monkeypatch.setattr(erasing, "MOST_NAMED", 40)
    sizes: dict[int, dict[str, Any]] = {}
    for size in (40, 60):
        Paging([], []).installed(monkeypatch)
        hashed = begun(*(("device", f"of{number}") for number in range(size)))
        with monkeypatch.context() as patch:
            patch.setattr(erasing.jws, "signed", lambda claims, size=size: sizes.setdefault(size, claims) and "signed")
            messages.settle(hashed)
    assert [len(sizes[size]["subjects"]) for size in (40, 60)] == [40, 40]
    assert [sizes[size]["keys_destroyed"] for size in (40, 60)] == [40, 60]
    assert [sizes[size]["subjects_not_named"] for size in (40, 60)] == [0, 20]
