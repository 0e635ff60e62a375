"""The second factor of a sign-in: asked for, proved, and used up in the sign-in's own commit."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from chalicelib.accounts.actions.passwords import Proved
from chalicelib.accounts.records import Account, TerminalGuesses
from chalicelib.errors import Invalid
from chalicelib.outbox.actions import messages
from chalicelib.second_factors import rules
from chalicelib.second_factors.actions import factors, passkeys, recovery, totp
from chalicelib.second_factors.records import RecoveryCodes, Totp
from chalicelib.second_factors.rules import SecondFactorNeeded, SecondFactorWrong
from chalicelib.second_factors.shapes import SecondFactor
from chalicelib.store.commit import Write
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read
from chalicelib.store.throttle import Throttle
from chalicelib.words import Phrase

# Wrong ones are counted apart from wrong passwords: on each terminal that has signed in, and on all others together.
_COUNTED, _OTHERS = "second-factor", "others"


def keys_of(account_id: str, terminal: str, factor: SecondFactor) -> tuple[Key[Record], ...]:
    """The keys that have to be read to prove it. Raises Invalid unless it is exactly one."""
    counted = (TerminalGuesses.key(account_id, _COUNTED, where) for where in (terminal, _OTHERS))
    return (*counted, *_rows_of(account_id, factor))


def _rows_of(account_id: str, factor: SecondFactor) -> tuple[Key[Record], ...]:
    if [factor.totp, factor.recovery_code, factor.passkey].count(None) != 2:
        raise Invalid(fields={"second_factor": Phrase("exactly_one")})
    if factor.passkey is not None:
        return passkeys.keys_of(account_id, factor.passkey)
    return (Totp.key(account_id) if factor.recovery_code is None else RecoveryCodes.key(account_id),)


def spent(proved: Proved, factor: SecondFactor | None) -> tuple[Write, ...]:
    """Writes that use it up, by what was read with the account.

    Raises SecondFactorNeeded, SecondFactorWrong, and TooMany after five wrong ones. On commit it raises StaleRead if
    the same one came first, and TooMany if a wrong guess did.
    """
    if factor is None:
        raise _needed(proved.account)
    throttle = _throttle(proved)
    writes: list[Write] = []

    def is_right() -> bool:
        writes.extend(_spends(proved.account, factor, proved.beside) or ())
        return bool(writes)

    if not throttle.guess(is_right, partial(_notice_of_guesses, proved.account)):
        raise SecondFactorWrong
    return (*writes, throttle.forget())


def _throttle(proved: Proved) -> Throttle:
    where = proved.terminal if proved.is_on_known_terminal else _OTHERS
    row = TerminalGuesses.new(proved.account.pk_id, _COUNTED, where)
    before = proved.beside[TerminalGuesses.key(proved.account.pk_id, _COUNTED, where)]
    remembered = timedelta(hours=rules.WRONG_REMEMBERED_HOURS)
    return Throttle(row, before, "wait_until", rules.wait_after_wrong_s, remembered)


def _notice_of_guesses(account: Account, wrong: int) -> tuple[Write, ...]:
    return (messages.write(account, "second_factors/mail/guessed"),) if wrong == rules.FREE_TRIES else ()


def _spends(account: Account, factor: SecondFactor, found: Found) -> tuple[Write, ...] | None:
    account_id = account.pk_id
    if factor.passkey is not None:
        passkey, challenge = passkeys.keys_of(account_id, factor.passkey)
        return passkeys.spends(account, found[passkey], found[challenge], factor.passkey)
    if factor.totp is not None:
        write = totp.spends(account, found[Totp.key(account_id)], factor.totp)
        return None if write is None else (write,)
    codes = found[RecoveryCodes.key(account_id)]
    write = recovery.spends(account, codes, factor.recovery_code or "")
    # A recovery code is for emergencies: whoever used one, the person is notified of it.
    return None if codes is None or write is None else (write, _notice_of_use(account, codes))


def _notice_of_use(account: Account, codes: RecoveryCodes) -> Write:
    return messages.write(account, "second_factors/mail/code_used", left=len(codes.hashes) - 1)


def _needed(account: Account) -> SecondFactorNeeded:
    app, codes = read(Totp.key(account.pk_id), RecoveryCodes.key(account.pk_id))
    known = factors.passkeys_of(account)
    methods = [] if app is None else ["totp"]
    methods += ["passkey"] if known else []
    methods += ["recovery_code"] if codes is not None and codes.hashes else []
    request = passkeys.request(account, known) if known else None
    return SecondFactorNeeded(methods=methods, passkey=request)
