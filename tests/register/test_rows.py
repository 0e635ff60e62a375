"""The register's rows are complete, bilingual, and say the same in words and in figures."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from chalicelib.register import rows
from chalicelib.register.rows import INACTIVE_DAYS, NOTICE_DAYS, ROWS, Basis, Row, Text, Until, row

OF_THE_TABLE = [
    *("A", "B1a", "B1b"),
    *(f"B{n}" for n in range(2, 18)),
    *(f"C{n}" for n in range(1, 6)),
    *("D1", "D2", "D3", "E1", "E2"),
    *(f"F{n}" for n in range(1, 5)),
]
OF_THE_PROMISES = [
    *("LOG", "LAW", "COOKIES", "RIGHTS", "CONSENTS", "AUDIT", "GUESSES", "MESSAGES", "REPEATS", "LINKS", "IDLE"),
    "REPORTS",
]
POLISH = set("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ")
MAKERS = re.compile(r"\b(imou|dahua|lechange)", re.IGNORECASE)

every_row = pytest.mark.parametrize("one", ROWS, ids=lambda one: one.id)


def texts_of(one: Row) -> Iterator[tuple[str, Text]]:
    for field in ("title", "data", "purpose", "shared_with", "rights", "refusal"):
        yield field, getattr(one, field)
    yield "kept_for", one.kept_for.sentence


def figures(sentence: str) -> list[int]:
    return sorted(int(figure) for figure in re.findall(r"\d+", sentence))


def test_the_register_has_every_row_of_the_table_and_of_the_promises_in_order() -> None:
    assert [one.id for one in ROWS] == OF_THE_TABLE + OF_THE_PROMISES


@every_row
def test_a_row_is_imported_by_its_id_and_found_by_it(one: Row) -> None:
    assert getattr(rows, one.id.upper()) is one
    assert row(one.id) is one


def test_a_row_nobody_wrote_is_an_error() -> None:
    with pytest.raises(rows.UnknownRow, match="B99"):
        row("B99")


def test_a_row_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        rows.ALARM_MESSAGES.basis = Basis.CONSENT  # type: ignore[misc]


@every_row
def test_every_field_is_there_in_both_languages_and_differs(one: Row) -> None:
    for field, text in texts_of(one):
        assert len(text.en) > 5 and len(text.pl) > 5, field
        assert text.en != text.pl, field


@every_row
def test_polish_is_polish_and_english_is_not(one: Row) -> None:
    for field, text in texts_of(one):
        assert not POLISH & set(text.en), field
        assert POLISH & set(text.pl) or len(text.pl) < 50, f"{field}: {text.pl}"


@every_row
def test_sentences_begin_with_a_capital_and_end_with_a_full_stop(one: Row) -> None:
    for field, text in texts_of(one):
        for said in text:
            assert said[0] == said[0].upper(), said
            assert said.endswith(".") == (field != "title"), said
            assert "  " not in said, said


@every_row
def test_both_languages_say_the_same_figures(one: Row) -> None:
    for field, text in texts_of(one):
        assert figures(text.en) == figures(text.pl), field


@every_row
def test_what_is_kept_by_figure_is_said_by_figure(one: Row) -> None:
    kept = one.kept_for
    for days in filter(None, (kept.days, kept.days_after)):
        said = figures(kept.sentence.en)
        assert days in said or (days >= 2 * 365 and days // 365 in said), f"{days} days"
    if kept.minutes:
        assert kept.minutes in figures(kept.sentence.en)


@every_row
def test_what_only_time_ends_has_a_time(one: Row) -> None:
    if one.kept_for.until is Until.TIME_PASSED:
        assert one.kept_for.days or one.kept_for.minutes


def test_alarms_snapshots_and_addresses_in_the_log_are_kept_for_seven_days() -> None:
    for one in (rows.ALARM_MESSAGES, rows.API_LOG_ADDRESSES):
        assert one.kept_for.days == 7
        assert "7 days" in one.kept_for.sentence.en and "7 dni" in one.kept_for.sentence.pl
    assert "snapshot" in rows.ALARM_MESSAGES.kept_for.sentence.en and "snapshot" in rows.ALARM_MESSAGES.data.en


def test_recordings_are_kept_for_their_plan_and_a_grace_of_seven_days() -> None:
    assert (
        rows.CLOUD_STORAGE.kept_for.days,
        rows.CLOUD_STORAGE.kept_for.until,
        rows.CLOUD_STORAGE.kept_for.days_after,
    ) == (30, Until.PLAN_ENDED, 7)


def test_the_notice_before_deletion_is_said_as_it_is_counted() -> None:
    assert {INACTIVE_DAYS, NOTICE_DAYS} <= set(figures(rows.INACTIVE_ACCOUNTS.purpose.en))


@every_row
def test_rights_follow_from_the_legal_basis(one: Row) -> None:
    demanded = {Basis.CONSENT: ("withdraw", "wycof"), Basis.LEGITIMATE_INTEREST: ("object", "sprzeciw")}
    if one.basis in demanded:
        english, polish = demanded[one.basis]
        assert english in one.rights.en and polish in one.rights.pl


@every_row
def test_what_rests_on_consent_ends_with_it(one: Row) -> None:
    if one.basis is Basis.CONSENT and one.kept_for.until is not Until.CONSENT_WITHDRAWN:
        assert "withdraw" in one.kept_for.sentence.en


@every_row
def test_no_camera_maker_is_named(one: Row) -> None:
    for field, text in texts_of(one):
        assert not MAKERS.search(" ".join(text)), field


def test_the_rows_import_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(rows.__file__).read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
