"""A test that finds nothing has shown that what it looks for can be there (`rows`, lists of the API), and that what it
looks in says something (logs, trace)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from infra.local.cloud import LocalCloud
from infra.local.logs import Logs
from infra.strict_moto.trace import Trace
from tests import conftest
from tests.conftest import Home
from tests.listings import claims_absence, requiring_items
from tests.scene import requiring_presence, rows


def test_rows_that_were_never_there_are_no_proof_of_their_absence(home: Home) -> None:
    with pytest.raises(AssertionError, match=r"never there: \['account/order of Items'\]"), requiring_presence():
        assert rows(home.world, "account/order") == []
    with requiring_presence():
        assert rows(home.world, "account/order") == []
        home.owner.order(home.camera.device_id)


def test_rows_that_went_were_there(home: Home) -> None:
    with requiring_presence():
        home.owner.call("DELETE", "/sessions/current")
        home.stranger.call("DELETE", "/sessions/current")
        assert rows(home.world, "account/session") == []


def test_of_a_table_without_a_stream_rows_are_shown_by_looking(home: Home) -> None:
    with requiring_presence():
        assert rows(home.world, "key", "Keys")
    with pytest.raises(AssertionError, match="invoices/invoice of Fiscal"), requiring_presence():
        assert rows(home.world, "invoices/invoice", "Fiscal") == []


def test_no_record_no_row(home: Home) -> None:
    with pytest.raises(AssertionError, match="no record of Items is a account/sessions"):
        rows(home.world, "account/sessions")


@pytest.mark.parametrize(
    "is_empty",
    [
        lambda answer: answer.json["items"] == [],
        lambda answer: answer.json.get("items") == [],
        lambda answer: answer.json == {"items": [], "cursor": None},
        lambda answer: [one for one in answer.json["items"] if one["name"]] == [],
    ],
)
def test_a_list_that_is_always_empty_is_no_proof_of_what_it_lacks(home: Home, is_empty: Callable[[Any], bool]) -> None:
    empty = r"always empty: \['GET /devices'\]"
    with pytest.raises(AssertionError, match=empty), requiring_items():
        assert is_empty(home.stranger.call("GET", "/devices"))
    with requiring_items():
        assert is_empty(home.stranger.call("GET", "/devices"))
        assert not is_empty(home.owner.call("GET", "/devices"))


def test_a_list_that_nobody_looks_at_may_be_empty_and_so_may_what_is_refused(home: Home) -> None:
    with requiring_items():
        assert home.stranger.call("GET", "/devices").status == 200
        assert home.stranger.call("GET", f"/devices/{home.camera.device_id}/shares").json["code"] == "NotFound"


def test_of_a_houses_test_it_is_asked_if_it_says_that_something_is_not_there() -> None:
    def finds_nothing() -> None:
        assert "a" not in "b"

    def compares() -> None:
        assert "a" == "a"

    assert claims_absence("alarms", finds_nothing) and not claims_absence("worlds", finds_nothing)
    assert not claims_absence("alarms", compares)


def test_a_log_and_a_trace_that_are_silent_prove_nothing(world: LocalCloud) -> None:
    with patch.object(Logs, "lines", return_value=[]), pytest.raises(AssertionError, match="nothing is logged"):
        conftest._require_lines_to_be_allowed(world)
    world.trace.clear()
    with patch.object(Trace, "add"), pytest.raises(AssertionError, match="no call is traced"):
        conftest._require_calls_to_be_traced(world)
    conftest._require_calls_to_be_traced(world)
