"""What people must hear of: everybody in one row, one person in a row of their own, and each reads for themselves."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import dump
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import Person, new_person, rows
from tests.worlds.invariants import Stored

TITLE, TEXT = "We move on Sunday", "From two to four o'clock nothing is recorded.\n\nWe are sorry."
POLISH = {"title": "Przenosimy się w niedzielę", "text": "Od drugiej do czwartej nic się nie nagrywa."}


def announce(world: LocalCloud, **order: Any) -> Any:
    told = world.invoke("announce", {"title": TITLE, "text": TEXT, **order})
    world.settle()
    return told


def notices(person: Person, **how: Any) -> Any:
    answer = person.call("GET", "/notices", **how)
    assert answer.status == 200, answer.body
    return answer.json


def press_read(person: Person, notice_id: str) -> Any:
    return person.call("POST", f"/notices/{notice_id}/read")


def test_what_is_announced_is_one_row_that_everybody_reads_in_their_language(home: Home) -> None:
    told = announce(home.world, translations={"pl": POLISH})
    assert told["accounts"] is None
    (item,) = notices(home.owner)["items"]
    assert {name: item[name] for name in ("kind", "title", "text", "read")} == {
        "kind": "announcement", "title": TITLE, "text": TEXT, "read": False,
    }  # fmt: skip
    (polish,) = notices(home.stranger, headers={"Accept-Language": "pl"})["items"]
    assert (polish["notice_id"], polish["title"], polish["text"]) == (told["notice_id"], *POLISH.values())
    assert len(rows(home.world, "announcements/announcement")) == 1
    assert not [row for row in home.world.dump()["tables"]["sowa-local-Items"] if row["sk"].startswith("notice#")]


def test_reading_is_each_persons_own_and_again_changes_nothing(home: Home) -> None:
    notice_id = announce(home.world)["notice_id"]
    for _ in range(2):
        answer = press_read(home.owner, notice_id)
        assert (answer.status, answer.json["read"]) == (200, True)
    assert [one["read"] for one in notices(home.owner)["items"]] == [True]
    assert [one["read"] for one in notices(home.stranger)["items"]] == [False]


def test_who_came_later_is_not_told_of_what_was_before(home: Home) -> None:
    notice_id = announce(home.world)["notice_id"]
    home.world.advance(1)
    newcomer = new_person(home.world, "new@example.com")
    assert notices(newcomer)["items"] == []
    assert press_read(newcomer, notice_id).status == 404
    assert len(notices(home.owner)["items"]) == 1


def test_one_person_is_told_in_a_notice_a_mail_and_a_push_and_nobody_else_is(home: Home) -> None:
    before = len(home.world.outbox("platform-token-of-the-owner"))
    told = announce(home.world, to=[home.owner.account_id, "nobody"], translations={"pl": POLISH})
    assert told["accounts"] == 2
    (own,) = notices(home.owner)["items"]
    assert (own["notice_id"], own["title"], own["read"]) == (told["notice_id"], TITLE, False)
    assert notices(home.stranger)["items"] == []
    assert press_read(home.stranger, told["notice_id"]).status == 404
    (mail,) = (one for one in home.world.outbox(home.owner.email) if one.get("subject") == TITLE)
    assert "nothing is recorded" in mail["text"]
    push, *more = home.world.outbox("platform-token-of-the-owner")
    assert len(more) == before and push["data"]["data"] == {"notice_id": told["notice_id"], "notice": "announcement"}
    assert press_read(home.owner, told["notice_id"]).json["read"] is True
    assert [one["read"] for one in notices(home.owner)["items"]] == [True]


def test_a_notice_is_said_in_the_language_of_its_account_and_nobody_waits_to_be_told(home: Home) -> None:
    home.owner.call("PATCH", "/me", {"language": "pl"})
    with home.world.aws.lock:
        home.world.invoke("announce", {"title": TITLE, "text": TEXT, "to": [home.owner.account_id],
                                       "translations": {"pl": POLISH}})  # fmt: skip
        assert len(Stored(dump.dump()).of("Recipient")) == 1
    home.world.settle()
    assert [one["title"] for one in notices(home.owner)["items"]] == [POLISH["title"]]
    assert not Stored(home.world.dump()).of("Recipient")


@pytest.mark.parametrize("to", ["all", "owner"])
def test_what_is_ordered_again_within_a_day_is_told_once_and_later_it_is_another(home: Home, to: str) -> None:
    order = {} if to == "all" else {"to": [home.owner.account_id]}
    first, again = (announce(home.world, **order)["notice_id"] for _ in range(2))
    assert first == again
    assert len(notices(home.owner)["items"]) == 1
    mails = [one for one in home.world.outbox(home.owner.email) if one.get("subject") == TITLE]
    assert len(mails) == (0 if to == "all" else 1)
    home.world.clock.move_to(home.world.now().timestamp() + 86_400)
    assert announce(home.world, **order)["notice_id"] != first


def test_pages_go_through_ones_own_and_everybodys_newest_first(home: Home) -> None:
    said = []
    for nth in range(7):
        to = "all" if nth % 3 else [home.owner.account_id]
        said.append(announce(home.world, title=f"The {nth}th", to=to)["notice_id"])
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    shown: list[str] = []
    cursor = None
    while True:
        page = notices(home.owner, query={"limit": 2, **({"cursor": cursor} if cursor else {})})
        shown += [one["notice_id"] for one in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert shown == said[::-1]


@pytest.mark.parametrize(
    "wrong",
    [{"to": "nobody"}, {"to": []}, {"title": ""}, {"title": "two\nlines"}, {"text": ""}, {"kind": "incident"},
     {"translations": {"de": POLISH}}, {"translations": {"pl": {"title": "Sam"}}}],
)  # fmt: skip
def test_an_order_that_says_something_wrong_is_refused_whole(home: Home, wrong: dict[str, Any]) -> None:
    announce(home.world)
    with pytest.raises(Exception, match=r"\w"):
        announce(home.world, **{"text": "Another.", **wrong})
    assert len(rows(home.world, "announcements/announcement")) == 1
