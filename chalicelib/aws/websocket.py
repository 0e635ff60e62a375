"""Client of API Gateway's WebSocket connections: messages to connected cameras."""

from __future__ import annotations

import json

from chalicelib.aws.clients import client, sdk_errors
from chalicelib.settings import settings

_GONE = "GoneException"


def send(connection_id: str, message: dict[str, object]) -> bool:
    """Send JSON down a connection; False if it is not there any more, or not yet."""
    return _still_there("post_to_connection", ConnectionId=connection_id, Data=json.dumps(message).encode())


def is_there(connection_id: str) -> bool:
    """Whether a connection is there: asking is no message, neither for the camera nor on the bill."""
    return _still_there("get_connection", ConnectionId=connection_id)


def close(connection_id: str) -> bool:
    """End a connection; False if it had ended."""
    return _still_there("delete_connection", ConnectionId=connection_id)


def _still_there(operation: str, **parameters: object) -> bool:
    management = client("apigatewaymanagementapi", settings.channel_management_url)
    try:
        getattr(management, operation)(**parameters)
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] != _GONE:
            raise
        return False
    return True
