"""One request as an operation gets it: what was asked, of which tables, and what it will cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.engine.meter import Bill
from tests.engine.refusals import invalid, not_found
from tests.engine.tables import Table

Json = dict[str, Any]
_EVERYWHERE = {"ReturnConsumedCapacity", "ReturnItemCollectionMetrics"}
EXPRESSIONS = ("ExpressionAttributeNames", "ExpressionAttributeValues")


@dataclass
class Request:
    asked: Json
    tables: dict[str, Table]
    where: str
    bill: Bill = field(default_factory=Bill)

    def table(self, name: str | None = None) -> Table:
        name = self.asked["TableName"] if name is None else name
        if name not in self.tables:
            raise not_found(f"Table: {name} not found")
        return self.tables[name]


class Operation(NamedTuple):
    """`needs` must be asked, `knows` may be, anything else is refused: it would have been done differently."""

    perform: Callable[[Request], Json]
    needs: frozenset[str]
    knows: frozenset[str]

    def check(self, asked: Mapping[str, Any]) -> None:
        check_names(asked, self.needs, self.knows | _EVERYWHERE)


def operation(perform: Callable[[Request], Json], needs: str, knows: str = "") -> Operation:
    """Both as words."""
    return Operation(perform, frozenset(needs.split()), frozenset(knows.split()))


def check_names(asked: Mapping[str, Any], needs: frozenset[str], knows: frozenset[str]) -> None:
    if missing := needs - asked.keys():
        raise invalid(f"missing: {', '.join(sorted(missing))}")
    if unknown := asked.keys() - needs - knows:
        raise invalid(f"not played here: {', '.join(sorted(unknown))}")
