"""One world for all tests of a process, put back to a snapshot before each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher

from chalicelib import jwks
from chalicelib.accounts.actions import passwords
from chalicelib.aws.clients import client
from chalicelib.register import policy_versions
from chalicelib.store import crypto, hour_keys, records
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from infra.strict_moto import endpoint
from tests import hypothesis_profile, neighbour, shares
from tests.identities import platforms
from tests.listings import claims_absence, requiring_items
from tests.scene import Camera, Person, new_camera, new_person, requiring_presence

# Before modules of tests say what they want otherwise.
hypothesis_profile.load()

if endpoint.URL is not None:
    # Worlds have noted it; what tests ask of moto alone is meant for moto.
    os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if shares.is_whole(config):
        return
    left = shares.left_out(items, shares.number_of_commit())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left])
    items[:] = [item for item in items if item.nodeid not in left]


# By its parameters of 1, 8 and 1 a hash takes no time; what it takes in truth, `make alike` and `make bench` count.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    with patch.object(passwords, "_hasher", return_value=QUICK):
        yield


# The root secret of the one cloud, once it is there.
_ours: list[bytes] = []


@pytest.fixture(scope="session")
def one_cloud() -> Iterator[LocalCloud]:
    with platforms.served() as trusted, neighbour.served() as other:
        regions = json.dumps({neighbour.REGION: other.endpoint})
        with LocalCloud.start(seed=0, platforms=trusted.parameters, regions=regions) as cloud:
            yield cloud


@pytest.fixture(scope="session")
def _empty(one_cloud: LocalCloud) -> Any:
    # All worlds that are put back to this one have one root secret, as a container that remembers it expects.
    _ours.append(crypto._root_secret())
    _warm(one_cloud)
    return one_cloud.snapshot()


def _warm(cloud: LocalCloud) -> None:
    """What a container asks once is not asked in a test that counts calls, whatever the test before it forgot; and what
    that one remembered of a world with another secret goes."""
    if [crypto._root_secret()] != _ours:
        module_caches.forget()
    jwks._fetched.clear()
    crypto.secret_for("tests")
    records.in_service_since()
    hour_keys.seal("", "tests")
    policy_versions.known()
    cloud.trace.clear()


@pytest.fixture
def world(one_cloud: LocalCloud, _empty: Any, request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    """The cloud as it is after deployment: nobody is there yet."""
    one_cloud.restore(_empty)
    _warm(one_cloud)
    with requiring_presence(), _showing_items(request):
        yield one_cloud
    _require_lines_to_be_allowed(one_cloud)
    _require_calls_to_be_traced(one_cloud)


def _showing_items(request: pytest.FixtureRequest) -> AbstractContextManager[None]:
    is_claimed = claims_absence(request.path.parent.name, request.function)
    return requiring_items() if is_claimed else nullcontext()


def _require_lines_to_be_allowed(cloud: LocalCloud) -> None:
    """A field that no line may say is a fault when the work is done already: it would be done again. A log that is
    silent says nothing of that, nor of anything else that a test did not find in it."""
    if not cloud.logs.lines():
        cloud.faults.clear()
        cloud.call("GET", "/keys")
    lines = cloud.logs.lines()
    assert lines, "nothing is logged whatever functions do"
    assert not [one for one in lines if '"fault":"NotAllowed"' in one]


def _require_calls_to_be_traced(cloud: LocalCloud) -> None:
    """A trace that is silent says nothing of the calls that a test did not find in it."""
    if not cloud.trace.names():
        cloud.faults.clear()
        client("s3").list_objects_v2(Bucket=cloud.stack.physical("Media"))
    assert cloud.trace.names(), "no call is traced whatever functions do"


@dataclass
class Home:
    """A world with an owner, a stranger, the owner's camera, and one alarm in it."""

    world: LocalCloud
    owner: Person
    stranger: Person
    camera: Camera
    alarm_id: str
    # By what a live view asks for the piece that it was shown.
    shown_piece: str = ""


@pytest.fixture(scope="session")
def _home(one_cloud: LocalCloud, _empty: Any) -> tuple[Any, Callable[[], Home]]:
    one_cloud.restore(_empty)
    _warm(one_cloud)
    owner = new_person(one_cloud)
    stranger = new_person(one_cloud, "stranger@example.com", nickname="Zed")
    camera = new_camera(one_cloud, owner=owner)
    owner.take_pushes("platform-token-of-the-owner")
    camera.see(1)
    (alarm,) = owner.alarms(camera.device_id)

    def copy() -> Home:
        # Tests change what they are given.
        people = Person(**vars(owner)), Person(**vars(stranger))
        own = Camera(**{**vars(camera), "recording_tickets": {}, "inits_brought": set()})
        return Home(one_cloud, *people, own, alarm["alarm_id"])

    return one_cloud.snapshot(), copy


@pytest.fixture
def home(
    one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]], request: pytest.FixtureRequest
) -> Iterator[Home]:
    snapshot, copy = _home
    one_cloud.restore(snapshot)
    _warm(one_cloud)
    with requiring_presence(), _showing_items(request):
        yield copy()
    _require_lines_to_be_allowed(one_cloud)
    _require_calls_to_be_traced(one_cloud)
