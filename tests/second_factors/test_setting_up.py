"""Adding, listing and removing second factors: with raised trust, told by mail, and never by halves (B2)."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from soft_fido2 import Fido2Authenticator, KeyPair

from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.factors import ORIGIN, ROOT, App, Key, asked, recovery_codes
from tests.privacy.exports import archive, records_in
from tests.scene import PASSWORD, Person, at_once, everything_stored, just_before, new_person, rows

SHORT = "Trzy4Sowy"
KEY = {"Idempotency-Key": "setting-up-0123456789"}


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    person = new_person(world)
    person.step_up()
    return person


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def factors_shown(person: Person) -> Any:
    answer = person.call("GET", ROOT)
    assert answer.status == 200, answer.body
    return answer.json


def subjects(person: Person) -> list[str]:
    return [mail["subject"] for mail in person.world.outbox(person.email)]


def confirm(person: Person, code: str, **headers: str) -> Response:
    return person.call("POST", f"{ROOT}/totp/confirm", {"code": code}, headers=headers)


def confirm_key(person: Person, made: dict[str, Any], name: str = "My phone", **headers: str) -> Response:
    return person.call("POST", f"{ROOT}/passkeys/confirm", {"name": name, "credential": made}, headers=headers)


def change_password(person: Person, new: str, current: str = PASSWORD) -> Response:
    return person.call("PUT", "/me/password", {"current": current, "new": new})


# ── An authenticator app ─────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_set_up_at_first(ola: Person) -> None:
    assert factors_shown(ola) == {"totp": None, "passkeys": [], "recovery_codes_left": 0}


def test_an_app_reads_a_secret_of_160_bits_and_the_standards_terms(ola: Person) -> None:
    answer = ola.call("POST", f"{ROOT}/totp")
    assert answer.json["otpauth_uri"] == (
        f"otpauth://totp/Sowa:ola%40example.com?secret={answer.json['secret']}&issuer=Sowa"
    )
    assert len(answer.json["secret"]) * 5 == 160
    assert answer.json["until"] == "2026-01-05T08:10:00Z"


def test_an_app_is_asked_for_once_its_first_code_came_and_the_person_is_told(ola: Person) -> None:
    app = App.begun(ola)
    assert factors_shown(ola)["totp"] is None
    assert confirm(ola, app.code()).status == 204
    assert factors_shown(ola)["totp"] == {"added_at": "2026-01-05T08:00:00Z"}
    assert subjects(ola)[0] == "An authenticator app was added to your Sowa account"
    assert asked(ola)["methods"] == ["totp"]


def test_a_wrong_first_code_adds_nothing(ola: Person) -> None:
    app = App.begun(ola)
    wrong = f"{(int(app.code()) + 1) % 1_000_000:06d}"
    assert refusal(confirm(ola, wrong)) == (422, "CodeWrong")
    assert factors_shown(ola)["totp"] is None
    assert confirm(ola, app.code()).status == 204


def test_a_secret_that_nobody_confirms_is_over_after_ten_minutes(ola: Person) -> None:
    app = App.begun(ola)
    ola.world.advance(599)
    ola.step_up()
    ola.world.advance(1)
    assert refusal(confirm(ola, app.code())) == (410, "SetupOver")


def test_another_app_takes_the_place_of_the_first_when_it_is_confirmed(ola: Person) -> None:
    first = App.added(ola)
    second = App.begun(ola)
    ola.world.advance(30)
    assert ola.sign_in(factor={"totp": first.code()}).status == 201
    ola.step_up()
    assert confirm(ola, second.code()).status == 204
    ola.world.advance(60)
    assert refusal(ola.sign_in(factor={"totp": first.code()})) == (401, "SecondFactorWrong")
    assert ola.sign_in(factor={"totp": second.code()}).status == 201


def test_a_confirmation_that_is_sent_again_is_answered_again(ola: Person) -> None:
    code = App.begun(ola).code()
    assert [confirm(ola, code, **KEY).status for _ in range(2)] == [204, 204]
    assert refusal(confirm(ola, code)) == (410, "SetupOver")
    assert subjects(ola).count("An authenticator app was added to your Sowa account") == 1


def test_the_code_that_confirmed_signs_in_nobody(ola: Person) -> None:
    app = App.added(ola)
    assert refusal(ola.sign_in(factor={"totp": app.code()})) == (401, "SecondFactorWrong")


def test_a_secret_is_stored_sealed_only(ola: Person) -> None:
    secrets = [App.added(ola).secret, App.begun(ola).secret]
    stored = everything_stored(ola.world)
    assert not [secret for secret in secrets if secret.lower() in stored.lower()]


# ── Passkeys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_passkey_is_listed_by_its_name_and_the_person_is_told(ola: Person) -> None:
    added = Key().add_to(ola, "Kluczyk 🔑")
    assert factors_shown(ola)["passkeys"] == [added]
    assert (added["name"], added["added_at"], added["used_at"]) == ("Kluczyk 🔑", "2026-01-05T08:00:00Z", None)
    assert subjects(ola)[0] == "A passkey was added to your Sowa account"
    assert asked(ola)["methods"] == ["passkey"]


def test_what_a_browser_is_asked_names_the_person_and_what_is_there_already(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    options = ola.call("POST", f"{ROOT}/passkeys").json
    assert options["rp"] == {"id": "localhost", "name": "Sowa"}
    assert (options["user"]["name"], options["user"]["displayName"]) == ("ola@example.com", "Ola")
    known = key.make(options)["rawId"]
    assert options["excludeCredentials"] == [{"id": known, "transports": [], "type": "public-key"}]
    assert options["timeout"] == 300_000


def test_a_challenge_lives_five_minutes_and_is_used_once(ola: Person) -> None:
    made = Key().made_for(ola)
    ola.world.advance(299)
    assert confirm_key(ola, made).status == 201
    assert refusal(confirm_key(ola, made)) == (410, "SetupOver")
    late = Key().made_for(ola)
    ola.world.advance(300)
    assert refusal(confirm_key(ola, late)) == (410, "SetupOver")


def test_a_challenge_of_somebody_else_or_of_a_sign_in_adds_nothing(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com")
    zed.step_up()
    assert refusal(confirm_key(ola, Key().made_for(zed))) == (410, "SetupOver")
    Key().add_to(ola)
    challenge = asked(ola)["passkey"]["challenge"]
    options = {**ola.call("POST", f"{ROOT}/passkeys").json, "challenge": challenge}
    assert refusal(confirm_key(ola, Key().make(options))) == (410, "SetupOver")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://localhost:8000", "http://localhost", "null"])
def test_a_passkey_made_by_another_page_is_refused(ola: Person, origin: str) -> None:
    assert refusal(confirm_key(ola, Key(origin).made_for(ola))) == (422, "PasskeyWrong")


def test_a_passkey_made_for_another_domain_is_refused(ola: Person) -> None:
    options = ola.call("POST", f"{ROOT}/passkeys").json
    options["rp"]["id"] = "example.org"
    assert refusal(confirm_key(ola, Key().make(options))) == (422, "PasskeyWrong")


@pytest.mark.parametrize(
    "attestation", ["AA", "oA", "_____w", "v" * 16_000, "a2NmbXRkbm9uZQ", "ą", "gYGBgYGBgYGBgYGBgYGB" * 500]
)
def test_what_is_no_attestation_is_refused(ola: Person, attestation: str) -> None:
    made = Key().made_for(ola)
    made["response"]["attestationObject"] = attestation
    assert refusal(confirm_key(ola, made)) == (422, "PasskeyWrong")


def test_a_key_that_was_not_asked_for_is_refused(ola: Person) -> None:
    key = Key(device=Fido2Authenticator(keyPair=KeyPair.generate_ecdsa(curve=ec.SECP521R1())))
    options = {**ola.call("POST", f"{ROOT}/passkeys").json, "pubKeyCredParams": [{"type": "public-key", "alg": -36}]}
    assert refusal(confirm_key(ola, key.make(options))) == (422, "PasskeyWrong")


def test_the_same_passkey_is_added_once(ola: Person) -> None:
    key = Key()
    key.add_to(ola)
    assert refusal(confirm_key(ola, key.made_for(ola))) == (409, "PasskeyKnown")
    # But another person may have it, too.
    zed = new_person(ola.world, "zed@example.com")
    key.add_to(zed)


def test_ten_passkeys_are_the_most(ola: Person) -> None:
    for _ in range(10):
        Key().add_to(ola)
    assert refusal(ola.call("POST", f"{ROOT}/passkeys")) == (409, "TooManyPasskeys")


def test_a_passkey_is_renamed(ola: Person) -> None:
    passkey_id = Key().add_to(ola)["passkey_id"]
    answer = ola.call("PATCH", f"{ROOT}/passkeys/{passkey_id}", {"name": "Old phone"})
    assert (answer.status, answer.json["name"]) == (200, "Old phone")
    assert factors_shown(ola)["passkeys"][0]["name"] == "Old phone"


def test_what_lies_there_says_neither_the_name_nor_which_key(ola: Person) -> None:
    key = Key()
    made = key.made_for(ola)
    assert confirm_key(ola, made, "Tajna nazwa").status == 201
    stored = everything_stored(ola.world)
    assert "Tajna nazwa" not in stored
    assert made["rawId"] not in stored


def test_a_browser_may_say_more_than_is_asked(ola: Person) -> None:
    made = Key().made_for(ola)
    made |= {"authenticatorAttachment": "platform", "clientExtensionResults": {"credProps": {"rk": True}}, "new": 1}
    made["response"] |= {"transports": ["internal", "hybrid"], "publicKeyAlgorithm": -7, "publicKey": "AA"}
    assert confirm_key(ola, made).status == 201
    (told,) = asked(ola)["passkey"]["allowCredentials"]
    assert told == {"id": made["rawId"], "transports": ["internal", "hybrid"], "type": "public-key"}


# ── Where passkeys work is a setting ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "domain", "origins"),
    [
        ({}, "api.example.org", ("https://api.example.org",)),
        ({"ALLOWED_ORIGIN": "https://app.example.org"}, "app.example.org", ("https://app.example.org",)),
        (
            {"PASSKEY_ORIGINS": "https://app.example.org android:apk-key-hash:AbC", "PASSKEY_DOMAIN": "example.org"},
            "example.org",
            ("https://app.example.org", "android:apk-key-hash:AbC"),
        ),
    ],
)
def test_origins_and_domain_come_from_settings(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], domain: str, origins: tuple[str, ...]
) -> None:
    for name in ("ALLOWED_ORIGIN", "PASSKEY_ORIGINS", "PASSKEY_DOMAIN"):
        monkeypatch.setenv(name, told.get(name, ""))
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.org/v")
    fresh = type(settings)()
    assert (fresh.passkey_domain, fresh.passkey_origins) == (domain, origins)


def test_a_passkey_of_an_app_is_taken_where_the_deployer_named_it(
    ola: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = "android:apk-key-hash:AbC"
    monkeypatch.setitem(vars(settings), "passkey_origins", (ORIGIN, app))
    Key(app).add_to(ola)


# ── Recovery codes ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_are_ten_recovery_codes_of_eighty_bits_and_none_is_stored(ola: Person) -> None:
    App.added(ola)
    codes = recovery_codes(ola)
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) * 5 == 80 for code in codes)
    stored = everything_stored(ola.world)
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    assert factors_shown(ola)["recovery_codes_left"] == 10
    assert subjects(ola)[0] == "New recovery codes for your Sowa account"


def test_recovery_codes_are_for_who_has_another_factor(ola: Person) -> None:
    assert refusal(ola.call("POST", f"{ROOT}/recovery-codes")) == (409, "SecondFactorMissing")
    assert rows(ola.world, "account/recovery-codes") == []
    App.added(ola)
    recovery_codes(ola)
    assert len(rows(ola.world, "account/recovery-codes")) == 1


def test_new_codes_end_the_old_ones_and_so_does_an_exact_repeat(ola: Person) -> None:
    App.added(ola)
    old = recovery_codes(ola)
    first, again = (ola.call("POST", f"{ROOT}/recovery-codes", headers=KEY).json["codes"] for _ in range(2))
    assert not set(old) & set(first) | set(first) & set(again)
    for code in (old[0], first[0]):
        assert refusal(ola.sign_in(factor={"recovery_code": code})) == (401, "SecondFactorWrong")
    assert ola.sign_in(factor={"recovery_code": again[0]}).status == 201
    assert rows(ola.world, "account/answer") == []
    ola.call("PATCH", "/me", {"nickname": "Ala"}, headers=KEY)
    assert len(rows(ola.world, "account/answer")) == 1  # as every other is kept


# ── Removing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_removed_is_not_asked_for_and_the_person_is_told(ola: Person) -> None:
    App.added(ola)
    passkey_id = Key().add_to(ola)["passkey_id"]
    assert ola.call("DELETE", f"{ROOT}/totp").status == 204
    assert subjects(ola)[0] == "The authenticator app was removed from your Sowa account"
    assert asked(ola)["methods"] == ["passkey"]
    assert ola.call("DELETE", f"{ROOT}/passkeys/{passkey_id}").status == 204
    assert subjects(ola)[0] == "A passkey was removed from your Sowa account"
    assert ola.sign_in().status == 201
    assert rows(ola.world, "account/totp") == rows(ola.world, "account/passkey") == []


def test_what_is_not_there_cannot_be_removed(ola: Person) -> None:
    assert ola.call("DELETE", f"{ROOT}/totp").status == 404
    assert ola.call("DELETE", f"{ROOT}/passkeys/{'a' * 32}").status == 404
    assert ola.call("DELETE", f"{ROOT}/passkeys/totp").status == 404


def test_recovery_codes_go_with_the_last_factor_and_not_before(ola: Person) -> None:
    App.added(ola)
    passkey_id = Key().add_to(ola)["passkey_id"]
    recovery_codes(ola)
    ola.call("DELETE", f"{ROOT}/totp")
    assert factors_shown(ola)["recovery_codes_left"] == 10
    ola.call("DELETE", f"{ROOT}/passkeys/{passkey_id}")
    assert factors_shown(ola)["recovery_codes_left"] == 0
    assert rows(ola.world, "account/recovery-codes") == []


def test_the_last_factor_stays_while_the_password_is_short(ola: Person) -> None:
    App.added(ola)
    passkey_id = Key().add_to(ola)["passkey_id"]
    assert change_password(ola, SHORT).status == 204
    assert ola.call("DELETE", f"{ROOT}/totp").status == 204
    answer = ola.call("DELETE", f"{ROOT}/passkeys/{passkey_id}")
    assert refusal(answer) == (409, "PasswordNeedsSecondFactor")
    assert change_password(ola, PASSWORD, SHORT).status == 204
    assert ola.call("DELETE", f"{ROOT}/passkeys/{passkey_id}").status == 204


# ── Two at once ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_a_short_password_and_the_removal_of_the_last_factor_one_happens(ola: Person) -> None:
    App.added(ola)
    with just_before(ola.world, 2, lambda: change_password(ola, SHORT)):
        assert refusal(ola.call("DELETE", f"{ROOT}/totp")) == (409, "Conflict")
    assert ola.sign_in(SHORT, factor={"totp": "000000"}).status == 401


def test_of_the_removal_of_the_last_factor_and_a_short_password_one_happens(ola: Person) -> None:
    App.added(ola)
    # Four calls: the session, the guesses, the sessions, the commit.
    with just_before(ola.world, 4, lambda: ola.call("DELETE", f"{ROOT}/totp")):
        assert refusal(change_password(ola, SHORT)) == (409, "Conflict")
    assert ola.sign_in().status == 201


def test_the_last_two_factors_are_not_removed_as_if_each_were_not_the_last(ola: Person) -> None:
    App.added(ola)
    passkey_id = Key().add_to(ola)["passkey_id"]
    assert change_password(ola, SHORT).status == 204
    with just_before(ola.world, 2, lambda: ola.call("DELETE", f"{ROOT}/passkeys/{passkey_id}")):
        assert refusal(ola.call("DELETE", f"{ROOT}/totp")) == (409, "Conflict")
    assert factors_shown(ola)["totp"] is not None


def test_one_secret_is_confirmed_once(ola: Person) -> None:
    code = App.begun(ola).code()
    statuses = sorted(answer.status for answer in at_once(*[lambda: confirm(ola, code)] * 3))
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 410}


def test_mails_are_written_in_the_persons_language(world: LocalCloud) -> None:
    ola = new_person(world, language="pl")
    App.added(ola)
    Key().add_to(ola)
    assert subjects(ola)[:1] == ["Do Twojego konta Sowa dodano klucz dostępu"]
    assert "Do Twojego konta Sowa dodano aplikację uwierzytelniającą" in subjects(ola)


def test_a_copy_of_ones_data_tells_that_there_are_factors_and_no_secret(ola: Person) -> None:
    app = App.added(ola)
    made = Key().made_for(ola)
    assert confirm_key(ola, made, "Kluczyk").status == 201
    recovery_codes(ola)
    ola.world.advance(60)  # or the next code would come too soon
    copy = archive(ola)
    told = records_in(copy)
    (passkey,), (totp,), (codes,) = (told[kind] for kind in ("passkey", "totp", "recovery-codes"))
    assert (passkey["name"], passkey["added_at"]) == ("Kluczyk", "2026-01-05T08:00:00Z")
    assert totp.keys() - {"id", "added_at"} == codes.keys() - {"id", "made_at"} == set()
    everything = b"".join(copy.read(name) for name in copy.namelist()).decode("latin-1").lower()
    assert app.secret.lower() not in everything
    assert made["rawId"].lower() not in everything


def test_nobody_without_raised_trust_is_shown_a_secret(world: LocalCloud) -> None:
    ola = new_person(world)
    for path in ("totp", "passkeys", "recovery-codes"):
        assert refusal(ola.call("POST", f"{ROOT}/{path}")) == (403, "StepUpRequired")
    assert refusal(ola.call("DELETE", f"{ROOT}/totp")) == (403, "StepUpRequired")
