"""The contract as an OpenAPI 3.1 document, generated from the routes and their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from inspect import cleandoc
from itertools import takewhile

import msgspec

from chalicelib import errors
from chalicelib.entry import refusals
from chalicelib.entry.callers import Who
from chalicelib.entry.http import Route
from chalicelib.entry.wire import Shape
from chalicelib.words import LANGUAGES

VERSION = "0.2.0"
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


def document(routes: Iterable[Route]) -> Part:
    """The whole document; `routes` are the application's, in any order."""
    ordered = sorted(routes, key=lambda route: (route.path, route.method))
    spoken = {shape for route in ordered for shape in (route.asks, *route.answer_shapes) if shape is not None}
    by_name = sorted(spoken, key=lambda shape: (shape.__name__, shape.__module__))
    references, components = msgspec.json.schema_components(by_name, ref_template="#/components/schemas/{name}")
    reference_of = dict(zip(by_name, references, strict=True))
    paths: dict[str, Part] = {}
    for route in ordered:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, reference_of)
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


def _operation(route: Route, reference_of: dict[type[Shape], Part]) -> Part:
    operation: Part = {
        "operationId": route.view.__name__,
        "tags": [route.tag],
        "summary": (route.view.__doc__ or route.view.__name__.replace("_", " ").capitalize() + ".").strip(),
        "security": _WHO[route.who],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": {**_success(route, reference_of), **_refusals(route)},
    }
    if (said := _said_of(route.query)) is not None:
        operation["description"] = said
    if route.asks is not None:
        content: Part = {"schema": reference_of[route.asks]}
        if route.example:
            content["example"] = route.example
        operation["requestBody"] = {"required": True, "content": {_JSON: content}}
    return operation


def _said_of(query: type[Shape] | None) -> str | None:
    """The docstring of a query's shape: its parameters are listed one by one, so that nothing else tells it."""
    own = takewhile(lambda shape: shape is not Shape, query.__mro__ if query is not None else ())
    return next((cleandoc(shape.__doc__) for shape in own if shape.__doc__), None)


def _path_parameters(route: Route) -> list[Part]:
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route) -> list[Part]:
    if route.query is None:
        return []
    schema = msgspec.json.schema(route.query)
    properties = next(iter(schema["$defs"].values()))["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": one} for name, one in properties.items()]


def _header_parameters(route: Route) -> list[Part]:
    language = {"name": "Accept-Language", "in": "header", "required": False, "schema": {"enum": list(LANGUAGES)}}
    if route.method == "GET" or route.who is Who.PROVIDER:
        return [language]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": route.money,
        "description": "An exact repeat under the same key is answered again and carried out once.",
        "schema": {"type": "string", "minLength": 16, "maxLength": 200},
    }
    return [language, key]


def _success(route: Route, reference_of: dict[type[Shape], Part]) -> Part:
    answer: Part = {"description": _REASONS[route.status]}
    if route.answer_shapes:
        references = [reference_of[shape] for shape in route.answer_shapes]
        schema = references[0] if len(references) == 1 else {"oneOf": references}
        answer["content"] = {_JSON: {"schema": schema}}
    elif route.media_type is not None:
        answer["content"] = {route.media_type: {"schema": {"type": "string"}}}
    elif route.status == 302:
        answer["headers"] = {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}}
    elif route.status != 204:
        answer["content"] = {_JSON: {"schema": {"type": "object", "maxProperties": 0}}}
    return {str(route.status): answer}


def _refusals(route: Route) -> Part:
    by_status: dict[int, list[str]] = {}
    for refusal in dict.fromkeys((*_common(route), *route.refuses)):
        by_status.setdefault(refusals.status_of(refusal), []).append(refusal.__name__)
    return {str(status): _refused(codes) for status, codes in sorted(by_status.items())}


def _common(route: Route) -> tuple[type[errors.Refusal], ...]:
    """The refusals of every route of this kind."""
    common: list[type[errors.Refusal]] = [errors.Malformed, errors.TooLarge, errors.Unavailable]
    if route.asks is not None or route.query is not None or (route.answers_with_json and route.who is not Who.PROVIDER):
        common.append(errors.Invalid)
    if route.who in (Who.PERSON, Who.CAMERA):
        common.append(errors.NotSignedIn)
    if route.stepped_up:
        common.append(errors.StepUpRequired)
    if route.idempotent:
        common.append(errors.KeyReused)
    if route.money:
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
