"""A factory's file of any length into stock: `load_devices` with an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws import factory
from chalicelib.aws.clients import client
from chalicelib.errors import Conflict, Invalid
from chalicelib.stock import rules as stock_rules
from chalicelib.stock.actions import loading
from chalicelib.stock.actions.loading import LoadedElsewhere
from infra.local.cloud import LocalCloud
from infra.local.control_api import ControlApi
from infra.local.gateway import Response, http_request
from infra.strict_moto.faults import DIES_AFTER, Crash
from tests.scene import CODE, SECRET, Camera, everything_stored, lay_down, new_person, rows

HEADER = "sn,model,code,secret"


def line(number: int, **other: str) -> str:
    said = {"sn": f"SN{number:04d}", "model": "Sowa One", "code": CODE, "secret": SECRET, **other}
    return ",".join(said.values())


def csv(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines]) + "\n"


def json_lines(count: int) -> str:
    made = [{"sn": f"SN{n:04d}", "model": "One", "code": CODE, "secret": SECRET} for n in range(count)]
    return "".join(json.dumps(one) + "\n" for one in made)


def load(world: LocalCloud, content: str | bytes, key: str = "batch-7/cameras.csv") -> Any:
    return world.invoke("load_devices", {"s3": lay_down(world, key, content)})


def refused_rows(world: LocalCloud, answer: Any) -> list[dict[str, Any]]:
    """What lies below the address that the answer names."""
    bucket, _, prefix = answer["bad_rows_at"].removeprefix("s3://").partition("/")
    objects = [one for one in world.dump()["buckets"][bucket] if one["key"].startswith(prefix)]
    return [json.loads(text) for one in sorted(objects, key=lambda o: o["key"]) for text in one["body"].splitlines()]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of about three rows each."""
    monkeypatch.setattr(loading, "_BLOCK_BYTES", 200)
    yield


@pytest.mark.parametrize(
    "content",
    [
        csv(*map(line, range(5))),
        csv(*map(line, range(5))).replace("\n", "\r\n"),
        csv(*map(line, range(5))).rstrip("\n"),
        "\ufeff" + csv(*map(line, range(5))),
        csv(*(f'"{SECRET}",SN{n:04d},"Sowa ""One""",{CODE}' for n in range(5)), header="Secret, SN ,model,code"),
        json_lines(5),
        json_lines(5).replace("\n", "\n\n"),
        csv(*map(line, range(5))).replace(",", ", "),
        csv(*map(line, range(5))).replace(",", " ;\t"),
        csv(*map(line, range(5))).replace(",", "\t"),
        csv(*map(line, range(5))).replace("\n", "\r"),
        csv(*map(line, range(5)), ";;;", header="SN;Model;Code;Secret").replace(",", ";"),
        csv(*(f'SN{n:04d}, "Sowa, One" ,"{CODE}" , "{SECRET}"' for n in range(5)),
            header='"S/N", MODEL ,"Code"\t,secret'),
        json_lines(5).replace('"sn"', '"Serial Number"').replace(SECRET, f" {SECRET} "),
        csv(*map(line, range(5))).replace(",", ";").replace("\n", ";\n"),
        csv(*map(line, range(5))).replace("\n", ", ,\n"),
    ],
    ids=[
        "csv", "line ends of Windows", "no last line end", "byte order mark", "other columns", "json", "empty lines",
        "blanks", "semicolons", "tabs", "line ends of old", "empty cells", "quoted with blanks", "json with blanks",
        "a separator at the end", "separators at the end",
    ],
)
def test_a_file_is_loaded_to_its_last_row(world: LocalCloud, content: str, small_blocks: None) -> None:
    answer = load(world, content)
    assert (answer["loaded"], answer["unchanged"], answer["bad"], answer["bad_rows"]) == (5, 0, 0, [])
    assert (answer["done"], answer["position_bytes"]) == (True, answer["size_bytes"] == len(content.encode()) and
        answer["size_bytes"])  # fmt: skip
    assert answer["bad_rows_at"] is None
    assert len(rows(world, "stock/stock")) == 5
    camera = Camera(world, "SN0003")
    assert camera.activate().status == 200


