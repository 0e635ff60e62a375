"""What a function may do is what it was seen to do in every life there is, and hardly more.

`WRITE_POLICIES=1 pytest tests/infra/test_package_policies.py` writes what was seen anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from chalicelib.aws import s3
from chalicelib.settings import FOR_BOTOCORE
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from infra.local.functions import Functions
from infra.package import bundle, policies, template
from tests.conftest import Home
from tests.infra.lives import LIVES, RESTORED, every_door, nobody_was_here_before
from tests.infra.packaged import made

_HEAD = """# What each function was seen to do, by resource; `make policies` writes it anew, and a test compares.
"""
_HEAD_OF_SETTINGS = """# Which settings each function was seen to read; `make policies` writes it anew, a test compares.
"""
_HEAD_OF_OPERATIONS = """# What the functions were seen to call; `make policies` writes it anew, and a test compares.
"""
# What Lambda says itself, and what is said to any SDK or not at all.
_NOT_TOLD = {
    "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_TRANSPORT", *FOR_BOTOCORE,
}  # fmt: skip
_running: ContextVar[str | None] = ContextVar("running", default=None)
_TOGETHER = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_METHODS = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}
_WITHOUT_NAME = {"sns": policies.PUSH, "sesv2": policies.MAIL, "logs": policies.API_LOGS}
_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "HeadObject": "GetObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectsV2": "ListBucket",
    "SendMessageBatch": "SendMessage",
    "UploadPart": "PutObject",
}


class _Watched:
    """The environment, and who reads what of it."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def get(self, name: str, default: str | None = None) -> str | None:
        if (who := _running.get()) is not None and name not in _NOT_TOLD:
            self._witness.settings.setdefault(who, set()).add(name)
        return os.environ.get(name, default)


