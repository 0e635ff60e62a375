"""The two roles of people who act together: one invokes what proposes, the other what approves, and no role both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

INVOKED = Path(__file__).with_name("operators.yaml")
PARTS: Final = ("propose", "approve")
# The one name that a session of theirs may have: the user's own, so that two roles do not make two people of one.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_rolesessionname
_NAMED = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
_OPERATORS = ("StringEquals", "StringLike")
_KEY, _USER = "sts:rolesessionname", "${aws:username}"
# Sessions of AWS IAM Identity Center are named after its users by AWS, which lets nobody change such a role.
_IDENTITY_CENTER = "/aws-reserved/sso.amazonaws.com/"


class NamedByAnybody(Exception):
    """A session of the role may bear any name: of two people who act together one could be both."""


def role_id(part: str) -> str:
    """The logical id of a role: `RoleToPropose`."""
    return f"RoleTo{part.capitalize()}"


@cache
def invoked() -> dict[str, list[str]]:
    """The functions that each of both may invoke."""
    loaded: dict[str, list[str]] = yaml.safe_load(INVOKED.read_text())
    return loaded


def needing_two() -> list[str]:
    """The operations that need two operators, by name: `hold`."""
    return [name.removeprefix("propose_") for name in invoked()["propose"] if name.startswith("propose_")]


def roles() -> dict[str, Any]:
    """Both, as resources of the template."""
    return {role_id(part): _role(invoked()[part]) for part in PARTS}


def _role(functions: list[str]) -> dict[str, Any]:
    function = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:sowa-${Stage}-"
    named = [{"Fn::Sub": f"{function}{name}"} for name in functions]
    everybody = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    trusts = {
        "Effect": "Allow", "Principal": {"AWS": everybody}, "Action": "sts:AssumeRole", "Condition": _NAMED,
    }  # fmt: skip
    invokes = {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": named}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusts]},
            "Policies": [
                {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [invokes]}}
            ],
        },
    }


def require_named_sessions(role: Mapping[str, Any]) -> None:
    """Raises NamedByAnybody for a role, as IAM's GetRole has it, whose trust lets a session be named otherwise than
    after its user."""
    if role.get("Path", "/").startswith(_IDENTITY_CENTER):
        return
    statements = role["AssumeRolePolicyDocument"]["Statement"]
    for one in [statements] if isinstance(statements, dict) else statements:
        if one["Effect"] == "Allow" and not _is_named(one.get("Condition", {})):
            raise NamedByAnybody


def _is_named(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    said = [
        value
        for operator in _OPERATORS
        for key, value in condition.get(operator, {}).items()
        if key.lower() == _KEY
    ]
    return any(value in (_USER, [_USER]) for value in said)
