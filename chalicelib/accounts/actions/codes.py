"""One-time codes: made, sent, and proved."""

from __future__ import annotations

from typing import Any

from chalicelib import clock, ids
from chalicelib.accounts import rules
from chalicelib.accounts.records import Code
from chalicelib.accounts.rules import CodeOver, CodeTooSoon, CodeWrong
from chalicelib.aws import crypto, mail
from chalicelib.aws.commit import Write, change, commit, remove
from chalicelib.aws.keys import Key
from chalicelib.errors import Words
from chalicelib.settings import settings

_REMEMBERED_HOURS = 24


def new_code(account_id: str, purpose: str, old: Code | None = None) -> tuple[Code, str]:
    """A code to be stored, and its digits to be sent; raises CodeTooSoon if the last one is too young."""
    now = clock.now_s()
    sends = 1 if old is None else int(old.sends) + 1
    if old is not None:
        left = int(old.sent_at) + rules.wait_before_resend_s(int(old.sends)) - now
        if left > 0:
            raise CodeTooSoon(retry_after_seconds=left)
    digits = ids.new_code()
    code = Code.new(
        account_id,
        purpose,
        code_hash=_code_hash(account_id, purpose, digits),
        until=now + rules.CODE_MINUTES * 60,
        tries=0,
        sends=sends,
        sent_at=now,
        expires_at=now + _REMEMBERED_HOURS * 3600,
    )
    return code, digits


def prove_code(code: Code | None, digits: str) -> Write:
    """Check the digits against the code; the write that spends it. Raises CodeWrong or CodeOver.

    The try is counted before the comparison, so that many tries at once are still five.
    """
    if code is None or clock.now_s() >= code.until or code.tries >= rules.CODE_TRIES:
        raise CodeOver
    tries = int(code.tries)
    commit(change(code, tries=tries + 1, when=Code.tries == tries, otherwise=wrong_code))
    if not crypto.same(code.code_hash, _code_hash(code.partition_id, code.place_id, digits)):
        raise wrong_code()
    return remove(code, when=Code.code_hash == code.code_hash, otherwise=CodeOver)


def wrong_code(standing: dict[str, Any] | None = None) -> CodeWrong:
    return CodeWrong(fields={"code": Words("is not right", "jest nieprawidłowy")})


def _code_hash(account_id: str, purpose: str, digits: str) -> str:
    return crypto.keyed_hash("codes", account_id, purpose, digits)


def code_key(account_id: str, purpose: str) -> Key:
    return Code.key(account_id, purpose)


def send_code(email: str, language: str, digits: str, template: str = "accounts/mail/code") -> None:
    mail.send(
        email, template, language, code=digits, minutes=rules.CODE_MINUTES, operator=settings.operator["name"]
    )
