"""The session of `sowa`: which installation is meant, how it is answered, and what its commands take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click

from infra.sowa.clouds import Cloud, Deployed, Failed, Local


@dataclass
class Session:
    """The options of the command itself: which installation, and how to answer."""

    stage: str | None
    region: str | None
    local_url: str | None
    as_json: bool
    person: str

    @property
    def cloud(self) -> Cloud:
        """Raises Failed where nobody said which installation is meant."""
        if self.local_url is not None:
            return Local(self.local_url, self.person)
        if self.stage is None:
            raise Failed("Say which installation: sowa --stage NAME --region REGION …, or sowa --local …")
        return Deployed(self.stage, self.region)

    def show(self, answer: Any, *lines: str) -> None:
        """The answer as JSON where that is wanted, else the lines for people."""
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1) if self.as_json else "\n".join(lines))


class Moment(click.ParamType):
    """A moment with its zone, as the functions take it: 2026-11-30T10:00:00Z."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is no moment with its zone, such as 2026-11-30T10:00:00Z.", param, ctx)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


of_session = click.make_pass_decorator(Session)
FILE = click.File("rb")
MOMENT = Moment()


def read_order(file: BinaryIO) -> dict[str, Any]:
    """A JSON object. Raises Failed."""
    try:
        order = json.load(file)
    except ValueError as error:
        raise Failed(f"{file.name} is not JSON: {error}") from None
    if not isinstance(order, dict):
        raise Failed(f"{file.name} is no JSON object.")
    return order
