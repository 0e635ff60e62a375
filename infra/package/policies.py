"""Policies and settings of each function: the calls it was seen to make (policies.yaml), the settings it was seen to
read (settings.yaml), and what no local cloud can see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SEEN, READ = (Path(__file__).with_name(name) for name in ("policies.yaml", "settings.yaml"))
NOT_FORWARDED = "ForwardingDeadLetters"
PUSH, MAIL, TEXTS, MEDIA, FACTORY, CHANNEL = "Push", "Mail", "Texts", "Media", "Factory", "Channel"
# Whatever a factory calls its files.
ANY = "*"
API_LOGS = "APIHandlerLogs"
_KINDS = {
    **dict.fromkeys(("Items", "Keys", "Ledger", "Fiscal", "RestoredKeys"), "dynamodb"),
    **dict.fromkeys(("RootKey", "ReceiptKey"), "kms"),
    API_LOGS: "logs",
}
BEYOND: dict[str, dict[str, set[str]]] = {
    # Whom S3 may not tell what is in the bucket, it answers 403 where there is nothing: a picture that was deleted
    # meanwhile would look like a fault.
    "on_picture_uploaded": {f"{MEDIA}/alarms": {"ListBucket"}},
    "on_image_uploaded": {
        f"{MEDIA}/avatars-in": {"ListBucket"},
        f"{MEDIA}/covers-in": {"ListBucket"},
        f"{MEDIA}/feedback-in": {"ListBucket"},
    },
    "on_recording_uploaded": {f"{MEDIA}/recordings": {"ListBucket"}},
    # What was broken off, and the clip of a device that is gone by then.
    "on_clip_requested": {f"{MEDIA}/clips": {"AbortMultipartUpload", "DeleteObject", "ListBucket"}},
    # The same for a picture that ends while a copy of somebody's data is made; and who leaves meanwhile takes the copy
    # along.
    "on_export_asked": {
        f"{MEDIA}/alarms": {"ListBucket"},
        f"{MEDIA}/avatars": {"ListBucket"},
        f"{MEDIA}/covers": {"ListBucket"},
        f"{MEDIA}/feedback": {"ListBucket"},
        f"{MEDIA}/exports": {"DeleteObject"},
        f"{MEDIA}/held": {"AbortMultipartUpload", "DeleteObject"},
    },
    # A dead terminal of which SNS knows no more, or that is another's by now.
    "on_push_due": {"Items": {"Query"}, PUSH: {"DeleteEndpoint"}},
    # The first message of an hour in which nobody called the API makes the hour's key.
    "on_notice_due": {"Keys": {"PutItem"}},
    "show_live": {"Keys": {"PutItem"}},
    # What a page points to is noted alone or together; a row elsewhere is deleted outright, or while it is theirs.
    "on_erasure_begun": {
        "Ledger": {"PutItem", "DeleteItem"},
        "Items": {"DeleteItem"},
        f"{MEDIA}/held": {"AbortMultipartUpload"},
    },
    "resume_erasures": {"Ledger": {"PutItem"}},
    # The copy of the table is there only when it is needed.
    "restore_keys": {"RestoredKeys": {"GetItem", "Scan"}},
    "replay_erasures": {
        "Ledger": {"PutItem", "UpdateItem", "DeleteItem", "Query"},
        "Items": {"DeleteItem"},
        PUSH: {"DeleteEndpoint"},
        f"{MEDIA}/clips": {"AbortMultipartUpload", "DeleteObject"},
        f"{MEDIA}/exports": {"AbortMultipartUpload", "DeleteObject"},
        f"{MEDIA}/held": {"AbortMultipartUpload", "DeleteObject"},
        **{
            f"{MEDIA}/{prefix}": {"DeleteObject"}
            for prefix in (
                "alarms", "avatars", "avatars-in", "covers", "covers-in", "feedback", "feedback-in", "live",
                "recordings",
            )
        },
    },
}

# Who was seen to read of one of them reads of the others too.
_PLATFORMS = (("APNS", "FCM"), ("APPLE", "FACEBOOK", "GOOGLE"))
# A read of one record is the one, of several the other: how many there are depends on the day.
_READS = {"BatchGetItem", "GetItem"}

Statement = dict[str, Any]


@cache
def seen() -> dict[str, dict[str, list[str]]]:
    """Function → resource → actions, as tests/infra/test_package_policies.py saw them used."""
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(SEEN.read_text())
    return loaded


def granted(entry_point: str) -> dict[str, list[str]]:
    """Resource → actions."""
    used, more = seen()[entry_point], BEYOND.get(entry_point, {})
    actions = {name: {*used.get(name, ()), *more.get(name, ())} for name in sorted({*used, *more})}
    return {name: sorted(some | _READS if some & _READS else some) for name, some in actions.items()}


@cache
def read() -> dict[str, list[str]]:
    """Function → settings, as the same test saw them read."""
    loaded: dict[str, list[str]] = yaml.safe_load(READ.read_text())
    return loaded


def settings_of(entry_point: str) -> list[str]:
    """The settings that a function finds in its environment."""
    return sorted({name for seen in read()[entry_point] for name in _of_all_platforms(seen)})


def _of_all_platforms(name: str) -> Iterator[str]:
    words = name.split("_")
    families = [family for family in _PLATFORMS if set(family) & set(words)]
    if not families:
        yield name
    for family in families:
        for platform in family:
            yield "_".join(platform if word in family else word for word in words)


def role(entry_point: str, events: Mapping[str, Any], logs: str, gives_up_to: Any = None) -> dict[str, Any]:
    """The role of one function. Lambda puts in its name into the queue `gives_up_to` what it gave up on."""
    own = [
        statement
        for name, actions in granted(entry_point).items()
        for statement in _statements(name, actions, entry_point)
    ]
    fed = [statement for event in events.values() for statement in _fed_by(event)]
    if gives_up_to is not None:
        fed.append(_allow("sqs", ["SendMessage"], gives_up_to))
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            "Policies": [
                {
                    "PolicyName": "own",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [*own, *fed, _writes_to(logs)]},
                }
            ],
        },
    }


def _statements(name: str, actions: list[str], entry_point: str) -> list[Statement]:
    if "/" in name:
        return _bucket(*name.split("/", 1), actions, entry_point)
    if name == PUSH:
        return [_push(platform, actions) for platform in ("Fcm", "Apns")]
    if name == TEXTS:
        # A phone number is no resource: what is not a topic and not an endpoint, in any region or account, is one.
        elsewhere = {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}
        return [{"Effect": "Allow", "Action": [f"sns:{action}" for action in actions], "NotResource": elsewhere}]
    if name == CHANNEL:
        # Here an action is a method of HTTP; IAM knows one action for all, and connections have random names.
        connections = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketAPI}/v1"
        below = [{"Fn::Sub": f"{connections}/{method}/@connections/*"} for method in actions]
        return [{"Effect": "Allow", "Action": ["execute-api:ManageConnections"], "Resource": below}]
    if name == MAIL:
        # Both are judged: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsesv2.html
        here = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}"
        both = ("identity/${MailDomain}", "configuration-set/${MailConfiguration}")
        return [_allow("ses", actions, [{"Fn::Sub": f"{here}:{one}"} for one in both])]
    return [_allow(_KINDS.get(name, "sqs"), actions, _arn_of(name))]


def _arn_of(name: str) -> Any:
    """Of a table, of that which serves; of the table of keys, of either, as it never is another."""
    table = name.removeprefix("Restored")
    own = {"Fn::GetAtt": [table, "Arn"]}
    if _KINDS.get(name) != "dynamodb" or name == "Keys":
        return own
    restored = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Restored" + table + "}"
    return {"Fn::If": [f"{table}Restored", {"Fn::Sub": restored}, own]}


def stream_of(table: str) -> Any:
    """The same of its stream."""
    restored, own = _arn_of(table)["Fn::If"][1]["Fn::Sub"], {"Fn::GetAtt": [table, "StreamArn"]}
    return {"Fn::If": [f"{table}Restored", {"Fn::Sub": f"{restored}/stream/${{Restored{table}Stream}}"}, own]}


def _allow(service: str, actions: list[str], resource: Any) -> Statement:
    return {"Effect": "Allow", "Action": [f"{service}:{action}" for action in actions], "Resource": resource}


def _bucket(name: str, prefix: str, actions: list[str], entry_point: str) -> list[Statement]:
    """What is done to the objects below one prefix, or to any (`*`); lists are the bucket's."""
    listings = [action for action in actions if action.startswith("ListBucket")]
    objects = [action for action in actions if action not in listings]
    bucket, below = bucket_arn(name), prefix if prefix == ANY else f"{prefix}/*"
    statements = [_allow("s3", objects, {"Fn::Sub": f"{bucket['Fn::Sub']}/{below}"})] if objects else []
    for action in listings:
        listing = _allow("s3", [action], bucket)
        # AWS knows no narrower list of uploads; where nothing is there, it asks whether the whole may be listed.
        if action == "ListBucket" and action not in BEYOND.get(entry_point, {}).get(f"{name}/{prefix}", ()):
            listing["Condition"] = {"StringLike": {"s3:prefix": f"{prefix}/*"}}
        statements.append(listing)
    return statements


