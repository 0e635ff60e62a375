"""Commits: one decision is one conditional write, or one transaction, that can safely be sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct, field
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clock, ids
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.aws.failures import is_busy, is_busy_code
from chalicelib.aws.json_calls import call
from chalicelib.errors import Conflict, Unavailable
from chalicelib.store import decoding, deletions, requests
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import Record, in_service_since, is_restoring

if TYPE_CHECKING:
    from pynamodb.attributes import Attribute

Answer = TypeVar("Answer")
# What to raise when a write's condition fails: a refusal, or a function of the item that is in the way.
Otherwise = BaseException | type[BaseException] | Callable[[RawItem | None], BaseException]

# Seven waits of at most 0.05 … 3.2 s stay within the 8 s in which a person is answered.
_WAITS_S = tuple(0.05 * 2**turn for turn in range(7))
_LONGEST_WAIT_S = sum(_WAITS_S)
MOST_WRITES = 100


class Write(Struct, frozen=True):
    """One item's part of a commit; `when` is the condition, `otherwise` what its failure means to the person."""

    operation: Literal["Put", "Update", "Delete", "ConditionCheck"]
    record: Record
    when: Condition | None
    otherwise: Otherwise
    actions: tuple[Action, ...] = field(default=())
    values: tuple[str, ...] = field(default=())
    is_noted: bool = True

    def request(self, commit_id: str, *, is_alone: bool) -> dict[str, object]:
        if self.operation == "Put":
            self.record.assign(commit_id=commit_id)
            return requests.put(self.record, self.when)
        if self.operation == "Update":
            mark = type(self.record).commit_id
            # A counter would count twice what is sent twice. A transaction has its token.
            when = _and(mark.does_not_exist() | (mark != commit_id), self.when) if is_alone else self.when
            return requests.update(self.record, (*self.actions, mark.set(commit_id)), when)
        return requests.of_key(self.record, self.when)


def create(record: Record, *, otherwise: Otherwise = Conflict) -> Write:
    """Store it, if nothing is there."""
    return Write("Put", record, absent(type(record)), otherwise)


def absent(kind: type[Record]) -> Condition:
    """Nothing is there, or only what is over and TTL has not taken yet."""
    condition: Condition = kind.pk.does_not_exist() | (kind.expires_at <= clock.now_s())
    if kind.void_after_restore is not None and (since := in_service_since()):
        condition |= getattr(kind, kind.void_after_restore) < since
    return condition


def is_set(attribute: Attribute[object], value: object) -> Condition:
    """The condition that an attribute has this value; that it is not there, for None and for what is empty."""
    condition: Condition = attribute == value if value else attribute.does_not_exist()
    return condition


def put(record: Record, *, when: Condition | None = None, otherwise: Otherwise = Conflict) -> Write:
    """Store it in place of what may be there."""
    return Write("Put", record, when, otherwise, values=record.replaced_for_good)


def change(
    record: Record, *actions: Action, when: Condition | None = None, otherwise: Otherwise = Conflict, **values: object
) -> Write:
    """Set these values (None removes one) on a record that must still be there; the object given changes with it."""
    kind = type(record)
    record.assign(**values)
    sets = tuple(
        getattr(kind, name).remove() if value is None else getattr(kind, name).set(record.attribute_values[name])
        for name, value in values.items()
    )
    return Write("Update", record, _and(kind.pk.exists(), when), otherwise, (*sets, *actions), tuple(values))


def change_to_stored(key: Key[Record], values: Mapping[str, Any], *, otherwise: Otherwise = Conflict) -> Write:
    """Set these values, each as DynamoDB has it, on a record that must still be there; None removes one."""
    attributes = key.record.get_attributes()
    read = {
        name: None if value is None else attributes[name].deserialize(value[attributes[name].attr_type])
        for name, value in values.items()
    }
    return change(_bare(key), when=None, otherwise=otherwise, **read)


def merge(
    record: Record, *actions: Action, when: Condition | None = None, otherwise: Otherwise = Conflict
) -> Write:
    """Change a record, making it where it is not there yet: for counters."""
    return Write("Update", record, when, otherwise, actions)


def remove(
    what: Record | Key[Record],
    *,
    when: Condition | None = None,
    otherwise: Otherwise = Conflict,
    is_noted: bool = True,
) -> Write:
    """Delete it; without a condition it may be gone already. What another ledger tells of is not `is_noted` in that of
    deletions."""
    return Write("Delete", _bare(what), when, otherwise, is_noted=is_noted)


def check(what: Record | Key[Record], when: Condition, *, otherwise: Otherwise = Conflict) -> Write:
    """Write nothing, but let the commit depend on this condition."""
    return Write("ConditionCheck", _bare(what), when, otherwise)


def _bare(what: Record | Key[Record]) -> Record:
    if isinstance(what, Record):
        return what
    record: Record = what.record(what.pk) if what.sk is None else what.record(what.pk, what.sk)
    return record


def _and(one: Condition, other: Condition | None) -> Condition:
    return one if other is None else one & other


_answer_record: ContextVar[Callable[[object], Write] | None] = ContextVar("answer_record", default=None)


@contextmanager
def with_answer_record(answer_record: Callable[[object], Write] | None) -> Iterator[None]:
    """Within this block `commit_and_answer` commits one more write: the answer's own record."""
    token = _answer_record.set(answer_record)
    try:
        yield
    finally:
        _answer_record.reset(token)


