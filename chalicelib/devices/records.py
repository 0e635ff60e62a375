"""Records of cameras."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key

# An upload goes as soon as it was looked at; a day is for what nobody was notified of.
COVER_UPLOADS = Prefix("covers-in", subject="device", row=rows.DEVICE_NAME_AND_COVER, keep_days=1, by_ticket=True)
COVERS = Prefix("covers", subject="device", row=rows.DEVICE_NAME_AND_COVER, keep_days=None)


class BindingTries(Item):
    """Wrong printed codes that a person lately tried, of whatever cameras."""

    pk_prefix = "account"
    sk_prefix = "binding-tries"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", exported=True)
    locked_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", exported=True)


class PasswordTries(Item):
    """Wrong passwords lately tried of a device."""

    pk_prefix = "device"
    sk_prefix = "password-tries"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", exported=True)
    locked_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", exported=True)


class CoverRemoval(Item):
    """An order to delete a cover that nobody points to any more, until it is carried out."""

    pk_prefix = "device"
    sk_prefix = "cover-removal"
    stream_queue, stream_listener = "Cleanups", "devices.on_cover_removed"

    # Who asks for a copy of one's data does not get it any more.
    picture = key(UnicodeAttribute(), rows.DEVICE_NAME_AND_COVER, why="where the picture lies: random ids")


class SettingChange(Item):
    """An order to tell the camera that it ought to be otherwise, until it is carried out."""

    pk_prefix = "device"
    sk_prefix = "setting-change"
    stream_queue, stream_listener = "Commands", "commands.on_settings_changed"
