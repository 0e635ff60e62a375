"""Her plan renews by itself, is paused and moved, and the period that she does not want is given back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from infra.demo.client import Json, instant
from infra.demo.console import Promises
from infra.demo.life import Life, step

TOLD_BEFORE, A_WEEKEND, AN_HOUR = timedelta(days=7), timedelta(days=2), timedelta(hours=1)
# Of real time, for weeks in which nothing is looked at: jobs of every hour run about once a day then.
WEEKS_PASS_WITHIN_SECONDS = 2.0


@step(
    "Her plan renews by itself",
    notified="a week before the end a mail says on which day, and for how much",
    waited="until that day nothing is taken",
    paid="on that day her card pays exactly that, with an invoice of its own",
    longer="her plan is longer by a whole period, without a gap",
)
def renew(life: Life, promises: Promises) -> None:
    before, mails = _plan(life), len(life.mails())
    until, renews = instant(before["until"]), before["renews"]
    _advance_to_an_hour_after(life, until - TOLD_BEFORE)
    day = f"{instant(renews['at']).astimezone(ZoneInfo(life.device['time_zone'])):%Y-%m-%d}"
    new = life.mails()[: len(life.mails()) - mails]
    of_it = [mail for mail in new if _says(mail, "renews", day, _money(renews["price"]))]
    promises.shows("notified", len(of_it) == 1, f"{len(new)} new mails, of which {len(of_it)} say {day}")
    promises.equal("waited", _order_ids(life), [life.order["order_id"]])
    _advance_to_an_hour_after(life, instant(renews["at"]))
    life.renewed = life.person.all_of("/orders")[0]
    paid = (life.renewed["state"], life.renewed["amount"], len(_order_ids(life)))
    promises.equal("paid", paid, ("paid", renews["price"], 2))
    number = life.renewed["invoice_number"]
    promises.shows("paid", number not in (None, "", life.order["invoice_number"]), f"its invoice is {number}")
    period, after = timedelta(days=life.renewed["period_days"]), _plan(life)
    promises.equal("longer", (after["state"], instant(after["until"])), ("active", until + period))
    price = _money(renews["price"])
    life.teller.say(f"She was told of {price} on {day}; order and invoice {number}, until {after['until']}.")


def _says(mail: Json, *words: str) -> bool:
    text = f"{mail.get('subject', '')} {mail['text']}"
    return all(word in text for word in words)


def _money(price: Json) -> str:
    return f"{price['amount'] / 100:.2f} {price['currency']}"


def _plan(life: Life) -> Json:
    return cast(Json, life.person.expect(200, "GET", f"/devices/{life.device_id}/plan"))


def _order_ids(life: Life) -> list[str]:
    return [order["order_id"] for order in life.person.all_of("/orders")]


@step(
    "She pauses the plan over a weekend",
    silent="while it is paused her camera may record nothing",
    still="time stands still: afterwards the plan runs for exactly as much longer",
    again="after it her camera records again",
)
def pause(life: Life, promises: Promises) -> None:
    before = instant(_plan(life)["until"])
    may_record = life.may_record()
    since, paused, began = _paused(life, on=True)
    promises.equal("silent", (may_record, paused["state"], life.may_record()), (True, "paused", False))
    life.backstage.advance(A_WEEKEND.total_seconds(), within_seconds=WEEKS_PASS_WITHIN_SECONDS)
    ending, after, ended = _paused(life, on=False)
    longer = instant(after["until"]) - before
    a_second = timedelta(seconds=1)  # to which times are counted
    lasted = ending - began - a_second <= longer <= ended - since + a_second
    promises.shows("still", lasted, f"{longer} more, after a pause from {since} to {ending}")
    promises.equal("again", (after["state"], life.may_record()), ("active", True))
    life.teller.say(f"It was paused for {ending - since}, and runs {longer} longer, until {after['until']}.")


def _paused(life: Life, *, on: bool) -> tuple[datetime, Json, datetime]:
    """What the plan is then, and the world's times before it was asked for and after."""
    before = life.backstage.now()
    plan = life.person.expect(200, "PUT", f"/devices/{life.device_id}/plan/pause", {"on": on})
    return before, plan, life.backstage.now()


