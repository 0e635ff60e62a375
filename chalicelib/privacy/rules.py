"""Rules of objections: which of them stand, as the account's own row has it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Objection(Struct, frozen=True):
    """An objection that is open or was granted: whoever does something for this purpose reads it with the account."""

    purpose: str
    state: str
    right_id: str

    @classmethod
    def of(cls, text: str) -> Objection:
        return cls(*text.split(" "))

    @property
    def text(self) -> str:
        return f"{self.purpose} {self.state} {self.right_id}"


def objection_to(objections: Iterable[str] | None, purpose: str) -> Objection | None:
    return next((one for one in map(Objection.of, objections or ()) if one.purpose == purpose), None)


def with_objection(objections: Iterable[str] | None, purpose: str, new: Objection | None) -> set[str] | None:
    """The objections that stand once this purpose has this one, or none."""
    others = {text for text in objections or () if Objection.of(text).purpose != purpose}
    return (others | ({new.text} if new is not None else set())) or None
