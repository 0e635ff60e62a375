"""Legal holds: what the law demands is copied under a key of its own, and ends by the clock; the original goes as ever
(F3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.errors import Invalid, NotFound
from chalicelib.outbox.actions import messages
from chalicelib.privacy import shapes
from chalicelib.privacy.actions.hold_copies import held_from, kind_of
from chalicelib.privacy.records import COPYING, Hold, HoldDue
from chalicelib.register import erasures, rows
from chalicelib.register.proposals import Approval
from chalicelib.store import ciphers, keys
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, check, commit, create, put, remove
from chalicelib.store.passes import run_pass
from chalicelib.store.records import Record, read
from chalicelib.store.retrying import NothingToDo
from chalicelib.words import Phrase

# Of the 29 seconds that the job may take; it comes again within the hour.
_DUE_BUDGET_S = 20
_TELL, _END = "tell", "end"


# Ordering


def judge(order: shapes.Hold) -> None:
    """Raises Invalid, NotFound for what could not be held."""
    wrong = {}
    if order.until <= clock.now():
        wrong["until"] = Phrase("already_past")
    if order.told_from is not None and order.told_from > order.until:
        wrong["told_from"] = Phrase("behind_until")
    if set(order.scope) - {row.id for row in rows.ROWS}:
        wrong["scope"] = Phrase("no_row_of_the_policy")
    if wrong:
        raise Invalid(fields=wrong)
    if None in read(*_keys_of(order.subject)):
        raise NotFound("subject")


def hold(order: shapes.Hold, approval: Approval) -> shapes.Held:
    """Begin to copy; or how far it is, if that was approved before. Raises Invalid, NotFound."""
    hold_id = approval.proposal_id[: ids.LENGTH]
    if not approval.is_done:
        judge(order)
        commit(*approval.writes, *_begun(hold_id, order))
    (held,) = read(Hold.key(hold_id))
    if held is None:
        return shapes.Held(hold_id=hold_id, state="over", items=0, objects=0, until=order.until)
    return shapes.Held(
        hold_id=hold_id, state=held.state, items=int(held.items), objects=int(held.objects), until=order.until
    )


def _keys_of(subject_id: str) -> tuple[keys.Key[Record], ...]:
    """Of the record of an account or a device, and of what it is decrypted with."""
    own, parent = ciphers.chain_of(subject_id)
    return kind_of(subject_id).key(subject_id), *((own, parent) if ids.parent_of(subject_id) else (own,))


def _begun(hold_id: str, order: shapes.Hold) -> Iterator[Write]:
    cipher, data_key = ciphers.new_cipher(hold_id, until=order.until)
    now = clock.now()
    held = Hold.new(
        hold_id, cipher=cipher, subject=order.subject, scope=set(order.scope), basis=order.basis, state=COPYING,
        held_at=clock.epoch_s(now), until=clock.epoch_s(order.until),
        told_from=clock.epoch_s(order.told_from or now), expires_at=data_key.expires_at,
    )  # fmt: skip
    yield create(held)
    yield create(data_key)
    yield create(_due(held, _END, order.until))
    yield create(_due(held, _TELL, order.told_from or now))
    yield put(held_from(held, kind_of(order.subject).key(order.subject).pk))
    yield from (check(key, key.record.pk.exists(), otherwise=NotFound("subject")) for key in _keys_of(order.subject))


def _due(held: Hold, what: str, at: datetime) -> HoldDue:
    return HoldDue.new("", f"{at:%Y%m%dT%H%M%SZ}-{what}-{held.pk_id}", hold_id=held.pk_id, what=what)


# The clock


def run_due() -> int:
    """Tell of the holds that may be told of by now, and end those that are over; how many."""
    due = HoldDue.list_of("", last=f"{clock.now():%Y%m%dT%H%M%SZ}").items
    return run_pass(due, _run_due, budget_s=_DUE_BUDGET_S)


def _run_due(row: HoldDue) -> int:
    (_end if row.what == _END else _tell)(row)
    return 1


def _end(row: HoldDue) -> None:
    """Its key goes, and its erasure finds all of it."""
    _, begun = erasures.begin((Hold.pk_prefix, row.hold_id), ordered_by=erasures.HOLD_OVER)
    gone = remove(row, when=HoldDue.pk.exists(), otherwise=NothingToDo)
    commit(gone, remove(DataKey.key(row.hold_id), is_noted=False), *begun)


def _tell(row: HoldDue) -> None:
    """Whose data it is, if he is still there: by mail, and in the activity."""
    gone = remove(row, when=HoldDue.pk.exists(), otherwise=NothingToDo)
    held, key = read(Hold.key(row.hold_id), DataKey.key(row.hold_id))
    account = None if held is None or key is None else _account_of(held.decrypted_with(key.unlocked()).subject)
    if held is None or account is None:
        return commit(gone)
    until = f"{clock.at_epoch(held.until):%Y-%m-%d}"
    commit(
        gone,
        change(held, otherwise=NothingToDo, told_at=clock.now_s()),
        activity.record(account, "copy_held", by=activity.OPERATOR, about=held.basis),
        messages.write(account, "privacy/mail/held", basis=held.basis, until=until),
        check(account, Account.pk.exists(), otherwise=NothingToDo),
    )
    return None


def _account_of(subject_id: str) -> Account | None:
    account_id = access.owner_of(subject_id) or subject_id
    account, key = read(*accounts.keys_of(account_id))
    return None if account is None or key is None else account.decrypted_with(key.unlocked())


def receipt_lines(hashed_id: str) -> list[dict[str, object]]:
    """What a receipt says of copies that the law keeps of what was erased; of those of which nothing may be told yet,
    nothing."""
    found = read(*(Hold.key(hold_id) for hold_id in erasures.holds(hashed_id)))
    return [
        {"basis": held.basis, "rows": sorted(held.scope), "until": clock.rfc3339(clock.at_epoch(held.until))}
        for held in found
        if held is not None and held.told_from <= clock.now_s() < held.until
    ]
