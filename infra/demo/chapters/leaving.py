"""Time passes, she goes, and it is proved that nothing of her is left."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from typing import Any, cast

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from infra.demo.client import Json, instant
from infra.demo.console import Promises
from infra.demo.life import Life, listed, step
from infra.demo.stored import Thing, counted, items, objects
from sowa_agent.names import picture_name

ERASED_WITHIN = timedelta(minutes=20)
A_DAY_AND_SOME = timedelta(hours=25)
A_BIT = timedelta(seconds=20)
LAWFUL_TABLES = ("fiscal", "ledger")
# Documents of invoices, which tax law keeps.
LAWFUL_FOLDER = "invoices/"


@step(
    "Seven days pass",
    lasting="one second before its end an alarm can be read, its picture too",
    ended="at its end it is 404 and not listed",
    dead="the link to its picture is dead",
    gone="a day later nothing of the alarms lies in storage or tables",
    copied="of the copy of her data storage holds nothing either",
)
def outlive(life: Life, promises: Promises) -> None:
    first, link, seen = _last_look(life)
    promises.equal("lasting", seen, (200, 200))
    end = instant(first["until"])
    _advance_to(life, end)
    gone = life.person.ask("GET", life.alarm_path(first)).status
    listed = life.own_alarms()
    overdue = [alarm["alarm_id"] for alarm in listed if instant(alarm["until"]) <= end]
    promises.equal("ended", (gone, overdue), (404, []))
    status = life.wire.send("GET", str(link)).status
    promises.shows("dead", 400 <= status < 500, f"it was answered {status}")
    life.teller.say(f"The first alarm ended at {end:%Y-%m-%d %H:%M:%S} UTC; {len(listed)} younger ones were left then.")
    life.backstage.advance(A_DAY_AND_SOME.total_seconds())
    left = _left_of_alarms(life, life.backstage.dump())
    promises.shows("gone", not left, f"left: {[(thing.where, thing.name) for thing in left[:5]]}")
    archives = [thing.name for thing in objects(life.backstage.dump()) if thing.name.startswith("exports/")]
    promises.equal("copied", [name for name in archives if life.person.account_id in name], [])


def _last_look(life: Life) -> tuple[Json, str | None, tuple[int, int | None]]:
    """The alarm looked at one second before its end, the link to its picture, and how both were answered.

    The cloud's clock goes on meanwhile: if this machine was so slow that the second passed, the next alarm is taken.
    """
    for alarm in sorted(life.alarms, key=lambda each: instant(each["until"])):
        end = instant(alarm["until"])
        if life.backstage.now() > end - timedelta(seconds=1):
            continue
        # First to ten minutes before: her session is renewed there, and the last stride is short.
        _advance_to(life, end - timedelta(minutes=10))
        life.person.expect(200, "GET", "/me")
        _advance_to(life, end - timedelta(seconds=1))
        answer = life.person.ask("GET", life.alarm_path(alarm))
        link = answer.json.get("picture_url") if answer.status == 200 else None
        seen = (answer.status, life.wire.send("GET", link).status if link else None)
        if seen == (200, 200) or life.backstage.now() < end:
            break
    return alarm, link, seen


def _advance_to(life: Life, then: datetime) -> None:
    seconds = (then - life.backstage.now()).total_seconds()
    if seconds > 0:
        life.backstage.advance(seconds)


def _left_of_alarms(life: Life, dump: Json) -> list[Thing]:
    ids = [alarm["alarm_id"] for alarm in life.alarms]
    pictures = [thing for thing in objects(dump) if thing.name.startswith("alarms/") and life.device_id in thing.name]
    rows = [thing for thing in items(dump) if thing.names(ids)]
    of_device = [thing for thing in items(dump) if "alarm" in thing.name.lower() and life.device_id in thing.name]
    # Two days longer it is known in which hours the camera had a ticket: S3 may be late with what it deletes itself.
    return pictures + rows + [thing for thing in of_device if "upload-hour" not in thing.name]


@step(
    "She closes the account",
    guarded="without raised trust it cannot be closed",
    mailed="a code by e-mail raises it",
    at_once="the next request is refused, and the session cannot be renewed",
    camera="her camera gets no upload ticket any more",
    late="a picture sent with a ticket that it still had is deleted on arrival",
    done="within 20 minutes the erasure is done, with a receipt",
    emptied="storage holds no picture of hers any more, and no film",
    dead="the link that she had to one is dead",
)
def close(life: Life, promises: Promises) -> None:
    life.person.expect(200, "GET", "/me")
    refused = life.person.ask("POST", "/me/closing", {})
    promises.equal("guarded", (refused.status, (refused.json or {}).get("code")), (403, "StepUpRequired"))
    promises.equal("mailed", life.raise_trust(), 1)
    link = _one_more_picture(life)
    ticket = life.camera.cloud.ticket("alarm")
    began = time.monotonic()
    closing = life.person.expect(202, "POST", "/me/closing", {})
    life.erasure_id = closing.get("erasure_id") or closing["receipt_url"].rstrip("/").rsplit("/", 1)[-1]
    token = life.person.access_token
    refusals = (life.wire.ask("GET", "/me", token=token).status, life.person.renewal().status)
    took = time.monotonic() - began
    promises.equal("at_once", refusals, (401, 401))
    promises.shows("camera", life.gets_no_ticket(), "it got one")
    late = picture_name(life.cast.channel[0], life.backstage.now().timestamp(), "motion")
    life.camera.cloud.put(ticket, late, life.sent[-1].content)
    life.backstage.settle()
    promises.shows("late", ticket.key_prefix + late not in _own_pictures(life), "it lies in storage")
    life.backstage.advance(ERASED_WITHIN.total_seconds())
    erasure = life.wire.expect(200, "GET", f"/erasures/{life.erasure_id}")
    promises.equal("done", (erasure["state"], bool(erasure.get("receipt"))), ("done", True))
    life.receipt = erasure["receipt"]
    promises.equal("emptied", _own_pictures(life), [])
    status = life.wire.send("GET", link).status
    promises.shows("dead", 400 <= status < 500, f"it was answered {status}")
    life.teller.say(f"Closing and two refusals took {took * 1000:,.0f} ms. Erased at {erasure.get('done_at', '?')}.")


def _one_more_picture(life: Life) -> str:
    """The link to a fresh picture, and film besides, so that there is something to erase: what was of the first hours
    ended by itself."""
    life.camera.film(A_BIT)
    life.backstage.settle()
    alarm = life.own_alarms()[0]
    return cast(str, life.person.expect(200, "GET", life.alarm_path(alarm))["picture_url"])


def _own_pictures(life: Life) -> list[str]:
    return [thing.name for thing in objects(life.backstage.dump()) if life.device_id in thing.name]


@step(
    "The receipt is verified offline",
    signed="its signature is that of the published key",
    strict="with one letter changed it is refused",
    nameless="it holds nothing personal",
)
def verify(life: Life, promises: Promises) -> None:
    keys = KeySet.import_key_set(life.wire.expect(200, "GET", "/keys"))
    try:
        life.claims = json.loads(jws.deserialize_compact(life.receipt, keys, algorithms=["ES256"]).payload)
        promises.shows("signed", True, "")
    except JoseError as error:
        promises.shows("signed", False, f"the signature is refused: {error}")
    promises.shows("strict", _refused(_altered(life.receipt), keys), "the altered receipt was accepted")
    hits = life.her_strings_in(life.claims)
    promises.shows("nameless", not hits, listed(hits))
    life.teller.say("It says:")
    for line in _outlined(life.claims):
        life.teller.line(f"      {line}"[:100])


def _altered(receipt: str) -> str:
    """One letter in the middle of what is said becomes another."""
    header, payload, signature = receipt.split(".")
    middle = len(payload) // 2
    other = "B" if payload[middle] == "A" else "A"
    return f"{header}.{payload[:middle]}{other}{payload[middle + 1 :]}.{signature}"


def _refused(receipt: str, keys: KeySet) -> bool:
    try:
        jws.deserialize_compact(receipt, keys, algorithms=["ES256"])
    except (JoseError, ValueError):
        return True
    return False


def _outlined(value: Any, depth: int = 0) -> list[str]:
    """Nested JSON as an indented list, for a person to read."""
    indent = "  " * depth
    lines: list[str] = []
    pairs = value.items() if isinstance(value, dict) else [("-", each) for each in value]
    for name, each in pairs:
        label = f"{indent}{name}" if name == "-" else f"{indent}{name}:"
        if isinstance(each, dict | list) and each:
            lines += [label, *_outlined(each, depth + 1)]
        else:
            lines.append(f"{label} {each}")
    return lines


@step(
    "Everything that is stored is searched for her",
    control="the same search finds her in what her own app had shown",
    clean="it finds none of her strings and pictures in the stores",
    lawful="what still names her account or her camera are records of the erasure and of the tax law",
    told="the receipt says that the invoice is kept",
)
def seek(life: Life, promises: Promises) -> None:
    shown = life.traces({"shown": life.seen_by_her})
    promises.shows("control", len({hit.what for hit in shown}) > 3, f"it finds only {listed(shown)}")
    dump = life.backstage.dump()
    hits = life.traces(dump)
    total = len(life.needles())
    promises.shows("clean", not hits, listed(hits))
    life.teller.say(
        f"{total} strings and pictures, each in plain, base64 (three alignments), hex, UTF-16, escaped and gzipped: "
        f"{len(hits)} hits in {counted(dump).items} items, {counted(dump).objects} objects, queues, streams and logs. "
        f"In what her app had shown: {len({hit.what for hit in shown})} of {total}."
    )
    ids = life.own_ids()
    left = [thing for thing in items(dump) + objects(dump) if thing.names(ids.values())]
    unlawful = [thing for thing in left if not _is_lawful(thing)]
    life.teller.say("What is left and bears one of the ids of this account, its camera, order, invoice or erasure:")
    for thing in left:
        named = ", ".join(name for name, value in ids.items() if thing.names([value]))
        life.teller.line(f"      {_short(thing)} (names the {named})")
    others = [thing for thing in items(dump) + objects(dump) if (thing.where, thing.name) not in life.known]
    life.teller.say(f"Besides, {len(others) - len(left)} things that were not there before and name nobody:")
    for thing in others:
        if thing not in left:
            life.teller.line(f"      {_short(thing)}")
    promises.shows("lawful", not unlawful, f"{[(thing.where, thing.name) for thing in unlawful[:5]]}")
    claims = json.dumps(life.claims.get("kept")).lower()
    promises.shows("told", "invoice" in claims or "fiscal" in claims, f"kept: {life.claims.get('kept')}")


def _is_lawful(thing: Thing) -> bool:
    return any(table in thing.where.lower() for table in LAWFUL_TABLES) or thing.name.startswith(LAWFUL_FOLDER)


def _short(thing: Thing) -> str:
    """Where it lies, with the middle of long random ids left out."""
    return re.sub(r"\w{20,}", lambda long: f"{long[0][:8]}…", f"{thing.where}: {thing.name}")
