"""What leaves for the outside world: pushes of ids only, mails in two languages."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from chalicelib.aws import ses, sms, sns
from chalicelib.aws.clients import client
from chalicelib.settings import settings
from chalicelib.words import LANGUAGES
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from infra.strict_moto import FAILING_FROM
from tests.scene import is_nothing_sent

HOUSES = Path(ses.__file__).parents[1]
TEMPLATES = sorted(str(path.relative_to(HOUSES)).removesuffix(".en.txt") for path in HOUSES.glob("*/mail/*.en.txt"))
VALUES = {"code": "123456", "minutes": 10, "days": 7, "operator": "<b>Ola & Co</b>"}
VALUES |= {"url": "https://example.com/erasures/x"}
VALUES |= {"contact": "help@example.com", "plan": "Events", "price": "4.99 EUR", "invoice_number": "S-2026-000001"}
VALUES |= {"title": "News", "text": "On Sunday.", "granted": False, "grounds": "It is so.", "ends_on": "2026-02-05"}
VALUES |= {"again_on": "2026-01-08", "purpose": "Asking for a rating"}
VALUES |= {"os": "Android 16", "model": "Pixel 9", "at": "2026-01-05 08:00 UTC"}
VALUES |= {"platform": "Google", "is_totp": True, "left": 9}
VALUES |= {"address": "zed@example.com", "device": "Front door"}
VALUES |= {"reason": "order_paid", "reference": "pay-1", "outcome": "opened", "amount": "2.99 EUR"}
VALUES |= {"credit_note_number": "K-2026-000001", "basis": "II Kp 17/26", "hours": 24}
VALUES |= {"unsubscribe_url": "https://example.com/newsletter/unsubscribe?token=t"}
VALUES |= {"subject": "grace_began", "until": "2026-02-04", "gone": "2026-02-11", "is_free": False}


@pytest.fixture
def endpoint(world: LocalCloud) -> str:
    application = settings.platform_application_arn("fcm")
    made = client("sns").create_platform_endpoint(PlatformApplicationArn=application, Token="a-phone's-token")
    return str(made["EndpointArn"])


@pytest.fixture
def iphone(world: LocalCloud) -> str:
    application = settings.platform_application_arn("apns")
    made = client("sns").create_platform_endpoint(PlatformApplicationArn=application, Token="an-iphone's-token")
    return str(made["EndpointArn"])


IDS = {"device_id": "d", "alarm_id": "a"}
ALARM = sns.Push("ALARM", "a", "d", timedelta(hours=24), IDS)


def test_a_push_wakes_an_android_phone_at_once_and_is_not_kept_for_ever(world: LocalCloud, endpoint: str) -> None:
    assert sns.send(endpoint, ALARM) is True
    (pushed,) = world.outbox("a-phone's-token")
    android = {"priority": "high", "ttl": "86400s", "collapse_key": "d"}
    assert (pushed["data"], pushed["text"]) == ({"data": IDS, "android": android}, "")
    assert all(isinstance(value, str) for value in pushed["data"]["data"].values())  # FCM takes no others
    (call,) = (call for call in world.trace.calls if call.operation == "Publish")
    sent = json.loads(json.loads(call.params["Message"])["GCM"])
    assert sent == {"fcmV1Message": {"message": pushed["data"]}}


def test_a_push_is_an_alert_with_a_sound_on_an_iphone_and_nothing_else(world: LocalCloud, iphone: str) -> None:
    assert sns.send(iphone, ALARM) is True
    (pushed,) = world.outbox("an-iphone's-token")
    aps = {"alert": {"loc-key": "ALARM"}, "sound": "default", "mutable-content": 1}
    assert pushed["data"] == {"aps": aps, **IDS}
    (call,) = (call for call in world.trace.calls if call.operation == "Publish")
    said = {name: value["StringValue"] for name, value in call.params["MessageAttributes"].items()}
    assert said == {
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
        "AWS.SNS.MOBILE.APNS.PRIORITY": "10",
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": "a",
        "AWS.SNS.MOBILE.APNS.TTL": "86400",
        "AWS.SNS.MOBILE.APNS_SANDBOX.TTL": "86400",
    }


def test_a_terminal_that_was_disabled_or_forgotten_is_not_reachable(world: LocalCloud, endpoint: str) -> None:
    assert sns.send(endpoint, ALARM) is True
    client("sns").set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    assert sns.send(endpoint, ALARM) is False
    sns.close_endpoint(endpoint)
    assert sns.send(endpoint, ALARM) is False
    sns.close_endpoint(endpoint)
    assert len(world.outbox("a-phone's-token")) == 1


def test_a_message_of_ours_that_is_not_well_made_makes_no_terminal_unreachable(
    world: LocalCloud, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SNS says InvalidParameter of both."""
    monkeypatch.setattr(sns.Push, "message", '{"GCM": "no default"}')
    with pytest.raises(sns.NotSent) as failure:
        sns.send(endpoint, ALARM)
    assert "InvalidParameter" in str(failure.value.__cause__)


