"""Who is signed in: what a token names, and whether account, key and session stand (B2)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.entry.callers import Caller, Visitor
from chalicelib.errors import NotSignedIn
from chalicelib.sessions import rules
from chalicelib.sessions.records import Session
from chalicelib.sessions.rules import ACCESS, Claim
from chalicelib.store import crypto
from chalicelib.store.ciphers import VaultKey
from chalicelib.store.commit import Write, change, check, commit
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, in_service_since


def claim_of(access_token: str | None) -> Claim:
    return rules.cut_token(ACCESS, access_token)


def keys_of(claim: Claim) -> tuple[Key[Account], Key[VaultKey], Key[Session]]:
    return (*accounts.places_of(claim.account_id), Session.key(claim.account_id, claim.session_id))


def vouch(claim: Claim, found: Found, visitor: Visitor) -> Caller:
    """The caller, if account, key and session stand and the secret is the session's; raises NotSignedIn.

    At a token's first use its forerunner's refresh token is forgotten: used again, that one ends the family.
    """
    account, vault_key, session = of(claim, found)
    if not crypto.same(session.access_hash, crypto.plain_hash(claim.secret)):
        raise NotSignedIn
    if clock.now_s() >= session.access_until:
        raise NotSignedIn
    if session.spent_refresh_hash is not None:
        commit(_is_used(session))
    vault = vault_key.unlocked()
    return Caller(
        account.opened(vault),
        session.opened(vault),
        vault,
        visitor.language,
        visitor.country,
        visitor.repeat_key,
        visitor.source_ip,
    )


def _is_used(session: Session) -> Write:
    # A pair that follows upon no other, and each further use, writes nothing.
    still = Session.access_hash == session.access_hash
    return change(session, when=still, otherwise=NotSignedIn, spent_refresh_hash=None)


def of(claim: Claim, found: Found) -> tuple[Account, VaultKey, Session]:
    """Account, data key and session, if they are there and the session belongs to the account. Raises NotSignedIn."""
    account_key, data_key, session_key = keys_of(claim)
    account, vault_key, session = found[account_key], found[data_key], found[session_key]
    if account is None or vault_key is None or session is None or not stands(session, account):
        raise NotSignedIn
    return account, vault_key, session


def stands(session: Session, account: Account) -> bool:
    if session.epoch != account.epoch:
        return False
    return bool(session.rotated_at >= in_service_since())  # or it may have ended after what was restored


def must_stand(caller: Caller) -> Write:
    """Let a commit stand or fall with the caller's own session."""
    return check(caller.session, Session.pk.exists(), otherwise=NotSignedIn)
