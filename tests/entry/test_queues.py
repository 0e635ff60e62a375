"""The doors without a person: a record that fails, fails alone; and what Lambda imports carries its own door."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib import houses
from chalicelib.errors import Invalid
from chalicelib.register import catalogue
from infra.local.cloud import LocalCloud
from infra.local.functions import Context
from infra.strict_moto import FAILING_FROM, THROTTLED
from tests.conftest import Home
from tests.events import event, event_names
from tests.house.laws import ROOT
from tests.scene import jpeg

ALL_WELL = {"batchItemFailures": []}
# What S3 tells a function itself, and the queue that it filled before and Lambda fills now with what it gave up on.
OF_S3 = ("s3_notification", "s3_test")
OF_A_QUEUE_OF_S3 = ("sqs_s3_given_up", "sqs_s3_notification", "sqs_s3_test")
# Of queues that several share, who listens; the message of a push that failed says more than ids.
SHARED = {
    "Notices": (
        "inactivity.on_account_warned", "inactivity.on_terminal_seen",
        "newsletter.on_address_held", "newsletter.on_issue_due", "newsletter.on_undelivered",
        "notices.on_delivery_reported", "notices.on_recipient_named",
        "outbox.on_letter_written", "orders.on_customer_due", "orders.on_event_delayed", "orders.on_order_changed",
        "orders.on_refund_due", "orders.on_renewal_ended",
        "push.on_session_ended", "sharing.on_person_invited", "transfers.on_transfer_offered",
    ),
    "Commands": ("commands.on_command_given", "commands.on_mailbox_opened", "commands.on_settings_changed"),
    "Pushes": ("alarms.on_presence_changed", "push.on_push_failed"),
    "Cleanups": (
        "campaigns.on_consent_ended",
        "alarms.on_alarms_removed", "avatars.on_avatar_removed", "devices.on_cover_removed",
        "experience.on_consent_changed", "sharing.on_share_ended", "stock.on_ownership_ended",
    ),
    "ImageUploads": (
        "avatars.on_avatar_uploaded", "devices.on_cover_uploaded", "support.on_attachment_uploaded",
    ),
}  # fmt: skip


def shared_by(queue: str) -> tuple[str, ...]:
    """A sample event for each who listens there."""
    return tuple(f"{'sqs_push' if one == 'push.on_push_failed' else 'sqs_ids'}:{one}" for one in SHARED[queue])


# Every function that Lambda knows beside the API's, and the sample events that it must bear.
HANDLERS: dict[str, tuple[str, ...]] = {
    "chalicelib.outbox.listeners.on_mail_reported": ("ses_bounce", "ses_complaint", "ses_delivery", "ses_validation"),
    "chalicelib.alarms.listeners.on_picture_uploaded": (*OF_S3, *OF_A_QUEUE_OF_S3),
    "chalicelib.recordings.listeners.on_recording_uploaded": (*OF_S3, *OF_A_QUEUE_OF_S3),
    "chalicelib.recordings.listeners.on_recordings_removed": ("sqs_ids",),
    "chalicelib.recordings.scheduled.sweep_expired_recordings": ("schedule",),
    "chalicelib.recordings.scheduled.reconcile_recordings": ("schedule",),
    "chalicelib.recordings.scheduled.end_plans": ("schedule",),
    "chalicelib.plans.scheduled.warn_of_plan_ends": ("schedule",),
    "chalicelib.inactivity.scheduled.check_inactive_accounts": ("schedule",),
    "chalicelib.orders.scheduled.ask_for_refunds": ("schedule",),
    "chalicelib.orders.scheduled.look_up_delayed_events": ("schedule",),
    "chalicelib.orders.scheduled.renew_plans": ("schedule",),
    "chalicelib.clips.listeners.on_clip_requested": ("sqs_ids",),
    "chalicelib.clips.scheduled.delete_unreadable_clips": ("schedule",),
    "chalicelib.clips.scheduled.sweep_expired_clips": ("schedule",),
    "chalicelib.invoices.listeners.on_invoice_issued": ("sqs_ids",),
    "chalicelib.invoices.scheduled.sweep_expired_invoices": ("schedule",),
    "chalicelib.identities.listeners.on_picture_offered": ("sqs_ids",),
    "chalicelib.shared_queues.on_notice_due": shared_by("Notices"),
    "chalicelib.shared_queues.on_command_due": shared_by("Commands"),
    "chalicelib.shared_queues.on_push_due": shared_by("Pushes"),
    "chalicelib.shared_queues.on_cleanup_due": shared_by("Cleanups"),
    "chalicelib.shared_queues.on_image_uploaded": ("sqs_s3_avatar", "sqs_s3_cover", "sqs_s3_test"),
    "chalicelib.privacy.listeners.on_erasure_begun": ("sqs_ids",),
    "chalicelib.privacy.listeners.on_export_asked": ("sqs_ids",),
    "chalicelib.entry.forwarding.forward_item_changes": ("dynamodb_stream",),
    "chalicelib.entry.forwarding.forward_ledger_changes": ("dynamodb_stream",),
    "chalicelib.alarms.scheduled.sweep_expired_pictures": ("schedule",),
    "chalicelib.live.scheduled.sweep_live_video": ("schedule",),
    "chalicelib.avatars.scheduled.sweep_expired_uploads": ("schedule",),
    "chalicelib.devices.scheduled.sweep_expired_cover_uploads": ("schedule",),
    "chalicelib.stock.scheduled.check_connections": ("schedule",),
    "chalicelib.privacy.scheduled.resume_erasures": ("schedule",),
    "chalicelib.privacy.scheduled.sweep_expired_archives": ("schedule",),
    "chalicelib.privacy.scheduled.end_holds": ("schedule",),
    "chalicelib.stock.operations.load_devices": ("operation",),
    "chalicelib.stock.operations.unload_devices": ("operation",),
    "chalicelib.stock.operations.show_devices": ("operation",),
    "chalicelib.privacy.operations.show_erasures": ("operation",),
    "chalicelib.privacy.operations.show_objections": ("operation",),
    "chalicelib.policy.operations.publish_policy": ("operation",),
    "chalicelib.support.operations.answer_feedback": ("operation",),
    "chalicelib.support.operations.show_feedback": ("operation",),
    "chalicelib.support.scheduled.sweep_expired_attachments": ("schedule",),
    "chalicelib.privacy.operations.answer_objection": ("operation",),
    "chalicelib.privacy.operations.show_proposals": ("operation",),
    "chalicelib.privacy.operations.propose_hold": ("operation",),
    "chalicelib.privacy.operations.approve_hold": ("operation",),
    "chalicelib.privacy.operations.propose_disclose": ("operation",),
    "chalicelib.privacy.operations.approve_disclose": ("operation",),
    "chalicelib.invoices.operations.close_month": ("operation",),
    "chalicelib.privacy.operations.replay_erasures": ("operation",),
    "chalicelib.privacy.operations.restore_keys": ("operation",),
    "chalicelib.privacy.operations.remove_child": ("operation",),
    "chalicelib.privacy.operations.read_api_log": ("operation",),
    "chalicelib.gift_cards.operations.issue_gift_cards": ("operation",),
    "chalicelib.gift_cards.operations.revoke_gift_cards": ("operation",),
    "chalicelib.gift_cards.operations.report_gift_cards": ("operation",),
    "chalicelib.sessions.operations.remove_second_factors": ("operation",),
    "chalicelib.notices.operations.announce": ("operation",),
    "chalicelib.notices.operations.declare_incident": ("operation",),
    "chalicelib.notices.operations.record_incident_step": ("operation",),
    "chalicelib.campaigns.operations.open_campaign": ("operation",),
    "chalicelib.campaigns.operations.draw_winners": ("operation",),
    "chalicelib.newsletter.operations.send_newsletter": ("operation",),
    "chalicelib.newsletter.operations.forget_subscriber": ("operation",),
    "chalicelib.notices.scheduled.check_incident_deadlines": ("schedule",),
}
# Declared in app.py, which tests/entry/test_channel.py calls.
OF_THE_CHANNEL = ("ws_connect", "ws_disconnect", "ws_message")
PAIRS = [f"{handler} {name}" for handler, names in HANDLERS.items() for name in names]


def on_picture_uploaded(asked: Any) -> Any:
    from chalicelib.alarms import listeners

    return listeners.on_picture_uploaded(asked, Context("on_picture_uploaded", "r", 60))


def batch(*bodies: str) -> dict[str, Any]:
    """One message for each body, m0 and so on."""
    (sample,) = event("sqs_s3_notification")["Records"]
    return {"Records": [{**sample, "messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def failed(answer: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def uploaded(key: str) -> str:
    return json.dumps({"Records": [{"eventTime": "2026-01-05T08:00:00.000Z", "s3": {"object": {"key": key}}}]})


# ── As Lambda calls them ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_function_of_the_app_is_called_here(world: LocalCloud) -> None:
    from app import app

    declared = {one.handler_string for one in [*app.event_sources, *app.pure_lambda_functions]}
    # What has an address of its own is asked as players ask (tests/live/test_function_url.py).
    assert declared - {"chalicelib.live.function_urls.show_live"} == set(HANDLERS)
    samples = {name.partition(":")[0] for names in HANDLERS.values() for name in names}
    assert samples | {"rest_v1", "function_url", *OF_THE_CHANNEL} == {*event_names(), "operation"}


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What each function answered that is called this time."""
    tests = [one for one in request.session.items if isinstance(one, pytest.Function)]
    # Others' fixtures may be called so, too.
    ours = [one for one in tests if one.module is request.module and "said" in one.fixturenames]
    pairs = [one.callspec.params["pair"] for one in ours]
    ran = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-m", "tests.entry.handlers", *pairs], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert told["imported before"] == []
    return told


