"""The camera sees something move, and she looks at it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from infra.demo.client import Json, Refused, instant
from infra.demo.console import Promises
from infra.demo.life import POLLS, Life, listed, step
from infra.demo.stored import objects, size_bytes

A_WHILE = timedelta(seconds=30)
BETWEEN = timedelta(minutes=57)  # longer than an upload ticket is renewed before its end


@step(
    "The camera sees something move and sends pictures",
    taken="storage takes every picture, straight from the camera",
    renewed="an hour later the camera has renewed its ticket by itself",
)
def send(life: Life, promises: Promises) -> None:
    path, token = "/terminals/current/push", life.cast.push_token
    answer = life.person.ask("PUT", path, {"platform": "fcm", "token": token})
    if answer.status // 100 != 2:
        raise Refused("PUT", path, answer)
    # The camera sends its first picture again, by the same name.
    life.camera.wire.loses_an_answer = True
    life.camera.film(A_WHILE)
    life.backstage.advance(BETWEEN.total_seconds())
    life.camera.film(A_WHILE)
    lying = {thing.name: size_bytes(thing) for thing in objects(life.backstage.dump())}
    missing = [sent.key for sent in life.sent if lying.get(sent.key) != len(sent.content)]
    promises.shows("taken", bool(life.sent) and not missing, f"{len(life.sent)} were sent; missing: {missing}")
    promises.equal("renewed", life.camera.wire.alarm_tickets, 2)
    sizes = [len(sent.content) for sent in life.sent]
    life.teller.say(
        f"{len(sizes)} JPEG pictures, {sum(sizes) / 1000:,.0f} KB together, the largest {max(sizes) / 1000:,.0f} KB, "
        f"in two visits {BETWEEN.seconds // 60} minutes apart; the first one sent twice, for its answer was lost."
    )


@step(
    "Alarms appear, and her phone is told",
    counted="every picture becomes exactly one alarm, the one sent twice as well",
    pushed="a push message went to her phone",
    bare="the push holds ids only, nothing personal",
)
def appear(life: Life, promises: Promises) -> None:
    for _ in range(POLLS):
        life.backstage.settle()
        life.alarms = life.own_alarms()
        if len(life.alarms) >= len(life.sent):
            break
        life.pause(0.5)
    promises.equal("counted", len(life.alarms), len(life.sent))
    pushes = life.backstage.outbox(life.cast.push_token)
    life.seen_by_her.append(pushes)
    promises.shows("pushed", len(pushes) > 0, "there is none in the outbox")
    contents = [{name: value for name, value in push.items() if name != "to"} for push in pushes]
    hits = life.her_strings_in(contents)
    ids = {life.device_id, life.person.account_id, *(alarm["alarm_id"] for alarm in life.alarms)}
    strangers = [handle for push in pushes for handle in _handles(push.get("data")) if handle not in ids]
    promises.shows("bare", not hits and not strangers, listed(hits) or f"ids that nobody knows: {strangers}")
    life.teller.say(f"{len(life.alarms)} alarms, {len(pushes)} push messages. The last: {json.dumps(contents[0])}")


def _handles(data: Any) -> list[str]:
    """What is under a name that ends in `_id`, however deep a platform's payload is."""
    if not isinstance(data, dict):
        return []
    own = [str(value) for name, value in data.items() if name.endswith("_id")]
    return own + [handle for value in data.values() for handle in _handles(value)]


@step(
    "She looks at the alarms",
    newest="they are listed newest first, hers alone",
    same="the picture she opens is the camera's, byte for byte",
    read="an alarm that she has read says so",
    deleted="an alarm that she deletes is gone at once",
)
def look(life: Life, promises: Promises) -> None:
    everything = life.person.all_of("/alarms")
    times = [instant(alarm["at"]) for alarm in everything]
    mine = {alarm["device_id"] for alarm in everything} == {life.device_id}
    promises.shows("newest", mine and times == sorted(times, reverse=True), f"times {times}")
    matches = [_as_sent(life, alarm) for alarm in life.alarms]
    promises.shows("same", all(matches), f"{matches.count(False)} of {len(matches)} pictures differ")
    alarm = life.alarms[-1]
    answer = life.person.ask("POST", life.alarm_path(alarm) + "/read", {})
    after = life.person.expect(200, "GET", life.alarm_path(alarm))
    promises.shows("read", answer.status // 100 == 2 and after["read"] is True, f"{answer.status}, {after}")
    unwanted = life.alarms[0]
    answer = life.person.ask("DELETE", life.alarm_path(unwanted))
    gone = life.person.ask("GET", life.alarm_path(unwanted)).status
    listed = unwanted["alarm_id"] in {each["alarm_id"] for each in life.own_alarms()}
    promises.equal("deleted", (answer.status // 100, gone, listed), (2, 404, False))
    life.alarms = life.own_alarms()
    life.teller.say(f"She opened {len(matches)} pictures, marked one read, deleted one; {len(life.alarms)} are left.")


def _as_sent(life: Life, alarm: Json) -> bool:
    one = life.person.expect(200, "GET", life.alarm_path(alarm))
    picture = life.wire.send("GET", one["picture_url"])
    life.seen_by_her.append(picture.body.decode("latin-1"))
    return picture.status == 200 and picture.body in life.sent_at(one)
