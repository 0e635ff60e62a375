"""What leaves for the outside world is seen, once for each time that it left."""

from __future__ import annotations

import json
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.cloud import LocalCloud
from infra.local.sent_messages import _CODE, Outbox
from infra.strict_moto import DIES_BEFORE, LOST_REPLY, Crash
from tests.infra.toycloud import house

SENDER = "Sowa <no-reply@sowa.example>"
AT = "2026-01-05T08:00:00Z"


def _mail(to: str = "ala@sowa.example", text: str = "Your code is 123456.") -> None:
    house.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "Kod"}, "Body": {"Text": {"Data": text}}}},
    )


def _endpoint(token: str = "token-1") -> str:
    application = house.os.environ["FCM_APPLICATION_ARN"]
    answer = house.client("sns").create_platform_endpoint(PlatformApplicationArn=application, Token=token)
    return answer["EndpointArn"]  # type: ignore[no-any-return]


def test_a_mail_is_seen_with_its_code(cloud: LocalCloud) -> None:
    _mail()
    assert cloud.outbox() == [
        {
            "kind": "email", "to": "ala@sowa.example", "at": AT, "code": "123456", "subject": "Kod",
            "text": "Your code is 123456.",
        }
    ]  # fmt: skip


def test_the_newest_comes_first_and_each_to_whom_it_is_for(cloud: LocalCloud) -> None:
    _mail("ala@sowa.example", "first")
    _mail("ola@sowa.example", "second")
    cloud.advance(1)
    _mail("ala@sowa.example", "third")
    assert [sent["text"] for sent in cloud.outbox()] == ["third", "second", "first"]
    assert [sent["text"] for sent in cloud.outbox("ala@sowa.example")] == ["third", "first"]
    assert cloud.outbox("nobody@sowa.example") == []
    assert cloud.outbox()[0]["at"] == "2026-01-05T08:00:01Z"


def test_both_bodies_of_a_mail_are_seen_and_markup_alone_becomes_text(cloud: LocalCloud) -> None:
    client = house.client("sesv2")
    body: dict[str, Any] = {"Text": {"Data": "plain"}, "Html": {"Data": "<p>rich</p>"}}
    for _ in range(2):
        content = {"Simple": {"Subject": {"Data": "s"}, "Body": dict(body)}}
        client.send_email(FromEmailAddress=SENDER, Destination={"ToAddresses": ["a@sowa.example"]}, Content=content)
        body.pop("Text", None)
        body["Html"]["Data"] = "<style>.x{color:#112233}</style><p>rich &amp; <b>654321</b></p>"
    newest, oldest = cloud.outbox()
    assert (oldest["text"], oldest["html"]) == ("plain", "<p>rich</p>")
    assert "rich &" in newest["text"]
    assert newest["code"] == "654321"


def test_the_older_mail_api_is_seen_too(cloud: LocalCloud) -> None:
    house.client("ses").send_email(
        Source=SENDER,
        Destination={"ToAddresses": ["Ala <ala@sowa.example>"], "BccAddresses": ["ola@sowa.example"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}, "Html": {"Data": "<p>t</p>"}}},
    )
    assert [(sent["to"], sent["text"], sent["html"]) for sent in cloud.outbox()] == [
        ("ola@sowa.example", "t", "<p>t</p>"),
        ("ala@sowa.example", "t", "<p>t</p>"),
    ]


@pytest.mark.parametrize("version", ["ses", "sesv2"])
def test_raw_mails_are_read(cloud: LocalCloud, version: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, "Ala <ala@sowa.example>", "Zażółć"
    mail.set_content("Kod: 000111")
    mail.add_alternative("<p>Kod: 000111</p>", subtype="html")
    if version == "ses":
        house.client("ses").send_raw_email(Source=SENDER, RawMessage={"Data": bytes(mail)})
    else:
        house.client("sesv2").send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": ["ala@sowa.example"]},
            Content={"Raw": {"Data": bytes(mail)}},
        )
    [sent] = cloud.outbox()
    assert (sent["to"], sent["subject"], sent["code"]) == ("ala@sowa.example", "Zażółć", "000111")
    assert sent["text"].strip() == "Kod: 000111"


