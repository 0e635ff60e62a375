"""The contract as an OpenAPI 3.1 document, generated from the routes and their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from inspect import cleandoc
from itertools import takewhile
from typing import Any

import msgspec

from chalicelib import errors
from chalicelib.entry import refusals
from chalicelib.entry.callers import Who
from chalicelib.entry.http import Route, View
from chalicelib.entry.openapi_components import (
    HEADERS,
    JSON,
    PARAMETERS,
    SERVERS,
    Part,
    readable,
    refusal_schema,
    refusal_shown,
    refused,
)
from chalicelib.entry.wire import Page, Pending, Shape

VERSION = "0.2.0"
# What was sent and what was answered, by the name of a route.
Examples = Mapping[str, Mapping[str, object]]
_WHO: dict[Who, list[dict[str, list[str]]]] = {
    Who.ANYONE: [],
    Who.PERSON: [{"person": []}],
    Who.CAMERA: [{"camera": []}],
    Who.PROVIDER: [],
}
_TAGS_OF_NO_HOUSE = {"contract": "The contract itself, for writers of clients."}
_REASONS = {
    200: "Done.",
    201: "Made.",
    202: "Accepted; it goes on.",
    204: "Done; nothing to say.",
    302: "It lies elsewhere.",
}


def document(routes: Iterable[Route], examples: Examples) -> Part:
    """The whole document; `routes` are the application's, in any order, with `asked` and `answered` of each."""
    ordered = sorted(routes, key=lambda route: (route.path, route.method))
    spoken = {shape for route in ordered for shape in (route.asks, *route.answer_shapes) if shape is not None}
    by_name = sorted(spoken, key=lambda shape: (shape.__name__, shape.__module__))
    references, schemas = msgspec.json.schema_components(by_name, ref_template="#/components/schemas/{name}")
    reference_of = dict(zip(by_name, references, strict=True))
    paths: dict[str, Part] = {}
    for route in ordered:
        example = examples.get(route.name, {})
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, reference_of, example)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sowa",
            "version": VERSION,
            "summary": "A camera cloud for an AWS account of your own.",
            "description": "JSON in and out. Times are RFC 3339 in UTC, durations and sizes have their unit in the "
            "name, and ids are opaque. What is not yours, was never there or is over is a 404 alike.",
            "contact": {"name": "Whoever operates the installation"},
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": SERVERS,
        "tags": [{"name": tag, "description": _tag(tag)} for tag in sorted({route.tag for route in ordered})],
        "paths": paths,
        "components": _components(ordered, schemas),
    }


def _components(routes: list[Route], schemas: dict[str, Part]) -> Part:
    """What operations refer to by name."""
    kinds = {refusal.__name__: refusal for route in routes for refusal in _refused_of(route)}
    alone = {codes[0] for route in routes for codes in _codes_by_status(route).values() if len(codes) == 1}
    return {
        "schemas": {
            **{name: readable(one) for name, one in schemas.items()},
            "Refusal": refusal_schema((*kinds, "ServerFault")),
        },
        "parameters": PARAMETERS,
        "headers": HEADERS,
        "responses": {code: refused(refusals.status_of(kinds[code]), [code]) for code in sorted(alone)},
        "examples": {name: {"value": refusal_shown(kind)} for name, kind in sorted(kinds.items())},
        "securitySchemes": {
            "person": {"type": "http", "scheme": "bearer", "description": "An access token of a person's session."},
            "camera": {"type": "http", "scheme": "bearer", "description": "The token of a camera's activation."},
        },
    }


def _tag(tag: str) -> str:
    """What its house says of itself."""
    if tag in _TAGS_OF_NO_HOUSE:
        return _TAGS_OF_NO_HOUSE[tag]
    return cleandoc(import_module(f"chalicelib.{tag}").__doc__ or "")


def _operation(route: Route, reference_of: dict[type[Shape], Part], example: Mapping[str, object]) -> Part:
    operation: Part = {
        "operationId": route.view.__name__,
        "tags": [route.tag],
        "summary": route.view.__name__.replace("_", " ").capitalize() + ".",
        "description": "\n\n".join(filter(None, (_said_of(route.view), _said_of_query(route.query)))),
        "security": _WHO[route.who],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": {**_success(route, reference_of, example.get("answered")), **_refusals(route)},
    }
    if route.asks is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: _with_example({"schema": reference_of[route.asks]}, example.get("asked"))},
        }
    return operation


