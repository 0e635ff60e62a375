"""Alarms arrive, are told, read and deleted."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import jpeg
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import HOUR, given_up, job, once, settle, settled
from tests.worlds.sweep import Scenario, leap


def _ask_ticket(home: Home, state: Any, key: str) -> Response:
    return home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=home.camera.token, headers=once(key))


def uploaded(home: Home) -> None:
    for number in (7, 8):
        assert home.camera.upload(number).status == 204


def _given_up(home: Home) -> None:
    assert home.camera.upload(7).status == 204
    given_up(home.world)


def _wrong_upload(home: Home) -> None:
    """Its clock is wrong, and it cannot be shown."""
    ticket = home.camera.ask_ticket().json
    assert home.world.upload(ticket, "1/20000101T000005Z-motion-000001.jpg", b"x" * 2048).status == 204


def _replaced(home: Home) -> None:
    """Other bytes came under the name of an alarm's picture, and nobody has been told."""
    ticket = home.camera.ask_ticket().json
    for number in (7, 8):
        home.world.settle()
        assert home.world.upload(ticket, "1/20260105T080000Z-person-000001.jpg", jpeg(number)).status == 204


def snapshot_uploaded(home: Home) -> str:
    command_id = str(home.owner.command(home.camera.device_id, "snapshot").json["command_id"])
    assert home.camera.answer_with_picture(command_id).status == 204
    return command_id


def _commands_shown(home: Home, command_id: str, stored: Stored) -> int:
    shown_by = stored.of("Command")[home.camera.device_id, command_id].get("alarm_id")
    pictures = [place for (_, place), row in stored.of("Alarm").items() if row["type"] == "snapshot"]
    assert pictures == ([] if shown_by is None else [shown_by])
    return len(pictures)


def stream_events(stored: Stored) -> list[dict[str, Any]]:
    """Of what was deleted, the rest of a row may stay for as long as its name can be uploaded again."""
    return [row for row in stored.of("Alarm").values() if "removed" not in row]


def _alarm_path(home: Home) -> str:
    return f"/devices/{home.camera.device_id}/alarms"


def mark_read(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{_alarm_path(home)}/{home.alarm_id}/read", headers=once(key))


def _markings(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Alarm")[home.camera.device_id, home.alarm_id].get("read_by", []))


def delete_alarm(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"{_alarm_path(home)}/{home.alarm_id}", headers=once(key))


def _alarms_deleted(home: Home, state: Any, stored: Stored) -> int:
    alarm = stored.of("Alarm").get((home.camera.device_id, home.alarm_id))
    return int(alarm is None or "removed" in alarm)


def _more_alarms(home: Home) -> list[str]:
    for number in (7, 8):
        home.camera.see(number)
    return [alarm["alarm_id"] for alarm in home.owner.alarms(home.camera.device_id)]


def _delete_some(home: Home, alarm_ids: list[str], key: str) -> Response:
    return home.owner.call("DELETE", _alarm_path(home), {"alarm_ids": alarm_ids}, headers=once(key))


def delete_all(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", _alarm_path(home), headers=once(key))


def _all_deleted(home: Home, state: Any, stored: Stored) -> int:
    return int("alarms_after" in stored.first_ids("Device")[home.camera.device_id])


def _all_just_deleted(home: Home) -> None:
    _more_alarms(home)
    assert delete_all(home, None, "the-key-of-deleting").status == 204


def _picture_of_last_week(home: Home) -> None:
    """Its seven days are over, and neither clock nor lifecycle has come yet."""
    leap(home.world, 7 * 86_400 + 60)


def _sweep(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_pictures")


SCENARIOS = (
    Scenario("get a ticket", "POST /cameras/tickets", settled, _ask_ticket),
    Scenario(
        "mark an alarm read",
        "POST /devices/{device_id}/alarms/{alarm_id}/read",
        settled,
        mark_read,
        _markings,
        keeps_answer=True,
    ),
    Scenario(
        "delete an alarm",
        "DELETE /devices/{device_id}/alarms/{alarm_id}",
        settled,
        delete_alarm,
        _alarms_deleted,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "delete some alarms",
        "DELETE /devices/{device_id}/alarms",
        _more_alarms,
        _delete_some,
        _alarms_deleted,
        keeps_answer=True,
    ),
    Scenario(
        "delete all alarms",
        "DELETE /devices/{device_id}/alarms",
        _more_alarms,
        delete_all,
        _all_deleted,
        keeps_answer=True,
    ),
    Scenario("a picture arrives", "on_picture_uploaded", uploaded, settle, is_asked=False),
    Scenario("a picture that Lambda gave up on", "on_picture_uploaded", _given_up, settle, is_asked=False),
    Scenario("a picture that cannot be shown", "on_picture_uploaded", _wrong_upload, settle, is_asked=False),
    Scenario("a picture takes another's place", "on_picture_uploaded", _replaced, settle, is_asked=False),
    Scenario(
        "a snapshot arrives", "on_picture_uploaded", snapshot_uploaded, settle, _commands_shown,
        is_asked=False, within_seconds=15 * 60,
    ),
    Scenario("alarms go", ("forward_item_changes", "on_alarms_removed"), _all_just_deleted, settle, is_asked=False),
    Scenario(
        "old pictures go", "sweep_expired_pictures", _picture_of_last_week, _sweep, is_asked=False, within_seconds=HOUR
    ),
)
