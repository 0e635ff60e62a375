"""Proposals of one operator that another one approves: the record of it, and the write by which it is approved once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib import clock
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.register import rows
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, create
from chalicelib.store.records import LedgerRow, read
from chalicelib.store.retrying import StaleRead
from chalicelib.store.tags import key, plain

OPEN_FOR: Final = timedelta(days=7)
"""Who approves later does not know any more what he approves."""

_PAGE = 100


class SamePerson(Forbidden):
    """The same person may not propose and approve, by whatever role or session."""


class ApprovedByAnother(Conflict):
    pass


class Proposal(LedgerRow):
    """An order that a first operator proposed and a second one approves, both by name. One that nobody approves is gone
    after a week."""

    pk_prefix = "proposals"
    sk_prefix = "proposal"

    operation = plain(UnicodeAttribute(), why="which operators' function, by its name")
    order = key(
        UnicodeAttribute(), rows.LEGAL_DISCLOSURE, why="JSON of random ids, times and a case number; it names nobody"
    )
    proposed_at = plain(NumberAttribute(), why="a time")
    proposer = plain(UnicodeAttribute(), why="an operator's employee, who answers for it: the name at AWS")
    proposer_arn = plain(UnicodeAttribute(), why="the same, as AWS says it")
    approved_at = plain(NumberAttribute(null=True), why="a time")
    approver = plain(UnicodeAttribute(null=True), why="another one, who answers for it, too")
    approver_arn = plain(UnicodeAttribute(null=True), why="the same, as AWS says it")

    @property
    def proposal_id(self) -> str:
        return self.sort_id

    @property
    def is_approved(self) -> bool:
        return self.approved_at is not None

    @property
    def content(self) -> dict[str, Any]:
        """The order, as it was given."""
        content: dict[str, Any] = json.loads(self.order)
        return content


class Operator(Struct, frozen=True):
    """A person who works for the operator: the name that says who it is, whatever role he acts in, and his ARN."""

    person: str
    arn: str


class Approval(Struct, frozen=True):
    """The approval of a proposal, whose id what was approved has. `writes` belong into the one commit that carries it
    out; there are none where that was committed before, and only the answer is wanted again."""

    proposal_id: str
    writes: tuple[Write, ...]

    @property
    def is_done(self) -> bool:
        return not self.writes


def canonical(order: Mapping[str, Any]) -> str:
    """The same text for the same order, however it was written."""
    return json.dumps(order, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def bound_to_proposal(stage: str, operation: str, order: Mapping[str, Any]) -> str:
    """The hash of an order that who proposes it signs together with who he is."""
    return crypto.plain_hash("\n".join(("propose", stage, operation, canonical(order))))


def bound_to_approval(stage: str, operation: str, proposal_id: str, order: Mapping[str, Any]) -> str:
    """The hash that who approves signs: of the whole order that he has read, and no other."""
    return crypto.plain_hash("\n".join(("approve", stage, operation, proposal_id, canonical(order))))


def existing(operation: str, order: Mapping[str, Any]) -> Proposal | None:
    """The proposal of this order, approved or not, whoever proposed it."""
    return by_id(_id_of(operation, order))


def _id_of(operation: str, order: Mapping[str, Any]) -> str:
    return crypto.keyed_hash("proposals", operation, canonical(order))


def propose(operation: str, order: Mapping[str, Any], by: Operator) -> Proposal:
    """The proposal of this order; one that stands is the same one."""
    content, proposal_id = canonical(order), _id_of(operation, order)
    now = clock.now()
    made = Proposal.new(
        "", proposal_id, operation=operation, order=content, proposed_at=clock.epoch_s(now),
        proposer=by.person, proposer_arn=by.arn, expires_at=clock.epoch_s(now + OPEN_FOR),
    )  # fmt: skip
    try:
        commit(create(made, otherwise=StaleRead))
    except StaleRead:
        return found(operation, proposal_id)
    return made


def by_id(proposal_id: str) -> Proposal | None:
    (proposal,) = read(Proposal.key("", proposal_id))
    return proposal


def found(operation: str, proposal_id: str) -> Proposal:
    """Raises NotFound for one that is over, or is of another function."""
    proposal = by_id(proposal_id)
    if proposal is None or proposal.operation != operation:
        raise NotFound("proposal")
    return proposal


def approval(proposal: Proposal, by: Operator) -> Approval:
    """Raises SamePerson, ApprovedByAnother; on commit StaleRead, if it was approved meanwhile."""
    if by.person == proposal.proposer:
        raise SamePerson
    if not proposal.is_approved:
        return Approval(proposal.proposal_id, (_approved(proposal, by),))
    if by.person != proposal.approver:
        raise ApprovedByAnother
    return Approval(proposal.proposal_id, ())


def _approved(proposal: Proposal, by: Operator) -> Write:
    now = clock.now()
    return change(
        proposal, when=Proposal.approved_at.does_not_exist(), otherwise=StaleRead,
        approved_at=clock.epoch_s(now), approver=by.person, approver_arn=by.arn,
        expires_at=clock.epoch_s(now + rows.LEGAL_DISCLOSURE.kept_for.period),
    )  # fmt: skip


def every() -> Iterator[Proposal]:
    """All that are open, or were approved in the last five years."""
    return Proposal.all_of("", page_size=_PAGE)
