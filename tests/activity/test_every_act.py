"""Whatever somebody does by a route is recorded beside it, or stands here with the reason why not."""

from __future__ import annotations

import pytest

from tests.conftest import Home
from tests.factors import App
from tests.routes import named, request_for, route_names

_NOBODY_YET = "there is no account yet, or none that could be named"
_ONLY_ASKED = "nothing has changed yet: what follows from it is recorded"
_OWN_LIST = "stands in a list of its own"
UNRECORDED = {
    "POST /accounts": _NOBODY_YET,
    "POST /accounts/code": _NOBODY_YET,
    "POST /password-resets": _ONLY_ASKED,
    "POST /me/address": _ONLY_ASKED,
    "POST /me/avatar": _ONLY_ASKED,
    "POST /me/second-factors/totp": _ONLY_ASKED,
    "POST /me/second-factors/passkeys": _ONLY_ASKED,
    "POST /step-up": _ONLY_ASKED,
    "POST /step-up/confirm": "what raised trust is needed for is recorded",
    "POST /devices/{device_id}/cover": _ONLY_ASKED,
    "POST /devices/{device_id}/password/reset": _ONLY_ASKED,
    "POST /devices/{device_id}/password/check": "changes nothing, and wrong ones are counted",
    "POST /devices/{device_id}/live/{live_id}": "its beginning is recorded, and a guest's looks by the hour",
    "DELETE /devices/{device_id}/live/{live_id}": "its beginning is recorded",
    "POST /devices/{device_id}/alarms/{alarm_id}/read": "one's own mark; a guest's look is recorded",
    "POST /cameras/activation": "the camera's own",
    "POST /orders": _OWN_LIST,
    "POST /orders/preview": "nothing has changed",
    "POST /orders/{order_id}/refund/preview": "nothing has changed",
    "POST /orders/{order_id}/refund": _OWN_LIST,
    "POST /payments/{provider}": _OWN_LIST,
    "POST /sessions/refresh": "the session's beginning is recorded, and its last use is in the list of terminals",
    "POST /newsletter": _ONLY_ASKED,
    "POST /newsletter/confirm": "of an account it is a consent, which is recorded; here is none",
    "POST /newsletter/unsubscribe": "of an account it is a consent that is withdrawn, which is recorded; here is none",
    "POST /notices/{notice_id}/read": "one's own mark",
    "POST /experience/events": "that one agreed to it is recorded, and what was seen is in a copy of one's data",
    "PUT /terminals/current/push": "the terminal's sign-in is recorded",
    "POST /feedback": _OWN_LIST,
    "POST /feedback/{feedback_id}/messages": _OWN_LIST,
    "POST /me/closing": "nothing is left to be told to: the receipt says it",
    "POST /me/move/confirm": "nothing is left to be told to: the receipt says it",
}
# What operators order.
RECORDED_OPERATIONS = {"answer_feedback", "answer_objection", "read_api_log", "remove_second_factors"}
UNRECORDED_OPERATIONS = {
    "show_feedback": "whoever writes to somebody is read",
    "publish_policy": "whoever is told has it in the list of their notices",
    "announce": "whoever is told has it in the list of their notices",
    "declare_incident": "whoever is told has it in the list of their notices",
    "open_campaign": _NOBODY_YET,
    "draw_winners": "whoever won has it in the list of their notices",
    "send_newsletter": "it tells nobody but those who asked for it",
    "forget_subscriber": "whoever has an account has the withdrawal in the activity; of others nothing is to be left",
    "record_incident_step": "what was told to whom stays as it is",
    "load_devices": _NOBODY_YET,
    "unload_devices": _NOBODY_YET,
    "issue_gift_cards": "nobody has them yet; when, for what and how many stands in the batch",
    "revoke_gift_cards": "what somebody redeemed stays; when stands in the batch",
    "report_gift_cards": "whose they are nobody can tell",
    "show_devices": "nothing of who owns them is shown",
    "close_month": "invoices name nobody who could be told",
    "show_objections": "looking at what somebody asked for is what he asked for",
    "show_erasures": "whose they are nobody can tell",
    "remove_child": "nothing is left to be told to: the receipt says it",
    "restore_keys": "nothing is said to anybody by a key that is back where it was",
    "replay_erasures": "nothing is left to be told to: the receipts say it",
    "show_proposals": "whom they are about is not told before it may be",
    "propose_hold": "nothing is held before it is approved",
    "propose_disclose": "nothing is handed over before it is approved",
    "approve_disclose": "it is recorded when whom it concerns may be told",
    "approve_hold": "it is recorded when whom it concerns may be told",
}
_DOWNLOADS = ["GET /privacy/exports/{export_id}/archive/{link}"]
_CAMERAS = set(route_names(of="camera"))
ROUTES = [name for name in route_names() if not name.startswith("GET ") and name not in _CAMERAS] + _DOWNLOADS


def _recorded(home: Home) -> set[str]:
    return {row["sk"] for row in home.world.dump()["tables"]["sowa-local-Items"] if row["sk"].startswith("activity#")}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ROUTES)
def test_an_act_is_recorded_with_its_own_commit_or_has_a_reason_not_to_be(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    before = _recorded(home)
    assert request.send(home).status == route.status
    assert bool(_recorded(home) - before) != (name in UNRECORDED)


def test_reasons_are_given_for_what_there_is() -> None:
    assert UNRECORDED.keys() <= set(ROUTES)


def test_what_operators_order_is_recorded_or_has_a_reason_not_to_be(home: Home) -> None:
    # The function of live views is one of routes, and nobody orders it.
    ordered = {one.name for one in home.world.gateway.app.pure_lambda_functions} - {"show_live"}
    assert ordered == RECORDED_OPERATIONS | UNRECORDED_OPERATIONS.keys()
    App.added(home.owner)
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    objected = home.owner.call("PUT", "/privacy/objections/AUDIT", {"reason": "I am known in my town."})
    assert objected.status == 200
    (waiting,) = home.world.invoke("show_objections", {})["items"]
    sent = home.owner.call("POST", "/feedback", {"text": "The night picture is green."}).json
    reference = home.owner.account_id + sent["feedback_id"]
    events = {
        "answer_feedback": {"reference": reference, "text": "It is the infrared light."},
        "answer_objection": {"request_id": waiting["request_id"], "granted": False, "grounds": "It protects you."},
        "read_api_log": {**asked, "account_id": home.owner.account_id},
        "remove_second_factors": {"email": home.owner.email},
    }
    for name in sorted(RECORDED_OPERATIONS):
        before = _recorded(home)
        home.world.invoke(name, events[name])
        assert _recorded(home) - before, name
