"""Regions: each account lives in the one of its country (B1a)."""

from __future__ import annotations

from chalicelib.accounts import rules
from chalicelib.errors import Conflict, Misdirected
from chalicelib.settings import settings


class RegionFixed(Conflict):
    """`endpoint` serves that country; `POST /me/move` leads there."""


def require_here(country: str) -> None:
    """Raises Misdirected, with the endpoint that serves the country, unless this is it; CountryUnknown."""
    endpoint = endpoint_of(country)
    if endpoint != settings.public_url:
        raise Misdirected(endpoint=endpoint)


def require_same(country: str) -> None:
    """Raises RegionFixed for a country of another region than the account's; CountryUnknown."""
    endpoint = endpoint_of(country)
    if endpoint != settings.public_url:
        raise RegionFixed(endpoint=endpoint)


def endpoint_of(country: str) -> str:
    """The installation that serves it; a country that no other serves is served here. Raises CountryUnknown."""
    return settings.regions.get(rules.region_of(country), settings.public_url)
