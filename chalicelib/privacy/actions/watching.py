"""Reading the audit log of one's account and devices (AUDIT)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.activity.records import Activity
from chalicelib.contacts.actions import addresses
from chalicelib.entry.callers import Caller
from chalicelib.privacy import shapes
from chalicelib.words import Phrase


def activity_of(caller: Caller, limit: int, cursor: str | None) -> shapes.Activities:
    """A page of what happened to the account and to the devices that are the caller's own, newest first; other people
    by the names that they have now."""
    own = [one.device for one in access.devices_of(caller) if one.is_own]
    page = activity.newest([caller.account, *own], limit, cursor)
    people = accounts.living(id for one in page.items for id in (one.who_id, one.about_id) if id is not None)
    names = _Names(people, caller.language)
    return shapes.Activities(items=[_described(one, names) for one in page.items], cursor=page.cursor)


class _Names:
    """The names of other people, as they are called now; a phrase for those who have closed the account."""

    def __init__(self, people: dict[str, Account], language: str) -> None:
        self._people = people
        self._language = language

    def of(self, one: Activity, account_id: str) -> str | None:
        """None where nothing was said of somebody but an address that is no longer theirs."""
        person, address_hash = self._people.get(account_id), one.address_hash
        if person is None:
            former = Phrase("former_user") if one.by == activity.NEW_OWNER else Phrase("former_guest")
            return former.read_in(self._language)
        if address_hash is None:
            return str(person.nickname)
        address = addresses.hashed_as(person, address_hash)
        return None if address is None else address.value


def _described(one: Activity, names: _Names) -> shapes.Activity:
    is_of_device = one.pk_prefix == Device.pk_prefix
    return shapes.Activity(
        at=clock.at_epoch(one.at),
        act=one.act,
        by=one.by,
        who=one.who if one.who_id is None else names.of(one, one.who_id),
        about=one.about if one.about_id is None else names.of(one, one.about_id),
        device_id=one.pk_id if is_of_device else None,
    )
