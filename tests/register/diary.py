"""A record of no house, for the tests of what holds for all records."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import key, personal, plain


class Diary(Item):
    partition = "diary"
    place = "page"

    words = personal(rows.B3, null=True)
    more = personal(rows.B7, null=True)
    number = plain(NumberAttribute(null=True), why="a test's")
    place_hash = key(UnicodeAttribute(null=True), rows.B3, why="a test's")
