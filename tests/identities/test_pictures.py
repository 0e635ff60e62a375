"""A newcomer's picture comes from the platform that vouches for them, if it is one and they do not want another."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from werkzeug.wrappers import Response

from chalicelib import http_fetch
from chalicelib.avatars import rules as pictures
from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.identities import actions, providers, rules
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from infra.strict_moto.faults import DIES_AFTER, Crash
from tests.avatars.hostile import as_file, exif, picture
from tests.identities.people import enter, link, maja, offer_picture
from tests.identities.platforms import Served, google_picture, google_token, nonce, platforms
from tests.scene import Person, everything_stored, jpeg, new_person, rows
from tests.worlds.invariants import violations

DAY_S = 86_400
OFFERED = "account/offered-picture"
KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs"


def gives(data: bytes, **how: str) -> Callable[[], Response]:
    return lambda: Response(data, **how)


def fetches(served: Served) -> int:
    return sum("/pictures/" in path for path in served.asked)


def stored() -> list[str]:
    return [one.key for one in s3.below("avatars")]


def newcomer(world: LocalCloud, data: bytes | None = None) -> Person:
    """Whose picture is offered and not fetched yet."""
    return maja(world, picture=platforms().picture(gives(jpeg(1) if data is None else data)))


# What is taken over


def test_a_newcomer_has_the_picture_of_the_platform_redrawn(world: LocalCloud, served: Served) -> None:
    person = newcomer(world, as_file(picture("RGB", (2000, 1000)), "PNG", exif=exif()))
    assert fetches(served) == 0  # nobody waits for it
    world.settle()
    shown = person.avatar()
    assert shown is not None
    redrawn = Image.open(io.BytesIO(shown))
    assert (redrawn.format, redrawn.size, redrawn.getexif()) == ("JPEG", (512, 256), {})
    assert (fetches(served), len(stored()), rows(world, OFFERED)) == (1, 1, [])
    assert violations(world.dump()) == []


def test_its_address_is_sealed_while_it_waits_and_a_copy_of_ones_data_names_it(world: LocalCloud) -> None:
    maja(world, picture=platforms().picture(lambda: Response(status=404), "a-name-that-is-nowhere-else"))
    (row,) = rows_unsettled(OFFERED)
    assert isinstance(row["url"], dict) and set(row["url"]) == set(row["platform"]) == {"B"}
    world.settle()
    assert "a-name-that-is-nowhere-else" not in everything_stored(world)


def rows_unsettled(kind: str) -> list[dict[str, dict[str, object]]]:
    """As they lie there now, in DynamoDB's words."""
    found = client("dynamodb").scan(TableName=settings.items_table)["Items"]
    return [row for row in found if row["sk"]["S"].split("#")[0] == kind.partition("/")[2]]


def test_the_sign_in_costs_no_more_calls(world: LocalCloud) -> None:
    id_token = google_token(world, picture=google_picture())
    world.trace.clear()
    assert enter(world, id_token).status == 201
    assert len(world.trace.names()) <= 5, world.trace.names()


def test_it_can_be_deleted_as_any_other(world: LocalCloud) -> None:
    person = newcomer(world)
    world.settle()
    assert person.call("DELETE", "/me/avatar").status == 204
    world.settle()
    assert (person.avatar(), stored()) == (None, [])
    assert person._keep(enter(world, google_token(world, picture=google_picture()))).status == 201
    world.settle()
    assert (person.avatar(), rows(world, OFFERED)) == (None, [])


def test_an_account_that_is_there_already_takes_no_picture(world: LocalCloud, served: Served) -> None:
    ola = new_person(world)
    ola.step_up()
    assert link(ola, google_token(world, picture=google_picture())).status == 201
    assert enter(world, google_token(world, picture=google_picture())).status == 201
    world.settle()
    assert (fetches(served), ola.avatar(), stored()) == (0, None, [])


# What somebody did meanwhile


