"""SES's events for each mail that it took: delivery, bounce or complaint; by its configuration set's
events (https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Self
from unittest.mock import patch

from moto.moto_api._internal import mock_random
from moto.ses.models import ses_backends
from moto.sesv2.responses import SESV2Response
from moto.sns.models import sns_backends

from infra.local.functions import ACCOUNT, REGION

DELIVERED, BOUNCED, COMPLAINED = "delivered", "bounced", "complained"
OUTCOMES = (DELIVERED, BOUNCED, COMPLAINED)
# One that is unwanted has arrived before.
_TOLD = {DELIVERED: ("Delivery",), BOUNCED: ("Bounce",), COMPLAINED: ("Delivery", "Complaint")}
_SUBJECT = "Amazon SES Email Event Notification"


class MailReports:
    """Decides what becomes of mails, and tells of it within. Deliveries are reported only where that is wanted, and of
    mails with tags of ours: the others change nothing, and are many."""

    def __init__(self, *, tells_deliveries: bool = False) -> None:
        self._outcomes: dict[str, str] = {}
        self._tells_deliveries = tells_deliveries
        self._patches = ExitStack()

    def __enter__(self) -> Self:
        self._patches.enter_context(patch.object(SESV2Response, "send_email", self._reported(SESV2Response.send_email)))
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def outcome_of(self, to: str) -> str:
        return self._outcomes.get(to.lower(), DELIVERED)

    def decide(self, to: str, outcome: str) -> None:
        """From now on this becomes of mails to the address."""
        self._outcomes[to.lower()] = outcome

    def snapshot(self) -> dict[str, str]:
        return dict(self._outcomes)

    def restore(self, kept: dict[str, str]) -> None:
        self._outcomes = dict(kept)

    def _reported(self, accept: Callable[[SESV2Response], str]) -> Callable[[SESV2Response], str]:
        def send_email(response: SESV2Response) -> str:
            answer = accept(response)
            sent = json.loads(response.body)
            for to in sent.get("Destination", {}).get("ToAddresses", ()):
                for kind in _TOLD[self.outcome_of(to)]:
                    if kind != "Delivery" or self._tells_deliveries or sent.get("EmailTags"):
                        _publish(sent.get("ConfigurationSetName"), _event(kind, to, sent, json.loads(answer)))
            return answer

        return send_email


def _publish(configuration_set: str | None, event: dict[str, Any]) -> None:
    """To whom the configuration set tells of such events; a mail without one is reported to nobody."""
    destination = ses_backends[ACCOUNT][REGION].config_set_event_destination.get(configuration_set or "")
    if destination is None or event["eventType"].lower() not in destination["MatchingEventTypes"]:
        return
    subscriptions = sns_backends[ACCOUNT][REGION].list_subscriptions_by_topic(destination["SNSDestination"]["TopicARN"])
    for subscription in subscriptions[0]:
        # Not by the topic, which would keep it.
        subscription.publish(json.dumps(event), str(mock_random.uuid4()), subject=_SUBJECT)


def _event(kind: str, to: str, sent: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    now = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"eventType": kind, kind.lower(): _PARTS[kind](to, now), "mail": _mail(to, now, sent, answer["MessageId"])}


def _mail(to: str, now: str, sent: dict[str, Any], message_id: str) -> dict[str, Any]:
    sender, subject = sent["FromEmailAddress"], sent["Content"].get("Simple", {}).get("Subject", {}).get("Data", "")
    headers = {"From": sender, "To": to, "Subject": subject, "MIME-Version": "1.0"}
    return {
        "timestamp": now,
        "source": sender,
        "sendingAccountId": ACCOUNT,
        "messageId": message_id,
        "destination": [to],
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "commonHeaders": {"from": [sender], "to": [to], "messageId": message_id, "subject": subject},
        "tags": {"ses:configuration-set": [sent["ConfigurationSetName"]], **_tags_of(sent)},
    }


def _tags_of(sent: dict[str, Any]) -> dict[str, list[str]]:
    return {one["Name"]: [one["Value"]] for one in sent.get("EmailTags") or ()}


def _bounce(to: str, now: str) -> dict[str, Any]:
    return {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}
        ],
        "timestamp": now,
        "feedbackId": str(mock_random.uuid4()),
        "reportingMTA": "dsn; mx.example.com",
    }


def _complaint(to: str, now: str) -> dict[str, Any]:
    return {
        "complainedRecipients": [{"emailAddress": to}],
        "timestamp": now,
        "feedbackId": str(mock_random.uuid4()),
        "complaintSubType": None,
        "userAgent": "Example Feedback Loop",
        "complaintFeedbackType": "abuse",
        "arrivalDate": now,
    }


def _delivery(to: str, now: str) -> dict[str, Any]:
    return {
        "timestamp": now,
        "processingTimeMillis": 546,
        "recipients": [to],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "mta.example.com",
    }


_PARTS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "Bounce": _bounce, "Complaint": _complaint, "Delivery": _delivery,
}  # fmt: skip
