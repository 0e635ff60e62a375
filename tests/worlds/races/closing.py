"""Who closes an account while something below it is shown, sent, taken or handed on."""

from __future__ import annotations

from typing import Any

from chalicelib import ids
from chalicelib.stock.actions.cameras import release
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera
from tests.worlds.invariants import Stored
from tests.worlds.races.cameras import (
    bind,
    offer_to,
    picture_arrives,
    picture_on_its_way,
    pictures_are_gone,
    remove_camera,
)
from tests.worlds.races.channel import look, out_of_sight, watched
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.scenarios import cameras, channel, sharing, steps


def _own_camera(home: Home) -> Camera:
    home.owner.step_up()
    return home.camera


def _picture_on_its_way(home: Home) -> None:
    home.owner.step_up()
    picture_on_its_way(home)


def bind_own_camera(home: Home, state: Any) -> Response:
    return home.stranger.bind(Camera(**vars(home.camera)))


def _ask_for_ticket(home: Home, state: Any) -> Response:
    return home.camera.ask_ticket()


def _nobody_owns(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """From the next request on, whatever has been tidied."""
    if (answer := home.camera.ask_ticket()).status != 409:
        yield f"a ticket is answered with {answer.status}"
    if (answer := home.camera.report()).status != 409:
        yield f"a report is answered with {answer.status}"


def _others(home: Home, answers: Answers, stored: Stored) -> Wrong:
    """The new owner has it, and nobody else."""
    owners = [ids.parent_of(device_id) for device_id in stored.first_ids("Device")]
    wanted = [home.stranger.account_id] if answers[1] is None or answers[1].status == 201 else []
    if owners != wanted:
        yield f"the owners are {owners}"
    tied = [row.get("device_id") for row in stored.first_ids("Stock").values()]
    if wanted and tied != list(stored.first_ids("Device")):
        yield f"the camera is tied to {tied}"


def _bound_by_another(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers, stored)
    yield from _others(home, answers, stored)


def _free_at_once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Who was too early binds it with the next request, before anything is tidied."""
    if answers[1].status != 201 and (status := home.stranger.bind(Camera(**vars(home.camera))).status) != 201:
        yield f"the camera of a closed account is answered with {status}"


def _closed(home: Home) -> tuple[str, str]:
    """Nothing is tidied yet; the ids of the device that was, and of its camera."""
    (stock_id,) = Stored(home.world.dump()).first_ids("Stock")
    home.owner.step_up()
    device_id = home.camera.device_id
    assert home.owner.close().status == 202
    return device_id, stock_id


def _is_released(home: Home, ended: tuple[str, str]) -> None:
    release(*ended)


def _is_the_newcomers(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    owners = [ids.parent_of(device_id) for device_id in stored.first_ids("Device")]
    if owners != [home.stranger.account_id]:
        yield f"the owners are {owners}"


def _watched(home: Home) -> Any:
    home.owner.step_up()
    return watched(home)


def _watch(home: Home, state: Any) -> Response:
    return channel.watch(home, None, ANOTHER_KEY)


def _guest_watches(home: Home) -> Any:
    share_id = sharing.accepted(home)
    path = f"{sharing.shares_path(home)}/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["live", "alarms"]}).status == 200
    live = home.stranger.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    home.stranger.step_up()
    return live


def _guest_closes(home: Home, state: Any) -> Response:
    return home.stranger.close()


def _guest_is_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if home.stranger.account_id in stored.first_ids("Account"):
        yield "the guest is still there"
    if home.camera.device_id not in stored.first_ids("Device"):
        yield "the owner's device went with the guest"
    if stored.of("Share"):
        yield "a share of nobody's is left"


def _no_copy_is_left(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (key for key in stored.objects if key.startswith("exports"))
    yield from owner_is_gone(home, state, answers, stored)


def _ask_for_export(home: Home, state: Any) -> Response:
    return home.owner.call("POST", "/privacy/exports", headers=steps.once(ONE_KEY))


def _offered_and_stepped_up(home: Home) -> str:
    transfer_id = cameras.offered(home)
    home.stranger.step_up()
    return transfer_id


def _accept_offer(home: Home, transfer_id: str) -> Response:
    return cameras.accept(home, transfer_id, ANOTHER_KEY)


def _new_owner_closes(home: Home, transfer_id: str) -> Response:
    return home.stranger.close()


def _one_of_both_has_it(home: Home, transfer_id: str, answers: Answers, stored: Stored) -> Wrong:
    """The new owner closed: if he had accepted first, it is nobody's, and else its owner's still."""
    owners = [ids.parent_of(device_id) for device_id in stored.first_ids("Device")]
    wanted = [] if answers[1].status == 201 else [home.owner.account_id]
    if owners != wanted:
        yield f"the owners are {owners}"


def _nothing_is_offered(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    listed = home.stranger.call("GET", "/transfers").json["items"]
    yield from (f"{one} is offered by nobody" for one in listed)


def _invited(home: Home) -> str:
    home.owner.step_up()
    return sharing.invited(home)


def _accept_share(home: Home, share_id: str) -> Response:
    return sharing.accept_share(home, share_id, ANOTHER_KEY)


def _nothing_is_shared(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (status := home.stranger.call("GET", f"/devices/{home.camera.device_id}").status) != 404:
        yield f"the guest is answered with {status}"
    yield from (f"{one} is shared by nobody" for one in home.stranger.call("GET", "/shares").json["items"])


def _to_be_removed(home: Home) -> None:
    home.owner.step_up()


def _ask_for_export_as_well(home: Home, state: Any) -> Response:
    return home.owner.call("POST", "/privacy/exports", headers=steps.once(ANOTHER_KEY))


def _one_copy(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (count := len(stored.of("Export"))) != 1 or answers[0].json["export_id"] != answers[1].json["export_id"]:
        yield f"{count} copies"


RACES = (
    Race("close, picture arrives", _picture_on_its_way, close, picture_arrives,
         exactly((202, None)), pictures_are_gone, _nobody_owns),
    Race("close, ask for a ticket", _own_camera, close, _ask_for_ticket, exactly((202, 200), (202, 409)),
         owner_is_gone, _nobody_owns),
    Race("remove, ask for a ticket", _to_be_removed, remove_camera, _ask_for_ticket, exactly((202, 200), (202, 409)),
         at_once=_nobody_owns),
    Race("close, bind by another", _own_camera, close, bind("stranger", ANOTHER_KEY),
         exactly((202, 201), (202, 409)), _bound_by_another),
    Race("close, bind by another too early", _own_camera, close, bind("stranger", ANOTHER_KEY),
         exactly((202, 201), (202, 409)), owner_is_gone, _free_at_once),
    Race("release, bind by another", _closed, _is_released, bind_own_camera, exactly((None, 201)),
         _is_the_newcomers),
    Race("close, look", _watched, close, look, exactly((202, 200), (202, 404)), owner_is_gone, out_of_sight),
    Race("close, watch", _watched, close, _watch, exactly((202, 201), (202, 401), (202, 404)), owner_is_gone,
         out_of_sight),
    Race("close as the guest, look", _guest_watches, _guest_closes, look, exactly((202, 200), (202, 404)),
         _guest_is_gone, out_of_sight),
    Race("close, ask for an export", _own_camera, close, _ask_for_export, exactly((202, 202), (202, 401)),
         _no_copy_is_left),
    Race("ask for an export, ask for another", _own_camera, _ask_for_export, _ask_for_export_as_well,
         exactly((202, 202)), at_once=_one_copy),
    Race("close as the new owner, accept", _offered_and_stepped_up, _new_owner_closes, _accept_offer,
         exactly((202, 201), (202, 401)), _one_of_both_has_it),
    Race("close, offer", _own_camera, close, offer_to("bob@example.com", ANOTHER_KEY),
         exactly((202, 202), (202, 401), (202, 404)), owner_is_gone, _nothing_is_offered),
    Race("close, accept a share", _invited, close, _accept_share, exactly((202, 200), (202, 404)), owner_is_gone,
         _nothing_is_shared),
)
