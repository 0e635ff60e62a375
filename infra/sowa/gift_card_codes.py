"""Codes of gift cards on their way from the answer, or from the file that it names, to a file of the operator's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from joserfc import jwe
from joserfc.jwk import OctKey

from infra.sowa.clouds import Cloud, Failed


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that nobody else can read, made before anything is ordered: the codes are said but once. It goes again
    where nothing comes of it. Raises Failed where something is there."""
    try:
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as problem:
        raise Failed(f"{path} cannot be made: {problem.strerror}.") from problem
    try:
        with file:
            yield file
    except BaseException:
        path.unlink()
        raise


def write(cloud: Cloud, answer: Mapping[str, Any], file: BinaryIO) -> None:
    """Write the codes, one a line. A file of the cloud's that held them is deleted once they are on the disk."""
    if answer["file"] is None:
        file.write("".join(f"{code}\n" for code in answer["codes"]).encode())
        return
    address, key = answer["file"]["s3"], OctKey.import_key({"kty": "oct", "k": answer["file"]["key"]})
    file.write(jwe.decrypt_compact(cloud.read_below(address), key).plaintext or b"")
    file.flush()
    os.fsync(file.fileno())
    with suppress(Failed):  # it ends by itself within three days
        cloud.delete(address)
