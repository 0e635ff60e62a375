"""Two people take the same phone at the same moment: one of them has it, and the other hears nothing there."""

from __future__ import annotations

import pytest

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person, just_before, rows

TOKEN = "the-token-of-one-phone"


def subscribed(home: Home, token: str) -> list[str]:
    """The accounts whose pushes would reach the phone."""
    endpoints = home.world.dump()["endpoints"]
    arns = {one["arn"] for one in endpoints if one["attributes"]["Token"] == token}
    found = rows(home.world, "account/audience")
    return [row["pk"].split("#")[1] for row in found for text in row.get("targets", ()) if text.split(" ")[1] in arns]


def on_the_same_phone(home: Home) -> Person:
    other = Person(home.world, home.stranger.email)
    other.terminal = dict(home.owner.terminal)
    assert other.sign_in().status == 201
    return other


@pytest.mark.parametrize("had_it", ["nobody", "one", "other"])
@pytest.mark.parametrize("nth", range(2, 7))
def test_the_last_one_has_it(home: Home, had_it: str, nth: int) -> None:
    one, other = home.owner, on_the_same_phone(home)
    if had_it != "nobody":
        assert (one if had_it == "one" else other).take_pushes(TOKEN).status == 204
        home.world.settle()
    answers: list[Response] = []
    try:
        with just_before(home.world, nth, lambda: answers.append(other.take_pushes(TOKEN))):
            answers.append(one.take_pushes(TOKEN))
    except AssertionError as few:
        pytest.skip(str(few))
    assert {answer.status for answer in answers} <= {204, 503, 429}
    home.world.settle()
    assert len(subscribed(home, TOKEN)) == 1
