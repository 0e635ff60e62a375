"""Connections, commands and live views of one camera."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from infra.local import dump
from infra.local.cloud import Plugged
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Camera, Person
from tests.worlds.invariants import Stored
from tests.worlds.races.cameras import offer_to, private, remove_camera
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, exactly, stepped_up
from tests.worlds.races.sharing import revoke
from tests.worlds.scenarios import cameras, channel, sharing, steps
from tests.worlds.scenarios.steps import settled


def _connected(home: Home) -> Plugged:
    channel = home.camera.connect()
    home.world.settle()
    return channel


def _connects_anew(home: Home, older: Plugged) -> Response:
    return channel.connect(home, None, ONE_KEY)


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
    return cameras.activate(home, Camera(**vars(home.camera)), ONE_KEY)


def _old_token_is_out(home: Home, older: Plugged, answers: Answers, stored: Stored) -> Wrong:
    at = _stock_of(home, stored).get("connection_id")
    if answers[0].status == 200 and answers[1].status == 200 and at is not None:
        yield "a connection of the token before counts"


def _command(home: Home, state: Any) -> Response:
    return channel.give_command(home, None, ONE_KEY)


def _told_by_the_stream(home: Home, channel: Plugged) -> None:
    channel.received.clear()
    home.world.settle()


def _remove_and_look(home: Home, channel: Plugged) -> Response:
    """What is decided to be sent when the ownership ends is on its way, and nothing more may follow."""
    answer = remove_camera(home, channel)
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


def _asleep(home: Home) -> None:
    """And a command was given, of which nobody has been told yet."""
    home.world.settle()
    assert channel.give_command(home, None, "the-key-of-a-command").status == 202


def _settles(home: Home, state: Any) -> None:
    home.world.settle()


def watched(home: Home) -> Any:
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
    return home.stranger.call("POST", path, body, headers=steps.once(ONE_KEY))


def _guest_sees_nothing_more(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    begun = [answers[0].json] if answers[0].status == 201 else []
    shown = [one for one in (live, *begun) if look(home, one).status != 404]
    if shown:
        yield f"{len(shown)} views are shown to who is no guest any more"


def _watched_twice(home: Home) -> None:
    for _ in range(2):
        home.owner.watch(home.camera.device_id)


def _watch_by(key: str) -> Act:
    return lambda home, state: channel.watch(home, state, key)


def _three_views(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    words = Counter(command["word"] for command in stored.of("Command").values())
    if words["live"] - words["stop_live"] != 3:
        yield f"{words['live']} views were begun, and {words['stop_live']} ended"


def look(home: Home, live: Any) -> Response:
    return home.world.call("GET", urlsplit(live["playlist_url"]).path)


def _stop(home: Home, live: Any) -> Response:
    return channel.stop(home, live, ONE_KEY)


def _go_on(home: Home, live: Any) -> Response:
    return channel.go_on(home, live, ANOTHER_KEY)


def _nothing_to_see(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    if stored.of("Live"):
        yield "the view is still there"


def _guest_watches(home: Home) -> dict[str, Any]:
    share_id = sharing.accepted(home)
    path = f"{sharing.shares_path(home)}/{share_id}"
    assert home.owner.call("PATCH", path, {"rights": ["live", "settings"]}).status == 200
    live = home.stranger.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    return {"share": share_id, **live}


def _revoke_live(home: Home, live: Any) -> Response:
    return revoke(home, live["share"])


def _guest_goes_on(home: Home, live: Any) -> Response:
    path = f"/devices/{home.camera.device_id}/live/{live['live_id']}"
    return home.stranger.call("POST", path, headers=steps.once(ONE_KEY))


def out_of_sight(home: Home, live: Any, answers: Answers, stored: Stored) -> Wrong:
    if (status := look(home, live).status) != 404:
        yield f"it is over, and said {status}"


def _leaves(home: Home, channel: Plugged) -> None:
    channel.close()


def _nobody_is_there(home: Home, channel: Plugged, answers: Answers, stored: Stored) -> Wrong:
    if "connection_id" in (stock := next(iter(stored.first_ids("Stock").values()))):
        yield f"{stock['connection_id']} is taken for open"


def _away_and_signed_in(home: Home) -> None:
    channel.away_for_long(home)
    assert home.owner.sign_in().status == 201


def _look_for_it(home: Home, state: Any) -> None:
    channel.look(home, state, ONE_KEY)


def _told_as_noted(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Whoever is noted as told was told once; others were not."""
    is_noted = "told_offline_at" in _stock_of(home, stored)
    if (told := channel.told_offline(home, state, stored)) != is_noted:
        yield f"it was told {told} times, and that is {'' if is_noted else 'not '}noted"


