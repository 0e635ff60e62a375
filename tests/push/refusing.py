"""SNS as it is on a bad day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.sns.exceptions import SNSException
from moto.sns.models import SNSBackend

from chalicelib.push.records import Endpoint
from chalicelib.sessions.actions import audience
from chalicelib.sessions.records import Session
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from tests.scene import Person


class AuthorizationError(SNSException):
    code = "AuthorizationError"
    message = "User: … is not authorized to perform: SNS:DeleteEndpoint on resource: …:app/GCM/sowa-GCM"


@contextmanager
def sns_refuses() -> Iterator[list[str]]:
    """Whatever is asked about push endpoints; what was asked."""
    asked: list[str] = []

    def refuse(name: str) -> Any:
        def refusing(backend: Any, *_: Any, **__: Any) -> Any:
            asked.append(name)
            raise AuthorizationError

        return refusing

    names = ("create_platform_endpoint", "delete_endpoint", "get_endpoint_attributes", "set_endpoint_attributes")
    with patch.multiple(SNSBackend, **{name: refuse(name) for name in names}):
        yield asked


def as_if_sns_had_answered_nobody(person: Person) -> None:
    """SNS has the token, and who was about to write its name down had died."""
    with person.world.aws.outside():
        (held,) = Endpoint.list_of(person.account_id).items
        (session,) = read(Session.key(held.pk_id, held.sort_id))
        assert session is not None
        commit(*audience.loses(session), change(held, arn=None))
