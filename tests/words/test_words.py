"""Every sentence for people stands in each language's bundle: none is missing, none left over, none lacks a value."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest

from chalicelib import errors, words
from chalicelib.words import DEFAULT_LANGUAGE, LANGUAGES, Phrase, UnknownMessage
from tests.house.laws import ROOT, Module, all_modules
from tests.routes import all_routes

Bundles = Mapping[str, Mapping[str, str]]

FOLDERS = sorted(path.relative_to(words.FOLDER).as_posix() for path in (words.FOLDER, *words.FOLDER.iterdir())
                 if path.is_dir() and path.name != "__pycache__")  # fmt: skip
every_folder = pytest.mark.parametrize("folder", FOLDERS)
# What is asked for by a key that stands elsewhere: on a page, in the catalogue of plans.
_ON_A_PAGE = r'phrase\("(\w+)"\)'
ELSEWHERE = {"export.html": _ON_A_PAGE, "policy.html": _ON_A_PAGE, "catalogue.json": r'"name_key": "(\w+)"'}


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


def faults_of_bundles(bundles: Bundles) -> list[str]:
    """Where a language says less or other than the others do."""
    keys = {key for messages in bundles.values() for key in messages}
    faults = [f"{key}: not in {one}" for key in sorted(keys) for one in bundles if key not in bundles[one]]
    for key in sorted(keys):
        put = {frozenset(placeholders(messages[key])) for messages in bundles.values() if key in messages}
        faults += [f"{key}: other placeholders in other languages"] if len(put) > 1 else []
    return faults


def calls_in(source: str) -> Iterator[tuple[str, set[str]]]:
    """The key and the names of the arguments of each phrase."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in calls:
        is_phrase = ast.unparse(call.func).split(".")[-1] == "Phrase"
        if is_phrase and isinstance(key := call.args[0], ast.Constant):
            yield str(key.value), {str(one.arg) for one in call.keywords}


def keys_elsewhere() -> set[str]:
    paths = [path for name in ELSEWHERE for path in (ROOT / "chalicelib").rglob(name)]
    return {key for path in paths for key in re.findall(ELSEWHERE[path.name], path.read_text(encoding="utf-8"))}


def faults_of_calls(calls: list[tuple[str, set[str]]], messages: Mapping[str, str]) -> list[str]:
    unknown = [f"{key}: no such message" for key, _ in calls if key not in messages]
    return unknown + [
        f"{key}: {sorted(given)} given" for key, given in calls
        if key in messages and given != placeholders(messages[key])
    ]  # fmt: skip


def unused(messages: Mapping[str, str], used: set[str]) -> list[str]:
    return sorted(messages.keys() - used)


def below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


@pytest.fixture(scope="module")
def used(one_cloud: object) -> set[str]:
    """The names of all refusals, once every module is imported, and all keys that are asked for."""
    modules = all_modules()
    for module in modules:
        __import__(f"chalicelib.{module.name}".removesuffix(".__init__"))
    refusals = {one.__name__ for one in (errors.Refusal, *below(errors.Refusal))}
    said = {key for module in modules for key, _ in calls_in(module.source)}
    return refusals | keys_elsewhere() | said | {f"{errors.ABSENT}{kind}" for kind in kinds_of_things(modules)}


def kinds_of_things(modules: list[Module]) -> set[str]:
    """What may be said not to be there: what routes' paths name last, and what a refusal names itself."""
    said = {kind for module in modules for kind in re.findall(r'NotFound\("(\w+)"\)', module.source)}
    return said | {route.names_last for route in all_routes() if route.names_last is not None}


@every_folder
def test_each_language_has_a_bundle_that_names_it(folder: str) -> None:
    place = words.FOLDER / folder
    assert words.offered(place) == LANGUAGES
    for language in LANGUAGES:
        assert json.loads((place / f"{language}.json").read_text(encoding="utf-8"))["@@locale"] == language


def test_a_language_that_nobody_offers_is_answered_in_english() -> None:
    assert DEFAULT_LANGUAGE in LANGUAGES
    assert words.message(errors.Gone, "de") == words.message(errors.Gone, "en") == "This is over."


