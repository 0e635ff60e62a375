"""Records of a sign-in."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Session(Item):
    """One terminal's sign-in: a family of refresh tokens of which one is alive. Tokens are kept as hashes only."""

    pk_prefix = "account"
    sk_prefix = "session"
    stream_queue, stream_listener = "Notices", "push.on_session_ended"
    stream_events = frozenset({"REMOVE"})

    session_generation = plain(NumberAttribute(), why="must equal the account's")
    access_hash = plain(UnicodeAttribute(), why="hash of a random secret")
    access_until = plain(NumberAttribute(), why="a time")
    family_hash = plain(UnicodeAttribute(), why="hash of a random secret")
    refresh_hash = plain(UnicodeAttribute(), why="hash of a random secret")
    # There as long as neither of its successor's tokens was used: so long it still yields the successor.
    spent_refresh_hash = plain(UnicodeAttribute(null=True), why="hash of a random secret")
    refreshed_by = key(
        UnicodeAttribute(null=True), rows.SIGN_IN, why="keyed hash: is it the repeat of the last refresh?"
    )
    rotated_at = key(Time(), rows.SIGN_IN, why="time of last use", exported=True)
    generation = plain(NumberAttribute(), why="a count")
    request_hash = key(UnicodeAttribute(null=True), rows.SIGN_IN, why="keyed hash: is it the same sign-in again?")
    opened_at = key(Time(), rows.SIGN_IN, why="time", exported=True)
    stepped_up_until = plain(NumberAttribute(null=True), why="a time")
    # Who ends the session ends the pushes there by it, in the same commit (see Audience).
    push_arn = key(UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="random id given by SNS")
    terminal_os = personal(rows.SIGN_IN)
    terminal_model = personal(rows.SIGN_IN)
    terminal_unique_id = personal(rows.SIGN_IN)
    terminal_gps = personal(rows.SIGN_IN, null=True)

    @property
    def terminal(self) -> str:
        """In words that the person knows it by."""
        return f"{self.terminal_model}, {self.terminal_os}"


class Audience(Item):
    """The push targets of an account, which whoever pushes reads beside its key: one for each of its terminals that
    takes pushes.

    A target comes and goes alone, in the commit that tells its session of it, so that nothing depends on the others.
    """

    pk_prefix = "account"
    sk_prefix = "audience"

    targets = key(
        UnicodeSetAttribute(null=True), rows.ALARM_MESSAGES, why="random ids of sessions, and of where their pushes go"
    )
