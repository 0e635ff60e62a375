"""What needs two operators: one proposes, another approves, and STS says who each is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from chalicelib.entry.operators import IdentityNotProved, NotAPerson, person_of
from chalicelib.entry.queues import Operations
from chalicelib.entry.wire import Shape
from chalicelib.errors import Invalid, NotFound, Refusal, Unavailable
from chalicelib.register import proposals
from chalicelib.register.proposals import Approval, ApprovedByAnother, Proposal, SamePerson
from chalicelib.store.commit import commit
from infra.local.cloud import LocalCloud
from infra.strict_moto.faults import ERROR_AFTER, FAILING_FROM, LOST_REPLY, THROTTLED, Kind
from tests.operators import ACCOUNT, approving, proposing, session, user

ORDER = {"number": 7, "why": "case 2026-17"}
operations = Operations(__name__)
carried_out: list[int] = []


class Count(Shape):
    number: int
    why: str


@operations.proposal(Count)
def propose_count(order: Count) -> None:
    """Propose to count."""
    if order.number < 0:
        raise Invalid


@operations.approval(Count)
def approve_count(order: Count, approval: Approval) -> dict[str, int]:
    """Count."""
    if not approval.is_done:
        commit(*approval.writes)
        carried_out.append(order.number)
    return {"number": order.number}


@pytest.fixture(autouse=True)
def _nothing_yet() -> None:
    carried_out.clear()


def call(function: Any, event: dict[str, Any]) -> Any:
    return function(event, None)


def proposed(world: LocalCloud, by: str = "anna", **order: Any) -> dict[str, Any]:
    event = proposing(session(world, by, "propose"), "count", {**ORDER, **order})
    answer: dict[str, Any] = call(propose_count, event)
    return answer


def refused(what: type[Refusal], function: Any, event: dict[str, Any]) -> None:
    with pytest.raises(what):
        call(function, event)
    assert carried_out == []


def stored(proposal_id: str) -> Proposal:
    return proposals.found("count", proposal_id)


def test_one_proposes_another_approves_and_both_are_recorded(world: LocalCloud) -> None:
    made = proposed(world)
    assert (made["state"], made["proposed_by"], made["order"]) == ("open", "anna", ORDER)
    assert call(approve_count, approving(session(world, "bob", "approve"), made)) == {"number": 7}
    assert carried_out == [7]
    row = stored(made["proposal_id"])
    assert (row.proposer, row.approver) == ("anna", "bob")
    assert row.proposer_arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/sowa-local-propose/anna"
    assert row.approver_arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/sowa-local-approve/bob"


def test_the_same_person_is_refused_whatever_role_session_or_user_it_is(world: LocalCloud) -> None:
    made = proposed(world, "anna")
    for same in (
        session(world, "anna", "approve"), session(world, "Anna", "approve"), user(world, "Anna", "/staff/night/")
    ):  # fmt: skip
        refused(SamePerson, approve_count, approving(same, made))
    other = call(propose_count, proposing(user(world, "zed"), "count", {**ORDER, "number": 8}))
    refused(SamePerson, approve_count, approving(session(world, "zed", "approve"), other))
    assert call(approve_count, approving(user(world, "bob"), made)) == {"number": 7}


def test_what_is_no_person_may_neither_propose_nor_approve(world: LocalCloud) -> None:
    made = proposed(world)
    # The one role's session at the other's function, a role whose sessions anybody names, and another account.
    for nobody in (
        session(world, "bob", "propose"), session(world, "bob", "read"),
        session(world, "bob", "approve", account="210987654321"),
    ):  # fmt: skip
        refused(NotAPerson, approve_count, approving(nobody, made))
    refused(NotAPerson, propose_count, proposing(session(world, "bob", "approve"), "count", ORDER))
    assert call(approve_count, approving(session(world, "bob", "approve"), made))


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:federated-user/bob",
        "arn:aws:iam::210987654321:user/bob",
        "arn:aws:sts::123456789012:assumed-role/other/bob",
        "arn:aws:sts::123456789012:assumed-role/role/bob/anna",
    ],
)
def test_an_arn_without_a_persons_name_is_nobodys(arn: str) -> None:
    assert person_of("arn:aws:iam::123456789012:user/a/b/Bob", ACCOUNT, "role") == "bob"
    assert person_of("arn:aws-cn:sts::123456789012:assumed-role/role/bob", ACCOUNT, "role") == "bob"
    with pytest.raises(NotAPerson):
        person_of(arn, ACCOUNT, "role")


def _with(identity: str, **changed: str | None) -> str:
    said = {**dict(parse_qsl(identity)), **changed}
    return urlencode([(name, value) for name, value in said.items() if value is not None])


ALTERED: dict[str, Callable[[str], str]] = {
    "another action": lambda one: _with(one, Action="GetSessionToken"),
    "another version": lambda one: _with(one, Version="2012-01-01"),
    "another signature": lambda one: _with(one, **{"X-Amz-Signature": "0" * 64}),
    "another key": lambda one: _with(one, **{"X-Amz-Credential": "AKIANOBODY0000000000/20260105/x/sts/aws4_request"}),
    "one more parameter": lambda one: _with(one, Name="x"),
    "one less": lambda one: _with(one, **{"X-Amz-Signature": None}),
    "one twice": lambda one: f"{one}&Action=GetCallerIdentity",
    "the same in small letters": lambda one: f"{one}&action=GetCallerIdentity",
    "a header less": lambda one: _with(one, **{"X-Amz-SignedHeaders": "host"}),
    "no time": lambda one: _with(one, **{"X-Amz-Date": "today"}),
    "an address": lambda one: f"https://sts.example.org/?{one}",
    "a line break": lambda one: _with(one, **{"X-Amz-Security-Token": "x\r\nHost: sts.example.org"}),
    "nothing": lambda one: "",
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_request_shows_nobody(world: LocalCloud, how: str) -> None:
    made = proposed(world)
    event = approving(session(world, "bob", "approve"), made)
    refused(IdentityNotProved, approve_count, {**event, "identity": ALTERED[how](event["identity"])})
    assert call(approve_count, event) == {"number": 7}


def test_it_is_sent_to_the_own_regions_sts_and_nowhere_else(world: LocalCloud) -> None:
    world.trace.clear()
    proposed(world)
    (call_,) = (one for one in world.trace if one.service == "sts")
    assert (call_.operation, call_.attempts) == ("GetCallerIdentity", 1)


def test_it_is_good_for_this_proposal_alone(world: LocalCloud) -> None:
    one, other = proposed(world, number=1), proposed(world, number=2)
    bob = session(world, "bob", "approve")
    refused(IdentityNotProved, approve_count, {**approving(bob, other), "proposal_id": one["proposal_id"]})
    # Nor is the proposer's own for anything else, or what was signed for another order.
    event = proposing(session(world, "anna", "propose"), "count", ORDER)
    refused(IdentityNotProved, propose_count, {**event, "order": {**ORDER, "number": 9}})
    altered = approving(bob, {**one, "order": {**ORDER, "number": 3}})
    refused(IdentityNotProved, approve_count, altered)


def test_it_is_good_for_five_minutes(world: LocalCloud) -> None:
    made, bob = proposed(world), session(world, "bob", "approve")
    event, later = approving(bob, made), world.clock.now().timestamp()
    world.clock.move_to(later + 301)
    refused(IdentityNotProved, approve_count, event)
    world.clock.move_to(later + 300)
    assert call(approve_count, event) == {"number": 7}


def test_one_that_comes_from_the_future_is_refused(world: LocalCloud) -> None:
    made, now = proposed(world), world.clock.now().timestamp()
    world.clock.move_to(now + 61)
    early = approving(session(world, "bob", "approve"), made)
    world.clock.move_to(now)
    refused(IdentityNotProved, approve_count, early)
    world.clock.move_to(now + 1)
    assert call(approve_count, early) == {"number": 7}


def test_a_repeat_is_answered_and_carries_out_nothing(world: LocalCloud) -> None:
    made = proposed(world)
    assert proposed(world) == made == proposed(world, "carl")
    for _ in range(2):
        assert call(approve_count, approving(session(world, "bob", "approve"), made)) == {"number": 7}
    assert carried_out == [7]
    with pytest.raises(ApprovedByAnother):
        call(approve_count, approving(session(world, "carl", "approve"), made))
    assert proposed(world)["state"] == "approved"


def test_who_proposed_it_first_is_who_may_not_approve_it(world: LocalCloud) -> None:
    made = proposed(world, "anna")
    assert proposed(world, "bob")["proposed_by"] == "anna"
    refused(SamePerson, approve_count, approving(session(world, "anna", "approve"), made))
    assert call(approve_count, approving(session(world, "bob", "approve"), made)) == {"number": 7}


def test_what_nobody_approves_within_a_week_is_over(world: LocalCloud) -> None:
    made, now = proposed(world), world.clock.now().timestamp()
    world.clock.move_to(now + 7 * 86_400)
    refused(NotFound, approve_count, approving(session(world, "bob", "approve"), made))
    again = proposed(world, "bob")
    assert (again["proposal_id"], again["proposed_by"]) == (made["proposal_id"], "bob")


def test_an_approved_one_is_kept_for_five_years(world: LocalCloud) -> None:
    made, now = proposed(world), world.clock.now().timestamp()
    assert stored(made["proposal_id"]).expires_at == now + 7 * 86_400
    call(approve_count, approving(session(world, "bob", "approve"), made))
    assert stored(made["proposal_id"]).expires_at == now + 1825 * 86_400


def test_what_cannot_be_done_is_not_proposed(world: LocalCloud) -> None:
    by = session(world, "anna", "propose")
    for wrong in ({"number": "x", "why": ""}, {"number": -1, "why": ""}, {}):
        refused(Invalid, propose_count, proposing(by, "count", wrong))
    assert list(proposals.every()) == []
    proposed(world)
    assert len(list(proposals.every())) == 1


def test_a_proposal_of_another_function_is_not_there(world: LocalCloud) -> None:
    made = proposals.propose("other", ORDER, proposals.Operator("anna", "arn"))
    said = {"proposal_id": made.proposal_id, "operation": "count", "order": ORDER}
    event = approving(session(world, "bob", "approve"), said)
    refused(NotFound, approve_count, event)


@pytest.mark.parametrize("kind", [THROTTLED, ERROR_AFTER, FAILING_FROM])
def test_while_sts_does_not_answer_it_is_said_that_it_can_be_given_again(world: LocalCloud, kind: Kind) -> None:
    event = proposing(session(world, "anna", "propose"), "count", ORDER)
    world.faults.fail(1, kind)
    refused(Unavailable, propose_count, event)
    world.faults.clear()
    assert call(propose_count, event)["state"] == "open"
    world.faults.fail(1, LOST_REPLY)
    assert call(propose_count, event)["state"] == "open"
