"""The window to SES: one mail to one person, in text and HTML, from a template of the house that sends it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.aws.clients import client
from chalicelib.settings import settings

if TYPE_CHECKING:
    from jinja2 import Environment

_ROOT = Path(__file__).parent.parent


@cache
def _templates() -> Environment:
    # Imported where it is needed: most requests send nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(_ROOT), undefined=StrictUndefined, autoescape=select_autoescape(["html"]),
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def send(to: str, template: str, language: str, **values: Any) -> None:
    """Send `<house>/mail/<name>.<language>.txt`, whose first line is the subject, framed for HTML readers as well."""
    text = _templates().get_template(f"{template}.{language}.txt").render(**values)
    subject, _, body = text.partition("\n")
    paragraphs = [part for part in body.strip().split("\n\n") if part]
    page = _templates().get_template("aws/mail.html").render(
        subject=subject, paragraphs=paragraphs, language=language, sender=settings.mail_sender
    )
    client("ses").send_email(
        Source=settings.mail_sender,
        Destination={"ToAddresses": [to]},
        Message={
            "Subject": {"Data": subject, "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": body.strip() + "\n", "Charset": "UTF-8"},
                "Html": {"Data": page, "Charset": "UTF-8"},
            },
        },
    )
