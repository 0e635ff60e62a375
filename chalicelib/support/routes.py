"""HTTP routes of feedback."""

from __future__ import annotations

from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.support import rules, shapes
from chalicelib.support.actions import threads
from chalicelib.support.actions.threads import Thread
from chalicelib.support.needs import NewThread, OwnThread

routes = RouteTable(__name__)


@routes.post(
    "/feedback",
    who=Who.PERSON,
    before_agreement=True,
    needs=NewThread(),
    asks=shapes.SendFeedback,
    answers=shapes.SentFeedback,
    status=201,
    refuses=(rules.TooMuchFeedback,),
    example={"text": "The night picture is green.", "about": "device", "attachments": 1},
)
def send_feedback(caller: Caller, thread: Thread, body: shapes.SendFeedback) -> shapes.SentFeedback:
    """Write to the operator, with up to four pictures, each uploaded with a ticket of the answer. Ten threads may wait
    for an answer."""
    return threads.begin(caller, thread, body)


@routes.get(
    "/feedback",
    who=Who.PERSON,
    before_agreement=True,
    query=shapes.AskFeedback,
    answers=shapes.FeedbackList,
    example={},
)
def list_feedback(caller: Caller, page: shapes.AskFeedback) -> shapes.FeedbackList:
    """The feedback that the person has written to the operator, and whether it is answered; newest first."""
    return threads.threads_of(caller, page.limit, page.cursor)


@routes.get(
    "/feedback/{feedback_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnThread(),
    answers=shapes.FeedbackThread,
    refuses=(NotFound,),
    example={},
)
def get_feedback(caller: Caller, thread: Thread) -> shapes.FeedbackThread:
    """One thread with its messages, answers and pictures."""
    return threads.shown(caller, thread)


@routes.post(
    "/feedback/{feedback_id}/messages",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnThread(),
    asks=shapes.SendMessage,
    answers=shapes.SentFeedback,
    status=201,
    refuses=(NotFound, rules.TooMuchFeedback, rules.FeedbackFull),
    example={"text": "It is green at dusk, too."},
)
def send_feedback_message(caller: Caller, thread: Thread, body: shapes.SendMessage) -> shapes.SentFeedback:
    """Write once more in a thread, which then waits for an answer again."""
    return threads.go_on(caller, thread, body)
