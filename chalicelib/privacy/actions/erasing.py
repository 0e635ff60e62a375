"""Erasures from the commit that begins one to its receipt: passes, their order, and the proof that nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from chalicelib import clock, ids, jws
from chalicelib.aws import sqs
from chalicelib.errors import NotFound
from chalicelib.orders.actions import keeping as orders
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import customers, holding, region_plans
from chalicelib.register import erase, erasures
from chalicelib.register.erasures import DONE, ERASING, OWNER, Erasure, OpenErasure, OpenSubject
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo

# Of the 300 seconds that the clock may take to order passes, before it comes again.
BUDGET_S = 240
# A receipt is stored in one item, of 400 KB at most, and names no more subjects, nor kept records, than fit into it.
MOST_NAMED = 1000
_MOST_SHOWN = 100

_Message = dict[str, str]


def erasure_of(erasure_id: str) -> shapes.Erasure:
    """The state of an erasure, for anyone who has its id. Raises NotFound."""
    (erasure,) = read(Erasure.key(crypto.plain_hash(erasure_id)))
    if erasure is None:
        raise NotFound
    if erasure.receipt is None:
        return shapes.Erasure(state=ERASING, plans=region_plans.of_erasure(erasure))
    done_at = clock.at_epoch(erasure.done_at)
    return shapes.Erasure(DONE, done_at, erasure.receipt, region_plans.of_erasure(erasure))


# Passes


def run_pass(hashed_id: str, subject: str, nth: int = 0) -> None:
    """One pass over one subject; the erasure's receipt, as soon as nothing of any is left.

    What a pass has no time for, the next one finds, which goes to the end of the queue: who came meanwhile is first.
    """
    region_plans.keep(hashed_id, subject)
    customers.keep(hashed_id, subject)
    passed = erase.run_pass(hashed_id, subject, nth)
    if passed is None:
        return
    if not passed.is_whole:
        sqs.send_together(OpenSubject.stream_queue, [_message(hashed_id, subject, nth + 1)])
    elif passed.is_last:
        customers.delete_all(hashed_id)
        _settle(passed.erasure)


def _message(hashed_id: str, subject: str, nth: int) -> _Message:
    return {"partition_id": hashed_id, "sort_id": subject, "pass": str(nth)}


def _settle(erasure: Erasure) -> None:
    """Nothing is open: sign the receipt, or, of one that is done already, put off its next pass."""
    (row,) = read(OpenErasure.key("", erasure.pk_id))
    with suppress(NothingToDo):  # two passes that ended at the same time, of which each saw the other's end
        if erasure.state == ERASING:
            erasure.assign(done_at=clock.now_s())
            is_first = Erasure.receipt.does_not_exist()
            ending = {"state": DONE, "done_at": erasure.done_at, "receipt": jws.signed(_claims(erasure))}
            done = change(erasure, when=is_first, otherwise=NothingToDo, **ending)
            commit(done, erasures.next_pass(erasure))
        elif row is not None and erasures.is_reopened(row):
            commit(erasures.next_pass(erasure))


# The clock


def order_due_passes() -> int:
    """Order a pass over each subject that is open in an erasure that is due; how many. One erasure that fails, or has
    many subjects, keeps no other waiting: each has one in turn, in an order that is another each time.

    It orders and does not make them: each pass has a function's time of its own, and there are many at a time.
    """
    faults: list[Exception] = []
    until_ticks, count = clock.ticks_s() + BUDGET_S, 0
    due = [_tolerant(row, until_ticks, faults) for row in ids.shuffled(erasures.due())]
    waiting = _in_turn(due)
    while clock.ticks_s() < until_ticks and (messages := list(islice(waiting, sqs.MOST_TOGETHER))):
        sqs.send_together(OpenSubject.stream_queue, messages)
        count += len(messages)
    if faults:
        raise faults[0]  # so that the alarm rings
    return count


def _in_turn(several: list[Iterator[_Message]]) -> Iterator[_Message]:
    while several:
        taken = [(one, next(one, None)) for one in several]
        yield from (message for _, message in taken if message is not None)
        several = [one for one, message in taken if message is not None]


def _tolerant(row: OpenErasure, until_ticks: float, faults: list[Exception]) -> Iterator[_Message]:
    try:
        yield from _due_passes(row, until_ticks)
    except Exception as fault:
        faults.append(fault)


def _due_passes(row: OpenErasure, until_ticks: float) -> Iterator[_Message]:
    hashed_id = row.sort_id
    (erasure,) = read(Erasure.key(hashed_id))
    if erasure is not None and erasure.state == DONE and not erasures.is_reopened(row):
        erasures.reopen(row, until_ticks)  # that they are open is reported
        return
    is_any = False
    for subject in erasures.open_subjects(hashed_id):
        is_any = True
        yield _message(hashed_id, subject.subject, int(subject.passes))
    if not is_any:  # who closed the last one died of it
        yield _message(hashed_id, "", 0)


def open_erasures() -> shapes.OpenErasures:
    """The erasures that the clock keeps in sight, of which a hundred are described."""
    in_sight = sorted(erasures.in_sight(), key=lambda row: int(row.next_at))
    begun = read(*(Erasure.key(row.sort_id) for row in in_sight[:_MOST_SHOWN]))
    items = [
        shapes.OpenErasure(
            erasure=row.sort_id,
            state=erasure.state,
            began_at=erasure.begun,
            next_pass_at=clock.at_epoch(row.next_at),
            open_subjects=sum(1 for _ in erasures.open_subjects(row.sort_id)),
        )
        for row, erasure in zip(in_sight, begun, strict=False)
        if erasure is not None
    ]
    items.sort(key=lambda one: one.began_at)
    return shapes.OpenErasures(items=items, total=len(in_sight), oldest_seconds=oldest_erasure_s())


def oldest_erasure_s() -> int:
    """For how many seconds the oldest erasure has been open and not done; 0 if there is none."""
    return erasures.oldest_s()


# The receipt


def _claims(erasure: Erasure) -> dict[str, object]:
    """The claims of the receipt: random numbers and counts, nothing about a person."""
    subjects, deleted, named = 0, dict.fromkeys(("items", "objects", "endpoints"), 0), []
    for row in erasures.erased_subjects(erasure.pk_id):
        subjects += 1
        named += [crypto.plain_hash(row.subject)] if subjects <= MOST_NAMED else []
        deleted = {name: deleted[name] + count for name, count in row.counts.items()}
    numbers = erasures.kept_numbers(erasure.pk_id)
    kept = orders.kept_by_law(islice(numbers, MOST_NAMED))
    return {
        "iss": settings.public_url,
        "iat": clock.now_s(),
        "erasure": erasure.pk_id,
        "subjects": sorted(named),
        "ordered_by": erasure.ordered_by or OWNER,
        "begun_at": clock.rfc3339(erasure.begun),
        "done_at": clock.rfc3339(clock.at_epoch(erasure.done_at)),
        "keys_destroyed": subjects,
        # A pass that died between deleting and counting is repeated, and finds nothing to count.
        "deleted_at_least": {
            "database items": deleted["items"],
            "stored objects": deleted["objects"],
            "push endpoints": deleted["endpoints"],
        },
        "checked": "every partition and prefix of the subjects was listed again and found empty",
        "looked_at_again_after_hours": [1, 24],
        "backups": "hold ciphertext whose keys are destroyed; gone after 36 days",
        "at_payment_providers": customers.receipt_lines(erasure.pk_id),
        "kept": [{**one, "why": "tax law"} for one in kept],
        "copies_held_by_law": holding.receipt_lines(erasure.pk_id),
        "subjects_not_named": subjects - len(named),
        "kept_not_named": sum(1 for _ in numbers),
    }


def public_keys() -> shapes.Keys:
    return shapes.Keys(keys=[jws.public_key()])
