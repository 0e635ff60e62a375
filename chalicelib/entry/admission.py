"""Authentication and admission: the caller of a request, and what the route needs, by one consistent read."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.entry.callers import Caller, Claim, PersonTokens, Visitor
from chalicelib.entry.idempotency import IdempotentRequest
from chalicelib.entry.needs import Need
from chalicelib.errors import NotSignedIn, PolicyNotAccepted, ProcessingRestricted, Refusal, StepUpRequired
from chalicelib.register import policy_versions
from chalicelib.store.records import read_all


def admit_person(
    tokens: PersonTokens,
    visitor: Visitor,
    token: str | None,
    *,
    need: Need[object] | None,
    path_ids: tuple[str, ...],
    idempotency_of: Callable[[Claim], IdempotentRequest | None],
    stepped_up: bool,
    unrestricted: bool,
    before_agreement: bool,
    known: Callable[[str], None],
) -> tuple[Caller, tuple[object, ...], IdempotentRequest | None]:
    """The caller, known by one consistent read of session, account, data key and the records of what the route needs;
    and what it needs.

    Raises NotSignedIn, PolicyNotAccepted, StepUpRequired, ProcessingRestricted, what the need refuses with, or
    Replayed. For that the token is verified first, and the need asked, as for anything else: what was answered before
    may be somebody's who is gone since, or lets nobody in any more. Only the exact repeat of a request that ended its
    own session, or what it needed, is still answered.
    """
    claim = tokens.claim_of(token)
    repeat = idempotency_of(claim)
    needed = () if need is None else need.keys(claim.account_id, *path_ids)
    found = read_all((*tokens.keys_of(claim), *needed, *([] if repeat is None else [repeat.where])))
    try:
        caller = tokens.vouch(claim, found, visitor)
    except NotSignedIn:
        if repeat is not None:
            repeat.replay_after_the_end(found[repeat.where], is_account_alive=tokens.is_alive(claim, found))
        raise
    known(caller.account_id)
    handed: tuple[object, ...] = ()
    refused: Refusal | None = None
    try:
        handed = () if need is None else (need.admit(caller, found, *path_ids),)
    except Refusal as refusal:
        refused = refusal
    if repeat is not None and (refused is None or repeat.ends_need):
        repeat.replay(found[repeat.where])
    if not before_agreement:
        _require_agreement(caller)
    if stepped_up and not caller.is_stepped_up:
        raise StepUpRequired
    if refused is not None:
        if repeat is not None and repeat.ends_need:  # its own twin was faster
            repeat.replay_twin()
        raise refused
    if unrestricted and caller.is_restricted:
        raise ProcessingRestricted
    return caller, handed, repeat


def _require_agreement(caller: Caller) -> None:
    """The account's own row says what was agreed to, so that this asks nobody."""
    missing = policy_versions.missing_agreement(caller.account.policy_version)
    if missing is not None:
        raise PolicyNotAccepted(policy_version=missing)


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header, which is ASCII (RFC 6750, 2.1)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or not token.isascii():
        return None
    return str(token.strip())
