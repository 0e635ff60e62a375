"""What is remembered of a device's plan."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B12
from chalicelib.register.tags import key, plain


class Plan(Item):
    """The plan that one ownership of a device holds."""

    partition = "device"
    place = "plan"

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue")
    until = key(NumberAttribute(), B12, why="time")
