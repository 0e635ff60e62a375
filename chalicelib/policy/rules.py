"""Rules of the policy: what changed from one version to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

Change = Literal["added", "removed", "changed"]


class Difference(Struct, frozen=True):
    """The difference of one row or section, before and after; of one that changed, those fields alone that did."""

    id: str
    title: str
    change: Change
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def differences(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], *, by: str, title: str
) -> list[Difference]:
    """Between two lists of things that are known by the field `by` and called by the field `title`: in the order of the
    new list, then what is gone."""
    olds, news = ({one[by]: one for one in some} for some in (before, after))
    return list(_between(olds, news, title))


def _between(
    olds: Mapping[str, Mapping[str, Any]], news: Mapping[str, Mapping[str, Any]], title: str
) -> Iterator[Difference]:
    for id, new in news.items():
        old = olds.get(id)
        if old is None:
            yield Difference(id, new[title], "added", None, dict(new))
        elif changed := [name for name in {**old, **new} if old.get(name) != new.get(name)]:
            was, now = ({name: one[name] for name in changed if name in one} for one in (old, new))
            yield Difference(id, new[title], "changed", was, now)
    for id in olds.keys() - news.keys():
        yield Difference(id, olds[id][title], "removed", dict(olds[id]), None)
