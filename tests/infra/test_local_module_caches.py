"""What containers remember belongs to one installation: another one of the same process must not find it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import _lru_cache_wrapper

from chalicelib import aws, store
from chalicelib.store import crypto
from infra.local.cloud import LocalCloud
from infra.local.module_caches import READ_ONCE
from tests.conftest import Home
from tests.scene import new_person

# How AWS is asked, and what is written in the package's own files: the same for every installation.
OF_ALL_INSTALLATIONS = {
    "chalicelib.aws.clients": ("session", "client"),
    "chalicelib.aws.botocore_calls": ("_session", "_client"),
    "chalicelib.aws.sigv4": ("_key", "_quoted"),
    "chalicelib.aws.http1": ("_context", "_system_context"),
    "chalicelib.store.decoding": ("form_of",),
}


def test_whatever_is_remembered_of_an_installation_is_known() -> None:
    """Only the windows to AWS learn of it; elsewhere files, time zones and templates are remembered."""
    known = {(module, name) for told in (READ_ONCE, OF_ALL_INSTALLATIONS) for module in told for name in told[module]}
    assert set(_remembering()) == known


def _remembering() -> Iterator[tuple[str, str]]:
    """Every function of the windows that answers out of memory."""
    modules = [found for floor in (aws, store) for found in pkgutil.iter_modules(floor.__path__, f"{floor.__name__}.")]
    for found in modules:
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, _lru_cache_wrapper) and value.__module__ == found.name:
                yield found.name, name


def test_another_cloud_is_not_asked_with_what_is_known_of_the_one_before(home: Home) -> None:
    """Seeded alike, both call their keys the same."""
    ours = home.world.call("GET", "/keys").body
    secret = crypto._root_secret()
    with LocalCloud.start() as other:
        theirs = other.call("GET", "/keys").body
        assert new_person(other).call("GET", "/me").status == 200
        assert crypto._root_secret() != secret
    assert theirs != ours
    assert home.world.call("GET", "/keys").body == ours
    assert crypto._root_secret() == secret
    assert home.owner.call("GET", "/me").status == 200
