"""The limits of DynamoDB that moto does not hold: batch sizes, item sizes, keys, numbers and sets."""

import base64
import binascii
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from moto.dynamodb.exceptions import (
    InvalidAttributeTypeError,
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    KeyIsEmptyStringException,
    MockValidationException,
    ProvidedKeyDoesNotExist,
)
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import SecondaryIndex, Table

from .sizes import LARGEST_ITEM, item_bytes, significant_digits

_INVALID = "One or more parameter values were invalid: "
_LARGEST, _SMALLEST = Decimal("9.9999999999999999999999999999999999999E+125"), Decimal("1E-130")
_PLAIN_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,30}")
_SET_NAMES = {"SS": "string", "NS": "number", "BS": "binary"}


def refusal(message: str) -> MockValidationException:
    return MockValidationException(message)


def decode(body: bytes | str) -> dict[str, Any]:
    """The request's parameters, each attribute value looked at on the way; binaries as bytes, as moto keeps them."""
    decoded: dict[str, Any] = json.loads(body, object_hook=_attribute_value)
    return decoded


def _attribute_value(found: dict[str, Any]) -> dict[str, Any]:
    # An attribute value is an object of exactly one member named after its type; a map of one attribute called
    # "B" differs in that its member is an object.
    if len(found) != 1:
        return found
    (kind, value) = next(iter(found.items()))
    if kind == "N" and isinstance(value, str):
        return {"N": _number(value)}
    if kind == "B" and isinstance(value, str):
        return {"B": _binary(value)}
    if kind in _SET_NAMES and isinstance(value, list) and all(isinstance(member, str) for member in value):
        return {kind: _set(kind, value)}
    if kind == "NULL" and value is False:
        raise refusal(_INVALID + "Null attribute value types must have the value of true")
    return found


def _binary(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise refusal("Invalid Base64 data") from None


def _number(value: str) -> str:
    """Checked, and written as DynamoDB writes it: without zeros that say nothing, and without an exponent."""
    if _PLAIN_NUMBER.fullmatch(value):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or value != value.strip() or "_" in value:
        raise refusal(f"The parameter cannot be converted to a numeric value: {value}")
    if significant_digits(value)[1] > 38:
        raise refusal("Attempting to store more than 38 significant digits in a Number")
    if number and abs(number) > _LARGEST:
        raise refusal("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if number and abs(number) < _SMALLEST:
        raise refusal("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain if number else "0"


def _set(kind: str, members: list[str]) -> list[Any]:
    if not members:
        raise refusal(f"{_INVALID}An {_SET_NAMES[kind]} set  may not be empty")
    if kind == "NS":
        members = [_number(member) for member in members]
    if len(set(members)) != len(members):
        raise refusal(f"{_INVALID}Input collection [{', '.join(members)}] contains duplicates.")
    return [_binary(member) for member in members] if kind == "BS" else members


def check_key(table: Table, key: dict[str, Any]) -> None:
    """A key names exactly the key attributes, of their types, none empty."""
    if set(key) != set(table.table_key_attrs):
        raise ProvidedKeyDoesNotExist
    for name, kind in _key_types(table):
        if kind not in key[name]:
            raise ProvidedKeyDoesNotExist
        if key[name][kind] in ("", b""):
            raise KeyIsEmptyStringException(name)


def check_new_item(table: Table, attributes: dict[str, Any]) -> None:
    for name, kind in _key_types(table):
        if name not in attributes:
            raise refusal(f"{_INVALID}Missing the key {name} in the item")
        actual = next(iter(attributes[name]))
        if actual != kind:
            raise InvalidAttributeTypeError(name, expected_type=kind, actual_type=actual)
        if attributes[name][kind] in ("", b""):
            raise KeyIsEmptyStringException(name)
    table._validate_item_types(attributes)
    table._validate_key_sizes(attributes)


def check_result(table: Table, item: Item, *, updated: bool) -> None:
    """The checks of an item after any write: its size, and the types of index keys."""
    if item_bytes(item) > LARGEST_ITEM:
        raise ItemSizeToUpdateTooLarge if updated else ItemSizeTooLarge
    for index in table.all_indexes():
        _check_index_keys(table, index, item)


def _check_index_keys(table: Table, index: SecondaryIndex, item: Item) -> None:
    kinds = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
    for name in index.schema_key_attrs:
        value = item.attrs.get(name)
        if value is None:
            continue
        if value.type != kinds[name]:
            raise refusal(
                f"{_INVALID}Type mismatch for Index Key {name} Expected: {kinds[name]} "
                f"Actual: {value.type} IndexName: {index.name}"
            )
        if value.value in ("", b""):
            raise refusal(
                "One or more parameter values are not valid. A value specified for a secondary index key is not "
                "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
                f"IndexName: {index.name}, IndexKey: {name}"
            )


def check_batch_write(tables: dict[str, Table], requests: dict[str, list[dict[str, Any]]]) -> None:
    if sum(map(len, requests.values())) > 25:
        raise refusal("Too many items requested for the BatchWriteItem call")
    if not requests or not all(requests.values()):
        raise refusal("The batch write request list for a table cannot be null or empty")
    for name, entries in requests.items():
        table = tables[name]
        keys = [_key_in(table, entry) for entry in entries]
        if _has_twins(keys):
            raise refusal("Provided list of item keys contains duplicates")
        for entry in entries:
            if "PutRequest" in entry:
                check_new_item(table, entry["PutRequest"]["Item"])
            else:
                check_key(table, entry["DeleteRequest"]["Key"])


def check_batch_get(tables: dict[str, Table], requests: dict[str, dict[str, Any]]) -> None:
    if sum(len(request["Keys"]) for request in requests.values()) > 100:
        raise refusal("Too many items requested for the BatchGetItem call")
    for name, request in requests.items():
        for key in request["Keys"]:
            check_key(tables[name], key)


def _key_in(table: Table, entry: dict[str, Any]) -> dict[str, Any]:
    if "PutRequest" in entry:
        item = entry["PutRequest"]["Item"]
        return {name: item.get(name) for name in table.table_key_attrs}
    key: dict[str, Any] = entry["DeleteRequest"]["Key"]
    return key


def _has_twins(keys: list[dict[str, Any]]) -> bool:
    return any(key in keys[:position] for position, key in enumerate(keys))


def _key_types(table: Table) -> list[tuple[str, str]]:
    types = [(table.hash_key_attr, table.hash_key_type)]
    if table.range_key_attr is not None:
        types.append((table.range_key_attr, str(table.range_key_type)))
    return types
