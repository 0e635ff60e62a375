"""Pairs of operations that meet on the same thing: who does what, and which answers are right whoever comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.avatars.actions.galleries import Arrival
from chalicelib.avatars.actions.portraits import GALLERY
from chalicelib.aws import bucket
from chalicelib.aws.clients import client
from chalicelib.identities.actions import take_over_picture
from infra.local import dump
from infra.local.cloud import Plugged
from infra.local.gateway import Response
from tests.conftest import Home
from tests.factors import App
from tests.identities.people import link, maja, offer_picture
from tests.identities.platforms import google_picture, google_token, nonce, platforms
from tests.neighbour import neighbour
from tests.scene import PASSWORD, Camera, Person, elsewhere, jpeg, new_person
from tests.worlds import scenarios
from tests.worlds.invariants import Stored

Act = Callable[[Home, Any], Any]
Answers = tuple[Any, Any]
Wrong = Iterator[str]
ONE_KEY, ANOTHER_KEY = "the-key-of-the-one-client", "the-key-of-the-other-one"


def _nothing_more(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from ()


@dataclass(frozen=True)
class Race:
    """`one` and `other` happen at once in the world that `arrange` makes; `may_say` are the pairs of answers (or, for
    what nobody waits for, None) that are right; `at_once` looks before anything else happens, and `wrongs` at what is
    left when all has come to rest."""

    name: str
    arrange: Callable[[Home], Any]
    one: Act
    other: Act
    may_say: frozenset[tuple[int | None, int | None]]
    wrongs: Callable[[Home, Any, Answers, Stored], Wrong] = _nothing_more
    at_once: Callable[[Home, Any, Answers, Stored], Wrong] = _nothing_more


def either_way(*pairs: tuple[int, int]) -> frozenset[tuple[int | None, int | None]]:
    return frozenset(pairs) | {(other, one) for one, other in pairs}


def exactly(*pairs: tuple[int | None, int | None]) -> frozenset[tuple[int | None, int | None]]:
    return frozenset(pairs)


# People


def _register(key: str) -> Act:
    return lambda home, person: scenarios._register(home, person, key)


def _two_registrations(home: Home, person: Person, answers: Answers, stored: Stored) -> Wrong:
    if (count := scenarios._registrations(home, person, stored)) != 2:
        yield f"{count} registrations"


def _one_registration(home: Home, person: Person, answers: Answers, stored: Stored) -> Wrong:
    if (count := scenarios._registrations(home, person, stored)) != 1:
        yield f"{count} registrations"
    if answers[0].json != answers[1].json:
        yield "the same request has two answers"


def _registered_twice(home: Home) -> list[tuple[Person, str, str]]:
    return [scenarios._registered(home) for _ in range(2)]


def _confirm(which: int, key: str) -> Act:
    return lambda home, states: scenarios._confirm(home, states[which], key)


def _one_account(home: Home, states: Any, answers: Answers, stored: Stored) -> Wrong:
    made = stored.first_ids("Account").keys() & {state[1] for state in states}
    if len(made) != 1:
        yield f"{len(made)} accounts"
    winners = {answer.json["account_id"] for answer in answers if answer.status == 201}
    if winners != made:
        yield "an account that nobody was told of"


def _refresh(home: Home, state: None) -> Response:
    return scenarios._refresh(home, state, ONE_KEY)


def _same_successor(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    if len({answer.json["refresh_token"] for answer in answers}) != 1:
        yield "two successors"
    if scenarios._refreshes(home, state, stored) != 1:
        yield "not one turn"


def _sign_in(home: Home, state: Any) -> Response:
    return scenarios._sign_in(home, None, ONE_KEY)


def _one_session(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    if (count := scenarios._sign_ins(home, None, stored)) != 1:
        yield f"{count} sessions"
    bodies = [{"refresh_token": answer.json["refresh_token"]} for answer in answers]
    turned = [home.world.call("POST", "/sessions/refresh", body).status for body in bodies]
    if sorted(turned) != [201, 401]:
        yield f"the two refresh tokens are answered with {turned}"


def _sign_in_on(unique_id: str) -> Act:
    def act(home: Home, state: Any) -> Response:
        terminal = {**home.stranger.terminal, "unique_id": unique_id}
        return Person(**{**vars(home.stranger), "terminal": terminal}).sign_in()

    return act


def _both_are_known(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    known = stored.first_ids("Account")[home.stranger.account_id]["terminals"]
    if len(known) != 3:
        yield f"{len(known)} terminals are known"
    if (count := scenarios._sign_ins(home, None, stored)) != 2:
        yield f"{count} sessions"


def _elsewhere(home: Home) -> Person:
    return elsewhere(home.owner)


def _end_others(home: Home, other: Person) -> Response:
    return scenarios._end_others(home, other, ONE_KEY)


def _be_ended_by_others(home: Home, other: Person) -> Response:
    return other.call("DELETE", "/sessions", headers=scenarios.once(ANOTHER_KEY))


def _refresh_elsewhere(home: Home, other: Person) -> Response:
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": other.refresh_token})


def _take_pushes_elsewhere(home: Home, other: Person) -> Response:
    return other.take_pushes("platform-token-elsewhere")


def _sign_in_on_a_third(home: Home, other: Person) -> Response:
    return Person(**{**vars(home.owner), "terminal": {**home.owner.terminal, "unique_id": "t3"}}).sign_in()


def _other_has_ended(home: Home, other: Person, answers: Answers, stored: Stored) -> Wrong:
    """Whatever was given to it meanwhile opens nothing."""
    if (home.owner.account_id, other.session_id) in stored.of("Session"):
        yield "the other terminal is still signed in"
    given = (answers[1].json or {}).get("access_token")
    if given is not None and home.world.call("GET", "/me", token=given).status != 401:
        yield "its new token opens something"


def _third_is_in_or_ended(home: Home, other: Person, answers: Answers, stored: Stored) -> Wrong:
    yield from _other_has_ended(home, other, (answers[0], answers[0]), stored)
    if (home.owner.account_id, home.owner.session_id) not in stored.of("Session"):
        yield "who asked was signed out"


def _one_is_left(home: Home, other: Person, answers: Answers, stored: Stored) -> Wrong:
    if (count := sum(account_id == home.owner.account_id for account_id, _ in stored.of("Session"))) != 1:
        yield f"{count} sessions are left"


def _stepped_up(home: Home) -> None:
    home.owner.step_up()


def _close(home: Home, state: Any) -> Response:
    return home.owner.close()


def _owner_signs_in(home: Home, state: Any) -> Response:
    return Person(**vars(home.owner)).sign_in()


def _owner_signs_in_elsewhere(home: Home, state: Any) -> Response:
    terminal = {**home.owner.terminal, "unique_id": "t2"}
    return Person(**{**vars(home.owner), "terminal": terminal}).sign_in()


def _owner_guesses(home: Home, state: Any) -> Response:
    return Person(**vars(home.owner)).sign_in("not the password of anybody")


def _guess_at_strangers(home: Home, state: Any) -> Response:
    """Somebody else, at a terminal of his own."""
    terminal = {**home.stranger.terminal, "unique_id": "somebody-elses"}
    return Person(**{**vars(home.stranger), "terminal": terminal}).sign_in("not the password of anybody")


def _owner_is_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if answers[0].status == 202:
        yield from (f"{where} is left" for where in _rows_of(stored, home.owner.account_id))


def _owner_has_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (f"{where} is left" for where in _rows_of(stored, home.owner.account_id))
    if (count := len(stored.of("Erasure"))) != 1:
        yield f"{count} erasures"


def _arrive(key: str) -> Act:
    return lambda home, ticket: scenarios._arrive(home, ticket, key)


def _vouched_for_and_registered(home: Home) -> tuple[str, tuple[Person, str, str]]:
    registered = scenarios._registered(home)
    return neighbour().ticket(email=registered[0].email), registered


def _one_arrival(home: Home, ticket: str, answers: Answers, stored: Stored) -> Wrong:
    if (count := scenarios._arrivals(home, ticket, stored)) != 1:
        yield f"{count} arrivals"


def _rows_of(stored: Stored, account_id: str) -> Iterator[str]:
    names = ("Account", "Letter", "Session", "Endpoint", "Code", "Order", "Answered", "TerminalGuesses", "Totp")
    yield from (name for name in names for where in stored.of(name) if where[0] == account_id)


def _change_password(home: Home, state: Any) -> Response:
    return scenarios._change_password(home, None, ONE_KEY)


def _turned(home: Home, answer: Response) -> int:
    """Access tokens are over when all has come to rest."""
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": answer.json["refresh_token"]}).status


def _one_goes_on(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (status := _turned(home, answers[1])) != 201:
        yield f"the refreshed session is answered with {status}"


def _reset(home: Home, state: Any) -> Response:
    return scenarios._reset(home, state, ONE_KEY)


def _old_password_is_out(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if answers[1].status == 201 and (status := _turned(home, answers[1])) != 401:
        yield f"who signed in with the old password is answered with {status}"
    if scenarios._new_passwords(home, None, stored) != 1:
        yield "not one new password"


def _ask_to_move_to(email: str, key: str) -> Act:
    return lambda home, state: home.owner.call("POST", "/me/address", {"email": email}, headers=scenarios.once(key))


def _both_about_to_move(home: Home) -> list[tuple[str, str]]:
    """Owner and stranger, to the same address."""
    states = []
    for person in (home.owner, home.stranger):
        person.step_up()
        states.append((person.change_address(email="moved@example.com"), _newest_code(home)))
    return states


def _newest_code(home: Home) -> str:
    return Person(home.world, "moved@example.com").newest_code()


def _owner_moves(home: Home, states: Any) -> Response:
    return scenarios._move(home, states[0], ONE_KEY)


def _stranger_moves(home: Home, states: Any) -> Response:
    body = {"change_id": states[1][0], "code": states[1][1]}
    return home.stranger.call("POST", "/me/address/confirm", body, headers=scenarios.once(ANOTHER_KEY))


def _about_to_move_and_registered(home: Home) -> Any:
    move = scenarios._about_to_move(home)
    person = Person(home.world, "moved@example.com")
    return [move, (person, person.register(), person.newest_code())]


def _close_as_mover(home: Home, states: Any) -> Response:
    return home.owner.close()


# Other platforms


def _two_tokens(home: Home) -> list[str]:
    return [google_token(home.world) for _ in range(2)]


def _known_and_two_tokens(home: Home) -> list[str]:
    maja(home.world)
    return _two_tokens(home)


def _enter(which: int, key: str) -> Act:
    return lambda home, tokens: scenarios._enter(home, tokens[which], key)


def _of_maja(stored: Stored) -> set[str]:
    return {row["account_id"] for row in stored.first_ids("Identity").values()}


def _entered_one_account(sessions: int) -> Callable[[Home, Any, Answers, Stored], Wrong]:
    def wrongs(home: Home, tokens: Any, answers: Answers, stored: Stored) -> Wrong:
        told = {answer.json["account_id"] for answer in answers if answer.status == 201}
        if told != _of_maja(stored):
            yield f"{len(told)} accounts were told of, there are {len(_of_maja(stored))}"
        if (count := sum(where[0] in told for where in stored.of("Session"))) != sessions:
            yield f"{count} sessions"

    return wrongs


def _registered_and_a_token(home: Home) -> list[Any]:
    slow = Person(home.world, "maja@example.com")
    registration_id = slow.register()
    return [google_token(home.world), (slow, registration_id, slow.newest_code())]


def _confirm_late(home: Home, state: Any) -> Response:
    return scenarios._confirm(home, state[1], ANOTHER_KEY)


def _one_account_of_maja(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    told = {answer.json["account_id"] for answer in answers if answer.status == 201}
    if len(told) != 1 or not told <= stored.first_ids("Account").keys():
        yield f"accounts: {told}"


def _linked_and_a_token(home: Home) -> list[str]:
    scenarios._linked(home)
    return [google_token(home.world)]


def _both_stepped_up_and_two_tokens(home: Home) -> list[str]:
    home.owner.step_up()
    home.stranger.step_up()
    return _two_tokens(home)


def _link(who: str, which: int, key: str) -> Act:
    return lambda home, tokens: link(getattr(home, who), tokens[which], **scenarios.once(key))


def _link_apple(home: Home, tokens: Any) -> Response:
    return link(home.owner, tokens[1], "apple", **scenarios.once(ANOTHER_KEY))


def _stepped_up_with_a_token_of_each(home: Home) -> list[str]:
    home.owner.step_up()
    return [google_token(home.world), platforms().apple.id_token(nonce(home.world))]


def _identities(count: int) -> Callable[[Home, Any, Answers, Stored], Wrong]:
    def wrongs(home: Home, tokens: Any, answers: Answers, stored: Stored) -> Wrong:
        if len(stored.of("Identity")) != count:
            yield f"{len(stored.of('Identity'))} identities"

    return wrongs


def _linked_identity_and_a_token(home: Home) -> list[str]:
    return [scenarios._linked(home), google_token(home.world)]


def _unlink(home: Home, state: Any) -> Response:
    return scenarios._unlink(home, state[0], ONE_KEY)


def _close_second(home: Home, state: Any) -> Response:
    return home.owner.close()


def _nothing_of_the_owner(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _owner_is_gone(home, state, answers[::-1], stored)
    yield from _identities(0)(home, state, answers, stored)


# Second factors


def _confirm_app(key: str) -> Act:
    return lambda home, code: scenarios._confirm_app(home, code, key)


def _remove_app(home: Home, state: Any) -> Response:
    return scenarios._remove_app(home, state, ONE_KEY)


def _one_app(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (count := scenarios._apps(home, state, stored)) != 1:
        yield f"{count} apps"


def _sign_in_with(key: str) -> Act:
    return lambda home, factor: scenarios._sign_in_with(home, factor, key)


def _one_came_in(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """On the same terminal or another: the code is used up."""
    if (count := scenarios._sign_ins(home, None, stored)) != 1:
        yield f"{count} sessions"


def _owner_has_an_app(home: Home) -> dict[str, str]:
    factor = App.added(home.owner).next_code()
    home.owner.step_up()
    return factor


def _owner_signs_in_with(home: Home, factor: Any) -> Response:
    return Person(**vars(home.owner)).sign_in(factor=factor)


def _shorten_password(home: Home, state: Any) -> Response:
    body = {"current": PASSWORD, "new": "Trz4Sowy"}
    return home.owner.call("PUT", "/me/password", body, headers=scenarios.once(ANOTHER_KEY))


# Cameras


def _bind(who: str, key: str) -> Act:
    def act(home: Home, camera: Camera) -> Response:
        return getattr(home, who).bind(Camera(**vars(camera)), **scenarios.once(key))  # type: ignore[no-any-return]

    return act


def _bound_once(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    if scenarios._bindings(home, camera, stored) != 1:
        yield f"{scenarios._bindings(home, camera, stored)} bindings"
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
    return scenarios._unbound(home)


def _activate(home: Home, camera: Camera) -> Response:
    return scenarios._activate(home, camera, ONE_KEY)


def _bound_and_activated(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    if answers[1].status != 200:
        return
    token = answers[1].json["camera_token"]
    if (asked := home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=token)).status != 200:
        yield f"the camera's new token gets {asked.status}"
    device_id = answers[0].json["device_id"]
    if (firmware := stored.opened(stored.first_ids("Device")[device_id], "firmware")) != "2.0.0":
        yield f"the device's firmware is {firmware}"


def _remove(home: Home, state: Any) -> Response:
    return scenarios._remove_device(home, state, ONE_KEY)


def _set_settings(name: str, key: str) -> Act:
    def act(home: Home, state: Any) -> Response:
        body = {"version": 0, "settings": {"channels": [{"id": "1", "name": name}]}}
        path = f"/devices/{home.camera.device_id}/settings"
        return home.owner.call("PUT", path, body, headers=scenarios.once(key))

    return act


def _one_set_them(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    (winner,) = [answer for answer in answers if answer.status == 200]
    device = stored.first_ids("Device")[home.camera.device_id]
    kept = stored.opened(device, "desired"), device["settings_version"]
    if kept != (winner.json["desired"]["settings"], 1):
        yield "the settings are not those of the one who was told so"


def _report_at(second: int, firmware: str) -> Act:
    at = f"2026-01-05T07:59:{second:02d}Z"
    return lambda home, state: home.camera.report(at=at, firmware=firmware)


def _the_later_report_stays(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    device = stored.first_ids("Device")[home.camera.device_id]
    if (firmware := stored.opened(device, "firmware")) != "3.0.0":
        yield f"the firmware is {firmware}"


def _private(home: Home, state: Any) -> Response:
    return scenarios._set_privacy(home, None, ONE_KEY)


def _at_most_what_came_before(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Whatever was looked at after privacy mode was on is not kept."""
    alarms = len(stored.of("Alarm"))
    if len(stored.objects) != alarms:
        yield f"{alarms} alarms and {len(stored.objects)} pictures"


