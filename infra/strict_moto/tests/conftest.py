"""The strict layer and, beside it, bare moto: what a strict test holds must fail there, or the test shows nothing."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from .. import StrictAWS, endpoint
from .scene import nothing_else

if endpoint.URL is not None:
    # It is noted; what tests ask of bare moto is meant for moto.
    os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"


class BareMoto:
    """moto as it comes. It deletes nothing by itself."""

    def delete_expired(self, now: Any, lag: Any) -> int:
        return 0

    def apply_lifecycle(self, now: Any, lag: Any) -> int:
        return 0


RED_ON_BARE_MOTO = pytest.mark.xfail(
    reason="red on bare moto", strict=True, raises=(AssertionError, pytest.fail.Exception)
)


@pytest.fixture
def strict_aws() -> Iterator[StrictAWS]:
    with nothing_else(), StrictAWS() as aws:
        yield aws


@pytest.fixture(params=["strict", pytest.param("bare", marks=RED_ON_BARE_MOTO)])
def strict_or_bare(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A test that takes this runs twice: it must pass on the strict layer, and fail by an assertion on bare moto."""
    with nothing_else():
        if request.param == "strict":
            with StrictAWS() as aws:
                yield aws
        else:
            with mock_aws():
                yield BareMoto()
