"""Cameras are shared, and guests come and go."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import once, settle, settled
from tests.worlds.sweep import Scenario


def shares_path(home: Home) -> str:
    return f"/devices/{home.camera.device_id}/shares"


def _invite(home: Home, state: Any, key: str) -> Response:
    body = {"email": home.stranger.email, "rights": ["live", "alarms"]}
    return home.owner.call("POST", shares_path(home), body, headers=once(key))


def _invitations(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Share"))


def invited(home: Home) -> str:
    """The stranger, who takes pushes."""
    assert home.stranger.take_pushes("platform-token-of-the-stranger").status == 204
    share_id = _invite(home, None, "the-key-of-an-invitation").json["share_id"]
    home.world.settle()
    return str(share_id)


def _just_invited(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-stranger")
    home.world.settle()
    assert _invite(home, None, "the-key-of-an-invitation").status == 201


def accept_share(home: Home, share_id: str, key: str) -> Response:
    return home.stranger.call("POST", f"/shares/{share_id}/accept", headers=once(key))


def _acceptances(home: Home, share_id: str, stored: Stored) -> int:
    return len(stored.of("Received"))


def accepted(home: Home) -> str:
    share_id = invited(home)
    assert accept_share(home, share_id, "the-key-of-accepting").status == 200
    home.world.settle()
    return share_id


def decline_share(home: Home, share_id: str, key: str) -> Response:
    return home.stranger.call("POST", f"/shares/{share_id}/decline", headers=once(key))


def leave_share(home: Home, share_id: str, key: str) -> Response:
    return home.stranger.call("DELETE", f"/shares/{share_id}", headers=once(key))


def revoke(home: Home, share_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"{shares_path(home)}/{share_id}", headers=once(key))


def _shares_ended(home: Home, share_id: str, stored: Stored) -> int:
    return int(not stored.of("Share"))


def change_share(home: Home, share_id: str, key: str) -> Response:
    body = {"rights": ["settings"], "until": "2027-01-05T08:00:00Z"}
    return home.owner.call("PATCH", f"{shares_path(home)}/{share_id}", body, headers=once(key))


def _share_changes(home: Home, share_id: str, stored: Stored) -> int:
    (share,) = stored.of("Share").values()
    return int(share["rights"] == ["settings"])


def _just_revoked(home: Home) -> None:
    assert revoke(home, accepted(home), "the-key-of-revoking").status == 204


def _guest_just_closed(home: Home) -> None:
    accepted(home)
    home.stranger.step_up()
    assert home.stranger.close().status == 202


SCENARIOS = (
    Scenario(
        "share a device",
        "POST /devices/{device_id}/shares",
        settled,
        _invite,
        _invitations,
        may_say=(409,),
        keeps_answer=True,
    ),
    Scenario(
        "change a share",
        "PATCH /devices/{device_id}/shares/{share_id}",
        accepted,
        change_share,
        _share_changes,
        keeps_answer=True,
    ),
    Scenario(
        "revoke a share",
        "DELETE /devices/{device_id}/shares/{share_id}",
        accepted,
        revoke,
        _shares_ended,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "accept a share",
        "POST /shares/{share_id}/accept",
        invited,
        accept_share,
        _acceptances,
        keeps_answer=True,
    ),
    Scenario(
        "decline a share",
        "POST /shares/{share_id}/decline",
        invited,
        decline_share,
        _shares_ended,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario(
        "leave a share",
        "DELETE /shares/{share_id}",
        accepted,
        leave_share,
        _shares_ended,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("somebody is invited", "on_person_invited", _just_invited, settle, is_asked=False),
    Scenario("a share ends", "on_share_ended", _just_revoked, settle, is_asked=False),
    Scenario("a guest is gone", "on_share_ended", _guest_just_closed, settle, is_asked=False),
)
