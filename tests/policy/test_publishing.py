"""Versions of the policy that an installation publishes: told to everybody before they begin, and never changed."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import dump
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.policy.publishing import POLISH, TEXT, day, order, publish
from tests.scene import POLICY, Person, new_person, rows
from tests.worlds.invariants import Stored


def versions(world: LocalCloud) -> list[Any]:
    answer = world.call("GET", "/policy/versions")
    assert answer.status == 200, answer.body
    items: list[Any] = answer.json["items"]
    return items


def section(world: LocalCloud, version: str, language: str = "en") -> Any:
    answer = world.call("GET", "/policy", headers={"Accept-Language": language}, query={"version": version})
    assert answer.status == 200, answer.body
    return answer.json["sections"][-1]


def notices(person: Person) -> list[Any]:
    items: list[Any] = person.call("GET", "/notices").json["items"]
    return items


def test_it_is_listed_at_once_and_in_force_from_its_day_on(world: LocalCloud) -> None:
    answer = publish(world)
    assert (answer["version"], answer["from"], answer["finished"]) == ("gate", day(world), True)
    ahead, url = day(world), "/policy?version=gate"
    published = {"version": "gate", "from": ahead, "url": url, "needs_agreement": False}
    assert [one["version"] for one in versions(world)] == [POLICY, "gate"]
    assert versions(world)[1] == published and answer["url"].endswith(url)
    world.clock.move_to(world.now().timestamp() + 30 * 86_400)
    assert [one["version"] for one in versions(world)] == ["gate", POLICY]
    assert world.call("GET", "/policy").json["version"] == "gate"


def test_its_text_is_the_last_section_in_each_language_and_has_a_digest_of_its_own(world: LocalCloud) -> None:
    publish(world)
    assert section(world, "gate") == {
        "id": "additions", "heading": section(world, "gate")["heading"], "paragraphs": TEXT.splitlines(),
    }  # fmt: skip
    assert section(world, "gate", "pl")["paragraphs"] == [POLISH]
    assert section(world, POLICY)["id"] != "additions"
    digests = {world.call("GET", "/policy", query={"version": one}).json["sha256"] for one in ("gate", POLICY)}
    assert len(digests) == 2
    page = world.call("GET", "/policy/page", query={"version": "gate"}).body.decode()
    assert "Our gate is filmed, too." in page


def test_what_changed_is_said_by_rows_and_by_sections(world: LocalCloud) -> None:
    publish(world)
    publish(world, "yard", 60, text=TEXT.replace("gate", "yard"), translations={})
    path = "/policy/versions/{}/changes"
    since_the_packaged = world.call("GET", path.format("gate")).json
    assert (since_the_packaged["since"], since_the_packaged["rows"]) == (POLICY, [])
    (added,) = since_the_packaged["sections"]
    assert (added["id"], added["change"], added["before"]) == ("additions", "added", None)
    (changed,) = world.call("GET", path.format("yard")).json["sections"]
    assert changed["before"] == {"paragraphs": TEXT.splitlines()} != changed["after"]
    backwards = world.call("GET", path.format(POLICY), query={"since": "yard"}).json
    assert [(one["id"], one["change"]) for one in backwards["sections"]] == [("additions", "removed")]
    nothing = world.call("GET", path.format(POLICY)).json
    assert (nothing["since"], nothing["rows"], nothing["sections"]) == (POLICY, [], [])
    for name, query in (("none", {}), (POLICY, {"since": "none"})):
        answer = world.call("GET", path.format(name), query=query)
        assert (answer.status, answer.json["code"]) == (404, "UnknownVersion")


def test_everybody_is_told_once_by_a_notice_and_a_mail_in_their_language(home: Home) -> None:
    home.world.settle()
    for _ in range(2):
        assert publish(home.world)["named"] == 2
    for person in (home.owner, home.stranger):
        (own,) = notices(person)
        assert (own["kind"], day(home.world) in own["title"], "version=gate" in own["text"]) == ("policy", True, True)
        mails = [one for one in home.world.outbox(person.email) if one.get("subject") == own["title"]]
        assert len(mails) == 1
    newcomer = new_person(home.world, "new@example.com")
    home.world.settle()
    assert (notices(newcomer), publish(home.world)["named"]) == ([], 3)
    assert len(notices(newcomer)) == len(notices(home.owner)) == 1


def test_who_closed_the_account_is_listed_no_more(home: Home) -> None:
    home.world.settle()
    assert len(rows(home.world, "known-accounts/known-account")) == 2
    home.stranger.step_up()
    assert home.stranger.close().status == 202
    home.world.settle()
    home.world.run_schedule("resume_erasures")
    home.world.settle()
    assert [row["sk"].partition("#")[2] for row in rows(home.world, "known-accounts/known-account")] == [
        home.owner.account_id
    ]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"from": "2026-01-05"}, ["from"]),
        ({"from": "2020-01-01"}, ["from"]),
        ({"version": "two words"}, ["version"]),
        ({"version": "../gate"}, ["version"]),
        ({"text": ""}, ["text"]),
        ({"translations": {"de": "Auch das Tor."}}, ["translations.de"]),
    ],
)
def test_what_cannot_be_published_is_refused(world: LocalCloud, change: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(Exception, match=fields[0].partition(".")[0]):
        world.invoke("publish_policy", order(world) | change)
    assert [one["version"] for one in versions(world)] == [POLICY]


def test_what_was_published_is_not_changed_and_comes_before_what_follows(world: LocalCloud) -> None:
    publish(world)
    for refused in (order(world, text="Something else."), order(world, POLICY, 90), order(world, "early", 20)):
        with pytest.raises(Exception, match=r"name|newest"):
            world.invoke("publish_policy", refused)
    publish(world, "yard", 31)
    assert [one["version"] for one in versions(world)] == [POLICY, "yard", "gate"]
    assert len(Stored(dump.dump()).of("Bulletin")) == 2
