"""Pictures that people give of something: let in on a ticket, redrawn, put in place of the one before, and deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from chalicelib import clock, ids
from chalicelib.avatars import rules
from chalicelib.aws import s3
from chalicelib.aws.s3 import LONGEST_LINK, Ticket
from chalicelib.instants import ms_of
from chalicelib.register import upload_hours
from chalicelib.register.prefixes import Prefix
from chalicelib.register.sweep import sweep_expired
from chalicelib.store import crypto
from chalicelib.store.commit import Write, commit, commit_and_answer, create, remove
from chalicelib.store.records import Record, read
from chalicelib.store.retrying import retrying, retrying_from

_TICKET_LIFE = timedelta(minutes=10)
JPEG = rules.JPEG


class Arrival(Struct, frozen=True):
    """An upload that S3 tells of."""

    object_key: str
    size_bytes: int
    arrived: datetime


class AlreadyTaken(Exception):
    """The upload is gone: whoever has dealt with it deletes it last."""


class Held(Struct, frozen=True):
    """The picture that there is of something, if any, and of when it is.

    `put` is what puts another in its place, or none, and records by whom, as far as it is known; on commit it raises
    StaleRead.
    """

    picture: str | None
    as_of_ms: int
    put: Callable[[str | None, datetime, str | None], tuple[Write, ...]]


class Gallery(Struct, frozen=True):
    """The pictures of one kind of subject, one each: where they lie, and how to look up what is held of a subject;
    None if that is gone. `removal` is the order to delete a picture that nobody points to any more."""

    uploads: Prefix
    pictures: Prefix
    removal: type[Record]
    held_of: Callable[[str], Held | None]

    def ticket_for(self, subject_id: str, content_type: str) -> Ticket:
        """Let somebody upload one picture of at most 5 MB within ten minutes."""
        now = clock.now()
        ticket = ticket_of(self.uploads.of(now, subject_id) + ids.new_id(), content_type, now)
        return commit_and_answer(upload_hours.note(self.uploads, subject_id, now), answer=ticket)

    def object_key_of(self, arrival: Arrival) -> str:
        """The object key of the finished picture: the same for each event of the same upload."""
        name = crypto.plain_hash(f"{arrival.object_key} {ms_of(arrival.arrived)}")[:26]
        return f"{self.pictures.of(arrival.arrived, self.uploads.parse_key(arrival.object_key)[0])}{name}.jpg"

    def take(self, arrival: Arrival) -> None:
        """Make the upload its subject's picture, redrawn, if it is a picture and the news; it goes, whatever it was."""
        if not retrying(partial(self._is_kept, arrival)):
            # An earlier try may have died between the object and its row.
            s3.delete([self.object_key_of(arrival)])
        # Last, since that it is gone means that all of this is done.
        s3.delete([arrival.object_key])

    def _is_kept(self, arrival: Arrival) -> bool:
        """Whether it is the picture now, or somebody else has dealt with it. Raises StaleRead."""
        subject_id, object_key = self.uploads.parse_key(arrival.object_key)[0], self.object_key_of(arrival)
        before = self.held_of(subject_id)
        if before is None:
            return False
        if ms_of(arrival.arrived) <= before.as_of_ms:
            return before.picture == object_key
        try:
            clean = redrawn(arrival)
        except AlreadyTaken:
            return True
        if clean is None:
            return False
        # The object comes before the row that names it.
        s3.put(object_key, clean, rules.JPEG)
        commit(*self._replacing(subject_id, before, object_key, arrival.arrived))
        return True

    def _replacing(
        self, subject_id: str, before: Held, picture: str | None, at: datetime, who: str | None = None
    ) -> tuple[Write, ...]:
        """The new one, and the order to delete the one before."""
        written = before.put(picture, at, who)
        if before.picture is None:
            return written
        return (*written, create(self.removal.new(subject_id, ids.new_id(), picture=before.picture)))

    def delete(self, subject_id: str, held: Held | None, who: str, read_again: Callable[[], Held | None]) -> None:
        """Unseen with the commit; nor will there be one of what was uploaded before."""

        def attempt(held: Held | None) -> None:
            if held is not None:
                commit_and_answer(*self._replacing(subject_id, held, None, clock.now(), who), answer=None)

        retrying_from(held, attempt, lambda _: read_again())

    def carry_out_removal(self, subject_id: str, removal_id: str) -> None:
        """Delete the picture, then the order; each may be repeated."""
        (found,) = read(self.removal.key(subject_id, removal_id))
        if found is None:
            return
        removal: Any = found  # each gallery's has a picture
        s3.delete([removal.picture])
        commit(remove(removal))

    def sweep_expired_uploads(self) -> int:
        """Delete the uploads that nobody was notified of; how many."""
        return sweep_expired(self.uploads)


def ticket_of(object_key: str, content_type: str, now: datetime, *, types_begin: str = "") -> Ticket:
    """A form for one picture of at most 5 MB, good for ten minutes."""
    return s3.ticket(
        object_key,
        content_type,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + _TICKET_LIFE,
        is_whole_key=True,
        types_begin=types_begin,
    )


def redrawn(arrival: Arrival, *, side: int = rules.SIDE) -> bytes | None:
    """The upload as a clean JPEG of at most this many pixels across and down; None for what is no picture. Raises
    AlreadyTaken."""
    if not rules.LEAST_BYTES <= arrival.size_bytes <= rules.MOST_BYTES:
        return None
    # Another may have been uploaded in its place since: no more than may be is read.
    data = s3.first_bytes(arrival.object_key, rules.MOST_BYTES + 1)
    if data is None:
        raise AlreadyTaken
    return rules.cleaned(data, side=side)


def url_of(picture: str | None) -> str | None:
    """A link of five minutes; None where there is no picture."""
    if picture is None:
        return None
    return s3.link(picture, until=clock.now() + LONGEST_LINK, content_type=rules.JPEG)
