"""Functions that S3 invokes directly: S3's right to do so, how long Lambda tries, and where it leaves what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.package import policies

# As long, and as often, as Lambda offers: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
_TRIES = {"MaximumEventAgeInSeconds": 6 * 3600, "MaximumRetryAttempts": 2}


def queue_of(events: Mapping[str, Any]) -> Any:
    """The queue that a function listens to as well, and its only one: there lies what Lambda gave up on."""
    (queue,) = (event["Properties"]["Queue"] for event in events.values() if event["Type"] == "SQS")
    return queue


def invoked_by_s3(logical_id: str, events: Mapping[str, Any]) -> dict[str, Any]:
    """Resources beside a function that let the bucket's notifications name it."""
    function, invocation = {"Ref": logical_id}, f"{logical_id}Invocation"
    return {
        invocation: {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": function,
                "Qualifier": "$LATEST",
                **_TRIES,
                "DestinationConfig": {"OnFailure": {"Destination": queue_of(events)}},
            },
        },
        permission_of(logical_id): {
            "Type": "AWS::Lambda::Permission",
            # Before anything comes, it is said where it goes in the end.
            "DependsOn": [invocation],
            "Properties": {
                "FunctionName": function,
                "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com",
                # The account too: a bucket name given up by us could be taken by somebody else.
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": policies.bucket_arn(policies.MEDIA),
            },
        },
    }


def permission_of(logical_id: str) -> str:
    return f"{logical_id}Permission"
