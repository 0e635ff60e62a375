"""Typed prefetch and authorization: a route declares the records it needs, and is handed what its caller may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from chalicelib.store.keys import Key

if TYPE_CHECKING:
    from chalicelib.store.records import Record

# The keys of a need are read in one batch with the caller's session; `admit` then decides on what was read, before the
# request's body is looked at. The authorization matrix of the tests reads the right from the declaration.
Handed = TypeVar("Handed", covariant=True)
Keys = tuple[Key["Record"], ...]


class Need(Protocol[Handed]):
    """`keys(account_id, *path_ids)` names what is read; `admit(caller, found, *path_ids)` hands it out, or raises
    NotFound to whoever must not know of it and Forbidden to whoever may know but not do."""

    @property
    def keys(self) -> Callable[..., Keys]: ...

    @property
    def admit(self) -> Callable[..., Handed]: ...
