"""The receipt: signed, checked by anybody with a library and our public key, and without a person in it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.privacy.leaving import DAY, QUARTER, belongings, claims, closed, erasure, live_a_little, receipt


def part(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def as_part(said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


@pytest.fixture
def token(home: Home) -> str:
    """The receipt of a rich account."""
    live_a_little(home)
    erasure_id = closed(home)["erasure_id"]
    home.world.advance(QUARTER)
    return receipt(home.world, erasure_id)


def test_anybody_can_check_it_with_the_published_key(home: Home, token: str) -> None:
    said = claims(home.world, token)
    assert said["iss"] == "http://127.0.0.1:8000"
    header = part(token.split(".")[0])
    (key,) = home.world.call("GET", "/keys").json["keys"]
    assert header == {"alg": "ES256", "kid": key["kid"], "typ": "JWT"}
    jws.deserialize_compact(token, ECKey.import_key(key), algorithms=["ES256"])


def test_the_published_key_is_public_only(world: LocalCloud) -> None:
    answer = world.call("GET", "/keys")
    (key,) = answer.json["keys"]
    assert answer.status == 200
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
    }
    assert "d" not in key and key["kid"] == ECKey.import_key(key).thumbprint()


def test_it_says_what_was_done_when_and_what_is_kept_and_why(home: Home, token: str) -> None:
    said = claims(home.world, token)
    assert said["begun_at"] == "2026-01-05T08:00:00Z"
    assert "2026-01-05T08:01:00Z" <= said["done_at"] <= "2026-01-05T08:15:00Z"
    # The account's, its two devices', and that of the last letter.
    assert (said["keys_destroyed"], len(said["subjects"])) == (4, 4)
    assert said["deleted_at_least"]["stored objects"] == 3
    assert said["deleted_at_least"]["push endpoints"] == 1
    assert said["deleted_at_least"]["database items"] >= 8
    assert said["kept"] == [
        {"record": "invoice S-2026-000001", "row": "LAW", "until": "2031-12-31T23:59:59Z", "why": "tax law"}
    ]


def test_it_names_nobody(home: Home, token: str) -> None:
    said = json.dumps(claims(home.world, token)) + token
    # Nor the account or device that it is about, but by a hash of a random number.
    assert [told for told in (*belongings(home), home.camera.sn) if told in said] == []


CHANGES: dict[str, Any] = {
    "another time": {"done_at": "2026-01-05T08:00:01Z"},
    "nothing kept": {"kept": []},
    "more deleted": {"deleted": {"database items": 9999}},
    "another issuer": {"iss": "https://elsewhere.example"},
}


@pytest.mark.parametrize("what", CHANGES)
def test_one_that_was_altered_is_worth_nothing(home: Home, token: str, what: str) -> None:
    head, body, signature = token.split(".")
    altered = ".".join((head, as_part({**part(body), **CHANGES[what]}), signature))
    with pytest.raises(JoseError):
        claims(home.world, altered)


def test_nor_is_one_with_another_signature_or_none(home: Home, token: str) -> None:
    head, body, signature = token.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    unsigned = as_part({**part(head), "alg": "none"})
    own = ECKey.generate_key("P-256")
    forged = jwt.encode(part(head), part(body), own, algorithms=["ES256"])
    for altered in (f"{head}.{body}.{flipped}", f"{head}.{body}.", f"{unsigned}.{body}.", forged):
        with pytest.raises(JoseError):
            claims(home.world, altered)


def test_it_stays_the_same_whenever_it_is_asked_for(home: Home) -> None:
    erasure_id = closed(home)["erasure_id"]
    home.world.advance(QUARTER)
    first = erasure(home.world, erasure_id).body
    home.world.advance(2 * DAY)
    assert erasure(home.world, erasure_id).body == first
    assert claims(home.world, receipt(home.world, erasure_id))


def test_removing_a_device_gives_one_as_well(home: Home) -> None:
    live_a_little(home)
    told = home.owner.call("DELETE", f"/devices/{home.camera.device_id}").json
    assert told["receipt_url"].endswith(told["erasure_id"])
    home.world.advance(QUARTER)
    said = claims(home.world, receipt(home.world, told["erasure_id"]))
    assert (len(said["subjects"]), said["keys_destroyed"], said["kept"]) == (1, 1, [])
    assert said["deleted_at_least"]["stored objects"] == 2


def test_two_erasures_have_two_receipts(home: Home) -> None:
    first = closed(home)["erasure_id"]
    home.stranger.step_up()
    second = home.stranger.close().json["erasure_id"]
    home.world.advance(QUARTER)
    one, other = (claims(home.world, receipt(home.world, erasure_id)) for erasure_id in (first, second))
    assert first != second and set(one["subjects"]).isdisjoint(other["subjects"])
    assert one["erasure"] != other["erasure"]


def test_the_keys_of_a_jwk_set_are_read_by_a_library(world: LocalCloud) -> None:
    assert len(KeySet.import_key_set(world.call("GET", "/keys").json).keys) == 1
