"""Events come twice, late and in another order, and everything ends as if they had not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.activity.records import Activity
from chalicelib.stock.records import RefusedUploads
from chalicelib.store.deletions import Deletion
from infra.local.cloud import LocalCloud
from infra.local.pollers import DeliveryFaults
from tests.conftest import Home
from tests.recordings.plans import subscribe
from tests.scene import filmed, jpeg, pay
from tests.worlds.invariants import violations

# Which attempt wrote something, how many it took, what it still found, and when the last one came, may differ.
OF_THE_ATTEMPT = {"commit_id", "passes", "items", "objects", "clean_at", "done_at", "receipt"}
OF_THE_ATTEMPT |= {"next_at", "confirmed_at", "made_at"}
# How often S3 told of uploads, of which the bound of an hour is an estimate.
OF_THE_ATTEMPT |= {"uploads", "uploads_bytes"}
# How often a day of recordings was counted, and what it counted last.
OF_THE_ATTEMPT |= {"writes", "counted_lately"}
HOUR = 3_600


def _uploads(home: Home) -> None:
    for number in range(5):
        assert home.camera.upload(number).status == 204
    assert home.camera.upload(9, data=b"no picture" * 200).status == 204


def _payment(home: Home) -> None:
    for key in ("the-key-of-an-order-1", "the-key-of-an-order-2"):
        assert pay(home.world, home.owner.order(home.camera.device_id, key=key).json["order_id"]).status == 200


def _deletion(home: Home) -> None:
    _uploads(home)
    home.world.settle()
    home.camera.upload(10)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms").status == 204


def _removal(home: Home) -> None:
    _uploads(home)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202


def _closing(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    home.owner.step_up()
    _uploads(home)
    assert home.owner.close().status == 202
    late = home.world.upload(ticket, "1/20260105T080000Z-motion-late.jpg", jpeg(10))
    assert late.status == 204


def _recordings(home: Home) -> None:
    """Of two days, short ones and long ones, one under the same name again, and what no player would take."""
    ticket = _plan_and_ticket(home)
    for seconds in (60, 10, 10, 10, 60):
        home.world.clock.move_to(home.world.now().timestamp() + seconds)
        home.camera.record(seconds * 1000)
    home.camera.record(60_000)
    home.camera.record(at=home.world.now() - timedelta(days=1))
    assert home.world.upload(ticket, "1/yesterday.m4s", filmed("m4s")).status == 204
    assert home.world.upload(ticket, "1/init-b.mp4", b"no video" * 100).status == 204


def _recordings_deleted(home: Home) -> None:
    """Before all of them have come; and one is brought when that is over, and stays."""
    ticket = _plan_and_ticket(home, recorded=1)
    home.camera.record(at=home.world.now() - timedelta(minutes=10))
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/recordings").status == 204
    home.camera.record(at=home.world.now() - timedelta(minutes=20), ticket=ticket)
    home.world.clock.move_to(home.world.now().timestamp() + 120)
    home.camera.record()


def _plan_and_ticket(home: Home, recorded: int = 0) -> Any:
    """As they are however events are delivered; of what is deleted before it was counted, no minutes are."""
    faults, home.world.delivery_faults = home.world.delivery_faults, DeliveryFaults()
    home.camera.recording_tickets.clear()
    home.camera.inits_brought.clear()
    subscribe(home)
    for _ in range(recorded):
        home.camera.record()
        home.world.settle()
    home.world.delivery_faults = faults
    return home.camera.recording_ticket()


STORIES = [_uploads, _payment, _deletion, _removal, _closing, _recordings, _recordings_deleted]
MISCHIEF = {
    "all twice": {"duplicated": 1.0},
    "shuffled": {"reordered": True, "seed": 1},
    "half of it late": {"delayed": 0.5, "delay_seconds": HOUR / 2, "seed": 2},
    "everything late": {"delayed": 1.0, "delay_seconds": HOUR / 2, "seed": 3},
    **{
        f"everything at once, {seed}": {
            "duplicated": 0.5,
            "delayed": 0.5,
            "delay_seconds": HOUR / 2,
            "reordered": True,
            "seed": seed,
        }
        for seed in range(4, 8)
    },
}


def _is_noted(row: Any) -> bool:
    return str(row.get("sk")).startswith(f"{Activity.sk_prefix}#")


def _is_of_a_deletion(row: Any) -> bool:
    return str(row["pk"]).startswith(f"{Deletion.pk_prefix}#")


def _outcome(world: LocalCloud) -> dict[str, Any]:
    dump = world.dump()
    # What is refused as an upload is so for what was found first: that it is no picture, or that all was deleted.
    rows = {
        (table, row["pk"], row.get("sk")): {name: value for name, value in row.items() if name not in OF_THE_ATTEMPT}
        for table, found in dump["tables"].items()
        for row in found
        if not _is_noted(row) and not _is_of_a_deletion(row) and row.get("sk") != RefusedUploads.sk_prefix
    }
    # What was deleted is noted under its time and chance.
    deletions = [row for found in dump["tables"].values() for row in found if _is_of_a_deletion(row)]
    deleted = {pk for row in deletions for pk in row.get("rows", ()) if " removal#" not in pk}
    # What happened is noted under chance, and sealed with it.
    noted = Counter(row["pk"] for found in dump["tables"].values() for row in found if _is_noted(row))
    objects = {one["key"]: one["body"] for found in dump["buckets"].values() for one in found}
    mails = sorted((mail["to"], mail["subject"], mail["text"]) for mail in world.outbox() if mail["kind"] == "email")
    # A push may come twice.
    pushes = {str(push["data"]) for push in world.outbox() if push["kind"] == "push"}
    return {"rows": rows, "deleted": deleted, "noted": noted, "objects": objects, "mails": mails, "pushes": pushes}


def _told(home: Home, story: Callable[[Home], None], delivery_faults: DeliveryFaults) -> dict[str, Any]:
    world, before = home.world, home.world.snapshot()
    world.delivery_faults = delivery_faults
    story(home)
    # Each pass of an erasure may be late by half an hour, and again.
    world.advance(4 * HOUR)
    outcome = _outcome(world)
    assert violations(world.dump()) == []
    assert world.failures == []
    world.restore(before)
    return outcome


@pytest.mark.one_in(2)
@pytest.mark.parametrize("delivery_faults", MISCHIEF.values(), ids=MISCHIEF)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.strip("_"))
def test_it_ends_the_same(home: Home, story: Callable[[Home], None], delivery_faults: dict[str, Any]) -> None:
    as_usual = _told(home, story, DeliveryFaults())
    otherwise = _told(home, story, DeliveryFaults(**delivery_faults))
    pushed, otherwise_pushed = as_usual.pop("pushes"), otherwise.pop("pushes")
    if story is _closing:
        # The erasure waits for the last mail for ten minutes and no longer: who hears of it half an hour late does not,
        # and the mail's key is deleted with its erasure, which says so itself.
        mails, late = as_usual.pop("mails"), otherwise.pop("mails")
        assert set(late) <= set(mails) and len(late) >= len(mails) - 1
        assert otherwise.pop("deleted") <= as_usual.pop("deleted")
    assert otherwise == as_usual
    # Who deleted an alarm before the news of it came is not told of it; of all others he is.
    assert otherwise_pushed <= pushed if story in (_deletion, _removal, _closing) else otherwise_pushed == pushed
