"""Records of feedback: its threads, their messages, and which of them wait for an answer."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal

ROW = rows.SUPPORT_REQUESTS
KEPT = ROW.kept_for.period
# An upload goes as soon as it was looked at; a day is for what nobody was notified of.
UPLOADS = Prefix("feedback-in", subject="account", row=ROW, keep_days=1, by_ticket=True)
PICTURES = Prefix("feedback", subject="account", row=ROW, keep_days=KEPT.days)


class Feedback(Item):
    """A thread that somebody began, by the time at which it was; it lives for as long as its newest message."""

    pk_prefix = "account"
    sk_prefix = "feedback"

    state = key(UnicodeAttribute(), ROW, why="whether it waits for an answer: one of two words", exported=True)
    about = key(UnicodeAttribute(), ROW, why="one of four words", exported=True)
    asked_at = key(Time(), ROW, why="time", exported=True)
    changed_at = key(Time(), ROW, why="time of the newest message", exported=True)
    messages = key(NumberAttribute(), ROW, why="a count", exported=True)
    waiting = key(UnicodeAttribute(null=True), ROW, why="where operators find it", points_to="row")


class FeedbackMessage(Item):
    """One message of a thread; its id is the thread's and its number. `attachments` is how many pictures may come."""

    pk_prefix = "account"
    sk_prefix = "feedback-message"

    at = key(Time(), ROW, why="time", exported=True)
    by = key(UnicodeAttribute(), ROW, why="who wrote it: one of two words", exported=True)
    text = personal(ROW)
    attachments = key(NumberAttribute(), ROW, why="a count", exported=True)
    pictures = key(
        UnicodeSetAttribute(null=True), ROW, why="where the pictures lie: times and random ids", points_to="object"
    )


class OpenFeedback(Item):
    """Which threads of an account wait for an answer, in one row: of two that are begun at once, one sees the other."""

    pk_prefix = "account"
    sk_prefix = "open-feedback"

    feedback_ids = key(UnicodeSetAttribute(null=True), ROW, why="times and random ids of threads", exported=True)


class WaitingFeedback(Item):
    """A thread that waits for an operator's answer, by the time since when it does."""

    pk_prefix = "waiting-feedback"
    sk_prefix = "waiting-feedback"

    @property
    def reference(self) -> str:
        """The thread's account and id, as operators name it."""
        return self.sort_id.partition(".")[2]
