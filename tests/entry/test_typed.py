"""What is typed or scanned is the same at every door to it, however it was typed."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec import Meta

from chalicelib import typed
from chalicelib.entry import wire
from chalicelib.entry.wire import Shape
from chalicelib.errors import Invalid
from chalicelib.stock.shapes import Made
from tests.conftest import Home
from tests.routes import all_routes
from tests.scene import new_camera

NBSP, SOFT, MINUS, DASH = "\u00a0", "\u00ad", "\u2212", "\u2011"
# Field → what it becomes, and ways to type it. `code` is of three kinds, told apart by what it is for.
WAYS: dict[str, tuple[str, list[str]]] = {
    "sn": ("SN-0001", [
        "sn-0001", " SN-0001\r\n", f"SN{DASH}0001", f"{NBSP}SN{MINUS}0001", f"SN-{SOFT}0001", "\ufeffSN-0001"
    ]),
    "printed code": ("ABCD2345", ["abcd-2345", " ABCD 2345 ", f"ABCD{DASH}2345", f"ab{NBSP}cd{SOFT}2345"]),
    "one-time code": ("123456", ["123 456", " 123456\n", f"123{DASH}456", f"123{NBSP}456"]),
    "gift-card code": ("XAKWXPY3X4Y49N7FMXC3", [
        "xakw-xpy3-x4y4-9n7f-mxc3", " XAKW XPY3 X4Y4 9N7F MXC3\n", f"XAKW{DASH}XPY3{NBSP}X4Y4{MINUS}9N7F{SOFT}MXC3"
    ]),
    "recovery_code": ("abcdefgh", ["ABCD-EFGH", " abcd efgh ", f"abcd{MINUS}efgh"]),
    "totp": ("123456", ["123 456", f"123{MINUS}456"]),
    "country": ("PL", ["pl", " PL ", f"Pl{NBSP}"]),
    "language": ("pl", ["PL", "pl-PL", "pl_PL", f" pl{DASH}PL"]),
    "time_zone": ("Europe/Warsaw", ["europe/warsaw", " Europe/Warsaw\n", "EUROPE/WARSAW"]),
    "email": ("ola@my-example.com", [
        " ola@my-example.com\n", f"ola@my{DASH}example.com", f"{NBSP}ola@my-example.com\u200b"
    ]),
    "phone": ("+48600123456", [" +48600123456", "0048600123456", "\u202a+48600123456\u202c"]),
}  # fmt: skip
ONE_TIME = "one-time code"
KINDS_OF_CODE = {
    "POST /devices": "printed code", "load_devices": "printed code", "POST /gift-cards/redeem": "gift-card code"
}  # fmt: skip


def fields_of(kind: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every text in a shape, however deep, by the name of its field."""
    if get_origin(kind) in (Union, UnionType):
        for one in get_args(kind):
            yield from fields_of(one, name)
    elif get_origin(kind) is Annotated and kind.__origin__ is not str and get_origin(kind.__origin__) is not Literal:
        yield from fields_of(kind.__origin__, name)
    elif get_origin(kind) is list:
        yield from fields_of(get_args(kind)[0], name)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for inner, one in get_type_hints(kind, include_extras=True).items():
            yield from fields_of(one, inner)
    elif kind is str or get_origin(kind) is Annotated or get_origin(kind) is Literal:
        yield name, kind


def asked_anywhere() -> Iterator[tuple[str, str, Any]]:
    """Of every route, and of the factory's rows: where, which field, of what type."""
    shapes = [(route.name, shape) for route in all_routes() for shape in (route.asks, route.query) if shape is not None]
    for where, shape in [*shapes, ("load_devices", Made)]:
        yield from ((where, name, kind) for name, kind in fields_of(shape))


def _way(where: str, name: str) -> str:
    return KINDS_OF_CODE.get(where, ONE_TIME) if name == "code" else name


ROUTES = [(where, name, kind) for where, name, kind in asked_anywhere() if _way(where, name) in WAYS]


def test_every_such_field_has_a_door_and_the_most_have_several() -> None:
    found = [_way(where, name) for where, name, _ in ROUTES]
    assert set(found) == set(WAYS)
    assert {name for name in WAYS if found.count(name) > 1} >= {
        "sn", ONE_TIME, "printed code", "country", "language", "time_zone", "email", "phone"
    }  # fmt: skip


@pytest.mark.parametrize(("where", "name", "kind"), [pytest.param(*one, id=f"{one[0]} {one[1]}") for one in ROUTES])
def test_a_field_is_the_same_at_this_door_however_it_is_typed(where: str, name: str, kind: Any) -> None:
    normal, ways = WAYS[_way(where, name)]
    assert msgspec.convert(normal, kind) == normal
    for way in [normal, *ways]:
        assert msgspec.convert(wire.normal(way, kind), kind) == normal, ascii(way)


