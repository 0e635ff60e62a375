"""SNS's checks of phones' endpoints and of pushes, which moto does not have.

https://docs.aws.amazon.com/sns/latest/dg/mobile-platform-endpoint.html
https://docs.aws.amazon.com/sns/latest/dg/mobile-push-api-error.html

AWS does not say how it names endpoints. All names that are seen, in its documents and elsewhere, are name-based UUIDs
(version 3), so a token that comes back bears the name that its endpoint had before it was deleted. moto's are random.
"""

import json
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.sns.exceptions import DuplicateSnsEndpointError, SNSInvalidParameter, SNSNotFoundError
from moto.sns.models import PlatformApplication, PlatformEndpoint, SNSBackend, Subscription


def create_platform_endpoint(
    self: SNSBackend, application: PlatformApplication, custom_user_data: str, token: str, attributes: dict[str, Any]
) -> PlatformEndpoint:
    """An endpoint that there is comes back as it is, disabled or not; one with other data is a refusal. The same token
    with another application is another endpoint."""
    known = (one for one in self.platform_endpoints.values() if one.application.arn == application.arn)
    there = next((one for one in known if one.token == token), None)
    if there is None:
        made = PlatformEndpoint(
            self.account_id, self.region_name, application, custom_user_data, token, attributes
        )
        name = str(uuid.uuid3(uuid.NAMESPACE_URL, f"{application.arn} {token}"))
        named = made.arn.replace(str(made.id), name)
        if named not in self.platform_endpoints:  # else it is held by one that was given another token since
            made.id, made.arn = name, named
        self.platform_endpoints[made.arn] = made
        return made
    is_same = all(str(there.attributes.get(name)).lower() == value.lower() for name, value in attributes.items())
    if there.custom_user_data == custom_user_data and is_same:
        return there
    raise DuplicateSnsEndpointError(
        f"Invalid parameter: Token Reason: Endpoint {there.arn} already exists with the same Token, but different "
        "attributes."
    )


def set_endpoint_attributes(self: SNSBackend, arn: str, attributes: dict[str, Any]) -> PlatformEndpoint:
    endpoint = self.get_endpoint(arn)
    endpoint.attributes.update({name: value for name, value in attributes.items() if name != "CustomUserData"})
    endpoint.token = endpoint.attributes["Token"]
    endpoint.custom_user_data = attributes.get("CustomUserData", endpoint.custom_user_data)
    return endpoint


def get_endpoint_attributes(self: SNSBackend, arn: str) -> dict[str, Any]:
    endpoint = self.get_endpoint(arn)
    return endpoint.attributes | ({"CustomUserData": endpoint.custom_user_data} if endpoint.custom_user_data else {})


def publishing(original: Callable[..., str]) -> Callable[..., str]:
    """A message that is not what its structure says, and an endpoint that is not there, are both InvalidParameter."""

    def publish(self: SNSBackend, message: str, arn: str | None, *args: Any, **kwargs: Any) -> str:
        if kwargs.get("message_structure") == "json":
            _require_structure(message)
        try:
            return original(self, message, arn, *args, **kwargs)
        except SNSNotFoundError:
            if ":endpoint/" not in str(arn):
                raise
            raise SNSInvalidParameter(
                "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
            ) from None

    return publish


def _require_structure(message: str) -> None:
    try:
        parts = json.loads(message)
    except ValueError:
        raise SNSInvalidParameter(
            "Invalid parameter: Message Structure - JSON message body failed to parse"
        ) from None
    if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
        raise SNSInvalidParameter("Invalid parameter: Message Structure - JSON message body failed to parse")
    if "default" not in parts:
        raise SNSInvalidParameter("Invalid parameter: Message Structure - No default entry in JSON message body")


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_key(self: Subscription) -> rsa.RSAPrivateKey:
    """One signs for all, as AWS's own does; moto makes one for each subscription, and for each that is put back."""
    return _signing_key()


REPLACEMENTS: list[tuple[Any, str, Any]] = [
    (SNSBackend, "create_platform_endpoint", create_platform_endpoint),
    (SNSBackend, "set_endpoint_attributes", set_endpoint_attributes),
    (SNSBackend, "get_endpoint_attributes", get_endpoint_attributes),
    (SNSBackend, "publish", publishing(SNSBackend.publish)),
    (Subscription, "private_key", private_key),
]
