"""Owners and guests who give and take the same share."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person, new_person
from tests.worlds.invariants import Stored
from tests.worlds.races.cameras import handed_over_or_not, picture_arrives, picture_on_its_way, remove_camera
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import cameras, sharing, steps
from tests.worlds.scenarios.steps import settled


def _invite_by(key: str, email: str = "") -> Act:
    def act(home: Home, state: Any) -> Response:
        body = {"email": email or home.stranger.email, "rights": ["alarms"]}
        return home.owner.call("POST", sharing.shares_path(home), body, headers=steps.once(key))

    return act


def _one_share(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (count := len(stored.of("Share"))) != 1:
        yield f"{count} shares"


def _one_place_left(home: Home) -> None:
    for number in range(19):
        assert home.owner.share(home.camera.device_id, email=f"p{number}@example.com").status == 201
    home.world.settle()


def _accept_share(key: str) -> Act:
    return lambda home, share_id: sharing.accept_share(home, share_id, key)


def revoke(home: Home, share_id: str) -> Response:
    return sharing.revoke(home, share_id, ANOTHER_KEY)


def _change_share(home: Home, share_id: str) -> Response:
    return sharing.change_share(home, share_id, ONE_KEY)


def _accept_as_another(home: Home, share_id: str) -> Response:
    return sharing.accept_share(home, share_id, ANOTHER_KEY)


def _nothing_says_the_address(home: Home, share_id: str, answers: Answers, stored: Stored) -> Wrong:
    for kind, row, name in stored.sealed:
        if kind.__name__ in ("Share", "DeviceActivity") and stored.decrypted(row, name) == home.stranger.email:
            yield f"{row['sk']} says the guest's address"


def _decline_share(home: Home, share_id: str) -> Response:
    return sharing.decline_share(home, share_id, ONE_KEY)


def _leave_share(home: Home, share_id: str) -> Response:
    return sharing.leave_share(home, share_id, ANOTHER_KEY)


def _no_share(home: Home, share_id: str, answers: Answers, stored: Stored) -> Wrong:
    yield from (f"{kind} is left" for kind in ("Share", "Received", "Invitation") if stored.of(kind))
    guest = Person(**vars(home.stranger))
    assert guest.sign_in().status == 201
    if (status := guest.call("GET", f"/devices/{home.camera.device_id}").status) != 404:
        yield f"the guest is answered with {status}"


def _invited_and_stepped_up(home: Home) -> str:
    home.stranger.step_up()
    return sharing.invited(home)


def _guest_closes(home: Home, share_id: str) -> Response:
    return home.stranger.close()


def _asked_by_owner(home: Home, path: str) -> list[dict[str, Any]]:
    """The items, as they are when all has come to rest: the session is over by then."""
    owner = Person(**vars(home.owner))
    assert owner.sign_in().status == 201
    items: list[dict[str, Any]] = owner.call("GET", path).json["items"]
    return items


def _owner_closes(home: Home, share_id: str) -> Response:
    return home.owner.close()


def _no_invitation(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (f"{kind} is left" for kind in ("Share", "Invitation") if stored.of(kind))


def _invited_and_owner_stepped_up(home: Home) -> str:
    home.owner.step_up()
    return sharing.invited(home)


def _no_guest(home: Home, share_id: str, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Received"):
        yield "a closed account has a share"
    yield from (f"{one} is of a closed account" for one, row in stored.of("Share").items() if "guest_id" in row)
    shown = _asked_by_owner(home, "/privacy/activity")
    if named := [one["who"] for one in shown if one["by"] == "guest" and one["who"] != "a former guest"]:
        yield f"the owner reads of {named}"


def _invited_and_about_to_move(home: Home) -> dict[str, str]:
    home.stranger.step_up()
    change_id = home.stranger.change_address(email="moved@example.com")
    code = Person(home.world, "moved@example.com").newest_code()
    return {"share": sharing.invited(home), "change_id": change_id, "code": code}


def _mover_accepts(home: Home, ids: dict[str, str]) -> Response:
    return sharing.accept_share(home, ids["share"], ONE_KEY)


def _guest_moves(home: Home, ids: dict[str, str]) -> Response:
    body = {"change_id": ids["change_id"], "code": ids["code"]}
    return home.stranger.call("POST", "/me/address/confirm", body, headers=steps.once(ANOTHER_KEY))


def _shown_as_is_true(home: Home, ids: dict[str, str], answers: Answers, stored: Stored) -> Wrong:
    """By the name alone to whom it was shared, or as an invitation to the address, which is nobody's now."""
    (shown,) = _asked_by_owner(home, sharing.shares_path(home))
    wanted = ("Zed", None, "accepted") if answers[0].status == 200 else (None, home.stranger.email, "waiting")
    if (shown["name"], shown["email"], shown["state"]) != wanted:
        yield f"the owner is shown {shown}"


def _accepted_and_picture_on_its_way(home: Home) -> str:
    share_id = sharing.accepted(home)
    picture_on_its_way(home)
    return share_id


def _guest_hears_no_more(home: Home, share_id: str, answers: Answers, stored: Stored) -> Wrong:
    def heard() -> int:
        return len(home.world.outbox("platform-token-of-the-stranger"))

    before = heard()
    home.camera.see(8)
    if heard() != before:
        yield "who has left hears of an alarm"


def _guest_takes_pushes(home: Home, share_id: str) -> Response:
    return home.stranger.take_pushes("another-token-of-a-platform")


