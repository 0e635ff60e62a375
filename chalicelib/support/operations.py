"""Operators' functions for support."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.support import shapes
from chalicelib.support.actions import answering

operations = Operations(__name__)


@operations.operation(shapes.ShowFeedback)
def show_feedback(body: shapes.ShowFeedback) -> shapes.ShownFeedback:
    """Which feedback waits for an answer, and since when; or one thread with its messages and links to its pictures."""
    return answering.show(body.reference)


@operations.operation(shapes.AnswerFeedback)
def answer_feedback(body: shapes.AnswerFeedback) -> shapes.AnsweredFeedback:
    """Answer feedback, in its thread and by mail."""
    return answering.answer(body.reference, body.text)
