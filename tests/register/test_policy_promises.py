"""Each row of the policy is held by tests that exist, and by nothing that was only planned."""

from __future__ import annotations

from chalicelib.register import rows
from tests.register import policy_promises
from tests.register.policy_promises import ROOT, TESTS_OF


def test_each_row_that_is_promised_has_tests_and_no_other() -> None:
    promised = {row.id for row in rows.ROWS if not row.planned}
    assert len(promised) > 25
    assert promised == TESTS_OF.keys()
    assert all(TESTS_OF.values())


def test_the_tests_are_there() -> None:
    named = {ROOT / "tests" / name for names in TESTS_OF.values() for name in names}
    assert [path for path in sorted(named) if "\ndef test_" not in path.read_text()] == []


def test_the_document_is_what_the_rows_say() -> None:
    assert policy_promises.DOCUMENT.read_text() == policy_promises.document(), "see its own head"
