"""Who signs in with another platform gets the account that is his, a new one, or a clear no."""

from __future__ import annotations

import pytest

from chalicelib.accounts.actions import passwords
from chalicelib.sessions.rules import MOST_SESSIONS
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from tests.identities.people import NEWCOMER, TERMINAL, as_said, enter, link, maja
from tests.identities.platforms import google_token, nonce, platforms
from tests.scene import NEW_PASSWORD, PASSWORD, Person, ask_for_reset, everything_stored, new_person, rows
from tests.worlds.invariants import Stored, violations

KEY = "the-key-of-one-sign-in"
DAY_S = 86_400


def test_a_newcomer_gets_an_account_of_what_the_platform_and_he_say(world: LocalCloud) -> None:
    person = maja(world)
    me = person.call("GET", "/me").json
    assert (me["email"], me["nickname"], me["country"], me["language"], me["policy_version"]) == (
        "maja@example.com", "Maja Nowak", "PL", "pl", NEWCOMER["policy_version"],
    )  # fmt: skip
    assert violations(world.dump()) == []


def test_who_comes_again_gets_the_same_account_and_need_say_no_more(world: LocalCloud) -> None:
    first = maja(world)
    nothing_more = dict.fromkeys(NEWCOMER)
    again = enter(world, google_token(world, email="maja.new@example.com", name="M. N."), **nothing_more)
    assert (again.status, again.json["account_id"]) == (201, first.account_id)
    assert again.json["access_token"] != first.access_token
    me = world.call("GET", "/me", token=again.json["access_token"]).json
    assert (me["email"], me["nickname"]) == ("maja@example.com", "Maja Nowak")  # the account is the person's own
    assert len(rows(world, "account/session")) == 1  # it is the same phone


@pytest.mark.parametrize("name", NEWCOMER)
def test_what_a_newcomer_leaves_out_is_named_and_the_token_stays_good(world: LocalCloud, name: str) -> None:
    id_token = google_token(world)
    answer = enter(world, id_token, **{name: None})
    assert (answer.status, list(answer.json["fields"])) == (422, [name])
    assert enter(world, id_token).status == 201


def test_who_is_too_young_is_refused_and_comes_back_with_no_other_date_that_day(world: LocalCloud) -> None:
    answer = enter(world, google_token(world), birth_date="2010-01-06")
    assert as_said(answer) == (422, "TooYoung")
    stored = everything_stored(world)
    assert "account#" not in stored and "identity#" not in stored
    assert as_said(enter(world, google_token(world))) == (422, "TooYoung")
    elsewhere = {**TERMINAL, "unique_id": "somewhere-else"}
    assert enter(world, google_token(world, "google-2", "other@example.com"), terminal=elsewhere).status == 201
    world.advance(DAY_S)
    assert enter(world, google_token(world)).status == 201


def test_who_has_an_account_comes_in_where_a_child_was_turned_away(world: LocalCloud) -> None:
    person = maja(world)
    assert as_said(enter(world, google_token(world, "google-2", "kid@example.com"), birth_date="2010-01-06"))[0] == 422
    assert enter(world, google_token(world)).json["account_id"] == person.account_id


def test_the_policy_agreed_to_must_be_the_one_in_force(world: LocalCloud) -> None:
    assert as_said(enter(world, google_token(world), policy_version="2020-01-01")) == (422, "PolicyOutdated")


def test_who_belongs_to_another_region_is_told_where_and_nothing_is_kept(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(settings), "regions", {"asia": "https://asia.sowa.test", "europe": settings.public_url})
    id_token, before = google_token(world), world.dump()["tables"]
    answer = enter(world, id_token, country="JP")
    assert (*as_said(answer), answer.json["endpoint"]) == (421, "Misdirected", "https://asia.sowa.test")
    assert world.dump()["tables"] == before
    person = maja(world)  # of a country that is served here
    stored = Stored(world.dump())
    assert stored.decrypted(stored.first_ids("Account")[person.account_id], "region") == "europe"
    assert enter(world, google_token(world), country="JP").json["account_id"] == person.account_id


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "yes"}, {"email": "no address"}])
def test_an_address_that_the_platform_has_not_proved_makes_no_account(world: LocalCloud, claims: dict) -> None:
    answer = enter(world, google_token(world, **claims))
    assert as_said(answer) == (422, "EmailNotVouched")
    assert list(answer.json["fields"]) == ["id_token"]
    assert rows(world, "account/account") == []
    assert enter(world, google_token(world)).status == 201
    assert len(rows(world, "account/account")) == 1


def test_an_address_that_the_platform_has_not_proved_is_not_looked_up(world: LocalCloud) -> None:
    new_person(world, "maja@example.com")
    assert as_said(enter(world, google_token(world, email_verified=False))) == (422, "EmailNotVouched")


