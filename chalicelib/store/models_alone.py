"""PynamoDB's models without the SDK, which its connection would import: no record uses it, and it is a third of a cold
start."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType


def _module(name: str, **held: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(held)
    return made


def _later(module: str, name: str) -> ModuleType:
    """One that holds only this class, which is imported by who makes the first of its objects."""

    def made(*args: object, **kwargs: object) -> object:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return _module(module, **{name: made})


def _import_models() -> None:
    errors = _module("botocore.exceptions", ClientError=Exception)
    # Seen with PynamoDB 6.1: what its models name of these, at their import.
    for_the_time = {
        "botocore": _module("botocore", exceptions=errors),
        "botocore.exceptions": errors,
        "pynamodb.connection": _module("pynamodb.connection"),
        "pynamodb.connection.base": _later("pynamodb.connection.base", "MetaTable"),
        "pynamodb.connection.table": _later("pynamodb.connection.table", "TableConnection"),
    }
    sys.modules.update(for_the_time)
    try:
        importlib.import_module("pynamodb.models")
    finally:
        # Whoever imports one of them later gets the real one; PynamoDB's exceptions are made of botocore's.
        for name in (*for_the_time, "pynamodb.exceptions"):
            sys.modules.pop(name, None)


# What is there already is no work.
if "botocore" not in sys.modules and "pynamodb" not in sys.modules:
    _import_models()