_waits_until: ContextVar[float | None] = ContextVar("waits_until", default=None)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Within this block commits wait no longer than that in all for others that are in their way, for who is not a
    person and asks again by himself."""
    token = _waits_until.set(clock.ticks_s() + seconds)
    try:
        yield
    finally:
        _waits_until.reset(token)


def may_wait(seconds: float) -> bool:
    """Whether there is so much time left, in a block that waits no longer."""
    until_ticks = _waits_until.get()
    return until_ticks is None or clock.ticks_s() + seconds <= until_ticks


def commit(*writes: Write) -> None:
    """Carry out all of the writes or none.

    What a restored table must not bring back is noted with it. Raises what the failed write's `otherwise` says, or
    Unavailable after eight seconds of conflicts.
    """
    _send((*writes, *_noted(writes)), ids.new_id())


def _noted(writes: tuple[Write, ...]) -> tuple[Write, ...]:
    """The write that notes in the ledger of deletions what these delete and replace for good, if any does."""
    if is_restoring():  # whatever is done again was noted when it was done first
        return ()
    gone = (one for one in writes if one.operation == "Delete" and one.is_noted)
    deleted = [one.record.own_key for one in gone if one.record.is_deleted_for_good]
    replaced = {
        deletions.written(one.record.own_key): values
        for one in writes
        if (values := _replaced_for_good(one))
    }
    return (note(*deleted, replaced=replaced),) if deleted or replaced else ()


def _replaced_for_good(write: Write) -> RawItem:
    names = [name for name in write.values if name in write.record.replaced_for_good]
    if not names:
        return {}
    stored = write.record.serialize()
    return {name: stored.get(name) for name in names}


def note(*deleted: Key[Record], replaced: dict[str, RawItem] | None = None, until: int | None = None) -> Write:
    """A write that notes in the ledger that these records count as deleted, or all that was there until then, to be
    committed with what makes them so."""
    return put(deletions.deletion_of(deleted, replaced, until))


def commit_and_answer(*writes: Write, answer: Answer) -> Answer:
    """Commit what the request was for, and answer with this.

    The answer is kept beside the effect, in the same transaction, so that an exact repeat of the request is
    answered and not carried out again.
    """
    answer_record = _answer_record.get()
    commit(*(() if answer_record is None else (answer_record(answer),)), *writes)
    return answer


def _send(writes: tuple[Write, ...], commit_id: str) -> None:
    if len(writes) > MOST_WRITES:
        raise ValueError(f"{len(writes)} writes in one commit")
    # A lone conditional delete leaves nothing behind to compare after a lost reply; a transaction has its token.
    alone = len(writes) == 1 and writes[0].operation in ("Put", "Update")
    attempt = _write_alone if alone else _write_together
    requests = [write.request(commit_id, is_alone=alone) for write in writes]
    left_s = _LONGEST_WAIT_S
    for wait_s in (*_WAITS_S, None):
        if attempt(writes, requests, commit_id):
            return
        if wait_s is None or wait_s > left_s or not may_wait(wait_s):
            raise Unavailable(retry_after_seconds=2)
        left_s -= wait_s
        clock.sleep(wait_s * ids.fraction())


def _write_alone(writes: tuple[Write, ...], requests: list[dict[str, object]], commit_id: str) -> bool:
    (write,), (request,) = writes, requests
    try:
        call("dynamodb", f"{write.operation}Item", request)
    except CallRefused as refused:
        if is_busy(refused):
            return False
        if refused.code != "ConditionalCheckFailedException":
            raise
        _accept_or_refuse(write, _existing(refused.body), commit_id)
    except ReplyLost as lost:
        raise Unavailable(retry_after_seconds=2) from lost
    return True


def _write_together(writes: tuple[Write, ...], requests: list[dict[str, object]], commit_id: str) -> bool:
    items = [{write.operation: request} for write, request in zip(writes, requests, strict=True)]
    try:
        # The token makes what is sent again after a lost reply one and the same transaction.
        call("dynamodb", "TransactWriteItems", {"TransactItems": items, "ClientRequestToken": commit_id})
    except CallRefused as refused:
        if is_busy(refused):
            return False
        if refused.code != "TransactionCanceledException":
            raise
        reasons = refused.body["CancellationReasons"]
        for write, reason in zip(writes, reasons, strict=True):
            if reason["Code"] == "ConditionalCheckFailed":
                raise _refusal(write, _existing(reason)) from None
        if any(is_busy_code(reason["Code"]) for reason in reasons):
            return False
        raise
    except ReplyLost as lost:
        raise Unavailable(retry_after_seconds=2) from lost
    return True


def _existing(refused: dict[str, Any]) -> RawItem | None:
    """The item that made a condition fail."""
    item = refused.get("Item")
    return None if item is None else decoding.with_bytes(item)


def _accept_or_refuse(write: Write, existing: RawItem | None, commit_id: str) -> None:
    # The item that made the condition fail comes with the refusal, read consistently. If it bears our own mark, the
    # first try succeeded and only its reply was lost.
    if existing is None or existing.get("commit_id", {}).get("S") != commit_id:
        raise _refusal(write, existing) from None


def _refusal(write: Write, existing: RawItem | None) -> BaseException:
    otherwise = write.otherwise
    if isinstance(otherwise, BaseException):
        return otherwise
    return otherwise() if isinstance(otherwise, type) else otherwise(existing)