def bucket_arn(name: str) -> dict[str, str]:
    """That of media by its name, and no reference: it is made after the functions that it tells of its objects."""
    of_media = "arn:${AWS::Partition}:s3:::sowa-${Stage}-media-${AWS::AccountId}-${AWS::Region}"
    return {"Fn::Sub": of_media if name == MEDIA else f"${{{name}.Arn}}"}


def _push(platform: str, actions: list[str]) -> Statement:
    """Only where the installation pushes there. An endpoint has a random name below its application's, and SNS judges
    what is done to it by the application's name, whatever the call names (its reference lists no resource for either:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_sns.html)."""
    application = {"Ref": f"{platform}ApplicationArn"}
    kind, name = ({"Fn::Select": [part, {"Fn::Split": ["/", application]}]} for part in (1, 2))
    endpoints = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:endpoint/${Kind}/${Name}/*"
    resources = [{"Fn::Sub": [endpoints, {"Kind": kind, "Name": name}]}, application]
    return {"Fn::If": [f"PushesBy{platform}", _allow("sns", actions, resources), {"Ref": "AWS::NoValue"}]}


def _fed_by(event: Mapping[str, Any]) -> list[Statement]:
    """What Lambda does in the function's name to bring it its events."""
    if event["Type"] == "SQS":
        queue = event["Properties"]["Queue"]
        return [_allow("sqs", ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"], queue)]
    if event["Type"] == "DynamoDB":
        stream = event["Properties"]["Stream"]
        table = _arn_of(stream["Fn::If"][2]["Fn::GetAtt"][0])
        return [
            _allow("dynamodb", ["DescribeStream", "GetRecords", "GetShardIterator"], stream),
            # A list is of all streams of a table: AWS knows no narrower resource for it.
            _allow("dynamodb", ["ListStreams"], {"Fn::Sub": ["${Table}/stream/*", {"Table": table}]}),
            _allow("sqs", ["SendMessage"], {"Fn::GetAtt": [NOT_FORWARDED, "Arn"]}),
        ]
    return []


def _writes_to(logs: str) -> Statement:
    return _allow("logs", ["CreateLogStream", "PutLogEvents"], {"Fn::GetAtt": [logs, "Arn"]})
