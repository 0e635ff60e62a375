"""Two who want the same camera, or set it at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chalicelib import ids
from infra.local.async_events import AsyncEvents
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera
from tests.worlds.invariants import Stored
from tests.worlds.races.money import paid_or_owed, pay
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, either_way, exactly, stepped_up
from tests.worlds.scenarios import alarms, cameras, money, steps
from tests.worlds.scenarios.steps import settled


def bind(who: str, key: str) -> Act:
    def act(home: Home, camera: Camera) -> Response:
        return getattr(home, who).bind(Camera(**vars(camera)), **steps.once(key))  # type: ignore[no-any-return]

    return act


def _bound_once(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    if cameras.bindings(home, camera, stored) != 1:
        yield f"{cameras.bindings(home, camera, stored)} bindings"
    if len({answer.json["device_id"] for answer in answers if answer.status == 201}) != 1:
        yield "they were told of two devices"


def _bound_once_and_told_so(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    """Nobody is told that his own device belongs to somebody."""
    yield from _bound_once(home, camera, answers, stored)
    yield from (answer.json["code"] for answer in answers if answer.status == 409 and not _is_busy(answer))


def _is_busy(answer: Response) -> bool:
    return answer.json["code"] == "DeviceBusy" and "Retry-After" in answer.headers


def _unbound_and_stepped_up(home: Home) -> Camera:
    home.owner.step_up()
    return cameras.unbound(home)


def _activate(home: Home, camera: Camera) -> Response:
    return cameras.activate(home, camera, ONE_KEY)


def _bound_and_activated(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    if answers[1].status != 200:
        return
    token = answers[1].json["camera_token"]
    if (asked := home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=token)).status != 200:
        yield f"the camera's new token gets {asked.status}"
    device_id = answers[0].json["device_id"]
    if (firmware := stored.decrypted(stored.first_ids("Device")[device_id], "firmware")) != "2.0.0":
        yield f"the device's firmware is {firmware}"


def remove_camera(home: Home, state: Any) -> Response:
    return cameras.remove_device(home, state, ONE_KEY)


def _set_settings(name: str, key: str) -> Act:
    def act(home: Home, state: Any) -> Response:
        body = {"version": 0, "settings": {"channels": [{"id": "1", "name": name}]}}
        path = f"/devices/{home.camera.device_id}/settings"
        return home.owner.call("PUT", path, body, headers=steps.once(key))

    return act


def _one_set_them(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    (winner,) = [answer for answer in answers if answer.status == 200]
    device = stored.first_ids("Device")[home.camera.device_id]
    kept = stored.decrypted(device, "desired"), device["settings_version"]
    if kept != (winner.json["desired"]["settings"], 1):
        yield "the settings are not those of the one who was told so"


def _report_at(second: int, firmware: str) -> Act:
    at = f"2026-01-05T07:59:{second:02d}Z"
    return lambda home, state: home.camera.report(at=at, firmware=firmware)


def _the_later_report_stays(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    device = stored.first_ids("Device")[home.camera.device_id]
    if (firmware := stored.decrypted(device, "firmware")) != "3.0.0":
        yield f"the firmware is {firmware}"


def private(home: Home, state: Any) -> Response:
    return cameras.set_privacy(home, None, ONE_KEY)


def _at_most_what_came_before(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Whatever was looked at after privacy mode was on is not kept."""
    told = len(stored.of("Alarm"))
    if len(stored.objects) != told:
        yield f"{told} alarms and {len(stored.objects)} pictures"


def _unbind_as_owner(home: Home, camera: Camera) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}", headers=steps.once(ONE_KEY))


def _own_camera(home: Home) -> Camera:
    return home.camera


