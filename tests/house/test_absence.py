"""A test that finds nothing has shown that what it looks for can be there (`rows`), and that what it looks in says
something (logs, trace)."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from infra.local.cloud import LocalCloud
from infra.local.logs import Logs
from infra.strict_moto.trace import Trace
from tests import conftest
from tests.conftest import Home
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


def test_a_log_and_a_trace_that_are_silent_prove_nothing(world: LocalCloud) -> None:
    with patch.object(Logs, "lines", return_value=[]), pytest.raises(AssertionError, match="nothing is logged"):
        conftest._require_lines_to_be_allowed(world)
    world.trace.clear()
    with patch.object(Trace, "add"), pytest.raises(AssertionError, match="no call is traced"):
        conftest._require_calls_to_be_traced(world)
    conftest._require_calls_to_be_traced(world)
