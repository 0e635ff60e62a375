"""Addresses of people in their one normal form, and where they are looked up."""

from __future__ import annotations

from chalicelib.accounts.rules import AddressInvalid
from chalicelib.aws import crypto
from chalicelib.errors import Words
from chalicelib.settings import settings


def normal_address(email: str) -> str:
    """The address in its one normal form; raises AddressInvalid."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(email, check_deliverability=False, test_environment=settings.stage != "production")
    except EmailNotValidError as cause:
        raise AddressInvalid(fields={"email": Words("is not an e-mail address", "nie jest adresem e-mail")}) from cause
    return found.normalized.lower()


def address_hash(address: str) -> str:
    return crypto.keyed_hash("addresses", address)
