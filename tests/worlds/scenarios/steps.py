"""What the scenarios of several houses have in common."""

from __future__ import annotations

from typing import Any

from infra.local.async_events import AsyncEvents
from infra.local.cloud import LocalCloud
from tests.conftest import Home

HOUR = 3_600
CLOSED = "Your Sowa account is closed"
PASSWORD_CHANGED = "The password of your Sowa account was changed"
ADDRESS_CHANGED = "The address of your Sowa account was changed"
NEW_SIGN_IN = "A new sign-in to your Sowa account"
HANDED_OVER, NOT_TAKEN = "Your camera was handed over", "Your camera was not taken over"
ELSEWHERE = {"os": "Debian 12", "model": "a laptop", "unique_id": "t2"}


def once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def settled(home: Home) -> None:
    home.world.settle()


def settle(home: Home, state: Any, key: str) -> None:
    home.world.settle()


def given_up(world: LocalCloud) -> None:
    """What S3 told functions directly lies in their queues, as Lambda leaves it there."""
    for source in world.pollers._queues():
        if isinstance(source, AsyncEvents):
            for message in list(source._here()._messages):
                source._give_up(message, "EventAgeExceeded")


def job(world: LocalCloud, name: str) -> None:
    """As EventBridge does it, which tries again."""
    world.calendar.fire(world.calendar.schedules[name])
