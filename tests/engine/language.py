"""DynamoDB's expression language, read: conditions, filters, key conditions, updates and projections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.engine.items import ORDERED, SETS, Value, kind_of
from tests.engine.refusals import Refusal, invalid

Step = str | int


class Path(NamedTuple):
    """Where in an item: names of attributes and members, places in lists."""

    steps: tuple[Step, ...]


class Constant(NamedTuple):
    value: Value


class Call(NamedTuple):
    """A function or an operator, and what it is applied to."""

    name: str
    operands: tuple[Any, ...]


class Change(NamedTuple):
    clause: str
    path: Path
    operand: Any


_TOKEN = re.compile(r"\s*([#:][A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|<>|<=|>=|[=<>(),.\[\]+-])")
_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
_ARITIES = {
    "attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2,
    "size": 1, "if_not_exists": 2, "list_append": 2,
}  # fmt: skip
_OF_VALUES = {"if_not_exists", "list_append"}
_OF_CONDITIONS = _ARITIES.keys() - _OF_VALUES - {"size"}
# Of which types a value given to these can be; an attribute is looked at later.
_TYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("<", "<=", ">", ">=", "BETWEEN"), ORDERED),
    "begins_with": ("S", "B"), "attribute_type": ("S",), "list_append": ("L",), "+": ("N",), "-": ("N",),
    "ADD": ("N", *SETS), "DELETE": SETS,
}  # fmt: skip
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class Language:
    """One request's expressions, with the names and values that they may use, all of which they must use."""

    def __init__(self, names: Mapping[str, str] | None, values: Mapping[str, Value] | None) -> None:
        self.names, self.values = names or {}, values or {}
        self.used: set[str] = set()

    def condition(self, text: str, what: str = "ConditionExpression") -> Call:
        return _Parser(self, text, what).whole(_Parser.condition)  # type: ignore[no-any-return]

    def update(self, text: str) -> list[Change]:
        return _Parser(self, text, "UpdateExpression").whole(_Parser.changes)  # type: ignore[no-any-return]

    def projection(self, text: str) -> list[Path]:
        return _Parser(self, text, "ProjectionExpression").whole(_Parser.paths)  # type: ignore[no-any-return]

    def end(self) -> None:
        for given, kind in ((self.names, "Names"), (self.values, "Values")):
            if unused := sorted(set(given) - self.used):
                keys = f"keys: {{{', '.join(unused)}}}"
                raise invalid(f"Value provided in ExpressionAttribute{kind} unused in expressions: {keys}")


