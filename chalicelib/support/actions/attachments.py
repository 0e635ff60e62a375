"""Pictures that come with feedback: let in on tickets, redrawn as avatars are, and shown with their message (B16)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.avatars.actions import galleries
from chalicelib.avatars.actions.galleries import AlreadyTaken, Arrival
from chalicelib.avatars.records import AccountUploadHour
from chalicelib.aws import s3
from chalicelib.aws.s3 import Ticket
from chalicelib.instants import ms_of
from chalicelib.register import upload_hours
from chalicelib.register.sweep import sweep_expired
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, check, commit, is_set
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.support import rules
from chalicelib.support.records import PICTURES, UPLOADS, FeedbackMessage

# The kind of row by which an erasure finds what accounts upload.
_NOTED_BY = AccountUploadHour
_ANY_PICTURE = "image/"


def tickets_for(message: FeedbackMessage, now: datetime) -> list[Ticket]:
    """One for each picture that may come with a message, each for ten minutes."""
    begin = f"{UPLOADS.of(now, message.pk_id)}{message.sort_id}"
    names = [f"{begin}.{number}" for number in range(1, int(message.attachments) + 1)]
    return [galleries.ticket_of(name, "image/jpeg", now, types_begin=_ANY_PICTURE) for name in names]


def noted(message: FeedbackMessage, now: datetime) -> tuple[Write, ...]:
    """By this an erasure finds what is uploaded; to be committed before tickets are handed out."""
    return (upload_hours.note(UPLOADS, message.pk_id, now),)


def links_of(message: FeedbackMessage) -> list[str]:
    """Of five minutes each, in the order in which they came."""
    return [url for one in sorted(message.pictures or ()) if (url := galleries.url_of(one)) is not None]


def take(arrival: Arrival) -> None:
    """Show the upload with its message, redrawn, if it is a picture; it goes, whatever it was."""
    if not retrying(partial(_is_kept, arrival)):
        # An earlier try may have died between the object and its row.
        s3.delete([_object_key_of(arrival)])
    # Last, since that it is gone means that all of this is done.
    s3.delete([arrival.object_key])


def _object_key_of(arrival: Arrival) -> str:
    """The same for each event of the same upload; they sort by their arrival."""
    account_id, name = UPLOADS.parse_key(arrival.object_key)
    hashed = crypto.plain_hash(f"{name} {ms_of(arrival.arrived)}")[:26]
    return f"{PICTURES.of(arrival.arrived, account_id)}{ms_of(arrival.arrived)}-{hashed}.jpg"


def _is_kept(arrival: Arrival) -> bool:
    """Whether it is shown now, or somebody else has dealt with it. Raises StaleRead."""
    account_id, name = UPLOADS.parse_key(arrival.object_key)
    account, message = read(
        accounts.keys_of(account_id)[0], FeedbackMessage.key(account_id, name.rpartition(".")[0])
    )
    if account is None or message is None:
        return False
    object_key, shown = _object_key_of(arrival), message.pictures or set()
    if object_key in shown:
        return True
    # A ticket may be used more than once while it lasts.
    if len(shown) >= message.attachments:
        return False
    try:
        clean = galleries.redrawn(arrival, side=rules.SIDE)
    except AlreadyTaken:
        return True
    if clean is None:
        return False
    # The object comes before the row that names it.
    s3.put(object_key, clean, galleries.JPEG)
    as_read = is_set(FeedbackMessage.pictures, message.pictures)
    commit(
        change(message, when=as_read, otherwise=StaleRead, pictures={*shown, object_key}),
        check(account, Account.pk.exists(), otherwise=StaleRead),
    )
    return True


def sweep() -> int:
    """Delete what was uploaded a day ago and nobody was notified of, and pictures whose time is over; how many."""
    return sweep_expired(UPLOADS, PICTURES)
