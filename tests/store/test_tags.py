"""An attribute says what it is, or it cannot be declared; and what is personal never lies in the clear."""

from __future__ import annotations

from typing import Any

import pytest
from pynamodb.attributes import JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store import ciphers
from chalicelib.store.records import Record, Untagged
from chalicelib.store.tags import CipherMissing, Ciphertext, NotSealed, Sealed, key, plain, tag_of
from infra.local.cloud import LocalCloud
from tests.register.diary import Diary


@pytest.fixture
def cipher(world: LocalCloud) -> ciphers.SubjectCipher:
    return ciphers.new_cipher("v")[0]


@pytest.mark.parametrize(
    "attribute",
    [
        UnicodeAttribute(),
        UnicodeAttribute(null=True),
        NumberAttribute(),
        ListAttribute(),
        MapAttribute(),
        JSONAttribute(),
        plain(MapAttribute(), why="a tag does not reach inside"),
        key(JSONAttribute(), rows.DEVICE_BINDING, why="nor here"),
        Sealed(),
    ],
    ids=lambda attribute: type(attribute).__name__,
)
def test_what_does_not_say_what_it_is_cannot_be_declared(attribute: Any) -> None:
    with pytest.raises(Untagged, match=r"Sloppy\.words"):
        type("Sloppy", (Record,), {"words": attribute, "__module__": __name__})


def test_what_says_what_it_is_can_be_declared() -> None:
    type("Neat", (Record,), {"words": plain(UnicodeAttribute(), why="a test's"), "__module__": __name__})


def test_tags_tell_row_and_reason() -> None:
    kinds = {name: tag_of(attribute) for name, attribute in Diary.get_attributes().items()}
    assert all(kinds.values())
    words, hashed = kinds["words"], kinds["place_hash"]
    assert words is not None and (words.kind, words.row) == ("personal", rows.DEVICE_BINDING)
    assert hashed is not None and (hashed.kind, hashed.row, hashed.why) == ("key", rows.DEVICE_BINDING, "a test's")


@pytest.mark.parametrize("value", ["words", "", 5, -0.5, True, False, ["a", {"b": None}], {"latitude": 52.2}])
def test_a_personal_value_is_sealed_when_it_is_assigned_and_opened_when_it_is_read(
    cipher: ciphers.SubjectCipher, value: Any
) -> None:
    page = Diary.new("d", "1", cipher=cipher, words=value, number=7)
    assert page.words == value
    item = page.serialize()
    assert item["number"] == {"N": "7"}
    assert set(item["words"]) == {"B"} and isinstance(item["words"]["B"], bytes)
    assert page.words == value  # storing it has changed nothing
    again = Diary.of(item)
    assert again is not None and again.decrypted_with(cipher).words == value


def test_nothing_stays_nothing(cipher: ciphers.SubjectCipher) -> None:
    page = Diary.new("d", "1", cipher=cipher, words=None)
    assert page.words is None and "words" not in page.serialize()


def test_a_plain_value_is_never_stored_for_a_personal_attribute(cipher: ciphers.SubjectCipher) -> None:
    page = Diary.new("d", "1", cipher=cipher)
    with pytest.raises(NotSealed):
        Diary.get_attributes()["words"].serialize("words")
    with pytest.raises(NotSealed):
        Diary.words.set("words")
    page.attribute_values["words"] = "words"  # past the guard at assignment
    with pytest.raises(NotSealed):
        page.serialize()


def test_without_its_key_a_personal_attribute_is_neither_written_nor_read(cipher: ciphers.SubjectCipher) -> None:
    with pytest.raises(CipherMissing):
        Diary.new("d", "1", words="words")
    item = Diary.new("d", "1", cipher=cipher, words="words").serialize()
    closed = Diary.of(item)
    assert closed is not None and closed.pk_id == "d"
    with pytest.raises(CipherMissing):
        _ = closed.words


def test_ciphertext_is_carried_as_it_is(cipher: ciphers.SubjectCipher) -> None:
    sealed = cipher.seal("words", "diary#d", "page#1", "words")
    assert Diary.new("d", "1", cipher=cipher, words=Ciphertext(sealed)).words == "words"


def test_what_is_sealed_or_points_elsewhere_is_stored_under_its_own_name() -> None:
    """Erasure and sealing look into what is stored by the names that the record has."""
    where = key(UnicodeAttribute(attr_name="w"), rows.ALARM_MESSAGES, why="where it lies", points_to="object")
    with pytest.raises(Untagged, match=r"Renamed\.where is stored as w"):
        type("Renamed", (Record,), {"where": where, "__module__": __name__})
    found = key(UnicodeAttribute(attr_name="f"), rows.ALARM_MESSAGES, why="found by it")
    assert type("Found", (Record,), {"found": found, "__module__": __name__})
