"""Idempotency: a repeated request gets the first one's answer, and is carried out only the first time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib import clock
from chalicelib.entry.callers import Claim
from chalicelib.errors import KeyReused, Malformed, NotFound, Refusal
from chalicelib.register import rows
from chalicelib.store import ciphers, crypto
from chalicelib.store.commit import Write, create
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import Item, LedgerRow, read
from chalicelib.store.tags import key, plain

_SHORTEST_KEY, _LONGEST_KEY = 16, 200
_KEPT_HOURS = 24
_MONEY_KEPT_HOURS = rows.IDEMPOTENCY_RECORDS.kept_for.period // timedelta(hours=1)


class Answered(Item):
    """The answer of a request that was carried out, sealed so that only who can send the request again can read it."""

    pk_prefix = "account"
    sk_prefix = "answer"
    # It says what may not be so any more.
    void_after_restore = "answered_at"

    body_hash = key(UnicodeAttribute(), rows.IDEMPOTENCY_RECORDS, why="keyed hash: was it the same request?")
    status = plain(NumberAttribute(), why="the status of the answer")
    answer = plain(BinaryAttribute(legacy_encoding=False), why="sealed with a key made of the caller's own secrets")
    shows = key(
        UnicodeAttribute(null=True), rows.IDEMPOTENCY_RECORDS, why="random id: whose end makes it unreadable, too"
    )
    answered_at = plain(NumberAttribute(), why="a time")


class AnsweredForGood(LedgerRow):
    """The same for a request that ends the account: its answer must outlive the account's partition."""

    pk_prefix = "account"
    sk_prefix = "answer"

    body_hash = key(UnicodeAttribute(), rows.IDEMPOTENCY_RECORDS, why="keyed hash: was it the same request?")
    status = plain(NumberAttribute(), why="the status of the answer")
    answer = plain(BinaryAttribute(legacy_encoding=False), why="sealed with a key made of the caller's own secrets")
    shows = key(
        UnicodeAttribute(null=True), rows.IDEMPOTENCY_RECORDS, why="random id: whose end makes it unreadable, too"
    )
    answered_at = plain(NumberAttribute(), why="a time")


class Replayed(Exception):
    """Not a failure: this request was carried out before, and this was the answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class IdempotentRequest(Struct, frozen=True):
    """One request under its Idempotency-Key: where its answer is kept, and how to tell it from another request.

    `secret` is made of the token's own, which is stored nowhere: whoever holds the tables and KMS cannot open it.
    """

    kind: type[Answered | AnsweredForGood]
    account_id: str
    sort_id: str
    secret: bytes
    body: bytes
    status: int
    kept_hours: int
    ends_session: bool
    ends_need: bool

    @property
    def where(self) -> Key[Answered | AnsweredForGood]:
        return self.kind.key(self.account_id, self.sort_id)

    def replay(self, answered: Answered | AnsweredForGood | None) -> None:
        """Raise Replayed, or KeyReused for another body; do nothing if the request is new."""
        if answered is None:
            return
        if not crypto.same(answered.body_hash, self._body_hash()):
            raise KeyReused
        _require_alive(answered.shows)
        raise Replayed(int(answered.status), crypto.unseal(self.secret, answered.answer, answered.pk))

    def replay_after_the_end(self, answered: Answered | AnsweredForGood | None, *, is_account_alive: bool) -> None:
        """Raise Replayed for the exact repeat of what ended its own session; do nothing for anything else, above all
        for another token of that session, whose secret no session is there to prove any more. Of a closed account only
        what outlives it is answered."""
        is_answered = self.ends_session and (is_account_alive or self.kind is AnsweredForGood)
        if is_answered and answered is not None and crypto.same(answered.body_hash, self._body_hash()):
            self.replay(answered)

    def replay_twin(self) -> None:
        """The same request may have come twice at the same time, and the other was carried out: then that is the
        answer."""
        self.replay(*read(self.where))

    def answer_record(self, encode: Callable[[object], bytes]) -> Callable[[object], Write]:
        """The write of the answer's record, for `commit_and_answer`."""

        def write(answer: object) -> Write:
            where = self.where
            record = self.kind.new(
                self.account_id,
                self.sort_id,
                body_hash=self._body_hash(),
                status=self.status,
                answer=crypto.seal(self.secret, encode(answer), where.pk),
                shows=getattr(answer, "shown_subject", None),
                answered_at=clock.now_s(),
                expires_at=clock.epoch_s(clock.in_(hours=self.kept_hours)),
            )
            return create(record, otherwise=self._overtaken)

        return write

    def _overtaken(self, existing: RawItem | None) -> BaseException:
        # The same request arrived twice at the same time and the other was faster: its answer is ours.
        try:
            self.replay(self.kind.of(existing))
        except (Replayed, Refusal) as outcome:
            return outcome
        return Malformed()

    def _body_hash(self) -> str:
        return crypto.keyed_hash("answers/body", self.secret.hex(), self.body.hex())


def _require_alive(subject_id: str | None) -> None:
    """Raises NotFound where an answer shows a subject that has ended since, by itself or with its parent."""
    if subject_id is not None and not ciphers.is_alive(subject_id):
        raise NotFound


def checked_key(text: str | None) -> str | None:
    """The header's value, or Malformed if it is too short to be nobody else's, or none that a client can have meant."""
    if text is None or (_SHORTEST_KEY <= len(text) <= _LONGEST_KEY and text.isprintable() and text == text.strip()):
        return text
    raise Malformed(header="Idempotency-Key")


def idempotent_request(
    claim: Claim,
    *,
    route: str,
    key_text: str,
    body: bytes,
    status: int,
    money: bool,
    outlives: bool,
    ends_session: bool,
    ends_need: bool,
) -> IdempotentRequest:
    """`route` names the path as it was requested, `body` is all the rest; the key is the client's, the claim its
    token's.

    A session's next token repeats what an earlier one requested, unless that ended the session: then there is no next.
    """
    sharing = claim.secret if ends_session else claim.lasting
    return IdempotentRequest(
        kind=AnsweredForGood if outlives else Answered,
        account_id=claim.account_id,
        sort_id=crypto.keyed_hash("answers", claim.session_id, claim.lasting, route, key_text),
        secret=crypto.derived("answers", claim.session_id, sharing, route, key_text),
        body=body,
        status=status,
        kept_hours=_MONEY_KEPT_HOURS if money else _KEPT_HOURS,
        ends_session=ends_session,
        ends_need=ends_need,
    )
