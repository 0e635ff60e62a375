"""The policy says every promise with its figure, in both languages, and its table is the register's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.register import policy_table
from chalicelib.register.policy_table import UnknownVersion, editions, render, sha256
from chalicelib.register.rows import ROWS, row
from chalicelib.words import LANGUAGES

OPERATOR = {"name": 'Kowalska & "Synowie" sp. z o.o.', "contact": "dane@kowalska.example"}
POLISH = set("ąćęłńóśźż")
KEPT = [one for one in ROWS if not one.planned]
MAKERS = re.compile(r"\b(imou|dahua|lechange)", re.IGNORECASE)

PROMISES = {
    "keeping": [
        ("7 days", "7 dni"),
        ("3, 7 or 30 days", "3, 7 lub 30 dni"),
        ("at most 7 days", "najwyżej 7 dni"),
        ("60 minutes", "60 minutach"),
        ("withdrawn", "wycofywane"),
        ("730 days", "730 dni"),
        ("three months before", "trzy miesiące wcześniej"),
        ("90 days", "90 dni"),
        ("30, 7 and 1 days before", "30 dni, 7 dni i 1 dzień przed"),
        ("announcement", "ogłoszeniem"),
    ],
    "planned": [
        ("neither takes nor keeps data", "nie pobiera ona ani nie przechowuje"),
        ("IFTTT, Google, Amazon", "IFTTT, Google, Amazon"),
        ("120 minutes", "120 minut"),
        ("only after you agree", "tylko za Twoją zgodą"),
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
    "sharing": [("Courts and authorities", "Sądy i organy")],
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
    assert [line["row"] for line in policy["table"]] == [row.id for row in ROWS if not row.planned]
    assert [line["row"] for line in policy["planned"]] == [row.id for row in ROWS if row.planned]
    for line in policy["table"] + policy["planned"]:
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
    for line in policy["table"] + policy["planned"]:
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
    assert len(render("en")["table"]) == len(KEPT)


def test_one_version_is_there_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    today_is(monkeypatch, "2020-01-01")
    assert editions() == (("2026-11-01", "2026-11-01", False),)
    assert render("pl")["version"] == "2026-11-01"


def test_the_version_in_force_comes_first_and_is_the_one_rendered(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(shelf, "2026-11-01", table=[{"row": "old"}])
    write(shelf, "2027-03-01", table=[{"row": "present"}])
    write(shelf, "2028-01-01", needs_agreement=True)
    today_is(monkeypatch, "2027-03-01")
    assert [each[1:] for each in editions()] == [("2028-01-01", True), ("2027-03-01", False), ("2026-11-01", False)]
    assert render("en")["table"] == [{"row": "present"}]
    assert render("en", version="2026-11-01")["table"] == [{"row": "old"}]
    assert len(render("en", version="2028-01-01")["table"]) == len(KEPT)


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
    assert rows_named_in("en") == rows_named_in("pl") != {}
    for names in rows_named_in("en").values():
        for name in names:
            row(name)


def rows_named_in(language: str) -> dict[str, list[str]]:
    """By section."""
    said = {each["id"]: " ".join(each["paragraphs"]) for each in render(language)["sections"]}
    named = {section: re.findall(r"\((?:row|wiersz) (\w+)\)", text) for section, text in said.items()}
    return {section: rows for section, rows in named.items() if rows}


def test_what_the_text_calls_planned_is_what_no_part_of_this_version_keeps() -> None:
    """What becomes kept has to leave that section."""
    named = rows_named_in("en")
    assert named["planned"] and all(row(name).planned for name in named["planned"])
    assert not [name for section, names in named.items() if section != "planned" for name in names if row(name).planned]


ADDITIONS = {"en": "We film our own <car park>.\n\n Ask {operator}: {contact}.", "pl": "Filmujemy parking."}


@both_languages
def test_an_operator_adds_words_of_their_own_as_they_stand(language: str) -> None:
    said = {each["id"]: each for each in render(language, operator=OPERATOR, additions=ADDITIONS)["sections"]}
    lines = [line.strip() for line in ADDITIONS[language].splitlines() if line]
    assert said["additions"]["paragraphs"] == lines
    assert said["additions"]["heading"] == {"en": "What the operator adds", "pl": "Co dodaje operator"}[language]
    assert render(language, operator=OPERATOR, additions=ADDITIONS)["sha256"] == sha256(language)


def test_words_in_another_language_are_better_than_none_and_none_make_no_section() -> None:
    only_polish = {"pl": ADDITIONS["pl"]}
    assert render("en", additions=only_polish)["sections"][-1]["paragraphs"] == [ADDITIONS["pl"]]
    for nothing in ({}, {"en": " \n "}):
        assert "additions" not in [each["id"] for each in render("en", additions=nothing)["sections"]]


class Read(HTMLParser):
    """A page as a reader is told it: text by the tag it stands in, and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def all_of(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]

    def attributes(self, name: str) -> list[str]:
        return [str(given[name]) for _, given in self.elements if name in given]


def page(language: str) -> Read:
    return Read(policy_table.page(language, operator=OPERATOR, additions=ADDITIONS))


@both_languages
def test_the_page_says_all_that_the_policy_says_in_its_order(language: str) -> None:
    policy = render(language, operator=OPERATOR, additions=ADDITIONS)
    read = page(language)
    assert read.all_of("h1") == [policy["title"]]
    assert read.all_of("h2") == [each["heading"] for each in policy["sections"]]
    assert read.all_of("h3") == [line["title"] for line in policy["table"] + policy["planned"]]
    told = "\n".join(text for _, text in read.texts)
    for paragraph in paragraph_of(policy):
        assert paragraph in told


@both_languages
def test_rows_that_are_kept_stand_apart_from_those_that_are_planned(language: str) -> None:
    anchors = [one for one in page(language).attributes("id") if not one.startswith("of-")]
    where = {name: anchors.index(name) for name in ("table", "keeping", "planned", "additions")}
    kept, planned = ({f"row-{one.id}" for one in ROWS if one.planned is is_planned} for is_planned in (False, True))
    assert kept == set(anchors[where["table"] + 1 : where["keeping"]]) and len(kept) > 20
    assert planned == set(anchors[where["planned"] + 1 : where["additions"]]) and len(planned) > 5


@both_languages
def test_the_page_is_read_by_who_cannot_see_it_and_printed(language: str) -> None:
    read = page(language)
    (html,) = (given for tag, given in read.elements if tag == "html")
    assert html["lang"] == language
    ids = read.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(read.attributes("aria-labelledby")) <= set(ids)
    leads = read.attributes("href")
    assert {one[1:] for one in leads if one.startswith("#")} <= set(ids)
    # The language that it is not read in says what it is in its own words.
    (other,) = (given for tag, given in read.elements if tag == "a" and "hreflang" in given)
    assert other["hreflang"] == other["lang"] != language
    assert other["href"] == f"?language={other['hreflang']}&version=2026-11-01"
    assert all(read.attributes("aria-label"))
    (style,) = read.all_of("style")
    assert "@media print" in style and "break-inside: avoid" in style
    assert not {"script", "img", "link", "form", "iframe"} & {tag for tag, _ in read.elements}
    assert not [given for _, given in read.elements if "style" in given or any(name.startswith("on") for name in given)]


def test_what_an_operator_writes_is_text_and_no_markup() -> None:
    said = policy_table.page("en", operator={"name": "<b>A & B</b>", "contact": "a@b.example"}, additions=ADDITIONS)
    assert "<b>" not in said and "&lt;b&gt;A &amp; B&lt;/b&gt;" in said
    assert "&lt;car park&gt;" in said
