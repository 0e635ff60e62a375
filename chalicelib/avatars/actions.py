"""Letting an avatar in, redrawing it, showing and deleting it (B1a)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.avatars import rules
from chalicelib.avatars.records import PICTURES, UPLOADS, Avatar, AvatarRemoval
from chalicelib.aws import bucket, crypto
from chalicelib.aws.bucket import LONGEST_LINK, Ticket
from chalicelib.aws.commit import Write, absent, check, commit, create, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.errors import Unavailable
from chalicelib.register.sweep import sweep_expired

_TICKET_LIFE = timedelta(minutes=10)
# For longer than an upload can lie unseen.
_REMOVED_REMEMBERED = timedelta(days=3)
_TRIES = 4


def ticket_for(account_id: str, content_type: str) -> Ticket:
    """Let somebody upload one picture of at most 5 MB within ten minutes."""
    now = clock.now()
    return bucket.ticket(
        UPLOADS.of(now, account_id) + ids.new_id(),
        content_type,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + _TICKET_LIFE,
        is_whole_key=True,
    )


# A picture has arrived


@dataclass(frozen=True)
class Arrival:
    """An upload that S3 tells of."""

    object_key: str
    size_bytes: int
    arrived: datetime

    @property
    def account_id(self) -> str:
        return UPLOADS.cut(self.object_key)[0]

    @property
    def arrived_ms(self) -> int:
        return _ms(self.arrived)

    @property
    def picture(self) -> str:
        """Where it will lie: the same each time that S3 tells of the same upload."""
        name = crypto.plain_hash(f"{self.object_key} {self.arrived_ms}")[:26]
        return f"{PICTURES.of(self.arrived, self.account_id)}{name}.jpg"


def take_picture(arrival: Arrival) -> None:
    """Make the upload its account's avatar, redrawn, if it is a picture and the news; it goes, whatever it was."""
    for _ in range(_TRIES):
        try:
            is_kept = _is_kept(arrival)
        except _Changed:
            continue
        if not is_kept:
            # An earlier try may have died between the object and its row.
            bucket.delete([arrival.picture])
        # Last, since that it is gone means that all of this is done.
        bucket.delete([arrival.object_key])
        return
    raise Unavailable(retry_after_seconds=1)


def _is_kept(arrival: Arrival) -> bool:
    """Whether it is the avatar now, or somebody else has dealt with it. Raises _Changed."""
    account_id = arrival.account_id
    account, before = read(accounts.places_of(account_id)[0], Avatar.key(account_id))
    if account is None:
        return False
    if before is not None and arrival.arrived_ms <= before.as_of_ms:
        return bool(before.picture == arrival.picture)
    if not rules.LEAST_BYTES <= arrival.size_bytes <= rules.MOST_BYTES:
        return False
    # Another may have been uploaded in its place since: no more than may be is read.
    data = bucket.head(arrival.object_key, rules.MOST_BYTES + 1)
    if data is None:
        return True
    clean = rules.cleaned(data)
    if clean is None:
        return False
    # The object comes before the row that names it.
    bucket.put(arrival.picture, clean, rules.JPEG)
    after = _avatar(account_id, arrival.arrived, picture=arrival.picture)
    commit(*_replacing(before, after), check(account, Account.pk.exists(), otherwise=_Changed))
    return True


def _avatar(account_id: str, at: datetime, **values: Any) -> Avatar:
    return Avatar.new(account_id, changed_at=clock.epoch_s(at), as_of_ms=_ms(at), **values)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class _Changed(Exception):
    """The avatar, or whether there is an account, is not as it was read: read again and decide anew."""


def _replacing(before: Avatar | None, after: Avatar) -> tuple[Write, ...]:
    """The new row, and the order to delete the picture of before; raises _Changed on commit."""
    as_read = absent(Avatar) if before is None else Avatar.commit_id == before.commit_id
    written = put(after, when=as_read, otherwise=_Changed)
    if before is None or before.picture is None:
        return (written,)
    return written, create(AvatarRemoval.new(after.partition_id, ids.new_id(), picture=before.picture))


# Showing


def place_of(account_id: str) -> tuple[Key, ...]:
    return (Avatar.key(account_id),)


def url_of(avatar: Avatar | None) -> str | None:
    """A link of five minutes; None where there is no picture."""
    if avatar is None or avatar.picture is None:
        return None
    return bucket.link(avatar.picture, until=clock.now() + LONGEST_LINK, content_type=rules.JPEG)


# Deleting: unseen with the commit, then the object


def delete_picture(account_id: str, avatar: Avatar | None) -> None:
    """There is no avatar any more, nor will one be made of what was uploaded before."""
    for _ in range(_TRIES):
        now = clock.now()
        none = _avatar(account_id, now, expires_at=clock.epoch_s(now + _REMOVED_REMEMBERED))
        try:
            return done(*_replacing(avatar, none), answer=None)
        except _Changed:
            (avatar,) = read(Avatar.key(account_id))
    raise Unavailable(retry_after_seconds=1)


def carry_out_removal(account_id: str, removal_id: str) -> None:
    """Delete the picture, then the order; each may be repeated."""
    (removal,) = read(AvatarRemoval.key(account_id, removal_id))
    if removal is None:
        return
    bucket.delete([removal.picture])
    commit(remove(removal))


# The clock


def sweep_expired_uploads() -> int:
    """Delete the uploads that nobody was told of; how many."""
    return sweep_expired(UPLOADS)