def _unbind_as_owner(home: Home, camera: Camera) -> Response:
    return home.owner.call("DELETE", f"/devices/{home.camera.device_id}", headers=scenarios.once(ONE_KEY))


def _own_camera(home: Home) -> Camera:
    return home.camera


def _one_owner_at_most(home: Home, camera: Camera, answers: Answers, stored: Stored) -> Wrong:
    owners = [row["account_id"] for row in stored.of("Device").values()]
    if owners != ([home.stranger.account_id] if answers[1].status == 201 else []):
        yield f"the owners are {owners}"


def _accept_offer(key: str) -> Act:
    return lambda home, transfer_id: scenarios._accept(home, transfer_id, key)


def _unbind_offered(home: Home, transfer_id: str) -> Response:
    return scenarios._remove_device(home, transfer_id, ONE_KEY)


def _withdraw(home: Home, transfer_id: str) -> Response:
    return scenarios._withdraw(home, transfer_id, ONE_KEY)


def _decline_offer(home: Home, transfer_id: str) -> Response:
    return scenarios._decline(home, transfer_id, ONE_KEY)


def _close_offering(home: Home, transfer_id: str) -> Response:
    return home.owner.close()


def _offer_to(email: str, key: str) -> Act:
    def act(home: Home, state: Any) -> Response:
        path = f"/devices/{home.camera.device_id}/transfer"
        return home.owner.call("POST", path, {"email": email}, headers=scenarios.once(key))

    return act


