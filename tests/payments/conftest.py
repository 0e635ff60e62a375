"""Tests of payments whose argument is `home` are played with both providers; what is one's alone says which."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.settings import settings
from tests.conftest import Home
from tests.payments import fake_stripe, stripe_events
from tests.payments.fake_stripe import API_KEY, FakeStripe


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "home" in inspect.signature(metafunc.function).parameters:
        metafunc.parametrize("paid_by", ["sandbox", "stripe"], indirect=True)


@pytest.fixture(autouse=True)
def paid_by(request: Any) -> str:
    chosen: str = getattr(request, "param", "sandbox")
    if chosen == "stripe":
        request.getfixturevalue("stripe_server")
    return chosen


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[FakeStripe, str]]:
    with fake_stripe.served() as (made, url):
        yield made, url


@pytest.fixture
def stripe_server(_served: tuple[FakeStripe, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStripe]:
    """A Stripe at which nothing has happened yet, and which the cloud asks from now on."""
    made, url = _served
    made.forget()
    for name, value in (
        ("payment_provider", "stripe"), ("payment_api_key", API_KEY), ("payment_api_url", url),
        ("payment_return_url", "https://app.sowa.test/orders"),
    ):  # fmt: skip
        monkeypatch.setitem(vars(settings), name, value)
    stripe_events.ask(made)
    yield made
    assert made.strange == [], "what it was asked for, or said, is not in the types of Stripe's library"


@pytest.fixture
def sandbox_home(home: Home) -> Home:
    return home


@pytest.fixture
def stripe_home(home: Home, stripe_server: FakeStripe) -> Home:
    return home
