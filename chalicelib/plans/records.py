"""What is remembered of a device's plan."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B12
from chalicelib.register.tags import Time, key, plain


class Plan(Item):
    """The plan that one ownership of a device holds."""

    partition = "device"
    place = "plan"

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue", told=True)
    until = key(Time(), B12, why="time", told=True)
