"""One-time codes: made, sent, sent again, and proved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from chalicelib import clock, ids
from chalicelib.contacts import rules
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Code
from chalicelib.errors import Gone, Invalid, TooMany
from chalicelib.register import rows
from chalicelib.store import crypto
from chalicelib.store.commit import Write, absent, change, commit, put, remove
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.throttle import require_free
from chalicelib.words import Phrase

CODE_MINUTES = rows.PASSWORD_RESET.kept_for.period // timedelta(minutes=1)
_REMEMBERED_HOURS = 24
# So often an exact repeat of a request sends its code again; a stranger's repeats must not flood anybody.
_MOST_REPEATS = 3


class CodeWrong(Invalid):
    pass


class CodeOver(Gone):
    pass


class CodeTooSoon(TooMany):
    pass


class _AskedAlready(Exception):
    """This very request has been answered, by its twin at the same moment or often enough."""


def key_of(account_id: str, purpose: str) -> Key[Code]:
    return Code.key(account_id, purpose)


def new(where: Key[Code], repeat_key: str | None, sends: int = 1) -> Code:
    """A code to be stored there; see `digits_of`."""
    now = clock.now_s()
    code = where.record(where.pk, where.sk)
    code.assign(
        seed=ids.new_id(),
        asked_by=_asked_by(where, repeat_key),
        until=now + CODE_MINUTES * 60,
        tries=0,
        sends=sends,
        sent_at=now,
        expires_at=now + _REMEMBERED_HOURS * 3600,
    )
    code.assign(code_hash=_code_hash(code, digits_of(code)))
    return code


def digits_of(code: Code) -> str:
    """They are stored nowhere: they follow from what is, and a secret that is not there."""
    return ids.as_code(crypto.derived("codes", code.pk, code.sk, code.seed))


def _asked_by(where: Key[Code], repeat_key: str | None) -> str | None:
    return None if repeat_key is None else crypto.keyed_hash("code requests", where.pk, where.sk or "", repeat_key)


def _code_hash(code: Code, digits: str) -> str:
    return crypto.keyed_hash("codes", code.pk_id, code.sort_id, digits)


def send(to: Contact, language: str, digits: str) -> None:
    addresses.send(to, "contacts/mail/code", language, code=digits, minutes=CODE_MINUTES)


def send_next(
    where: Key[Code],
    old: Code | None,
    repeat_key: str | None,
    send: Callable[[str], None],
    *more: Write,
    counted: Callable[[], tuple[Write, ...]] = tuple,
) -> None:
    """Put a new code in place of the old, in one commit with what is more and with what counts it, and send it.

    The exact repeat of the request that made the old one sends the same digits again, uncounted: the first may never
    have left. Raises CodeTooSoon, and what counting does.
    """
    try:
        code, write = _next(where, old, repeat_key)
        commit(write, *more, *(() if code is old else counted()))
    except _AskedAlready:
        return
    send(digits_of(code))


def send_again(old: Code | None, repeat_key: str | None, send: Callable[[str], None]) -> None:
    """The same digits, if this is the exact repeat of the request that made them."""
    if old is not None and _is_repeat(old, repeat_key):
        send_next(old.own_key, old, repeat_key, send)


def _next(where: Key[Code], old: Code | None, repeat_key: str | None) -> tuple[Code, Write]:
    if old is not None and _is_repeat(old, repeat_key):
        repeats = int(old.repeats or 0)
        if repeats >= _MOST_REPEATS:
            raise _AskedAlready
        as_read = (Code.code_hash == old.code_hash) & (Code.repeats == repeats)
        return old, change(old, repeats=repeats + 1, when=as_read, otherwise=_AskedAlready)
    _refuse_too_soon(old)
    code = new(where, repeat_key, 1 if old is None else int(old.sends) + 1)
    unchanged = absent(where.record) if old is None else Code.code_hash == old.code_hash
    return code, put(code, when=unchanged, otherwise=lambda existing: _overtaken(existing, code))


def _is_repeat(old: Code, repeat_key: str | None) -> bool:
    asked_by = _asked_by(old.own_key, repeat_key)
    return asked_by is not None and old.asked_by == asked_by and clock.now_s() < old.until


def _refuse_too_soon(old: Code | None) -> None:
    if old is not None:
        require_free(int(old.sent_at) + rules.wait_before_resend_s(int(old.sends)), CodeTooSoon)


def _overtaken(existing: RawItem | None, code: Code) -> BaseException:
    asked_by = (existing or {}).get("asked_by", {}).get("S")
    is_twin = asked_by is not None and asked_by == code.asked_by
    return _AskedAlready() if is_twin else CodeTooSoon(retry_after_seconds=30)


def prove_code(code: Code | None, digits: str) -> Write:
    """Check the digits against the code; the write that spends it. Raises CodeWrong or CodeOver.

    The try is counted before the comparison, so that many at the same time are still five; on the code itself, which
    locks for no time, since it ends after them.
    """
    if code is None or clock.now_s() >= code.until or code.tries >= rules.CODE_TRIES:
        raise CodeOver
    tries = int(code.tries)
    commit(change(code, tries=tries + 1, when=Code.tries == tries, otherwise=wrong_code))
    if not crypto.same(code.code_hash, _code_hash(code, digits)):
        raise wrong_code()
    return remove(code, when=Code.code_hash == code.code_hash, otherwise=CodeOver)


def wrong_code(existing: RawItem | None = None) -> CodeWrong:
    return CodeWrong(fields={"code": Phrase("code_wrong")})
