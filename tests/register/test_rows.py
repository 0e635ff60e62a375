"""The register's rows are complete, said in each language, and say the same in words and in figures."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from chalicelib.register import rows
from chalicelib.register.rows import INACTIVE_DAYS, NOTICE_DAYS, ROWS, Basis, Row, Sentence, Until, row
from chalicelib.words import LANGUAGES, bundle

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

SENTENCES: tuple[Sentence, ...] = get_args(Sentence)

every_row = pytest.mark.parametrize("one", ROWS, ids=lambda one: one.id)


def texts_of(one: Row) -> Iterator[tuple[str, list[str]]]:
    """Each sentence in each language."""
    for field in SENTENCES:
        yield field, [one.sentence(field, language) for language in LANGUAGES]


def figures(sentence: str) -> list[int]:
    return sorted(int(figure) for figure in re.findall(r"\d+", sentence))


def test_the_register_has_every_row_of_the_table_and_of_the_promises_in_order() -> None:
    assert [one.id for one in ROWS] == OF_THE_TABLE + OF_THE_PROMISES


def test_a_row_is_imported_by_one_name_and_found_by_its_id() -> None:
    named = [one for one in vars(rows).values() if isinstance(one, Row)]
    assert named == list(ROWS)
    assert [row(one.id) for one in named] == named


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_stands_once_and_none_is_left_over(language: str) -> None:
    keys = {one.shared_sentences.get(field, f"{one.id}_{field}") for one in ROWS for field in SENTENCES}
    assert bundle(language, "register").keys() == keys
    assert len(set(bundle(language, "register").values())) == len(keys)


def test_a_sentence_is_shared_by_several_rows_and_under_a_name_of_the_table() -> None:
    shared = [shared for one in ROWS for shared in one.shared_sentences.items()]
    assert {field for field, _ in shared} <= set(SENTENCES)
    assert all(shared.count(one) > 1 for one in shared)


def test_a_row_nobody_wrote_is_an_error() -> None:
    with pytest.raises(rows.UnknownRow, match="B99"):
        row("B99")


def test_a_row_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        rows.ALARM_MESSAGES.basis = Basis.CONSENT  # type: ignore[misc]


@every_row
def test_every_field_is_there_in_each_language_and_differs(one: Row) -> None:
    for field, texts in texts_of(one):
        assert all(len(text) > 5 for text in texts), field
        assert len(set(texts)) == len(LANGUAGES), field


@every_row
def test_polish_is_polish_and_english_is_not(one: Row) -> None:
    for field in SENTENCES:
        english, polish = one.sentence(field, "en"), one.sentence(field, "pl")
        assert not POLISH & set(english), field
        assert POLISH & set(polish) or len(polish) < 50, f"{field}: {polish}"


@every_row
def test_sentences_begin_with_a_capital_and_end_with_a_full_stop(one: Row) -> None:
    for field, texts in texts_of(one):
        for said in texts:
            assert said[0] == said[0].upper(), said
            assert said.endswith(".") == (field != "title"), said
            assert "  " not in said and "{" not in said, said


@every_row
def test_all_languages_say_the_same_figures(one: Row) -> None:
    for field, texts in texts_of(one):
        assert all(figures(text) == figures(texts[0]) for text in texts), field


@every_row
def test_what_is_kept_by_figure_is_said_by_figure(one: Row) -> None:
    kept, said = one.kept_for, figures(one.sentence("kept_for", "en"))
    for days in filter(None, (kept.days, kept.days_after)):
        assert days in said or (days >= 2 * 365 and days // 365 in said), f"{days} days"
    if kept.minutes:
        assert kept.minutes in said


@every_row
def test_what_only_time_ends_has_a_time(one: Row) -> None:
    if one.kept_for.until is Until.TIME_PASSED:
        assert one.kept_for.days or one.kept_for.minutes


def test_alarms_snapshots_and_addresses_in_the_log_are_kept_for_seven_days() -> None:
    for one in (rows.ALARM_MESSAGES, rows.API_LOG_ADDRESSES):
        assert one.kept_for.days == 7
        assert "7 days" in one.sentence("kept_for", "en") and "7 dni" in one.sentence("kept_for", "pl")
    assert all("snapshot" in rows.ALARM_MESSAGES.sentence(field, "en") for field in ("kept_for", "data"))


def test_recordings_are_kept_for_their_plan_and_a_grace_of_seven_days() -> None:
    kept = rows.CLOUD_STORAGE.kept_for
    assert (kept.days, kept.until, kept.days_after) == (30, Until.PLAN_ENDED, 7)


def test_no_figure_of_a_row_stands_a_second_time_in_its_sentence() -> None:
    for one in ROWS:
        if "kept_for" not in one.shared_sentences:
            said = bundle("en", "register")[f"{one.id}_kept_for"]
            units = {int(figure) for figure in re.findall(r"(\d+) (?:days|minutes)", said)}
            assert not units & {one.kept_for.days, one.kept_for.minutes}, one.id


def test_the_notice_before_deletion_is_said_as_it_is_counted() -> None:
    assert {INACTIVE_DAYS, NOTICE_DAYS} <= set(figures(rows.INACTIVE_ACCOUNTS.sentence("purpose", "en")))


def test_a_period_is_what_is_said_in_days_and_minutes() -> None:
    assert rows.ALARM_MESSAGES.kept_for.period == timedelta(days=7)
    assert rows.PASSWORD_RESET.kept_for.period == timedelta(minutes=10)
    with pytest.raises(rows.NoPeriod):
        _ = rows.REGISTRATION.kept_for.period


def test_what_several_rows_promise_of_one_thing_is_the_same() -> None:
    assert rows.PASSWORD_RESET.kept_for.minutes == rows.ACCOUNT_CHANGES.kept_for.minutes
    assert rows.CLOUD_STORAGE.kept_for.days_after == rows.PLAYBACK.kept_for.days_after
    assert rows.API_LOG_ADDRESSES.kept_for.days == rows.MESSAGE_RATE_LIMITS.kept_for.days


@every_row
def test_rights_follow_from_the_legal_basis(one: Row) -> None:
    demanded = {Basis.CONSENT: ("withdraw", "wycof"), Basis.LEGITIMATE_INTEREST: ("object", "sprzeciw")}
    if one.basis in demanded:
        english, polish = demanded[one.basis]
        assert english in one.sentence("rights", "en") and polish in one.sentence("rights", "pl")


@every_row
def test_what_rests_on_consent_ends_with_it(one: Row) -> None:
    if one.basis is Basis.CONSENT and one.kept_for.until is not Until.CONSENT_WITHDRAWN:
        assert "withdraw" in one.sentence("kept_for", "en")


@every_row
def test_no_camera_maker_is_named(one: Row) -> None:
    for field, texts in texts_of(one):
        assert not MAKERS.search(" ".join(texts)), field


def test_the_rows_import_nothing_but_the_standard_library_and_words() -> None:
    tree = ast.parse(Path(rows.__file__).read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported -= {"chalicelib.words"}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


# What this version keeps nothing for by itself: a demand of the law is answered by the operator, by hand.
BY_HAND = {rows.LEGAL_DISCLOSURE}


def test_a_row_is_planned_as_long_as_no_code_keeps_anything_by_it() -> None:
    names = {name: one for name, one in vars(rows).items() if isinstance(one, Row)}
    package = Path(rows.__file__).parents[1]
    trees = [ast.parse(path.read_text()) for path in package.rglob("*.py") if path != Path(rows.__file__)]
    used = {names[name] for tree in trees for name in names_used(tree) if name in names}
    assert 20 < len(used) < len(ROWS)
    assert {one for one in ROWS if one.planned} == set(ROWS) - used - BY_HAND


def names_used(tree: ast.AST) -> Iterator[str]:
    """`rows.SIGN_IN`, or `SIGN_IN` where that is imported from there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).split(".")[-1] == "rows":
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "chalicelib.register.rows":
            yield from (one.name for one in node.names)
