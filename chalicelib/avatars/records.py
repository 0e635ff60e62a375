"""Records of avatars."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.register.upload_hours import UploadHour
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key

# An upload goes as soon as it was looked at; a day is for what nobody was notified of.
UPLOADS = Prefix("avatars-in", subject="account", row=rows.REGISTRATION, keep_days=1, by_ticket=True)
PICTURES = Prefix("avatars", subject="account", row=rows.REGISTRATION, keep_days=None)


class Avatar(Item):
    """The picture of an account, or for a while that there is none any more, so that an upload of before is no news."""

    pk_prefix = "account"
    sk_prefix = "avatar"
    replaced_for_good = ("as_of_ms", "changed_at", "picture")

    picture = key(
        UnicodeAttribute(null=True), rows.REGISTRATION, why="where the picture lies: random ids", points_to="object"
    )
    changed_at = key(Time(), rows.REGISTRATION, why="time", exported=True)
    as_of_ms = key(NumberAttribute(), rows.REGISTRATION, why="time: an upload of before is no news")


class AccountUploadHour(UploadHour):
    """A day on which somebody had a ticket to upload a picture of himself."""

    pk_prefix = "account"


class AvatarRemoval(Item):
    """An order to delete a picture that nobody points to any more, until it is carried out."""

    pk_prefix = "account"
    sk_prefix = "avatar-removal"
    stream_queue, stream_listener = "Cleanups", "avatars.on_avatar_removed"

    # Who asks for a copy of one's data does not get it any more.
    picture = key(UnicodeAttribute(), rows.REGISTRATION, why="where the picture lies: random ids")
