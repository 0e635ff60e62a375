"""Step-up: proving again who one is, before what cannot be undone (B2)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.contacts.actions import addresses, budgets, codes
from chalicelib.contacts.records import Code
from chalicelib.entry.callers import Caller
from chalicelib.sessions import rules
from chalicelib.store.commit import change, commit_and_answer
from chalicelib.store.keys import Key
from chalicelib.store.records import read

_STEP_UP = "step-up"


def ask_for_step_up(caller: Caller) -> None:
    """Send a code to the account's own address. Raises CodeTooSoon, TooManyMessages."""
    where = _step_up_key(caller)
    (old,) = read(where)
    to, language = addresses.of(caller.account), caller.account.language
    send, counted = (lambda digits: codes.send(to, language, digits)), (lambda: budgets.counted_to_owner(to))
    codes.send_next(where, old, caller.repeat_key, send, counted=counted)


def step_up(caller: Caller, digits: str) -> None:
    """Ten minutes of raised trust for this session, for what cannot be undone."""
    (code,) = read(_step_up_key(caller))
    spent = codes.prove_code(code, digits)
    until = clock.epoch_s(clock.now() + rules.STEP_UP_LIFE)
    commit_and_answer(spent, change(caller.session, stepped_up_until=until), answer=None)


def _step_up_key(caller: Caller) -> Key[Code]:
    return codes.key_of(caller.account_id, f"{_STEP_UP}-{caller.session.sort_id}")