def test_a_push_that_fails_otherwise_is_a_fault(world: LocalCloud, endpoint: str) -> None:
    world.faults.fail(1, FAILING_FROM)
    with pytest.raises(sns.NotSent):
        sns.send(endpoint, ALARM)


def test_every_mail_is_there_in_each_language() -> None:
    there = sorted(str(path.relative_to(HOUSES)) for path in HOUSES.glob("*/mail/*.txt"))
    assert there == sorted(f"{template}.{language}.txt" for template in TEMPLATES for language in LANGUAGES)
    assert TEMPLATES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_says_its_subject_first_and_marks_nothing_up(world: LocalCloud, template: str, language: str) -> None:
    ses.send("ola@example.com", template, language, tags={}, headers={}, **VALUES)
    (sent,) = world.outbox("ola@example.com")
    assert sent["subject"] and "\n" not in sent["subject"]
    assert sent["subject"] not in sent["text"]
    assert f'lang="{language}"' in sent["html"]
    assert "<b>Ola" not in sent["html"] and "{{" not in sent["text"] + sent["html"]
    if "operator" in (HOUSES / f"{template}.{language}.txt").read_text():
        assert "<b>Ola & Co</b>" in sent["text"] and "&lt;b&gt;Ola &amp; Co&lt;/b&gt;" in sent["html"]


# The text of a notice is all its own.
@pytest.mark.parametrize("template", [one for one in TEMPLATES if one != "notices/mail/notice"])
def test_the_languages_of_a_mail_differ_and_use_the_same_values(template: str) -> None:
    import re

    english, polish = ((HOUSES / f"{template}.{language}.txt").read_text() for language in ("en", "pl"))
    assert english != polish and set("ąćęłńóśźż") & set(polish.lower()) and not set("ąćęłńśźż") & set(english.lower())
    used = [set(re.findall(r"{{\s*(\w+)", text)) for text in (english, polish)]
    assert used[0] == used[1]


def test_a_mail_that_lacks_a_value_is_not_sent(world: LocalCloud) -> None:
    with pytest.raises(UndefinedError):
        ses.send("ola@example.com", "contacts/mail/code", "en", tags={}, headers={})
    assert is_nothing_sent(world)


@pytest.mark.parametrize("sender_id", ["", "Sowa"])
def test_a_text_message_comes_from_the_name_that_was_registered(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, sender_id: str
) -> None:
    monkeypatch.setenv("TEXT_SENDER_ID", sender_id)
    module_caches.forget_settings()
    sms.send("+48601234567", "contacts/mail/code", "en", **VALUES)
    (sent,) = (call for call in world.trace if call.name == "sns.Publish")
    said = {name.rpartition(".")[2]: one["StringValue"] for name, one in sent.params["MessageAttributes"].items()}
    assert said == {"SMSType": "Transactional", **({"SenderID": sender_id} if sender_id else {})}
    module_caches.forget_settings()
