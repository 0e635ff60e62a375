"""The second factor of a sign-in: asked for, proved, and used up in the sign-in's own commit."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from chalicelib.accounts.actions.passwords import Proved
from chalicelib.accounts.records import Account, TerminalGuesses
from chalicelib.errors import Invalid
from chalicelib.outbox.actions import letters
from chalicelib.second_factors import rules
from chalicelib.second_factors.actions import factors, passkeys, recovery, totp
from chalicelib.second_factors.records import RecoveryCodes, Totp
from chalicelib.second_factors.rules import SecondFactorNeeded, SecondFactorWrong
from chalicelib.second_factors.shapes import SecondFactor
from chalicelib.store.commit import Write, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record, read_all
from chalicelib.store.retrying import StaleRead
from chalicelib.store.throttle import Throttle
from chalicelib.words import Phrase

# Wrong ones are counted apart from wrong passwords: on each terminal that has signed in, and on all others together.
_COUNTED, _OTHERS = "second-factor", "others"


def places_of(account_id: str, terminal: str, said: SecondFactor) -> tuple[Key[Record], ...]:
    """What has to be read to prove it. Raises Invalid unless it is exactly one."""
    counted = (TerminalGuesses.key(account_id, _COUNTED, where) for where in (terminal, _OTHERS))
    return (*counted, *_rows_of(account_id, said))


def _rows_of(account_id: str, said: SecondFactor) -> tuple[Key[Record], ...]:
    if [said.totp, said.recovery_code, said.passkey].count(None) != 2:
        raise Invalid(fields={"second_factor": Phrase("exactly_one")})
    if said.passkey is not None:
        return passkeys.places_of(account_id, said.passkey)
    return (Totp.key(account_id) if said.recovery_code is None else RecoveryCodes.key(account_id),)


def spent(proved: Proved, said: SecondFactor | None) -> tuple[Write, ...]:
    """What uses it up, by what was read at its places beside the account.

    Raises SecondFactorNeeded, SecondFactorWrong, and TooMany after five wrong ones. On commit it raises StaleRead if
    the same one, or another guess, came first.
    """
    if said is None:
        raise _needed(proved.account)
    throttle = _throttle(proved)
    writes: list[Write] = []

    def is_right() -> bool:
        writes.extend(_spends(proved.account, said, proved.beside) or ())
        return bool(writes)

    if not throttle.guess(is_right, partial(_told_of_guesses, proved.account)):
        raise SecondFactorWrong
    # As many as are tried at the same moment, no more than five are looked at: who is right was not overtaken.
    return (*writes, remove(throttle.row, when=throttle.as_read, otherwise=StaleRead))


def _throttle(proved: Proved) -> Throttle:
    where = proved.terminal if proved.is_on_known_terminal else _OTHERS
    row = TerminalGuesses.new(proved.account.partition_id, _COUNTED, where)
    before = proved.beside[TerminalGuesses.key(proved.account.partition_id, _COUNTED, where)]
    remembered = timedelta(hours=rules.WRONG_REMEMBERED_HOURS)
    return Throttle(row, before, "wait_until", rules.wait_after_wrong_s, remembered)


def _told_of_guesses(account: Account, wrong: int) -> tuple[Write, ...]:
    return (letters.write(account, "second_factors/mail/guessed"),) if wrong == rules.FREE_TRIES else ()


def _spends(account: Account, said: SecondFactor, found: Found) -> tuple[Write, ...] | None:
    account_id = account.partition_id
    if said.passkey is not None:
        passkey, challenge = passkeys.places_of(account_id, said.passkey)
        return passkeys.spends(account, found[passkey], found[challenge], said.passkey)
    if said.totp is not None:
        write = totp.spends(account, found[Totp.key(account_id)], said.totp)
        return None if write is None else (write,)
    codes = found[RecoveryCodes.key(account_id)]
    write = recovery.spends(account, codes, said.recovery_code or "")
    # A recovery code is for emergencies: whoever used one, the person hears of it.
    return None if codes is None or write is None else (write, _told_of_use(account, codes))


def _told_of_use(account: Account, codes: RecoveryCodes) -> Write:
    return letters.write(account, "second_factors/mail/code_used", left=len(codes.hashes) - 1)


def _needed(account: Account) -> SecondFactorNeeded:
    codes_key, passkey_keys = RecoveryCodes.key(account.partition_id), factors.passkey_places(account)
    found = read_all((codes_key, *passkey_keys))
    codes, known = found[codes_key], [found[key] for key in passkey_keys]
    methods = ["totp"] if rules.TOTP in account.second_factors else []
    methods += ["passkey"] if any(known) else []
    methods += ["recovery_code"] if codes is not None and codes.hashes else []
    asked = passkeys.asked(account, known) if any(known) else None
    return SecondFactorNeeded(methods=methods, passkey=asked)
