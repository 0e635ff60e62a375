"""Records of plans: when the grace of each device's is over."""

from __future__ import annotations

from chalicelib.register import rows
from chalicelib.store import keys
from chalicelib.store.keys import Key
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key


class PlanEnd(Item):
    """The end of the grace of all that was granted to a device, in the partition of its day, so that what is due is
    found without a look at any device. The row that holds the ledger names it; when that changes, so does this."""

    pk_prefix = "plan-ends"
    sk_prefix = "plan-end"

    ends_at = key(Time(), rows.CLOUD_STORAGE, why="time")

    @classmethod
    def named(cls, pointer: str) -> Key[PlanEnd]:
        """Its key, as another row names it."""
        raw = keys.raw_of(pointer)
        return cls.key(keys.id_of(raw["pk"]["S"]), keys.id_of(raw["sk"]["S"]))

    @property
    def device_id(self) -> str:
        return self.sort_id
