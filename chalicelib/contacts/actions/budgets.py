"""Budgets of messages to addresses that somebody merely named, counted in the commit that causes each message."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib import clock, ids
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import MessageCount
from chalicelib.contacts.rules import MessagesUsedUp, PhoneNotTexted, TooManyMessages
from chalicelib.errors import Refusal
from chalicelib.settings import settings
from chalicelib.store import hour_keys
from chalicelib.store.commit import Write, merge
from chalicelib.words import Phrase

_KINDS = {"email": "mail", "phone": "text"}
# A day's count lies in parts of so many or more: a transaction is refused while another one is about the same item. Who
# comes when all but a few are used up may meet a part that is, so the last twentieth of a large budget may go unused.
_LEAST_PART, _MOST_PARTS = 1000, 16
# An IPv6 customer has at least a /64 and often a /56, which is worth as little as one IPv4 address; 256 of either are
# a network.
_NETWORK_BITS = {4: 24, 6: 48}


def counted(contact: Contact, source_ip: str) -> tuple[Write, ...]:
    """Writes that count one message to an address that somebody named from there.

    Raises PhoneNotTexted; TooManyMessages and MessagesUsedUp here or on commit, known address or not.
    """
    kind = _KINDS[contact.kind]
    country = None if contact.kind == "email" else texted_country(contact)
    now = clock.now()
    return (
        _of_address(contact, now),
        _of_hour(kind, "network", network_of(source_ip), now),
        *(() if country is None else (_of_day(kind, "country", country, most(kind, "country"), now),)),
        _of_installation(kind, now),
    )


def counted_to_owner(contact: Contact) -> tuple[Write, ...]:
    """Writes that count one text message to the account's own number; mails to one's own address are not counted.

    Codes to one's own address are refused for no quota of the installation's, as nobody could close an account without
    them: only who has had many within the hour waits for its end. On commit it raises TooManyMessages.
    """
    return () if contact.kind == "email" else (_of_address(contact, clock.now()),)


def most(kind: str, scope: str) -> int:
    """The limit; `scope` is address or network (an hour), country or day (a day)."""
    return settings.message_budgets(kind)[scope]


def _of_address(contact: Contact, now: datetime) -> Write:
    return _of_hour(_KINDS[contact.kind], "address", contact.value, now)


def _of_hour(kind: str, scope: str, what: str, now: datetime) -> Write:
    end = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return _count(hour_keys.hashed(kind, scope, what), most(kind, scope), end, TooManyMessages)


def _of_installation(kind: str, now: datetime) -> Write:
    whole = most(kind, "day")
    parts = max(1, min(_MOST_PARTS, whole // _LEAST_PART))
    part = int(ids.fraction() * parts) if parts > 1 else 0
    return _of_day(kind, "part", str(part), whole // parts, now)


def _of_day(kind: str, scope: str, what: str, most: int, now: datetime) -> Write:
    end = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return _count(f"{kind}-{now:%Y%m%d}-{scope}-{what}", most, end, MessagesUsedUp)


def _count(what: str, most: int, end: datetime, refusal: type[Refusal]) -> Write:
    otherwise = refusal(retry_after_seconds=max(1, clock.epoch_s(end) - clock.now_s()))
    if most < 1:
        raise otherwise
    return merge(
        MessageCount.new(what),
        MessageCount.sent.add(1),
        MessageCount.schema_version.set(1),
        MessageCount.expires_at.set(clock.epoch_s(end)),
        when=MessageCount.pk.does_not_exist() | (MessageCount.sent < most),
        otherwise=otherwise,
    )


def texted_country(contact: Contact) -> str:
    """The country of a mobile number that is texted; raises PhoneNotTexted for any other number."""
    # Here and not above, as it is 20 ms that only who uses a phone number needs.
    import phonenumbers
    from phonenumbers import PhoneNumberType

    number = phonenumbers.parse(contact.value, None)
    # Where numbers do not tell which is which, as in North America, they are both.
    if phonenumbers.number_type(number) not in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE):
        raise PhoneNotTexted(fields={"phone": Phrase("not_a_mobile_number")})
    country = phonenumbers.region_code_for_number(number)
    if country not in settings.text_countries:
        not_texted = Phrase("country_not_texted")
        raise PhoneNotTexted(fields={"phone": not_texted})
    return str(country)


def network_of(source_ip: str) -> str:
    """The caller's network, a /24 or a /48; everything that is no address counts as one."""
    # Here and not above: only who causes a message needs it.
    import ipaddress

    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return "unknown"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return str(ipaddress.ip_network((address, _NETWORK_BITS[address.version]), strict=False))
