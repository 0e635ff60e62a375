"""Strict JSON and exact shapes: what comes in is what was meant, or it is refused."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from chalicelib.entry import wire
from chalicelib.errors import Invalid, Malformed, TooLarge


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 1}}',
        b'{"a": 1, "\\u0061": 2}',
        nested(33),
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'{"\\"": ' * 33 + b"1" + b"}" * 33,
        nested(5_000),
        b'"\\ud800"',
        b'{"a": "x\\udfffy"}',
        b'{"\\ud800": 1}',
        b"\xff",
        b'"\xed\xa0\x80"',
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1} {"a": 1}',
        b'{"a": 01}',
        b'"a\nb"',
        b"\xef\xbb\xbf{}",
        b"9" * 5_000,
    ],
    ids=lambda body: str(body[:24]),
)
def test_what_is_not_strict_json_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Malformed):
        wire.decode(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1.5e3, "b": [null, true]}', {"a": 1500.0, "b": [None, True]}),
        (b'"\\ud83e\\udd89"', "🦉"),
        ('"zażółć 🦉"'.encode(), "zażółć 🦉"),
        (b'"\\u0000"', "\0"),
        (nested(32).replace(b"[]", b"[1]"), None),
        (b'"' + b"[" * 1000 + b'"', "[" * 1000),
        (b'{"a": "\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', {"a": '"' + "[" * 37}),
        (b"[" + b",".join([b"[]"] * 1000) + b"]", [[]] * 1000),
        (b"[" + b"{}," * 40 + b"{}]", [{}] * 41),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_strict_json_is_read(body: bytes, value: Any) -> None:
    decoded = wire.decode(body)
    assert value is None or decoded == value


def test_a_quarter_of_a_mebibyte_is_read_and_a_byte_more_is_too_large() -> None:
    most = b'"' + b"a" * (wire.MOST_BODY_BYTES - 2) + b'"'
    assert len(wire.decode(most)) == wire.MOST_BODY_BYTES - 2
    with pytest.raises(TooLarge) as refusal:
        wire.decode(most[:-1] + b'a"')
    assert refusal.value.details == {"most_bytes": 262_144}


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        wire.decode(body)


class Inner(wire.Shape):
    port: Annotated[int, Meta(ge=1, le=65535)]


class Outer(wire.Shape):
    name: Annotated[str, Meta(min_length=1, max_length=8)]
    kind: Literal["a", "b"] = "a"
    on: bool = False
    inner: Inner | None = None
    many: list[Inner] = []  # noqa: RUF012  # msgspec copies it


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": "n", "nome": 1}, "nome"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "n" * 9}, "name"),
        ({"name": "n", "kind": "c"}, "kind"),
        ({"name": "n", "on": "true"}, "on"),
        ({"name": "n", "on": 1}, "on"),
        ({"name": "n", "inner": {"port": "1"}}, "inner.port"),
        ({"name": "n", "inner": {"port": 1.5}}, "inner.port"),
        ({"name": "n", "inner": {"port": 0}}, "inner.port"),
        ({"name": "n", "inner": {}}, "inner.port"),
        ({"name": "n", "inner": {"port": 1, "host": "x"}}, "inner.host"),
        ({"name": "n", "many": [{"port": 1}, {"port": 70000}]}, "many.port"),
        ({"name": "n", "many": {}}, "many"),
        ([], "body"),
        ("text", "body"),
        (None, "body"),
        (5, "body"),
    ],
)
def test_a_wrong_field_is_named(data: Any, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        wire.parse(data, Outer)
    (named,) = refusal.value.details["fields"]
    assert named == field


def test_all_wrong_fields_are_named_at_once_each_with_what_is_wanted() -> None:
    class Wanted(wire.Shape):
        name: wire.Name
        code: Annotated[str, Meta(pattern="^[0-9]{6}" + wire.END)]
        at: wire.Time
        count: Annotated[int, Meta(ge=1, le=9)]
        rights: Annotated[list[Literal["live", "alarms"]], Meta(min_length=1)]
        inner: Inner
        born: date
        kind: Literal["b", "a"] | None = None
        tags: Annotated[list[str], Meta(max_length=1)] = []  # noqa: RUF012  # msgspec copies it

    sent = {
        "name": "\u202e", "code": "12345a", "at": "2026-01-05T08:00:00", "count": 10, "rights": ["live", "all"],
        "inner": {"port": 0}, "kind": "c", "tags": ["", ""], "more": 1,
    }  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        wire.parse(sent, Wanted)
    assert {field: phrase.read_in("en") for field, phrase in refusal.value.details["fields"].items()} == {
        "name": "needs something to be seen, on one line, without control characters or marks that turn its direction",
        "code": "has the wrong form: [0-9]{6} is wanted",
        "at": "is no time with its offset from UTC, as 2026-11-30T08:00:00Z",
        "count": "is too large: at most 9",
        "rights": "is none of the possible values: alarms, live",
        "inner.port": "is too small: at least 1",
        "born": "is missing",
        "kind": "is none of the possible values: a, b",
        "tags": "has too many entries: at most 1",
        "more": "is not known here",
    }


def test_of_any_number_of_wrong_fields_so_many_are_named_as_somebody_reads() -> None:
    with pytest.raises(Invalid) as refusal:
        wire.parse({str(number): None for number in range(20_000)}, Outer)
    named = refusal.value.details["fields"]
    assert list(named)[:2] == ["name", "0"] and len(named) == 20


class Numbers(wire.Listed):
    items: list[int]


def test_a_list_that_is_read_as_a_whole_is_paged_like_any_other() -> None:
    whole, cursor, pages = Numbers(items=list(range(7))), None, []
    while not pages or cursor is not None:
        page = wire.page_of(whole, wire.Page(limit=3, cursor=cursor))
        cursor = page.cursor
        pages.append(page.items)
    assert pages == [[0, 1, 2], [3, 4, 5], [6]]
    assert wire.page_of(whole, wire.Page(limit=7)).cursor is None
    assert wire.page_of(whole, wire.Page(cursor="9" * 64)).items == []
    for nonsense in ("-1", "x", "1.5", "\u0661", ""):
        if nonsense:
            with pytest.raises(Invalid):
                wire.page_of(whole, wire.Page(cursor=nonsense))


def test_a_missing_and_an_unknown_field_are_told_apart() -> None:
    for data, said in (({}, "is missing"), ({"name": "n", "nome": 1}, "is not known here")):
        with pytest.raises(Invalid) as refusal:
            wire.parse(data, Outer)
        assert [phrase.read_in("en") for phrase in refusal.value.details["fields"].values()] == [said]


def test_a_query_string_is_read_as_what_it_means_and_a_body_is_not() -> None:
    assert wire.parse({"port": "8554"}, Inner, from_text=True).port == 8554
    with pytest.raises(Invalid):
        wire.parse({"port": "8554"}, Inner)


class Called(wire.Shape):
    name: wire.Name = "a"
    line: wire.Line = ""
    at: datetime | None = None
    inner: Inner | None = None


SEEN = [
    *("Ola", "Zażółć gęślą jaźń", "O'Brien & Söhne", "家", "אבג", "مرحبا"),
    *("👩\u200d👧", "می\u200cخواهم", "🏴\U000e0067", "a" * 64, " a "),
]
HIDDEN = [
    *(f"a{mark}b" for mark in "\0\t\n\r\x1b\x7f\x85\x9f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"),
    *(f"a{mark}b" for mark in "\u2066\u2067\u2068\u2069"),
    "Ola\n",
    "\u202egpj.exe",
]
EMPTY = [" ", "\u115f\u2800", "\u00a0", "\u200b", "\u3164\ufeff", "\u2003 \u200d"]


@pytest.mark.parametrize("name", SEEN)
def test_a_name_is_whatever_people_call_themselves(name: str) -> None:
    assert wire.parse({"name": name, "line": name}, Called).name == name
    assert wire.visible(name) == name


@pytest.mark.parametrize("name", [*HIDDEN, *EMPTY])
def test_a_name_holds_nothing_that_hides_breaks_the_line_or_turns_its_direction(name: str) -> None:
    for field in ("name", "line"):
        if field == "line" and name in EMPTY:
            assert wire.parse({field: name}, Called).line == name
            continue
        with pytest.raises(Invalid) as refusal:
            wire.parse({field: name}, Called)
        said = refusal.value.details["fields"][field].read_in("en")
        assert said.startswith("needs something to be seen, on one line")
    assert wire.parse({"line": wire.visible(name)}, Called)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_a_time_that_no_clock_shows_in_utc_is_refused(at: str) -> None:
    with pytest.raises(Invalid) as refusal:
        wire.parse({"at": at}, Called)
    assert list(refusal.value.details["fields"]) == ["at"]
    assert wire.parse({"at": at.replace("00:01", "00:00")}, Called).at is not None


def test_what_a_stranger_calls_a_field_is_said_again_in_part_and_is_not_understood() -> None:
    for data, field in (
        ({"name": "n", "x" * 300: 1}, "x" * 64),
        ({"name": "n", "inner": {"port": 1, "y - at `$.name": 1}}, "inner.y - at `$.name"),
        ({"kind": "x - at `$.many", "name": "n"}, "kind"),
        ({"kind": "of length <= 3", "name": "n"}, "kind"),
    ):
        with pytest.raises(Invalid) as refusal:
            wire.parse(data, Outer)
        assert list(refusal.value.details["fields"]) == [field]
    assert refusal.value.details["fields"]["kind"].read_in("en") == "is none of the possible values: a, b"


def test_nothing_is_encoded_as_nothing() -> None:
    assert wire.encode(None) == b""
    assert wire.encode(Inner(port=1)) == b'{"port":1}'
