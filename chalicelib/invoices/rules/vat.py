"""Value added tax of what is sold to a person or a business of a country: the rate, and the one way to round."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

# Of EN 16931 (UNTDID 5305): taxed at the standard rate, reverse charge, and a service that is outside the scope of the
# Union's tax since it is had elsewhere. `G` stands on documents of before: it is said of goods that are exported.
Category = Literal["S", "AE", "O", "G"]

# A rate is said in hundredths of a per cent, as Finland's is 25.5.
_WHOLE = 10_000


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Country → from which day on which standard rate holds; `within` are countries that are another's for VAT."""

    source: str
    rates: dict[str, dict[date, str]]
    within: dict[str, str]


_TABLE = msgspec.json.decode(Path(__file__).with_name("vat_rates.json").read_bytes(), type=_Table)

# The countries of the European Union, whose VAT is declared in the seller's own (the one-stop shop, OSS).
UNION = frozenset(_TABLE.rates)


class RateUnknown(LookupError):
    """No rate of a country is known for so early a day."""


class Tax(msgspec.Struct, frozen=True):
    """How a sale is taxed: where, in which category, and at how many hundredths of a per cent."""

    country: str
    category: Category
    rate_bp: int


class Split(msgspec.Struct, frozen=True):
    """A gross amount as what it is made of, in the smallest unit."""

    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax


def tax_of(country: str, on: date, *, seller_country: str, is_business: bool) -> Tax:
    """The tax of a sale to a buyer of this country on this day. A business is one that gave a valid VAT number of the
    Union: of another country than the seller's it owes the tax itself (Directive 2006/112/EC, art. 196); whoever is
    outside of the Union is charged none of it (art. 59); all others pay what is paid where they are (art. 58)."""
    where = union_country(country)
    if where not in UNION:
        return Tax(country, "O", 0)
    if is_business and where != union_country(seller_country):
        return Tax(country, "AE", 0)
    return Tax(country, "S", standard_rate_bp(where, on))


def union_country(country: str) -> str:
    """The country whose VAT holds in this one: Monaco is France's."""
    return _TABLE.within.get(country, country)


def standard_rate_bp(country: str, on: date) -> int:
    """The standard rate of a country of the Union on a day, in hundredths of a per cent. Raises RateUnknown."""
    since = [day for day in _TABLE.rates[country] if day <= on]
    if not since:
        raise RateUnknown(f"{country} on {on}")
    whole, _, fraction = _TABLE.rates[country][max(since)].partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def split(gross: int, rate_bp: int) -> Split:
    """Net, to the nearest smallest unit, half of one up; the tax is what is left of the gross amount, so that both make
    it up exactly."""
    net = (2 * gross * _WHOLE + _WHOLE + rate_bp) // (2 * (_WHOLE + rate_bp))
    return Split(net, gross - net)


def total(splits: Iterable[Split]) -> Split:
    """The sum of what was rounded one by one, as each document says it."""
    all_of = list(splits)
    return Split(sum(one.net for one in all_of), sum(one.tax for one in all_of))


def per_cent(rate_bp: int) -> str:
    """`23` or `25.5`."""
    return f"{rate_bp // 100}.{rate_bp % 100:02d}".rstrip("0").rstrip(".")