class _Parser:
    def __init__(self, language: Language, text: str, what: str) -> None:
        self._language, self._text, self._what = language, text, what
        self._tokens = list(self._split(text))
        self._next = 0

    def whole(self, read: Callable[[_Parser], Any]) -> Any:
        if not self._tokens:
            raise self._wrong("The expression can not be empty")
        found = read(self)
        if self._next < len(self._tokens):
            raise self._wrong(f'Syntax error; token: "{self._tokens[self._next]}"')
        return found

    def condition(self) -> Any:
        return self._chain("OR", lambda: self._chain("AND", self._negation))

    def changes(self) -> list[Change]:
        changes: list[Change] = []
        seen: set[str] = set()
        while self._next < len(self._tokens):
            clause = self._take().upper()
            if clause not in _CLAUSES or clause in seen:
                raise self._wrong(f'Syntax error; token: "{clause}"')
            seen.add(clause)
            changes += self._list(partial(self._change, clause))
        self._refuse_overlaps([change.path for change in changes])
        return changes

    def paths(self) -> list[Path]:
        paths = self._list(self._path)
        self._refuse_overlaps(paths)
        return paths

    def _chain(self, word: str, read: Callable[[], Any]) -> Any:
        found = read()
        while self._is(word):
            self._take()
            found = Call(word, (found, read()))
        return found

    def _negation(self) -> Any:
        if self._is("NOT"):
            self._take()
            return Call("NOT", (self._negation(),))
        if self._is("("):
            self._take()
            found = self.condition()
            self._expect(")")
            return found
        return self._predicate()

    def _predicate(self) -> Call:
        found = self._operand(_OF_CONDITIONS | {"size"})
        if isinstance(found, Call) and found.name in _OF_CONDITIONS:
            return found
        sign = self._take().upper()
        if sign in _COMPARATORS:
            return self._call(sign, found, self._operand({"size"}))
        if sign == "BETWEEN":
            low = self._operand({"size"})
            self._expect("AND")
            return self._call(sign, found, low, self._operand({"size"}))
        if sign == "IN":
            self._expect("(")
            choices = self._list(lambda: self._operand({"size"}))
            self._expect(")")
            return Call(sign, (found, *choices))
        raise self._wrong(f'Syntax error; token: "{sign}"')

    def _change(self, clause: str) -> Change:
        path = self._path()
        if clause == "REMOVE":
            return Change(clause, path, None)
        if clause != "SET":
            return Change(clause, path, *self._call(clause, self._constant()).operands)
        self._expect("=")
        operand = self._operand(_OF_VALUES)
        if self._is("+") or self._is("-"):
            operand = self._call(self._take(), operand, self._operand(_OF_VALUES))
        return Change(clause, path, operand)

    def _operand(self, functions: set[str]) -> Any:
        token = self._peek()
        if token.startswith(":"):
            return self._constant()
        if self._peek(1) != "(":
            return self._path()
        if token not in functions:
            raise self._wrong(f"Invalid function name; function: {token}")
        self._take()
        self._expect("(")
        operands = self._list(lambda: self._operand(_OF_VALUES & functions | {"size"} - {token}))
        self._expect(")")
        if len(operands) != _ARITIES[token]:
            raise self._wrong(f"Incorrect number of operands for operator or function; operator: {token}")
        return self._call(token, *operands)

    def _call(self, name: str, *operands: Any) -> Call:
        for one in operands:
            if isinstance(one, Constant) and name in _TYPES and kind_of(one.value) not in _TYPES[name]:
                kind = kind_of(one.value)
                raise self._wrong(f"Incorrect operand type for operator or function; operator: {name}, type: {kind}")
        return Call(name, operands)

    def _constant(self) -> Constant:
        token = self._take()
        if token not in self._language.values:
            raise self._wrong(
                f"An expression attribute value used in expression is not defined; attribute value: {token}"
            )
        self._language.used.add(token)
        return Constant(self._language.values[token])

    def _path(self) -> Path:
        steps: list[Step] = [self._name()]
        while self._peek() in (".", "["):
            if self._take() == ".":
                steps.append(self._name())
                continue
            place = self._take()
            if not place.isdigit():
                raise self._wrong(f'Syntax error; token: "{place}"')
            steps.append(int(place))
            self._expect("]")
        return Path(tuple(steps))

    def _name(self) -> str:
        token = self._take()
        if token.startswith("#"):
            if token not in self._language.names:
                raise self._wrong(
                    f"An expression attribute name used in the document path is not defined; attribute name: {token}"
                )
            self._language.used.add(token)
            return self._language.names[token]
        if not token[:1].isalpha():
            raise self._wrong(f'Syntax error; token: "{token}"')
        if token.upper() in ReservedKeywords.get_reserved_keywords():
            raise self._wrong(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def _list(self, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self._is(","):
            self._take()
            found.append(read())
        return found

    def _refuse_overlaps(self, paths: list[Path]) -> None:
        for place, one in enumerate(paths):
            for other in paths[:place]:
                shorter = min(len(one.steps), len(other.steps))
                if one.steps[:shorter] == other.steps[:shorter]:
                    raise self._wrong("Two document paths overlap with each other")

    def _split(self, text: str) -> Iterator[str]:
        place, text = 0, text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise self._wrong(f'Syntax error; token: "{text[place]}"')
            place = match.end()
            yield match[1]

    def _peek(self, ahead: int = 0) -> str:
        place = self._next + ahead
        return self._tokens[place] if place < len(self._tokens) else ""

    def _is(self, word: str) -> bool:
        return self._peek().upper() == word

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise self._wrong('Syntax error; token: "<EOF>"')
        self._next += 1
        return token

    def _expect(self, word: str) -> None:
        token = self._take()
        if token.upper() != word:
            raise self._wrong(f'Syntax error; token: "{token}"')

    def _wrong(self, message: str) -> Refusal:
        return invalid(f"Invalid {self._what}: {message}")
