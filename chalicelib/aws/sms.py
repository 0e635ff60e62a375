"""The window to SNS text messages: one line to one phone."""

from __future__ import annotations

from typing import Any

from chalicelib.aws import templates
from chalicelib.aws.clients import client

# Delivered first, and never held back as advertising.
_TRANSACTIONAL = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}


def send(to: str, template: str, language: str, **values: Any) -> None:
    """Send the subject of `<house>/mail/<name>.<language>.txt`, which says all that matters, to a number in E.164."""
    subject, _ = templates.letter(template, language, **values)
    client("sns").publish(PhoneNumber=to, Message=subject, MessageAttributes=_TRANSACTIONAL)
