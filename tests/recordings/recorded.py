"""What tests of recordings look at: objects, rows, and what stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.access import actions as access
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings.actions import days
from chalicelib.recordings.actions.readable import RecordedDevice, readable_segments
from chalicelib.recordings.rules.segments import Segment
from chalicelib.store.records import read_all
from infra.local.cloud import LocalCloud
from tests.conftest import Home

DAY = timedelta(days=1)


def objects(world: LocalCloud) -> list[str]:
    """The keys of segments that are stored; inits are not among them."""
    stored = [one["key"] for bucket in world.dump()["buckets"].values() for one in bucket]
    return sorted(key for key in stored if key.startswith("recordings/") and "/init-" not in key)


def of_device(home: Home) -> RecordedDevice:
    device_id = home.camera.device_id
    with home.world.aws.outside():
        found = read_all(access.keys_of(device_id))
    device = access.decrypted(found, device_id)
    assert device is not None
    return RecordedDevice(device, found[plans.key_of(device_id)])


def stands(home: Home, begin: datetime | None = None, end: datetime | None = None, channel: str = "1") -> list[Segment]:
    """What may be shown now of these two days, or of that time."""
    now = home.world.now()
    of = of_device(home)
    with home.world.aws.outside():
        return readable_segments(of, channel, begin or now - 2 * DAY, end or now + DAY)


def counted(home: Home) -> dict[str, tuple[int, int]]:
    """Of each row the milliseconds and the bytes."""
    with home.world.aws.outside():
        rows = days.all_rows(home.camera.device_id)
    return {row.sort_id: (int(row.recorded_ms), int(row.size_bytes)) for row in rows}


def refused(home: Home) -> dict[str, int]:
    told = home.owner.device(home.camera.device_id)["refused_uploads"]
    return {one["reason"]: one["count"] for one in told}


def ask(home: Home, **asked: Any) -> Any:
    return home.world.call("POST", "/cameras/tickets", {"kind": "recording", **asked}, token=home.camera.token)