@pytest.mark.parametrize("is_first", [False, True])
def test_who_has_uploaded_one_meanwhile_keeps_it(world: LocalCloud, is_first: bool) -> None:
    person = newcomer(world)
    with world.aws.lock:  # nobody is told yet
        world.clock.move_to(world.now().timestamp() + 1)
        assert person.upload_avatar(jpeg(2)).status == 204
        if is_first:
            actions.take_over_picture(person.account_id, 1)
    world.settle()
    assert person.avatar() == pictures.cleaned(jpeg(2))
    assert (len(stored()), rows(world, OFFERED)) == (1, [])
    assert violations(world.dump()) == []


def test_who_wants_none_gets_none(world: LocalCloud) -> None:
    person = newcomer(world)
    assert person.call("DELETE", "/me/avatar").status == 204
    world.settle()
    assert (person.avatar(), stored(), rows(world, OFFERED)) == (None, [], [])


def test_who_closes_the_account_while_it_is_fetched_leaves_nothing(world: LocalCloud) -> None:
    person = maja(world)
    person.step_up()
    url = platforms().picture(lambda: closing())

    def closing() -> Response:
        assert person.close().status == 202
        return Response(jpeg(1))

    offer_picture(person, url)
    world.settle()
    world.advance(20 * 60)
    assert (stored(), rows(world, OFFERED), violations(world.dump())) == ([], [], [])


def test_told_again_it_stays(world: LocalCloud, served: Served) -> None:
    person = newcomer(world)
    for _ in range(2):
        world.settle()
        actions.take_over_picture(person.account_id, 1)
    assert person.avatar() == pictures.cleaned(jpeg(1))
    assert (fetches(served), len(stored())) == (1, 1)


def test_told_again_after_a_death_between_the_object_and_its_row_it_is_the_same(world: LocalCloud) -> None:
    person = newcomer(world)
    world.faults.fail(4, DIES_AFTER)
    with pytest.raises(Crash):
        actions.take_over_picture(person.account_id, 1)
    assert len(stored()) == 1
    world.settle()
    assert person.avatar() == pictures.cleaned(jpeg(1))
    assert len(stored()) == 1


def test_an_object_that_nobody_named_goes_when_the_account_is_gone(world: LocalCloud) -> None:
    person = newcomer(world)
    world.faults.fail(3, DIES_AFTER)  # the object is there, its row is not
    with pytest.raises(Crash):
        actions.take_over_picture(person.account_id, 1)
    assert len(stored()) == 1
    client("dynamodb").delete_item(
        TableName=settings.items_table,
        Key={"pk": {"S": f"account#{person.account_id}"}, "sk": {"S": "offered-picture"}},
    )
    actions.take_over_picture(person.account_id, 2)
    assert stored() == []


# What is not had

NONE_OF_THEM: dict[str, Callable[[], Response]] = {
    "not there": lambda: Response(jpeg(), 404),
    "elsewhere": lambda: Response("", 302, {"Location": google_picture()}),
    "elsewhere, and a picture": lambda: Response(jpeg(), 307, {"Location": "http://169.254.169.254/"}),
    "no content": lambda: Response(status=204),
    "nothing": gives(b""),
    "too much": lambda: Response(jpeg() + bytes(pictures.MOST_BYTES)),
    "without an end": lambda: Response(bytes(64 * 1024) for _ in range(10_000)),
    "a page": gives(b"<html>sign in, please</html>", mimetype="image/jpeg"),
    "an SVG": gives(b'<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script></svg>', mimetype="image/svg+xml"),
    "a GIF": lambda: Response(as_file(picture(), "GIF"), mimetype="image/gif"),
    "broken off": lambda: Response(jpeg()[:900]),
}


@pytest.mark.parametrize("name", NONE_OF_THEM)
def test_what_is_no_picture_is_asked_for_once_and_leaves_nothing(world: LocalCloud, served: Served, name: str) -> None:
    person = maja(world, picture=served.picture(NONE_OF_THEM[name]))
    world.settle()
    assert (fetches(served), person.avatar(), stored()) == (1, None, [])
    assert (rows(world, OFFERED), world.failures, violations(world.dump())) == ([], [], [])


def dripping() -> Response:
    def body() -> Iterator[bytes]:
        for _ in range(40):
            time.sleep(0.05)
            yield b"\xff\xd8\xff"

    return Response(body())