@pytest.mark.parametrize(
    "way",
    [
        "02:00:5e:10:00:01",
        "02-00-5E-10-00-01",
        "02005e100001",
        " 0200.5e10.0001\n",
        "02 00 5e 10 00 01",
        f"02{DASH}00{DASH}5e{DASH}10{DASH}00{DASH}01",
    ],
)
def test_a_mac_address_is_taken_at_every_door_however_it_is_written(way: str) -> None:
    """It is kept as the device writes it, and compared in one form."""
    kinds = [kind for _, name, kind in asked_anywhere() if name == "mac"]
    assert len(kinds) == 2
    for kind in kinds:
        taken = msgspec.convert(wire.normal(way, kind), kind)
        assert typed.mac_address(taken) == "02005E100001"


def test_of_each_field_there_is_one_rule() -> None:
    said: dict[str, set[Any]] = {}
    for where, name, kind in ROUTES:
        metas = [meta for meta in get_args(kind) if isinstance(meta, Meta) and meta.extra is not None]
        said.setdefault(_way(where, name), set()).add(metas[0].extra["normal"] if metas and metas[0].extra else None)
    assert {name: len(rules) for name, rules in said.items()} == dict.fromkeys(WAYS, 1)


def test_what_is_no_such_thing_is_refused_and_not_mended() -> None:
    # Asking for a reset tells nobody what a device is.
    for name, wrong in (("sn", "SN 0001"), (ONE_TIME, "12345a"), ("country", "POL"), ("language", "de")):
        mine = [(where, kind) for where, field, kind in ROUTES if _way(where, field) == name]
        kinds = [kind for where, kind in mine if where != "POST /password-resets"]
        assert kinds
        for kind in kinds:
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(wire.normal(wrong, kind), kind)


def test_a_normal_form_is_its_own() -> None:
    for bring in (
        typed.tidied, typed.joined, typed.one_time_code, typed.country_code, typed.language, typed.phone_number,
        typed.serial_number, typed.mac_address, typed.printed_code, typed.recovery_code,
        typed.gift_card_code,
    ):  # fmt: skip
        for way in [way for normal, ways in WAYS.values() for way in (normal, *ways)]:
            assert bring(bring(way)) == bring(way), (bring, ascii(way))


# ── How it gets there ────────────────────────────────────────────────────────────────────────────────────────────────


class _Inner(Shape, rename="camel"):
    the_word: Annotated[str, Meta(max_length=3, extra={"normal": typed.tidied})]
    other: str = ""


class _Outer(Shape):
    one: _Inner | None = None
    many: Annotated[list[_Inner], Meta(max_length=2)] = msgspec.field(default_factory=list)
    words: list[Annotated[str, Meta(extra={"normal": typed.tidied})]] = msgspec.field(default_factory=list)
    plain: list[str] = msgspec.field(default_factory=list)


def test_what_is_nested_is_reached_and_the_rest_is_left_alone() -> None:
    inner = {"theWord": " abc ", "other": " x "}
    said = wire.parse({"one": inner, "many": [inner], "words": [" w "], "plain": [" p "]}, _Outer)
    assert (said.one, said.many) == (_Inner(the_word="abc", other=" x "), [_Inner(the_word="abc", other=" x ")])
    assert (said.words, said.plain) == (["w"], [" p "])


@pytest.mark.parametrize(
    "data", [None, 7, [], "text", {"one": 7}, {"one": {"theWord": 7}}, {"many": {}}, {"words": [1]}]
)
def test_what_has_the_wrong_type_is_refused_as_before(data: Any) -> None:
    with pytest.raises(Invalid):
        wire.parse(data, _Outer)


# ── In the whole ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_label_that_was_scanned_with_blanks_and_other_dashes_binds_the_camera(home: Home) -> None:
    camera = new_camera(home.world, "SN-0002")
    body = {
        "sn": f" sn{DASH}0002\r\n", "code": f" {camera.code[:4].lower()}{DASH}{camera.code[4:]} ", "name": "Garden",
        "time_zone": "europe/warsaw", "dst": True,
    }  # fmt: skip
    answer = home.stranger.call("POST", "/devices", body)
    assert (answer.status, answer.json["sn"], answer.json["time_zone"]) == (201, "SN-0002", "Europe/Warsaw")


def test_who_signs_up_with_a_code_of_two_words_from_kosovo_is_let_in(home: Home) -> None:
    body = {
        "email": " nora@example.com ", "password": "correct horse battery staple", "country": "xk", "nickname": "Nora",
        "birth_date": "1990-01-01", "policy_version": home.world.call("GET", "/policy").json["version"],
        "language": "pl-PL",
    }  # fmt: skip
    registered = home.world.call("POST", "/accounts", body)
    assert registered.status == 202, registered.body
    code = next(mail["code"] for mail in home.world.outbox("nora@example.com") if mail.get("code"))
    confirmed = home.world.call("POST", "/accounts/confirm", {
        "registration_id": registered.json["registration_id"], "code": f"{code[:3]} {code[3:]}",
        "terminal": home.owner.terminal,
    })  # fmt: skip
    assert confirmed.status == 201, confirmed.body
    headers = {"Authorization": f"Bearer {confirmed.json['access_token']}"}
    me = home.world.call("GET", "/me", headers=headers).json
    assert (me["email"], me["country"], me["language"]) == ("nora@example.com", "XK", "pl")
