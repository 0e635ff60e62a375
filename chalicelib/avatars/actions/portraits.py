"""The picture of a person: shown, replaced and deleted (B1a)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.avatars import rules
from chalicelib.avatars.actions import galleries
from chalicelib.avatars.actions.galleries import Gallery, Held
from chalicelib.avatars.records import PICTURES, UPLOADS, Avatar, AvatarRemoval
from chalicelib.aws import s3
from chalicelib.instants import ms_of
from chalicelib.store import crypto
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, absent, check, commit, put
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying

# For longer than an upload can lie unseen.
_REMOVED_REMEMBERED = timedelta(days=3)
MOST_BYTES = rules.MOST_BYTES


def url_of(avatar: Avatar | None) -> str | None:
    """A link of five minutes; None where there is no picture."""
    return galleries.url_of(None if avatar is None else avatar.picture)


def delete_picture(account: Account, who: str, avatar: Avatar | None) -> None:
    """There is no avatar any more, nor will one be made of what was uploaded before."""
    again = partial(_held_of, account.pk_id, account.cipher)
    GALLERY.delete(account.pk_id, _held(account, avatar), who, again)


def give(account_id: str, data: bytes | None, at: datetime, *also: Write) -> None:
    """Make this the first picture of an account, redrawn, if it is one; who has had one, or deleted it, is left alone.

    `also` is committed in any case, and each may be repeated. Raises Unavailable.
    """
    # The same each time, whatever became of the try before.
    object_key = f"{PICTURES.of(at, account_id)}{crypto.plain_hash(f'given {account_id}')[:26]}.jpg"
    clean = None if data is None else rules.cleaned(data)

    def attempt() -> None:
        held = _held_of(account_id)
        if clean is None or held is None or held.as_of_ms >= 0:
            return _give_up(object_key, held, *also)
        s3.put(object_key, clean, rules.JPEG)
        return commit(*held.put(object_key, at, None), *also)

    retrying(attempt)


def _give_up(object_key: str, held: Held | None, *also: Write) -> None:
    # Another try may have put it there, and named it or died.
    if held is None or held.picture != object_key:
        s3.delete([object_key])
    if also:
        commit(*also)


def _held_of(account_id: str, cipher: SubjectCipher | None = None) -> Held | None:
    """The picture held; a function that looks at strangers' bytes has no cipher, and must not have one."""
    account, avatar = read(accounts.keys_of(account_id)[0], Avatar.key(account_id))
    if account is None:
        return None
    still = check(account, Account.pk.exists(), otherwise=StaleRead)
    return _held(account if cipher is None else account.decrypted_with(cipher), avatar, still)


def _held(account: Account, avatar: Avatar | None, *still: Write) -> Held:
    as_read = absent(Avatar) if avatar is None else Avatar.commit_id == avatar.commit_id

    def replacing(picture: str | None, at: datetime, who: str | None) -> tuple[Write, ...]:
        # Who looks at an upload does not know from which terminal it came.
        activity_row = activity.record(account, "avatar_deleted" if picture is None else "avatar_changed", who=who)
        return put(_avatar(account.pk_id, picture, at), when=as_read, otherwise=StaleRead), activity_row, *still

    picture, as_of_ms = (None, -1) if avatar is None else (avatar.picture, int(avatar.as_of_ms))
    return Held(picture, as_of_ms, replacing)


def _avatar(account_id: str, picture: str | None, at: datetime) -> Avatar:
    changed_at, as_of_ms = clock.epoch_s(at), ms_of(at)
    ends = clock.epoch_s(at + _REMOVED_REMEMBERED) if picture is None else None
    return Avatar.new(account_id, picture=picture, expires_at=ends, changed_at=changed_at, as_of_ms=as_of_ms)


GALLERY = Gallery(UPLOADS, PICTURES, AvatarRemoval, _held_of)
