"""Everything that happens in an installation, played so that each function does all that it ever does."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from werkzeug.wrappers import Response

from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.clips.records import CLIPS
from chalicelib.errors import Unavailable
from chalicelib.gift_cards import rules as rules_of_gift_cards
from chalicelib.inactivity.actions import watching
from chalicelib.inactivity.actions.checking import AccountsUnreachable
from chalicelib.notices.actions.incidents import IncidentDeadlineNear
from chalicelib.orders.records import DueRefund
from chalicelib.payments import sandbox, signatures
from chalicelib.payments.shapes import Refund, RefundRequest
from chalicelib.plans.records import PlanWarning
from chalicelib.privacy.actions import export, hold_copies
from chalicelib.privacy.records import ARCHIVES
from chalicelib.recordings.actions import quota
from chalicelib.register.durations import LONGEST_FUNCTION
from chalicelib.register.rows import ROWS
from chalicelib.sessions import rules
from chalicelib.settings import settings
from chalicelib.store import ciphers
from chalicelib.store.commit import commit, put
from infra.local import checkout, module_caches
from infra.local.cloud import LocalCloud
from tests.campaigns.entrants import draw, entered, opened
from tests.clips import footage
from tests.conftest import Home
from tests.events import event as sample
from tests.factors import App
from tests.gift_cards.cards import UNKNOWN, issue, new_code, redeem, report
from tests.identities.people import maja
from tests.identities.platforms import google_picture, platforms
from tests.invoices.notes import issue_credit_note
from tests.newsletter.subscribers import issues as issues_to
from tests.newsletter.subscribers import press, subscribed, token_in
from tests.newsletter.subscribers import send as send_issue
from tests.operators import ordered
from tests.payments import fake_stripe, stripe_events
from tests.policy.publishing import publish
from tests.privacy.backups import brought_back
from tests.push.refusing import as_if_sns_had_answered_nobody
from tests.recordings.plans import CONTINUOUS, EVENT, subscribe
from tests.routes import all_routes, request_for
from tests.scene import (
    CODE,
    PASSWORD,
    SECRET,
    Caller,
    Camera,
    Person,
    box,
    filmed,
    forget_root_secret,
    jpeg,
    lay_down,
    lose_events,
    new_camera,
    new_person,
    pay,
    rows,
    wire_time,
)
from tests.support import conversations
from tests.support.conversations import attach, go_on, send
from tests.worlds.sweep import leap

# How a copy of a table is called here.
RESTORED = "-restored"


def _told(world: LocalCloud, route: str, **ids: str) -> None:
    """A message that comes again, late."""
    event = sample("sqs_ids")
    event["Records"] = [{**event["Records"][0], "body": json.dumps(ids)}]
    handler = {source.name: source.handler_string for source in world.gateway.app.event_sources}[route]
    well, _answer = world.functions.attempt(route, handler, event)
    assert well, world.failures


def every_door(home: Home) -> None:
    before = home.world.snapshot()
    for route in all_routes():
        home.world.restore(before)
        request = request_for(route, home)
        answer = request.send(home)
        assert answer.status == route.status, answer.body
        home.world.settle()
    home.world.restore(before)


def nobody_was_here_before(world: LocalCloud, empty: Any) -> None:
    """Whoever comes first makes the root secret."""
    for first in (lambda: new_person(world), lambda: Camera(world).load()):
        world.restore(empty)
        forget_root_secret(world)
        first()


def _pictures(home: Home) -> None:
    home.camera.see(2)
    assert home.camera.upload(3, data=b"not a picture" * 100).status == 204
    home.world.settle()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms").status == 204
    home.world.settle()
    home.world.advance(60)
    home.camera.see(4)
    seven_days_s = 7 * 86_400
    home.world.clock.move_to(home.world.now().timestamp() + seven_days_s + 1)
    assert home.world.run_schedule("sweep_expired_pictures") == {"deleted": 1}


def _a_face(home: Home) -> None:
    for number in (1, 2):
        home.world.advance(60)
        home.owner.show_face(jpeg(number))
    home.owner.show_face(b"not a picture")
    assert home.owner.avatar() is not None
    assert home.owner.call("DELETE", "/me/avatar").status == 204
    home.world.settle()
    _an_upload_of_which_nobody_was_told(home)
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_uploads") == {"deleted": 1}


def _a_picture_of_a_platform(home: Home) -> None:
    """Taken over, and of none that is one; and told of once more, late."""
    person = maja(home.world, picture=google_picture())
    home.world.settle()
    assert person.avatar() is not None
    maja(home.world, "google-2", "kaja@example.com", picture=platforms().picture(lambda: Response("no picture")))
    home.world.settle()
    _told(home.world, "on_picture_offered", partition_id=person.account_id, sort_id="")


def _a_cover(home: Home) -> None:
    device_id = home.camera.device_id
    for number in (1, 2):
        home.world.advance(60)
        home.owner.cover(device_id, jpeg(number))
    home.owner.cover(device_id, b"not a picture")
    assert home.owner.cover_of(device_id) is not None
    assert home.owner.call("DELETE", f"/devices/{device_id}/cover").status == 204
    home.world.settle()
    _an_upload_of_which_nobody_was_told(home)
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_cover_uploads") == {"deleted": 1}


def _feedback(home: Home) -> None:
    """With pictures, of which one is none and one comes unseen; answered, and gone on with."""
    sent = send(home.owner, attachments=3)
    for number, data in enumerate((None, b"not a picture" * 100)):
        assert attach(home.owner, sent["tickets"][number], data) == 204
    home.world.settle()
    home.world.invoke("show_feedback", {})
    home.world.invoke("show_feedback", {"reference": conversations.reference(home.owner, sent["feedback_id"])})
    for _ in range(2):
        conversations.answer(home, home.owner, sent["feedback_id"])
    assert go_on(home.owner, sent["feedback_id"]).status == 201
    assert attach(home.owner, sent["tickets"][2]) == 204
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("ImageUploads"))
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_attachments") == {"deleted": 1}


def _a_policy(home: Home) -> None:
    """Of which more accounts are told than a page has."""
    home.world.settle()
    with patch.object(watching, "_PAGE", 1):
        assert publish(home.world)["named"] == 2


def _an_incident(home: Home) -> None:
    """The owner of a device and somebody else are told, again by mistake, and its steps ring until they are noted."""
    world, other = home.world, new_person(home.world, "other@example.com")
    order = {"title": "Seen by others", "what": "On Sunday.", "advice": "Look into your alarms."}
    who = {"devices": [home.camera.device_id], "accounts": [other.account_id]}
    (declared, _again) = (world.invoke("declare_incident", {**order, "who": who}) for _ in range(2))
    world.settle()
    assert len(rows(world, "account/notice")) == 2
    world.clock.move_to(world.now().timestamp() + 22 * 3600)
    with pytest.raises(IncidentDeadlineNear):
        world.run_schedule("check_incident_deadlines")
    world.functions.failures.clear()
    for step in declared["deadlines"]:
        world.invoke("record_incident_step", {"incident_id": declared["incident_id"], "step": step})
    assert world.run_schedule("check_incident_deadlines") == {"incidents_open": 0}


def _a_newsletter(home: Home) -> None:
    """With and without an account, to pages of both, and ended in each way; and a reader who gets an account."""
    world, emails = home.world, [f"reader{number}@example.com" for number in range(4)]
    for email in (*emails, home.owner.email):
        subscribed(world, email)
    subscribed(world, emails[0], language="pl")
    send_issue(world)
    for email, count in ((emails[0], 1), (home.owner.email, 1)):
        assert issues_to(world, email) == count
        assert press(world, "unsubscribe", token_in(world, email)).status == 200
    new_person(world, emails[1])
    for email, outcome in ((emails[1], "complained"), (emails[2], "bounced")):
        world.mail.decide(email, outcome)
    send_issue(world, "2027-01")
    assert len(rows(world, "newsletter/subscriber")) == 1
    for email in (emails[3], emails[0]):
        world.invoke("forget_subscriber", {"email": email})
    assert rows(world, "newsletter/subscriber") == []
    send_issue(world)
    for which in ("confirm", "unsubscribe"):
        assert world.call("GET", f"/newsletter/{which}").status == 200


def _a_draw(home: Home) -> None:
    """Entered by two, of whom one leaves and enters anew, and one withdraws; drawn twice, by name and by mistake."""
    world = home.world
    for _ in range(2):
        opened(world, ends_at=wire_time(world.now() + timedelta(days=7)))
    entered(home.stranger)
    for _ in range(2):
        ticket = entered(home.owner)
        path = "/campaigns/spring-draw/entries"
        assert home.owner.call("DELETE", f"{path}/mine").status == 204
    ticket = entered(home.owner)
    home.stranger.agree("marketing_events", given=False)
    world.settle()
    world.clock.move_to(world.now().timestamp() + 7 * 86_400)
    home.owner.sign_in()
    for _ in range(2):
        assert [one["ticket"] for one in draw(world, count=2)["winners"]] == [ticket]
    assert home.owner.call("GET", "/campaigns/spring-draw/tickets").json["items"] == [ticket]


def _accounts_that_nobody_uses(home: Home) -> None:
    """One with a device and a guest is deleted, and one whose mails do not arrive is closed and emptied."""
    world, out_of_reach = home.world, new_person(home.world, "bounces@example.com")
    world.mail.decide("bounces@example.com", "bounced")
    new_camera(world, "SN0700", owner=out_of_reach)
    share = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share}/accept").status == 200
    for _ in range(40):
        world.clock.move_to(world.now().timestamp() + 30 * 86_400)
        with suppress(AccountsUnreachable):
            world.run_schedule("check_inactive_accounts")
        world.settle()
    world.functions.failures.clear()
    stages = [row["stage"] for row in rows(world, "account/inactivity")]
    assert stages == ["emptied"], stages


def _an_offer(home: Home) -> None:
    home.owner.step_up()
    for to in ({"email": home.stranger.email}, {"phone": "+48601234567"}):
        home.owner.offer(home.camera.device_id, **to)
        home.world.settle()


def _an_upload_of_which_nobody_was_told(home: Home) -> None:
    assert home.owner.upload_avatar().status == 204
    assert home.owner.upload_cover(home.camera.device_id).status == 204
    _purge(home.world, "ImageUploads")


def _a_channel(home: Home) -> None:
    """Commands are given, brought at once and on waking, to who is there and who is not, and answered; and who is there
    is hung up on."""
    device_id = home.camera.device_id
    home.camera.connect()
    home.world.settle()
    never = home.camera.connect()
    home.world.channel.connections.pop(never.id)
    home.world.settle()
    _a_minute_passes(home.world)
    home.world.run_schedule("check_connections")
    assert home.owner.command(device_id).status == 202
    home.world.settle()
    older, newer = home.camera.connect(), home.camera.connect()
    home.world.settle()
    assert newer.say({"id": newer.messages[0]["id"], "ok": True}) == 200
    older.say({"id": "any", "ok": True})
    assert home.owner.command(device_id).status == 202
    home.world.settle()
    _a_minute_passes(home.world)
    home.world.channel.connections.pop(newer.id)
    assert home.owner.command(device_id).status == 202
    home.world.settle()
    again = home.camera.connect()
    home.world.channel.connections.pop(again.id)
    _a_minute_passes(home.world)  # before its order is brought
    home.world.settle()
    last = home.camera.connect()
    home.world.channel.connections.pop(last.id)
    assert home.owner.change_settings(device_id, 0, night_mode="on").status == 200
    home.world.settle()
    unowned = new_camera(home.world, "SN0071")
    former = unowned.connect()
    home.world.settle()
    assert unowned.activate().status == 200
    home.world.settle()
    assert not former.is_open
    unowned.connect().close()
    home.camera.connect().close()


def _a_minute_passes(world: LocalCloud) -> None:
    world.clock.move_to(world.now().timestamp() + 60)


def _live_video(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email, rights=["live"]).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    home.camera.stream(init="a")
    home.camera.stream()
    for person in (home.owner, home.stranger):
        path = f"/devices/{home.camera.device_id}/live/{person.watch(home.camera.device_id)['live_id']}"
        assert person.call("POST", path).status == 200
        assert person.call("DELETE", path).status == 204
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 3600)
    assert home.world.run_schedule("sweep_live_video") == {"deleted": 2}


def _a_player(home: Home) -> None:
    """It waits for its first piece in vain, and goes on by numbers and by names; and one that nobody let in."""
    live, ticket = home.owner.watch(home.camera.device_id), home.camera.ask_ticket("live").json
    path = urlsplit(live["playlist_url"]).path
    assert home.world.call("GET", path).status == 404
    said = {"x-amz-meta-duration-ms": "2000"}
    assert home.world.upload(ticket, "1/a-0.ts", b"ts", **said).status == 204
    shown = home.world.call("GET", path).body.decode().splitlines()[-1]
    assert home.world.call("GET", f"{path.rpartition('/')[0]}/{shown}").status == 302
    home.world.clock.move_to(home.world.now().timestamp() + 10)
    home.camera.stream(kind="ts")
    assert home.world.call("GET", path).body.count(b"#EXTINF") == 2
    assert home.world.call("GET", path.replace("/playlist", "x/playlist")).status == 404


def _recordings(home: Home) -> None:
    """Told of in time, late, twice and never, deleted, and left when the days are over, or the plan."""
    begin = home.world.snapshot()
    for play in (_recorded_and_deleted, _recorded_unheard, _recorded_to_the_end, _recorded_events, _warned):
        home.world.restore(begin)
        _begin_to_record(home, EVENT if play is _recorded_events else CONTINUOUS)
        play(home)
        home.world.settle()


def _begin_to_record(home: Home, plan_id: str = CONTINUOUS) -> None:
    home.camera.forget_tickets()
    subscribe(home, plan_id)


def _record(home: Home, minutes: int = 2, ms: int = 60_000) -> None:
    for _ in range(minutes):
        home.world.advance(ms / 1000)
        home.camera.record(ms)
    home.world.settle()


def _recorded_and_deleted(home: Home) -> None:
    world, camera = home.world, home.camera
    _record(home)
    _record(home, 4, ms=10_000)
    ticket = camera.recording_ticket()
    assert world.upload(ticket, "1/no-name-of-ours", b"x" * 200).status == 204
    camera.record(data=b"no video" * 50)
    world.settle()
    home.owner.set_privacy(camera.device_id, on=True)
    camera.record(ticket=ticket)
    world.settle()
    assert home.owner.call("DELETE", f"/devices/{camera.device_id}/recordings", {}).status == 204
    world.settle()
    world.advance(LONGEST_FUNCTION.total_seconds() + 1)
    world.settle()


def _recorded_unheard(home: Home) -> None:
    """What nobody was told of is found by the clock: of a day that has no row yet, and of one that has; and whose owner
    is gone."""
    _record(home)
    for minutes in (1, 24 * 60):
        home.world.advance(60 * minutes)
        home.camera.record()
        lose_events(home.world, "on_recording_uploaded")
        home.world.advance(5 * 60)
        assert home.world.run_schedule("reconcile_recordings")["counted_anew"] >= 1
    owner, path = replace(home.owner), f"/devices/{home.camera.device_id}"
    owner.refresh()
    assert owner.call("DELETE", f"{path}/recordings", {}).status == 204
    _purge(home.world, "RecordingRemovals")
    home.world.advance(5 * 60)
    home.world.run_schedule("reconcile_recordings")
    ticket = home.camera.recording_ticket()
    assert owner.call("DELETE", path).status == 202
    home.world.settle()
    home.camera.record(ticket=ticket)
    lose_events(home.world, "on_recording_uploaded")
    home.world.advance(5 * 60)
    home.world.run_schedule("reconcile_recordings")


def _recorded_to_the_end(home: Home) -> None:
    """Of the days, and of the plan with its grace."""
    _record(home)
    world = home.world
    world.clock.move_to(world.now().timestamp() + 7 * 86_400 + 1)
    assert world.run_schedule("sweep_expired_recordings")["deleted"] >= 2
    world.clock.move_to(world.now().timestamp() + 22 * 86_400)
    _record(home)
    world.clock.move_to(world.now().timestamp() + 9 * 86_400)
    assert world.run_schedule("end_plans")["devices"] == 1


def _warned(home: Home) -> None:
    """Of an end, by a terminal that is reached and by one that is not; of none, as the plan was paused and goes on, and
    as the device is gone."""
    world = home.world
    for on in (True, False):
        assert home.owner.call("PUT", f"/devices/{home.camera.device_id}/plan/pause", {"on": on}).status == 200
    world.clock.move_to(world.now().timestamp() + 24 * 86_400)
    assert world.run_schedule("warn_of_plan_ends") == {"warned": 1}
    world.settle()
    _disable(home, "platform-token-of-the-owner")
    world.clock.move_to(world.now().timestamp() + 6 * 86_400)
    due_at = int(world.now().timestamp())
    gone = PlanWarning.new(f"{world.now():%Y%m%d}", f"{due_at:012d}.{'x' * 52}", subject="ends_tomorrow")
    with world.aws.outside():
        commit(put(gone))
    assert world.run_schedule("warn_of_plan_ends") == {"warned": 1}
    world.settle()


def _recorded_events(home: Home) -> None:
    """Two hours of a day, and more."""
    _record(home, 2, ms=20_000)
    with patch.object(quota, "MOST_MS", 60_000):
        _record(home, 2, ms=20_000)


def _a_clip(home: Home) -> None:
    """One that is made and downloaded, one that cannot be, and one that was broken off; told of again."""
    _begin_to_record(home)
    path = f"/devices/{home.camera.device_id}/recordings/clips"
    for film in (_real_footage(), None):
        clip_id = _clipped(home, film)
        assert home.owner.call("GET", f"{path}/{clip_id}").status == 200
        _told(home.world, "on_clip_requested", partition_id=home.camera.device_id, place_id=clip_id)
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_clips") == {"deleted": 1}


def _clipped(home: Home, film: tuple[bytes, list[bytes]] | None) -> str:
    """Of six seconds that are recorded now; its id."""
    begin, camera = home.world.now(), home.camera
    init, segments = film or (b"", 3 * [filmed("m4s")])
    ticket = camera.recording_ticket()
    init = init or box("ftyp", 32) + box("moov", 600)
    assert home.world.upload(ticket, "1/init-real.mp4", init).status == 204
    for segment in segments:
        home.world.clock.move_to(home.world.now().timestamp() + 2)
        camera.record(2000, data=segment, init="", ticket=ticket)
    home.world.settle()
    body = {"channel": "1", "from": wire_time(begin), "to": wire_time(home.world.now())}
    answer = home.owner.call("POST", f"/devices/{camera.device_id}/recordings/clips", body)
    assert answer.status == 202, answer.body
    home.world.settle()
    return str(answer.json["clip_id"])


@cache
def _real_footage() -> tuple[bytes, list[bytes]]:
    return footage.record(footage.Setting(), 3)


def _purge(world: LocalCloud, *queues: str) -> None:
    with world.aws.outside():
        for queue in queues:
            client("sqs").purge_queue(QueueUrl=world.stack.physical(queue))


def _an_order(home: Home) -> None:
    """Which is looked at when it is paid, and paid once more: one payment and several are read by different calls."""
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    pay(home.world, order_id)
    assert home.owner.call("GET", f"/orders/{order_id}").status == 200
    headers, body = checkout.event(order_id, "paid", "another-payment")
    assert home.world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
    assert home.owner.call("GET", "/orders").status == 200
    _an_invoice(home)
    home.world.settle()


def _an_invoice(home: Home) -> None:
    """Of somebody who is named, and its correction; looked at, and swept when their time is over."""
    named = {"name": "Ola", "address": "Ulica 1, Kraków", "country": "PL", "vat_number": "PL5260250995"}
    order_id = home.owner.order(home.camera.device_id, key="an-order-that-names", invoice_to=named).json["order_id"]
    pay(home.world, order_id)
    number = home.owner.call("GET", f"/orders/{order_id}").json["invoice_number"]
    issue_credit_note(home.owner.account_id, number)
    home.world.settle()
    for format in ("pdf", "xml"):
        query = {"format": format}
        assert home.owner.call("GET", f"/orders/{order_id}/invoice", query=query).status == 200
    _told(home.world, "on_invoice_issued", partition_id=home.owner.account_id, sort_id=number)
    for ends in (home.world.now() + timedelta(days=31), datetime(2032, 1, 1, 12, tzinfo=UTC)):
        home.world.clock.move_to(ends.timestamp())
        assert home.world.run_schedule("sweep_expired_invoices")["deleted"]
        assert home.world.invoke("close_month", {"month": "2026-01"})["credit_notes"] == 1


def _money_goes_back(home: Home) -> None:
    """At once, by the clock where the provider was silent, and not where it has gone back already."""
    world, silent = home.world, Unavailable(retry_after_seconds=60)
    order_id = home.owner.order(home.camera.device_id).json["order_id"]
    with patch.object(sandbox.Sandbox, "refund", side_effect=silent):
        for reference in ("one", "two"):
            headers, body = checkout.event(order_id, "paid", reference)
            assert world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
        world.settle()
    (due,) = rows(world, "refunds-due/refund")
    assert world.run_schedule("ask_for_refunds") == {"changed": 1}
    again = DueRefund.new("", due["sk"].partition("#")[2], owed_since=due["owed_since"])
    for asked in (lambda: world.run_schedule("ask_for_refunds"), world.settle):
        with world.aws.outside():
            commit(put(again))
        asked()
    _money_does_not_go_back(home, order_id, silent)
    key = {"Idempotency-Key": "key-of-one-refund-0123"}
    assert home.owner.call("POST", f"/orders/{order_id}/refund", {}, headers=key).status == 202
    world.settle()
    home.world.settle()


def _money_does_not_go_back(home: Home, order_id: str, silent: Unavailable) -> None:
    """The provider will not: said at once, or to the clock after it was silent."""
    world = home.world

    def will_not(_: Any, wanted: RefundRequest) -> Refund:
        return Refund(wanted.refund_id, "failed", "re_1")

    for reference, answers in (("will-not", [will_not]), ("will-not-later", [silent, will_not])):
        headers, body = checkout.event(order_id, "paid", reference)
        assert world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
        for answer in answers:
            how = {"side_effect": answer} if isinstance(answer, Unavailable) else {"new": answer}
            with patch.object(sandbox.Sandbox, "refund", **how):
                world.settle()
                world.run_schedule("ask_for_refunds")
                world.settle()
    failed = [row for row in rows(world, "refunds-due/refund") if "failed_at" in row]
    assert len(failed) == 2


def _renews(home: Home) -> None:
    """Paid by the card, declined, and too late; a tap ends it, and the provider is asked at once and by the clock to
    forget the card."""
    world = home.world
    for nth, (card, days) in enumerate((("good", 30), ("declined", 30), ("good", 40))):
        home.owner.sign_in()
        answer = home.owner.order(home.camera.device_id, key=f"the-key-of-renewal-{nth}", renew=True)
        headers, body = checkout.event(answer.json["order_id"], "paid", card=card)
        assert world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
        world.settle()
        (due,) = rows(world, "plan-renewals/plan-renewal")
        at = int(due["sk"].partition("#")[2].partition(".")[0]) + (days - 30) * 86_400
        world.clock.move_to(-(-at // (6 * 3600)) * 6 * 3600)
        assert world.run_schedule("renew_plans") == {"changed": 1}
        world.settle()
    home.owner.sign_in()
    path = f"/devices/{home.camera.device_id}/plan/renewal"
    key = {"Idempotency-Key": "the-key-of-a-tap-0123"}
    order_id = home.owner.order(home.camera.device_id, key="the-key-of-renewal-4", renew=True).json["order_id"]
    pay(world, order_id)
    with patch.object(sandbox.Sandbox, "forget_customer", side_effect=Unavailable(retry_after_seconds=60)):
        assert home.owner.call("PUT", path, {"on": False}, headers=key).status == 200
        world.settle()
    assert world.run_schedule("renew_plans") == {"changed": 1}
    headers, body = checkout.card_saved(home.camera.device_id, "EUR", "good")
    assert world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
    world.settle()


def _renews_by_stripe(home: Home) -> None:
    """Where it answers by a fault after it was paid; and it deletes the customer of an account that is closed."""
    with fake_stripe.served() as (server, url):
        stripe_events.ask(server)
        at_stripe = {"PAYMENT_PROVIDER": "stripe", "PAYMENT_API_KEY": fake_stripe.API_KEY, "PAYMENT_API_URL": url}
        with patch.dict(os.environ, at_stripe):
            module_caches.forget_settings()
            ordered = home.owner.order(home.camera.device_id, renew=True).json
            _say(home, stripe_events.event_of(ordered["order_id"], "paid", 299, "EUR", "pi_renews", ""))
            home.world.settle()
            home.world.clock.move_to(home.world.now().timestamp() + 29 * 86_400)
            assert home.world.run_schedule("renew_plans") == {"changed": 1}
            home.owner.sign_in()
            home.owner.step_up()
            assert home.owner.close().status == 202
            home.world.advance(20 * 60)
            assert all(one.get("_is_deleted") for one in server.of_kind("customer"))
        module_caches.forget_settings()


def _gift_cards(home: Home) -> None:
    """Some are answered, and many put into a file; guessed, redeemed, redeemed again, and withdrawn."""
    issued = issue(home.world, rules_of_gift_cards.MOST_ANSWERED + 1)
    assert redeem(home, UNKNOWN).status == 404
    code = new_code(home.world)
    assert [redeem(home, code).status for _ in range(2)] == [200, 200]
    assert home.world.invoke("revoke_gift_cards", {"batch_id": issued["batch_id"]})["batch"]["state"] == "revoked"
    assert [one["redeemed"] for one in report(home.world)].count(1) == 1


def _an_order_by_stripe(home: Home) -> None:
    """Where it does not answer at first: then it is asked by who reads the order, and what it tells is looked up a
    moment later, or by the clock."""
    with fake_stripe.served() as (server, url):
        stripe_events.ask(server)
        at_stripe = {"PAYMENT_PROVIDER": "stripe", "PAYMENT_API_KEY": fake_stripe.API_KEY, "PAYMENT_API_URL": url}
        with patch.dict(os.environ, at_stripe):
            module_caches.forget_settings()
            for faults in range(3):
                server.faults += [fake_stripe.Fault(503)] * (not faults)
                ordered = home.owner.order(home.camera.device_id, key=f"a-key-of-order-{faults}").json
                home.world.clock.move_to(home.world.now().timestamp() + 600 * (not faults))
                assert home.owner.call("GET", f"/orders/{ordered['order_id']}").json["checkout_url"] is not None
                _told_by_stripe(home, server, ordered["order_id"], faults)
            # Where it does not answer either when it is asked for money, the clock asks again.
            stripe_events.event_of(ordered["order_id"], "paid", 299, "EUR", "pi_late")
            server.faults.append(fake_stripe.Fault(503, method="POST"))
            _say(home, fake_stripe.event(server.objects["pi_late"], "payment_intent.succeeded"))
            home.world.settle()
            server.forget_answers()
            assert home.world.run_schedule("ask_for_refunds") == {"changed": 1}
        module_caches.forget_settings()


def _told_by_stripe(home: Home, server: fake_stripe.FakeStripe, order_id: str, faults: int) -> None:
    """An order is paid two times and disputed, and of the money that goes back there is news; each is looked up when it
    comes, a moment later, or by the clock, after so many faults."""
    paid, double = f"pi_{faults}", f"pi_double_{faults}"
    news = [stripe_events.event_of(order_id, "paid", 299, "EUR", number) for number in (paid, double)]
    for body in news:
        _late(home, server, body, faults)
    back = next(one for one in server.of_kind("refund") if one["payment_intent"] == double)
    back["status"] = "failed"
    _late(home, server, fake_stripe.event(back, "refund.failed"), faults)
    for status in ("needs_response", "won", "lost"):
        disputed = fake_stripe.dispute(server, f"dp_{faults}", paid, status)
        _late(home, server, fake_stripe.event(disputed, "charge.dispute.updated"), faults)


def _late(home: Home, server: fake_stripe.FakeStripe, body: bytes, faults: int) -> None:
    server.faults += [fake_stripe.Fault(503, method="GET") for _ in range(faults)]
    _say(home, body)
    home.world.settle()
    home.world.run_schedule("look_up_delayed_events")
    home.world.settle()
    assert server.faults == []


def _say(home: Home, body: bytes) -> None:
    headers = {"Stripe-Signature": signatures.header_of(body)}
    assert home.world.call("POST", "/payments/stripe", raw=body, headers=headers).status == 200


def _one_phone_of_two_people(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-owner")


def _a_terminal_that_never_comes_back(home: Home) -> None:
    leap(home.world, rules.SESSION_LIFE.total_seconds())
    home.world.advance(3600, reaper_lag_seconds=0)


def _a_terminal_that_died_while_it_was_registered(home: Home) -> None:
    """SNS knows it, and its row does not say by which name: whoever ends it asks for it again."""
    begin = home.world.snapshot()
    for end in (
        lambda: _a_terminal_that_never_comes_back(home),
        lambda: home.world.invoke("remove_child", {"email": home.owner.email}),
    ):
        home.world.restore(begin)
        home.owner.take_pushes("platform-token-of-the-owner")
        as_if_sns_had_answered_nobody(home.owner)
        end()
        home.world.settle()


def _a_terminal_that_its_platform_does_not_know(home: Home) -> None:
    """Once its app is installed again; then it is found dead by a push of each kind."""
    token = "platform-token-of-the-owner"
    _disable(home, token)
    home.owner.take_pushes(token)
    _disable(home, token)
    home.camera.see(7)
    home.stranger.take_pushes("platform-token-of-the-stranger")
    _disable(home, "platform-token-of-the-stranger")
    home.owner.share(home.camera.device_id, email=home.stranger.email)
    home.world.settle()


def _disable(home: Home, token: str) -> None:
    (arn,) = (one["arn"] for one in home.world.dump()["endpoints"] if one["attributes"]["Token"] == token)
    with home.world.aws.outside():
        client("sns").set_endpoint_attributes(EndpointArn=arn, Attributes={"Enabled": "false"})


def _an_erasure(home: Home) -> None:
    """A closed account, and its erasure to the very end: the clock orders its passes."""
    _begin_to_record(home)
    _record(home)
    _clipped(home, _real_footage())
    home.camera.see(5)
    home.owner.show_face()
    home.owner.cover(home.camera.device_id)
    home.camera.stream(init="a")
    _an_upload_of_which_nobody_was_told(home)
    _ask_for_a_copy(home)
    home.world.settle()
    _break_off_a_copy(home)
    with home.world.aws.outside():
        s3.Upload(CLIPS.of(home.world.now(), home.camera.device_id) + "half.mp4", "video/mp4")
    erasure_id = home.owner.close().json["erasure_id"]
    assert home.world.invoke("show_erasures", {})["total"] == 1
    for seconds in (0, 15 * 60, 2 * 3600, 25 * 3600):
        home.world.clock.move_to(home.world.now().timestamp() + seconds)
        home.world.run_schedule("resume_erasures")
        home.world.settle()
    assert home.world.call("GET", f"/erasures/{erasure_id}").json["state"] == "done"


def _a_copy_of_everything(home: Home) -> None:
    """In several archives."""
    home.owner.show_face()
    home.owner.cover(home.camera.device_id)
    _begin_to_record(home)
    _record(home)
    _clipped(home, _real_footage())
    with patch.object(export, "MOST_FILES", 5):
        _ask_for_a_copy(home)
        home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_archives")["deleted"] > 1


def _ask_for_a_copy(home: Home) -> None:
    home.owner.step_up()
    assert home.owner.call("POST", "/privacy/exports").status == 202


def _break_off_a_copy(home: Home) -> None:
    """As if who was writing it had died."""
    with home.world.aws.outside():
        s3.Upload(ARCHIVES.of(home.world.now(), home.owner.account_id) + "half.zip", "application/zip")


def _a_copy_that_was_broken_off(home: Home) -> None:
    """Whoever writes it anew ends what was left; the names of archives follow from when they were asked for."""
    _ask_for_a_copy(home)
    (asked,) = home.owner.call("GET", "/privacy/exports").json["items"]
    sort_id = asked["export_id"].removeprefix(home.owner.account_id)
    with home.world.aws.outside():
        s3.Upload(ARCHIVES.of(home.world.now(), home.owner.account_id) + f"{sort_id}.zip", "application/zip")
    home.world.settle()


def _a_restore(home: Home) -> None:
    home.owner.step_up()
    theirs, code = new_camera(home.world, "SN0063", owner=home.stranger).device_id, new_code(home.world)
    with brought_back(home.world):
        assert redeem(home, code, by=home.stranger, device_id=theirs).status == 200
        assert home.owner.close().status == 202
    told = {"restored_to": "2026-01-05T08:00:00Z"}
    assert home.world.invoke("replay_erasures", told)["finished"] is True
    home.world.settle()


def _a_restore_of_keys(home: Home) -> None:
    """A key that the table lacks, and the root secret, which it has."""
    keys = settings.keys_table
    with home.world.aws.outside():
        described = client("dynamodb").describe_table(TableName=keys)["Table"]
        schema = {part: described[part] for part in ("KeySchema", "AttributeDefinitions")}
        client("dynamodb").create_table(TableName=keys + RESTORED, BillingMode="PAY_PER_REQUEST", **schema)
        for row in client("dynamodb").scan(TableName=keys)["Items"]:
            client("dynamodb").put_item(TableName=keys + RESTORED, Item=row)
        client("dynamodb").delete_item(TableName=keys, Key=ciphers.key_of(home.camera.device_id).raw())
    with patch.dict(os.environ, {"RESTORED_KEYS_TABLE": keys + RESTORED}):
        answer = home.world.invoke("restore_keys", {"restored_to": "2026-01-05T08:00:00Z"})
    assert (answer["added"], answer["finished"]) == (1, True)


def _a_phone_number_alone(home: Home) -> None:
    caller = Caller(home.world, "+48601234567")
    assert caller.confirm(caller.register()).status == 201
    camera = new_camera(home.world, "SN0050", owner=caller)
    assert pay(home.world, caller.order(camera.device_id).json["order_id"]).status == 200
    caller.step_up()
    assert caller.call("POST", "/privacy/exports").status == 202
    home.world.settle()
    assert home.world.invoke("remove_child", {"phone": caller.email})["closed"]
    home.world.settle()


def _children(home: Home) -> None:
    child = Person(home.world, "child@example.com")
    said = child.registration(birth_date="2015-01-01", terminal=child.terminal)
    assert home.world.call("POST", "/accounts", said).status == 422
    assert home.world.invoke("remove_child", {"email": home.owner.email})["closed"]
    home.world.settle()


def _lost_second_factors(home: Home) -> None:
    caller = Caller(home.world, "+48601234567")
    assert caller.confirm(caller.register()).status == 201
    for person, address in ((home.owner, "email"), (caller, "phone")):
        App.added(person)
        assert person.call("PUT", "/me/password", {"current": PASSWORD, "new": "Trz4Sowy"}).status == 204
        assert home.world.invoke("remove_second_factors", {address: person.email}) == {"count": 1}
        home.world.settle()


def _a_look_into_the_log(home: Home) -> None:
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    home.owner.call("GET", "/me")
    assert home.world.invoke("read_api_log", asked)["items"]
    assert home.world.invoke("read_api_log", {**asked, "account_id": home.owner.account_id})["items"]


def _rights_exercised(home: Home) -> None:
    """Consents with what is gathered by one, and objections that an operator answers in both ways."""
    for _ in range(2):
        assert home.owner.agree("experience").status == 200
        assert home.owner.send_events().status == 202
        assert home.owner.agree("experience", given=False).status == 200
        home.world.settle()
    for granted in (False, True):
        assert home.owner.call("PUT", "/privacy/objections/AUDIT", {"reason": "I am known."}).status == 200
        (waiting,) = home.world.invoke("show_objections", {})["items"]
        event = {"request_id": waiting["request_id"], "granted": granted, "grounds": "It protects you."}
        assert home.world.invoke("answer_objection", event)["state"] == ("granted" if granted else "refused")
        home.world.settle()


def _a_hold(home: Home) -> None:
    """Of an account with all that there is of it; it pauses, is told of, and ends."""
    home.owner.show_face(jpeg(1))
    home.owner.cover(home.camera.device_id, jpeg(2, (320, 240)))
    pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    home.world.settle()
    home.camera.record(20_000)
    home.world.settle()
    until = wire_time(home.world.now() + timedelta(days=1))
    order = {"subject": home.owner.account_id, "until": until, "basis": "II Kp 17/26"}
    order["scope"] = [row.id for row in ROWS]
    with patch.object(hold_copies, "BUDGET_S", 0):
        ordered(home.world, "hold", order)
        home.world.settle()
    home.world.run_schedule("end_holds")
    assert ordered(home.world, "hold", order)["state"] == "complete"
    assert home.world.invoke("show_proposals", {})["items"]
    handed_over = {"subject": home.camera.device_id, "scope": ["B11"], "basis": "II Kp 17/26", "told_from": until}
    ordered(home.world, "disclose", handed_over)
    home.world.settle()
    assert ordered(home.world, "disclose", handed_over)["download_url"]
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 7 * 86_400)
    home.world.run_schedule("end_holds")
    home.world.settle()


def _a_guest(home: Home) -> None:
    """Invited once by e-mail and once by phone, pushed to, and gone in each of the ways there are."""
    home.stranger.take_pushes("platform-token-of-the-stranger")
    path = f"/devices/{home.camera.device_id}/shares"
    home.owner.share(home.camera.device_id, phone="+48601234567")
    for end in (
        lambda share_id: home.owner.call("DELETE", f"{path}/{share_id}"),
        lambda share_id: home.stranger.call("DELETE", f"/shares/{share_id}"),
        lambda share_id: home.world.invoke("remove_child", {"email": home.stranger.email}),
    ):
        share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
        home.world.settle()
        assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
        home.world.settle()
        home.stranger.take_pushes(f"token-of-{share_id}")
        home.world.settle()
        home.camera.see(6)
        end(share_id)
        home.world.settle()


def _a_shared_device_that_goes(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    home.owner.share(home.camera.device_id, email="later@example.com")
    home.world.settle()
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    home.world.settle()


def _mails_that_do_not_arrive(home: Home) -> None:
    home.world.mail.decide("nobody@example.com", "bounced")
    home.owner.share(home.camera.device_id, email="nobody@example.com")
    home.world.settle()


def _a_factory(home: Home) -> None:
    address = lay_down(home.world, "batch.csv", f"sn,model,code,secret\nSN0060,One,{CODE},{SECRET}\nSN0061,One,x,y\n")
    assert home.world.invoke("load_devices", {"s3": address})["done"]
    address = lay_down(home.world, "wrong.csv", f"sn\nSN0060\n{home.camera.sn}\n")
    answer = home.world.invoke("unload_devices", {"s3": address})
    assert (answer["unloaded"], answer["bad"]) == (1, 1)
    shown = home.world.invoke("show_devices", {"sns": ["SN0060", home.camera.sn]})
    assert [one["state"] for one in shown["items"]] == ["absent", "owned"]


def _cameras_that_are_missed(home: Home) -> None:
    """Two, and one of them comes back; and one without a channel, whose upload comes long after its ticket."""
    other = new_camera(home.world, "SN0062", owner=home.owner)
    for camera in (home.camera, other):
        camera.connect().close()
    _disable(home, "platform-token-of-the-owner")
    home.world.advance(21 * 60)
    home.world.run_schedule("check_connections")
    home.world.settle()
    home.camera.connect()
    home.world.advance(3 * 60)
    home.world.run_schedule("check_connections")
    home.world.settle()
    ticket = other.ask_ticket().json
    home.world.advance(2 * 60)
    name = f"1/{home.world.now():%Y%m%dT%H%M%SZ}-motion-000009.jpg"
    assert home.world.upload(ticket, name, jpeg(9)).status == 204
    home.world.settle()


LIVES = (
    _a_terminal_that_its_platform_does_not_know,
    _a_factory,
    _cameras_that_are_missed,
    _mails_that_do_not_arrive,
    _a_guest,
    _a_shared_device_that_goes,
    _a_phone_number_alone,
    _children,
    _lost_second_factors,
    _a_look_into_the_log,
    _rights_exercised,
    _a_hold,
    _a_restore,
    _a_restore_of_keys,
    _a_copy_of_everything,
    _a_copy_that_was_broken_off,
    _a_channel,
    _live_video,
    _a_player,
    _pictures,
    _recordings,
    _a_clip,
    _a_face,
    _a_picture_of_a_platform,
    _a_cover,
    _an_incident,
    _a_newsletter,
    _feedback,
    _a_policy,
    _a_draw,
    _accounts_that_nobody_uses,
    _an_offer,
    _an_order,
    _an_order_by_stripe,
    _money_goes_back,
    _renews,
    _renews_by_stripe,
    _gift_cards,
    _one_phone_of_two_people,
    _a_terminal_that_never_comes_back,
    _a_terminal_that_died_while_it_was_registered,
    _an_erasure,
)
