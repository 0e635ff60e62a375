"""Parties of an invoice: the seller, and the buyer, as far as he asked to be named."""

from __future__ import annotations

import re

import msgspec

# The letters that the document's font has: Latin with all its marks, Greek, Cyrillic. No control characters among them,
# which XML could not say.
_WRITTEN = re.compile(
    "[\u0020-\u007e\u00a0-\u024f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u0490\u0491"
    "\u1e00-\u1ef9\u2010-\u2015\u2018-\u201e\u2022\u2026\u20ac\u2116]*"
)
# In VAT numbers Greece is EL.
_PREFIXES = {"EL": "GR"}


class Seller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sells, as the installation's settings say; the VAT number with its country before it, `PL5260250995`."""

    name: str
    address: str
    country: str
    vat_number: str


class Buyer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person or business that asked for an invoice in its name; `vat_number` as for the seller, of a business."""

    name: str
    address: str
    country: str
    vat_number: str | None = None


Party = Seller | Buyer


def is_written(text: str) -> bool:
    """Whether the document's font has all of its letters."""
    return _WRITTEN.fullmatch(text) is not None


def country_of(vat_number: str) -> str:
    """The country that gave a VAT number, by ISO 3166-1."""
    prefix = vat_number[:2]
    return _PREFIXES.get(prefix, prefix)
