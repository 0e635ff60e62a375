"""What is about to be sent, and what was not delivered."""

from __future__ import annotations

from datetime import timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Letter(Item):
    """A mail or text message that a commit causes and that has not been sent yet: an old address ends with its own."""

    partition = "account"
    place = "letter"
    told_to = "Letters"

    template = plain(UnicodeAttribute(), why="name of a text of ours")
    address = personal(rows.ACCOUNT_CHANGES)
    language = personal(rows.ACCOUNT_CHANGES)
    values = personal(rows.SIGN_IN)


class Farewell(Letter):
    """The last letter, in a vault of its own for as long as it takes to send it: the account's is destroyed."""

    partition = "farewell"
    spared_for = timedelta(minutes=10)

    address = personal(rows.ACCOUNT_CLOSURE)
    language = personal(rows.ACCOUNT_CLOSURE)
    values = personal(rows.ACCOUNT_CLOSURE)


class Undelivered(Item):
    """Bounces and complaints of mails to an address, known or not: others may not have us write there."""

    partition = "address"
    place = "undelivered"

    bounces = key(NumberAttribute(default_for_new=0), rows.BOUNCES_AND_COMPLAINTS, why="a count", told=True)
    complaints = key(NumberAttribute(default_for_new=0), rows.BOUNCES_AND_COMPLAINTS, why="a count", told=True)
    reported_at = key(Time(), rows.BOUNCES_AND_COMPLAINTS, why="a time", told=True)
    last_report = plain(UnicodeAttribute(), why="random id of a report, which may come twice")