def _with_example(content: Part, example: object) -> Part:
    return content if example is None else {**content, "example": example}


def _said_of(view: View) -> str:
    return " ".join(cleandoc(view.__doc__ or "").split())


def _said_of_query(query: type[Shape] | None) -> str | None:
    """The docstring of a query's shape: its parameters are listed one by one, so that nothing else tells it."""
    own = takewhile(lambda shape: shape not in (Shape, Page), query.__mro__ if query is not None else ())
    return next((cleandoc(shape.__doc__) for shape in own if shape.__doc__), None)


def _path_parameters(route: Route) -> list[Part]:
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route) -> list[Part]:
    if route.query is None:
        return []
    definitions = msgspec.json.schema(route.query)["$defs"]
    properties = readable(definitions[route.query.__name__])["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _not_null(one)} for name, one in properties.items()
    ]


def _not_null(schema: Any) -> Any:
    """Nothing in a query is null: what is not wanted is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _header_parameters(route: Route) -> list[Part]:
    names = ["AcceptLanguage"]
    if route.method != "GET" and route.who is not Who.PROVIDER:
        names.append("IdempotencyKeyOfPayment" if route.money else "IdempotencyKey")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _success(route: Route, reference_of: dict[type[Shape], Part], example: object) -> Part:
    answer: Part = {"description": _REASONS[route.status]}
    pending = _pending(reference_of) if Pending in route.answer_shapes else {}
    if route.answer_shapes:
        references = [reference_of[shape] for shape in route.answer_shapes if shape is not Pending]
        schema = references[0] if len(references) == 1 else {"oneOf": references}
        answer["content"] = {JSON: _with_example({"schema": schema}, example)}
    elif route.media_type is not None:
        answer["content"] = {route.media_type: {"schema": {"type": "string"}}}
    elif route.status == 302:
        answer["headers"] = {"Location": {"$ref": "#/components/headers/Location"}}
    elif route.status != 204:
        answer["content"] = {JSON: {"schema": {"type": "object", "maxProperties": 0}}}
    return {str(route.status): answer, **pending}


def _pending(reference_of: dict[type[Shape], Part]) -> Part:
    """What is answered while that is being made."""
    return {
        "202": {
            "description": _REASONS[202],
            "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
            "content": {JSON: {"schema": reference_of[Pending], "example": {"retry_after_seconds": 5}}},
        }
    }


def _refused_of(route: Route) -> tuple[type[errors.Refusal], ...]:
    return tuple(dict.fromkeys((*_common(route), *route.refuses)))


def _refusals(route: Route) -> Part:
    """What a single code stands for is shared by all operations that have it."""
    return {
        str(status): {"$ref": f"#/components/responses/{codes[0]}"} if len(codes) == 1 else refused(status, codes)
        for status, codes in _codes_by_status(route).items()
    }


def _codes_by_status(route: Route) -> dict[int, list[str]]:
    by_status: dict[int, list[str]] = {}
    for refusal in sorted(_refused_of(route), key=refusals.status_of):
        by_status.setdefault(refusals.status_of(refusal), []).append(refusal.__name__)
    return by_status


def _common(route: Route) -> tuple[type[errors.Refusal], ...]:
    """The refusals of every route of this kind."""
    common: list[type[errors.Refusal]] = [errors.Malformed, errors.TooLarge, errors.Unavailable]
    if route.asks is not None or route.query is not None or (route.answers_with_json and route.who is not Who.PROVIDER):
        common.append(errors.Invalid)
    if route.who in (Who.PERSON, Who.CAMERA):
        common.append(errors.NotSignedIn)
    if route.stepped_up:
        common.append(errors.StepUpRequired)
    if route.unrestricted:
        common.append(errors.ProcessingRestricted)
    if route.who is Who.PERSON and not route.before_agreement:
        common.append(errors.PolicyNotAccepted)
    if route.idempotent:
        common.append(errors.KeyReused)
    if route.money:
        common.append(errors.KeyMissing)
    return tuple(common)