def _one_offer(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(stored.of("Offer")) != 1:
        yield f"{len(stored.of('Offer'))} offers"


def _handed_over_or_not(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Who was told that it is his has it, and nobody else."""
    is_handed_over = any(answer.status == 201 for answer in answers)
    owners = [row["account_id"] for row in stored.of("Device").values()]
    if is_handed_over and owners != [home.stranger.account_id]:
        yield f"the owners are {owners}"
    if not is_handed_over and home.stranger.account_id in owners:
        yield "it was handed over to somebody who was told otherwise"


def _picture_on_its_way(home: Home) -> None:
    assert home.camera.upload(7).status == 204


def _picture_arrives(home: Home, state: Any) -> None:
    """The queue brings it once; what fails is brought again when all settles."""
    source = next(one for one in home.world.pump._queues() if one.name == "on_picture_uploaded")
    assert source.deliver(Counter())


def _pictures_are_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.objects:
        yield f"{len(stored.objects)} pictures are left"
    if stored.of("Alarm"):
        yield f"{len(stored.of('Alarm'))} alarms are left"


# Money


def _pay(home: Home, state: Any) -> Response:
    return scenarios._take_payment(home, state, ONE_KEY)


def _paid_or_owed(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Removing a device leaves its order: either the plan was had for a moment, or the money goes back."""
    (order,) = stored.of("Order").values()
    if order["state"] not in ("paid", "refund_due"):
        yield f"the order is {order['state']}"


def _ordered_and_stepped_up(home: Home) -> Any:
    home.owner.step_up()
    return scenarios._ordered(home)


# Pushes and alarms


def _take_pushes(home: Home, state: Any) -> Response:
    return home.owner.take_pushes("another-token-of-a-platform")


def _delete_all(home: Home, state: Any) -> Response:
    return scenarios._delete_all(home, None, ONE_KEY)


def _delete_all_to_the_end(home: Home, state: Any) -> Response:
    """Deleted, told, and carried out, while the other one is still under way."""
    answer = _delete_all(home, state)
    told = Counter[Any]()
    for name in ("forward_item_changes", "on_alarms_removed"):
        next(one for one in home.world.pump._sources if one.name == name).deliver(told)
    return answer


def _mark_read(home: Home, state: Any) -> Response:
    return scenarios._mark_read(home, None, ONE_KEY)


def _delete_alarm(home: Home, state: Any) -> Response:
    return scenarios._delete_alarm(home, None, ANOTHER_KEY)


def _alarm_is_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Alarm") or stored.objects:
        yield "the alarm is left"


def _avatar_on_its_way(home: Home) -> None:
    home.owner.show_face()
    home.owner.step_up()
    home.world.advance(1)
    assert home.owner.upload_avatar(jpeg(901)).status == 204


def _avatar_arrives(home: Home, state: Any) -> None:
    """The queue brings it once; what fails is brought again when all settles."""
    source = next(one for one in home.world.pump._queues() if one.name == "on_avatar_uploaded")
    assert source.deliver(Counter())


def _avatar_arrives_twice(home: Home, state: Any) -> None:
    for arrival in state:
        GALLERY.take(arrival)


def _delete_avatar(home: Home, state: Any) -> Response:
    return scenarios._delete_avatar(home, None, ONE_KEY)


def _no_avatar(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """What was uploaded before the deleting is no avatar after it, whichever came to its row first."""
    yield from (key for key in stored.objects if key.startswith("avatars"))
    if "picture" in stored.first_ids("Avatar")[home.owner.account_id]:
        yield "there is an avatar"


def _told_twice(home: Home) -> list[Arrival]:
    """S3 tells of one upload twice, and two containers hear it."""
    _avatar_on_its_way(home)
    (upload,) = bucket.below("avatars-in/")
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("AvatarUploads"))
    return [Arrival(upload.key, upload.size_bytes, home.world.now())]


def _no_avatar_left(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (key for key in stored.objects if key.startswith("avatars"))
    yield from (f"{where} is left" for where in stored.of("Avatar"))
    yield from _owner_is_gone(home, state, answers, stored)


def _one_avatar(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (found := [key for key in stored.objects if key.startswith("avatars")]) != [GALLERY.place_of(state[0])]:
        yield f"stored are {found}"


def _picture_offered(home: Home) -> None:
    """As if a platform had made the account."""
    home.owner.step_up()
    home.world.settle()
    offer_picture(home.owner, google_picture())


def _picture_is_fetched(home: Home, state: Any) -> None:
    """And once more when all settles, as the queue has not been asked yet."""
    take_over_picture(home.owner.account_id, 1)


def _one_first_picture(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(found := [key for key in stored.objects if key.startswith("avatars")]) != 1:
        yield f"stored are {found}"


def _cover_on_its_way(home: Home) -> None:
    scenarios._another_cover_uploaded(home)


def _cover_arrives(home: Home, state: Any) -> None:
    """The queue brings it once; what fails is brought again when all settles."""
    source = next(one for one in home.world.pump._queues() if one.name == "on_cover_uploaded")
    assert source.deliver(Counter())


def _delete_cover(home: Home, state: Any) -> Response:
    return scenarios._delete_cover(home, None, ONE_KEY)


def _no_cover(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (key for key in stored.objects if key.startswith("covers"))


# Sharing


def _invite_by(key: str, email: str = "") -> Act:
    def act(home: Home, state: Any) -> Response:
        body = {"email": email or home.stranger.email, "rights": ["alarms"]}
        return home.owner.call("POST", scenarios._shares_path(home), body, headers=scenarios.once(key))

    return act


def _one_share(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (count := len(stored.of("Share"))) != 1:
        yield f"{count} shares"


def _one_place_left(home: Home) -> None:
    for number in range(19):
        assert home.owner.share(home.camera.device_id, email=f"p{number}@example.com").status == 201
    home.world.settle()


def _accept_share(key: str) -> Act:
    return lambda home, share_id: scenarios._accept_share(home, share_id, key)


def _revoke(home: Home, share_id: str) -> Response:
    return scenarios._revoke(home, share_id, ANOTHER_KEY)


def _change_share(home: Home, share_id: str) -> Response:
    return scenarios._change_share(home, share_id, ONE_KEY)


def _leave_share(home: Home, share_id: str) -> Response:
    return scenarios._leave_share(home, share_id, ANOTHER_KEY)


def _no_share(home: Home, share_id: str, answers: Answers, stored: Stored) -> Wrong:
    yield from (f"{kind} is left" for kind in ("Share", "Received", "Invitation") if stored.of(kind))
    guest = Person(**vars(home.stranger))
    assert guest.sign_in().status == 201
    if (status := guest.call("GET", f"/devices/{home.camera.device_id}").status) != 404:
        yield f"the guest is answered with {status}"


def _invited_and_stepped_up(home: Home) -> str:
    home.stranger.step_up()
    return scenarios._invited(home)


def _guest_closes(home: Home, share_id: str) -> Response:
    return home.stranger.close()


def _guest_takes_pushes(home: Home, share_id: str) -> Response:
    return home.stranger.take_pushes("another-token-of-a-platform")


def _offered_and_invited(home: Home) -> dict[str, str]:
    """To the stranger, who is invited as well, as somebody else is."""
    other = new_person(home.world, "other@example.com")
    device_id = home.camera.device_id
    ids = {"transfer": scenarios._offered(home), "token": other.access_token}
    for who, email in (("stranger", home.stranger.email), ("other", other.email)):
        ids[who] = home.owner.share(device_id, email=email).json["share_id"]
    home.world.settle()
    return ids


def _heir_accepts(home: Home, ids: dict[str, str]) -> Response:
    return scenarios._accept(home, ids["transfer"], ONE_KEY)


def _heir_accepts_share(home: Home, ids: dict[str, str]) -> Response:
    return scenarios._accept_share(home, ids["stranger"], ANOTHER_KEY)


def _guest_accepts(home: Home, ids: dict[str, str]) -> Response:
    return home.world.call("POST", f"/shares/{ids['other']}/accept", token=ids["token"])


def _handed_over_unshared(home: Home, ids: dict[str, str], answers: Answers, stored: Stored) -> Wrong:
    yield from _handed_over_or_not(home, ids, answers, stored)
    yield from (f"{kind} is left" for kind in ("Share", "Received", "Invitation") if stored.of(kind))


def _accepted_for_settings(home: Home) -> str:
    share_id = scenarios._accepted(home)
    assert scenarios._change_share(home, share_id, "the-key-of-a-change").status == 200
    return share_id


def _set_settings_as_guest(home: Home, share_id: str) -> Response:
    body = {"version": 0, "settings": {"night_mode": "on"}}
    path = f"/devices/{home.camera.device_id}/settings"
    return home.stranger.call("PUT", path, body, headers=scenarios.once(ONE_KEY))


def _two_are_invited(home: Home) -> tuple[str, str]:
    share_id = scenarios._invited(home)
    other = home.owner.share(home.camera.device_id, email="other@example.com").json["share_id"]
    home.world.settle()
    return share_id, other


def _accept_first(home: Home, share_ids: tuple[str, str]) -> Response:
    return scenarios._accept_share(home, share_ids[0], ONE_KEY)


def _revoke_second(home: Home, share_ids: tuple[str, str]) -> Response:
    return scenarios._revoke(home, share_ids[1], ANOTHER_KEY)


def _settled(home: Home) -> None:
    home.world.settle()


def _newcomer(home: Home) -> Person:
    return scenarios._newcomer(home)


# The camera channel


def _connected(home: Home) -> Plugged:
    channel = home.camera.connect()
    home.world.settle()
    return channel


def _connects_anew(home: Home, older: Plugged) -> Response:
    return scenarios._connect(home, None, ONE_KEY)


def _older_ends(home: Home, older: Plugged) -> None:
    older.close()


def _newest_counts(home: Home, older: Plugged, answers: Answers, stored: Stored) -> Wrong:
    (newer,) = home.world.channel.connections
    if (said := _stock_of(home, stored).get("connection_id")) != newer:
        yield f"the camera is at {newer}, and is looked for at {said}"


def _stock_of(home: Home, stored: Stored) -> Any:
    device = stored.first_ids("Device").get(home.camera.device_id, {})
    return stored.first_ids("Stock").get(device.get("stock_id"), {})


def _one_of_both_counts(home: Home, older: Plugged, answers: Answers, stored: Stored) -> Wrong:
    if _stock_of(home, stored).get("connection_id") not in home.world.channel.connections:
        yield "the camera is looked for where it never was"


def _owned_one_activates(home: Home, older: Plugged) -> Response:
    return scenarios._activate(home, Camera(**vars(home.camera)), ONE_KEY)


def _old_token_is_out(home: Home, older: Plugged, answers: Answers, stored: Stored) -> Wrong:
    at = _stock_of(home, stored).get("connection_id")
    if answers[0].status == 200 and answers[1].status == 200 and at is not None:
        yield "a connection of the token before counts"


def _command(home: Home, state: Any) -> Response:
    return scenarios._give_command(home, None, ONE_KEY)


def _told_by_the_stream(home: Home, channel: Plugged) -> None:
    channel.received.clear()
    home.world.settle()


def _remove_and_look(home: Home, channel: Plugged) -> Response:
    """What is decided to be sent when the ownership ends is on its way, and nothing more may follow."""
    answer = _remove(home, channel)
    decided = sum(row["tries"] for row in Stored(dump.dump()).of("Command").values())
    channel.decided = decided  # type: ignore[attr-defined]
    return answer


def _nothing_follows(home: Home, channel: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(channel.messages) > channel.decided:
        yield "a command was sent after the ownership had ended"
    yield from _next_owner_is_not_troubled(home, channel, answers, stored)


def _next_owner_is_not_troubled(home: Home, channel: Plugged, answers: Answers, stored: Stored) -> Wrong:
    before = len(channel.messages)
    camera, stranger = Camera(**vars(home.camera)), Person(**vars(home.stranger))
    assert stranger.sign_in().status == 201
    assert stranger.bind(camera).status == 201
    again = camera.connect()
    home.world.settle()
    if again.messages or len(channel.messages) > before:
        yield "a command of the owner before was brought"


def _command_came(home: Home, older: Plugged, answers: Answers, stored: Stored) -> Wrong:
    ((_, command),) = stored.of("Command").items()
    if command["tries"] != 1 or command.get("sent_on") != _stock_of(home, stored).get("connection_id"):
        yield f"the command was sent {command['tries']} times, and not where the camera is"


def _watched(home: Home) -> Any:
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    return live


def _nothing_is_offered(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Offer") or stored.of("Transfer"):
        yield "it is offered, and nobody's"


def _guest_watches_more(home: Home, live: Any) -> Response:
    body = {"channel": "1"}
    path = f"/devices/{home.camera.device_id}/live"
    return home.stranger.call("POST", path, body, headers=scenarios.once(ONE_KEY))


def _guest_sees_nothing_more(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    begun = [answers[0].json] if answers[0].status == 201 else []
    shown = [one for one in (live, *begun) if _look(home, one).status != 404]
    if shown:
        yield f"{len(shown)} views are shown to who is no guest any more"


def _watched_twice(home: Home) -> None:
    for _ in range(2):
        home.owner.watch(home.camera.device_id)


def _watch_by(key: str) -> Act:
    return lambda home, state: scenarios._watch(home, state, key)


def _three_views(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    words = Counter(command["word"] for command in stored.of("Command").values())
    if words["live"] - words["stop_live"] != 3:
        yield f"{words['live']} views were begun, and {words['stop_live']} ended"


def _look(home: Home, live: Any) -> Response:
    return home.world.call("GET", urlsplit(live["playlist_url"]).path)


def _stop(home: Home, live: Any) -> Response:
    return scenarios._stop(home, live, ONE_KEY)


def _go_on(home: Home, live: Any) -> Response:
    return scenarios._go_on(home, live, ANOTHER_KEY)


def _nothing_to_see(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Live"):
        yield "the view is still there"


def _guest_watches(home: Home) -> dict[str, Any]:
    share_id = scenarios._accepted(home)
    path = f"{scenarios._shares_path(home)}/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["live", "settings"]}).status == 200
    live = home.stranger.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    return {"share": share_id, **live}


def _revoke_live(home: Home, live: Any) -> Response:
    return _revoke(home, live["share"])


def _guest_goes_on(home: Home, live: Any) -> Response:
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    return home.stranger.call("POST", path, headers=scenarios.once(ONE_KEY))


def _out_of_sight(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    if (status := _look(home, live).status) != 404:
        yield f"it is over, and said {status}"


def _leaves(home: Home, channel: Plugged) -> None:
    channel.close()


def _nobody_is_there(home: Home, channel: Plugged, answers: Answers, stored: Stored) -> Wrong:
    if "connection_id" in (stock := next(iter(stored.first_ids("Stock").values()))):
        yield f"{stock['connection_id']} is taken for open"


RACES = (
    Race("register, register", _newcomer, _register(ONE_KEY), _register(ANOTHER_KEY),
         exactly((202, 202)), _two_registrations),
    Race("register, register again", _newcomer, _register(ONE_KEY), _register(ONE_KEY),
         exactly((202, 202)), _one_registration),
    Race("confirm, confirm another", _registered_twice, _confirm(0, ONE_KEY), _confirm(1, ANOTHER_KEY),
         either_way((201, 409)), _one_account),
    # Of codes at the same moment one is looked at.
    Race("confirm, confirm", lambda home: [scenarios._registered(home)], _confirm(0, ONE_KEY), _confirm(0, ANOTHER_KEY),
         either_way((201, 410), (201, 422)), _one_account),
    Race("confirm, confirm again", lambda home: [scenarios._registered(home)], _confirm(0, ONE_KEY),
         _confirm(0, ONE_KEY), either_way((201, 201), (201, 410), (201, 422)), _one_account),
    Race("change the password, refresh", _settled, _change_password, _refresh,
         exactly((204, 201), (401, 201)), _one_goes_on),
    Race("reset, sign in", scenarios._reset_asked, _reset, _owner_signs_in_elsewhere,
         exactly((204, 201), (204, 401)), _old_password_is_out),
    Race("ask to move, ask to move elsewhere", _stepped_up, _ask_to_move_to("a@example.com", ONE_KEY),
         _ask_to_move_to("b@example.com", ANOTHER_KEY), either_way((202, 429))),
    Race("move, move to the same", _both_about_to_move, _owner_moves, _stranger_moves, either_way((200, 409))),
    Race("move, confirm a registration", _about_to_move_and_registered, _owner_moves, _confirm(1, ANOTHER_KEY),
         exactly((200, 409), (409, 201))),
    Race("close, move", _both_about_to_move, _close_as_mover, _owner_moves,
         exactly((202, 200), (202, 401), (202, 409), (202, 410)), _owner_is_gone),
    Race("arrive, arrive again", scenarios._vouched_for, _arrive(ONE_KEY), _arrive(ONE_KEY),
         exactly((201, 201)), _one_arrival),
    Race("arrive, arrive with the same ticket", scenarios._vouched_for, _arrive(ONE_KEY), _arrive(ANOTHER_KEY),
         either_way((201, 410)), _one_arrival),
    Race("arrive, confirm a registration", _vouched_for_and_registered,
         lambda home, state: scenarios._arrive(home, state[0], ONE_KEY),
         lambda home, state: scenarios._confirm(home, state[1], ANOTHER_KEY), either_way((201, 409))),
    Race("leave for good, close", scenarios._arrived_elsewhere,
         lambda home, arrival: scenarios._leave_for_good(home, arrival, ONE_KEY), _close,
         either_way((202, 401)), _owner_has_gone),
    Race("refresh, refresh", _settled, _refresh, _refresh, exactly((201, 201)), _same_successor),
    Race("sign in, sign in again", _settled, _sign_in, _sign_in, exactly((201, 201)), _one_session),
    Race("sign in, sign in elsewhere", _settled, _sign_in_on("t2"), _sign_in_on("t3"), exactly((201, 201)),
         _both_are_known),
    Race("sign out others, refresh", _elsewhere, _end_others, _refresh_elsewhere,
         exactly((204, 201), (204, 401)), _other_has_ended),
    Race("sign out others, take pushes", _elsewhere, _end_others, _take_pushes_elsewhere,
         exactly((204, 204), (204, 401), (204, 409)), _other_has_ended),
    Race("sign out others, sign in", _elsewhere, _end_others, _sign_in_on_a_third,
         exactly((204, 201)), _third_is_in_or_ended),
    Race("sign out others, sign out others", _elsewhere, _end_others, _be_ended_by_others,
         either_way((204, 401)), _one_is_left),
    Race("confirm the app, confirm the app", scenarios._app_begun, _confirm_app(ONE_KEY), _confirm_app(ANOTHER_KEY),
         either_way((204, 410)), _one_app),
    Race("confirm the app, confirm the app again", scenarios._app_begun, _confirm_app(ONE_KEY), _confirm_app(ONE_KEY),
         exactly((204, 204)), _one_app),
    Race("close, confirm the app", scenarios._app_begun, _close, _confirm_app(ANOTHER_KEY),
         exactly((202, 204), (202, 401), (202, 409), (202, 410)), _owner_is_gone),
    Race("sign in with a code, sign in with it elsewhere", scenarios._strangers_app, _sign_in_with(ONE_KEY),
         _sign_in_with(ANOTHER_KEY), either_way((201, 401)), _one_came_in),
    Race("sign in with a code, sign in with it again", scenarios._strangers_app, _sign_in_with(ONE_KEY),
         _sign_in_with(ONE_KEY), exactly((201, 201)), _one_came_in),
    Race("sign in with a recovery code, sign in with it elsewhere", scenarios._strangers_recovery_code,
         _sign_in_with(ONE_KEY), _sign_in_with(ANOTHER_KEY), either_way((201, 401)), _one_came_in),
    Race("sign in with a passkey, sign in with it elsewhere", scenarios._strangers_passkey,
         _sign_in_with(ONE_KEY), _sign_in_with(ANOTHER_KEY), either_way((201, 401)), _one_came_in),
    Race("remove the app, sign in with it", _owner_has_an_app, _remove_app, _owner_signs_in_with,
         exactly((204, 201), (204, 401))),
    Race("remove the app, choose a short password", _owner_has_an_app, _remove_app, _shorten_password,
         exactly((204, 409), (409, 204), (401, 204), (204, 422))),
    Race("close, sign in", _stepped_up, _close, _owner_signs_in, exactly((202, 201), (202, 401)), _owner_is_gone),
    Race("close, sign in elsewhere", _stepped_up, _close, _owner_signs_in_elsewhere,
         exactly((202, 201), (202, 401)), _owner_is_gone),
    Race("close, guess", _stepped_up, _close, _owner_guesses, exactly((202, 401)), _owner_is_gone),
    Race("guess, sign in", _settled, _guess_at_strangers, _sign_in_on("t1"), exactly((401, 201))),
    Race("close, bind", _unbound_and_stepped_up, _close, _bind("owner", ONE_KEY),
         exactly((202, 201), (202, 401)), _owner_is_gone),
    Race("enter, enter", _two_tokens, _enter(0, ONE_KEY), _enter(1, ANOTHER_KEY),
         exactly((201, 201)), _entered_one_account(2)),
    Race("enter, enter again", _two_tokens, _enter(0, ONE_KEY), _enter(0, ONE_KEY),
         exactly((201, 201)), _entered_one_account(1)),
    Race("enter, enter with what was used", _two_tokens, _enter(0, ONE_KEY), _enter(0, ANOTHER_KEY),
         either_way((201, 401)), _entered_one_account(1)),
    Race("come again, come again", _known_and_two_tokens, _enter(0, ONE_KEY), _enter(1, ANOTHER_KEY),
         exactly((201, 201)), _entered_one_account(3)),
    Race("enter, confirm", _registered_and_a_token, _enter(0, ONE_KEY), _confirm_late,
         either_way((201, 409)), _one_account_of_maja),
    Race("close, come again", _linked_and_a_token, _close, _enter(0, ONE_KEY), exactly((202, 201)), _owner_is_gone),
    Race("link, link another's", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY),
         _link("stranger", 1, ANOTHER_KEY), either_way((201, 409)), _identities(1)),
    Race("link, link", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY), _link("owner", 1, ANOTHER_KEY),
         exactly((201, 201)), _identities(1)),
    Race("link, link another platform", _stepped_up_with_a_token_of_each, _link("owner", 0, ONE_KEY), _link_apple,
         exactly((201, 201)), _identities(2)),
    Race("link, enter", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY), _enter(1, ANOTHER_KEY),
         exactly((201, 201), (409, 201)), _identities(1)),
    Race("link, close", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY), _close_second,
         exactly((201, 202), (401, 202)), _nothing_of_the_owner),
    Race("unlink, come again", _linked_identity_and_a_token, _unlink, _enter(1, ANOTHER_KEY), exactly((204, 201))),
    Race("bind, bind", scenarios._unbound, _bind("owner", ONE_KEY), _bind("stranger", ONE_KEY),
         either_way((201, 409)), _bound_once),
    Race("bind, bind again", scenarios._unbound, _bind("owner", ONE_KEY), _bind("owner", ONE_KEY),
         either_way((201, 201), (201, 409)), _bound_once_and_told_so),
    Race("bind, activate", scenarios._unbound, _bind("owner", ONE_KEY), _activate,
         exactly((201, 200)), _bound_and_activated),
    Race("offer, offer to another", _stepped_up, _offer_to("a@example.com", ONE_KEY),
         _offer_to("b@example.com", ANOTHER_KEY), either_way((202, 202), (202, 409)), _one_offer),
    Race("accept, accept", scenarios._offered, _accept_offer(ONE_KEY), _accept_offer(ANOTHER_KEY),
         either_way((201, 404)), _handed_over_or_not),
    Race("accept, accept again", scenarios._offered, _accept_offer(ONE_KEY), _accept_offer(ONE_KEY),
         either_way((201, 201)), _handed_over_or_not),
    Race("unbind, accept", scenarios._offered, _unbind_offered, _accept_offer(ANOTHER_KEY),
         exactly((202, 404), (404, 201)), _handed_over_or_not),
    Race("withdraw, accept", scenarios._offered, _withdraw, _accept_offer(ANOTHER_KEY),
         exactly((204, 404), (404, 201)), _handed_over_or_not),
    Race("decline, accept", scenarios._offered, _decline_offer, _accept_offer(ANOTHER_KEY),
         exactly((204, 404), (404, 201)), _handed_over_or_not),
    Race("close, accept", scenarios._offered, _close_offering, _accept_offer(ANOTHER_KEY),
         exactly((202, 404), (202, 201)), _handed_over_or_not),
    Race("unbind, bind", _own_camera, _unbind_as_owner, _bind("stranger", ANOTHER_KEY),
         exactly((202, 201), (202, 409)), _one_owner_at_most),
    Race("set settings, set settings", _settled, _set_settings("Gate", ONE_KEY), _set_settings("Yard", ANOTHER_KEY),
         either_way((200, 409)), _one_set_them),
    Race("report, report of before", _settled, _report_at(30, "3.0.0"), _report_at(20, "2.0.0"),
         exactly((200, 200)), _the_later_report_stays),
    Race("privacy mode on, picture arrives", _picture_on_its_way, _private, _picture_arrives,
         exactly((200, None)), _at_most_what_came_before),
    Race("remove, picture arrives", _picture_on_its_way, _remove, _picture_arrives,
         exactly((204, None), (200, None), (202, None)), _pictures_are_gone),
    Race("close, avatar arrives", _avatar_on_its_way, _close, _avatar_arrives, exactly((202, None)), _no_avatar_left),
    Race("delete the avatar, avatar arrives", _avatar_on_its_way, _delete_avatar, _avatar_arrives,
         exactly((204, None)), _no_avatar),
    Race("avatar arrives, avatar arrives again", _told_twice, _avatar_arrives_twice, _avatar_arrives_twice,
         exactly((None, None)), _one_avatar),
    Race("close, offered picture is fetched", _picture_offered, _close, _picture_is_fetched, exactly((202, None)),
         _no_avatar_left),
    Race("delete the avatar, offered picture is fetched", _picture_offered, _delete_avatar, _picture_is_fetched,
         exactly((204, None)), _no_avatar),
    Race("offered picture is fetched, offered picture is fetched again", _picture_offered, _picture_is_fetched,
         _picture_is_fetched, exactly((None, None)), _one_first_picture),
    Race("delete the avatar, delete the avatar", _avatar_on_its_way, _delete_avatar,
         lambda home, state: scenarios._delete_avatar(home, None, ANOTHER_KEY), exactly((204, 204)), _no_avatar),
    Race("delete the cover, cover arrives", _cover_on_its_way, _delete_cover, _cover_arrives,
         exactly((204, None)), _no_cover),
    Race("remove, cover arrives", _cover_on_its_way, _remove, _cover_arrives, exactly((202, None)), _no_cover),
    Race("connect, an older connection ends", _connected, _connects_anew, _older_ends,
         exactly((200, None)), _newest_counts),
    Race("connect, connect", _connected, _connects_anew, _connects_anew, exactly((200, 200)), _one_of_both_counts),
    Race("connect, activate", _connected, _connects_anew, _owned_one_activates, exactly((200, 200), (401, 200)),
         _old_token_is_out),
    Race("disconnect, remove", _connected, _leaves, _remove, exactly((None, 202)), _nobody_is_there),
    Race("command, remove", _connected, _command, _remove, exactly((202, 202), (404, 202)),
         _next_owner_is_not_troubled),
    Race("command is brought, remove", scenarios._command_given, _told_by_the_stream, _remove_and_look,
         exactly((None, 202)), _nothing_follows),
    Race("command, connect", _settled, _command, _connects_anew, exactly((202, 200)), _command_came),
    Race("mailbox is emptied, command is brought", scenarios._command_given, _told_by_the_stream, _connects_anew,
         exactly((None, 200)), _one_of_both_counts),
    Race("look as a guest, revoke", _guest_watches, _look, _revoke_live,
         exactly((200, 204), (404, 204)), at_once=_out_of_sight),
    Race("go on as a guest, revoke", _guest_watches, _guest_goes_on, _revoke_live,
         exactly((200, 204), (404, 204)), at_once=_out_of_sight),
    Race("look, privacy mode on", _watched, _look, _private, exactly((200, 200), (404, 200)), at_once=_out_of_sight),
    Race("go on, privacy mode on", _watched, _go_on, _private, exactly((200, 200), (409, 200)), at_once=_out_of_sight),
    Race("look, stop", _watched, _look, _stop, exactly((200, 204), (404, 204)), _nothing_to_see, _out_of_sight),
    Race("look, remove", _watched, _look, _remove, exactly((200, 202), (404, 202)), _nothing_to_see, _out_of_sight),
    Race("stop, go on", _watched, _stop, _go_on, exactly((204, 200), (204, 404)), _nothing_to_see, _out_of_sight),
    Race("go on, remove", _watched, _go_on, _remove, exactly((200, 202), (404, 202)), _nothing_to_see, _out_of_sight),
    Race("offer, unbind", _stepped_up, _offer_to("a@example.com", ONE_KEY), _remove, exactly((202, 202), (404, 202)),
         _nothing_is_offered),
    Race("remove, snapshot arrives", scenarios._snapshot_uploaded, _remove, _picture_arrives, exactly((202, None)),
         _pictures_are_gone),
    Race("watch as a guest, revoke", _guest_watches, _guest_watches_more, _revoke_live,
         exactly((201, 204), (404, 204)), at_once=_guest_sees_nothing_more),
    Race("watch, watch once more", _watched_twice, _watch_by(ONE_KEY), _watch_by(ANOTHER_KEY), exactly((201, 201)),
         _three_views),
    Race("watch, remove", _watched, lambda home, live: scenarios._watch(home, None, ANOTHER_KEY), _remove,
         exactly((201, 202), (404, 202)), _nothing_to_see),
    Race("remove, pay", scenarios._ordered, _remove, _pay, exactly((202, 200)), _paid_or_owed),
    Race("close, pay", _ordered_and_stepped_up, _close, _pay, exactly((202, 200)), _owner_is_gone),
    Race("take pushes, bind", scenarios._unbound, _take_pushes, _bind("owner", ONE_KEY), exactly((204, 201))),
    Race("take pushes, close", _stepped_up, _take_pushes, _close,
         exactly((204, 202), (401, 202)), lambda home, state, answers, stored: _owner_is_gone(
             home, state, answers[::-1], stored)),
    Race("delete all alarms, picture arrives", _picture_on_its_way, _delete_all, _picture_arrives,
         exactly((204, None)), _pictures_are_gone),
    Race("delete all alarms to the end, picture arrives", _picture_on_its_way, _delete_all_to_the_end, _picture_arrives,
         exactly((204, None)), _pictures_are_gone),
    Race("share, share with the same", _settled, _invite_by(ONE_KEY), _invite_by(ANOTHER_KEY),
         either_way((201, 409)), _one_share),
    Race("share, share again", _settled, _invite_by(ONE_KEY), _invite_by(ONE_KEY),
         either_way((201, 201), (201, 409)), _one_share),
    Race("share, share the last place", _one_place_left, _invite_by(ONE_KEY, "a@example.com"),
         _invite_by(ANOTHER_KEY, "b@example.com"), either_way((201, 409))),
    Race("share, revoke another", scenarios._accepted, _invite_by(ONE_KEY, "b@example.com"), _revoke,
         exactly((201, 204)), _one_share),
    Race("accept a share, accept", scenarios._invited, _accept_share(ONE_KEY), _accept_share(ANOTHER_KEY),
         exactly((200, 200)), _one_share),
    Race("accept a share, accept again", scenarios._invited, _accept_share(ONE_KEY), _accept_share(ONE_KEY),
         exactly((200, 200)), _one_share),
    Race("accept a share, revoke", scenarios._invited, _accept_share(ONE_KEY), _revoke,
         exactly((200, 204), (404, 204)), _no_share),
    Race("accept a share, revoke another", _two_are_invited, _accept_first, _revoke_second,
         exactly((200, 204)), _one_share),
    Race("change a share, leave", scenarios._accepted, _change_share, _leave_share, exactly((200, 204), (404, 204)),
         _no_share),
    Race("accept a share, close as the guest", _invited_and_stepped_up, _accept_share(ONE_KEY), _guest_closes,
         exactly((200, 202), (401, 202))),
    Race("accept a share, remove the device", scenarios._invited, _accept_share(ONE_KEY), _remove,
         exactly((200, 202), (404, 202)), _no_share),
    Race("accept a share, take the device over", _offered_and_invited, _guest_accepts, _heir_accepts,
         exactly((200, 201), (404, 201)), _handed_over_unshared),
    Race("take the device over, accept its share", _offered_and_invited, _heir_accepts, _heir_accepts_share,
         exactly((201, 200), (201, 404)), _handed_over_unshared),
    Race("set settings as a guest, revoke", _accepted_for_settings, _set_settings_as_guest, _revoke,
         exactly((200, 204), (409, 204), (404, 204)), _no_share),
    Race("accept a share, take pushes", scenarios._invited, _accept_share(ONE_KEY), _guest_takes_pushes,
         exactly((200, 204))),
    Race("mark read, delete", _settled, _mark_read, _delete_alarm, exactly((200, 204), (404, 204)), _alarm_is_gone),
)  # fmt: skip
