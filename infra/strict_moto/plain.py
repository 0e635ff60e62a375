"""Items as the plain mappings that answers are written from: as moto makes them, without the detours that it takes for
what most of them are, mappings of text."""

from typing import Any

import moto.dynamodb.models.utilities
import moto.dynamodb.responses
from moto.dynamodb.models.dynamo_type import DynamoType

_motos = moto.dynamodb.models.utilities.dynamo_to_dict


def plain(thing: Any) -> Any:
    """Without the objects that moto keeps."""
    kind = type(thing)
    if kind is str:
        return thing
    if kind is DynamoType and type(thing.value) is str and thing.type != "B":
        return {thing.type: thing.value}
    if kind is dict:
        return {name: plain(value) for name, value in thing.items()}
    if kind is list:
        return [plain(one) for one in thing]
    return _motos(thing)  # which comes back here for what is in it


REPLACEMENTS: list[tuple[Any, str, Any]] = [
    (moto.dynamodb.models.utilities, "dynamo_to_dict", plain),
    (moto.dynamodb.responses, "dynamo_to_dict", plain),
]