@pytest.mark.one_in(2)
@pytest.mark.parametrize("pair", PAIRS)
def test_what_lambda_imports_carries_its_own_door(said: dict[str, Any], pair: str) -> None:
    if (name := pair.partition(" ")[0].rpartition(".")[2]).startswith(("propose_", "approve_")):
        # Nobody has signed it, and nothing was proposed.
        refusal = "IdentityNotProved" if name.startswith("propose_") else "NotFound"
        assert said[pair]["fault"].startswith(refusal)
        return
    assert "fault" not in said[pair]
    answer = said[pair]["answer"]
    expected = {"schedule": dict, "operation": dict, **dict.fromkeys(OF_S3, type(None))}.get(pair.split()[1])
    assert isinstance(answer, expected) if expected else answer == ALL_WELL
    if pair.endswith(".load_devices operation"):
        assert answer == {"loaded": 1, "unchanged": 0, "bad_rows": []}


# ── Queues ───────────────────────────────────────────────────────────────────────────────────────────────────────────

POISON = ["", "not JSON", "null", "[]", "7", '"text"', '{"Records": 7}', '{"Records": [{}]}']
POISON += ['{"Records": [{"s3": {}}]}', uploaded("").replace("2026", "soon")]
# What nobody writes into this queue now, and another version may have.
POISON += ["{}", '{"Event": "s3:ObjectRemoved:*"}', '{"payload": {"Records": []}}']