def _told_once(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (told := channel.told_offline(home, state, stored)) != 1:
        yield f"it was told {told} times"


def _was_away(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if "told_offline_at" in next(iter(stored.first_ids("Stock").values())) or channel.told_offline(home, state, stored):
        yield "what its former owner was told is left"


RACES = (
    Race("connect, an older connection ends", _connected, _connects_anew, _older_ends,
         exactly((200, None)), _newest_counts),
    Race("connect, it is missed", channel.away_for_long, _connects_anew, _look_for_it, exactly((200, None)),
         _told_as_noted),
    Race("it is missed, it is missed", channel.away_for_long, _look_for_it, _look_for_it, exactly((None, None)),
         _told_once),
    Race("remove, it is missed", _away_and_signed_in, remove_camera, _look_for_it, exactly((202, None)), _was_away),
    Race("connect, connect", _connected, _connects_anew, _connects_anew, exactly((200, 200)), _one_of_both_counts),
    Race("connect, activate", _connected, _connects_anew, _owned_one_activates, exactly((200, 200), (401, 200)),
         _old_token_is_out),
    Race("disconnect, remove", _connected, _leaves, remove_camera, exactly((None, 202)), _nobody_is_there),
    Race("command, remove", _connected, _command, remove_camera, exactly((202, 202), (404, 202)),
         _next_owner_is_not_troubled),
    Race("command is brought, remove", channel.command_given, _told_by_the_stream, _remove_and_look,
         exactly((None, 202)), _nothing_follows),
    Race("command, connect", settled, _command, _connects_anew, exactly((202, 200)), _command_came),
    Race("mailbox is emptied, command is brought", channel.command_given, _told_by_the_stream, _connects_anew,
         exactly((None, 200)), _one_of_both_counts),
    Race("command is brought, connect", _asleep, _settles, _connects_anew, exactly((None, 200)), _command_came),
    Race("it is asked after, connect", channel.never_there, _look_for_it, _connects_anew, exactly((None, 200)),
         _newest_counts),
    Race("look as a guest, revoke", _guest_watches, look, _revoke_live,
         exactly((200, 204), (404, 204)), at_once=out_of_sight),
    Race("go on as a guest, revoke", _guest_watches, _guest_goes_on, _revoke_live,
         exactly((200, 204), (404, 204)), at_once=out_of_sight),
    Race("look, privacy mode on", watched, look, private, exactly((200, 200), (404, 200)), at_once=out_of_sight),
    Race("go on, privacy mode on", watched, _go_on, private, exactly((200, 200), (409, 200)), at_once=out_of_sight),
    Race("look, stop", watched, look, _stop, exactly((200, 204), (404, 204)), _nothing_to_see, out_of_sight),
    Race("look, remove", watched, look, remove_camera, exactly((200, 202), (404, 202)), _nothing_to_see, out_of_sight),
    Race("stop, go on", watched, _stop, _go_on, exactly((204, 200), (204, 404)), _nothing_to_see, out_of_sight),
    Race("go on, remove", watched, _go_on, remove_camera, exactly((200, 202), (404, 202)), _nothing_to_see,
         out_of_sight),
    Race("offer, unbind", stepped_up, offer_to("a@example.com", ONE_KEY), remove_camera,
         exactly((202, 202), (404, 202)), _nothing_is_offered),
    Race("watch as a guest, revoke", _guest_watches, _guest_watches_more, _revoke_live,
         exactly((201, 204), (404, 204)), at_once=_guest_sees_nothing_more),
    Race("watch, watch once more", _watched_twice, _watch_by(ONE_KEY), _watch_by(ANOTHER_KEY), exactly((201, 201)),
         _three_views),
    Race("watch, remove", watched, lambda home, live: channel.watch(home, None, ANOTHER_KEY), remove_camera,
         exactly((201, 202), (404, 202)), _nothing_to_see),
)
