"""The push targets of an account: they are kept together, and each comes and goes with its session's own record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.sessions.records import Audience, Session
from chalicelib.store.commit import Otherwise, Write, absent, change, check, is_set, merge, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.retrying import StaleRead

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


class Target(Struct, frozen=True, order=True):
    """A terminal that takes pushes: whose it is, by which session, and its endpoint at SNS."""

    account_id: str
    session_id: str
    arn: str

    @property
    def text(self) -> str:
        return f"{self.session_id} {self.arn}"


def key_of(account_id: str) -> Key[Audience]:
    return Audience.key(account_id)


def targets_of(found: Audience | None) -> list[Target]:
    """All of an account's, in an order that lasts."""
    if found is None:
        return []
    parts = (text.partition(" ") for text in sorted(found.targets or ()))
    return [Target(found.pk_id, session_id, arn) for session_id, _, arn in parts]


def _target_of(session: Session) -> Target | None:
    return None if session.push_arn is None else Target(session.pk_id, session.sort_id, session.push_arn)


def _has_as_read(session: Session) -> Condition:
    """The condition that the session has the push address that was read, or none if it had none."""
    as_read: Condition = is_set(Session.push_arn, session.push_arn)
    return as_read


# One session


def gains(session: Session, arn: str) -> tuple[Write, ...]:
    """Writes that push to a session's terminal from now on, which has no address yet. On commit they raise StaleRead if
    it has one, or has ended."""
    target = Target(session.pk_id, session.sort_id, arn)
    row = Audience.new(session.pk_id)
    added = merge(row, Audience.targets.add({target.text}), Audience.schema_version.set(row.schema_version))
    has_none = Session.push_arn.does_not_exist()
    return change(session, when=has_none, otherwise=StaleRead, push_arn=arn), added


def loses(session: Session) -> tuple[Write, ...]:
    """Writes that push to a session's terminal no more; if nobody does, they require that this is still so. On commit
    they raise StaleRead if it has another address, or has ended."""
    target = _target_of(session)
    if target is None:
        return (check(session, Session.pk.exists() & _has_as_read(session), otherwise=StaleRead),)
    return kept(session, push_arn=None), *without(target)


def kept(session: Session, **values: object) -> Write:
    """Change a session that must have the push address that was read. On commit it raises StaleRead likewise."""
    return change(session, when=_has_as_read(session), otherwise=StaleRead, **values)


def without(*targets: Target) -> tuple[Write, ...]:
    """Writes that take targets of one account away, if they are there; on commit they raise StaleRead if it was erased
    meanwhile."""
    if not targets:
        return ()
    row, texts = Audience.new(targets[0].account_id), {target.text for target in targets}
    return (change(row, Audience.targets.delete(texts), otherwise=StaleRead),)


# Ends of sessions


def ends(sessions: Iterable[Session], *, otherwise: Otherwise | None = None) -> tuple[Write, ...]:
    """Writes that end sessions of one account and the pushes to their terminals. On commit they raise StaleRead if one
    has taken or lost pushes meanwhile; one that is gone or over is no matter, unless `otherwise` says what that means,
    too."""
    ended = list(sessions)
    removals = (_end_of(one, otherwise) for one in ended)
    return *removals, *without(*filter(None, map(_target_of, ended)))


def _end_of(session: Session, otherwise: Otherwise | None) -> Write:
    if otherwise is not None:
        return remove(session, when=Session.pk.exists() & _has_as_read(session), otherwise=otherwise)
    # What is over is listed no more, so that nobody knows its address; what is left of it goes as if TTL had taken it.
    return remove(session, when=absent(Session) | _has_as_read(session), otherwise=StaleRead)


def only(account_id: str, left: Session | None = None) -> Write:
    """Push to no terminal but that of this session, or to none, whichever took pushes: for a commit that ends all
    sessions but this by the account's generation, and that requires its push address to be as it was read."""
    target = None if left is None else _target_of(left)
    return put(Audience.new(account_id, targets=None if target is None else {target.text}))
