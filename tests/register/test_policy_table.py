"""The policy says every promise with its figure, in both languages, and its table is the register's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.register import policy_table
from chalicelib.register.policy_table import UnknownVersion, render, sha256, versions
from chalicelib.register.rows import ROWS, row
from chalicelib.words import LANGUAGES

OPERATOR = {"name": 'Kowalska & "Synowie" sp. z o.o.', "contact": "dane@kowalska.example"}
POLISH = set("ąćęłńóśźż")
MAKERS = re.compile(r"\b(imou|dahua|lechange)", re.IGNORECASE)

PROMISES = {
    "keeping": [
        ("7 days", "7 dni"),
        ("3, 7 or 30 days", "3, 7 lub 30 dni"),
        ("at most 7 days", "najwyżej 7 dni"),
        ("60 minutes", "60 minutach"),
        ("730 days", "730 dni"),
        ("three months before", "trzy miesiące wcześniej"),
        ("90 days", "90 dni"),
        ("30, 7 and 1 days before", "30 dni, 7 dni i 1 dzień przed"),
        ("announcement", "ogłoszeniem"),
        ("withdrawn", "wycofywane"),
    ],
    "deletion": [
        ("At once", "Natychmiast"),
        ("within 5 minutes", "w ciągu 5 minut"),
        ("within 60 minutes", "w ciągu 60 minut"),
        ("Within 15 minutes", "w ciągu 15 minut"),
        ("24 hours", "24 godziny"),
        ("After 8 days", "Po 8 dniach"),
        ("After 36 days", "Po 36 dniach"),
        ("signed receipt", "podpisane potwierdzenie"),
        ("offline", "bez dostępu do sieci"),
        ("never comes back", "nigdy nie wraca"),
    ],
    "children": [("under 16", "poniżej 16 lat"), ("parent", "Rodzic")],
    "sharing": [("Courts and authorities", "Sądy i organy"), ("IFTTT, Google, Amazon", "IFTTT, Google, Amazon")],
    "regions": [("region of the country", "regionie wybranego przez Ciebie kraju")],
    "security": [("emergency plan", "plan awaryjny"), ("72 hours", "72 godzin"), ("push message", "wiadomością push")],
    "rights": [
        ("Access", "Dostęp"),
        ("Portability", "Przenoszenie"),
        ("Rectification", "Sprostowanie"),
        ("Erasure", "Usunięcie"),
        ("Restriction and objection", "Ograniczenie i sprzeciw"),
        ("After death", "Po śmierci"),
        ("withdraw any consent", "każdą zgodę możesz wycofać"),
        ("one month", "w ciągu miesiąca"),
        ("24 hours", "24 godziny"),
        ("machine-readable", "odczytu maszynowego"),
        ("what stays, why, and until when", "co zostaje, dlaczego i do kiedy"),
    ],
    "cookies": [("120 minutes", "120 minut"), ("only after you agree", "tylko za Twoją zgodą")],
    "changes": [("Every version", "Każda wersja")],
}

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    for remembered in (policy_table._dated, policy_table._edition, policy_table._digest):
        remembered.cache_clear()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of policies in place of the packaged one."""
    monkeypatch.setattr(policy_table, "FOLDER", tmp_path)
    return tmp_path


def write(shelf: Path, version: str, **more: Any) -> None:
    packaged = Path(policy_table.__file__).parent / "policy" / "2026-11-01"
    (shelf / version).mkdir()
    for language in LANGUAGES:
        text = json.loads((packaged / f"{language}.json").read_text(encoding="utf-8"))
        text |= {"version": version, "from": version, **more}
        (shelf / version / f"{language}.json").write_text(json.dumps(text), encoding="utf-8")


def today_is(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(day).replace(tzinfo=UTC))


def sections(language: str) -> dict[str, str]:
    return {each["id"]: " ".join(each["paragraphs"]) for each in render(language)["sections"]}


