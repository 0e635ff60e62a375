"""Orders of operators to publish a version of the policy."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from chalicelib.register import policy_versions
from chalicelib.register.policy_versions import PublishedPolicies, PublishedPolicy, Version
from chalicelib.store.commit import commit, put
from infra.local.cloud import LocalCloud
from tests.scene import POLICY

TEXT = "Our gate is filmed, too.\nAsk us about it."
POLISH = "Filmujemy też naszą bramę."


def day(world: LocalCloud, ahead: int = 30) -> str:
    return f"{world.now() + timedelta(days=ahead):%Y-%m-%d}"


def order(world: LocalCloud, version: str = "gate", ahead: int = 30, **more: Any) -> dict[str, Any]:
    return {"version": version, "from": day(world, ahead), "text": TEXT, "translations": {"pl": POLISH}, **more}


def publish(world: LocalCloud, *args: Any, **more: Any) -> Any:
    answer = world.invoke("publish_policy", order(world, *args, **more))
    world.settle()
    return answer


def publish_and_begin(world: LocalCloud, version: str = "gate", **more: Any) -> Any:
    """A version that people must agree to, on its first day."""
    answer = publish(world, version, 1, **{"needs_agreement": True, **more})
    world.clock.move_to(world.now().timestamp() + 86_400)
    return answer


def begun(world: LocalCloud) -> None:
    """The same where time must not pass: it begins today, and no container has read anything yet."""
    version = Version("gate", day(world, 0), needs_agreement=True, base=POLICY)
    said = PublishedPolicy.new("", "gate", texts=json.dumps({"": TEXT, "pl": POLISH}))
    commit(put(PublishedPolicies.new(versions=policy_versions.as_stored([version]))), put(said))
    policy_versions._known.clear()
