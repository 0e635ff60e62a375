"""Request and response shapes of feedback."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, structs

from chalicelib.entry.wire import Listed, Page, Shape, Ticket, Time
from chalicelib.support.rules import MOST_ATTACHMENTS, About, By, State

Text = Annotated[str, Meta(min_length=1, max_length=4000)]
# An account's id and that of a thread.
Reference = Annotated[str, Meta(min_length=32, max_length=128)]


class SendMessage(Shape):
    """`attachments` is how many pictures (JPEG, PNG, WebP) come with it: the answer has a ticket for each."""

    text: Text
    attachments: Annotated[int, Meta(ge=0, le=MOST_ATTACHMENTS)] = 0


class SendFeedback(SendMessage):
    about: About = "other"


class Feedback(Shape):
    """A thread. It is `open` until it is answered, and again with the person's next message."""

    feedback_id: str
    about: About
    state: State
    asked_at: Time
    changed_at: Time
    messages: int


class SentFeedback(Feedback):
    """Each ticket takes one picture, of at most 5 MB, within ten minutes; it is redrawn, and shown with the message."""

    tickets: list[Ticket]

    @classmethod
    def with_tickets(cls, thread: Feedback, tickets: Iterable[Any]) -> SentFeedback:
        return cls(tickets=[Ticket.of(one) for one in tickets], **structs.asdict(thread))


class FeedbackMessage(Shape):
    """Links to `pictures` last for five minutes; one that has just been uploaded comes within seconds."""

    number: int
    at: Time
    by: By
    text: str
    pictures: list[str]


class FeedbackThread(Feedback):
    """With its messages, the oldest first."""

    items: list[FeedbackMessage]


class AskFeedback(Page):
    """Which part of the threads is wanted."""


class FeedbackList(Listed):
    """The newest first."""

    items: list[Feedback]


# Operators


class ShowFeedback(Shape):
    """Which thread is wanted with its messages, by its `reference`; if none is named, those that wait are listed."""

    reference: Reference | None = None


class WaitingFeedback(Shape):
    reference: str
    about: About
    waits_since: Time
    messages: int


class ShownFeedback(Shape):
    """Those that wait for an answer, the longest first: a hundred at most, and whether there are more; and the thread
    that was named, null where there is none, or no more."""

    items: list[WaitingFeedback]
    more: bool
    thread: FeedbackThread | None


class AnswerFeedback(Shape):
    """`text` goes to the person by mail, and is shown in the thread. The same again, as after a lost answer, is said
    once."""

    reference: Reference
    text: Text


class AnsweredFeedback(Shape):
    """The thread as it is then; null where there is none, or no more."""

    reference: str
    feedback: Feedback | None