def test_apple_says_truth_as_text_and_no_name(world: LocalCloud) -> None:
    answer = enter(world, platforms().apple.id_token(nonce(world)), "apple")
    assert answer.status == 201, answer.body
    assert world.call("GET", "/me", token=answer.json["access_token"]).json["nickname"] == "maja"


def test_who_comes_from_facebook_is_told_what_to_do_and_then_comes_in(world: LocalCloud) -> None:
    def facebook() -> str:
        return platforms().facebook.id_token(nonce(world))

    told = []
    for known in (False, True):
        world.trace.clear()
        answer = enter(world, facebook(), "facebook")
        told.append((*as_said(answer), answer.json["message"], world.trace.names()))
        if not known:
            ola = new_person(world, "maja@example.com")
    assert told[0] == told[1]
    assert told[0][:2] == (422, "EmailNotVouched")
    assert "połącz platformę" in told[0][2]
    ola.step_up()
    assert link(ola, facebook(), "facebook").status == 201
    assert enter(world, facebook(), "facebook").json["account_id"] == ola.account_id


def test_a_name_is_made_fit_for_a_profile(world: LocalCloud) -> None:
    person = maja(world, name="Maja\n\tNowak\u202e " + "x" * 100)
    assert person.call("GET", "/me").json["nickname"] == ("Maja Nowak " + "x" * 100)[:64]


def test_an_address_that_has_an_account_is_no_proof_of_owning_it(world: LocalCloud) -> None:
    ola = new_person(world, "maja@example.com")
    assert as_said(enter(world, google_token(world, email="Maja@Example.com"))) == (409, "ProofNeeded")
    assert len(rows(world, "account/session")) == 1
    ola.step_up()
    assert link(ola, google_token(world)).status == 201
    assert enter(world, google_token(world)).json["account_id"] == ola.account_id


def test_the_same_subject_of_another_platform_is_somebody_else(world: LocalCloud) -> None:
    person = maja(world, subject="apple-1")
    other = platforms().apple.id_token(nonce(world), sub="apple-1", email="other@example.com")
    assert enter(world, other, "apple").json["account_id"] != person.account_id


