"""Two sign-ins with one account of another platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.identities.people import link, maja
from tests.identities.platforms import google_token, nonce, platforms
from tests.scene import Person
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import people, steps


def _two_tokens(home: Home) -> list[str]:
    return [google_token(home.world) for _ in range(2)]


def _known_and_two_tokens(home: Home) -> list[str]:
    maja(home.world)
    return _two_tokens(home)


def _enter(which: int, key: str) -> Act:
    return lambda home, tokens: people.enter_with_a_platform(home, tokens[which], key)


def _of_maja(stored: Stored) -> set[str]:
    return {row["account_id"] for row in stored.first_ids("Identity").values()}


def _entered_one_account(sessions: int) -> Callable[[Home, Any, Answers, Stored], Wrong]:
    def wrongs(home: Home, tokens: Any, answers: Answers, stored: Stored) -> Wrong:
        told = {answer.json["account_id"] for answer in answers if answer.status == 201}
        if told != _of_maja(stored):
            yield f"{len(told)} accounts were told of, there are {len(_of_maja(stored))}"
        if (count := sum(where[0] in told for where in stored.of("Session"))) != sessions:
            yield f"{count} sessions"

    return wrongs


def _registered_and_a_token(home: Home) -> list[Any]:
    slow = Person(home.world, "maja@example.com")
    registration_id = slow.register()
    return [google_token(home.world), (slow, registration_id, slow.newest_code())]


def _confirm_late(home: Home, state: Any) -> Response:
    return people.confirm(home, state[1], ANOTHER_KEY)


def _one_account_of_maja(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    told = {answer.json["account_id"] for answer in answers if answer.status == 201}
    if len(told) != 1 or not told <= stored.first_ids("Account").keys():
        yield f"accounts: {told}"


def _linked_and_a_token(home: Home) -> list[str]:
    people.linked(home)
    return [google_token(home.world)]


def _both_stepped_up_and_two_tokens(home: Home) -> list[str]:
    home.owner.step_up()
    home.stranger.step_up()
    return _two_tokens(home)


def _link(who: str, which: int, key: str) -> Act:
    return lambda home, tokens: link(getattr(home, who), tokens[which], **steps.once(key))


def _link_apple(home: Home, tokens: Any) -> Response:
    return link(home.owner, tokens[1], "apple", **steps.once(ANOTHER_KEY))


def _stepped_up_with_a_token_of_each(home: Home) -> list[str]:
    home.owner.step_up()
    return [google_token(home.world), platforms().apple.id_token(nonce(home.world))]


def _identities(count: int) -> Callable[[Home, Any, Answers, Stored], Wrong]:
    def wrongs(home: Home, tokens: Any, answers: Answers, stored: Stored) -> Wrong:
        if len(stored.of("Identity")) != count:
            yield f"{len(stored.of('Identity'))} identities"

    return wrongs


def _linked_identity_and_a_token(home: Home) -> list[str]:
    return [people.linked(home), google_token(home.world)]


def _unlink(home: Home, state: Any) -> Response:
    return people.unlink(home, state[0], ONE_KEY)


def _close_second(home: Home, state: Any) -> Response:
    return home.owner.close()


def _nothing_of_the_owner(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from owner_is_gone(home, state, answers[::-1], stored)
    yield from _identities(0)(home, state, answers, stored)


RACES = (
    Race("enter, enter", _two_tokens, _enter(0, ONE_KEY), _enter(1, ANOTHER_KEY),
         exactly((201, 201)), _entered_one_account(1)),
    Race("enter, enter again", _two_tokens, _enter(0, ONE_KEY), _enter(0, ONE_KEY),
         exactly((201, 201)), _entered_one_account(1)),
    Race("enter, enter with what was used", _two_tokens, _enter(0, ONE_KEY), _enter(0, ANOTHER_KEY),
         either_way((201, 401)), _entered_one_account(1)),
    Race("come again, come again", _known_and_two_tokens, _enter(0, ONE_KEY), _enter(1, ANOTHER_KEY),
         exactly((201, 201)), _entered_one_account(1)),
    Race("enter, confirm", _registered_and_a_token, _enter(0, ONE_KEY), _confirm_late,
         either_way((201, 409)), _one_account_of_maja),
    Race("close, come again", _linked_and_a_token, close, _enter(0, ONE_KEY), exactly((202, 201)), owner_is_gone),
    Race("link, link another's", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY),
         _link("stranger", 1, ANOTHER_KEY), either_way((201, 409)), _identities(1)),
    Race("link, link", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY), _link("owner", 1, ANOTHER_KEY),
         exactly((201, 201)), _identities(1)),
    Race("link, link another platform", _stepped_up_with_a_token_of_each, _link("owner", 0, ONE_KEY), _link_apple,
         exactly((201, 201)), _identities(2)),
    Race("link, enter", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY), _enter(1, ANOTHER_KEY),
         exactly((201, 201), (409, 201)), _identities(1)),
    Race("link, close", _both_stepped_up_and_two_tokens, _link("owner", 0, ONE_KEY), _close_second,
         exactly((201, 202), (401, 202)), _nothing_of_the_owner),
    Race("unlink, come again", _linked_identity_and_a_token, _unlink, _enter(1, ANOTHER_KEY), exactly((204, 201))),
)
