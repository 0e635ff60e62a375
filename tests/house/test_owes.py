"""`make owes` names each file to touch for what a route lacks."""

from __future__ import annotations

import msgspec
import pytest

from chalicelib.access.needs import DeviceOf
from chalicelib.live.actions.views import NoPictureYet
from infra.local.cloud import LocalCloud
from tests import owes
from tests.routes import all_routes, named


@pytest.mark.parametrize("name", ["GET /plans", "PATCH /devices/{device_id}", "PUT /cameras/state"])
def test_a_route_that_is_there_owes_nothing(one_cloud: LocalCloud, name: str) -> None:
    assert owes.debts_of(named(name)) == []


def test_a_new_route_owes_in_files(one_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    new = msgspec.structs.replace(
        named("PUT /devices/{device_id}/privacy-mode"),
        path="/devices/{device_id}/scribblings/{scribbling_id}",
        needs=DeviceOf("settings"),
        refuses=(NoPictureYet,),
        example={"on": "$scribble"},
    )
    monkeypatch.setattr(owes, "all_routes", lambda: [*all_routes(), new])
    debts = owes.debts_of(new)
    assert [debt.partition(":")[0] for debt in debts] == [
        "tests/routes.py", "tests/routes.py", "chalicelib/devices/routes.py", "chalicelib/words/en.json",
        "chalicelib/words/pl.json", "tests/house/test_matrix.py", "tests/devices", "tests/examples.json",
        "chalicelib/entry/openapi.json", "tests/costs.md", "tests/footprints.json",
    ]  # fmt: skip
    assert "scribble" in debts[0] + debts[1] and "NoPictureYet" in debts[2] and "absent_scribbling" in debts[3]


def test_records_sentences_and_acts_that_nobody_lists_are_owed(
    one_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = owes.words.bundle
    unnamed = {"nickname", "NotFound"}
    monkeypatch.setattr(
        owes.words, "bundle",
        lambda language, folder="": {key: said for key, said in bundle(language, folder).items() if key not in unnamed},
    )  # fmt: skip
    monkeypatch.setattr(owes, "get_args", lambda hint: ("signed_in",))
    debts = "\n".join(owes.debts_of(named("PATCH /devices/{device_id}")))
    assert "chalicelib/words/en.json: `NotFound`" in debts
    assert "chalicelib/words/labels/pl.json: `nickname`, a label of Account" in debts
    assert "chalicelib/privacy/shapes.py: `device_changed`" in debts


def test_a_route_is_found_whatever_its_ids_are_called(one_cloud: LocalCloud) -> None:
    assert owes.named_like("GET  /devices/{id}", all_routes()).name == "GET /devices/{device_id}"
    with pytest.raises(LookupError, match=r"routes\.py of its house; near are GET /plans"):
        owes.named_like("GET /plan", all_routes())
