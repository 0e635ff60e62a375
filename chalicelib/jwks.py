"""The keys that others publish (JWKS), to verify what they signed."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib import clock, http_fetch
from chalicelib.errors import Unavailable

if TYPE_CHECKING:
    from joserfc.jwk import Key, KeySet

_PATIENCE_S = 3.0
_MOST_BYTES = 64 * 1024
# A made-up key id, or somebody who is down, makes us ask no more often.
_PAUSE_S = 20
# What somebody says of how long their keys may be kept is believed within these bounds.
_LEAST_KEPT_S, _USUALLY_KEPT_S, _MOST_KEPT_S = 300, 3_600, 86_400


class KeyUnknown(Exception):
    """Nobody of that name has such a key."""


class KeysSilent(Unavailable):
    pass


@dataclass
class _FetchedKeys:
    """The keys that a platform last published, and when they were last fetched."""

    asked_at: int = 0
    keys: KeySet | None = None
    until: int = 0

    @property
    def is_fresh(self) -> bool:
        return self.keys is not None and self.asked_at <= clock.now_s() < self.until

    @property
    def pause_s(self) -> int:
        """For how many seconds they must not be fetched again."""
        since = clock.now_s() - self.asked_at
        return _PAUSE_S - since if 0 <= since < _PAUSE_S else 0


# By address, for the life of the container; what anybody may read, and nothing of a person.
_fetched: dict[str, _FetchedKeys] = {}
# Lambda brings a container one request at a time; the local cloud does not.
_asking = threading.Lock()


def key_at(url: str, key_id: str | None) -> Key:
    """The key of this id that is published there, or, without an id, the only one; one that is not known makes us ask
    again, but not each time.

    Raises KeyUnknown, KeysSilent.
    """
    fetched = _fetched.setdefault(url, _FetchedKeys())
    if not fetched.is_fresh or _named(fetched, key_id) is None:
        with _asking:
            # Whoever waited here may find that they were just fetched.
            if not fetched.is_fresh or (_named(fetched, key_id) is None and not fetched.pause_s):
                _ask(url, fetched)
    key = _named(fetched, key_id)
    if key is None:
        raise KeyUnknown
    return key


def _named(fetched: _FetchedKeys, key_id: str | None) -> Key | None:
    keys = list(fetched.keys or ())
    if key_id is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.kid == key_id), None)


def _ask(url: str, fetched: _FetchedKeys) -> None:
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    if fetched.pause_s:
        raise KeysSilent(retry_after_seconds=fetched.pause_s)
    fetched.asked_at = clock.now_s()
    try:
        answer = http_fetch.get(url, most_bytes=_MOST_BYTES, patience_s=_PATIENCE_S)
        keys = KeySet.import_key_set(json.loads(answer.body))
    except (http_fetch.FetchFailed, JoseError, ValueError, TypeError, LookupError, AttributeError) as cause:
        raise KeysSilent(retry_after_seconds=_PAUSE_S) from cause
    fetched.keys, fetched.until = keys, fetched.asked_at + kept_s(answer.cache_control)


def kept_s(cache_control: str) -> int:
    """For how long an answer with this Cache-Control may be kept."""
    match = re.search(r"\bmax-age=(\d{1,9})\b", cache_control)
    return min(max(int(match[1]), _LEAST_KEPT_S), _MOST_KEPT_S) if match else _USUALLY_KEPT_S