class Witness:
    """Sees who does what, as if each call were the first of its container."""

    def __init__(self, world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: dict[str, dict[str, set[str]]] = {}
        self.operations: dict[str, set[str]] = {}
        self.settings: dict[str, set[str]] = {}
        # What has an ARN of its own; a bucket's policy answers to the bucket's name too.
        self._names = {made.physical: name for name, made in world.stack._made.items() if "Arn" in made.attributes}
        self._media = world.stack.physical(policies.MEDIA)
        world.aws.order_by(lambda thread, call: self.note(call.service, call.operation, call.params))
        monkeypatch.setattr(Functions, "call", _cold(Functions.call))
        monkeypatch.setattr("chalicelib.settings.os", SimpleNamespace(environ=_Watched(self)))
        # Tickets and links are signed without a call, and carry their signer's rights.
        monkeypatch.setattr(s3, "ticket", self._as_well(s3.ticket, "PutObject"))
        monkeypatch.setattr(s3, "link", self._as_well(s3.link, "GetObject"))

    def note(self, service: str, operation: str, params: dict[str, Any]) -> None:
        if (who := _running.get()) is None:  # the world's own calls, such as S3's look at who may read
            return
        if service == "sts":  # asked in somebody else's name, who has signed it, and by no SDK
            return
        self.operations.setdefault(service, set()).add(operation)
        for resource, action in self._rights(service, operation, params):
            self.seen.setdefault(who, {}).setdefault(resource, set()).add(action)

    def _table(self, name: str) -> str:
        """By its logical name; a copy of it by that of the copy."""
        served = name.removesuffix(RESTORED)
        return self._names[served] if served == name else f"Restored{self._names[served]}"

    def _rights(self, service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if service == "dynamodb" and operation == "TransactWriteItems":
            for item in params["TransactItems"]:
                ((kind, one),) = item.items()
                yield self._table(one["TableName"]), _TOGETHER[kind]
        elif service == "dynamodb":
            for name in params.get("RequestItems") or [params["TableName"]]:
                yield self._table(name), operation
        elif service == "sns" and "PhoneNumber" in params:
            yield policies.TEXTS, operation
        elif service == "apigatewaymanagementapi":
            yield policies.CHANNEL, _METHODS[operation]
        elif service in _WITHOUT_NAME:
            yield _WITHOUT_NAME[service], operation
        elif service == "s3":
            yield from _of_objects(self._names[params["Bucket"]], operation, params)
        else:
            resource = next(params[name] for name in ("QueueUrl", "KeyId") if name in params)
            yield self._names[resource], _ACTIONS.get(operation, operation)

    def _as_well(self, sign: Callable[..., Any], right: str) -> Callable[..., Any]:
        def signing(key: str, *args: Any, **kwargs: Any) -> Any:
            self.note("s3", right, {"Bucket": self._media, "Key": key})
            return sign(key, *args, **kwargs)

        return signing


def _prefix(bucket_name: str, key: str) -> str:
    first = key.partition("/")[0]
    ours = first in ("refused", "gift-cards")
    return policies.ANY if bucket_name == policies.FACTORY and not ours else first


def _keys(params: dict[str, Any]) -> list[str]:
    """Of the objects that a call to S3 is about, or what they begin with."""
    if "Delete" in params:
        return [one["Key"] for one in params["Delete"]["Objects"]]
    return [params["Key"] if "Key" in params else params["Prefix"]]


def _of_objects(name: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for prefix in {_prefix(name, key) for key in _keys(params)}:
        yield f"{name}/{prefix}", _ACTIONS.get(operation, operation)
    if "CopySource" in params:
        yield f"{name}/{_prefix(name, params['CopySource']['Key'])}", "GetObject"


def _cold(call: Callable[..., Any]) -> Callable[..., Any]:
    def cold(functions: Functions, name: str, handler: Any, event: Any) -> Any:
        module_caches.forget()
        module_caches.forget_settings()
        before = _running.set("api" if name == "sowa-api" else name)
        try:
            return call(functions, name, handler, event)
        finally:
            _running.reset(before)

    return cold


@pytest.fixture
def witness(home: Home, _empty: Any, monkeypatch: pytest.MonkeyPatch) -> Witness:
    world, begin, session = home.world, home.world.snapshot(), vars(home.owner).copy()
    witness = Witness(world, monkeypatch)
    try:
        every_door(home)
        for life in LIVES:
            world.restore(begin)
            vars(home.owner).update(session)  # a life may have signed in anew
            life(home)
        nobody_was_here_before(world, _empty)
    finally:
        world.aws.order_by(None)
        # The last world had a root secret of its own.
        module_caches.forget()
    assert not world.failures
    return witness


def _sorted(seen: dict[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(found) for name, found in sorted(seen.items())}


def test_what_is_granted_told_and_packaged_is_what_was_seen(witness: Witness) -> None:
    seen = {route: _sorted(used) for route, used in sorted(witness.seen.items())}
    called, read = _sorted(witness.operations), _sorted(witness.settings)
    if os.environ.get("WRITE_POLICIES"):
        policies.SEEN.write_text(_HEAD + yaml.safe_dump(seen, width=110))
        policies.seen.cache_clear()
        policies.READ.write_text(_HEAD_OF_SETTINGS + yaml.safe_dump(read, width=110))
        policies.read.cache_clear()
        bundle.OPERATIONS.write_text(_HEAD_OF_OPERATIONS + yaml.safe_dump(called, width=110))
    assert policies.seen() == seen
    assert policies.read() == read
    assert yaml.safe_load(bundle.OPERATIONS.read_text()) == called


def _statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for function in template.functions_of(made()):
        role = made()["Resources"][f"{function.logical_id}Role"]["Properties"]
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            yield function.entry_point, statement["Fn::If"][1] if "Fn::If" in statement else statement


def test_every_function_has_a_role_of_its_own() -> None:
    assert {route for route, _ in _statements()} == set(policies.seen())


def test_no_statement_names_everything() -> None:
    for route, statement in _statements():
        assert not [action for action in statement["Action"] if "*" in action], route
        assert statement.get("Resource", "") != "*", route
        assert statement["Effect"] == "Allow", route


_MEDIA = "arn:${AWS::Partition}:s3:::sowa-${Stage}-media-${AWS::AccountId}-${AWS::Region}"
_API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketAPI}/v1"


def test_only_what_has_no_name_yet_is_named_by_a_pattern() -> None:
    patterns = {
        (action, _said(resource))
        for _, statement in _statements()
        for action in statement["Action"]
        for resource in _resources(statement)
        if "*" in json.dumps(resource)
    }
    assert patterns == {
        # objects that do not exist yet
        *((f"s3:{action}Object", f"{_MEDIA}/invoice-copies/*") for action in ("Delete", "Get", "Put")),
        *((f"s3:{action}Object", f"{_MEDIA}/invoices/*") for action in ("Delete", "Get", "Put")),
        ("s3:DeleteObject", f"{_MEDIA}/alarms/*"),
        ("s3:GetObject", f"{_MEDIA}/alarms/*"),
        ("s3:PutObject", f"{_MEDIA}/alarms/*"),
        *(
            (f"s3:{action}", f"{_MEDIA}/{prefix}/*")
            for prefix in ("clips", "exports", "held")
            for action in ("AbortMultipartUpload", "DeleteObject", "GetObject", "PutObject")
        ),
        *(
            (f"s3:{action}", f"{_MEDIA}/{prefix}/*")
            for prefix in (
                "avatars", "avatars-in", "covers", "covers-in", "feedback", "feedback-in", "live", "recordings",
            )
            for action in ("DeleteObject", "GetObject", "PutObject")
        ),
        # whatever a factory calls its files, and what could not be taken of them
        ("s3:GetObject", "${Factory.Arn}/*"),
        ("s3:PutObject", "${Factory.Arn}/gift-cards/*"),
        ("s3:PutObject", "${Factory.Arn}/refused/*"),
        # AWS knows no narrower resource
        ("dynamodb:ListStreams", "${Table}/stream/*"),
        # and so have connections
        *(
            ("execute-api:ManageConnections", f"{_API}/{method}/@connections/*")
            for method in sorted(_METHODS.values())
        ),
        # endpoints have random names
        *(
            (f"sns:{action}", "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:endpoint/${Kind}/${Name}/*")
            for action in (
                *("CreatePlatformEndpoint", "DeleteEndpoint", "GetEndpointAttributes", "Publish"),
                "SetEndpointAttributes",
            )
        ),
    }


def test_what_is_done_to_an_endpoint_is_granted_on_the_endpoint_and_on_its_application() -> None:
    """SNS refuses by the name of the application: "not authorized to perform: SNS:DeleteEndpoint on resource:
    arn:aws:sns:…:app/GCM/…"; AWS's reference names no resource for it, and other people's policies work with both:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_sns.html"""
    routes = {route for route, used in policies.seen().items() if policies.PUSH in used}
    assert {"api", "on_erasure_begun", "on_picture_uploaded"} <= routes
    granted: dict[str, list[dict[str, Any]]] = {}
    for route, statement in _statements():
        if any(action.startswith("sns:") for action in statement["Action"]) and "Resource" in statement:
            granted.setdefault(route, []).append(statement)
    assert granted.keys() == routes
    for route, (fcm, apns) in granted.items():
        for platform, statement in (("Fcm", fcm), ("Apns", apns)):
            assert statement["Action"] == [f"sns:{action}" for action in policies.granted(route)[policies.PUSH]]
            endpoints, application = statement["Resource"]
            assert application == {"Ref": f"{platform}ApplicationArn"}, route
            assert endpoints["Fn::Sub"][1]["Name"]["Fn::Select"][1]["Fn::Split"][1] == application, route


def _resources(statement: dict[str, Any]) -> list[Any]:
    named = statement.get("Resource", [])
    return named if isinstance(named, list) else [named]


def test_a_text_message_goes_to_a_number_and_to_nothing_that_has_a_name() -> None:
    without = [(route, one) for route, one in _statements() if "NotResource" in one]
    told = {"on_export_asked", "on_notice_due"}
    assert {route for route, _ in without} == {"api", *told}
    for _, statement in without:
        assert statement["Action"] == ["sns:Publish"]
        assert _said(statement["NotResource"]) == "arn:${AWS::Partition}:sns:*:*:*"


def _said(resource: dict[str, Any]) -> str:
    said = resource["Fn::Sub"]
    return str(said if isinstance(said, str) else said[0])


def test_only_erasing_and_asking_may_touch_keys_and_nobody_may_end_them() -> None:
    kms = {(route, action) for route, one in _statements() for action in one["Action"] if action.startswith("kms:")}
    assert {action for _, action in kms} <= {"kms:Decrypt", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign"}
    assert {route for route, action in kms if action == "kms:Sign"} == {"api", "on_erasure_begun"}


def test_the_document_names_all_who_can_unwrap_a_key_and_all_who_only_read_them() -> None:
    text = (template.ROOT / "docs" / "keys.md").read_text().partition("## Who can unwrap")[2]
    decrypting, reading = set(), set()
    for function in policies.seen():
        granted = policies.granted(function)
        if "Decrypt" in granted.get("RootKey", ()):
            decrypting.add(function)
        elif granted.get("Keys"):
            reading.add(function)
    assert _functions_in(text.partition("What binds")[0]) == decrypting
    assert _functions_in(text.partition("- Functions that only ask")[2].partition("- `api`")[0]) == reading


def _functions_in(text: str) -> set[str]:
    return set(re.findall("`([a-z_]+)`", text)) & policies.seen().keys()


def test_a_forwarder_reads_no_table() -> None:
    for route in ("forward_item_changes", "forward_ledger_changes"):
        assert {action for actions in policies.granted(route).values() for action in actions} == {"SendMessage"}


def test_who_decodes_what_strangers_uploaded_can_open_no_key() -> None:
    granted = yaml.safe_load(policies.SEEN.read_text())["on_image_uploaded"]
    assert not {"Keys", "RootKey"} & granted.keys()
