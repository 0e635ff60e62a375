"""The internals of moto and botocore that the layer replaces while it is on, each with a digest of its source.

`python -m …strict_moto.internals` writes INTERNALS.md anew; its difference after an upgrade says which of them changed,
and so which replacement has to be read again.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from .layer import StrictAWS

LIST = Path(__file__).with_name("INTERNALS.md")
_HEAD = """# Internals that are replaced

Written by `internals.py`, and compared by a test: what is named here is in the version that is named, as it was when
its replacement was written. A digest that another version changes says which replacement has to be read again.

"""


def written() -> str:
    """The list, of the installed versions. No layer may be on."""
    rows = [*_rows()]
    libraries = sorted({name.partition(".")[0] for _, name, _ in rows})
    versions = ", ".join(f"{library} {version(library)}" for library in libraries)
    lines = [f"| {what} | `{name}` | {digest} |\n" for what, name, digest in rows]
    return f"{_HEAD}{versions}\n\n| for | internal | digest |\n|---|---|---|\n{''.join(lines)}"


def _rows() -> Iterator[tuple[str, str, str]]:
    for what, replacements in StrictAWS().replaced().items():
        for owner, name, _ in replacements:
            yield what, f"{_name_of(owner)}.{name}", digest_of(inspect.getattr_static(owner, name), _library(owner))


def _name_of(owner: Any) -> str:
    return owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__qualname__}"


def _library(owner: Any) -> str:
    return _name_of(owner).partition(".")[0]


def digest_of(internal: Any, library: str) -> str:
    """Of its source; a constant's is its value, and what the library took from elsewhere has a name there."""
    if isinstance(internal, ModuleType):
        return f"module {internal.__name__}"
    if isinstance(internal, property | staticmethod | classmethod):
        internal = internal.fget if isinstance(internal, property) else internal.__func__
    if not callable(internal):
        return repr(internal)
    if internal.__module__.partition(".")[0] != library:
        return f"{internal.__module__}.{internal.__qualname__}"
    source = inspect.getsource(inspect.unwrap(internal))
    return hashlib.sha256(source.encode()).hexdigest()[:12]


if __name__ == "__main__":
    LIST.write_text(written())
