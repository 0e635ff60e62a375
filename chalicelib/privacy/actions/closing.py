"""Closing an account, and proving that nothing of it is left (B17)."""

from __future__ import annotations

from chalicelib import clock, ids, jws
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.errors import NotFound
from chalicelib.identities import actions as identities
from chalicelib.orders import actions as orders
from chalicelib.outbox.actions import messages
from chalicelib.outbox.records import ClosureNotice
from chalicelib.privacy import shapes
from chalicelib.push.actions import terminals
from chalicelib.register import erase, erasures
from chalicelib.register.erasures import DONE, ERASING, OWNER, PARENT, Erasure
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, commit_and_answer
from chalicelib.store.records import read
from chalicelib.store.retrying import retrying_from

# Of the 300 seconds that the clock may take to go on with erasures, before it comes again.
BUDGET_S = 240


def close_account(account: Account, ordered_by: str = OWNER) -> shapes.Closing:
    """End the account in one commit, after which nothing of it can be read, whatever hangs below it; the erasure
    follows, and says who ordered it."""
    left = terminals.leave_unfinished(account)
    return retrying_from(account, lambda account: _close(account, ordered_by, left), accounts.read_again)


def remove_child(contact: Contact) -> shapes.Removed:
    """Close the account that is reached there as its owner would: a parent asked for it."""
    account = accounts.at(contact)
    return shapes.Removed(closed=None if account is None else close_account(account, PARENT))


def _close(account: Account, ordered_by: str, left: tuple[tuple[str, str], ...]) -> shapes.Closing:
    notice_id = ids.new_id()
    of_person = (Account.pk_prefix, account.pk_id), (ClosureNotice.pk_prefix, notice_id)
    erasure_id, begun = erasures.begin(*of_person, *left, ordered_by=ordered_by)
    answer = shapes.Closing(erasure_id=erasure_id, receipt_url=f"{settings.public_url}/erasures/{erasure_id}")
    notice = messages.write_closure_notice(notice_id, account, "privacy/mail/closed", url=answer.receipt_url)
    return commit_and_answer(*ending(account), *begun, *notice, answer=answer)


def ending(account: Account) -> tuple[Write, ...]:
    """Writes that end an account, with what may vouch for it; raises StaleRead on commit."""
    return *accounts.end(account), *identities.ends_of_all(account.pk_id)


def erasure_of(erasure_id: str) -> shapes.Erasure:
    """The state of an erasure, for anyone who has its id. Raises NotFound."""
    (erasure,) = read(Erasure.key(crypto.plain_hash(erasure_id)))
    if erasure is None:
        raise NotFound
    if erasure.receipt is None:
        return shapes.Erasure(state=ERASING)
    return shapes.Erasure(state=DONE, done_at=clock.at_epoch(erasure.done_at), receipt=erasure.receipt)


def run_pass(hashed_id: str, *, within_s: float = erase.SHORT_PASS_S) -> None:
    """One pass over an erasure; its receipt, as soon as nothing is left. What a pass has no time for, the next one
    finds."""
    erasure = erase.run_pass(hashed_id, within_s=within_s)
    if erasure is None or erasure.state != DONE:
        return
    if erasure.receipt is None:
        commit(change(erasure, receipt=jws.signed(_claims(erasure))))
    erase.schedule_next_pass(erasure)


def run_due_passes() -> int:
    """A pass over every erasure that is due; how many. One that fails, or is long, keeps no other waiting."""
    failed: Exception | None = None
    due, end = erase.due(), clock.ticks_s() + BUDGET_S
    for number, hashed_id in enumerate(due):
        try:
            run_pass(hashed_id, within_s=(end - clock.ticks_s()) / (len(due) - number))
        except Exception as fault:  # raised again below, so that the alarm rings
            failed = fault
    if failed is not None:
        raise failed
    return len(due)


def oldest_erasure_s() -> int:
    """For how many seconds the oldest erasure has been open and not done; 0 if there is none."""
    return erase.oldest_s()


def _claims(erasure: Erasure) -> dict[str, object]:
    """The claims of the receipt: random numbers and counts, nothing about a person."""
    return {
        "iss": settings.public_url,
        "iat": clock.now_s(),
        "erasure": erasure.pk_id,
        "subjects": sorted(crypto.plain_hash(subject) for subject in erasure.subjects),
        "ordered_by": erasure.ordered_by or OWNER,
        "begun_at": clock.rfc3339(erasure.begun),
        "done_at": clock.rfc3339(clock.at_epoch(erasure.done_at)),
        "keys_destroyed": len(erasure.subjects),
        # A pass that died between deleting and counting is repeated, and finds nothing to count.
        "deleted_at_least": {
            "database items": int(erasure.items),
            "stored objects": int(erasure.objects),
            "push endpoints": int(erasure.endpoints),
        },
        "checked": "every partition and prefix of the subjects was listed again and found empty",
        "looked_at_again_after_hours": [1, 24],
        "backups": "hold ciphertext whose keys are destroyed; gone after 36 days",
        "kept": [{**kept, "why": "tax law"} for kept in orders.kept_by_law(erasure.kept or ())],
    }


def public_keys() -> shapes.Keys:
    return shapes.Keys(keys=[jws.public_key()])
