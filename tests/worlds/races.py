"""Pairs of operations that meet on the same thing: who does what, and which answers are right whoever comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.avatars.actions import Arrival, take_picture
from chalicelib.aws import bucket
from chalicelib.aws.clients import client
from infra.local import dump
from infra.local.cloud import Plugged
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera, Person, elsewhere, jpeg
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
    what nobody waits for, None) that are right; `wrongs` looks at what is left when all has come to rest."""

    name: str
    arrange: Callable[[Home], Any]
    one: Act
    other: Act
    may_say: frozenset[tuple[int | None, int | None]]
    wrongs: Callable[[Home, Any, Answers, Stored], Wrong] = _nothing_more


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


def _rows_of(stored: Stored, account_id: str) -> Iterator[str]:
    names = ("Account", "NewTerminal", "Session", "Endpoint", "Code", "Order", "Answered", "TerminalGuesses")
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
        take_picture(arrival)


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
    if (found := [key for key in stored.objects if key.startswith("avatars")]) != [state[0].picture]:
        yield f"stored are {found}"


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


def _look(home: Home, live: Any) -> Response:
    return home.world.call("GET", urlsplit(live["playlist_url"]).path)


def _stop(home: Home, live: Any) -> Response:
    return scenarios._stop(home, live, ONE_KEY)


def _go_on(home: Home, live: Any) -> Response:
    return scenarios._go_on(home, live, ANOTHER_KEY)


def _nothing_to_see(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    if (status := _look(home, live).status) != 404:
        yield f"it is over, and said {status}"
    if stored.of("Live"):
        yield "the view is still there"


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
    Race("close, sign in", _stepped_up, _close, _owner_signs_in, exactly((202, 201), (202, 401)), _owner_is_gone),
    Race("close, sign in elsewhere", _stepped_up, _close, _owner_signs_in_elsewhere,
         exactly((202, 201), (202, 401)), _owner_is_gone),
    Race("close, guess", _stepped_up, _close, _owner_guesses, exactly((202, 401)), _owner_is_gone),
    Race("guess, sign in", _settled, _guess_at_strangers, _sign_in_on("t1"), exactly((401, 201))),
    Race("close, bind", _unbound_and_stepped_up, _close, _bind("owner", ONE_KEY),
         exactly((202, 201), (202, 401)), _owner_is_gone),
    Race("bind, bind", scenarios._unbound, _bind("owner", ONE_KEY), _bind("stranger", ONE_KEY),
         either_way((201, 409)), _bound_once),
    Race("bind, bind again", scenarios._unbound, _bind("owner", ONE_KEY), _bind("owner", ONE_KEY),
         either_way((201, 201), (201, 409)), _bound_once_and_told_so),
    Race("bind, activate", scenarios._unbound, _bind("owner", ONE_KEY), _activate,
         exactly((201, 200)), _bound_and_activated),
    Race("remove, picture arrives", _picture_on_its_way, _remove, _picture_arrives,
         exactly((204, None), (200, None), (202, None)), _pictures_are_gone),
    Race("close, avatar arrives", _avatar_on_its_way, _close, _avatar_arrives, exactly((202, None)), _no_avatar_left),
    Race("delete the avatar, avatar arrives", _avatar_on_its_way, _delete_avatar, _avatar_arrives,
         exactly((204, None)), _no_avatar),
    Race("avatar arrives, avatar arrives again", _told_twice, _avatar_arrives_twice, _avatar_arrives_twice,
         exactly((None, None)), _one_avatar),
    Race("delete the avatar, delete the avatar", _avatar_on_its_way, _delete_avatar,
         lambda home, state: scenarios._delete_avatar(home, None, ANOTHER_KEY), exactly((204, 204)), _no_avatar),
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
    Race("look, stop", _watched, _look, _stop, exactly((200, 204), (404, 204)), _nothing_to_see),
    Race("look, remove", _watched, _look, _remove, exactly((200, 202), (404, 202)), _nothing_to_see),
    Race("stop, go on", _watched, _stop, _go_on, exactly((204, 200), (204, 404)), _nothing_to_see),
    Race("go on, remove", _watched, _go_on, _remove, exactly((200, 202), (404, 202)), _nothing_to_see),
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
    Race("mark read, delete", _settled, _mark_read, _delete_alarm, exactly((200, 204), (404, 204)), _alarm_is_gone),
)  # fmt: skip
