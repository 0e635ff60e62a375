"""Push endpoints as SNS tells of them: with the data of their holder, and named after application and token.

AWS does not say how it names endpoints. All names that are seen, in its documents and elsewhere, are name-based UUIDs
(version 3), so a token that comes back bears the name that its endpoint had before it was deleted. moto's names are
random, and it keeps the holder's data to itself (https://docs.aws.amazon.com/sns/latest/api/API_GetEndpointAttributes.html).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from moto.sns.models import PlatformEndpoint

_motos_init: Callable[..., None] = PlatformEndpoint.__init__


def named(self: PlatformEndpoint, *args: Any, **kwargs: Any) -> None:
    _motos_init(self, *args, **kwargs)
    self.attributes["CustomUserData"] = self.custom_user_data
    name = str(uuid.uuid3(uuid.NAMESPACE_URL, f"{self.application.arn} {self.token}"))
    self.arn = self.arn.replace(str(self.id), name)
    self.id = name
