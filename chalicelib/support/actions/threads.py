"""Threads of feedback: begun, gone on with and read by the person (B16)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from msgspec import Struct, structs

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound, NotSignedIn
from chalicelib.store import keys
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, absent, change, commit_and_answer, create, is_set, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, read
from chalicelib.store.retrying import StaleRead, retrying_from
from chalicelib.support import rules, shapes
from chalicelib.support.actions import attachments
from chalicelib.support.records import KEPT, Feedback, FeedbackMessage, OpenFeedback, WaitingFeedback


class Thread(Struct, frozen=True):
    """A thread, or none yet, and which of its account's wait for an answer."""

    feedback: Feedback | None
    waiting: OpenFeedback | None


def keys_of(account_id: str, feedback_id: str) -> tuple[Key[Feedback], Key[OpenFeedback]]:
    return Feedback.key(account_id, feedback_id), OpenFeedback.key(account_id)


def own(found: Found, account_id: str, feedback_id: str) -> Thread:
    """Raises NotFound."""
    thread_key, open_key = keys_of(account_id, feedback_id)
    feedback = found[thread_key]
    if feedback is None:
        raise NotFound
    return Thread(feedback, found[open_key])


def none_yet(found: Found, account_id: str) -> Thread:
    """What is known before one is begun."""
    return Thread(None, found[OpenFeedback.key(account_id)])


# Writing


def begin(caller: Caller, thread: Thread, body: shapes.SendFeedback) -> shapes.SentFeedback:
    """Begin a thread. Raises TooMuchFeedback."""
    feedback_id = f"{rules.stamp_of(clock.now())}-{ids.new_id()}"
    return retrying_from(
        thread, partial(_send, caller, feedback_id, body.about, body), partial(_read_again, caller.account_id, None)
    )


def go_on(caller: Caller, thread: Thread, body: shapes.SendMessage) -> shapes.SentFeedback:
    """One more message, with which the thread waits for an answer. Raises TooMuchFeedback, FeedbackFull, NotFound."""
    feedback = thread.feedback
    if feedback is None:
        raise NotFound
    feedback_id = feedback.sort_id
    return retrying_from(
        thread, partial(_send, caller, feedback_id, feedback.about, body),
        partial(_read_again, caller.account_id, feedback_id),
    )  # fmt: skip


def _read_again(account_id: str, feedback_id: str | None, before: Thread) -> Thread:
    """Raises NotFound."""
    if feedback_id is None:
        (waiting,) = read(OpenFeedback.key(account_id))
        return Thread(None, waiting)
    feedback, waiting = read(*keys_of(account_id, feedback_id))
    if feedback is None:
        raise NotFound
    return Thread(feedback, waiting)


def _send(
    caller: Caller, feedback_id: str, about: rules.About, body: shapes.SendMessage, thread: Thread
) -> shapes.SentFeedback:
    account_id, now = caller.account_id, clock.now()
    reference = f"{account_id}{feedback_id}"
    listed = WaitingFeedback.new("", f"{rules.stamp_of(now)}.{reference}", expires_at=clock.epoch_s(now + KEPT))
    kept = _with_one_more(account_id, feedback_id, about, thread.feedback, now)
    kept.assign(waiting=keys.written(listed.own_key))
    message = new_message(kept, caller.cipher, rules.PERSON, body.text, now, attachments=body.attachments)
    tickets = attachments.tickets_for(message, now)
    waiting = rules.with_opened(_ids_of(thread.waiting), feedback_id, now, KEPT)
    return commit_and_answer(
        _put(kept, thread.feedback),
        create(message, otherwise=StaleRead),
        put(listed),
        *(() if thread.feedback is None or thread.feedback.waiting == kept.waiting else unlisted(thread.feedback)),
        opens(thread.waiting, account_id, waiting, now),
        *(attachments.noted(message, now) if tickets else ()),
        accounts.require_sessions_as_read(caller.account, otherwise=NotSignedIn),
        answer=shapes.SentFeedback.with_tickets(described(kept), tickets),
    )


