"""A platform's keys are fetched seldom, in time, from its own address, and nobody comes in while they are not there."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from joserfc.jwk import ECKey, KeySet, OctKey
from werkzeug.wrappers import Response

from chalicelib import http_fetch, jwks
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from tests.identities.people import as_said, enter
from tests.identities.platforms import Served, nonce, platforms
from tests.scene import at_once

ASKED = "/apple/keys"


def come(world: LocalCloud, served: Served, number: int = 1) -> tuple:
    token = served.apple.id_token(nonce(world), sub=f"apple-{number}", email=f"maja{number}@example.com")
    return as_said(enter(world, token, "apple"))


def test_who_comes_while_the_keys_are_on_their_way_waits_for_them(world: LocalCloud, served: Served) -> None:
    keys = served.apple.keys()

    def late() -> Response:
        time.sleep(0.2)  # as long as it takes the others to arrive
        return Response(keys)

    served.answers = late
    tokens = [served.apple.id_token(nonce(world), sub=f"apple-{n}", email=f"maja{n}@example.com") for n in range(3)]
    answers = at_once(*(lambda token=token: enter(world, token, "apple") for token in tokens))
    assert [answer.status for answer in answers] == [201] * 3
    assert served.asked == [ASKED]


def strange(world: LocalCloud, served: Served, kid: str) -> tuple:
    token = served.apple.sign(served.apple.claims(nonce(world)), ECKey.generate_key("P-256", {"kid": kid}))
    return as_said(enter(world, token, "apple"))


def test_keys_are_kept_as_long_as_the_platform_says(world: LocalCloud, served: Served) -> None:
    for number in range(3):
        assert come(world, served, number)[0] == 201
    assert served.asked == [ASKED]
    world.advance(7199)
    assert come(world, served, 4)[0] == 201
    assert served.asked == [ASKED]
    world.advance(1)
    assert come(world, served, 5)[0] == 201
    assert served.asked == [ASKED] * 2


@pytest.mark.parametrize(
    ("said", "kept_s"),
    [
        ("public, max-age=7200", 7200), ("max-age=0", 300), ("max-age=999999999", 86_400), ("no-store", 3600),
        ("", 3600), ("s-maxage=5", 3600), ("max-age=-5", 3600), ("max-age=" + "9" * 400, 3600),
    ],
)  # fmt: skip
def test_what_it_says_is_believed_within_bounds(said: str, kept_s: int) -> None:
    assert jwks.kept_s(said) == kept_s


def test_a_new_key_is_fetched_when_a_token_names_it(world: LocalCloud, served: Served) -> None:
    assert come(world, served)[0] == 201
    world.advance(20)
    before, served.apple.ec = served.apple.ec, ECKey.generate_key("P-256", {"kid": "ec-2"})
    try:
        assert come(world, served, 2)[0] == 201
    finally:
        served.apple.ec = before
    assert served.asked == [ASKED] * 2


def test_made_up_key_ids_do_not_make_us_hammer_the_platform(world: LocalCloud, served: Served) -> None:
    assert come(world, served)[0] == 201
    for number in range(10):
        assert strange(world, served, f"made-up-{number}") == (401, "IdTokenRefused")
    assert served.asked == [ASKED]
    world.advance(20)
    for number in range(10):
        assert strange(world, served, f"made-up-{number}") == (401, "IdTokenRefused")
    assert served.asked == [ASKED] * 2
    assert come(world, served, 2)[0] == 201


def tell(monkeypatch: pytest.MonkeyPatch, **otherwise: str) -> None:
    """Let the installation be told otherwise of its platforms."""
    told = settings.oidc
    monkeypatch.setattr(settings, "oidc", lambda name, what: otherwise.get(what, told(name, what)))


def right() -> bytes:
    """What would be taken, if it came in another way."""
    return platforms().apple.keys()


def slowly(pieces: int, pause_s: float) -> Callable[[], Response]:
    def drip() -> Response:
        def body():  # type: ignore[no-untyped-def]
            for _ in range(pieces):
                time.sleep(pause_s)
                yield b" "
            yield right()

        return Response(body())

    return drip


BROKEN: dict[str, Callable[[], Response]] = {
    "an error": lambda: Response(right(), 500),
    "not there": lambda: Response(right(), 404),
    "elsewhere": lambda: Response("", 302, {"Location": "/apple/keys"}),
    "no JSON": lambda: Response("<html>"),
    "no text": lambda: Response(b"\xff\xfe"),
    "no keys": lambda: Response('{"keys": []}'),
    "a list": lambda: Response("[]"),
    "null": lambda: Response("null"),
    "keys that are none": lambda: Response('{"keys": [{"kty": "EC"}]}'),
    "a key that is a word": lambda: Response('{"keys": ["EC"]}'),
    "too much": lambda: Response(b" " * (64 * 1024) + right()),
    "without an end": lambda: Response(b" " * 1024 for _ in range(10_000)),
    "nothing for long": slowly(1, 1.0),
    "byte by byte": slowly(20, 0.05),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody waits for seconds."""
    with monkeypatch.context() as patch:
        patch.setattr(jwks, "_PATIENCE_S", 0.3)
        patch.setattr(http_fetch, "READ_S", 0.3)
        http_fetch._pool.cache_clear()
        yield
    http_fetch._pool.cache_clear()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", BROKEN)
