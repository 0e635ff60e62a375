"""SES client: one mail to one person, in text and HTML, from a template of the house that sends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib import templates
from chalicelib.aws.clients import client
from chalicelib.settings import settings


class MailRefused(Exception):
    """SES takes no mail like this, or none to this address, however often it is sent."""


def send(
    to: str, template: str, language: str, *, tags: Mapping[str, str], headers: Mapping[str, str], **values: object
) -> None:
    """Send `<house>/mail/<name>.<language>.txt`, whose first line is the subject, framed for HTML readers as well;
    events of what becomes of it name its `tags`, which hold ids only. Raises MailRefused."""
    subject, body = templates.mail_text(template, language, **values)
    paragraphs = [part for part in body.split("\n\n") if part]
    page = templates.filled(
        "mail.html", subject=subject, paragraphs=paragraphs, language=language, sender=settings.mail_sender
    )
    sesv2 = client("sesv2")
    with _refusals_of(sesv2.exceptions):
        _send(sesv2, to, subject, body, page, tags, headers)


@contextmanager
def _refusals_of(known: Any) -> Iterator[None]:
    try:
        yield
    except (known.MessageRejected, known.BadRequestException) as refused:
        raise MailRefused from refused


def _send(
    sesv2: Any, to: str, subject: str, body: str, page: str, tags: Mapping[str, str], headers: Mapping[str, str]
) -> None:
    sesv2.send_email(
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