def _offered_and_invited(home: Home) -> dict[str, str]:
    """To the stranger, who is invited as well, as somebody else is."""
    other = new_person(home.world, "other@example.com")
    device_id = home.camera.device_id
    ids = {"transfer": cameras.offered(home), "token": other.access_token}
    for who, email in (("stranger", home.stranger.email), ("other", other.email)):
        ids[who] = home.owner.share(device_id, email=email).json["share_id"]
    home.world.settle()
    return ids


def _heir_accepts(home: Home, ids: dict[str, str]) -> Response:
    return cameras.accept(home, ids["transfer"], ONE_KEY)


def _heir_accepts_share(home: Home, ids: dict[str, str]) -> Response:
    return sharing.accept_share(home, ids["stranger"], ANOTHER_KEY)


def _guest_accepts(home: Home, ids: dict[str, str]) -> Response:
    return home.world.call("POST", f"/shares/{ids['other']}/accept", token=ids["token"])


def _handed_over_unshared(home: Home, ids: dict[str, str], answers: Answers, stored: Stored) -> Wrong:
    yield from handed_over_or_not(home, ids, answers, stored)
    yield from (f"{kind} is left" for kind in ("Share", "Received", "Invitation") if stored.of(kind))


def _accepted_for_settings(home: Home) -> str:
    share_id = sharing.accepted(home)
    assert sharing.change_share(home, share_id, "the-key-of-a-change").status == 200
    return share_id


def _set_settings_as_guest(home: Home, share_id: str) -> Response:
    body = {"version": 0, "settings": {"night_mode": "on"}}
    path = f"/devices/{home.camera.device_id}/settings"
    return home.stranger.call("PUT", path, body, headers=steps.once(ONE_KEY))


def _two_are_invited(home: Home) -> tuple[str, str]:
    share_id = sharing.invited(home)
    other = home.owner.share(home.camera.device_id, email="other@example.com").json["share_id"]
    home.world.settle()
    return share_id, other


def _accept_first(home: Home, share_ids: tuple[str, str]) -> Response:
    return sharing.accept_share(home, share_ids[0], ONE_KEY)


def _revoke_second(home: Home, share_ids: tuple[str, str]) -> Response:
    return sharing.revoke(home, share_ids[1], ANOTHER_KEY)


RACES = (
    Race("share, share with the same", settled, _invite_by(ONE_KEY), _invite_by(ANOTHER_KEY),
         either_way((201, 409)), _one_share),
    Race("share, share again", settled, _invite_by(ONE_KEY), _invite_by(ONE_KEY),
         either_way((201, 201), (201, 409)), _one_share),
    Race("share, share the last place", _one_place_left, _invite_by(ONE_KEY, "a@example.com"),
         _invite_by(ANOTHER_KEY, "b@example.com"), either_way((201, 409))),
    Race("share, revoke another", sharing.accepted, _invite_by(ONE_KEY, "b@example.com"), revoke,
         exactly((201, 204)), _one_share),
    Race("accept a share, accept", sharing.invited, _accept_share(ONE_KEY), _accept_share(ANOTHER_KEY),
         exactly((200, 200)), _one_share),
    Race("accept a share, accept again", sharing.invited, _accept_share(ONE_KEY), _accept_share(ONE_KEY),
         exactly((200, 200)), _one_share),
    Race("accept a share, revoke", sharing.invited, _accept_share(ONE_KEY), revoke,
         exactly((200, 204), (404, 204)), _no_share),
    Race("accept a share, revoke another", _two_are_invited, _accept_first, _revoke_second,
         exactly((200, 204)), _one_share),
    Race("change a share, leave", sharing.accepted, _change_share, _leave_share, exactly((200, 204), (404, 204)),
         _no_share),
    Race("accept a share, close as the guest", _invited_and_stepped_up, _accept_share(ONE_KEY), _guest_closes,
         exactly((200, 202), (401, 202)), _no_guest),
    Race("accept a share, close as the owner", _invited_and_owner_stepped_up, _accept_share(ONE_KEY), _owner_closes,
         exactly((200, 202), (404, 202)), _no_share),
    Race("share, close as the owner", lambda home: home.owner.step_up(), _invite_by(ONE_KEY), _owner_closes,
         exactly((201, 202), (404, 202), (401, 202)), _no_invitation),
    Race("accept a share, change the address", _invited_and_about_to_move, _mover_accepts, _guest_moves,
         exactly((200, 200), (404, 200)), _shown_as_is_true),
    Race("decline a share, revoke", sharing.invited, _decline_share, revoke,
         exactly((204, 204), (404, 204), (204, 404))),
    Race("change a share, accept", sharing.invited, _change_share, _accept_as_another, exactly((200, 200)),
         _nothing_says_the_address),
    Race("leave, picture arrives", _accepted_and_picture_on_its_way, _leave_share, picture_arrives,
         exactly((204, None)), _guest_hears_no_more),
    Race("accept a share, remove the device", sharing.invited, _accept_share(ONE_KEY), remove_camera,
         exactly((200, 202), (404, 202)), _no_share),
    Race("accept a share, take the device over", _offered_and_invited, _guest_accepts, _heir_accepts,
         exactly((200, 201), (404, 201)), _handed_over_unshared),
    Race("take the device over, accept its share", _offered_and_invited, _heir_accepts, _heir_accepts_share,
         exactly((201, 200), (201, 404)), _handed_over_unshared),
    Race("set settings as a guest, revoke", _accepted_for_settings, _set_settings_as_guest, revoke,
         exactly((200, 204), (409, 204), (404, 204)), _no_share),
    Race("accept a share, take pushes", sharing.invited, _accept_share(ONE_KEY), _guest_takes_pushes,
         exactly((200, 204))),
)
