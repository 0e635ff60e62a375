"""Records of plans: when the grace of each device's is over, what its owner is warned of next, when it is renewed by
itself, who has the free one, and who has what was handed over."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class PlanEnd(Item):
    """The end of the grace of all that was granted to a device, in the partition of its day, so that what is due is
    found without a look at any device. The row that holds the ledger names it; when that changes, so does this."""

    pk_prefix = "plan-ends"
    sk_prefix = "plan-end"

    ends_at = key(Time(), rows.CLOUD_STORAGE, why="time")

    @property
    def device_id(self) -> str:
        return self.sort_id


class PlanWarning(Item):
    """The next thing that the owner of a device is told of its plan's end, in the partition of its day and by its
    second, so that nothing is read but what is due. The row that holds the ledger names it."""

    pk_prefix = "plan-warnings"
    sk_prefix = "plan-warning"

    subject = plain(UnicodeAttribute(), why="what is said, by a fixed word")

    @classmethod
    def due_at_of(cls, pointer: str) -> int:
        return int(cls.named(pointer).sort_id.partition(".")[0])

    @property
    def due_at(self) -> int:
        return int(self.sort_id.partition(".")[0])

    @property
    def device_id(self) -> str:
        return self.sort_id.partition(".")[2]


class PlanRenewal(Item):
    """The renewal of a device's plan by itself, in the partition of the day and by the second in which it is tried
    next. The row that holds the ledger names it."""

    pk_prefix = "plan-renewals"
    sk_prefix = "plan-renewal"

    @property
    def device_id(self) -> str:
        return self.sort_id.partition(".")[2]


class RenewalEnded(Item):
    """The plan of this device of the account is not renewed by itself any more: whether another one still is decides
    whether the saved card goes."""

    pk_prefix = "account"
    sk_prefix = "renewal-ended"
    stream_queue, stream_listener = "Notices", "orders.on_renewal_ended"
    stream_events = frozenset({"INSERT", "MODIFY"})


class FreePlan(Item):
    """The device of an account that has the free plan: one at a time."""

    pk_prefix = "account"
    sk_prefix = "free-plan"

    device_id = key(UnicodeAttribute(), rows.CLOUD_STORAGE, why="random id of the device", exported=True)
    until = key(Time(), rows.CLOUD_STORAGE, why="time", exported=True)


class HandedPlan(Item):
    """Who has a plan that was handed over with its device, by a hash of where it came from: a dispute of its payment
    finds it. It says neither who paid nor for what, and ends with the account that it names."""

    pk_prefix = "handed-plan"
    sk_prefix = "plan"

    account_id = key(UnicodeAttribute(), rows.PLAN_TRANSFER, why="random id of who has it now")


class ReceivedPlan(Item):
    """The same, where the account that it names finds it."""

    pk_prefix = "account"
    sk_prefix = "received-plan"

    found_at = key(UnicodeAttribute(), rows.PLAN_TRANSFER, why="where a dispute leads here", points_to="row")
