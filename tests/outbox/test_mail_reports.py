"""What the mail provider reports of mails: others have us write no more to an address that bounced or complained, and
its own owner is written to as before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.outbox.actions import reports
from chalicelib.settings import settings
from chalicelib.store.records import read
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.events import event
from tests.scene import Person, rows

BAD = "nobody@example.com"


def mails(world: LocalCloud, to: str = BAD) -> int:
    return sum(one["kind"] == "email" for one in world.outbox(to))


def noted(world: LocalCloud) -> list[dict[str, Any]]:
    world.settle()
    return rows(world, "address/undelivered")


def invite(home: Home, to: str = BAD) -> None:
    assert home.owner.share(home.camera.device_id, email=to).status == 201
    home.world.settle()


@pytest.mark.parametrize(("outcome", "count"), [("bounced", "bounces"), ("complained", "complaints")])
def test_who_was_not_reached_or_did_not_want_it_is_invited_by_mail_no_more(
    home: Home, outcome: str, count: str
) -> None:
    home.world.mail.decide(BAD, outcome)
    invite(home)
    assert mails(home.world) == 1
    (row,) = noted(home.world)
    assert (row[count], BAD in json.dumps(home.world.dump()["tables"])) == (1, False)
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, email=BAD)
    home.world.settle()
    assert mails(home.world) == 1


def test_what_arrives_is_noted_nowhere(home: Home) -> None:
    invite(home)
    assert mails(home.world) == 1
    assert noted(home.world) == []
    home.world.mail.decide("bounced@example.com", "bounced")
    invite(home, "bounced@example.com")
    assert len(noted(home.world)) == 1


def test_codes_and_what_concerns_ones_own_account_are_sent_in_any_case(world: LocalCloud) -> None:
    """A report may be wrong, and nobody may be locked out by it."""
    person = Person(world, BAD)
    world.mail.decide(BAD, "bounced")
    registration_id = person.register()
    assert noted(world)
    assert person.confirm(registration_id).status == 201
    before = mails(world)
    assert world.call("POST", "/password-resets", {"email": BAD}).status == 202
    assert mails(world) == before + 1


def test_a_report_is_forgotten_after_ninety_days(home: Home) -> None:
    home.world.mail.decide(BAD, "bounced")
    invite(home)
    assert noted(home.world)
    home.world.mail.decide(BAD, "delivered")
    home.world.clock.move_to(home.world.now().timestamp() + 90 * 86_400)
    where = reports.key_of(noted(home.world)[0]["pk"].partition("#")[2])
    assert reports.may_be_written_to(read(where)[0])


def take(name: str, **changes: Any) -> None:
    notification = json.loads(event(name)["Records"][0]["body"])
    if changes:
        told = json.loads(notification["Message"])
        (part,) = (part for part in ("bounce", "complaint") if part in told)
        told[part] |= changes
        notification["Message"] = json.dumps(told)
    reports.take_report(notification)


def test_a_report_that_comes_twice_counts_once_and_another_counts_again(world: LocalCloud) -> None:
    for _ in range(2):
        take("ses_bounce")
    (row,) = noted(world)
    assert row["bounces"] == 1
    take("ses_bounce", feedbackId="another")
    take("ses_complaint")
    (row,) = noted(world)
    assert (row["bounces"], row["complaints"]) == (2, 1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("ses_delivery", {}),
        ("ses_validation", {}),
        ("ses_bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}),
        ("ses_bounce", {"bounceType": "Undetermined"}),
        ("ses_complaint", {"complaintFeedbackType": "not-spam"}),
    ],
)
def test_what_says_nothing_against_an_address_changes_nothing(
    world: LocalCloud, name: str, changes: dict[str, Any]
) -> None:
    world.trace.clear()
    take(name, **changes)
    assert list(world.trace) == []
    take("ses_bounce")
    assert noted(world)  # it would have been seen


def test_a_mail_is_sent_with_the_set_whose_events_we_hear_and_another_is_refused(world: LocalCloud) -> None:
    world.trace.clear()
    Person(world, "ola@example.com").register()
    (sent,) = (call for call in world.trace if call.name == "sesv2.SendEmail")
    assert sent.params["ConfigurationSetName"] == settings.mail_configuration_set
    with pytest.raises(Exception, match="does not exist"):
        client("sesv2").send_email(**{**sent.params, "ConfigurationSetName": "nobody-made-it"})


def test_no_line_of_the_log_says_whose_mail_it_was(home: Home) -> None:
    home.world.mail.decide(BAD, "bounced")
    invite(home)
    lines = [line for line in home.world.logs.lines() if "on_mail_reported" in line]
    assert lines and not [line for line in lines if "nobody" in line]
