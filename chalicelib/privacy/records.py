"""Records of rights that somebody exercised."""

from __future__ import annotations

from typing import Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib import clock
from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import Item, LedgerRow, Record
from chalicelib.store.tags import Time, key, personal, plain

ARCHIVES = Prefix("exports", subject="account", row=rows.DATA_SUBJECT_REQUESTS, keep_days=1, in_parts=True)

# What a hold has copied stays as long as the hold does, whose erasure ends it.
HELD = Prefix("held", subject="hold", row=rows.LEGAL_DISCLOSURE, in_parts=True)

PREPARING: Final = "preparing"
READY: Final = "ready"
# Kinds of rights, and how far each is.
RESTRICTION, OBJECTION = "restriction", "objection"
OPEN, IN_FORCE, ENDED = "open", "in_force", "ended"
GRANTED: Final = "granted"
REFUSED: Final = "refused"
WITHDRAWN: Final = "withdrawn"
# How far the copy of a hold is; interrupted is one whose subject ended meanwhile.
COPYING, COMPLETE, INTERRUPTED = "copying", "complete", "interrupted"


class Export(Item):
    """A copy of somebody's data that was requested, and its first archive, which waits for a day; the request is
    remembered. Copies have one archive unless there is very much, see ExportVolume."""

    pk_prefix = "account"
    sk_prefix = "export"
    stream_queue = "Exports"
    # How often its link was used would be forgotten.
    void_after_restore = "asked_at"

    asked_at = key(Time(), rows.DATA_SUBJECT_REQUESTS, why="time", exported=True)
    asked_in = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="random id of the session that proved who asks")
    state = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="preparing or ready", exported=True)
    archive = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="where the archive lies: random ids and a day")
    ready_at = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time", exported=True)
    until = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time: end of the archive", exported=True)
    size_bytes = key(NumberAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="size of the archive", exported=True)
    sha256 = key(UnicodeAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="hash of the archive", exported=True)
    links_used = plain(NumberAttribute(default_for_new=0), why="a count: each link opens once")
    volumes = plain(NumberAttribute(null=True), why="a count: of archives, if there are several")
    writer = plain(UnicodeAttribute(null=True), why="random id of the run that writes an archive, so that it is one")
    begun_at = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time: when the last archive was begun")
    announced_at = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time: when the person was notified")


class ExportVolume(Item):
    """A further archive of a copy that has several, for what the one before had no room for; its id is the copy's and
    its number. It waits for a day, as each does."""

    pk_prefix = "account"
    sk_prefix = "export-volume"
    # It is begun by the row in which the one before says that there is more.
    stream_queue = "Exports"
    void_after_restore = "ready_at"

    archive = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="where the archive lies: random ids and a day")
    after_subject = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="random id: whose objects it begins with")
    after_object = key(
        UnicodeAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="random ids and times: behind which of its objects"
    )
    ready_at = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time", exported=True)
    until = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time: end of the archive", exported=True)
    size_bytes = key(NumberAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="size of the archive", exported=True)
    sha256 = key(UnicodeAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="hash of the archive", exported=True)
    links_used = plain(NumberAttribute(default_for_new=0), why="a count: each link opens once")


class ExercisedRight(Item):
    """A right that somebody exercised, and what became of it; its sort id begins with its kind. Whether processing is
    restricted says the row of the data key, which everybody reads; this one says why."""

    pk_prefix = "account"
    # Sorts just before copies, so that one query brings both.
    sk_prefix = "exercised-right"

    kind = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="which right: one of a few words", exported=True)
    state = key(UnicodeAttribute(), rows.DATA_SUBJECT_REQUESTS, why="how far it is: one of a few words", exported=True)
    asked_at = key(Time(), rows.DATA_SUBJECT_REQUESTS, why="time", exported=True)
    due_at = key(Time(), rows.DATA_SUBJECT_REQUESTS, why="time: by then it is answered", exported=True)
    settled_at = key(Time(null=True), rows.DATA_SUBJECT_REQUESTS, why="time", exported=True)
    purpose = key(
        UnicodeAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="a row of the policy's table", exported=True
    )
    ground = personal(rows.DATA_SUBJECT_REQUESTS, null=True)
    note = personal(rows.DATA_SUBJECT_REQUESTS, null=True)
    answer = personal(rows.DATA_SUBJECT_REQUESTS, null=True)
    listed_at = key(
        UnicodeAttribute(null=True), rows.DATA_SUBJECT_REQUESTS, why="where operators find it", points_to="row"
    )


