"""Recovery codes, for who has lost every other second factor."""

from __future__ import annotations

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.errors import NotSignedIn
from chalicelib.outbox.actions import messages
from chalicelib.second_factors import rules, shapes
from chalicelib.second_factors.records import RecoveryCodes
from chalicelib.second_factors.rules import SecondFactorMissing
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, check, commit, put
from chalicelib.store.keys import RawItem
from chalicelib.store.retrying import StaleRead


def make_codes(account: Account, who: str) -> shapes.RecoveryCodes:
    """Ten codes of 80 bits, in place of those before; the person is notified; a repeat makes others again (B2).

    Raises SecondFactorMissing.
    """
    account_id = account.pk_id
    codes = [ids.as_text(ids.random_bytes(rules.RECOVERY_CODE_BYTES)) for _ in range(rules.RECOVERY_CODES)]
    hashes = {_hash_of(account_id, code) for code in codes}
    kept = RecoveryCodes.new(account_id, hashes=hashes, made_at=clock.now_s())
    is_set_up = Account.second_factor_count > 0
    notice = messages.write(account, "second_factors/mail/codes_made")
    activity_row = activity.record(account, "recovery_codes_made", who=who)
    as_read = account_writes.has_sessions_as_read(account)
    allowed = check(account, is_set_up & as_read, otherwise=_not_allowed)
    commit(allowed, put(kept), notice, activity_row)
    return shapes.RecoveryCodes(codes=[rules.shown(code) for code in codes])


def _not_allowed(there: RawItem | None) -> BaseException:
    is_set_up = there is not None and int(there["second_factor_count"]["N"]) > 0
    return NotSignedIn() if is_set_up else SecondFactorMissing()


def spends(account: Account, kept: RecoveryCodes | None, code: str) -> Write | None:
    """A write that uses this code up; None if it is wrong or was used. On commit it raises StaleRead."""
    hashed = _hash_of(account.pk_id, rules.as_made(code))
    if kept is None or hashed not in (kept.hashes or ()):
        return None
    is_left = RecoveryCodes.hashes.contains(hashed)
    return change(kept, RecoveryCodes.hashes.delete({hashed}), when=is_left, otherwise=StaleRead)


def _hash_of(account_id: str, code: str) -> str:
    return crypto.keyed_hash("recovery codes", account_id, code)
