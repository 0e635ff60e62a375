"""The one source of ids, codes and randomness."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Iterable
from typing import TypeVar

_One = TypeVar("_One")
_source: Callable[[int], bytes] = os.urandom


def seed(number: int | None) -> None:
    """Make everything that follows repeatable (tests only); None returns to the system's randomness."""
    global _source
    _source = os.urandom if number is None else random.Random(number).randbytes  # noqa: S311  # repeatable is the point


def random_bytes(count: int) -> bytes:
    return _source(count)


def as_text(raw: bytes) -> str:
    """Lower-case base32 without padding: safe in paths, S3 keys and host names, and it survives being read aloud."""
    return base64.b32encode(raw).decode().rstrip("=").lower()


def from_text(text: str) -> bytes:
    """The bytes that `as_text` made it of; ValueError for anything else."""
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


LENGTH = 26


def new_id() -> str:
    """128 random bits in 26 letters and digits."""
    return as_text(random_bytes(16))


def new_child_id(parent_id: str) -> str:
    """An id of something that ends with its parent: the parent's own, followed by 26 letters and digits."""
    return parent_id + new_id()


def parent_of(child_id: str) -> str:
    """The id that a child's begins with; empty for what is nobody's child."""
    return child_id[:-LENGTH]


def own_part(child_id: str) -> str:
    """The part of a child's id that is its own, behind its parent's."""
    return child_id[-LENGTH:]


def as_code(raw: bytes) -> str:
    """Six digits of eight random bytes."""
    # 2^64 is no multiple of 10^6, but the bias is below 10^-13.
    return f"{int.from_bytes(raw[:8]) % 1_000_000:06d}"


def fraction() -> float:
    """A random number from 0 up to, not including, 1: for jitter."""
    return int.from_bytes(random_bytes(6)) / 2**48


def shuffled(several: Iterable[_One]) -> list[_One]:
    """In an order that says nothing, so that nobody is always the last."""
    return sorted(several, key=lambda _: random_bytes(8))
