"""One process serves the worlds of all its tests, and some of other clouds: what it remembers is of the right one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.store import crypto
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from tests.conftest import Home, _warm
from tests.scene import forget_root_secret


def test_a_world_that_is_put_back_is_not_read_with_the_secret_of_another(
    one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]
) -> None:
    """As when a test forgot everything, and the next one asked another cloud first."""
    snapshot, copy = _home
    one_cloud.restore(snapshot)
    ours = crypto._root_secret()
    forget_root_secret(one_cloud)
    module_caches.forget()
    assert crypto._root_secret() != ours
    one_cloud.restore(snapshot)
    _warm(one_cloud)
    assert crypto._root_secret() == ours
    assert copy().owner.call("GET", "/devices").status == 200
