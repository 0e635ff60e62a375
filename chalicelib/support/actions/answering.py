"""Answering feedback: what waits, and what operators say to it (B16)."""

from __future__ import annotations

from functools import partial

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.outbox.actions import messages
from chalicelib.store import ciphers
from chalicelib.store.commit import Write, change, check, commit, create
from chalicelib.store.keys import Key
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.support import rules, shapes
from chalicelib.support.actions import threads
from chalicelib.support.records import KEPT, Feedback, FeedbackMessage, OpenFeedback, WaitingFeedback

_PAGE = 100


def show(reference: str | None) -> shapes.ShownFeedback:
    """Those that wait, the longest first; or one thread with its messages."""
    if reference is not None:
        return shapes.ShownFeedback(items=[], more=False, thread=_thread(reference))
    listed = WaitingFeedback.list_of("", limit=_PAGE)
    found = read_all(_key_of(one.reference) for one in listed.items)
    waiting = [(one.reference, found[_key_of(one.reference)]) for one in listed.items]
    items = [_waiting(reference, feedback) for reference, feedback in waiting if feedback is not None]
    return shapes.ShownFeedback(items=items, more=listed.cursor is not None, thread=None)


def _key_of(reference: str) -> Key[Feedback]:
    return Feedback.key(*_parts(reference))


def _parts(reference: str) -> tuple[str, str]:
    """The ids of its account and of the thread."""
    return reference[: ids.LENGTH], reference[ids.LENGTH :]


def _waiting(reference: str, feedback: Feedback) -> shapes.WaitingFeedback:
    return shapes.WaitingFeedback(
        reference=reference,
        about=feedback.about,
        waits_since=clock.at_epoch(feedback.changed_at),
        messages=int(feedback.messages),
    )


def _thread(reference: str) -> shapes.FeedbackThread | None:
    feedback, key = read(_key_of(reference), ciphers.key_of(_parts(reference)[0]))
    if feedback is None or key is None:
        return None
    return threads.with_messages(feedback, key.unlocked())


def answer(reference: str, text: str) -> shapes.AnsweredFeedback:
    """Answer a thread, by a message in it and a mail to the person; the same again is said once."""
    return retrying(partial(_answer, reference, text))


def _answer(reference: str, text: str) -> shapes.AnsweredFeedback:
    """Raises StaleRead, FeedbackFull."""
    account_id, feedback_id = _parts(reference)
    feedback, waiting, account, key = read(
        *threads.keys_of(account_id, feedback_id), *accounts.keys_of(account_id)
    )
    if feedback is None or account is None or key is None:
        return shapes.AnsweredFeedback(reference=reference, feedback=None)
    cipher = key.unlocked()
    if _is_said(feedback, cipher, text):
        return shapes.AnsweredFeedback(reference=reference, feedback=threads.described(feedback))
    account.decrypted_with(cipher)
    # The limit is the person's: whoever was heard is answered.
    as_read, now = Feedback.messages == feedback.messages, clock.now()
    listed = threads.unlisted(feedback)
    feedback.assign(state=rules.ANSWERED, messages=int(feedback.messages) + 1, changed_at=clock.epoch_s(now))
    answered = change(
        feedback, when=as_read, otherwise=StaleRead, state=rules.ANSWERED, messages=feedback.messages,
        changed_at=feedback.changed_at, waiting=None, expires_at=clock.epoch_s(now + KEPT),
    )  # fmt: skip
    commit(
        answered,
        create(threads.new_message(feedback, cipher, rules.OPERATOR, text, now), otherwise=StaleRead),
        *listed,
        *_waits_no_more(waiting, account_id, feedback_id),
        check(account, Account.pk.exists(), otherwise=StaleRead),
        activity.record(account, "feedback_answered", by=activity.OPERATOR),
        messages.write(account, "support/mail/answer", may_be_withheld=True, text=text),
    )
    return shapes.AnsweredFeedback(reference=reference, feedback=threads.described(feedback))


def _is_said(feedback: Feedback, cipher: ciphers.SubjectCipher, text: str) -> bool:
    """Whether the newest message is this very answer."""
    if feedback.state != rules.ANSWERED:
        return False
    newest = rules.message_id(feedback.sort_id, int(feedback.messages))
    (said,) = read(FeedbackMessage.key(feedback.pk_id, newest))
    return said is not None and said.decrypted_with(cipher).text == text


def _waits_no_more(waiting: OpenFeedback | None, account_id: str, feedback_id: str) -> tuple[Write, ...]:
    if waiting is None or feedback_id not in (waiting.feedback_ids or ()):
        return ()
    left = rules.without(waiting.feedback_ids, feedback_id)
    return (threads.opens(waiting, account_id, left, clock.now()),)
