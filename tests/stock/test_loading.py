"""From the factory into stock: `load_devices`."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import Invalid
from infra.local.cloud import LocalCloud
from tests.scene import CODE, SECRET, Camera, everything_stored, just_before, new_person, rows


def made(sn: str = "SN0001", **other: Any) -> dict[str, Any]:
    return {"sn": sn, "model": "Sowa One", "code": CODE, "secret": SECRET, **other}


def load(world: LocalCloud, *devices: Any) -> Any:
    return world.invoke("load_devices", {"devices": list(devices)})


def test_rows_are_loaded_and_loading_them_again_changes_nothing(world: LocalCloud) -> None:
    assert load(world, made("SN0001"), made("SN0002")) == {"loaded": 2, "unchanged": 0, "bad_rows": []}
    before = world.dump()["tables"]
    assert load(world, made("SN0002"), made("SN0003")) == {"loaded": 1, "unchanged": 1, "bad_rows": []}
    after = rows(world, "stock/stock")
    assert len(after) == 3
    assert all(row in after for row in before["sowa-local-Items"] if row["sk"] == "stock")


def test_a_serial_number_typed_otherwise_is_the_same_camera(world: LocalCloud) -> None:
    load(world, made("SN0001"))
    assert load(world, made("sn0001", code="abcd 2345"))["unchanged"] == 1


@pytest.mark.parametrize(
    "other", [{"code": "WXYZ-9876"}, {"secret": "another-secret-0123456789"}, {"model": "Sowa Two"}]
)
def test_a_camera_in_stock_is_not_loaded_with_other_properties(world: LocalCloud, other: dict[str, str]) -> None:
    load(world, made())
    before = rows(world, "stock/stock")
    answer = load(world, made("SN0002"), made(**other))
    assert (answer["loaded"], answer["unchanged"]) == (1, 0)
    assert [(bad["row"], list(bad["fields"])) for bad in answer["bad_rows"]] == [(2, ["sn"])]
    assert all(row in rows(world, "stock/stock") for row in before)


def test_loading_again_touches_neither_owner_nor_token(world: LocalCloud) -> None:
    ola, camera = new_person(world), Camera(world)
    camera.load()
    camera.activate()
    assert ola.bind(camera).status == 201
    before = rows(world, "stock/stock")
    assert camera.load() == {"loaded": 0, "unchanged": 1, "bad_rows": []}
    assert rows(world, "stock/stock") == before
    assert camera.ask_ticket().status == 200


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (made(sn="SN1"), "sn"),
        (made(sn="SN 0001"), "sn"),
        (made(sn="SN0001\nx"), "sn"),
        (made(sn="S" * 65), "sn"),
        (made(sn=None), "sn"),
        (made(sn=7_000_001), "sn"),
        (made(model=""), "model"),
        (made(code="12345"), "code"),
        (made(code="1" * 65), "code"),
        (made(secret="short"), "secret"),
        (made(secret="x" * 257), "secret"),
        (made(secret="0123456789 abcdef"), "secret"),
        (made(secret="0123456789\tabcdef"), "secret"),
        (made(secret=" " * 20), "secret"),
        (made(colour="white"), "colour"),
    ],
)
def test_a_bad_row_is_named_by_its_number_and_stops_no_other(
    world: LocalCloud, row: dict[str, Any], field: str
) -> None:
    answer = load(world, made("SN0001"), row, made("SN0003"))
    assert (answer["loaded"], answer["unchanged"]) == (2, 0)
    assert [(bad["row"], list(bad["fields"])) for bad in answer["bad_rows"]] == [(2, [field])]
    assert len(rows(world, "stock/stock")) == 2


def test_of_an_empty_row_all_that_is_missing_is_named(world: LocalCloud) -> None:
    answer = load(world, {}, made("SN0003"))
    assert answer["loaded"] == 1
    assert [(bad["row"], list(bad["fields"])) for bad in answer["bad_rows"]] == [(1, ["sn", "model", "code", "secret"])]


@pytest.mark.parametrize(
    "event", [{}, {"devices": None}, {"devices": {}}, {"devices": ["SN0001"]}, {"cameras": []}, []]
)
def test_what_is_no_list_of_rows_is_refused_as_a_whole(world: LocalCloud, event: Any) -> None:
    with pytest.raises(Invalid) as refused:
        world.invoke("load_devices", event)
    assert refused.value.details["fields"]
    assert rows(world, "stock/stock") == []
    load(world, made())
    assert len(rows(world, "stock/stock")) == 1


def test_serial_number_code_and_secret_are_kept_as_hashes_only(world: LocalCloud) -> None:
    load(world, made("CANARY-0001", code="CANA-RYCODE", secret="canary-secret-0123456789"))
    stored = everything_stored(world).casefold()
    for plain in ("canary-0001", "cana-rycode", "canarycode", "canary-secret"):
        assert plain not in stored


def test_blanks_round_what_is_said_of_a_camera_do_not_count(world: LocalCloud) -> None:
    blank = {name: f" {said}\t" for name, said in made().items()}
    assert load(world, blank)["loaded"] == 1
    assert load(world, made())["unchanged"] == 1
    assert Camera(world).activate().status == 200


def test_a_row_may_call_things_as_a_spreadsheet_does(world: LocalCloud) -> None:
    row = {"Serial Number": "SN0001", "MODEL": "Sowa One", "Printed code": CODE, "Secret": SECRET}
    assert load(world, row)["loaded"] == 1
    twice = {**made("SN0002"), "S/N": "SN0003"}
    (bad,) = load(world, twice)["bad_rows"]
    assert list(bad["fields"]) == ["S/N"]


def test_an_operator_is_told_in_the_errors_own_words_what_was_wrong(world: LocalCloud) -> None:
    with pytest.raises(Invalid, match="devices is needed"):
        world.invoke("load_devices", {})


# Out of stock again


def unload(world: LocalCloud, *sns: str) -> Any:
    return world.invoke("unload_devices", {"devices": [{"sn": sn} for sn in sns]})


def test_what_was_loaded_wrongly_is_unloaded_and_loaded_otherwise(world: LocalCloud) -> None:
    load(world, made(secret="a-secret-that-was-wrong"), made("SN0002"))
    camera = Camera(world)
    assert camera.activate().status == 401
    assert load(world, made())["bad_rows"][0]["fields"]["sn"].endswith("if nobody owns it, unload it first")
    assert unload(world, "sn0001 ", "SN0009", "SN0001") == {"unloaded": 1, "absent": 2, "bad_rows": []}
    assert len(rows(world, "stock/stock")) == 1
    assert load(world, made())["loaded"] == 1
    assert camera.activate().status == 200


def test_what_somebody_owns_stays_in_stock(world: LocalCloud) -> None:
    ola, camera = new_person(world), Camera(world)
    load(world, made(), made("SN0002"))
    camera.activate()
    assert ola.bind(camera).status == 201
    answer = unload(world, "SN0002", "SN0001")
    assert (answer["unloaded"], answer["absent"]) == (1, 0)
    assert answer["bad_rows"] == [{"row": 2, "fields": {"sn": "has an owner, and stays in stock"}}]
    assert camera.ask_ticket().status == 200
    assert unload(world, "SN0002")["absent"] == 1


def test_what_an_unowned_camera_said_of_itself_goes_with_it(world: LocalCloud) -> None:
    load(world, made())
    camera = Camera(world)
    camera.activate()
    assert len(rows(world, "stock/report")) == len(rows(world, "key", "Keys")) == 1
    assert unload(world, "SN0001")["unloaded"] == 1
    assert rows(world, "stock/report") == []
    assert rows(world, "key", "Keys") == []
    assert camera.report().status == 401


def test_a_camera_that_is_bound_while_it_is_unloaded_stays_with_its_owner(world: LocalCloud) -> None:
    ola, camera = new_person(world), Camera(world)
    load(world, made())
    camera.activate()
    with just_before(world, 2, lambda: ola.bind(camera)):
        answer = unload(world, "SN0001")
    assert (answer["unloaded"], len(answer["bad_rows"])) == (0, 1)
    assert camera.ask_ticket().status == 200


def test_a_hundred_cameras_are_unloaded_in_few_calls(world: LocalCloud) -> None:
    load(world, *(made(f"SN{number:04d}") for number in range(100)))
    world.trace.clear()
    assert unload(world, *(f"SN{number:04d}" for number in range(100)))["unloaded"] == 100
    assert world.trace.names().count("dynamodb.TransactWriteItems") == 4
    assert len(world.trace.names()) <= 8