@pytest.mark.parametrize("poison", POISON)
def test_a_poisoned_message_fails_alone(home: Home, poison: str) -> None:
    ticket = home.camera.ask_ticket().json
    names = [f"1/{home.world.now():%Y%m%dT%H%M%SZ}-person-{number:06d}.jpg" for number in (71, 72)]
    for number, name in enumerate(names):
        assert home.world.upload(ticket, name, jpeg(number)).status == 204
    good, better = (uploaded(ticket["key_prefix"] + name) for name in names)
    assert failed(on_picture_uploaded(batch(good, poison, better))) == ["m1"]
    assert len(home.owner.alarms(home.camera.device_id, type="person")) == 2


def test_a_batch_of_nothing_but_poison_fails_message_by_message(world: LocalCloud) -> None:
    assert failed(on_picture_uploaded(batch(*POISON))) == [f"m{number}" for number in range(len(POISON))]


def test_a_failure_is_logged_by_its_kind_and_place_without_the_message(home: Home) -> None:
    asked = batch("ola@example.com")
    home.world.functions.call("on_picture_uploaded", lambda asked, _: on_picture_uploaded(asked), asked)
    line = json.loads(home.world.logs.lines()[-1])
    assert (line["door"], line["fault"], line["level"]) == ("on_picture_uploaded", "JSONDecodeError", "ERROR")
    assert line["at"] and "ola" not in json.dumps(line)