def test_a_further_language_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, said in (("en", "This is over."), ("de", "Das ist vorbei.")):
        (tmp_path / f"{language}.json").write_text(json.dumps({"@@locale": language, "Gone": said}))
    assert words.offered(tmp_path) == ("de", "en")
    monkeypatch.setattr(words, "LANGUAGES", words.offered(tmp_path))
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    words._read.cache_clear()
    assert words.message(errors.Gone, "de") == "Das ist vorbei."
    words._read.cache_clear()


@every_folder
def test_languages_have_the_same_keys_and_placeholders(folder: str) -> None:
    assert faults_of_bundles({language: words.bundle(language, folder) for language in LANGUAGES}) == []


def test_a_key_or_a_placeholder_that_one_language_lacks_is_seen() -> None:
    assert faults_of_bundles({"en": {"a": "yes", "b": "no"}, "pl": {"a": "tak"}}) == ["b: not in pl"]
    assert faults_of_bundles({"en": {"a": "{least} more"}, "pl": {"a": "{most} więcej"}}) != []


def test_every_phrase_there_is_finds_its_message_and_gives_its_values() -> None:
    calls = [call for module in all_modules() for call in calls_in(module.source)]
    assert len(calls) > 40
    assert faults_of_calls([*calls, *((key, set()) for key in keys_elsewhere())], words.bundle(DEFAULT_LANGUAGE)) == []


def test_a_phrase_without_a_message_or_a_value_is_seen() -> None:
    calls = list(calls_in("raise Invalid(fields={'a': Phrase('too_long'), 'b': words.Phrase('nowhere', least=1)})"))
    assert calls == [("too_long", set()), ("nowhere", {"least"})]
    assert faults_of_calls(calls, {"too_long": "is too long"}) == ["nowhere: no such message"]
    assert faults_of_calls(calls[:1], {"too_long": "has more than {most}"}) == ["too_long: [] given"]


def test_no_message_is_left_over(used: set[str]) -> None:
    assert unused(words.bundle(DEFAULT_LANGUAGE), used) == []


def test_every_kind_of_thing_that_may_not_be_there_has_its_sentence(one_cloud: object) -> None:
    kinds = kinds_of_things(all_modules())
    assert {"alarm", "channel", "device"} < kinds
    messages = words.bundle(DEFAULT_LANGUAGE)
    assert [kind for kind in sorted(kinds) if f"{errors.ABSENT}{kind}" not in messages] == []


def test_a_message_that_is_left_over_is_seen() -> None:
    assert unused({"Gone": "This is over.", "Went": "This was over."}, {"Gone"}) == ["Went"]


@every_folder
def test_translators_are_told_which_placeholders_there_are(folder: str) -> None:
    template = json.loads((words.FOLDER / folder / f"{DEFAULT_LANGUAGE}.json").read_text(encoding="utf-8"))
    described = {key[1:]: set(said["placeholders"]) for key, said in template.items() if re.match(r"@\w", key)}
    messages = words.bundle(DEFAULT_LANGUAGE, folder)
    assert described == {key: placeholders(said) for key, said in messages.items() if placeholders(said)}


def test_values_are_put_into_the_words_of_the_reader() -> None:
    phrase = Phrase("password_length", least=15, most=256)
    assert phrase.read_in("en") == "needs 15 to 256 characters"
    assert phrase.read_in("pl") == "wymaga od 15 do 256 znaków"


def test_a_value_is_not_read_as_a_pattern() -> None:
    assert Phrase("header_missing", expected="{0.__class__}").read_in("en").endswith("{0.__class__}")


def test_a_key_that_is_missing_is_an_error() -> None:
    with pytest.raises(UnknownMessage, match="nowhere"):
        Phrase("nowhere").read_in("pl")
    with pytest.raises(KeyError, match="least"):
        Phrase("password_length", most=256).read_in("pl")
    with pytest.raises(UnknownMessage, match="Path"):
        words.message(Path, "pl")


def test_a_refusal_without_a_message_says_its_familys() -> None:
    class ShedFlooded(errors.Gone):
        pass

    assert ShedFlooded().message("pl") == words.message(errors.Gone, "pl")


def test_no_bundle_is_read_before_somebody_is_told_something() -> None:
    asked = "import app; from chalicelib import words; assert words._read.cache_info().misses == 0"
    subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=True)  # noqa: S603  # our own words only
