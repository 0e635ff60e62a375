"""Records of accounts that nobody may be using: when each is looked at next, and what was said to whom."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class Inactivity(Item):
    """What is known of an account's last use, as of the last check, and how far the warnings of its end are."""

    pk_prefix = "account"
    sk_prefix = "inactivity"
    stream_queue, stream_listener = "Notices", "inactivity.on_account_warned"
    stream_events = frozenset({"MODIFY"})

    stage = key(UnicodeAttribute(), rows.INACTIVE_ACCOUNTS, why="how far it is, by a fixed word", exported=True)
    used_at = key(Time(), rows.INACTIVE_ACCOUNTS, why="time of last use, to a month", exported=True)
    warned_at = key(Time(null=True), rows.INACTIVE_ACCOUNTS, why="time of the first warning", exported=True)
    told_at = key(Time(null=True), rows.INACTIVE_ACCOUNTS, why="time of the last warning", exported=True)
    warnings = key(
        NumberAttribute(null=True), rows.INACTIVE_ACCOUNTS, why="a count: of warnings since one arrived", exported=True
    )
    notice_ids = key(
        UnicodeSetAttribute(null=True),
        rows.INACTIVE_ACCOUNTS,
        why="times and random ids of first warnings: has one of them arrived?",
        exported=True,
    )
    check = key(
        UnicodeAttribute(), rows.INACTIVE_ACCOUNTS, why="where the next check is found by its day", points_to="row"
    )
    listing = key(
        UnicodeAttribute(null=True),
        rows.IMPORTANT_NOTICES,
        why="where the account is found among all, to be told what everybody must hear of",
        points_to="row",
    )


class InactivityCheck(Item):
    """A day on which an account is looked at, in the partition of that day, so that a job reads what is due and no
    more."""

    pk_prefix = "inactivity-checks"
    sk_prefix = "inactivity-check"

    @property
    def account_id(self) -> str:
        return self.sort_id


class KnownAccount(Item):
    """That there is an account, in the one partition of all: whoever must tell everybody something reads them page by
    page, without a scan."""

    pk_prefix = "known-accounts"
    sk_prefix = "known-account"

    @property
    def account_id(self) -> str:
        return self.sort_id


class CheckedDays(Item):
    """The first day of which something may be left to look at."""

    pk_prefix = "inactivity-checked"
    sk_prefix = "inactivity-checked"

    day = plain(UnicodeAttribute(), why="a date")