def test_messages_wait_while_aws_is_down_and_are_delivered_when_it_is_back(home: Home) -> None:
    home.camera.upload(7, kind="person")
    home.world.faults.fail(1, FAILING_FROM)
    ticket_key = "alarms/20260105/" + "a" * 26 + "/1/20260105T080000Z-motion-000001.jpg"
    assert failed(on_picture_uploaded(batch(uploaded(ticket_key), uploaded(ticket_key)))) == ["m0", "m1"]
    home.world.faults.clear()
    home.world.settle()
    assert len(home.owner.alarms(home.camera.device_id, type="person")) == 1


class Late(Context):
    """Of a function whose records take so long each."""

    def __init__(self, seconds: float, takes: float) -> None:
        super().__init__("slow", "r", seconds)
        self._left_ms, self._takes_ms = int(seconds * 1000), int(takes * 1000)

    def get_remaining_time_in_millis(self) -> int:
        self._left_ms -= self._takes_ms
        return self._left_ms


@pytest.mark.parametrize(("takes", "taken"), [(0, 10), (4, 5), (10, 2), (60, 1)])
def test_a_batch_that_takes_too_long_gives_back_what_it_has_no_time_for(
    world: LocalCloud, takes: float, taken: int
) -> None:
    """Or the function is killed in the middle of a message, and those that are done come again with it."""
    from chalicelib.alarms import listeners

    context = Late(29, takes)
    asked = batch(*(uploaded(f"alarms/20260105/nobody/{number}") for number in range(10)))
    began = len(world.logs.lines())
    with world.logs.of_function():
        answer = listeners.on_picture_uploaded(asked, context)
    assert failed(answer) == [f"m{number}" for number in range(taken, 10)]
    assert len(world.logs.lines()) - began == taken  # what was never begun is no fault


def test_a_batch_reads_once_what_its_messages_have_in_common(home: Home) -> None:
    names = [f"1/20260105T080000Z-motion-gone{number}.jpg" for number in range(10)]
    bodies = [uploaded(f"alarms/20260105/{home.camera.device_id}/{name}") for name in names]
    home.world.trace.clear()
    assert on_picture_uploaded(batch(*bodies)) == ALL_WELL
    assert [call.name for call in home.world.trace if call.service == "dynamodb"] == ["dynamodb.BatchGetItem"]


# ── Queues that several listeners share ──────────────────────────────────────────────────────────────────────────────


def declared_shared() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for module in houses.modules("listeners"):
        for queue, name in importlib.import_module(module).listeners.sharing:
            found.setdefault(queue, []).append(f"{module.split('.')[1]}.{name}")
    return {queue: tuple(sorted(names)) for queue, names in found.items()}


def test_every_listener_of_a_shared_queue_is_called_here(world: LocalCloud) -> None:
    assert declared_shared() == {queue: tuple(sorted(names)) for queue, names in SHARED.items()}


def test_whom_records_of_a_shared_queue_are_told_to_listens_there() -> None:
    named = {(one.stream_queue, one.stream_listener) for one in catalogue.RECORDS if one.stream_queue is not None}
    assert {queue for queue, listener in named if listener is None}.isdisjoint(SHARED)
    for queue, listener in named:
        assert listener is None or listener in SHARED[str(queue)]


