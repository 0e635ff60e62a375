"""Validation errors: which fields of a refused request are wrong, and what is wanted of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from chalicelib.words import Phrase

# Of a name that a stranger made up, so much is said again.
LONGEST_NAME = 64
# Nobody mends more at a time; a stranger may send as many as have room in a body.
MOST_NAMED = 20
NOT_KNOWN = Phrase("unknown_field")
OUT_OF_RANGE = Phrase("out_of_range")
_MISSING = Phrase("missing")
_WRONG_TYPE = Phrase("wrong_type")
NOT_VALID = Phrase("not_valid")
# By what msgspec says of a value; what begins so may go on with words of a stranger's, which are not searched.
_BY_BEGINNING = (
    ("Invalid RFC3339 encoded datetime", Phrase("not_a_time")),
    ("Expected `datetime` with a timezone", Phrase("not_a_time")),
    ("Invalid RFC3339 encoded date", Phrase("not_a_date")),
    ("Invalid", NOT_VALID),
)
_BY_BOUND: tuple[tuple[str, Callable[[str], Phrase]], ...] = (
    ("`array` of length <= ", lambda most: Phrase("too_many", most=most)),
    ("`array` of length >= ", lambda least: Phrase("too_few", least=least)),
    ("of length <= ", lambda most: Phrase("too_long", most=most)),
    ("of length >= ", lambda least: Phrase("too_short", least=least)),
    (" <= ", lambda most: Phrase("too_large", most=most)),
    (" >= ", lambda least: Phrase("too_small", least=least)),
)
# As JSON calls them.
_KINDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def wrong_fields(data: object, shape: type[msgspec.Struct], *, from_text: bool) -> dict[str, Phrase]:
    """What is wanted, by the field's name, `inner.port` for a field in a field; `body` where it is no object at all."""
    if not isinstance(data, dict):
        return {"body": _WRONG_TYPE}
    return dict(islice(_wrong_in(data, shape, "", from_text), MOST_NAMED))


def _wrong_in(
    data: dict[str, object], shape: type[msgspec.Struct], within: str, from_text: bool
) -> Iterator[tuple[str, Phrase]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    kinds = get_type_hints(shape, include_extras=True)
    for name, field in fields.items():
        if name not in data:
            if field.required:
                yield within + name, _MISSING
            continue
        value, kind = data[name], kinds[field.name]
        inner = _struct_in(kind)
        if inner is not None and isinstance(value, dict):
            yield from _wrong_in(value, inner, f"{within}{name}.", from_text)
        elif (problem := _problem_with(value, kind, from_text)) is not None:
            path, phrase = problem
            yield f"{within}{name}{path}", phrase
    if shape.__struct_config__.forbid_unknown_fields:
        yield from ((within + said_again(name), NOT_KNOWN) for name in data if name not in fields)


def said_again(name: object) -> str:
    """A name that a stranger made up, as it can stand in an answer: not too long, and a lone surrogate as `?`."""
    return str(name)[:LONGEST_NAME].encode(errors="replace").decode()


def _struct_in(kind: object) -> type[msgspec.Struct] | None:
    """The shape of an object that may stand there."""
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    structs = [part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)]
    return structs[0] if len(structs) == 1 else None


def _problem_with(value: object, kind: Any, from_text: bool) -> tuple[str, Phrase] | None:
    """Where within the value, `.port` for a field of a list's entry, and what is wanted there."""
    try:
        msgspec.convert(value, kind, strict=not from_text)
        str(value).encode()
    except UnicodeEncodeError:
        return "", NOT_VALID
    except msgspec.ValidationError as wrong:
        problem, path = _parted(str(wrong))
        if problem.startswith("Invalid enum value"):
            return path, _choices(kind)
        if problem.startswith("Object contains unknown field"):
            return path, NOT_KNOWN
        if missing := re.fullmatch(r"Object missing required field `(\w{1,64})`", problem):
            return f"{path}.{missing[1]}", _MISSING
        return path, _wanted(problem)
    return None


def _parted(message: str) -> tuple[str, str]:
    """What is wrong, and where, of `Expected `int` <= 5 - at `$[1].port``. A stranger's value that is said again stands
    in quotes, whatever it holds."""
    problem, at, path = message.rpartition(" - at `$")
    if not at or not message.endswith("`"):
        return message, ""
    return problem, re.sub(r"\[(?:[0-9]{1,6}|\.\.\.)\]", "", path.removesuffix("`"))


def _wanted(problem: str) -> Phrase:
    for beginning, phrase in _BY_BEGINNING:
        if problem.startswith(beginning):
            return phrase
    if " matching regex '" in problem:
        return _form_wanted(problem)
    for words, phrase_of in _BY_BOUND:
        if words in problem:
            return phrase_of(problem.rpartition(words)[2])
    expected = re.match(r"Expected `(\w+)(?: \| null)?`", problem)
    if expected is None:
        return _WRONG_TYPE
    return Phrase("not_of_type", type=_KINDS.get(expected[1], expected[1]))


def _form_wanted(problem: str) -> Phrase:
    """The pattern, without what only says that it ends there, where it can be read."""
    pattern = problem.partition(" matching regex '")[2].removesuffix("'").replace("\\\\", "\\")
    if "\\u202a" in pattern:  # the marks that turn the direction of writing stand in no other
        return Phrase("not_visible")
    form = pattern.removeprefix("^").removesuffix("$").removesuffix(r"(?!\n)")
    return Phrase("wrong_form") if "\\u" in form else Phrase("not_of_form", form=form)


def _choices(kind: Any) -> Phrase:
    values = sorted(set(_values_of(kind)))
    return Phrase("not_one_of", choices=", ".join(values)) if values else NOT_VALID


def _values_of(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    elif get_origin(kind) is Annotated:
        yield from _values_of(get_args(kind)[0])
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from (str(member.value) for member in kind)
    else:
        for part in get_args(kind):
            yield from _values_of(part)
