"""The picture of a person: shown, replaced and deleted (B1a)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib import clock
from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.avatars.actions import galleries
from chalicelib.avatars.actions.galleries import Changed, Gallery, Held
from chalicelib.avatars.records import PICTURES, UPLOADS, Avatar, AvatarRemoval
from chalicelib.aws.commit import Write, absent, check, put
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read

# For longer than an upload can lie unseen.
_REMOVED_REMEMBERED = timedelta(days=3)


def place_of(account_id: str) -> tuple[Key, ...]:
    return (Avatar.key(account_id),)


def url_of(avatar: Avatar | None) -> str | None:
    """A link of five minutes; None where there is no picture."""
    return galleries.url_of(None if avatar is None else avatar.picture)


def delete_picture(account_id: str, avatar: Avatar | None) -> None:
    """There is no avatar any more, nor will one be made of what was uploaded before."""
    GALLERY.delete(account_id, _held(account_id, avatar))


def _held_of(account_id: str) -> Held | None:
    account, avatar = read(accounts.places_of(account_id)[0], Avatar.key(account_id))
    if account is None:
        return None
    return _held(account_id, avatar, check(account, Account.pk.exists(), otherwise=Changed))


def _held(account_id: str, avatar: Avatar | None, *still: Write) -> Held:
    as_read = absent(Avatar) if avatar is None else Avatar.commit_id == avatar.commit_id

    def replacing(picture: str | None, at: datetime) -> tuple[Write, ...]:
        return put(_avatar(account_id, picture, at), when=as_read, otherwise=Changed), *still

    picture, as_of_ms = (None, -1) if avatar is None else (avatar.picture, int(avatar.as_of_ms))
    return Held(picture, as_of_ms, replacing)


def _avatar(account_id: str, picture: str | None, at: datetime) -> Avatar:
    times: dict[str, Any] = {"changed_at": clock.epoch_s(at), "as_of_ms": galleries.ms(at)}
    ends = clock.epoch_s(at + _REMOVED_REMEMBERED) if picture is None else None
    return Avatar.new(account_id, picture=picture, expires_at=ends, **times)


GALLERY = Gallery(UPLOADS, PICTURES, AvatarRemoval, _held_of)
