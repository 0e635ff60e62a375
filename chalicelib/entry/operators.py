"""Operators who act together: who calls is said by STS, to which the caller's own presigned request is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qsl, quote

from msgspec import Meta

from chalicelib import clock
from chalicelib.aws import sts
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.aws.retries import is_worth_one
from chalicelib.entry import wire
from chalicelib.entry.wire import AnyShape, Event, Shape, Time
from chalicelib.errors import Forbidden, Unavailable
from chalicelib.register import proposals
from chalicelib.register.proposals import Approval as Approval
from chalicelib.register.proposals import Operator, Proposal
from chalicelib.settings import settings
from chalicelib.store.retrying import retrying

HEADER: Final = "x-sowa-order"
"""The header that binds a presigned request to one proposal or approval."""

FRESH_FOR: Final = timedelta(minutes=5)
# By so much another one's clock may be ahead of ours.
_AHEAD = timedelta(minutes=1)
Part = Literal["propose", "approve"]

# What botocore's signer writes, and nothing else, each once.
_SIGNED = {
    "Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
    "X-Amz-Signature",
}  # fmt: skip
_TOKEN = "X-Amz-Security-Token"
_USER = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):user/(?:[^/]+/)*([^/]+)")
_SESSION = re.compile(r"arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([^/]+)/([^/]+)")

Identity = Annotated[
    str,
    Meta(max_length=8192, description="the query of a presigned GetCallerIdentity of STS, with X-Sowa-Order signed"),
]


class IdentityNotProved(Forbidden):
    """The identity of the caller is not proved: the request is not the caller's own, not fresh, or not for this."""


class NotAPerson(Forbidden):
    """Credentials of AWS that say no person's name."""


class Propose(Shape):
    """An order, and who proposes it."""

    order: dict[str, Any]
    identity: Identity


class Approve(Shape):
    """The approval of a proposal, and who approves it."""

    proposal_id: Annotated[str, Meta(max_length=64)]
    identity: Identity


class Proposed(Shape):
    """A proposal, and how far it is; approve it `until` then."""

    proposal_id: str
    operation: str
    order: dict[str, Any]
    state: Literal["open", "approved"]
    proposed_by: str
    proposed_at: Time
    approved_by: str | None
    approved_at: Time | None
    until: Time


def propose(operation: str, event: Event, asks: type[AnyShape], judge: Callable[[AnyShape], None]) -> Proposed:
    """Keep an order that `judge` lets through, as proposed by who signed it; one that stands is not judged again.
    Raises Invalid, IdentityNotProved, NotAPerson and what `judge` raises."""
    body = wire.parse(event, Propose)
    order = wire.parse(body.order, asks)
    by = operator(body.identity, proposals.bound_to_proposal(settings.stage, operation, body.order), "propose")
    proposal = proposals.existing(operation, body.order)
    if proposal is None:
        judge(order)
        proposal = proposals.propose(operation, body.order, by)
    return described(proposal)


def approve(
    operation: str, event: Event, asks: type[AnyShape], work: Callable[[AnyShape, Approval], object]
) -> object:
    """Carry out what was proposed, approved by somebody else. Raises NotFound, IdentityNotProved, NotAPerson,
    SamePerson, ApprovedByAnother and what `work` raises."""
    body = wire.parse(event, Approve)
    content = proposals.found(operation, body.proposal_id).content
    bound = proposals.bound_to_approval(settings.stage, operation, body.proposal_id, content)
    by = operator(body.identity, bound, "approve")
    return retrying(partial(_approve, operation, body.proposal_id, asks, work, by))


def _approve(
    operation: str,
    proposal_id: str,
    asks: type[AnyShape],
    work: Callable[[AnyShape, Approval], object],
    by: Operator,
) -> object:
    proposal = proposals.found(operation, proposal_id)
    return work(wire.parse(proposal.content, asks), proposals.approval(proposal, by))


def described(proposal: Proposal) -> Proposed:
    return Proposed(
        proposal_id=proposal.proposal_id,
        operation=proposal.operation,
        order=proposal.content,
        state="approved" if proposal.is_approved else "open",
        proposed_by=proposal.proposer,
        proposed_at=clock.at_epoch(proposal.proposed_at),
        approved_by=proposal.approver,
        approved_at=None if proposal.approved_at is None else clock.at_epoch(proposal.approved_at),
        until=clock.at_epoch(proposal.expires_at),
    )


class Proposals(Shape):
    """The newest is the last."""

    items: list[Proposed]


def listed() -> Proposals:
    """All that are open, or were approved in the last five years."""
    return Proposals(items=sorted(map(described, proposals.every()), key=lambda one: one.proposed_at))


# Who it is


def operator(identity: str, bound_to: str, part: Part) -> Operator:
    """The operator who signed this request, for this and within five minutes. Raises IdentityNotProved, NotAPerson,
    Unavailable."""
    said = _fields(identity)
    _require_fresh(said["X-Amz-Date"])
    query = "&".join(f"{name}={quote(value, safe='-._~')}" for name, value in said.items())
    try:
        arn = sts.caller_arn(query, {HEADER: bound_to})
    except CallRefused as refused:
        if is_worth_one(refused.status, str(refused.body.get("Error", {}).get("Code", refused.code))):
            raise Unavailable(retry_after_seconds=2) from refused
        raise IdentityNotProved from refused
    except ReplyLost as lost:
        raise Unavailable(retry_after_seconds=2) from lost
    return Operator(person_of(arn, settings.operators_account, settings.operators_role(part)), arn)


def _fields(identity: str) -> Mapping[str, str]:
    """A request of another form, or to do something else, is sent nowhere."""
    try:
        pairs = parse_qsl(identity, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise IdentityNotProved from None
    said = dict(pairs)
    is_ours = len(said) == len(pairs) and said.keys() - {_TOKEN} == _SIGNED
    if not is_ours or (said["Action"], said["Version"]) != ("GetCallerIdentity", sts.VERSION):
        raise IdentityNotProved
    if not {"host", HEADER} <= set(said["X-Amz-SignedHeaders"].split(";")):
        raise IdentityNotProved
    return said


def _require_fresh(stamp: str) -> None:
    # STS itself takes it for fifteen minutes, whatever the request says.
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise IdentityNotProved from None
    if not -_AHEAD <= clock.now() - signed_at <= FRESH_FOR:
        raise IdentityNotProved


def person_of(arn: str, account: str, role: str) -> str:
    """The name of the person: of a user of IAM, or of a session of this role. An account's names are one of a kind
    whatever their case, and the roles' trust says that a session is named after the user. Raises NotAPerson, also for
    another account, where anybody may be called anything."""
    if (user := _USER.fullmatch(arn)) and user[1] == account:
        return user[2].lower()
    if (session := _SESSION.fullmatch(arn)) and (session[1], session[2]) == (account, role):
        return session[3].lower()
    raise NotAPerson
