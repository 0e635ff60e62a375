"""Handing a device over: an offer to an address, taken or not; the heir sees nothing of before."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.transfers import actions
from chalicelib.transfers import rules as transfers_rules
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera, Person, elsewhere, jpeg, new_camera, new_person, pay, rows
from tests.worlds.invariants import violations
from tests.worlds.sweep import recover

WEEK = 7 * 86_400


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def offers_to(person: Person) -> list[dict[str, Any]]:
    return list(person.call("GET", "/transfers").json["items"])


def devices_of(person: Person) -> list[str]:
    return [device["device_id"] for device in person.call("GET", "/devices").json["items"]]


@pytest.fixture
def offered(home: Home) -> str:
    """By the owner, to the stranger."""
    home.owner.step_up()
    home.stranger.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    home.world.settle()
    return transfer_id


# Offering


def test_the_other_one_is_told_by_mail_and_finds_the_offer(home: Home, offered: str) -> None:
    (item,) = offers_to(home.stranger)
    assert (item["transfer_id"], item["model"]) == (offered, "Sowa One")
    mail = home.world.outbox(home.stranger.email)[0]
    assert "camera" in mail["subject"]
    said = (home.owner.nickname, home.owner.email, home.camera.sn, "Garden")
    assert not [word for word in said if word in mail["text"]]
    assert offers_to(home.owner) == []


def test_it_is_told_once_in_the_language_of_who_reads_it(home: Home) -> None:
    zed = new_person(home.world, "polish@example.com", language="pl")
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, email=zed.email)
    home.world.settle()
    home.world.redrive()
    home.world.settle()
    mails = [mail for mail in home.world.outbox(zed.email) if "kamer" in mail["subject"]]
    assert len(mails) == 1


@pytest.mark.parametrize(("language", "subjects"), [
    ("en", ("Your camera was handed over", "Your camera was not taken over")),
    ("pl", ("Twoja kamera została przekazana", "Twoja kamera nie została przyjęta")),
])
def test_who_offered_is_told_of_the_answer_in_his_language(
    home: Home, language: str, subjects: tuple[str, str]
) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    home.owner.step_up()
    home.stranger.step_up()
    for answer, subject in zip(("accept", "decline"), subjects, strict=True):
        camera = new_camera(home.world, f"SN-{answer}", owner=home.owner)
        transfer_id = home.owner.offer(camera.device_id, email=home.stranger.email)
        said = home.stranger.accept(transfer_id) if answer == "accept" else _decline(home, transfer_id)
        assert said.status in (201, 204)
        home.world.settle()
        (mail,) = [one for one in home.world.outbox(home.owner.email) if one["subject"] == subject]
        assert home.stranger.email in mail["text"] and "Garden" in mail["text"]
        assert not [one for one in home.world.outbox(home.stranger.email) if one["subject"] == subject]


def _decline(home: Home, transfer_id: str) -> Response:
    return home.stranger.call("POST", f"/transfers/{transfer_id}/decline")


def test_an_unknown_address_is_answered_as_a_known_one_for_the_same_calls(home: Home) -> None:
    home.owner.step_up()
    seen = []
    before = home.world.snapshot()
    for email in (home.stranger.email, "nobody-is@example.com"):
        home.world.restore(before)
        home.world.trace.clear()
        answer = home.owner.call("POST", f"/devices/{home.camera.device_id}/transfer", {"email": email})
        headers = {name for name, _ in answer.headers}
        seen.append((answer.status, answer.json.keys(), len(answer.body), headers, home.world.trace.names()))
    assert seen[0] == seen[1]


def test_the_offer_waits_for_who_registers_that_address(home: Home) -> None:
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email="newcomer@example.com")
    home.world.settle()
    assert "camera" in home.world.outbox("newcomer@example.com")[0]["subject"]
    newcomer = new_person(home.world, "newcomer@example.com")
    assert [one["transfer_id"] for one in offers_to(newcomer)] == [transfer_id]
    newcomer.step_up()
    assert newcomer.accept(transfer_id).status == 201


def test_who_gives_the_address_up_meanwhile_does_not_accept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.owner.step_up()
    home.stranger.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    change_id = home.stranger.change_address(email="zed.anew@example.com")
    home.stranger.email = "zed.anew@example.com"
    moved = {"change_id": change_id, "code": home.stranger.newest_code()}
    read = actions._owner_and_camera

    def and_moves(device: Any) -> Any:
        assert home.stranger.call("POST", "/me/address/confirm", moved).status == 200
        return read(device)

    monkeypatch.setattr(actions, "_owner_and_camera", and_moves)
    assert refusal(home.stranger.accept(transfer_id)) == (404, "NotFound")
    assert (devices_of(home.owner), devices_of(home.stranger)) == ([home.camera.device_id], [])


def test_who_has_not_proved_once_more_who_it_is_neither_offers_nor_accepts(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}/transfer"
    assert refusal(home.owner.call("POST", path, {"email": "a@example.com"})) == (403, "StepUpRequired")
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    assert refusal(home.stranger.accept(transfer_id)) == (403, "StepUpRequired")


@pytest.mark.parametrize("to", [{}, {"email": "a@b.co", "phone": "+48601234567"}, {"email": "no address"}])
def test_to_whom_is_one_address(home: Home, to: dict[str, str]) -> None:
    home.owner.step_up()
    assert home.owner.call("POST", f"/devices/{home.camera.device_id}/transfer", to).status == 422


def test_nobody_hands_over_to_himself(home: Home) -> None:
    home.owner.step_up()
    path = f"/devices/{home.camera.device_id}/transfer"
    answer = home.owner.call("POST", path, {"email": home.owner.email.upper()})
    assert (answer.status, list(answer.json["fields"])) == (422, ["email"])


def test_a_second_offer_takes_the_place_of_the_first(home: Home, offered: str) -> None:
    assert len(offers_to(home.stranger)) == 1
    again = home.owner.offer(home.camera.device_id, email="another@example.com")
    home.world.settle()
    assert offers_to(home.stranger) == []
    assert refusal(home.stranger.accept(offered)) == (404, "NotFound")
    assert again != offered
    assert len(rows(home.world, "address/offer")) == 1


def test_nobody_is_flooded_with_offers(home: Home) -> None:
    home.owner.step_up()
    for _ in range(transfers_rules.MOST_OFFERS):
        home.owner.offer(home.camera.device_id, email=home.stranger.email)
    path = f"/devices/{home.camera.device_id}/transfer"
    answer = home.owner.call("POST", path, {"email": home.stranger.email})
    assert (*refusal(answer), int(answer.headers["Retry-After"]) > 0) == (429, "TooManyOffers", True)


# Taking over


def test_the_heir_has_the_device_and_the_owner_before_has_nothing(home: Home, offered: str) -> None:
    old = home.camera.device_id
    answer = home.stranger.accept(offered)
    assert answer.status == 201
    new = answer.json["device_id"]
    assert (devices_of(home.owner), devices_of(home.stranger)) == ([], [new])
    assert new != old
    for path in (f"/devices/{old}", f"/devices/{old}/alarms", f"/devices/{new}", f"/devices/{new}/alarms"):
        assert refusal(home.owner.call("GET", path)) == (404, "NotFound")
    assert refusal(home.stranger.call("GET", f"/devices/{old}")) == (404, "NotFound")
    home.camera.see(9)
    assert len(home.stranger.alarms(new)) == 1


def test_the_heir_sees_nothing_of_before(home: Home) -> None:
    home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"name": "Nightingale", "time_zone": "Asia/Tokyo"})
    home.owner.change_settings(home.camera.device_id, 0, channels=[{"id": "1", "name": "Kingfisher"}])
    home.camera.activate(lan={"ip": "10.11.12.13", "port": 80}, channels=[{"id": "1", "name": "Woodpecker"}])
    home.camera.report(battery_percent=33)
    home.owner.set_device_password(home.camera.device_id, "Goldfinch")
    home.owner.cover(home.camera.device_id)
    pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    home.owner.set_privacy(home.camera.device_id, on=True)
    home.owner.step_up()
    home.stranger.step_up()
    new = home.stranger.accept(home.owner.offer(home.camera.device_id, email=home.stranger.email)).json
    paths = ("", "/settings", "/alarms", "/plan")
    said = [home.stranger.call("GET", f"/devices/{new['device_id']}{path}").body.decode() for path in paths]
    before = ("Nightingale", "Kingfisher", "Woodpecker", "Goldfinch", "10.11.12.13", "Tokyo", home.alarm_id, "33")
    assert not [word for word in before if any(word in text for text in said)]
    assert (new["cover_url"], new["privacy_mode"], new["plan"]["state"]) == (None, False, "none")
    assert (new["channels"], new["sn"], new["model"]) == ([{"id": "1", "name": ""}], "SN0001", "Sowa One")
    assert home.stranger.check_device_password(new["device_id"], "Goldfinch").status == 409


def test_it_ends_as_removing_ends_it(home: Home, offered: str) -> None:
    old, ticket = home.camera.device_id, home.camera.ask_ticket().json
    assert home.stranger.accept(offered).status == 201
    assert home.world.upload(ticket, "1/20260105T080000Z-motion-late.jpg", jpeg(7)).status == 204
    home.world.settle()
    home.world.advance(20 * 60)
    recover(home.world)
    assert violations(home.world.dump()) == []
    stored = home.world.dump()
    assert not [row for row in stored["tables"]["sowa-local-Items"] if row["pk"] == f"device#{old}"]
    assert not [one for objects in stored["buckets"].values() for one in objects if old in one["key"]]
    (erasure,) = rows(home.world, "erasure/erasure", "Ledger")
    (subject,) = rows(home.world, "erasure/subject", "Ledger")
    assert (erasure["state"], subject["sk"]) == ("done", f"subject#device#{old}")


def test_pushes_go_to_the_heirs_terminals_and_no_more_to_the_owners(home: Home, offered: str) -> None:
    assert home.stranger.take_pushes("token-of-the-heir").status == 204
    before = len(home.world.outbox("platform-token-of-the-owner"))
    assert home.stranger.accept(offered).status == 201
    home.camera.see(9)
    assert len(home.world.outbox("token-of-the-heir")) == 1
    assert len(home.world.outbox("platform-token-of-the-owner")) == before


def test_accepted_in_one_commit_after_one_read_and_one_of_the_former_owner(home: Home, offered: str) -> None:
    home.world.trace.clear()
    assert home.stranger.accept(offered).status == 201
    names = [name for name in home.world.trace.names() if name.startswith("dynamodb")]
    assert names == ["dynamodb.BatchGetItem", "dynamodb.BatchGetItem", "dynamodb.TransactWriteItems"]


def test_all_shares_and_invitations_end_with_it(home: Home, offered: str) -> None:
    guest = new_person(home.world, "guest@example.com")
    share_id = home.owner.share(home.camera.device_id, email=guest.email).json["share_id"]
    assert guest.call("POST", f"/shares/{share_id}/accept").status == 200
    home.owner.share(home.camera.device_id, email="invited@example.com")
    home.world.settle()
    kinds = ("device/share", "account/device-received", "address/invitation")
    assert [len(rows(home.world, kind)) for kind in kinds] == [2, 1, 1]
    shares = f"/devices/{home.camera.device_id}/shares"
    assert len(guest.call("GET", "/shares").json["items"]) == len(home.owner.call("GET", shares).json["items"]) - 1 == 1
    new = home.stranger.accept(offered).json
    assert guest.call("GET", f"/devices/{home.camera.device_id}").status == 404
    assert guest.call("GET", f"/devices/{new['device_id']}").status == 404
    assert guest.call("GET", "/shares").json["items"] == []
    home.world.settle()
    assert not [kind for kind in kinds if rows(home.world, kind)]
    assert home.stranger.call("GET", f"/devices/{new['device_id']}/shares").json["items"] == []
    recover(home.world)
    assert violations(home.world.dump()) == []


def test_a_guest_may_become_the_owner(home: Home, offered: str) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    new = home.stranger.accept(offered).json
    home.world.settle()
    assert devices_of(home.stranger) == [new["device_id"]]
    assert new["rights"][0] == "owner"
    recover(home.world)
    assert violations(home.world.dump()) == []


def test_both_sides_read_what_happened(home: Home, offered: str) -> None:
    assert home.stranger.accept(offered, name="Yard").status == 201
    former = home.owner.call("GET", "/privacy/activity").json["items"]
    heirs = home.stranger.call("GET", "/privacy/activity").json["items"]
    assert ("device_handed_over", "Garden") in [(one["act"], one["about"]) for one in former]
    assert ("device_added", "Yard") in [(one["act"], one["about"]) for one in heirs]


def test_without_a_name_it_is_called_as_its_model(home: Home, offered: str) -> None:
    new = home.stranger.call("POST", f"/transfers/{offered}/accept", {}).json
    assert (new["name"], new["time_zone"]) == ("Sowa One", "UTC")


def test_only_whom_it_is_for_answers_it(home: Home, offered: str) -> None:
    third = new_person(home.world, "third@example.com")
    third.step_up()
    for who in (third, home.owner):
        assert refusal(who.accept(offered)) == (404, "NotFound")
        assert refusal(who.call("POST", f"/transfers/{offered}/decline")) == (404, "NotFound")
    assert devices_of(home.owner) == [home.camera.device_id]
    # Whoever knows of the device and makes up the rest is nobody.
    assert refusal(home.stranger.accept(home.camera.device_id + "a" * 26)) == (404, "NotFound")


def test_it_is_good_for_seven_days(home: Home, offered: str) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + WEEK - 1)
    home.stranger.sign_in()
    assert len(offers_to(home.stranger)) == 1
    home.world.clock.move_to(home.world.now().timestamp() + 1)
    assert offers_to(home.stranger) == []
    home.stranger.step_up()
    assert refusal(home.stranger.accept(offered)) == (404, "NotFound")


def test_declined_or_withdrawn_it_is_over(home: Home, offered: str) -> None:
    assert len(offers_to(home.stranger)) == 1
    assert home.stranger.call("POST", f"/transfers/{offered}/decline").status == 204
    assert (offers_to(home.stranger), refusal(home.stranger.accept(offered))) == ([], (404, "NotFound"))
    again = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    path = f"/devices/{home.camera.device_id}/transfer"
    assert [home.owner.call("DELETE", path).status for _ in range(2)] == [204, 204]
    assert (offers_to(home.stranger), refusal(home.stranger.accept(again))) == ([], (404, "NotFound"))
    assert devices_of(home.owner) == [home.camera.device_id]


def test_with_the_device_removed_there_is_nothing_to_take(home: Home, offered: str) -> None:
    assert len(offers_to(home.stranger)) == 1
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert refusal(home.stranger.accept(offered)) == (404, "NotFound")
    home.world.settle()
    assert offers_to(home.stranger) == []


def test_who_has_too_many_devices_takes_no_other(home: Home, offered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "most_devices", 0)
    assert refusal(home.stranger.accept(offered)) == (403, "TooManyDevices")
    assert devices_of(home.owner) == [home.camera.device_id]


def test_a_device_bound_at_the_same_moment_is_not_lost(home: Home, offered: str) -> None:
    other = elsewhere(home.stranger)
    camera = Camera(home.world, "SN0050")
    camera.load()
    from tests.scene import just_before

    with just_before(home.world, 2, lambda: other.bind(camera)):
        answer = home.stranger.accept(offered)
    assert answer.status == 201
    assert sorted(devices_of(home.stranger)) == sorted([camera.device_id, answer.json["device_id"]])


def test_a_phone_number_is_an_address_too(home: Home) -> None:
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, phone="+48601234567")
    home.world.settle()
    assert home.world.outbox("+48601234567")[0]["kind"] == "sms"
