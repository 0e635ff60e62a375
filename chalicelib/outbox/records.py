"""What is about to be sent, and what was not delivered."""

from __future__ import annotations

from datetime import timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register.rows import B1B, B2, B17, REPORTS
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Letter(Item):
    """A mail or text message that a commit causes and that has not been sent yet: an old address ends with its own."""

    partition = "account"
    place = "letter"
    told_to = "Letters"

    template = plain(UnicodeAttribute(), why="name of a text of ours")
    address = personal(B1B)
    language = personal(B1B)
    values = personal(B2)


class Farewell(Letter):
    """The last letter, in a vault of its own for as long as it takes to send it: the account's is destroyed."""

    partition = "farewell"
    spared_for = timedelta(minutes=10)

    address = personal(B17)
    language = personal(B17)
    values = personal(B17)


class Undelivered(Item):
    """Bounces and complaints of mails to an address, known or not: others may not have us write there."""

    partition = "address"
    place = "undelivered"

    bounces = key(NumberAttribute(default_for_new=0), REPORTS, why="a count", told=True)
    complaints = key(NumberAttribute(default_for_new=0), REPORTS, why="a count", told=True)
    reported_at = key(Time(), REPORTS, why="a time", told=True)
    last_report = plain(UnicodeAttribute(), why="random id of a report, which may come twice")