def waiting() -> Response:
    time.sleep(0.6)
    return Response(jpeg())


@pytest.mark.parametrize("answer", [lambda: Response(jpeg(), 503), dripping, waiting], ids=["an error", "slow", "mute"])
def test_who_does_not_answer_is_asked_three_times_and_then_given_up(
    world: LocalCloud, served: Served, answer: Callable[[], Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "_PICTURE_PATIENCE_S", 0.3)
    monkeypatch.setattr(http_fetch, "READ_S", 0.3)
    http_fetch._pool.cache_clear()
    try:
        person = maja(world, picture=served.picture(answer))
        world.settle()
    finally:
        http_fetch._pool.cache_clear()
    assert (fetches(served), person.avatar(), stored(), rows(world, OFFERED)) == (3, None, [], [])
    assert violations(world.dump()) == []


def test_who_answers_at_the_second_time_is_heard(world: LocalCloud, served: Served) -> None:
    answers = [Response(status=500), Response(jpeg(3))]
    person = maja(world, picture=served.picture(lambda: answers.pop(0)))
    world.settle()
    assert person.avatar() == pictures.cleaned(jpeg(3))


def test_a_function_that_dies_of_it_does_not_ask_for_ever(world: LocalCloud, served: Served) -> None:
    person = newcomer(world)
    actions.take_over_picture(person.account_id, 4)
    assert (fetches(served), stored(), rows(world, OFFERED)) == (0, [], [])


def test_what_nobody_was_told_of_is_over_in_a_day(world: LocalCloud, served: Served) -> None:
    person = newcomer(world)
    with world.aws.lock:
        world.clock.move_to(world.now().timestamp() + DAY_S)
        actions.take_over_picture(person.account_id, 1)
        assert (fetches(served), stored()) == (0, [])


def test_a_platform_that_is_no_longer_offered_is_not_asked(
    world: LocalCloud, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = newcomer(world)
    monkeypatch.setattr(settings, "oidc", lambda name, what: "")
    actions.take_over_picture(person.account_id, 1)
    assert (fetches(served), rows_unsettled(OFFERED)) == (0, [])


def test_an_address_is_looked_at_again_before_it_is_asked(world: LocalCloud, served: Served) -> None:
    """As if it had been let in by a version before, or the list had been wrong."""
    person = maja(world)
    offer_picture(person, f"http://127.0.0.1:{platforms().port + 1}/google/pictures/x.jpg")
    world.settle()
    assert (person.avatar(), rows(world, OFFERED), world.failures) == (None, [], [])


def test_waiting_and_redrawing_fit_into_a_function() -> None:
    assert http_fetch.CONNECT_S + 2 * http_fetch.READ_S + providers._PICTURE_PATIENCE_S <= 15


@pytest.mark.parametrize("in_pieces", [False, True])
def test_no_more_is_read_than_may_be(served: Served, in_pieces: bool) -> None:
    most = 200_000

    def gives_kilobytes(count: int) -> str:
        pieces = [bytes(1_000)] * count
        return served.picture(lambda: Response(iter(pieces) if in_pieces else b"".join(pieces)))

    assert len(http_fetch.get(gives_kilobytes(200), most_bytes=most, patience_s=5).body) == most
    with pytest.raises(http_fetch.FetchFailed) as refused:
        http_fetch.get(gives_kilobytes(201), most_bytes=most, patience_s=5)
    assert not isinstance(refused.value, http_fetch.Silent)


def test_nobody_is_followed_elsewhere(served: Served) -> None:
    there = google_picture()
    moved = served.picture(lambda: Response("", 302, {"Location": there}), "moved")
    with pytest.raises(http_fetch.FetchFailed):
        http_fetch.get(moved, most_bytes=1, patience_s=5)
    assert served.asked == ["/google/pictures/moved.jpg"]


def test_only_https_is_asked_elsewhere() -> None:
    for url in ("http://lh3.googleusercontent.com/a", "ftp://127.0.0.1/", "file:///etc/passwd", ""):
        with pytest.raises(http_fetch.FetchFailed):
            http_fetch.get(url, most_bytes=1, patience_s=1)


# Where a platform keeps pictures

RIGHT = [
    ("google", "https://lh3.googleusercontent.com/a/ACg8ocJ=s96-c"),
    ("facebook", "https://platform-lookaside.fbsbx.com/platform/profilepic/?asid=1&height=100&ext=2&hash=3"),
    ("facebook", "https://scontent-waw2-1.xx.fbcdn.net/v/t1.30497-1/8.jpg?stp=dst&_nc=1"),
]
WRONG = [
    ("apple", "https://lh3.googleusercontent.com/a"),
    ("facebook", "https://lh3.googleusercontent.com/a"),
    *(
        ("google", url)
        for url in (
            "http://lh3.googleusercontent.com/a",
            "HTTPS://lh3.googleusercontent.com/a",
            "https://lh3.googleusercontent.com",
            "https://lh3.googleusercontent.com:443/a",
            "https://lh3.googleusercontent.com:8443/a",
            "https://lh3.googleusercontent.com./a",
            "https://xlh3.googleusercontent.com/a",
            "https://x.lh3.googleusercontent.com/a",
            "https://lh3.googleusercontent.com.example.org/a",
            "https://user@lh3.googleusercontent.com/a",
            "https://lh3.googleusercontent.com:x@example.org/a",
            "https://example.org/lh3.googleusercontent.com/",
            "https://example.org#@lh3.googleusercontent.com/",
            "https://example.org?lh3.googleusercontent.com/",
            "https://example.org\\@lh3.googleusercontent.com/a",
            "https://lh3.googleusercontent.com\\@example.org/a",
            "https://lh3.googleusercontent.com/a\\b",
            "https://lh3.googleusercontent.com/a b",
            "https://lh3.googleusercontent.com/a\r\nHost: example.org",
            "https://lh3.googleusercontent.com/a\n",
            " https://lh3.googleusercontent.com/a",
            "https://lh3.googleusercontent.com/ż",
            "https://lh3．googleusercontent.com/a",
            "https://lh3.googleusercontent.com/" + "a" * 2001,
            "https://127.0.0.1/a",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/a",
            "https://localhost/a",
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "http://10.0.0.1/a",
            "//lh3.googleusercontent.com/a",
            "ftp://lh3.googleusercontent.com/a",
            "file:///etc/passwd",
            "data:image/jpeg;base64,AAAA",
            "",
        )
    ),
    ("facebook", "https://fbcdn.net/a"),
    ("facebook", "https://evilfbcdn.net/a"),
    ("facebook", "https://x.fbcdn.net.example.org/a"),
    ("facebook", "https://example.org/.fbcdn.net/"),
]


@pytest.mark.parametrize(("platform", "url"), RIGHT)
def test_a_platforms_own_address_is_asked(platform: str, url: str) -> None:
    assert rules.is_picture_of(platform, url, KEYS_URL)


@pytest.mark.parametrize(("platform", "url"), WRONG)
def test_no_other_is(platform: str, url: str) -> None:
    assert not rules.is_picture_of(platform, url, KEYS_URL)


def test_on_this_machine_it_is_asked_where_its_keys_are_and_nowhere_else() -> None:
    keys_url = "http://127.0.0.1:9000/google/keys"
    assert rules.is_picture_of("google", "http://127.0.0.1:9000/a", keys_url)
    for url in ("http://127.0.0.1:9001/a", "http://127.0.0.1/a", "https://127.0.0.1:9000/a", "http://localhost:9000/a"):
        assert not rules.is_picture_of("google", url, keys_url)
    # Nobody is told so; but whoever tells it must not open the network to a picture.
    assert not rules.is_picture_of("google", "http://10.0.0.1/a", "http://10.0.0.1/keys")


@pytest.mark.parametrize("said", [7, None, [], {"url": "x"}, "https://pictures.test/x.jpg", "", "x" * 4000])
def test_whatever_else_a_platform_says_there_is_no_picture_and_no_harm(world: LocalCloud, said: object) -> None:
    assert enter(world, platforms().apple.id_token(nonce(world), picture=said), "apple").status == 201
    assert rows_unsettled(OFFERED) == []