def test_a_text_message_is_seen(cloud: LocalCloud) -> None:
    house.client("sns").publish(PhoneNumber="+48600100200", Message="Sowa: 042424")
    assert cloud.outbox("+48600100200") == [
        {"kind": "sms", "to": "+48600100200", "at": AT, "code": "042424", "text": "Sowa: 042424"}
    ]


def test_a_push_is_seen_by_its_token_with_its_payload(cloud: LocalCloud) -> None:
    payload = {"fcmV1Message": {"message": {"notification": {"body": "Somebody is at the door"}, "data": {"id": "1"}}}}
    house.client("sns").publish(
        TargetArn=_endpoint(),
        MessageStructure="json",
        Message=json.dumps({"default": "", "GCM": json.dumps(payload)}),
    )
    [sent] = cloud.outbox("token-1")
    # What FCM gets: the wrapping is between us and SNS.
    assert sent["data"] == payload["fcmV1Message"]["message"]
    assert (sent["kind"], sent["text"]) == ("push", "Somebody is at the door")
    assert "code" not in sent


def test_a_push_of_plain_text_is_seen(cloud: LocalCloud) -> None:
    house.client("sns").publish(TargetArn=_endpoint(), Message="ring")
    [sent] = cloud.outbox()
    assert sent["text"] == "ring"
    assert "data" not in sent


def test_what_was_refused_did_not_leave(cloud: LocalCloud) -> None:
    arn = _endpoint()
    house.client("sns").set_endpoint_attributes(EndpointArn=arn, Attributes={"Enabled": "false"})
    with pytest.raises(ClientError):
        house.client("sns").publish(TargetArn=arn, Message="ring")
    with pytest.raises(ClientError):
        house.client("sesv2").send_email(
            FromEmailAddress="somebody@elsewhere.example",
            Destination={"ToAddresses": ["a@sowa.example"]},
            Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        )
    assert cloud.outbox() == []
    _mail()
    assert len(cloud.outbox()) == 1


def test_what_died_on_the_way_did_not_leave_and_what_lost_its_reply_left_twice(cloud: LocalCloud) -> None:
    cloud.faults.fail(1, DIES_BEFORE)
    with pytest.raises(Crash):
        _mail()
    assert cloud.outbox() == []
    cloud.faults.fail(1, LOST_REPLY)
    _mail()
    assert len(cloud.outbox()) == 2


def test_a_template_that_ses_keeps_is_not_passed_over(cloud: LocalCloud) -> None:
    with pytest.raises(NotImplementedError):
        house.client("ses").send_templated_email(
            Source=SENDER, Destination={"ToAddresses": ["a@sowa.example"]}, Template="t", TemplateData="{}"
        )


def test_the_outbox_goes_back_with_the_world(cloud: LocalCloud) -> None:
    _mail(text="kept")
    before = cloud.snapshot()
    _mail(text="undone")
    cloud.restore(before)
    assert [sent["text"] for sent in cloud.outbox()] == ["kept"]
    _mail(text="after")
    cloud.restore(before)
    assert [sent["text"] for sent in cloud.outbox()] == ["kept"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Kod 123456", "123456"),
        ("123456 is your code.", "123456"),
        ("(123456)", "123456"),
        ("code:\n123456\n", "123456"),
        ("call +48600100", None),
        ("1234567", None),
        ("color #123456", None),
        ("https://sowa.example/x/123456", None),
        ("12345", None),
    ],
)
def test_a_code_is_six_digits_and_no_part_of_something_else(text: str, code: str | None) -> None:
    found = _CODE.search(text)
    assert (found[0] if found else None) == code


def test_an_address_is_found_in_whatever_case_it_is_typed() -> None:
    outbox = Outbox()
    outbox.restore([{"kind": "email", "to": "ola@example.com"}])
    assert outbox.newest_first("Ola@Example.COM") == outbox.newest_first()
    assert outbox.newest_first("ala@example.com") == []