def test_a_platform_that_is_not_set_up_is_not_offered(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_FACEBOOK_AUDIENCES", "")
    assert as_said(enter(world, google_token(world), "facebook")) == (404, "PlatformNotOffered")
    assert as_said(enter(world, google_token(world), "myspace")) == (422, "Invalid")


def test_a_token_is_good_once(world: LocalCloud) -> None:
    id_token = google_token(world)
    assert enter(world, id_token, key=KEY).status == 201
    assert as_said(enter(world, id_token)) == (401, "IdTokenRefused")
    assert as_said(enter(world, id_token, key="the-key-of-another-one")) == (401, "IdTokenRefused")
    assert len(rows(world, "account/session")) == 1


def test_an_exact_repeat_gets_new_tokens_that_end_the_former(world: LocalCloud) -> None:
    id_token = google_token(world)
    first, again = enter(world, id_token, key=KEY), enter(world, id_token, key=KEY)
    assert (first.status, again.status) == (201, 201)
    assert first.json["account_id"] == again.json["account_id"]
    alive = [world.call("GET", "/me", token=one.json["access_token"]).status for one in (first, again)]
    assert alive == [401, 200]
    assert len(rows(world, "account/session")) == len(rows(world, "account/account")) == 1


@pytest.mark.parametrize("comes", ["for the first time", "again"])
@pytest.mark.parametrize("way", ["signed out", "password reset", "closed"])
def test_a_token_that_was_used_opens_nothing_after(world: LocalCloud, comes: str, way: str) -> None:
    if comes == "again":
        maja(world)
    id_token = google_token(world)
    person = Person(world, "maja@example.com")
    assert person._keep(enter(world, id_token, key=KEY)).status == 201
    assert person._keep(enter(world, id_token, key=KEY)).status == 201  # it does until then
    if way == "signed out":
        assert person.call("DELETE", "/sessions/current").status == 204
    elif way == "closed":
        person.step_up()
        assert person.close().status == 202
    else:
        body = {"reset_id": ask_for_reset(world, person.email), "code": person.newest_code(), "password": PASSWORD}
        assert world.call("POST", "/password-resets/confirm", body).status == 204
    before = rows(world, "account/session")
    assert as_said(enter(world, id_token, key=KEY)) == (401, "IdTokenRefused")
    assert (rows(world, "account/session"), len(rows(world, "account/account"))) == (before, int(way != "closed"))


def test_a_key_of_another_sign_in_is_refused(world: LocalCloud) -> None:
    assert enter(world, google_token(world), key=KEY).status == 201
    elsewhere = {**TERMINAL, "unique_id": "somewhere-else"}
    assert as_said(enter(world, google_token(world), key=KEY, terminal=elsewhere)) == (422, "KeyReused")


def test_a_token_is_over_with_its_nonce(world: LocalCloud) -> None:
    answer = world.call("GET", "/nonce")
    assert answer.json["expires_in_seconds"] == 600
    early, late = google_token(world), google_token(world, "google-2", "other@example.com")
    world.advance(599)
    assert enter(world, early).status == 201
    world.advance(1)
    assert as_said(enter(world, late)) == (401, "IdTokenRefused")


def test_a_spent_nonce_is_forgotten_when_it_could_not_be_used_any_more(world: LocalCloud) -> None:
    maja(world)
    assert len(rows(world, "nonce/nonce")) == 1
    world.advance(600 + 60, reaper_lag_seconds=0)
    assert rows(world, "nonce/nonce") == []


def test_asking_for_a_nonce_stores_nothing(world: LocalCloud) -> None:
    world.trace.clear()
    assert nonce(world) != nonce(world)
    assert world.trace.names() == []


def test_no_password_opens_an_account_that_has_none_and_it_costs_the_same(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, ola = maja(world), new_person(world)
    checked: list[str] = []
    is_right = passwords._is_right
    monkeypatch.setattr(passwords, "_is_right", lambda *said: checked.append("") or is_right(*said))
    told = []
    for email, password in ((person.email, PASSWORD), (person.email, ""), (ola.email, "not her password")):
        world.trace.clear()
        answer = Person(world, email).sign_in(password)
        told.append((*as_said(answer), answer.json["message"], world.trace.names(), len(checked)))
        checked.clear()
    assert told == [told[0]] * 3
    assert told[0][:2] == (401, "PasswordWrong")


def test_it_is_proved_once_more_by_a_code_to_the_address(world: LocalCloud) -> None:
    person = maja(world)
    person.step_up()
    assert person.close().status == 202


def test_what_the_platform_calls_a_person_is_stored_nowhere(world: LocalCloud) -> None:
    maja(world, subject="subject-0123456789", picture="https://pictures.test/of-maja.jpg")
    stored = everything_stored(world)
    assert "subject-0123456789" not in stored
    assert "pictures.test" not in stored
    assert "maja@example.com" not in stored


def test_who_closed_the_account_is_a_newcomer_to_it(world: LocalCloud) -> None:
    person = maja(world)
    person.step_up()
    assert person.close().status == 202
    assert rows(world, "identity/identity") == []
    answer = enter(world, google_token(world))
    assert answer.status == 201
    assert answer.json["account_id"] != person.account_id
    world.advance(20 * 60)
    assert violations(world.dump()) == []


def test_a_registration_that_waits_for_its_code_comes_too_late(world: LocalCloud) -> None:
    slow = Person(world, "maja@example.com")
    registration_id = slow.register()
    maja(world)
    assert as_said(slow.confirm(registration_id)) == (409, "AddressTaken")


def test_a_new_terminal_is_told_of_and_a_known_one_is_not(world: LocalCloud) -> None:
    maja(world)
    assert world.outbox("maja@example.com") == []
    enter(world, google_token(world))
    world.settle()
    assert world.outbox("maja@example.com") == []
    for _ in range(2):
        enter(world, google_token(world), terminal={**TERMINAL, "unique_id": "somewhere-else"})
        world.settle()
    (mail,) = world.outbox("maja@example.com")
    assert mail["subject"] == "Nowe logowanie do Twojego konta Sowa"


def test_where_one_has_signed_in_with_a_platform_nobodys_guesses_make_one_wait(world: LocalCloud) -> None:
    person = maja(world)
    reset_id = ask_for_reset(world, person.email)
    said = {"reset_id": reset_id, "code": person.newest_code(), "password": NEW_PASSWORD}
    assert world.call("POST", "/password-resets/confirm", said).status == 204
    stranger = Person(world, person.email, terminal={**TERMINAL, "unique_id": "somewhere-else"})
    for _ in range(11):
        answer = stranger.sign_in("not her password at all")
    assert answer.status == 429
    assert person.sign_in(NEW_PASSWORD).status == 201


def test_too_many_sessions_end_the_longest_unused(world: LocalCloud) -> None:
    person = maja(world)
    for number in range(MOST_SESSIONS):
        world.advance(1)
        other = {**TERMINAL, "unique_id": f"another-{number}"}
        assert enter(world, google_token(world), terminal=other).status == 201
    assert len(rows(world, "account/session")) == MOST_SESSIONS
    assert person.call("GET", "/me").status == 401


def test_a_sign_in_is_five_calls_at_most(world: LocalCloud) -> None:
    for _ in range(2):
        id_token = google_token(world)
        world.trace.clear()
        assert enter(world, id_token).status == 201
        assert len(world.trace.names()) <= 5, world.trace.names()
