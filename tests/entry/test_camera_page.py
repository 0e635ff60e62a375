"""docs/camera.md says what the code does: its figures, words, bodies and refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from chalicelib.alarms import rules as alarms
from chalicelib.commands import rules as commands
from chalicelib.commands import shapes as command_shapes
from chalicelib.entry import contract as contract_room
from chalicelib.entry import wire
from chalicelib.live.rules import pieces as live
from chalicelib.recordings import shapes as recording_shapes
from chalicelib.recordings.actions import quota, tickets
from chalicelib.recordings.rules import names
from chalicelib.stock import rules as stock
from chalicelib.stock import shapes as stock_shapes

PAGE = (Path(__file__).parents[2] / "docs" / "camera.md").read_text()
MB = 1024 * 1024
_NUMBERS = {2: "two", 5: "five", 10: "ten"}
# What the stream gives a camera beside what its owner may ask for.
_BY_THE_CLOUD = {"settings", "live", "stop_live"}


def minutes(span: Any) -> int:
    return int(span.total_seconds()) // 60


@pytest.mark.parametrize("said", [
    f"| JPEG of {alarms.LEAST_BYTES} bytes to {alarms.MOST_BYTES // MB} MB, "
    f"at most {alarms.MOST_PIXELS // 10**6} megapixels |",
    f"| `live` | {minutes(live.TICKET_LIFE)} min | video of at most {live.MOST_BYTES // MB} MB",
    f"| video of {names.LEAST_BYTES} bytes to {names.MOST_BYTES // MB} MB, "
    f"{names.SHORTEST_MS // 1000} to {names.LONGEST_MS // 1000} s |",
    f"`alarm` | {minutes(tickets.LONGEST_TICKET)} min |",
    f"At most {alarms.MOST_AN_HOUR:,} pictures or {alarms.MOST_BYTES_AN_HOUR // 10**9} GB",
    f"comes more than {_NUMBERS[minutes(alarms.LATE)]} minutes\nlate",
    f"at most {tickets.MOST_CHANNELS} at a time",
    f"at most {_NUMBERS[quota.MOST_MS // 3_600_000]} hours of each day",
    f"ends each after {_NUMBERS[minutes(stock.CONNECTION_LIFE) // 60]} hours",
    f"silent for {_NUMBERS[minutes(stock.CONNECTION_IDLE)]} minutes",
    f"up to {_NUMBERS[commands.MOST_TRIES]} times",
], ids=range(11))  # fmt: skip
def test_a_figure_is_that_of_the_code(said: str) -> None:
    assert said in PAGE


def test_the_types_of_alarms_are_all_there() -> None:
    [named] = re.findall(r"^Types: (.*)\. Each", PAGE, re.MULTILINE)
    assert set(re.findall("`([a-z_]+)`", named)) == set(alarms.TYPES) - {alarms.SNAPSHOT}


def test_the_commands_are_all_there() -> None:
    table = PAGE.split("| command | comes with |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z_]+)`", table, re.MULTILINE)) == {*get_args(command_shapes.Word), *_BY_THE_CLOUD}


def test_the_refusals_are_those_of_the_contract() -> None:
    contract = json.loads(contract_room.DOCUMENT.read_text())
    refused = set()
    for path, operations in contract["paths"].items():
        for operation in operations.values() if path.startswith("/cameras/") else ():
            for status, answer in operation["responses"].items():
                if status != "200":
                    refused |= {(status, code) for code in _codes_of(answer, contract["components"])}
    assert set(re.findall(r"^\| ([0-9]{3}) \| `(\w+)` \|", PAGE, re.MULTILINE)) == refused


def _codes_of(answer: Any, shared: Any) -> list[str]:
    if "$ref" in answer:
        answer = shared["responses"][answer["$ref"].rpartition("/")[2]]
    return list(answer["content"]["application/json"]["examples"])


def test_the_bodies_are_what_is_asked_and_answered() -> None:
    activate, activated, _, _, state, wanted, ticket, recordings = map(
        json.loads, re.findall(r"^```json\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    )
    msgspec.convert(activate, stock_shapes.Activate)
    msgspec.convert(state, stock_shapes.State)
    assert activated.keys() == _fields(stock_shapes.Activated)
    assert msgspec.convert(wanted, stock_shapes.Wanted)
    assert ticket.keys() == _fields(wire.Ticket)
    assert msgspec.convert(recordings, recording_shapes.RecordingTickets)
    assert recordings["tickets"][0].keys() == _fields(recording_shapes.RecordingTicket)


def _fields(shape: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(shape)}
