"""Text templates of messages to people, filled in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

_ROOT = Path(__file__).parent


@cache
def _templates() -> Environment:
    # Imported where it is needed: most requests send nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(_ROOT), undefined=StrictUndefined, autoescape=select_autoescape(["html"]),
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def filled(name: str, **values: object) -> str:
    return _templates().get_template(name).render(**values)


def mail_text(template: str, language: str, **values: object) -> tuple[str, str]:
    """Subject and body of `<house>/mail/<name>.<language>.txt`, whose first line is the subject."""
    subject, _, body = filled(f"{template}.{language}.txt", **values).partition("\n")
    return subject, body.strip()
