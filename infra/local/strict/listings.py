"""Listings of S3 objects as XML: moto's own text, of which its serializer takes a millisecond for each entry or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from moto.core.responses import ActionResult

# In the order of S3's model.
_MEMBERS = ("Key", "LastModified", "ETag", "ChecksumAlgorithm", "Size", "StorageClass")
_BEFORE = "</IsTruncated>"


def serialized(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto writes what is around the entries, and all of an answer in which they say more than these members."""

    def serialize(self: Any, answer: ActionResult) -> Any:
        result: Any = answer.result
        entries = result.get("Contents") if self.data.get("Action") == "ListObjectsV2" else None
        if not entries or not all(map(frozenset(_MEMBERS).issuperset, entries)):
            return original(self, answer)
        status, headers, body = original(self, ActionResult(result | {"Contents": []}))
        head, found, rest = body.partition(_BEFORE)
        assert found
        return status, headers, "".join([head, found, *map(_entry, entries), rest])

    return serialize


def _entry(entry: dict[str, Any]) -> str:
    said = ((name, one) for name in _MEMBERS if name in entry for one in _each(entry[name]))
    return f"<Contents>{''.join([f'<{name}>{escape(str(one))}</{name}>' for name, one in said])}</Contents>"


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
