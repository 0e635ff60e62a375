"""Who restricts processing keeps everything, reads it himself, and is shown, sent and counted nowhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.house.laws import ROOT, all_modules
from tests.playback.looking import guest
from tests.privacy.exports import archive, records_in
from tests.recordings.plans import subscribe
from tests.routes import all_routes, request_for
from tests.scene import NEW_PASSWORD, PASSWORD, Person, new_camera, new_person, wire_time
from tests.worlds.invariants import Stored

ACCURACY = {"reason": "accuracy", "note": "Not I am in these pictures."}
OF_OWNER, OF_GUEST = "platform-token-of-the-owner", "platform-token-of-the-guest"


def restrict(person: Person, **body: str) -> Response:
    answer = person.call("PUT", "/privacy/restriction", body or ACCURACY)
    assert answer.status == 200, answer.body
    return answer


def lift(person: Person) -> None:
    assert person.call("DELETE", "/privacy/restriction").status == 204


def pushes(home: Home, to: str) -> int:
    return sum(one["kind"] == "push" for one in home.world.outbox(to))


def test_it_is_restricted_with_a_reason_and_ended(home: Home) -> None:
    none = {"restricted": False, "since": None, "reason": None, "note": None}
    assert home.owner.call("GET", "/privacy/restriction").json == none
    there = restrict(home.owner).json
    assert there == {"restricted": True, "since": "2026-01-05T08:00:00Z", **ACCURACY}
    assert home.owner.call("GET", "/privacy/restriction").json == there
    assert home.stranger.call("GET", "/privacy/restriction").json == none
    lift(home.owner)
    assert home.owner.call("GET", "/privacy/restriction").json == none
    lift(home.owner)


def test_another_reason_takes_the_place_of_the_first_and_not_its_time(home: Home) -> None:
    restrict(home.owner)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    again = restrict(home.owner, reason="claims").json
    assert again == {"restricted": True, "since": "2026-01-05T08:00:00Z", "reason": "claims", "note": None}
    assert home.owner.call("GET", "/privacy/restriction").json == again
    assert len(asked_for(home.owner)) == 1


@pytest.mark.parametrize(
    "wrong", [{}, {"reason": "mood"}, {"reason": "claims", "note": ""}, {"reason": "claims", "until": 1}]
)
def test_a_reason_that_the_law_does_not_know_is_refused(home: Home, wrong: dict[str, Any]) -> None:
    assert home.owner.call("PUT", "/privacy/restriction", wrong).status == 422
    assert home.owner.call("GET", "/privacy/restriction").json["restricted"] is False


def asked_for(person: Person) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = person.call("GET", "/privacy/requests").json["items"]
    return listed


def test_each_request_has_a_state_a_time_until_which_it_is_answered_and_an_entry(home: Home) -> None:
    assert asked_for(home.owner) == []
    restrict(home.owner)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.owner.step_up()
    assert home.owner.call("POST", "/privacy/exports").status == 202
    copy, restricted = asked_for(home.owner)
    assert (copy["kind"], copy["state"], copy["settled_at"]) == ("export", "open", None)
    assert (restricted["kind"], restricted["state"]) == ("restriction", "in_force")
    assert (restricted["asked_at"], restricted["due_at"]) == ("2026-01-05T08:00:00Z", "2026-02-04T08:00:00Z")
    home.world.settle()
    lift(home.owner)
    copy, restricted = asked_for(home.owner)
    assert (copy["state"], restricted["state"]) == ("done", "ended")
    assert restricted["settled_at"] == wire_time(home.world.now()).replace(".000Z", "Z")
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert {"processing_restricted", "restriction_ended", "copy_asked_for"} <= set(acts)
    assert asked_for(home.stranger) == []


def test_requests_come_in_pages(home: Home) -> None:
    for _ in range(3):
        restrict(home.owner)
        lift(home.owner)
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    first = home.owner.call("GET", "/privacy/requests?limit=2").json
    rest = home.owner.call("GET", f"/privacy/requests?limit=2&cursor={first['cursor']}").json
    assert (len(first["items"]), len(rest["items"]), rest["cursor"]) == (2, 1, None)


def test_the_person_himself_reads_and_exports(home: Home) -> None:
    subscribe(home)
    home.camera.record(1_000)
    home.camera.see(2)
    home.world.settle()
    restrict(home.owner)
    device_id = home.camera.device_id
    assert [one["device_id"] for one in home.owner.call("GET", "/devices").json["items"]] == [device_id]
    newest = home.owner.alarms(device_id)[0]
    shown = home.owner.call("GET", f"/devices/{device_id}/alarms/{newest['alarm_id']}").json
    assert home.world.fetch(shown["picture_url"]).status == 200
    now = home.world.now()
    playlist = home.owner.playlist(device_id, now - timedelta(hours=1), now + timedelta(hours=1))["playlist_url"]
    assert home.world.call("GET", urlsplit(playlist).path).status == 200
    (told,) = records_in(archive(home.owner))["exercised-right"]
    assert (told["kind"], told["ground"], told["note"]) == ("restriction", *ACCURACY.values())


def test_pictures_are_stored_and_expire_as_ever(home: Home) -> None:
    restrict(home.owner)
    home.camera.see(2)
    home.world.settle()
    assert len(home.owner.alarms(home.camera.device_id)) == 2
    home.world.clock.move_to(home.world.now().timestamp() + 7 * 86_400)
    home.owner.sign_in()
    assert home.owner.alarms(home.camera.device_id) == []


def test_guests_see_nothing_from_the_next_request_on_until_it_ends(home: Home) -> None:
    share_id = guest(home, "live", "playback", "alarms", "settings")
    path = f"/devices/{home.camera.device_id}"
    asked = ("/devices", "/shares", "/alarms")
    assert home.stranger.call("GET", path).status == 200
    before = {one: home.stranger.call("GET", one).json["items"] for one in asked}
    assert all(before.values())
    restrict(home.owner)
    assert home.stranger.call("GET", path).status == 404
    assert {one: home.stranger.call("GET", one).json["items"] for one in asked} == {one: [] for one in asked}
    assert len(home.owner.call("GET", f"{path}/shares").json["items"]) == 1
    lift(home.owner)
    assert home.stranger.call("GET", path).status == 200
    assert [one["share_id"] for one in home.stranger.call("GET", "/shares").json["items"]] == [share_id]


def test_nobody_is_pushed_to_until_it_ends(home: Home) -> None:
    guest(home, "alarms")
    assert home.stranger.take_pushes(OF_GUEST).status == 204
    home.camera.see(2)
    home.world.settle()
    before = pushes(home, OF_OWNER), pushes(home, OF_GUEST)
    assert min(before) > 0
    restrict(home.owner)
    home.camera.see(3)
    home.world.settle()
    assert (pushes(home, OF_OWNER), pushes(home, OF_GUEST)) == before
    lift(home.owner)
    home.camera.see(4)
    home.world.settle()
    assert (pushes(home, OF_OWNER), pushes(home, OF_GUEST)) == tuple(count + 1 for count in before)


def test_a_guest_who_has_restricted_is_pushed_nothing_of_others(home: Home) -> None:
    guest(home, "alarms")
    assert home.stranger.take_pushes(OF_GUEST).status == 204
    restrict(home.stranger)
    before = pushes(home, OF_OWNER)
    home.camera.see(2)
    home.world.settle()
    assert (pushes(home, OF_OWNER), pushes(home, OF_GUEST)) == (before + 1, 0)


def test_there_is_no_live_view_and_one_that_runs_ends(home: Home) -> None:
    guest(home, "live")
    views = [one.watch(home.camera.device_id)["playlist_url"] for one in (home.owner, home.stranger)]
    home.camera.stream(init="a")
    home.camera.stream()
    assert [home.world.call("GET", urlsplit(one).path).status for one in views] == [200, 200]
    restrict(home.owner)
    assert [home.world.call("GET", urlsplit(one).path).status for one in views] == [404, 404]
    refused = home.owner.call("POST", f"/devices/{home.camera.device_id}/live", {"channel": "1"})
    assert (refused.status, refused.json["code"]) == (403, "ProcessingRestricted")
    tickets = {kind: home.camera.ask_ticket(kind) for kind in ("live", "alarm")}
    assert {kind: answer.status for kind, answer in tickets.items()} == {"live": 403, "alarm": 200}
    lift(home.owner)
    assert home.camera.ask_ticket("live").status == 200


def test_who_has_restricted_is_shown_no_live_view_of_others(home: Home) -> None:
    guest(home, "live")
    view = home.stranger.watch(home.camera.device_id)["playlist_url"]
    home.camera.stream(init="a")
    home.camera.stream()
    assert home.world.call("GET", urlsplit(view).path).status == 200
    restrict(home.stranger)
    assert home.world.call("GET", urlsplit(view).path).status == 404


def test_a_camera_that_comes_back_is_not_told_to_send_live_video(home: Home) -> None:
    home.owner.watch(home.camera.device_id)
    home.owner.command(home.camera.device_id)
    restrict(home.owner)
    camera = home.camera.connect()
    home.world.settle()
    said = [one["command"] for one in camera.messages]
    assert "restart" in said and "live" not in said


def test_a_guests_player_of_recordings_stops(home: Home) -> None:
    subscribe(home)
    home.camera.record(1_000)
    home.world.settle()
    guest(home, "playback")
    now = home.world.now()
    span = now - timedelta(hours=1), now + timedelta(hours=1)
    path = urlsplit(home.stranger.playlist(home.camera.device_id, *span)["playlist_url"]).path
    assert home.world.call("GET", path).status == 200
    restrict(home.owner)
    assert home.world.call("GET", path).status == 404


def test_an_invitation_waits(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    restrict(home.owner)
    home.world.settle()
    assert not [one for one in home.world.outbox(home.stranger.email) if "share" in one["subject"].lower()]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 404
    more = home.owner.share(home.camera.device_id, email="later@example.com")
    assert (more.status, more.json["code"]) == (403, "ProcessingRestricted")
    lift(home.owner)
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    restrict(home.owner)
    assert home.stranger.call("DELETE", f"/shares/{share_id}").status == 204  # to leave needs nothing to be shown


def test_an_offer_of_a_device_waits(home: Home) -> None:
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    restrict(home.owner)
    assert home.stranger.call("GET", "/transfers").json["items"] == []
    home.stranger.step_up()
    assert home.stranger.accept(transfer_id).status == 404
    lift(home.owner)
    assert [one["transfer_id"] for one in home.stranger.call("GET", "/transfers").json["items"]] == [transfer_id]


def test_mails_that_the_law_asks_for_are_sent_and_others_not(home: Home) -> None:
    restrict(home.owner)
    home.owner.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD})
    home.world.settle()
    subjects = [one["subject"] for one in home.world.outbox(home.owner.email)]
    assert "The password of your Sowa account was changed" in subjects
    lift(home.owner)
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    restrict(home.owner)
    before = len(home.world.outbox(home.owner.email))
    assert home.stranger.call("POST", f"/transfers/{transfer_id}/decline").status == 204
    assert len(Stored(dump.dump()).of("OutboxMessage")) == 1
    home.world.settle()
    assert len(home.world.outbox(home.owner.email)) == before
    assert Stored(dump.dump()).of("OutboxMessage") == {}


# Security of the account, contracts and the tax, and answers to rights that were exercised.
ASKED_FOR_BY_LAW = {
    "accounts/mail": {"known", "moved", "password", "taken", "unknown"},
    "contacts/mail": {"code"},
    "devices/mail": {"accepted"},
    "identities/mail": {"linked", "unlinked"},
    "newsletter/mail": {"confirm"},  # ordered a moment ago, at an address that may be nobody's
    "orders/mail": {
        "disputed", "handed_disputed", "paid", "refund_due", "refund_failed", "refunded", "renewal_failed",
    },
    "privacy/mail": {"closed", "disclosed", "export", "held", "objection"},
    "second_factors/mail": {"added", "all_removed", "code_used", "codes_made", "guessed", "removed"},
    "sessions/mail": {"new_terminal"},
}  # fmt: skip
# Of a plan that it is about to be paid, and of notices what the law asks for, is said all the same.
WITHHELD = {"devices/mail/declined", "notices/mail/notice", "plans/mail/warning", "support/mail/answer"}
# These are not written by way of the outbox; whoever sends them asks whether they may be.
OF_LISTENERS = {"newsletter/mail/issue", "sharing/mail/invitation", "transfers/mail/transfer"}


def test_every_mail_says_whether_somebody_gets_it_who_has_restricted_processing() -> None:
    there = {
        path.relative_to(ROOT / "chalicelib").as_posix().removesuffix(".en.txt")
        for path in (ROOT / "chalicelib").glob("*/mail/*.en.txt")
    }
    by_law = {f"{folder}/{name}" for folder, names in ASKED_FOR_BY_LAW.items() for name in names}
    assert there == by_law | WITHHELD | OF_LISTENERS
    assert not by_law & (WITHHELD | OF_LISTENERS)
    assert {template for module in all_modules() for template in _withheld_by(module.source)} == WITHHELD


def _withheld_by(source: str) -> Iterator[str]:
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if "may_be_withheld" in {one.arg for one in call.keywords}:
            texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from (text for text in texts if "/mail/" in text)


def test_that_a_product_ends_is_written_and_an_announcement_waits_in_the_list(home: Home) -> None:
    restrict(home.owner)
    before = pushes(home, OF_OWNER)
    kinds = ["announcement", "withdrawal"]
    order = {"text": "Something happened.", "to": [home.owner.account_id]}
    for kind in kinds:
        told = home.world.invoke("announce", {**order, "kind": kind, "title": f"About: {kind}"})
        assert told["accounts"] == 1
    home.world.settle()
    assert sorted(one["kind"] for one in home.owner.call("GET", "/notices").json["items"]) == kinds
    subjects = [one["subject"] for one in home.world.outbox(home.owner.email)]
    assert [one for one in subjects if "About" in one] == ["About: withdrawal"]
    assert pushes(home, OF_OWNER) == before
    lift(home.owner)
    home.world.invoke("announce", {**order, "kind": "announcement", "title": "About something else"})
    home.world.settle()
    assert pushes(home, OF_OWNER) == before + 1


def test_what_is_declared_to_be_more_than_storing_is_refused(home: Home) -> None:
    routes = [route for route in all_routes() if route.unrestricted]
    assert len(routes) > 4
    beginning = home.world.snapshot()
    for route in routes:
        home.world.restore(beginning)
        request = request_for(route, home)
        restrict(home.owner)
        answer = request.send(home)
        assert (answer.status, answer.json["code"]) == (403, "ProcessingRestricted"), route.name
        lift(home.owner)
        request.headers = {}
        assert request.send(home).status == route.status, route.name


def test_whoever_closes_the_account_leaves_nothing_of_it(home: Home) -> None:
    restrict(home.owner)
    assert len(Stored(dump.dump()).of("ExercisedRight")) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(3_600)
    assert Stored(dump.dump()).of("ExercisedRight") == {}


def test_other_peoples_devices_are_not_touched(home: Home) -> None:
    other = new_person(home.world, "other@example.com")
    camera = new_camera(home.world, "SN0002", owner=other)
    share = other.share(camera.device_id, email=home.stranger.email).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share}/accept").status == 200
    guest(home, "alarms")
    restrict(home.owner)
    assert [one["device_id"] for one in home.stranger.call("GET", "/devices").json["items"]] == [camera.device_id]
