"""Codes of an authenticator app (RFC 6238)."""

from __future__ import annotations

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions import addresses, codes
from chalicelib.errors import Conflict
from chalicelib.outbox.actions import messages
from chalicelib.second_factors import rules, shapes
from chalicelib.second_factors.actions import factors
from chalicelib.second_factors.records import PendingTotp, Totp
from chalicelib.second_factors.rules import SetupOver
from chalicelib.store.commit import Write, change, commit, commit_and_answer, create, put, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead


def begin(account: Account) -> shapes.TotpSecret:
    """A new secret, which a first code has to confirm; one that was in use is in use until then (B2)."""
    secret = ids.as_text(ids.random_bytes(rules.SECRET_BYTES)).upper()
    until = clock.in_(minutes=rules.TOTP_MINUTES)
    pending = PendingTotp.new(
        account.pk_id, cipher=account.cipher, secret=secret, expires_at=clock.epoch_s(until)
    )
    commit(put(pending))
    uri = rules.app_uri(secret, addresses.of(account).value)
    return shapes.TotpSecret(secret=secret, otpauth_uri=uri, until=clock.at_epoch(clock.epoch_s(until)))


def confirm(account: Account, who: str, code: str) -> None:
    """From now on a code of this app is required; the person is notified. Raises CodeWrong, SetupOver."""
    account_id = account.pk_id
    pending, before = read(PendingTotp.key(account_id), Totp.key(account_id))
    if pending is None:
        raise SetupOver
    secret = pending.decrypted_with(account.cipher).secret
    step = rules.step_of(secret, code, clock.now_s(), after=-1)
    if step is None:
        raise codes.wrong_code()
    app = Totp.new(account_id, cipher=account.cipher, secret=secret, added_at=clock.now_s(), last_step=step)
    as_read = PendingTotp.secret == pending.attribute_values["secret"]
    begun = remove(pending, when=as_read, otherwise=SetupOver)
    # Another app takes the place of the one before.
    added = (
        (create(app), account_writes.gains_second_factor(account))
        if before is None
        else (
            put(app, when=Totp.secret == before.attribute_values["secret"]),
            account_writes.require_sessions_as_read(account, otherwise=Conflict),
        )
    )
    notice = messages.write(account, "second_factors/mail/added", is_totp=True)
    activity_row = activity.record(account, "second_factor_added", who=who, about=factors.AN_APP)
    commit_and_answer(begun, *added, notice, activity_row, answer=None)


def spends(account: Account, app: Totp | None, code: str) -> Write | None:
    """A write that uses this code up; None if it is wrong or was used. On commit it raises StaleRead."""
    if app is None:
        return None
    step = rules.step_of(app.decrypted_with(account.cipher).secret, code, clock.now_s(), after=int(app.last_step))
    if step is None:
        return None
    as_read = (Totp.secret == app.attribute_values["secret"]) & (Totp.last_step < step)
    return change(app, last_step=step, when=as_read, otherwise=StaleRead)
