"""Operators as AWS knows them: users of IAM, and sessions of the roles by which people propose and approve."""

from __future__ import annotations

from typing import Any, Literal

import boto3
from botocore.credentials import Credentials

from chalicelib.register import proposals
from infra.local.cloud import LocalCloud
from infra.local.functions import REGION
from infra.sowa.identity import presigned

STAGE = "local"
ACCOUNT = "123456789012"


def user(world: LocalCloud, name: str, path: str = "/") -> Credentials:
    """Of a user who is made, if need be."""
    iam = boto3.client("iam", region_name=REGION)
    with world.aws.outside():
        if name not in {one["UserName"] for one in iam.list_users()["Users"]}:
            iam.create_user(UserName=name, Path=path)
        key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def session(
    world: LocalCloud, name: str, part: Literal["propose", "approve", "read"], account: str = ACCOUNT
) -> Credentials:
    with world.aws.outside():
        made = boto3.client("sts", region_name=REGION).assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/sowa-{STAGE}-{part}", RoleSessionName=name
        )["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def proposing(by: Credentials, operation: str, order: dict[str, Any]) -> dict[str, Any]:
    """The event of `propose_<operation>`."""
    bound_to = proposals.bound_to_proposal(STAGE, operation, order)
    return {"order": order, "identity": presigned(by, REGION, bound_to)}


def approving(by: Credentials, proposed: dict[str, Any]) -> dict[str, Any]:
    """The event of `approve_<operation>`."""
    bound_to = proposals.bound_to_approval(
        STAGE, proposed["operation"], proposed["proposal_id"], proposed["order"]
    )
    return {"proposal_id": proposed["proposal_id"], "identity": presigned(by, REGION, bound_to)}


def ordered(world: LocalCloud, operation: str, order: dict[str, Any], by: tuple[str, str] = ("anna", "bob")) -> Any:
    """The answer to what one proposes and the other approves."""
    proposed = world.invoke(f"propose_{operation}", proposing(session(world, by[0], "propose"), operation, order))
    return world.invoke(f"approve_{operation}", approving(session(world, by[1], "approve"), proposed))