def figures(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", text))


@both_languages
def test_the_table_has_every_row_in_order_and_every_field(language: str) -> None:
    policy = render(language)
    assert [line["row"] for line in policy["table"]] == [row.id for row in ROWS]
    for line in policy["table"]:
        assert list(line) == list(policy["columns"])
        assert all(line.values()), line["row"]


@both_languages
def test_the_policy_says_which_it_is(language: str) -> None:
    policy = render(language)
    assert policy["language"] == language
    assert policy["version"] == policy["from"] == "2026-11-01"
    assert policy["sha256"] == sha256(language)
    assert policy["title"] == {"en": "Privacy policy", "pl": "Polityka prywatności"}[language]


@pytest.mark.parametrize(
    ("section", "english", "polish"), [(section, *said) for section, all_said in PROMISES.items() for said in all_said]
)
def test_a_promise_is_said_with_its_figure(section: str, english: str, polish: str) -> None:
    assert english in sections("en")[section]
    assert polish in sections("pl")[section]


def test_both_languages_have_the_same_sections_paragraphs_and_figures() -> None:
    english, polish = render("en"), render("pl")
    assert list(english["columns"]) == list(polish["columns"])
    for one, other in zip(english["sections"], polish["sections"], strict=True):
        assert one["id"] == other["id"]
        assert one["heading"] != other["heading"]
        for said, the_same in zip(one["paragraphs"], other["paragraphs"], strict=True):
            assert figures(said) == figures(the_same), said


def test_polish_is_polish_and_english_is_not() -> None:
    for section in render("pl")["sections"]:
        assert all(POLISH & set(paragraph) for paragraph in section["paragraphs"]), section["id"]
    assert not POLISH & set(json.dumps(render("en"), ensure_ascii=False))


@both_languages
def test_no_camera_maker_is_named(language: str) -> None:
    assert not MAKERS.search(json.dumps(render(language), ensure_ascii=False))


@both_languages
def test_the_operator_is_named_with_a_contact(language: str) -> None:
    said = sections_named(language)
    assert OPERATOR["name"] in said["who"] and OPERATOR["contact"] in said["who"]
    assert OPERATOR["contact"] in said["children"]


def sections_named(language: str) -> dict[str, str]:
    return {each["id"]: " ".join(each["paragraphs"]) for each in render(language, operator=OPERATOR)["sections"]}


@both_languages
@pytest.mark.parametrize("operator", [None, OPERATOR], ids=["unnamed", "named"])
def test_no_blank_is_left_to_fill(language: str, operator: dict[str, str] | None) -> None:
    assert not re.search(r"[{}]", " ".join(paragraph_of(render(language, operator=operator))))


def paragraph_of(policy: dict[str, Any]) -> Iterator[str]:
    for section in policy["sections"]:
        yield from section["paragraphs"]
    for line in policy["table"]:
        yield from line.values()


def test_a_language_we_do_not_write_becomes_english() -> None:
    assert render("de") == render("en")


def test_a_language_that_is_offered_and_in_which_the_policy_is_not_written_yet_becomes_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_table, "LANGUAGES", ("de", *LANGUAGES))
    assert render("de") == render("en")
    assert sha256("de") == sha256("en")


def test_the_hash_tells_language_and_not_operator_apart() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", sha256("en"))
    assert sha256("en") != sha256("pl")
    assert render("en", operator=OPERATOR)["sha256"] == sha256("en")


def test_the_hash_changes_when_a_row_does(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha256("en")
    reworded = replace(ROWS[0], shared_sentences={**ROWS[0].shared_sentences, "purpose": "only_this"})
    monkeypatch.setattr(policy_table, "ROWS", (reworded, *ROWS[1:]))
    forget()
    assert sha256("en") != before


def test_what_one_caller_does_to_his_copy_reaches_nobody_else() -> None:
    render("en")["table"].clear()
    assert len(render("en")["table"]) == len(ROWS)


def test_one_version_is_there_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    today_is(monkeypatch, "2020-01-01")
    assert versions() == [{"version": "2026-11-01", "from": "2026-11-01", "url": "/policy?version=2026-11-01"}]
    assert render("pl")["version"] == "2026-11-01"


def test_the_version_in_force_comes_first_and_is_the_one_rendered(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(shelf, "2026-11-01", table=[{"row": "old"}])
    write(shelf, "2027-03-01", table=[{"row": "present"}])
    write(shelf, "2028-01-01")
    today_is(monkeypatch, "2027-03-01")
    assert [each["version"] for each in versions()] == ["2027-03-01", "2026-11-01", "2028-01-01"]
    assert render("en")["table"] == [{"row": "present"}]
    assert render("en", version="2026-11-01")["table"] == [{"row": "old"}]
    assert len(render("en", version="2028-01-01")["table"]) == len(ROWS)


def test_an_older_version_is_not_shown_with_the_rows_of_today(shelf: Path) -> None:
    write(shelf, "2026-11-01")
    write(shelf, "2027-03-01")
    with pytest.raises(LookupError, match="2026-11-01 has no table of its own"):
        render("en", version="2026-11-01")


@pytest.mark.parametrize("version", ["1999-01-01", "..", "2026-11-01/../2026-11-01"])
def test_a_version_that_never_was_is_not_found(version: str) -> None:
    with pytest.raises(UnknownVersion):
        render("en", version=version)


def test_the_table_is_made_without_knowing_what_the_product_is() -> None:
    source = Path(policy_table.__file__).read_text(encoding="utf-8")
    known = re.findall(r"(?i)device|camera|alarm|recording|snapshot|\bplans?\b|\baccounts?\b|gift|invoice", source)
    assert known == []


def test_every_row_named_in_a_text_exists() -> None:
    for text in paragraph_of(render("en")):
        for name in re.findall(r"\(row (\w+)\)", text):
            row(name)
