"""Commands for cameras from the factory, and for what is in stock of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click

from chalicelib.errors import Invalid
from infra.sowa import factory_files
from infra.sowa.clouds import Cloud, Failed
from infra.sowa.session import FILE, Session, of_session

# What `show_devices` takes.
_MOST_SHOWN = 100
_STATES = ("owned", "free", "absent")


@click.group()
def devices() -> None:
    """Cameras from the factory: into stock, out of it, and one by one."""


REFUSED = click.option(
    "--refused", type=click.Path(path_type=Path, exists=False), help="Where to write the rows that were not taken."
)


@devices.command("load")
@click.argument("file", type=FILE)
@REFUSED
@of_session
def load(session: Session, file: BinaryIO, refused: Path | None) -> None:
    """Put the cameras of FILE into stock.

    FILE is CSV in UTF-8 with the header sn,model,code,secret, or JSON lines; - is stdin. What is there already stays as
    it is.
    """
    _through(session, "load_devices", file, refused, ("loaded", "unchanged"))


@devices.command("unload")
@click.argument("file", type=FILE)
@REFUSED
@of_session
def unload(session: Session, file: BinaryIO, refused: Path | None) -> None:
    """Take the cameras of FILE out of stock, unless somebody owns them; only the serial numbers count."""
    _through(session, "unload_devices", file, refused, ("unloaded", "absent"))


def _through(session: Session, operation: str, file: BinaryIO, refused: Path | None, counts: tuple[str, str]) -> None:
    if refused is not None and refused.exists():
        raise Failed(f"{refused} is there already.")
    cloud = session.cloud
    answer = factory_files.carry_out(cloud, operation, file)
    if answer["bad"] and refused is not None:
        factory_files.keep(cloud.read_below(answer["bad_rows_at"]), refused)
    first_bad = [f"  row {bad['row']}: {_fields(bad['fields'])}" for bad in answer["bad_rows"]]
    session.show(
        answer, *(f"{name}: {answer[name]}" for name in counts), f"refused: {answer['bad']}", *first_bad
    )
    if answer["bad"]:
        raise Failed(f"{answer['bad']} rows were not taken.")


def _fields(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {what}" for name, what in fields.items())


@devices.command("show")
@click.argument("sn", nargs=-1, required=True)
@of_session
def show(session: Session, sn: tuple[str, ...]) -> None:
    """What stock has of the cameras with these serial numbers: whether somebody owns them, and when they were there."""
    items = list(_shown(session.cloud, sn))
    session.show(items, *map(_line_of_device, items))


def _shown(cloud: Cloud, sns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    left = iter(sns)
    while hundred := list(islice(left, _MOST_SHOWN)):
        yield from cloud.order("show_devices", {"sns": hundred})["items"]


def _line_of_device(item: Mapping[str, Any]) -> str:
    parts = [item["sn"], item["state"], item["model"] or "-"]
    if item["connected"]:
        parts.append(f"connected since {item['connected_at']}")
    elif item["away_since"]:
        parts.append(f"away since {item['away_since']}")
    if item["locked_until"]:
        parts.append(f"locked until {item['locked_until']}")
    return "  ".join(parts)


@click.group()
def stock() -> None:
    """What is in stock of a factory's file."""


@stock.command("check")
@click.argument("file", type=FILE)
@of_session
def check(session: Session, file: BinaryIO) -> None:
    """Count how many cameras of FILE (as for loading) are owned, free and absent; fails, with their names, if any is
    absent. With --json each of them is said."""
    try:
        sns = tuple(factory_files.serial_numbers(file))
    except Invalid as wrong:
        fields = {name: phrase.read_in("en") for name, phrase in wrong.details["fields"].items()}
        raise Failed(_fields(fields)) from wrong
    cloud, items = session.cloud, []
    with click.progressbar(length=len(sns), label="stock check", file=sys.stderr) as bar:
        for item in _shown(cloud, sns):
            items.append(item)
            bar.update(1)
    counts = Counter(item["state"] for item in items)
    absent = [f"  absent: {item['sn']}" for item in items if item["state"] == "absent"]
    answer = {"counts": {state: counts[state] for state in _STATES}, "items": items}
    session.show(answer, *(f"{state}: {counts[state]}" for state in _STATES), *absent)
    if absent:
        raise Failed(f"{len(absent)} of {len(sns)} are not in stock.")
