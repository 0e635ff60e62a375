"""Who is signed in: what a token names, and whether account, key and session stand (B2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib import clock
from chalicelib.accounts.actions import standing as accounts
from chalicelib.accounts.records import Account
from chalicelib.errors import NotSignedIn
from chalicelib.sessions import rules
from chalicelib.sessions.records import Session
from chalicelib.sessions.rules import ACCESS, Claim
from chalicelib.store import crypto
from chalicelib.store.ciphers import Vault
from chalicelib.store.commit import Write, change, check, commit
from chalicelib.store.keys import Key
from chalicelib.store.records import in_service_since


@dataclass
class Caller:
    """A signed-in person: what one consistent read said of them, and what the route asked to be read along."""

    account: Account
    session: Session
    vault: Vault
    language: str
    country: str
    repeat_key: str | None
    source_ip: str = ""
    along: tuple[Any, ...] = field(default=())

    @property
    def account_id(self) -> str:
        return self.account.partition_id

    @property
    def terminal(self) -> str:
        """In words that the person knows it by."""
        return self.session.terminal

    @property
    def is_stepped_up(self) -> bool:
        until = self.session.stepped_up_until
        return until is not None and clock.now_s() < until


def claim_of(access_token: str | None) -> Claim:
    return rules.cut_token(ACCESS, access_token)


def places_of(claim: Claim) -> tuple[Key, ...]:
    return (*accounts.places_of(claim.account_id), Session.key(claim.account_id, claim.session_id))


def place_of(account_id: str, session_id: str) -> Key:
    return Session.key(account_id, session_id)


def vouch(claim: Claim, found: tuple[Any, ...], language: str, country: str, repeat_key: str | None) -> Caller:
    """The caller, if account, key and session stand and the secret is the session's; raises NotSignedIn.

    At a token's first use its forerunner's refresh token is forgotten: used again, that one ends the family.
    """
    account, vault_key, session = of(found)
    if not crypto.same(session.access_hash, crypto.plain_hash(claim.secret)):
        raise NotSignedIn
    if clock.now_s() >= session.access_until:
        raise NotSignedIn
    if session.spent_refresh_hash is not None:
        commit(_is_used(session))
    vault = vault_key.unlocked()
    return Caller(account.opened(vault), session.opened(vault), vault, language, country, repeat_key)


def _is_used(session: Session) -> Write:
    # A pair that follows upon no other, and each further use, writes nothing.
    still = Session.access_hash == session.access_hash
    return change(session, when=still, otherwise=NotSignedIn, spent_refresh_hash=None)


def of(found: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    account, vault_key, session = found
    if account is None or vault_key is None or not stands(session, account):
        raise NotSignedIn
    return account, vault_key, session


def stands(session: Session | None, account: Account) -> bool:
    if session is None or session.epoch != account.epoch:
        return False
    return bool(session.rotated_at >= in_service_since())  # or it may have ended after what was restored


def must_stand(caller: Caller) -> Write:
    """Let a commit stand or fall with the caller's own session."""
    return check(caller.session, Session.pk.exists(), otherwise=NotSignedIn)