def _with_one_more(
    account_id: str, feedback_id: str, about: rules.About, before: Feedback | None, now: datetime
) -> Feedback:
    """The thread with one more message, which waits for an answer. Raises FeedbackFull."""
    number = 1 if before is None else int(before.messages) + 1
    if number > rules.MOST_MESSAGES:
        raise rules.FeedbackFull(most=rules.MOST_MESSAGES)
    return Feedback.new(
        account_id,
        feedback_id,
        state=rules.OPEN,
        about=about,
        asked_at=clock.epoch_s(now) if before is None else before.asked_at,
        changed_at=clock.epoch_s(now),
        messages=number,
        expires_at=clock.epoch_s(now + KEPT),
    )


def _put(kept: Feedback, before: Feedback | None) -> Write:
    """If nobody has written to the thread since it was read. Raises StaleRead on commit."""
    if before is None:
        return create(kept, otherwise=StaleRead)
    return put(kept, when=Feedback.messages == before.messages, otherwise=StaleRead)


def unlisted(feedback: Feedback) -> tuple[Write, ...]:
    """Writes by which operators find it no more."""
    return () if feedback.waiting is None else (remove(WaitingFeedback.named(feedback.waiting)),)


def _ids_of(waiting: OpenFeedback | None) -> set[str] | None:
    return None if waiting is None else waiting.feedback_ids


def opens(before: OpenFeedback | None, account_id: str, feedback_ids: set[str] | None, now: datetime) -> Write:
    """Which threads wait from now on, if those are as they were read. Raises StaleRead on commit."""
    until = clock.epoch_s(now + KEPT)
    if before is None:
        row = OpenFeedback.new(account_id, feedback_ids=feedback_ids, expires_at=until)
        return put(row, when=absent(OpenFeedback), otherwise=StaleRead)
    as_read = is_set(OpenFeedback.feedback_ids, before.feedback_ids)
    return change(before, when=as_read, otherwise=StaleRead, feedback_ids=feedback_ids, expires_at=until)


def new_message(
    feedback: Feedback, cipher: SubjectCipher, by: rules.By, text: str, now: datetime, *, attachments: int = 0
) -> FeedbackMessage:
    """The newest message of a thread."""
    return FeedbackMessage.new(
        feedback.pk_id,
        rules.message_id(feedback.sort_id, int(feedback.messages)),
        cipher=cipher,
        at=clock.epoch_s(now),
        by=by,
        text=text,
        attachments=attachments,
        expires_at=clock.epoch_s(now + KEPT),
    )


# Reading


def described(one: Feedback) -> shapes.Feedback:
    return shapes.Feedback(
        feedback_id=one.sort_id,
        about=one.about,
        state=one.state,
        asked_at=clock.at_epoch(one.asked_at),
        changed_at=clock.at_epoch(one.changed_at),
        messages=int(one.messages),
    )


def threads_of(caller: Caller, limit: int, cursor: str | None) -> shapes.FeedbackList:
    """The person's threads, the newest first."""
    page = Feedback.list_of(caller.account_id, newest_first=True, limit=limit, after=cursor)
    return shapes.FeedbackList(items=[described(one) for one in page.items], cursor=page.cursor)


def shown(caller: Caller, thread: Thread) -> shapes.FeedbackThread:
    """A thread of the caller's. Raises NotFound."""
    if thread.feedback is None:
        raise NotFound
    return with_messages(thread.feedback, caller.cipher)


def with_messages(feedback: Feedback, cipher: SubjectCipher) -> shapes.FeedbackThread:
    """The thread with what was written in it, the oldest first."""
    bound = f"{feedback.sort_id}."
    page = FeedbackMessage.list_of(feedback.pk_id, first=bound, last=bound, limit=rules.MOST_MESSAGES)
    return shapes.FeedbackThread(items=list(_shown(page.items, cipher)), **structs.asdict(described(feedback)))


def _shown(messages: Iterable[FeedbackMessage], cipher: SubjectCipher) -> Iterable[shapes.FeedbackMessage]:
    for one in messages:
        one.decrypted_with(cipher)
        yield shapes.FeedbackMessage(
            number=int(one.sort_id.rpartition(".")[2]),
            at=clock.at_epoch(one.at),
            by=one.by,
            text=one.text,
            pictures=attachments.links_of(one),
        )