def notices(*listeners: str) -> dict[str, Any]:
    return batch(*(json.dumps({"listener": one, "partition_id": "p", "sort_id": "s"}) for one in listeners))


def test_a_message_goes_to_the_listener_that_it_names_and_one_that_fails_fails_alone(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib import shared_queues
    from chalicelib.orders import listeners as orders
    from chalicelib.outbox import listeners as outbox

    told: list[tuple[Any, int]] = []

    def fail(message: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setitem(orders.listeners.sharing, ("Notices", "on_order_changed"), fail)
    note = lambda message: told.append((message.body, message.tries))  # noqa: E731  # a listener of one line
    monkeypatch.setitem(outbox.listeners.sharing, ("Notices", "on_letter_written"), note)
    letter, order = "outbox.on_letter_written", "orders.on_order_changed"
    answer = shared_queues.on_notice_due(notices(letter, order, letter), Context("on_notice_due", "r", 60))
    assert failed(answer) == ["m1"]
    assert told == [({"partition_id": "p", "sort_id": "s"}, 1)] * 2


@pytest.mark.parametrize(
    "body",
    [
        "not JSON", "null", "7", "{}", '{"listener": null}', '{"listener": "nobody.on_letter_written"}',
        '{"listener": "outbox.on_nothing"}', '{"listener": "outbox"}', '{"listener": "aws.sqs"}',
        # Of another queue, whose function has other rights.
        '{"listener": "stock.on_ownership_ended"}',
    ],
)  # fmt: skip
def test_a_message_for_nobody_fails_alone_and_is_logged_where_it_came(world: LocalCloud, body: str) -> None:
    from chalicelib import shared_queues

    with world.logs.of_function():
        answer = shared_queues.on_notice_due(batch(body), Context("on_notice_due", "r", 60))
    assert failed(answer) == ["m0"]
    line = json.loads(world.logs.lines()[-1])
    assert (line["door"], "fault" in line) == ("on_notice_due", True)


# ── Streams ──────────────────────────────────────────────────────────────────────────────────────────────────────────


FIRST, SECOND = "111000000000000000000001", "222000000000000000000002"


@pytest.mark.parametrize(("nth", "again"), [(1, [FIRST]), (2, [SECOND])])
def test_a_change_that_cannot_be_forwarded_keeps_no_other_house_waiting(
    world: LocalCloud, nth: int, again: list[str]
) -> None:
    from chalicelib.entry import forwarding

    asked = event("dynamodb_stream")
    # Another house's, whose queue is another one.
    asked["Records"][1]["dynamodb"]["Keys"] = {"pk": {"S": "device#d"}, "sk": {"S": "camera#c"}}
    world.faults.fail(nth, THROTTLED)
    answer = forwarding.forward_item_changes(asked, Context("f", "r", 60))
    assert failed(answer) == again
    world.faults.clear()
    assert forwarding.forward_item_changes(asked, Context("f", "r", 60)) == ALL_WELL


def changes(count: int, kinds: Sequence[str] = ("order",)) -> dict[str, Any]:
    """Creations of these kinds of records in turn, numbered from 1."""
    sample = event("dynamodb_stream")["Records"][0]
    records = []
    for number in range(1, count + 1):
        where = {"pk": {"S": "account#a"}, "sk": {"S": f"{kinds[number % len(kinds)]}#{number}"}}
        told = {**sample["dynamodb"], "Keys": where, "SequenceNumber": str(number)}
        records.append({**sample, "dynamodb": told})
    return {"Records": records}


def test_changes_for_one_house_are_sent_ten_together(world: LocalCloud) -> None:
    from chalicelib.entry import forwarding

    world.trace.clear()
    asked = changes(25, ("order", "avatar-removal"))
    assert forwarding.forward_item_changes(asked, Context("f", "r", 60)) == ALL_WELL
    sent = [call for call in world.trace if call.name == "sqs.SendMessageBatch"]
    assert sorted(len(call.params["Entries"]) for call in sent) == [2, 3, 10, 10]
    said = {(call.params["QueueUrl"], ids["sort_id"]) for call in sent for ids in messages_of(call)}
    assert len(said) == 25 and len({queue for queue, _ in said}) == 2


def test_of_messages_sent_together_each_comes_again_if_one_was_not_taken(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.aws import sqs
    from chalicelib.entry import forwarding

    answers = iter([b"{}", b'{"Failed":[{"Id":"1","Code":"InternalError","SenderFault":false}]}', b"{}"])
    monkeypatch.setattr(sqs, "call", lambda *_: next(answers))
    answer = forwarding.forward_item_changes(changes(25), Context("f", "r", 60))
    assert failed(answer) == [str(number) for number in range(11, 21)]


@pytest.mark.parametrize(("takes", "left"), [(0, 0), (8, 5), (20, 15)])
def test_a_batch_of_changes_that_takes_too_long_is_told_again_from_where_it_came_to(
    world: LocalCloud, takes: float, left: int
) -> None:
    from chalicelib.entry import forwarding

    answer = forwarding.forward_item_changes(changes(25), Late(25, takes))
    assert failed(answer) == [str(number) for number in range(26 - left, 26)]


def messages_of(call: Any) -> list[dict[str, str]]:
    return [json.loads(entry["MessageBody"]) for entry in call.params["Entries"]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, True),
        ({"eventName": "MODIFY"}, True),  # orders are told of whenever they change
        ({"eventName": "REMOVE"}, False),
        ({"sk": "session#x"}, False),
        ({"sk": "session#x", "eventName": "REMOVE"}, True),  # of sessions when they end
        ({"sk": "retired-kind#x"}, False),
        ({"pk": "device#d", "sk": "removal#r"}, True),
        ({"pk": "device#d", "sk": "removal#r", "eventName": "MODIFY"}, False),
        ({"pk": "device#d", "sk": "order#x"}, False),
    ],
)
def test_what_a_house_listens_to_is_forwarded_with_ids_only(
    world: LocalCloud, change: dict[str, str], told: bool
) -> None:
    from chalicelib.entry import forwarding

    record = event("dynamodb_stream")["Records"][0]
    record["eventName"] = change.get("eventName", "INSERT")
    for name in ("pk", "sk"):
        record["dynamodb"]["Keys"][name]["S"] = change.get(name, record["dynamodb"]["Keys"][name]["S"])
    world.trace.clear()
    assert forwarding.forward_item_changes({"Records": [record]}, Context("f", "r", 60)) == ALL_WELL
    sent = [ids for call in world.trace if call.name == "sqs.SendMessageBatch" for ids in messages_of(call)]
    assert len(sent) == told
    assert all(message.keys() - {"listener"} == {"partition_id", "sort_id"} for message in sent)


# ── The clock and the operators ──────────────────────────────────────────────────────────────────────────────────────


def test_a_job_that_fails_is_logged_and_rings_the_alarm(world: LocalCloud) -> None:
    world.faults.fail(1, FAILING_FROM)
    with pytest.raises(Exception, match=r"503|ServiceUnavailable|busy"):
        world.run_schedule("resume_erasures")
    ours = [json.loads(text) for text in world.logs.lines() if text.startswith("{")]
    assert (ours[-1]["door"], "fault" in ours[-1]) == ("resume_erasures", True)


def test_an_operator_is_told_what_was_wrong_and_the_log_only_its_code(world: LocalCloud) -> None:
    for asked in ({"devices": 5}, {"cameras": []}, [], None):
        with pytest.raises(Invalid) as refusal:
            world.invoke("load_devices", asked)
        assert refusal.value.details["fields"]
    ours = [json.loads(text) for text in world.logs.lines() if text.startswith("{")]
    assert (ours[-1]["code"], "fault" in ours[-1]) == ("Invalid", False)
