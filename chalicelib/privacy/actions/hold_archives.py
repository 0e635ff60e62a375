"""The archive of a copy that is handed over: its records as JSON, and its objects (F3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.privacy.records import HELD, HeldRecord, Hold
from chalicelib.register.archive import Archive
from chalicelib.store import ciphers
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import change, commit
from chalicelib.store.retrying import NothingToDo

ZIP: Final = "application/zip"
# Of the 900 seconds that the function may take. What a ZIP's end says of its beginning only its writer knows, so nobody
# goes on with it: what is too much fails, its queue's alarm rings, and a narrower scope is disclosed.
BUDGET_S = 720
_PAGE = 100
_NAME, _CONTENTS = "disclosure.zip", "contents.json"


class TooMuch(Exception):
    """More than can be packed in the time that a function has."""


def pack(held: Hold, cipher: SubjectCipher) -> None:
    """Pack what was copied, decrypted, and say where it is; it may be repeated."""
    object_key = f"{_root(held)}{_NAME}"
    s3.abandon(object_key)
    upload = s3.Upload(object_key, ZIP)
    _write(Archive(upload), held, cipher)
    upload.complete()
    s3.abandon(object_key)  # begun twice, if the first reply was lost
    packed = change(
        held, otherwise=NothingToDo, archive=object_key, size_bytes=upload.size_bytes, sha256=upload.sha256
    )
    try:
        commit(packed, ciphers.require_exists(held.pk_id, otherwise=NothingToDo))
    except NothingToDo:  # it is over
        s3.delete([object_key])


def _root(held: Hold) -> str:
    return HELD.of(clock.now(), held.pk_id)


def _write(archive: Archive, held: Hold, cipher: SubjectCipher) -> None:
    until_ticks = clock.ticks_s() + BUDGET_S
    archive.add("records.json", _records(held, cipher))
    for object_key in _objects(held):
        if clock.ticks_s() >= until_ticks:
            raise TooMuch
        path = object_key.removeprefix(_root(held))
        chunks = None if path in archive.paths else s3.chunks(object_key)
        if chunks is not None:
            archive.add(path, chunks, is_packed=True)
    archive.close(_CONTENTS, basis=held.basis, scope=sorted(held.scope), state=held.state)


def _records(held: Hold, cipher: SubjectCipher) -> Iterator[bytes]:
    before = b"[\n"
    for record in HeldRecord.all_of(held.pk_id, page_size=_PAGE):
        yield before + msgspec.json.encode(record.decrypted_with(cipher).content)
        before = b",\n"
    yield b"\n]\n" if before != b"[\n" else b"[]\n"


def _objects(held: Hold) -> Iterator[str]:
    for record in HeldRecord.all_of(held.pk_id, page_size=_PAGE):
        for beginning in sorted(record.folders or ()):
            yield from (stored.key for stored in s3.below(beginning))