def test_loading_a_file_again_changes_nothing(world: LocalCloud) -> None:
    load(world, csv(*map(line, range(5))))
    before = rows(world, "stock/stock")
    again = load(world, csv(*map(line, range(5))))
    assert (again["loaded"], again["unchanged"], again["done"]) == (0, 5, True)
    assert rows(world, "stock/stock") == before


def test_many_rows_cost_two_calls_a_hundred(world: LocalCloud) -> None:
    address = lay_down(world, "many.jsonl", json_lines(1000))
    world.trace.clear()
    assert world.invoke("load_devices", {"s3": address})["loaded"] == 1000
    names = world.trace.names()
    assert (names.count("dynamodb.BatchGetItem"), names.count("dynamodb.TransactWriteItems")) == (10, 10)
    assert len(names) == 20 + 3 + 3  # where it stands is read, begun and noted; the file is found, and read twice


def test_bad_rows_are_named_by_their_lines_and_stop_no_other(world: LocalCloud, small_blocks: None) -> None:
    bad = ["SN0003,One,short," + SECRET, "just a line", "a,b,c,d,e", '"never ended,x,y,z', b"\xff\xfe,a,b,c"]
    lines = [line(0).encode(), *(text.encode() if isinstance(text, str) else text for text in bad), line(1).encode()]
    answer = load(world, b"\n".join([HEADER.encode(), *lines]))
    assert (answer["loaded"], answer["bad"]) == (2, 5)
    assert [(one["row"], list(one["fields"])) for one in answer["bad_rows"]] == [
        (3, ["code"]), (4, ["body"]), (5, ["body"]), (6, ["body"]), (7, ["body"])
    ]  # fmt: skip
    assert refused_rows(world, answer) == answer["bad_rows"]


def test_of_many_bad_rows_the_answer_names_a_hundred_and_the_object_all(world: LocalCloud) -> None:
    answer = load(world, csv(line(0), *(["x,y,z,w"] * 250), line(1)))
    assert (answer["loaded"], answer["bad"], len(answer["bad_rows"])) == (2, 250, 100)
    assert [one["row"] for one in refused_rows(world, answer)] == list(range(3, 253))


def test_a_camera_in_stock_with_another_code_is_never_overwritten(world: LocalCloud) -> None:
    Camera(world, "SN0001").load()
    before = rows(world, "stock/stock")
    answer = load(world, csv(line(1, code="WXYZ-9999"), line(2), line(2, secret="another-secret-0123456789")))
    assert (answer["loaded"], answer["bad"]) == (1, 2)
    assert [(one["row"], list(one["fields"])) for one in answer["bad_rows"]] == [(2, ["sn"]), (4, ["sn"])]
    assert all(row in rows(world, "stock/stock") for row in before)


def test_a_run_that_is_out_of_time_says_how_far_it_is_and_the_next_goes_on(
    world: LocalCloud, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 100_000, 400))
    monkeypatch.setattr(clock, "ticks_s", lambda: next(ticks))
    content = csv(*map(line, range(6)))
    first = load(world, content)
    assert (first["done"], 0 < first["position_bytes"] < first["size_bytes"]) == (False, True)
    loaded = [first["loaded"]]
    while not (answer := world.invoke("load_devices", {"s3": lay_down(world, "batch-7/cameras.csv", content)}))["done"]:
        loaded.append(answer["loaded"])
    assert (answer["loaded"], answer["unchanged"], answer["lines"]) == (6, 0, 7)
    assert loaded == sorted(set(loaded))
    assert len(rows(world, "stock/stock")) == 6


