"""Transfer of an account to another region: it is vouched for there, made there, and only then erased here (B1a,
B17)."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from chalicelib import clock, ids, jwks, jws
from chalicelib.accounts.actions import region_transfer, regions
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Gone, Invalid
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import closing
from chalicelib.privacy.records import Relocation
from chalicelib.register.erasures import MOVE
from chalicelib.sessions.actions import opening as sessions
from chalicelib.sessions.shapes import Tokens
from chalicelib.settings import settings
from chalicelib.store.commit import commit_and_answer, create
from chalicelib.store.records import read
from chalicelib.words import Phrase

_TICKET, _ARRIVAL = "move-ticket+jwt", "move-arrival+jwt"
_TICKET_MINUTES, _ARRIVAL_DAYS = 15, 30
# Clocks differ, but not by more.
LEEWAY_S = 60

_Said = TypeVar("_Said", shapes.Ticket, shapes.Arrival, shapes.PlanTicket)


class SameRegion(Conflict):
    pass


class TicketWrong(Invalid):
    """One refusal for everything that may be wrong with it: a forger learns nothing."""

    def __init__(self) -> None:
        super().__init__(fields={"ticket": Phrase("ticket_not_valid_here")})


class TicketSpent(Gone):
    pass


class ArrivalWrong(Invalid):
    def __init__(self) -> None:
        super().__init__(fields={"arrival": Phrase("arrival_not_valid_here")})


def leave(caller: Caller, country: str) -> shapes.Leaving:
    """Vouch for the person in the region of that country; nothing ends here yet. Raises CountryUnknown, SameRegion."""
    endpoint = regions.endpoint_of(country)
    if endpoint == settings.public_url:
        raise SameRegion
    ticket_id = ids.new_id()
    ticket = jws.signed(_claims_of(caller.account, country, endpoint, ticket_id), _TICKET)
    relocation = Relocation.new(
        caller.account_id,
        ticket_id,
        cipher=caller.cipher,
        asked_at=clock.now_s(),
        country=country,
        endpoint=endpoint,
        expires_at=clock.epoch_s(clock.in_(days=_ARRIVAL_DAYS)),
    )
    devices = int(caller.account.devices)
    until = clock.in_(minutes=_TICKET_MINUTES)
    activity_row = activity.record(caller.account, "move_asked_for", who=caller.terminal, about=country)
    return commit_and_answer(create(relocation), activity_row, answer=shapes.Leaving(endpoint, ticket, until, devices))


def _claims_of(account: Account, country: str, endpoint: str, ticket_id: str) -> dict[str, object]:
    person = {
        name: value
        for name in ("email", "phone", "nickname", "language", "policy_version")
        if (value := getattr(account, name)) is not None
    }
    return {**claims_for(endpoint, ticket_id, minutes=_TICKET_MINUTES), **person, "country": country}


def claims_for(audience: str, subject: str, **life: float) -> dict[str, object]:
    """What each of our statements to another region says of itself."""
    return {
        "iss": settings.public_url,
        "aud": audience,
        "sub": subject,
        "iat": clock.now_s(),
        "exp": clock.epoch_s(clock.in_(**life)),
    }


def arrive(body: shapes.Arrive, repeat_key: str | None) -> shapes.Arrived:
    """Make the account that another region vouches for, and open its first session, in one commit.

    Raises TicketWrong, TicketSpent, Misdirected, PasswordTooEasy, AddressTaken, KeysSilent.
    """
    ticket = verified(body.ticket, _TICKET, shapes.Ticket)
    if ticket is None or ticket.exp - ticket.iat > _TICKET_MINUTES * 60:
        raise TicketWrong
    regions.require_here(ticket.country)
    newcomer = region_transfer.Newcomer(
        came_from=ticket.iss,
        ticket_id=ticket.sub,
        ticket_until=ticket.exp + LEEWAY_S,
        contacts=_contacts(ticket),
        nickname=ticket.nickname,
        language=ticket.language,
        country=ticket.country,
        policy_version=ticket.policy_version,
    )
    arrival = jws.signed(claims_for(ticket.iss, ticket.sub, days=_ARRIVAL_DAYS), _ARRIVAL)
    tokens = _enter(newcomer, body, repeat_key)
    return shapes.Arrived(**msgspec.structs.asdict(tokens), arrival=arrival)


def _enter(newcomer: region_transfer.Newcomer, body: shapes.Arrive, repeat_key: str | None) -> Tokens:
    try:
        new = region_transfer.arrived(newcomer, body.password, repeat_key)
        return sessions.begin(new, body.terminal, repeat_key)
    except region_transfer.ArrivedBefore:
        # It may have come twice at the same time, and the other was faster: read what is so now.
        before = region_transfer.arrived_before(newcomer, body.password, repeat_key)
    if before is None:
        raise TicketSpent
    return sessions.begin_again(before.account, before.cipher, body.terminal, repeat_key, otherwise=TicketSpent)


def _contacts(ticket: shapes.Ticket) -> tuple[Contact, ...]:
    named = [(ticket.email, None), (None, ticket.phone)]
    try:
        contacts = tuple(addresses.contact_from(*one) for one in named if any(one))
    except Invalid as cause:
        raise TicketWrong from cause
    if not contacts:
        raise TicketWrong
    return contacts


def confirm(caller: Caller, arrival: str) -> shapes.Closing:
    """The account exists in the other region: it ends here, as closing ends it. Raises ArrivalWrong, KeysSilent."""
    claims = verified(arrival, _ARRIVAL, shapes.Arrival)
    relocation = None if claims is None else _relocation_of(caller, claims.sub)
    if claims is None or relocation is None or relocation.endpoint != claims.iss:
        raise ArrivalWrong
    return closing.close_account(caller.account, MOVE, moved_to=relocation.endpoint, moved_with=claims.sub)


def _relocation_of(caller: Caller, ticket_id: str) -> Relocation | None:
    (found,) = read(Relocation.key(caller.account_id, ticket_id))
    return None if found is None else found.decrypted_with(caller.cipher)


# What another installation says


def verified(text: str, typ: str, kind: type[_Said]) -> _Said | None:
    """The claims that another region's installation signed for us, of this type and in time; None for anything else."""
    from joserfc import jws as joserfc_jws
    from joserfc.errors import JoseError

    try:
        token = joserfc_jws.extract_compact(text.encode())
        # One reading of the very bytes that are signed: whose key it takes is said in them.
        claims = msgspec.json.decode(token.payload, type=kind)
        header = token.headers()
        if header.get("typ") != typ or claims.iss not in _others():
            return None
        key = jwks.key_at(f"{claims.iss}/keys", header.get("kid"))
        is_signed = joserfc_jws.validate_compact(token, key, ["ES256"])
    # What is no token at all may fail in any of these ways.
    except (jwks.KeyUnknown, JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return claims if is_signed and claims.aud == settings.public_url and _is_in_time(claims) else None


def _others() -> set[str]:
    return set(settings.regions.values()) - {settings.public_url}


def _is_in_time(claims: shapes.Claims) -> bool:
    return claims.iat - LEEWAY_S <= clock.now_s() < claims.exp
