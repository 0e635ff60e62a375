"""SES client: one mail to one person, in text and HTML, from a template of the house that sends it."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib import templates
from chalicelib.aws.clients import client
from chalicelib.settings import settings


def send(
    to: str, template: str, language: str, *, tags: Mapping[str, str], headers: Mapping[str, str], **values: object
) -> None:
    """Send `<house>/mail/<name>.<language>.txt`, whose first line is the subject, framed for HTML readers as well;
    events of what becomes of it name its `tags`, which hold ids only."""
    subject, body = templates.mail_text(template, language, **values)
    paragraphs = [part for part in body.split("\n\n") if part]
    page = templates.filled(
        "mail.html", subject=subject, paragraphs=paragraphs, language=language, sender=settings.mail_sender
    )
    client("sesv2").send_email(
        FromEmailAddress=settings.mail_sender,
        Destination={"ToAddresses": [to]},
        # What becomes of the mail is reported by its events.
        ConfigurationSetName=settings.mail_configuration_set,
        **({"EmailTags": _named(tags)} if tags else {}),
        Content={
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": body + "\n", "Charset": "UTF-8"},
                    "Html": {"Data": page, "Charset": "UTF-8"},
                },
                **({"Headers": _named(headers)} if headers else {}),
            }
        },
    )


def _named(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]
