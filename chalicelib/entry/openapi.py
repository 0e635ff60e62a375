"""The contract as an OpenAPI 3.1 document, generated from the doors and their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from chalicelib import errors
from chalicelib.entry import refusals
from chalicelib.entry.callers import Who
from chalicelib.entry.http import Door
from chalicelib.entry.wire import Shape
from chalicelib.words import LANGUAGES

VERSION = "0.1.0"
_JSON = "application/json"
# A part of the document, as JSON says it.
Part = dict[str, object]
_WHO: dict[Who, list[dict[str, list[str]]]] = {
    Who.ANYONE: [],
    Who.PERSON: [{"person": []}],
    Who.CAMERA: [{"camera": []}],
    Who.PROVIDER: [],
}
_REASONS = {
    200: "Done.",
    201: "Made.",
    202: "Accepted; it goes on.",
    204: "Done; nothing to say.",
    302: "It lies elsewhere.",
}


def document(doors: Iterable[Door]) -> Part:
    """The whole document; `doors` are the application's, in any order."""
    ordered = sorted(doors, key=lambda door: (door.path, door.method))
    spoken = {shape for door in ordered for shape in (door.asks, door.answers) if shape is not None}
    by_name = sorted(spoken, key=lambda shape: (shape.__name__, shape.__module__))
    references, components = msgspec.json.schema_components(by_name, ref_template="#/components/schemas/{name}")
    reference_of = dict(zip(by_name, references, strict=True))
    paths: dict[str, Part] = {}
    for door in ordered:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door, reference_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sowa",
            "version": VERSION,
            "summary": "A camera cloud for an AWS account of your own.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "Refusal": _refusal_schema()},
            "securitySchemes": {
                "person": {"type": "http", "scheme": "bearer", "description": "An access token."},
                "camera": {"type": "http", "scheme": "bearer", "description": "A camera token."},
            },
        },
    }


def _operation(door: Door, reference_of: dict[type[Shape], Part]) -> Part:
    operation: Part = {
        "operationId": door.view.__name__,
        "tags": [door.tag],
        "summary": (door.view.__doc__ or door.view.__name__.replace("_", " ").capitalize() + ".").strip(),
        "security": _WHO[door.who],
        "parameters": [*_path_parameters(door), *_query_parameters(door), *_header_parameters(door)],
        "responses": {**_success(door, reference_of), **_refusals(door)},
    }
    if door.asks is not None:
        content: Part = {"schema": reference_of[door.asks]}
        if door.example:
            content["example"] = door.example
        operation["requestBody"] = {"required": True, "content": {_JSON: content}}
    return operation


def _path_parameters(door: Door) -> list[Part]:
    names = re.findall(r"{(\w+)}", door.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(door: Door) -> list[Part]:
    if door.query is None:
        return []
    schema = msgspec.json.schema(door.query)
    properties = next(iter(schema["$defs"].values()))["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": one} for name, one in properties.items()]


def _header_parameters(door: Door) -> list[Part]:
    language = {"name": "Accept-Language", "in": "header", "required": False, "schema": {"enum": list(LANGUAGES)}}
    if door.method == "GET" or door.who is Who.PROVIDER:
        return [language]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": door.money,
        "description": "An exact repeat under the same key is answered again and carried out once.",
        "schema": {"type": "string", "minLength": 16, "maxLength": 200},
    }
    return [language, key]


def _success(door: Door, reference_of: dict[type[Shape], Part]) -> Part:
    answer: Part = {"description": _REASONS[door.status]}
    if door.answers is not None:
        answer["content"] = {_JSON: {"schema": reference_of[door.answers]}}
    elif door.media_type is not None:
        answer["content"] = {door.media_type: {"schema": {"type": "string"}}}
    elif door.status == 302:
        answer["headers"] = {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}}
    elif door.status != 204:
        answer["content"] = {_JSON: {"schema": {"type": "object", "maxProperties": 0}}}
    return {str(door.status): answer}


def _refusals(door: Door) -> Part:
    by_status: dict[int, list[str]] = {}
    for refusal in dict.fromkeys((*_common(door), *door.refuses)):
        by_status.setdefault(refusals.status_of(refusal), []).append(refusal.__name__)
    return {str(status): _refused(codes) for status, codes in sorted(by_status.items())}


def _common(door: Door) -> tuple[type[errors.Refusal], ...]:
    """What any door of this kind may say."""
    common: list[type[errors.Refusal]] = [errors.Malformed, errors.TooLarge, errors.Unavailable]
    if door.asks is not None or door.query is not None or (door.answers_with_json and door.who is not Who.PROVIDER):
        common.append(errors.Invalid)
    if door.who in (Who.PERSON, Who.CAMERA):
        common.append(errors.NotSignedIn)
    if door.stepped_up:
        common.append(errors.StepUpRequired)
    if door.once:
        common.append(errors.KeyReused)
    if door.money:
        common.append(errors.KeyMissing)
    return tuple(common)


def _refused(codes: list[str]) -> Part:
    schema = {"allOf": [{"$ref": "#/components/schemas/Refusal"}, {"properties": {"code": {"enum": sorted(codes)}}}]}
    return {"description": ", ".join(sorted(codes)), "content": {_JSON: {"schema": schema}}}


def _refusal_schema() -> Part:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "A no that a person may read, in the language that was asked for.",
        "properties": {
            "code": text,
            "message": text,
            "request_id": text,
            "fields": {"type": "object", "additionalProperties": text},
        },
        "required": ["code", "message", "request_id"],
    }
