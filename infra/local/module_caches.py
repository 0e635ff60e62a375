"""Module-level caches of the product's functions, kept between calls as containers do: here one process may live in
many installations, and go back to an earlier moment of one."""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

# What a container reads of its installation once, and takes for true as long as it lives.
READ_ONCE = {
    "chalicelib.store.crypto": ("_root_secret", "secret_for", "_public_pem"),
    "chalicelib.store.records": ("_service_of",),
}


def forget() -> None:
    """Empty the caches: everything is read anew."""
    for module, names in READ_ONCE.items():
        for name in names if module in sys.modules else ():
            getattr(sys.modules[module], name).cache_clear()


def forget_settings() -> None:
    """The environment is another one."""
    if (module := sys.modules.get("chalicelib.settings")) is not None:
        vars(module.settings).clear()


def hour_keys() -> dict[str, bytes]:
    """Of the present hour. A world must not know the key of another's."""
    known: dict[str, bytes] = getattr(sys.modules.get("chalicelib.store.hour_keys"), "_known", {})
    return known


def policies() -> dict[str, Any]:
    """The versions of the policy that are known of the present hour, likewise."""
    known: dict[str, Any] = getattr(sys.modules.get("chalicelib.register.policy_versions"), "_known", {})
    return known


# Randomness


def seed(number: int | None) -> None:
    """Seed the product's own source, where there is one: a number for repeatable ids, None for real randomness."""
    if (ids := _ids()) is not None:
        ids.seed(number)


def randomness() -> Any:
    """The product's source of randomness, and its state."""
    source = getattr(sys.modules.get("chalicelib.ids"), "_source", None)
    generator = getattr(source, "__self__", None)
    return source, generator.getstate() if isinstance(generator, random.Random) else None


def go_back_to(kept: Any) -> None:
    """Restore the state that `randomness` returned."""
    source, state = kept
    if source is not None:
        setattr(_ids(), "_source", source)  # noqa: B010  # it is private, and nobody else needs to go back
    if state is not None:
        source.__self__.setstate(state)


def _ids() -> Any:
    try:
        return importlib.import_module("chalicelib.ids")
    except ModuleNotFoundError:
        return None
