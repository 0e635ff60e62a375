"""Whoever has a ticket may call an upload as he likes: what is no name of ours goes, and keeps nothing else."""

from __future__ import annotations

from chalicelib.aws import s3
from infra.local.cloud import LocalCloud
from tests.alarms.snapshots import name_of, objects
from tests.aws.test_s3 import STRANGE
from tests.conftest import Home
from tests.scene import jpeg


def dead_letters(world: LocalCloud) -> list[str]:
    queues = world.dump()["queues"]
    return [name for name, messages in queues.items() if messages]


def test_strange_names_are_deleted_on_arrival_and_what_came_with_them_is_an_alarm(home: Home) -> None:
    before, ticket = objects(home.world), home.camera.ask_ticket().json
    # A name of ours within a strange one is no name of ours.
    strange = [f"1/20260105T080000Z-motion-{one}.jpg" for one in STRANGE]
    names = [*STRANGE, *strange, "1/20260105T080000Z-motion-a.jpg\r"]
    for number, name in enumerate(names):
        if len(f"{ticket['key_prefix']}{name}".encode()) <= 1024:
            assert home.world.upload(ticket, name, jpeg(number)).status == 204
    assert home.world.upload(ticket, name_of(home.world.now(), number=7), jpeg(7)).status == 204
    assert len(list(s3.below(ticket["key_prefix"]))) > 2 * len(STRANGE) - 5
    home.world.settle()
    (alarm,) = set(objects(home.world)) - set(before)
    assert alarm.endswith(name_of(home.world.now(), number=7))
    assert len(home.owner.alarms(home.camera.device_id)) == 2
    assert dead_letters(home.world) == []
