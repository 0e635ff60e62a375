"""The two roles of people who act together, and the sessions that they may have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.package import operators, stack, template
from tests.infra.packaged import made

SAID = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:sowa-${Stage}-"


def invoked_by(role: dict[str, Any]) -> set[str]:
    return {
        one["Fn::Sub"].removeprefix(SAID)
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for one in statement["Resource"]
    }


def of_people() -> dict[str, dict[str, Any]]:
    return {part: made()["Resources"][operators.role_id(part)] for part in operators.PARTS}


def test_no_role_invokes_both_what_proposes_and_what_approves() -> None:
    functions = {one.entry_point for one in template.functions_of(made())}
    may = {part: invoked_by(role) for part, role in of_people().items()}
    for part in operators.PARTS:
        named = {one for one in functions if one.startswith(f"{part}_")}
        assert may[part] == {*named, "show_proposals"} and len(named) == len(operators.needing_two()) > 0
    assert may["propose"] & may["approve"] == {"show_proposals"}


def test_what_is_proposed_can_be_approved_and_is_known_to_the_command() -> None:
    functions = {one.entry_point for one in template.functions_of(made())}
    halves = [
        {one.removeprefix(f"{part}_") for one in functions if one.startswith(f"{part}_")} for part in operators.PARTS
    ]
    assert halves == [set(operators.needing_two())] * 2


def test_no_function_may_invoke_either() -> None:
    for function in template.functions_of(made()):
        statements = made()["Resources"][f"{function.logical_id}Role"]["Properties"]["Policies"][0]["PolicyDocument"]
        assert statements["Statement"]
        assert not [one for one in statements["Statement"] if "lambda:InvokeFunction" in json.dumps(one)]


def test_a_session_is_named_after_its_user() -> None:
    for role in of_people().values():
        operators.require_named_sessions(role["Properties"])
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"] == {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}


def trusting(**condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


FREE: dict[str, dict[str, Any]] = {
    "no condition": trusting(),
    "another one": trusting(Bool={"aws:MultiFactorAuthPresent": "true"}),
    "any name": trusting(StringLike={"sts:RoleSessionName": "*"}),
    "one of two": trusting(StringLike={"sts:RoleSessionName": ["${aws:username}", "night-*"]}),
    "not this": trusting(StringNotEquals={"sts:RoleSessionName": "${aws:username}"}),
    "if it is there": trusting(StringEqualsIfExists={"sts:RoleSessionName": "${aws:username}"}),
}
FREE["one statement of two"] = {
    **trusting(), "Statement": [*trusting(StringEquals={"sts:RoleSessionName": "${aws:username}"})["Statement"],
                                *trusting()["Statement"]],
}  # fmt: skip


class Iam:
    """A session with some roles."""

    def __init__(self, **roles: dict[str, Any]) -> None:
        self._roles = roles

    def client(self, service: str) -> Iam:
        return self

    def get_role(self, *, RoleName: str) -> dict[str, Any]:  # as boto3 has it
        if RoleName not in self._roles:
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": "none"}}, "GetRole")
        return {"Role": {"Path": "/", "AssumeRolePolicyDocument": self._roles[RoleName]}}


@pytest.mark.parametrize("how", FREE)
def test_make_deploy_refuses_a_role_whose_sessions_anybody_names(how: str) -> None:
    good = trusting(StringLike={"STS:RoleSessionName": ["${aws:username}"]})
    session: Any = Iam(good=good, better=good, free=FREE[how])
    said = {"OperatorsRoleToPropose": "good", "OperatorsRoleToApprove": "better"}
    stack._require_named_sessions(session, said)
    stack._require_named_sessions(session, dict.fromkeys(said, ""))
    for wrong in ("free", "good", "nobody"):
        with pytest.raises(stack.Refused):
            stack._require_named_sessions(session, said | {"OperatorsRoleToApprove": wrong})


def test_identity_center_names_sessions_itself() -> None:
    role = {"Path": "/aws-reserved/sso.amazonaws.com/eu-central-1/", "AssumeRolePolicyDocument": trusting()}
    operators.require_named_sessions(role)
    with pytest.raises(operators.NamedByAnybody):
        operators.require_named_sessions(role | {"Path": "/aws-reserved/"})
