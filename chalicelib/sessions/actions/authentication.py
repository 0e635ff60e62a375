"""Authentication of sessions: a token's claims against account, key and session (B2)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.entry.callers import Caller, Visitor
from chalicelib.errors import NotSignedIn
from chalicelib.sessions import rules
from chalicelib.sessions.records import Session
from chalicelib.sessions.rules import ACCESS, Claim
from chalicelib.store import crypto
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, check, commit
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, in_service_since, read


def claim_of(access_token: str | None) -> Claim:
    return rules.parse_token(ACCESS, access_token)


def keys_of(claim: Claim) -> tuple[Key[Account], Key[DataKey], Key[Session]]:
    return (*accounts.keys_of(claim.account_id), Session.key(claim.account_id, claim.session_id))


def is_alive(claim: Claim, found: Found) -> bool:
    """Whether the account that a token claims exists, whatever became of the session."""
    return all(found[key] is not None for key in accounts.keys_of(claim.account_id))


def vouch(claim: Claim, found: Found, visitor: Visitor) -> Caller:
    """The caller, if account, key and session exist and the secret is the session's; raises NotSignedIn.

    At a token's first use its forerunner's refresh token is forgotten: used again, that one ends the family.
    """
    account, data_key_row, session = of(claim, found)
    if not crypto.same(session.access_hash, crypto.plain_hash(claim.secret)):
        raise NotSignedIn
    if clock.now_s() >= session.access_until:
        raise NotSignedIn
    if session.spent_refresh_hash is not None:
        commit(_is_used(session))
    cipher = data_key_row.unlocked()
    return Caller(
        account.decrypted_with(cipher),
        session.decrypted_with(cipher),
        cipher,
        data_key_row,
        visitor.language,
        visitor.country,
        visitor.repeat_key,
        visitor.source_ip,
    )


def _is_used(session: Session) -> Write:
    # A pair that follows upon no other, and each further use, writes nothing.
    still = Session.access_hash == session.access_hash
    return change(session, when=still, otherwise=NotSignedIn, spent_refresh_hash=None)


def of(claim: Claim, found: Found) -> tuple[Account, DataKey, Session]:
    """Account, data key and session, if they are there and the session belongs to the account. Raises NotSignedIn."""
    account_key, data_key, session_key = keys_of(claim)
    account, data_key_row, session = found[account_key], found[data_key], found[session_key]
    if account is None or data_key_row is None or session is None or not is_valid(session, account):
        raise NotSignedIn
    return account, data_key_row, session


def is_valid(session: Session, account: Account) -> bool:
    if session.session_generation != account.session_generation:
        return False
    return bool(session.rotated_at >= in_service_since())  # or it may have ended after what was restored


def require_exists(caller: Caller) -> Write:
    """Let a commit depend on the caller's own session."""
    return check(caller.session, Session.pk.exists(), otherwise=NotSignedIn)


def read_again(caller: Caller) -> Caller:
    """The caller with account and session as they are now. Raises NotSignedIn."""
    account, session = read(caller.account.own_key, caller.session.own_key)
    if account is None or session is None or not is_valid(session, account):
        raise NotSignedIn
    caller.account, caller.session = account.decrypted_with(caller.cipher), session.decrypted_with(caller.cipher)
    return caller
