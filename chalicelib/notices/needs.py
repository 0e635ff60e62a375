"""The needs of routes about notices: what was read of what everybody is told, and one notice."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.notices.actions import reading
from chalicelib.notices.actions.reading import Shown
from chalicelib.notices.records import ReadAnnouncements
from chalicelib.store.records import Found


class OwnReading:
    """Which announcements the caller has read."""

    def keys(self, account_id: str) -> Keys:
        return (ReadAnnouncements.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> ReadAnnouncements:
        own = ReadAnnouncements.key(caller.account_id)
        return found[own] or ReadAnnouncements.new(caller.account_id)


class ShownNotice:
    """A notice that the caller is shown: of their own, or of everybody's. Raises NotFound."""

    def keys(self, account_id: str, notice_id: str) -> Keys:
        return reading.keys_of(account_id, notice_id)

    def admit(self, caller: Caller, found: Found, notice_id: str) -> Shown:
        return reading.shown(caller, found, notice_id)
