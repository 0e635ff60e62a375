"""Authentication and admission: the caller of a request, and what the route needs, by one consistent read."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.entry.callers import Caller, Claim, PersonTokens, Visitor
from chalicelib.entry.idempotency import IdempotentRequest
from chalicelib.entry.needs import Need
from chalicelib.errors import NotSignedIn, StepUpRequired
from chalicelib.store.records import Found, read_all


def admit_person(
    tokens: PersonTokens,
    visitor: Visitor,
    token: str | None,
    *,
    need: Need[object] | None,
    path_ids: tuple[str, ...],
    idempotency_of: Callable[[Claim], IdempotentRequest | None],
    stepped_up: bool,
) -> tuple[Caller, Found, IdempotentRequest | None]:
    """The caller, known by one consistent read of session, account, data key and the records of what the route needs;
    and what was read.

    Raises NotSignedIn, StepUpRequired, or Replayed, for which the token is verified first as for anything else, but for
    the exact repeat of a request that ended its own session: that is still answered.
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
    if repeat is not None:
        repeat.replay(found[repeat.where])
    if stepped_up and not caller.is_stepped_up:
        raise StepUpRequired
    return caller, found, repeat


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return str(token.strip())
