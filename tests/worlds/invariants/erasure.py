"""Invariants of personal data: what was forgotten is gone, and the rest is sealed."""

from __future__ import annotations

from chalicelib.store import keys
from chalicelib.store.records import BASES, Item, LedgerRow, Record
from tests.worlds.invariants.stored import Found, Row, Stored, declared, invariant, personal


@invariant
def the_forgotten_have_nothing_but_their_erasure(stored: Stored) -> Found:
    for (hashed, _), erasure in stored.of("Erasure").items():
        if erasure["state"] != "done" or "receipt" not in erasure:
            yield f"erasure {hashed} is not done"
    yield from (f"{subject} of erasure {hashed} is open" for hashed, subject in stored.of("OpenSubject"))
    for _, subject in stored.of("ErasedSubject"):
        yield from (f"{subject} is named in {where}" for where in _places_of(stored, keys.id_of(subject)))


# What goes by itself within a day or, where money moved, thirty: a kept answer says whose end makes it unreadable, too,
# and a code for which device it was sent.
_EXPIRING = {"answer": {"shows"}, "code": {"sk"}}


def _places_of(stored: Stored, subject_id: str) -> Found:
    """Where a random id still stands. An order and a redeemed card say for which device they were; the answer to a
    closing outlives it, and as long as a table of before can be restored its ledger says what must not come back."""
    for base in BASES:
        for row in stored.rows(base):
            said = {name for name, value in row.items() if subject_id in str(value)}
            if said and not said <= _allowed(base, row):
                yield f"{row['pk']} {row.get('sk', '')}: {sorted(said)}"
    yield from (key for key in stored.objects if subject_id in key)


def _allowed(base: type[Record], row: Row) -> set[str]:
    kind = keys.kind_of(row.get("sk", ""))
    if base is LedgerRow:
        # What operators proposed says for years about whom it was, by a random id.
        return set(row) if kind in ("answer", "deletion", "proposal") else {"sk", "receipt"}
    if base is Item and kind in ("order", "gift-card-redemption"):
        return {"device_id"}
    return _EXPIRING.get(kind, set()) if base is Item and "expires_at" in row else set()


@invariant
def of_a_deleted_alarm_only_its_name_is_left(stored: Stored) -> Found:
    for (_, alarm_id), alarm in stored.of("Alarm").items():
        if "removed" in alarm:
            left = alarm.keys() & {"channel", "picture", "etag", "picture_etag", "unreadable", "read_by"}
            yield from (f"{name} of deleted alarm {alarm_id}" for name in sorted(left))


@invariant
def what_was_told_was_heard(stored: Stored) -> Found:
    for name, messages in stored.dump["queues"].items():
        # What S3 says when it is told of a queue is no news, should nobody listen yet.
        news = [message for message in messages if '"s3:TestEvent"' not in message["body"]]
        yield from (f"{name} still holds {message['body']}" for message in news)
    yield from (f"{one['queue']} hides {one['body']}" for one in stored.dump["unsent"])
    for (_, sort_id), order in stored.of("Order").items():
        if order["state"] == "paid" and "confirmed_at" not in order:
            yield f"nobody was told that order {sort_id} is paid"
    kinds = ("Removal", "AvatarRemoval", "CoverRemoval", "RecordingRemoval")
    removals = [where for kind in kinds for where in stored.of(kind)]
    yield from (f"removal {one[1]} was never carried out" for one in removals)
    unasked = (*stored.of("EndpointRemoval"), *stored.of("UnnamedEndpoint"))
    yield from (f"SNS was never asked to forget {one[1]}" for one in unasked)
    yield from (f"letter {one[1]} was never sent" for one in (*stored.of("OutboxMessage"), *stored.of("ClosureNotice")))
    yield from (f"nobody was told that a camera is {one[1]}" for one in stored.of("PresenceChange"))
    yield from (f"the picture of {one[0]} was never fetched" for one in stored.of("OfferedPicture"))
    for (_, transfer_id), offer in stored.of("Offer").items():
        if "told_at" not in offer:
            yield f"nobody was told of {transfer_id}"
    for (_, device_id), invitation in stored.of("Invitation").items():
        if "told_at" not in invitation:
            yield f"nobody was told of an invitation to {device_id}"
    for (_, sort_id), export in stored.of("Export").items():
        if "announced_at" not in export:
            yield f"copy {sort_id} was asked for and is {export['state']}"


@invariant
def what_is_personal_is_sealed(stored: Stored) -> Found:
    for base in BASES:
        for row in stored.dump["tables"][base.Meta.table_name]:
            yield from _in_the_clear(stored, base.Meta.table_name, row)
    names = {base.Meta.table_name for base in BASES}
    for table, records in stored.dump["streams"].items():
        for record in records if table in names else ():
            for image in ("OldImage", "NewImage"):
                yield from _in_the_clear(stored, table, record.get(image))


def _in_the_clear(stored: Stored, table: str, row: Row | None) -> Found:
    if row is None:
        return
    kind = stored.kind_of(table, row)
    if kind is None:
        yield f"nobody knows what {row['pk']} {keys.kind_of(row['sk']) if 'sk' in row else None} is"
        return
    yield from (f"{kind.__name__}.{name} is not declared" for name in row.keys() - declared(kind))
    for name in personal(kind):
        value = row.get(name)
        # One byte of form, twelve of nonce, sixteen of tag, and a value.
        if value is not None and (not isinstance(value, str) or value[0] != "\x01" or len(value) < 30):
            yield f"{kind.__name__}.{name} is in the clear"
