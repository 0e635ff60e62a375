"""What is remembered of where to push."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B11
from chalicelib.register.tags import key, personal


class Endpoint(Item):
    """A terminal's push address at SNS. It outlives its session's row, so that no copy at SNS is ever forgotten; it has
    no ARN yet while SNS is being asked."""

    partition = "account"
    place = "endpoint"
    told_to = "PushAddresses"
    told_of = frozenset({"INSERT", "MODIFY", "REMOVE"})

    arn = key(UnicodeAttribute(null=True), B11, why="random id given by SNS", points_to="push endpoint")
    platform = key(UnicodeAttribute(), B11, why="fcm or apns", told=True)
    token = personal(B11)
