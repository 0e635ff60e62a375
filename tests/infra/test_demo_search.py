"""The search finds a person however she is written down, and only if she is there."""

import base64
import gzip
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from infra.demo.search import Needle, base64_core, search

NAME = "Zofia Sówka 7f3a"
HIDINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a sentence": lambda text: f"hello {text}, welcome",
    "lower case": str.lower,
    "upper case": str.upper,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64 at 0": lambda text: base64.b64encode(text.encode() + b"after").decode(),
    "base64 at 1": lambda text: base64.b64encode(b"x" + text.encode() + b"after").decode(),
    "base64 at 2": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(b"before " + text.encode()).decode(),
    "utf-16-le as bytes": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "utf-16-be as bytes": lambda text: text.encode("utf-16-be").decode("latin-1"),
    "utf-8 as bytes": lambda text: text.encode().decode("latin-1"),
    "json in a string": lambda text: json.dumps({"name": text}),
    "json in json in a string": lambda text: json.dumps({"body": json.dumps({"name": text})}),
    "in an address": lambda text: "/people?name=" + quote(text),
    "gzip as bytes": lambda text: gzip.compress(f"name={text}".encode()).decode("latin-1"),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(f"name={text}".encode())).decode(),
}


def _stores(content: str) -> dict[str, object]:
    """A dump in which `content` lies deep, among other things."""
    return {
        "tables": {"Items": [{"pk": {"S": "a"}, "n": {"N": "1"}, "b": {"L": [{"S": content}]}}]},
        "logs": ["ü", None],
    }


@pytest.mark.parametrize("hiding", HIDINGS)
def test_a_planted_string_is_found_in_every_encoding(hiding: str) -> None:
    found = search(_stores(HIDINGS[hiding](NAME)), [Needle("her name", NAME)])
    assert found
    assert all(hit.what == "her name" and hit.where.startswith("tables.Items[0].b.L[0].S") for hit in found)


@pytest.mark.parametrize("hiding", HIDINGS)
def test_somebody_elses_string_is_not_found(hiding: str) -> None:
    assert search(_stores(HIDINGS[hiding]("Marek Puchacz 91bc")), [Needle("her name", NAME)]) == []


def test_names_of_fields_are_searched_as_well() -> None:
    assert search({"objects": {f"avatars/{NAME}.jpg": {}}}, [Needle("her name", NAME)])


def test_a_number_is_found_however_it_is_stored() -> None:
    for stored in (52.229713, "52.229713", {"N": "52.229713"}):
        assert search({"at": stored}, [Needle("latitude", "52.229713")])


def test_a_mac_address_is_found_without_its_colons() -> None:
    needle = Needle("MAC", "9C:14:63:AA:BB:CC")
    assert search(["9c:14:63:aa:bb:cc"], [needle])
    assert search(["camera 9C1463AABBCC"], [needle])
    assert search(["camera 9c1463aabbcc"], [needle])
    assert not search(["camera 9c1463aabbcd"], [needle])


def test_a_piece_of_a_picture_is_found_in_an_object_and_in_a_message() -> None:
    picture = bytes(range(128, 256)) * 4
    needle = Needle("picture", picture[100:164])
    assert search({"objects": {"a.jpg": picture.decode("latin-1")}}, [needle])
    assert search({"queue": [base64.b64encode(picture).decode()]}, [needle])
    assert not search({"objects": {"a.jpg": picture[:100].decode("latin-1")}}, [needle])


def test_nothing_is_found_across_the_border_of_two_values() -> None:
    assert search(["Zofia Sów", "ka 7f3a"], [Needle("her name", NAME)]) == []


def test_a_hit_says_what_it_found_how_and_where() -> None:
    assert [str(hit) for hit in search({"logs": ["x", NAME]}, [Needle("her name", NAME)])] == [
        "her name, plain, at logs[1]"
    ]


@pytest.mark.parametrize("offset", [0, 1, 2])
@pytest.mark.parametrize("length", range(6, 12))
def test_the_base64_looked_for_is_right_at_every_alignment(offset: int, length: int) -> None:
    raw = bytes(range(200, 200 + length))
    for after in (b"", b"!", b"!?"):
        assert base64_core(raw, offset) in base64.b64encode(b"?" * offset + raw + after)
