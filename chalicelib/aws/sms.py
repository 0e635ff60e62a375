"""SNS client for text messages: one line to one phone."""

from __future__ import annotations

from chalicelib import templates
from chalicelib.aws.clients import client
from chalicelib.settings import settings


def send(to: str, template: str, language: str, **values: object) -> None:
    """Send the subject of `<house>/mail/<name>.<language>.txt`, which says all that matters, to a number in E.164."""
    subject, _ = templates.mail_text(template, language, **values)
    # Delivered first, and never held back as advertising.
    options = {"SMSType": "Transactional"}
    if settings.text_sender_id:
        options["SenderID"] = settings.text_sender_id
    attributes = {
        f"AWS.SNS.SMS.{name}": {"DataType": "String", "StringValue": value} for name, value in options.items()
    }
    client("sns").publish(PhoneNumber=to, Message=subject, MessageAttributes=attributes)
