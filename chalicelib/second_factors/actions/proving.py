"""The second factor of a sign-in: asked for, proved, and used up in the sign-in's own commit."""

from __future__ import annotations

from functools import partial
from typing import Any

from chalicelib.accounts.actions import letters, standing
from chalicelib.accounts.actions.guessing import Guessing
from chalicelib.accounts.actions.passwords import Proved
from chalicelib.accounts.records import Account, TerminalGuesses
from chalicelib.errors import Invalid, Words
from chalicelib.second_factors import rules
from chalicelib.second_factors.actions import factors, passkeys, recovery, totp
from chalicelib.second_factors.records import RecoveryCodes, Totp
from chalicelib.second_factors.rules import SecondFactorNeeded, SecondFactorWrong
from chalicelib.second_factors.shapes import SecondFactor
from chalicelib.store.commit import Write, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read

# Wrong ones are counted apart from wrong passwords: on each terminal that has signed in, and on all others together.
_COUNTED, _OTHERS = "second-factor", "others"


def places_of(account_id: str, terminal: str, said: SecondFactor) -> tuple[Key, ...]:
    """What has to be read to prove it. Raises Invalid unless it is exactly one."""
    counted = (TerminalGuesses.key(account_id, _COUNTED, where) for where in (terminal, _OTHERS))
    return (*counted, *_rows_of(account_id, said))


def _rows_of(account_id: str, said: SecondFactor) -> tuple[Key, ...]:
    if [said.totp, said.recovery_code, said.passkey].count(None) != 2:
        raise Invalid(fields={"second_factor": Words("needs exactly one of them", "wymaga dokładnie jednego")})
    if said.passkey is not None:
        return passkeys.places_of(account_id, said.passkey)
    return (Totp.key(account_id) if said.recovery_code is None else RecoveryCodes.key(account_id),)


def spent(proved: Proved, said: SecondFactor | None, found: tuple[Any, ...]) -> tuple[Write, ...]:
    """What uses it up; `found` is what was read at its places.

    Raises SecondFactorNeeded, SecondFactorWrong, and TooMany after five wrong ones. On commit it raises Changed if
    the same one, or another guess, came first.
    """
    if said is None:
        raise _needed(proved.account)
    on_terminal, on_others, *rows = found
    guessing = _guessing(proved, on_terminal, on_others)
    writes: list[Write] = []

    def is_right() -> bool:
        writes.extend(_spends(proved.account, said, rows) or ())
        return bool(writes)

    if not guessing.look(is_right):
        raise SecondFactorWrong
    # As many as are tried at the same moment, no more than five are looked at: who is right was not overtaken.
    return (*writes, remove(guessing.row, when=guessing.as_read, otherwise=standing.Changed))


def _guessing(proved: Proved, on_terminal: Any, on_others: Any) -> Guessing:
    is_known = proved.is_on_known_terminal
    row = TerminalGuesses.new(proved.account.partition_id, _COUNTED, proved.terminal if is_known else _OTHERS)
    before = on_terminal if is_known else on_others
    beside = partial(_told_of_guesses, proved.account)
    return Guessing(row, before, rules.wait_after_wrong_s, rules.WRONG_REMEMBERED_HOURS, beside)


def _told_of_guesses(account: Account, wrong: int) -> tuple[Write, ...]:
    return (letters.write(account, "second_factors/mail/guessed"),) if wrong == rules.FREE_TRIES else ()


def _spends(account: Account, said: SecondFactor, rows: list[Any]) -> tuple[Write, ...] | None:
    if said.passkey is not None:
        return passkeys.spends(account, rows[0], rows[1], said.passkey)
    if said.totp is not None:
        write = totp.spends(account, rows[0], said.totp)
        return None if write is None else (write,)
    write = recovery.spends(account, rows[0], said.recovery_code or "")
    # A recovery code is for emergencies: whoever used one, the person hears of it.
    return None if write is None else (write, _told_of_use(account, rows[0]))


def _told_of_use(account: Account, codes: RecoveryCodes) -> Write:
    return letters.write(account, "second_factors/mail/code_used", left=len(codes.hashes) - 1)


def _needed(account: Account) -> SecondFactorNeeded:
    codes, *known = read(RecoveryCodes.key(account.partition_id), *factors.passkey_places(account))
    methods = ["totp"] if rules.TOTP in account.second_factors else []
    methods += ["passkey"] if any(known) else []
    methods += ["recovery_code"] if codes is not None and codes.hashes else []
    asked = passkeys.asked(account, known) if any(known) else None
    return SecondFactorNeeded(methods=methods, passkey=asked)