def test_a_run_that_died_goes_on_where_it_had_noted_to_be(world: LocalCloud, small_blocks: None) -> None:
    address = lay_down(world, "cameras.csv", csv(*map(line, range(9))))
    world.faults.fail(12, DIES_AFTER)
    with pytest.raises(Crash):
        world.invoke("load_devices", {"s3": address})
    world.faults.clear()
    world.trace.clear()
    answer = world.invoke("load_devices", {"s3": address})
    assert (answer["done"], answer["loaded"] + answer["unchanged"], answer["bad"]) == (True, 9, 0)
    starts = [call.params["Range"] for call in world.trace if call.name == "s3.GetObject"]
    assert "bytes=0-199" not in starts


def test_of_two_runs_at_once_one_gives_way(
    world: LocalCloud, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = lay_down(world, "cameras.csv", csv(*map(line, range(9))))
    once, real = iter([True]), factory.part

    def part(*args: Any) -> bytes:
        data = real(*args)
        if args[1] > 0 and next(once, False):
            assert world.invoke("load_devices", {"s3": address})["done"]
        return data

    monkeypatch.setattr(factory, "part", part)
    with pytest.raises(LoadedElsewhere):
        world.invoke("load_devices", {"s3": address})
    assert len(rows(world, "stock/stock")) == 9


def test_a_file_that_is_replaced_under_way_is_not_mixed_with_the_other(
    world: LocalCloud, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, real = lay_down(world, "cameras.csv", csv(*map(line, range(9)))), loading._note

    def note(*args: Any) -> None:
        real(*args)
        lay_down(world, "cameras.csv", csv(*map(line, range(50, 59))))

    monkeypatch.setattr(loading, "_note", note)
    with pytest.raises(Conflict):
        world.invoke("load_devices", {"s3": address})
    assert len(rows(world, "stock/stock")) < 9


@pytest.mark.parametrize(
    "content", ["", "\n", "SN0001,One,x,y\n", "sn,model,code\n", "sn,sn,model,code,secret\n", "[1]\n", b"\xff\n"]
)
def test_a_file_without_a_header_is_refused_whole(world: LocalCloud, content: str | bytes) -> None:
    with pytest.raises(Invalid) as refused:
        load(world, content)
    assert list(refused.value.details["fields"]) == ["s3"]
    assert rows(world, "stock/stock") == []
    load(world, csv(line(1)))
    assert len(rows(world, "stock/stock")) == 1


def test_a_header_that_is_another_is_named_as_it_was_found(world: LocalCloud) -> None:
    with pytest.raises(Invalid) as refused:
        load(world, "SN;Modell;Code;Secret\n")
    said = refused.value.details["fields"]["s3"].read_in("en")
    assert said == "begins with SN;Modell;Code;Secret instead of sn,model,code,secret"
    assert said in str(refused.value)


def test_of_a_file_without_a_header_no_camera_is_repeated(world: LocalCloud) -> None:
    with pytest.raises(Invalid) as refused:
        load(world, line(1) + "\n" + line(2) + "\n")
    assert refused.value.details["fields"]["s3"].read_in("en") == "does not begin with a line sn,model,code,secret"
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_spreadsheets_unicode_text_is_refused_with_what_to_do(world: LocalCloud, encoding: str) -> None:
    with pytest.raises(Invalid, match="save it as CSV UTF-8"):
        load(world, csv(*map(line, range(3))).encode(encoding))


def test_a_secret_with_a_blank_in_it_is_refused_by_its_line(world: LocalCloud) -> None:
    answer = load(world, csv(line(1), line(2, secret="0123456789 abcdef"), line(3)))
    assert (answer["loaded"], answer["bad_rows"]) == (2, [{"row": 3, "fields": {"secret": "has the wrong form"}}])


def test_lines_are_counted_the_same_whatever_ends_them_and_wherever_a_block_ends(world: LocalCloud) -> None:
    for end in ("\n", "\r", "\r\n"):
        data = csv(line(1), "x,y,z,w", line(2)).replace("\n", end).encode()
        for cut in range(len(HEADER) + 1, len(data) + 1):
            whole = stock_rules.end_of_lines(data[:cut]) if cut < len(data) else cut
            assert len(stock_rules.lines_of(data[:whole]) + stock_rules.lines_of(data[whole:])) == 4


def test_the_way_of_a_file_is_rehearsed_beside_the_local_cloud(world: LocalCloud) -> None:
    local = ControlApi(world)

    def ask(method: str, path: str, body: bytes = b"") -> Response:
        return local.handle(http_request(method, f"/_local/{path}", {}, body))

    assert ask("GET", "factory/batch-8/cameras.csv").status == 404
    laid = ask("PUT", "factory/batch-8/cameras.csv", csv(line(1), "x,y,z,w").encode())
    answer = ask("POST", "operations/load_devices", json.dumps(laid.json).encode()).json
    assert (answer["loaded"], answer["bad"], answer["done"]) == (1, 1, True)
    assert ask("GET", "factory/batch-8/cameras.csv").body.startswith(HEADER.encode())
    refused = answer["bad_rows_at"].split("/", 3)[3]
    assert [json.loads(ask("GET", f"factory/{refused}").body)] == answer["bad_rows"]
    assert ask("POST", "operations/unload_devices", json.dumps(laid.json).encode()).json["unloaded"] == 1


def unload(world: LocalCloud, content: str, key: str = "batch-7/cameras.csv") -> Any:
    return world.invoke("unload_devices", {"s3": lay_down(world, key, content)})


def test_a_file_is_unloaded_as_it_was_loaded(world: LocalCloud, small_blocks: None) -> None:
    content = csv(*map(line, range(9)))
    load(world, content)
    answer = unload(world, content)
    assert (answer["unloaded"], answer["absent"], answer["bad"], answer["done"]) == (9, 0, 0, True)
    assert rows(world, "stock/stock") == []
    again = unload(world, content)
    assert (again["unloaded"], again["absent"]) == (0, 9)
    assert load(world, content)["loaded"] == 9
    assert unload(world, "sn\n" + "".join(f"SN{n:04d}\n" for n in range(9)), "serials.csv")["unloaded"] == 9


def test_unloading_a_file_names_what_somebody_owns_by_its_line(world: LocalCloud) -> None:
    ola = new_person(world)
    load(world, csv(*map(line, range(3))))
    camera = Camera(world, "SN0001")
    camera.activate()
    assert ola.bind(camera).status == 201
    answer = unload(world, csv(*map(line, range(3))))
    assert (answer["unloaded"], answer["bad"]) == (2, 1)
    assert refused_rows(world, answer) == [{"row": 3, "fields": {"sn": "has an owner, and stays in stock"}}]


def test_a_line_without_an_end_is_refused_by_its_number(world: LocalCloud, small_blocks: None) -> None:
    with pytest.raises(Invalid) as refused:
        load(world, csv(line(0), "x" * 500, line(1)))
    assert "line 3" in refused.value.details["fields"]["s3"].read_in("en")
    assert len(rows(world, "stock/stock")) == 1


@pytest.mark.parametrize(
    "address", ["s3://another-bucket/cameras.csv", "cameras.csv", "", "s3://", "{ours}", "{ours}absent.csv"]
)
def test_only_what_lies_in_the_factorys_bucket_is_read(world: LocalCloud, address: str) -> None:
    ours = f"s3://{world.stack.physical('Factory')}/"
    with pytest.raises(Invalid) as refused:
        world.invoke("load_devices", {"s3": address.format(ours=ours)})
    assert ours in refused.value.details["fields"]["s3"].read_in("en")


def test_rows_and_a_file_together_are_refused(world: LocalCloud) -> None:
    with pytest.raises(Invalid):
        world.invoke("load_devices", {"devices": [], "s3": "s3://a/b"})


def test_neither_what_is_remembered_nor_what_is_refused_holds_a_secret(world: LocalCloud) -> None:
    load(world, csv(line(0, code="x", secret="secret-of-a-bad-row"), line(1)))
    with world.aws.outside():
        client("s3").delete_object(Bucket=world.stack.physical("Factory"), Key="batch-7/cameras.csv")
    stored = everything_stored(world)
    assert not [word for word in ("secret-of-a-bad-row", SECRET, CODE, "SN0001") if word in stored]