def test_nobody_comes_in_while_the_keys_are_not_there(world: LocalCloud, served: Served, name: str) -> None:
    served.answers = BROKEN[name]
    assert come(world, served) == (503, "PlatformSilent")
    assert served.asked == [ASKED]
    # Nor is it asked by everybody who comes meanwhile.
    assert come(world, served, 2) == (503, "PlatformSilent")
    assert served.asked == [ASKED]
    served.answers = None
    world.advance(20)
    assert come(world, served)[0] == 201


def test_a_secret_among_the_keys_signs_nothing(world: LocalCloud, served: Served) -> None:
    """A platform that published one would let anybody sign."""
    secret = OctKey.import_key("s" * 32, {"kid": "published"})
    keys = KeySet([served.apple.ec, secret]).as_dict(private=True)
    served.answers = lambda: Response(json.dumps(keys))
    token = served.apple.sign(served.apple.claims(nonce(world)), secret, ["HS256"], alg="HS256")
    assert as_said(enter(world, token, "apple")) == (401, "IdTokenRefused")
    assert come(world, served)[0] == 201


def test_a_platform_that_is_down_is_said_to_be(
    world: LocalCloud, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/apple/keys"
        tell(monkeypatch, keys_url=url)
        token = served.apple.id_token(nonce(world))
        refused = enter(world, token, "apple")
    assert as_said(refused) == (503, "PlatformSilent")
    assert refused.headers["Retry-After"] == "20"


def test_known_keys_stay_known_while_the_platform_is_down(world: LocalCloud, served: Served) -> None:
    assert come(world, served)[0] == 201
    served.answers = BROKEN["an error"]
    world.advance(20)
    assert strange(world, served, "made-up") == (503, "PlatformSilent")
    assert come(world, served, 2)[0] == 201
    world.advance(7200)
    assert come(world, served, 3) == (503, "PlatformSilent")


@pytest.mark.parametrize("url", ["http://accounts.example.org/keys", "ftp://127.0.0.1/keys", "file:///keys", ""])
def test_keys_come_by_https_or_not_at_all(
    world: LocalCloud, served: Served, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(monkeypatch, keys_url=url)
    assert come(world, served) == (404, "PlatformNotOffered")


@pytest.mark.parametrize("missing", ["issuers", "audiences"])
def test_a_platform_without_a_name_or_a_client_of_ours_is_not_offered(
    world: LocalCloud, served: Served, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(monkeypatch, **{missing: " , "})
    assert come(world, served) == (404, "PlatformNotOffered")


def test_all_waiting_fits_into_the_eight_seconds() -> None:
    # Connecting, the first byte, and one more read that began in time.
    assert http_fetch.CONNECT_S + http_fetch.READ_S + jwks._PATIENCE_S <= 6