class OpenObjection(Item):
    """An objection that waits for an operator's answer, by the time at which it is due."""

    pk_prefix = "objections"
    sk_prefix = "objection"

    @property
    def request_id(self) -> str:
        return self.sort_id.partition("-")[2]


class Relocation(Item):
    """A move to another region that was requested, by its ticket's id; it ends with the account or in nothing."""

    pk_prefix = "account"
    sk_prefix = "relocation"

    asked_at = key(Time(), rows.REGISTRATION, why="time", exported=True)
    country = personal(rows.REGISTRATION)
    endpoint = personal(rows.REGISTRATION)


class PlanTicket(LedgerRow):
    """What was left of a device's plans when the account of its owner moved, signed for the other region; it is kept
    with the erasure for a year, as long as it counts."""

    pk_prefix = "erasure"
    sk_prefix = "plan-ticket"

    ticket = key(
        UnicodeAttribute(), rows.CLOUD_STORAGE, why="signed: times, entries of the catalogue, prices and random ids"
    )


class LogReading(LedgerRow):
    """Somebody looked into the API log."""

    pk_prefix = "log"
    sk_prefix = "reading"

    read_at = plain(NumberAttribute(), why="a time")
    since = plain(NumberAttribute(), why="a time: where what was looked at begins")
    until = plain(NumberAttribute(), why="a time: where it ends")
    about = key(
        UnicodeAttribute(null=True), rows.API_LOG_ADDRESSES, why="keyed hash of the account that was looked for"
    )
    reason = plain(UnicodeAttribute(), why="a case number or the like; whoever orders it may name nobody")


class Replay(LedgerRow):
    """Progress of carrying out again the erasures since a moment, on tables that were restored to it."""

    pk_prefix = "replay"
    sk_prefix = "replay"

    replayed_to = plain(UnicodeAttribute(null=True), why="hashed id of the last erasure that is replayed whole")
    subjects_to = key(
        UnicodeAttribute(null=True), rows.ACCOUNT_CLOSURE, why="random id of the last subject of the next"
    )
    deletions_to = plain(UnicodeAttribute(null=True), why="position of the last deletion that is replayed")
    erasures = plain(NumberAttribute(default_for_new=0), why="a count")
    subjects = plain(NumberAttribute(default_for_new=0), why="a count")
    deletions = plain(NumberAttribute(default_for_new=0), why="a count")
    finished_at = plain(NumberAttribute(null=True), why="a time")


class KeysRestore(LedgerRow):
    """Progress of looking through a restored table of keys for what the one in service lacks."""

    pk_prefix = "keys-restore"
    sk_prefix = "keys-restore"

    looked_to = key(UnicodeAttribute(null=True), rows.ACCOUNT_CLOSURE, why="random id of the last key looked at")
    added = plain(NumberAttribute(default_for_new=0), why="a count")
    ended = plain(NumberAttribute(default_for_new=0), why="a count of keys that stay deleted")
    finished_at = plain(NumberAttribute(null=True), why="a time")


class ErasedCustomer(LedgerRow):
    """A customer at a payment provider who belonged to an account that is erased, until the provider has deleted him
    with his card; then it says only that and when."""

    pk_prefix = "erasure"
    sk_prefix = "customer"

    provider = plain(UnicodeAttribute(), why="of the customer")
    customer = key(UnicodeAttribute(null=True), rows.PLAN_PURCHASE, why="the provider's number of its customer")
    gone_at = plain(NumberAttribute(null=True), why="a time")


