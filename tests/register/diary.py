"""A record of no house, for the tests of what holds for all records."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import key, personal, plain


class Diary(Item):
    pk_prefix = "diary"
    sk_prefix = "page"

    words = personal(rows.DEVICE_BINDING, null=True)
    more = personal(rows.DEVICE_NAME_AND_COVER, null=True)
    number = plain(NumberAttribute(null=True), why="a test's")
    place_hash = key(UnicodeAttribute(null=True), rows.DEVICE_BINDING, why="a test's")
