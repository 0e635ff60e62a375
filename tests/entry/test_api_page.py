"""docs/api.md says what the code does: its figures and its refusals."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.devices.rules import locked_s
from chalicelib.entry import idempotency, refusals, wire, wrong_fields
from chalicelib.gift_cards import rules as gift_cards
from chalicelib.sessions import rules as sessions
from infra.local.compression import LEAST_BYTES

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


def minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // 60


@pytest.mark.parametrize("said", [
    f"good for {minutes(sessions.ACCESS_LIFE)} minutes",
    f"good for {sessions.SESSION_LIFE.days} days",
    f"exact repeat {minutes(sessions.REFRESH_REPEATED) // 60} hours long",
    f"{idempotency._SHORTEST_KEY} to {idempotency._LONGEST_KEY} characters",
    f"within {idempotency._KEPT_HOURS} hours ({idempotency._MONEY_KEPT_HOURS // 24} days where money moves)",
    f"longer than {wire.MOST_BODY_BYTES // 1024} KiB",
    f"Answers of {LEAST_BYTES:,} bytes and more",
    {10: "has ten minutes"}[minutes(sessions.STEP_UP_LIFE)],
    {20: "up to twenty"}[wrong_fields.MOST_NAMED],
    f"{gift_cards.LENGTH} characters in five groups",
    f"number the characters of `{gift_cards.ALPHABET}` from 0",
    f"is a multiple of {len(gift_cards.ALPHABET)}.",
    {(1800, 86_400): "tenth locks the person for half an hour, every twentieth for a day"}[locked_s(10), locked_s(20)],
], ids=range(13))  # fmt: skip
def test_a_figure_is_that_of_the_code(said: str) -> None:
    assert said in " ".join(PAGE.split())


def test_every_status_of_a_refusal_is_explained() -> None:
    explained = set(re.findall(r"[0-9]{3}", "".join(re.findall(r"^\| ([0-9, ]+) \|", PAGE, re.MULTILINE))))
    assert explained == {str(status) for status in (*refusals.STATUS.values(), refusals.SERVER_ERROR)}