class Hold(Item):
    """A legal hold: a copy, under a key of its own, of what some rows of the policy keep of a subject, to be kept or to
    be handed over. It is a subject itself, and nobody's child: what becomes of the original does not concern it, and
    its end is one erasure."""

    pk_prefix = "hold"
    sk_prefix = "hold"
    # Its insertion begins the copy.
    stream_queue = "Exports"

    subject = personal(rows.LEGAL_DISCLOSURE, withheld="a random id, for who holds it")
    position = personal(rows.LEGAL_DISCLOSURE, null=True, withheld="how far the copy is, by random ids")
    scope = plain(UnicodeSetAttribute(), why="rows of the policy")
    basis = key(UnicodeAttribute(), rows.LEGAL_DISCLOSURE, why="a case number or the like, which names nobody")
    state = plain(UnicodeAttribute(), why="copying, complete or interrupted")
    held_at = key(Time(), rows.LEGAL_DISCLOSURE, why="time")
    until = key(Time(), rows.LEGAL_DISCLOSURE, why="time")
    told_from = key(Time(), rows.LEGAL_DISCLOSURE, why="time: from then on whose data it is may know")
    items = plain(NumberAttribute(default_for_new=0), why="a count of records that were copied")
    objects = plain(NumberAttribute(default_for_new=0), why="a count of objects that were")
    is_disclosed = plain(NumberAttribute(null=True), why="1 of a copy that is made to be handed over")
    archive = key(UnicodeAttribute(null=True), rows.LEGAL_DISCLOSURE, why="where it is packed: a random id")
    size_bytes = plain(NumberAttribute(null=True), why="size of that archive")
    sha256 = plain(UnicodeAttribute(null=True), why="hash of that archive")


class HeldRecord(Item):
    """The copy of one record, and where the copies of its objects lie; it is named by a keyed hash of the original."""

    pk_prefix = "hold"
    sk_prefix = "held-record"

    content = personal(rows.LEGAL_DISCLOSURE, withheld="the original is shown, as long as it is there")
    folders = key(
        UnicodeSetAttribute(null=True), rows.LEGAL_DISCLOSURE, why="keyed hashes, times and random ids",
        points_to="folder",
    )  # fmt: skip


class HoldDue(Item):
    """A step of a hold that is due at a time: to tell whom it concerns, or to end it."""

    pk_prefix = "holds"
    sk_prefix = "hold-due"

    hold_id = key(UnicodeAttribute(), rows.LEGAL_DISCLOSURE, why="random id")
    # Whom it concerns may have to be told when the copy is gone long ago.
    proposal_id = plain(UnicodeAttribute(), why="keyed hash of the order")
    what = plain(UnicodeAttribute(), why="tell or end")


class HeldFrom(Item):
    """In the partition of whose data a hold has copied: that it did, on what basis and until when. Copies of one's data
    and receipts say so, as soon as it may be told."""

    basis = key(
        UnicodeAttribute(), rows.LEGAL_DISCLOSURE, why="a case number or the like, which names nobody", exported=True
    )
    scope = key(UnicodeSetAttribute(), rows.LEGAL_DISCLOSURE, why="rows of the policy", exported=True)
    held_at = key(Time(), rows.LEGAL_DISCLOSURE, why="time", exported=True)
    until = key(Time(), rows.LEGAL_DISCLOSURE, why="time", exported=True)
    told_from = key(Time(), rows.LEGAL_DISCLOSURE, why="time: from then on it may be told")
    hold_id = key(UnicodeAttribute(), rows.LEGAL_DISCLOSURE, why="random id", points_to="hold")

    def is_readable(self, subject_record: Record) -> bool:
        return super().is_readable(subject_record) and clock.now_s() >= self.told_from


class HeldAccount(HeldFrom):
    """A hold that copied from an account."""

    pk_prefix = "account"
    sk_prefix = "held"


class HeldDevice(HeldFrom):
    """A hold that copied from a device."""

    pk_prefix = "device"
    sk_prefix = "held"
