"""Contact addresses, e-mail or phone: one normal form, one key to look them up by, one way to send to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct

from chalicelib.aws import ses, sms
from chalicelib.contacts.rules import AddressInvalid, PhoneInvalid, unsubscribing, unsubscribing_by_one_click
from chalicelib.errors import Invalid
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.words import Phrase, operator_named

# RFC 5321 (with erratum 1690); more is not worth a parser's time, whoever vouches for it.
_LONGEST_EMAIL = 254


class Contact(Struct, frozen=True):
    """An e-mail address, or a phone number in E.164, in its normal form."""

    kind: Literal["email", "phone"]
    value: str

    @property
    def hashed(self) -> str:
        """The hash it is looked up by. An e-mail address never begins with a plus before digits alone, so the two never
        meet."""
        return crypto.keyed_hash("addresses", self.value)


class Reachable(Protocol):
    """A holder of an address: an account, or one that is to be."""

    email: Any
    phone: Any
    language: Any


class LookedUp(Protocol):
    """The account found by an address."""

    address_hash: Any
    phone_hash: Any


class AddressHolder(Reachable, LookedUp, Protocol):
    """An account, which is both."""


def contact_from(email: str | None, phone: str | None) -> Contact:
    """The one of the two that was named. Raises Invalid, AddressInvalid or PhoneInvalid."""
    if (email is None) == (phone is None):
        raise Invalid(fields={"email": Phrase("email_or_phone")})
    if email is not None:
        return Contact("email", _normal_email(email))
    return Contact("phone", _normal_phone(phone or ""))


def of(owner: Reachable) -> Contact:
    """The address its owner is written to: by e-mail, or by phone where that is all there is."""
    return read_as(owner.phone if owner.email is None else owner.email)


def of_kind(account: Reachable, kind: str) -> Contact | None:
    """The account's own e-mail address or phone number, if it has one."""
    value = account.email if kind == "email" else account.phone
    return None if value is None else read_as(value)


def read_as(value: str) -> Contact:
    """A stored value, in its normal form."""
    return Contact("phone" if value.startswith("+") and "@" not in value else "email", value)


def hashes_of(account: LookedUp) -> list[str]:
    """The hashes that the account is looked up by."""
    return [hashed for hashed in (account.address_hash, account.phone_hash) if hashed is not None]


def hashed_as(account: AddressHolder, hashed: str) -> Contact | None:
    """The address of the account, decrypted, that is looked up by this hash, if that is one of its own now."""
    held = ((account.address_hash, account.email), (account.phone_hash, account.phone))
    return next((read_as(value) for own, value in held if own == hashed and value is not None), None)


def _normal_email(email: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    wrong = AddressInvalid(fields={"email": Phrase("not_an_email_address")})
    if len(email) > _LONGEST_EMAIL:
        raise wrong
    try:
        found = validate_email(email, check_deliverability=False, test_environment=settings.stage != "production")
    except EmailNotValidError as cause:
        raise wrong from cause
    return found.normalized.lower()


def _normal_phone(phone: str) -> str:
    # Here and not above, as it is 20 ms that only who uses a phone number needs.
    import phonenumbers

    wrong = PhoneInvalid(fields={"phone": Phrase("not_a_phone_number")})
    try:
        found = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException as cause:
        raise wrong from cause
    if found.extension or not phonenumbers.is_valid_number(found):
        raise wrong
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def send(
    to: Contact,
    template: str,
    language: str,
    *,
    tags: Mapping[str, str] | None = None,
    can_be_stopped: bool = False,
    one_click_url: str = "",
    **values: object,
) -> None:
    """A mail, or its subject as a text message. Reports of what became of a mail name its `tags`; one that can be
    stopped says where, and with `one_click_url` mail programs stop it themselves."""
    said = {"operator": operator_named(settings.operator["name"], language), **values}
    if to.kind == "phone":
        sms.send(to.value, template, language, **said)
        return
    stopped_at = settings.operator["contact"] if can_be_stopped else ""
    headers = unsubscribing_by_one_click(one_click_url) if one_click_url else unsubscribing(stopped_at)
    ses.send(to.value, template, language, tags=tags or {}, headers=headers, **said)


def notify(account: Reachable, template: str, **values: Any) -> None:
    """Write to the person in the language that they chose."""
    send(of(account), template, account.language, **values)
