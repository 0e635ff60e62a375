"""What people agree to is recorded with its text, and withdrawn by one call."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from chalicelib import words
from chalicelib.consents import rules
from chalicelib.consents.rules import PURPOSES, Grant, grant_of, with_grant
from infra.local.gateway import Response
from tests.conftest import Home
from tests.privacy.exports import archive, records_in
from tests.scene import Person, rows

POLISH = {"Accept-Language": "pl"}
# Whoever changes a sentence that people have agreed to gives it another version.
AGREED_TO = Path(__file__).with_name("agreed_to.json")


def consents(person: Person, **headers: str) -> dict[str, dict[str, object]]:
    answer = person.call("GET", "/consents", headers=headers)
    assert answer.status == 200, answer.body
    return {one["purpose"]: one for one in answer.json["items"]}


def history(person: Person, purpose: str, query: str = "") -> Response:
    return person.call("GET", f"/consents/{purpose}/history{query}")


def test_every_purpose_is_listed_with_its_text_though_nobody_agreed(home: Home) -> None:
    listed = consents(home.owner)
    assert list(listed) == list(PURPOSES)
    assert {one["given"] for one in listed.values()} == {False}
    assert {one["given_at"] for one in listed.values()} == {None}
    assert {one["text_version"] for one in listed.values()} == {"2026-12-01"}
    polish = consents(home.owner, **POLISH)
    assert all(polish[purpose]["text"] != listed[purpose]["text"] for purpose in PURPOSES)


def test_a_consent_is_given_and_withdrawn_by_one_call_each(home: Home) -> None:
    given = home.owner.agree("newsletter")
    assert (given.status, given.json["given"], given.json["given_text_version"]) == (200, True, "2026-12-01")
    assert consents(home.owner)["newsletter"] == given.json
    assert [one for one, said in consents(home.owner).items() if said["given"]] == ["newsletter"]
    withdrawn = home.owner.call("PUT", "/consents/newsletter", {"given": False})
    assert (withdrawn.status, withdrawn.json["given"], withdrawn.json["given_at"]) == (200, False, None)
    assert consents(home.owner)["newsletter"] == withdrawn.json


def test_what_was_agreed_to_is_kept_with_text_time_language_and_way(home: Home) -> None:
    home.owner.agree("surveys", **POLISH)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.owner.agree("surveys", given=False)
    withdrawn, given = history(home.owner, "surveys").json["items"]
    text = consents(home.owner, **POLISH)["surveys"]["text"]
    assert given == {
        "at": "2026-01-05T08:00:00Z",
        "given": True,
        "text_version": "2026-12-01",
        "text_sha256": hashlib.sha256(str(text).encode()).hexdigest(),
        "language": "pl",
        "way": "account",
        "terminal": "Pixel 9, Android 16",
    }
    assert (withdrawn["given"], withdrawn["language"], withdrawn["at"]) == (False, "en", "2026-01-05T08:01:00Z")
    assert history(home.owner, "newsletter").json == {"items": [], "cursor": None}


def test_a_history_comes_in_pages(home: Home) -> None:
    for nth in range(4):
        assert home.owner.agree("marketing_events", given=nth % 2 == 0).status == 200
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    first = history(home.owner, "marketing_events", "?limit=3").json
    rest = history(home.owner, "marketing_events", f"?limit=3&cursor={first['cursor']}").json
    assert [one["given"] for one in (*first["items"], *rest["items"])] == [False, True, False, True]
    assert rest["cursor"] is None


def test_another_text_than_the_current_one_is_refused_saying_which_that_is(home: Home) -> None:
    for body in ({"given": True, "text_version": "2025-01-01"}, {"given": True}):
        answer = home.owner.call("PUT", "/consents/newsletter", body)
        assert (answer.status, answer.json["code"]) == (409, "TextVersionOld")
        assert answer.json["text_version"] == consents(home.owner)["newsletter"]["text_version"]
    assert consents(home.owner)["newsletter"]["given"] is False


def test_an_old_text_is_in_nobodys_way_to_withdraw(home: Home) -> None:
    home.owner.agree("newsletter")
    answer = home.owner.call("PUT", "/consents/newsletter", {"given": False, "text_version": "2025-01-01"})
    assert (answer.status, answer.json["given"]) == (200, False)


def test_a_purpose_that_nobody_has_is_not_there(home: Home) -> None:
    for answer in (home.owner.agree("newsletter"), history(home.owner, "newsletter")):
        assert answer.status == 200
    answers = [
        home.owner.call("PUT", "/consents/everything", {"given": True, "text_version": "2026-12-01"}),
        history(home.owner, "everything"),
    ]
    assert [(one.status, one.json["kind"]) for one in answers] == [(404, "purpose")] * 2


def test_what_stands_already_is_not_recorded_again(home: Home) -> None:
    for given in (True, True, False, False):
        assert home.owner.agree("newsletter", given=given).status == 200
    assert len(rows(home.world, "account/consent")) == 2
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert [acts.count(act) for act in ("consent_given", "consent_withdrawn")] == [1, 1]


def test_a_consent_to_a_former_text_stands_for_that_and_is_given_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.owner.agree("newsletter")
    newer = {f"newsletter/{version}": f"{version} of {{}}" for version in ("2026-12-01", "2027-02-01")}
    monkeypatch.setattr(rules, "bundle", lambda language, folder: newer)
    rules._newest_version.cache_clear()
    shown = home.owner.call("PUT", "/consents/newsletter", {"given": True, "text_version": "2026-12-01"})
    assert (shown.status, shown.json["text_version"]) == (409, "2027-02-01")
    again = home.owner.call("PUT", "/consents/newsletter", {"given": True, "text_version": "2027-02-01"})
    assert again.json["given_text_version"] == "2027-02-01"
    rules._newest_version.cache_clear()
    monkeypatch.undo()
    versions = [one["text_version"] for one in history(home.owner, "newsletter").json["items"]]
    assert sorted(versions) == ["2026-12-01", "2027-02-01"]


def test_it_is_in_a_copy_of_ones_data_and_gone_with_the_account(home: Home) -> None:
    home.owner.agree("similar_events", **POLISH)
    (told,) = records_in(archive(home.owner))["consent"]
    assert (told["purpose"], told["given"], told["language"], told["way"]) == ("similar_events", True, "pl", "account")
    assert len(rows(home.world, "account/consent")) == 1
    home.owner.step_up()
    home.owner.close()
    home.world.advance(3_600)
    assert rows(home.world, "account/consent") == []


def test_consents_in_force_are_read_off_the_accounts_row() -> None:
    one, other = Grant("newsletter", "2026-12-01", 7, "a"), Grant("surveys", "2027-01-01", 8, "b")
    both = with_grant(with_grant(None, "newsletter", one), "surveys", other)
    assert both == {one.text, other.text}
    assert (grant_of(both, "surveys"), grant_of(both, "experience"), grant_of(None, "surveys")) == (other, None, None)
    assert with_grant(both, "newsletter", None) == {other.text}
    assert with_grant({one.text}, "newsletter", None) is None


def test_a_text_that_people_agreed_to_is_never_another() -> None:
    for language in words.LANGUAGES:
        texts = words.bundle(language, "consents")
        assert {key: hashlib.sha256(text.encode()).hexdigest()[:16] for key, text in texts.items()} == {
            key: hashes[language] for key, hashes in json.loads(AGREED_TO.read_text()).items()
        }
