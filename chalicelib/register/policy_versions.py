"""Versions of the policy: those that are packaged, and those that this installation has published on top of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from pynamodb.attributes import UnicodeAttribute

from chalicelib import clock
from chalicelib.register import policy_table
from chalicelib.store.records import Item, read
from chalicelib.store.tags import plain
from chalicelib.words import translated

_HOUR = "%Y%m%d%H"


class PublishedPolicies(Item):
    """Every version that was published here, in one row, so that two of them are published one after the other."""

    pk_prefix = "policies"
    sk_prefix = "policies"

    versions = plain(UnicodeAttribute(), why="names, dates and hashes of what everybody may read, as JSON")


class PublishedPolicy(Item):
    """The text of a published version, in each language; it stays as people agreed to it."""

    pk_prefix = "policy"
    sk_prefix = "policy"

    texts = plain(UnicodeAttribute(), why="what everybody may read, by language, as JSON")
    named_to = plain(
        UnicodeAttribute(null=True), why="random id of an account: those up to it have been named to be told of it"
    )


class Version(Struct, frozen=True, omit_defaults=True):
    """`from_` is its first day, in UTC; the first of all holds before it, too. A published one adds its text to the
    edition `base`, which is packaged, and is told by the notice `notice_id`; `order_sha256` is of what was ordered."""

    name: str
    from_: str
    needs_agreement: bool = False
    base: str = ""
    notice_id: str = ""
    order_sha256: str = ""
    is_first: bool = False

    @property
    def begins(self) -> str:
        return "" if self.is_first else self.from_

    @property
    def is_published(self) -> bool:
        return bool(self.base)

    @property
    def edition(self) -> str:
        """The packaged text that it consists of, or begins with."""
        return self.base or self.name


class Policies(Struct, frozen=True):
    """All versions, the newest first."""

    versions: tuple[Version, ...]

    def named(self, name: str) -> Version:
        """Raises UnknownVersion."""
        for one in self.versions:
            if one.name == name:
                return one
        raise policy_table.UnknownVersion

    @property
    def in_force(self) -> Version:
        today = clock.now().date().isoformat()
        return next(one for one in self.versions if one.begins <= today)

    def is_older(self, name: str, than: Version) -> bool:
        """Whether it came before; one that nobody knows, as of another region, did."""
        names = [one.name for one in self.versions]
        return name not in names or names.index(name) > names.index(than.name)

    @property
    def to_agree_to(self) -> Version | None:
        """The newest of those in force that people must agree to anew, if there is one."""
        in_force = self.versions[self.versions.index(self.in_force) :]
        return next((one for one in in_force if one.needs_agreement), None)


def packaged() -> tuple[Version, ...]:
    editions = policy_table.editions()
    return tuple(Version(name, from_, needs, is_first=name == editions[-1][1]) for from_, name, needs in editions)


def of(row: PublishedPolicies | None) -> Policies:
    """All versions, where this row says which were published."""
    published = () if row is None else published_in(row)
    return Policies(tuple(sorted((*packaged(), *published), key=lambda one: (one.begins, one.name), reverse=True)))


def published_in(row: PublishedPolicies) -> tuple[Version, ...]:
    return msgspec.json.decode(row.versions, type=tuple[Version, ...])


def as_stored(versions: Sequence[Version]) -> str:
    return msgspec.json.encode(versions).decode()


def said_in(texts: str, language: str) -> str:
    """The text that a published version adds, in this language; what was not translated is said as it is."""
    return str(translated.read_in(texts, language))


def sha256(version: Version, texts: str | None, language: str) -> str:
    """The hash that is kept of the text agreed to."""
    of_edition = policy_table.sha256(language, version=version.edition)
    if texts is None:
        return of_edition
    return hashlib.sha256(f"{of_edition} {said_in(texts, language)}".encode()).hexdigest()


# What a container knows


class _Known(Struct, frozen=True):
    """What holds in one hour, and, if people must have agreed to something, which versions will do."""

    policies: Policies
    agreed: frozenset[str] | None


# The present hour's, once it has been read: an ordinary request asks nobody. Versions begin at midnight, and are
# published on a day before, so what was read in an hour holds until its end.
_known: dict[str, _Known] = {}


def known() -> Policies:
    """All versions that were published before this hour, at least."""
    return _this_hours().policies


def missing_agreement(agreed_to: str) -> str | None:
    """The version that somebody must agree to who agreed to this one last; None where nothing is missing."""
    this = _this_hours()
    if this.agreed is None or agreed_to in this.agreed:
        return None
    return this.policies.in_force.name


def _this_hours() -> _Known:
    hour = f"{clock.now():{_HOUR}}"
    if (found := _known.get(hour)) is not None:
        return found
    (row,) = read(PublishedPolicies.key())
    policies = of(row)
    needed = policies.to_agree_to
    _known.clear()
    _known[hour] = _Known(policies, None if needed is None else frozenset(_not_older(policies, needed)))
    return _known[hour]


def _not_older(policies: Policies, than: Version) -> Iterable[str]:
    return (one.name for one in policies.versions if not policies.is_older(one.name, than))