def _one_owner_at_most(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    owners = [ids.parent_of(device_id) for device_id in stored.first_ids("Device")]
    if owners != ([home.stranger.account_id] if answers[1].status == 201 else []):
        yield f"the owners are {owners}"


def _accept_offer(key: str) -> Act:
    return lambda home, transfer_id: cameras.accept(home, transfer_id, key)


def _unbind_offered(home: Home, transfer_id: str) -> Response:
    return cameras.remove_device(home, transfer_id, ONE_KEY)


def _withdraw(home: Home, transfer_id: str) -> Response:
    return cameras.withdraw(home, transfer_id, ONE_KEY)


def _decline_offer(home: Home, transfer_id: str) -> Response:
    return cameras.decline(home, transfer_id, ONE_KEY)


def _close_offering(home: Home, transfer_id: str) -> Response:
    return home.owner.close()


def offer_to(email: str, key: str) -> Act:
    def act(home: Home, state: Any) -> Response:
        path = f"/devices/{home.camera.device_id}/transfer"
        return home.owner.call("POST", path, {"email": email}, headers=steps.once(key))

    return act


def _one_offer(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(stored.of("Offer")) != 1:
        yield f"{len(stored.of('Offer'))} offers"


def handed_over_or_not(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Who was told that it is his has it, and nobody else."""
    is_handed_over = any(answer.status == 201 for answer in answers)
    owners = [ids.parent_of(device_id) for device_id in stored.first_ids("Device")]
    if is_handed_over and owners != [home.stranger.account_id]:
        yield f"the owners are {owners}"
    if not is_handed_over and home.stranger.account_id in owners:
        yield "it was handed over to somebody who was told otherwise"


def picture_on_its_way(home: Home) -> None:
    assert home.camera.upload(7).status == 204


def picture_arrives(home: Home, state: Any) -> None:
    """S3 tells of it once; what fails is tried again when its time comes."""
    source = next(one for one in home.world.pollers._queues() if isinstance(one, AsyncEvents) and one._here()._messages)
    assert source.deliver(Counter())


def pictures_are_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.objects:
        yield f"{len(stored.objects)} pictures are left"
    if left := alarms.stream_events(stored):
        yield f"{len(left)} alarms are left"


def _unload(home: Home, camera: Camera) -> Response:
    return cameras.unload(home, camera, ONE_KEY)


def _owned_or_out_of_stock(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    is_bound = answers[0].status == 201
    if len(stored.of("Stock")) != 1 + is_bound or cameras.bindings(home, camera, stored) != is_bound:
        yield "it is owned, and out of stock"
    if answers[1].json["unloaded"] == is_bound:
        yield f"binding said {answers[0].status}, and unloading {answers[1].json}"


RACES = (
    Race("close, bind", _unbound_and_stepped_up, close, bind("owner", ONE_KEY),
         exactly((202, 201), (202, 401)), owner_is_gone),
    Race("bind, bind", cameras.unbound, bind("owner", ONE_KEY), bind("stranger", ONE_KEY),
         either_way((201, 409)), _bound_once),
    Race("bind, bind again", cameras.unbound, bind("owner", ONE_KEY), bind("owner", ONE_KEY),
         either_way((201, 201), (201, 409)), _bound_once_and_told_so),
    Race("bind, activate", cameras.unbound, bind("owner", ONE_KEY), _activate,
         exactly((201, 200)), _bound_and_activated),
    Race("bind, unload", cameras.unbound, bind("owner", ONE_KEY), _unload,
         exactly((201, 200), (404, 200), (409, 200)), _owned_or_out_of_stock),
    Race("offer, offer to another", stepped_up, offer_to("a@example.com", ONE_KEY),
         offer_to("b@example.com", ANOTHER_KEY), either_way((202, 202), (202, 409)), _one_offer),
    Race("accept, accept", cameras.offered, _accept_offer(ONE_KEY), _accept_offer(ANOTHER_KEY),
         either_way((201, 404)), handed_over_or_not),
    Race("accept, accept again", cameras.offered, _accept_offer(ONE_KEY), _accept_offer(ONE_KEY),
         either_way((201, 201)), handed_over_or_not),
    Race("unbind, accept", cameras.offered, _unbind_offered, _accept_offer(ANOTHER_KEY),
         exactly((202, 404), (404, 201)), handed_over_or_not),
    Race("withdraw, accept", cameras.offered, _withdraw, _accept_offer(ANOTHER_KEY),
         exactly((204, 404), (404, 201)), handed_over_or_not),
    Race("decline, accept", cameras.offered, _decline_offer, _accept_offer(ANOTHER_KEY),
         exactly((204, 404), (404, 201)), handed_over_or_not),
    Race("close, accept", cameras.offered, _close_offering, _accept_offer(ANOTHER_KEY),
         exactly((202, 404), (202, 201)), handed_over_or_not),
    Race("unbind, bind", _own_camera, _unbind_as_owner, bind("stranger", ANOTHER_KEY),
         exactly((202, 201), (202, 409)), _one_owner_at_most),
    Race("set settings, set settings", settled, _set_settings("Gate", ONE_KEY), _set_settings("Yard", ANOTHER_KEY),
         either_way((200, 409)), _one_set_them),
    Race("report, report of before", settled, _report_at(30, "3.0.0"), _report_at(20, "2.0.0"),
         exactly((200, 200)), _the_later_report_stays),
    Race("privacy mode on, picture arrives", picture_on_its_way, private, picture_arrives,
         exactly((200, None)), _at_most_what_came_before),
    Race("remove, picture arrives", picture_on_its_way, remove_camera, picture_arrives,
         exactly((204, None), (200, None), (202, None)), pictures_are_gone),
    Race("remove, snapshot arrives", alarms.snapshot_uploaded, remove_camera, picture_arrives, exactly((202, None)),
         pictures_are_gone),
    Race("remove, pay", money.ordered, remove_camera, pay, exactly((202, 200)), paid_or_owed),
)
