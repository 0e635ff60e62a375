"""One key for each subject: what it sealed opens at its own place, and never again once the key is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.store import ciphers
from chalicelib.store.ciphers import DataKey, key_of, new_cipher
from chalicelib.store.commit import commit, put, remove
from chalicelib.store.crypto import Unreadable
from chalicelib.store.records import read
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.register.diary import Diary


def moved(page: Diary, **elsewhere: Any) -> Any:
    """The same sealed bytes at another place."""
    item = page.serialize() | elsewhere
    return Diary.of(item)


def test_what_is_moved_does_not_open(world: LocalCloud) -> None:
    cipher, _ = new_cipher("v")
    other, _ = new_cipher("w")
    page = Diary.new("d", "1", cipher=cipher, words="mine", more="also mine")
    item = page.serialize()
    assert moved(page).decrypted_with(cipher).words == "mine"
    for elsewhere in (
        {"pk": {"S": "diary#e"}},  # to another subject
        {"sk": {"S": "page#2"}},  # to another record
        {"words": item["more"]},  # to another attribute
    ):
        with pytest.raises(Unreadable):
            _ = moved(page, **elsewhere).decrypted_with(cipher).words
    with pytest.raises(Unreadable):
        _ = moved(page).decrypted_with(other).words


def test_a_subject_of_another_id_with_the_same_key_does_not_open_it(world: LocalCloud) -> None:
    key = bytes(32)
    sealed = ciphers.SubjectCipher("v", key).seal("mine", "place")
    assert ciphers.SubjectCipher("v", key).open(sealed, "place") == "mine"
    with pytest.raises(Unreadable):
        ciphers.SubjectCipher("w", key).open(sealed, "place")


def test_a_key_lies_wrapped_and_only_in_its_own_row(world: LocalCloud) -> None:
    cipher, row = new_cipher("v")
    assert cipher._key not in row.encrypted_key
    commit(put(row))
    (stored,) = read(key_of("v"))
    assert stored.unlocked().open(cipher.seal("mine", "place"), "place") == "mine"
    swapped = DataKey.new("w", encrypted_key=stored.encrypted_key)
    with pytest.raises(Unreadable):
        swapped.unlocked()


def test_every_subject_has_a_key_of_its_own(world: LocalCloud) -> None:
    assert len({new_cipher("v")[0]._key for _ in range(20)}) == 20


def test_a_short_lived_subject_ends_by_itself(world: LocalCloud) -> None:
    _, row = new_cipher("v", until=clock.now() + timedelta(hours=1))
    commit(put(row))
    world.advance(3599, reaper_lag_seconds=None)
    assert read(key_of("v")) != (None,)
    world.advance(1)
    assert read(key_of("v")) == (None,)


def test_without_its_key_an_account_cannot_be_read_though_its_row_is_there(home: Home) -> None:
    assert home.owner.call("GET", "/me").status == 200
    commit(remove(key_of(home.owner.account_id)))
    assert home.owner.call("GET", "/me").status == 401
    assert home.owner.sign_in().status == 401