@step(
    "She moves the plan to another camera, and back",
    whole="what is left goes along to the second, what waits and the renewal as well",
    left="the first one's plan has ended, and it may record nothing",
    back="moved back it is what it was before",
)
def move(life: Life, promises: Promises) -> None:
    _bind_another(life)
    other_id, before = life.other_device["device_id"], _lasting(_plan(life))
    may_record = life.may_record()
    promises.equal("whole", _lasting(_moved(life, life.device_id, other_id)), before)
    left = _plan(life)
    seen = (may_record, left["state"], left["renews"], left["waiting"], life.may_record())
    promises.equal("left", seen, (True, "ended", None, [], False))
    promises.equal("back", (_lasting(_moved(life, other_id, life.device_id)), life.may_record()), (before, True))
    life.teller.say(f"“{life.cast.other.device_name}” had it for a moment; it runs until {before['until']}.")


def _bind_another(life: Life) -> None:
    spare = life.cast.other
    made = {"sn": spare.sn, "model": life.cast.model, "code": spare.code, "secret": spare.secret}
    life.backstage.operation("load_devices", {"devices": [made]})
    binding = {"sn": spare.sn, "code": spare.code, "name": spare.device_name, "time_zone": "Europe/Warsaw", "dst": True}
    life.other_device = life.person.expect(201, "POST", "/devices", binding)
    life.seen_by_her.append(life.other_device)


def _moved(life: Life, from_id: str, to_id: str) -> Json:
    """The plan as the other camera has it then."""
    life.person.expect(200, "POST", f"/devices/{from_id}/plan/move", {"to_device_id": to_id})
    return cast(Json, life.person.expect(200, "GET", f"/devices/{to_id}/plan"))


def _lasting(plan: Json) -> Json:
    return {name: plan[name] for name in ("state", "plan_id", "until", "renews", "waiting")}


@step(
    "She does not want the new period, and gives it back",
    off="one tap, and the plan does not renew by itself any more",
    quoted="what would go back is said before: all of it",
    back="all of it goes back, with a credit note",
    ended="the plan is shorter by that period, and no more",
    repeated="asked for again it is refused, and the credit note named",
)
def give_back(life: Life, promises: Promises) -> None:
    path = f"/orders/{life.renewed['order_id']}"
    off = life.person.expect(200, "PUT", f"/devices/{life.device_id}/plan/renewal", {"on": False})
    promises.equal("off", (off["renews"], _plan(life)["renews"]), (None, None))
    whole, until = life.renewed["amount"], instant(off["until"])
    said = life.person.expect(200, "POST", f"{path}/refund/preview", {})
    promises.equal("quoted", (said["amount"], said["is_whole"]), (whole, True))
    refund = life.person.expect(202, "POST", f"{path}/refund", {"reason": "One month was enough."})
    life.backstage.settle()
    life.renewed = life.person.expect(200, "GET", path)
    number = life.renewed["credit_note_number"]
    back = (refund["amount"], life.renewed["state"], [one["state"] for one in life.renewed["payments"]], bool(number))
    promises.equal("back", back, (whole, "refunded", ["refunded"], True))
    after = _plan(life)
    shorter = until - timedelta(days=life.renewed["period_days"])
    promises.equal("ended", (after["state"], instant(after["until"])), ("active", shorter))
    again = life.person.ask("POST", f"{path}/refund", {})
    named = (again.json.get("code"), again.json.get("credit_note_number"))
    promises.equal("repeated", (again.status, *named), (409, "RefundedAlready", number))
    life.teller.say(f"{_money(whole)} went back, credit note {number}; her plan runs until {after['until']}.")


def _advance_to_an_hour_after(life: Life, moment: datetime) -> None:
    seconds = (moment + AN_HOUR - life.backstage.now()).total_seconds()
    life.backstage.advance(seconds, within_seconds=WEEKS_PASS_WITHIN_SECONDS)
    life.backstage.settle()
