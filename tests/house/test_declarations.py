"""Absence is an error: what every record, refusal and route must say of itself."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from chalicelib import words
from chalicelib.entry import wire
from chalicelib.entry.callers import Who
from chalicelib.entry.http import Route, RouteTable
from chalicelib.errors import Invalid, NotFound, Refusal
from chalicelib.register import catalogue, rows
from chalicelib.register.prefixes import Prefix
from chalicelib.register.rows import Row
from chalicelib.store.records import BASES, Record
from chalicelib.store.tags import tag_of
from infra.local.cloud import LocalCloud
from tests.house.laws import PACKAGE, all_modules
from tests.house.reachable import raised_by
from tests.routes import all_routes, named

POLISH = set("ąćęłńóśźż")
ROWS = {one for one in vars(rows).values() if isinstance(one, Row)}


@pytest.fixture(scope="module", autouse=True)
def _all_modules_are_imported(one_cloud: LocalCloud) -> None:
    for module in all_modules():
        importlib.import_module(
            f"{PACKAGE}.{module.name.removesuffix('.__init__').removesuffix('__init__')}".rstrip(".")
        )


def below(kind: type) -> Iterator[type[Any]]:
    """Every class of the product that descends from this one; what tests make for themselves apart."""
    for child in kind.__subclasses__():
        yield from below(child)
        if child.__module__.startswith(f"{PACKAGE}."):
            yield child


# ── Records ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def faults_of_tags(record: type[Record]) -> list[str]:
    faults = []
    for name, attribute in record.get_attributes().items():
        tag = tag_of(attribute)
        if tag is None:
            faults.append(f"{name}: no tag")
        elif tag.kind in ("personal", "key") and tag.row not in ROWS:
            faults.append(f"{name}: no row of the policy")
        elif tag.kind == "plain" and tag.row is not None:
            faults.append(f"{name}: a row for what says nothing about a person")
        elif tag.kind in ("key", "plain") and not tag.why.strip():
            faults.append(f"{name}: no reason")
    return faults


def test_every_attribute_of_every_record_bears_a_tag_with_its_row_or_its_reason() -> None:
    assert {record.__name__: faults for record in catalogue.RECORDS if (faults := faults_of_tags(record))} == {}


def test_a_reason_that_is_missing_is_seen() -> None:
    from pynamodb.attributes import UnicodeAttribute

    from chalicelib.store.tags import key, plain

    class Sloppy(Record):
        named = key(UnicodeAttribute(), rows.REGISTRATION, why=" ")
        shown = plain(UnicodeAttribute(), why="")
        rowless = key(UnicodeAttribute(), None, why="found by it")  # type: ignore[arg-type]

    assert [fault.partition(":")[0] for fault in faults_of_tags(Sloppy)] == ["named", "rowless", "shown"]


def test_every_record_there_is_stands_in_the_catalogue_once() -> None:
    # What other kinds are made from has no prefix of its own.
    there = {record for record in below(Record) if record not in BASES and hasattr(record, "pk_prefix")}
    assert there == set(catalogue.RECORDS)
    assert len(set(catalogue.RECORDS)) == len(catalogue.RECORDS)


def test_every_prefix_there_is_stands_in_the_catalogue() -> None:
    names = [module.name for module in all_modules() if module.room == "records"]
    modules = [importlib.import_module(f"{PACKAGE}.{name}") for name in names]
    there = {value for module in modules for value in vars(module).values() if isinstance(value, Prefix)}
    assert there == set(catalogue.PREFIXES)
    assert {prefix.row for prefix in there} <= ROWS


def test_no_two_kinds_of_record_lie_in_one_place(one_cloud: LocalCloud) -> None:
    places = [(record.Meta.table_name, record.pk_prefix, record.sk_prefix) for record in catalogue.RECORDS]
    assert len(set(places)) == len(places)


def test_queues_that_records_are_told_to_are_there(one_cloud: LocalCloud) -> None:
    from chalicelib.settings import settings

    for record in catalogue.RECORDS:
        if record.stream_queue is not None:
            assert settings.queue_url(record.stream_queue), record.__name__


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def faults_of_messages(refusal: type[Refusal]) -> list[str]:
    if refusal.__name__.startswith("_"):
        return [f"{refusal.__name__}: its name is what clients read"]
    if any(refusal.__name__ not in words.bundle(language) for language in words.LANGUAGES):
        return [f"{refusal.__name__}: no messages of its own"]
    en, pl = (words.message(refusal, language) for language in ("en", "pl"))
    faults = []
    if en == pl or not re.fullmatch(r"[A-Z0-9].*\.", en) or not re.fullmatch(r"[A-ZŁŚŻŹĆÓ0-9].*\.", pl):
        faults.append(f"{refusal.__name__}: not a sentence in each language")
    if POLISH & set(en.lower()) or (len(pl) > 30 and not POLISH & set(pl.lower()) and " " not in pl):
        faults.append(f"{refusal.__name__}: the languages are mixed up")
    return faults


def test_every_refusal_speaks_polish_and_english_in_its_own_words() -> None:
    refusals = {*below(Refusal), Refusal}
    assert len(refusals) > 20
    assert [fault for refusal in refusals for fault in faults_of_messages(refusal)] == []


def test_no_two_refusals_share_a_code_or_their_words() -> None:
    refusals = list(below(Refusal))
    messages = [[words.message(one, language) for one in refusals] for language in words.LANGUAGES]
    for said in ([one.__name__ for one in refusals], *messages):
        assert sorted({word for word in said if said.count(word) > 1}) == []


def test_a_refusal_without_words_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(Invalid):
        pass

    class _Hidden(Invalid):
        pass

    class Untranslated(Invalid):
        pass

    said = {"_Hidden": "No.", "Untranslated": "This is wrong."}
    monkeypatch.setattr(words, "bundle", lambda language: said)
    for kind in (Mute, _Hidden, Untranslated):
        assert faults_of_messages(kind), kind


def test_every_refusal_has_a_status_and_every_family_its_own() -> None:
    from chalicelib.entry import refusals

    assert all(refusals.status_of(one) for one in below(Refusal) if one.__name__ != "ServerFault")
    assert len(set(refusals.STATUS.values())) == len(refusals.STATUS)


# ── Routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

# What the `$names` of examples may look like; the scene of the tests makes the real ones.
STAND_INS: dict[str, Any] = {
    "$registration_code": "123456", "$step_up_code": "123456", "$reset_code": "123456",
    "$change_code": "123456", "$totp_code": "123456", "$device_reset_code": "123456", "$free_code": "ABCD-2345",
    "$gift_card_code": "3333-3333-3333-3333-3333",
    "$recorded_from": "2026-01-05T08:00:00.000Z", "$recorded_to": "2026-01-05T08:01:00.000Z",
    "$made_passkey": {
        "id": "AbC", "rawId": "AbC", "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
    },
}  # fmt: skip


def stood_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: stood_in(one) for name, one in value.items()}
    if isinstance(value, list):
        return [stood_in(one) for one in value]
    return STAND_INS.get(value, value.removeprefix("$") * 2) if isinstance(value, str) and value[:1] == "$" else value


def example_fits(example: dict[str, Any], shape: type[wire.Shape] | None, *, from_text: bool = False) -> bool:
    """Nothing it does not name, nothing required left out, and all of the right kind."""
    if shape is None:
        return example == {}
    try:
        wire.parse(stood_in(example), shape, from_text=from_text)
    except Invalid:
        return False
    return True


def test_a_route_cannot_be_declared_without_saying_who_may_ask_and_how() -> None:
    declared = inspect.signature(RouteTable._declare).parameters
    assert all(declared[name].default is inspect.Parameter.empty for name in ("who", "example"))
    with pytest.raises(TypeError, match="example"):
        RouteTable("garden").get("/garden", who=Who.ANYONE)
    with pytest.raises(TypeError, match="who"):
        RouteTable("garden").get("/garden", example={})


def test_every_route_says_who_may_ask_and_shows_an_example_that_fits_its_shape() -> None:
    routes = all_routes()
    assert len(routes) > 30
    for route in routes:
        assert isinstance(route.who, Who), route.name
        assert route.query is None or route.method == "GET" or route.takes_form, route.name
        assert route.asks is None or (route.method != "GET" and not route.takes_form), route.name
        shape = route.asks if route.query is None else route.query
        assert example_fits(route.example, shape, from_text=route.query is not None), route.name


def test_an_example_that_does_not_fit_is_seen() -> None:
    class HttpRequest(wire.Shape):
        name: str
        count: int = 1

    assert example_fits({"name": "$name"}, HttpRequest)
    for wrong in ({}, {"nome": "a"}, {"name": "a", "more": 1}, {"name": "a", "count": "many"}):
        assert not example_fits(wrong, HttpRequest)
    assert not example_fits({"name": "a"}, None)


def test_what_a_route_answers_is_named_field_by_field() -> None:
    for route in all_routes():
        assert all(issubclass(shape, wire.Shape) for shape in route.answer_shapes), route.name
        assert all(msgspec.structs.fields(shape) for shape in route.answer_shapes), route.name


def test_a_route_that_raises_trust_or_takes_money_is_for_people_and_changes_something() -> None:
    for route in all_routes():
        if route.stepped_up or route.money or route.outlives:
            assert route.who is Who.PERSON, route.name
        if route.money or route.outlives:
            assert route.idempotent, route.name


def test_only_who_sends_a_code_is_not_answered_from_memory() -> None:
    """What sends no code again would be done twice."""
    changing = [route for route in all_routes() if route.who is Who.PERSON and route.method != "GET"]
    assert {route.name for route in changing if not route.idempotent} == {
        "POST /devices/{device_id}/password/reset",
        "POST /me/address",
        "POST /step-up",
    }


def test_what_a_route_refuses_are_refusals() -> None:
    for route in all_routes():
        assert all(issubclass(refusal, Refusal) for refusal in route.refuses), route.name


def faults_of_refusals(route: Route) -> list[str]:
    can_happen = raised_by(route)
    return [
        f"{route.name}: {one.__name__} is declared, and nothing that it leads to raises it"
        for one in route.refuses
        if one not in can_happen
    ]


def test_what_a_route_refuses_can_happen() -> None:
    assert [fault for route in all_routes() for fault in faults_of_refusals(route)] == []


def test_a_refusal_that_can_never_happen_is_seen() -> None:
    from chalicelib.access.actions import RightMissing
    from chalicelib.devices.actions.binding import DeviceTaken

    plans = msgspec.structs.replace(named("GET /plans"), refuses=(RightMissing, DeviceTaken))
    assert len(faults_of_refusals(plans)) == 2
    device = named("GET /devices/{device_id}")
    assert NotFound in device.refuses and faults_of_refusals(device) == []
    (fault,) = faults_of_refusals(msgspec.structs.replace(device, refuses=(*device.refuses, DeviceTaken)))
    assert "DeviceTaken" in fault


def test_names_of_doors_are_given_once() -> None:
    """They become the names of functions and log groups, which are global."""
    from app import app

    names = [one.name for one in [*app.event_sources, *app.pure_lambda_functions]]
    assert sorted(names) == sorted(set(names))
    assert names
    views = [route.view.__name__ for route in all_routes()]
    assert sorted(views) == sorted(set(views))
