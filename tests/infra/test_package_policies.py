"""What a function may do is what it was seen to do in every life there is, and hardly more.

`WRITE_POLICIES=1 pytest tests/infra/test_package_policies.py` writes what was seen anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from werkzeug.wrappers import Response

from chalicelib.aws import bucket, crypto
from chalicelib.aws.clients import client
from chalicelib.aws.commit import change, commit
from chalicelib.privacy.records import ARCHIVES
from chalicelib.push.records import Endpoint
from chalicelib.sessions import rules
from infra.local import memory
from infra.local.cloud import LocalCloud
from infra.local.functions import Functions
from infra.package import bundle, policies, template
from tests.conftest import Home
from tests.doors import all_doors, request_for
from tests.events import event as sample
from tests.factors import App
from tests.identities.people import maja
from tests.identities.platforms import google_picture, platforms
from tests.privacy.backups import brought_back
from tests.scene import (
    CODE,
    PASSWORD,
    SECRET,
    Caller,
    Camera,
    Person,
    forget_root_secret,
    jpeg,
    lay_down,
    new_camera,
    new_person,
    pay,
)
from tests.worlds.sweep import leap

_HEAD = """# What each function was seen to do, by resource; `make policies` writes it anew, and a test compares.
"""
_HEAD_OF_SETTINGS = """# Which settings each function was seen to read; `make policies` writes it anew, a test compares.
"""
_HEAD_OF_OPERATIONS = """# What the functions were seen to call; `make policies` writes it anew, and a test compares.
"""
_LAMBDA_SAYS_IT_ITSELF = "AWS_REGION"
_running: ContextVar[str | None] = ContextVar("running", default=None)
_TOGETHER = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_METHODS = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}
_WITHOUT_NAME = {"sns": policies.PUSH, "ses": policies.MAIL, "logs": policies.API_LOGS}
_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "HeadObject": "GetObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectsV2": "ListBucket",
    "UploadPart": "PutObject",
}


class _Watched:
    """The environment, and who reads what of it."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def get(self, name: str, default: str | None = None) -> str | None:
        if (who := _running.get()) is not None and name != _LAMBDA_SAYS_IT_ITSELF:
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
        monkeypatch.setattr(bucket, "ticket", self._as_well(bucket.ticket, "PutObject"))
        monkeypatch.setattr(bucket, "link", self._as_well(bucket.link, "GetObject"))

    def note(self, service: str, operation: str, params: dict[str, Any]) -> None:
        if (who := _running.get()) is None:  # the world's own calls, such as S3's look at who may read
            return
        self.operations.setdefault(service, set()).add(operation)
        for resource, action in self._rights(service, operation, params):
            self.seen.setdefault(who, {}).setdefault(resource, set()).add(action)

    def _rights(self, service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if service == "dynamodb" and operation == "TransactWriteItems":
            for item in params["TransactItems"]:
                ((kind, one),) = item.items()
                yield self._names[one["TableName"]], _TOGETHER[kind]
        elif service == "dynamodb":
            for name in params.get("RequestItems") or [params["TableName"]]:
                yield self._names[name], operation
        elif service == "sns" and "PhoneNumber" in params:
            yield policies.TEXTS, operation
        elif service == "apigatewaymanagementapi":
            yield policies.CHANNEL, _METHODS[operation]
        elif service in _WITHOUT_NAME:
            yield _WITHOUT_NAME[service], operation
        elif service == "s3":
            name = self._names[params["Bucket"]]
            for prefix in {_prefix(name, key) for key in _keys(params)}:
                yield f"{name}/{prefix}", _ACTIONS.get(operation, operation)
        else:
            resource = next(params[name] for name in ("QueueUrl", "KeyId") if name in params)
            yield self._names[resource], operation

    def _as_well(self, sign: Callable[..., Any], right: str) -> Callable[..., Any]:
        def signing(key: str, *args: Any, **kwargs: Any) -> Any:
            self.note("s3", right, {"Bucket": self._media, "Key": key})
            return sign(key, *args, **kwargs)

        return signing


def _prefix(bucket_name: str, key: str) -> str:
    first = key.partition("/")[0]
    return policies.ANY if bucket_name == policies.FACTORY and first != "refused" else first


def _keys(params: dict[str, Any]) -> list[str]:
    """Of the objects that a call to S3 is about, or what they begin with."""
    if "Delete" in params:
        return [one["Key"] for one in params["Delete"]["Objects"]]
    return [params["Key"] if "Key" in params else params["Prefix"]]


def _cold(call: Callable[..., Any]) -> Callable[..., Any]:
    def cold(functions: Functions, name: str, handler: Any, event: Any) -> Any:
        memory.forget()
        memory.forget_settings()
        before = _running.set("api" if name == "sowa-api" else name)
        try:
            return call(functions, name, handler, event)
        finally:
            _running.reset(before)

    return cold


def _told(world: LocalCloud, door: str, **ids: str) -> None:
    """A message that comes again, late."""
    event = sample("sqs_ids")
    event["Records"] = [{**event["Records"][0], "body": json.dumps(ids)}]
    handler = {source.name: source.handler_string for source in world.gateway.app.event_sources}[door]
    well, _answer = world.functions.attempt(door, handler, event)
    assert well, world.failures


def _every_door(home: Home) -> None:
    before = home.world.snapshot()
    for door in all_doors():
        home.world.restore(before)
        request = request_for(door, home)
        answer = request.send(home)
        assert answer.status == door.status, answer.body
        home.world.settle()
    home.world.restore(before)


def _nobody_was_here_before(world: LocalCloud, empty: Any) -> None:
    """Whoever comes first makes the root secret."""
    for first in (lambda: new_person(world), lambda: Camera(world).load()):
        world.restore(empty)
        forget_root_secret(world)
        first()


def _pictures(home: Home) -> None:
    home.camera.see(2)
    assert home.camera.upload(3, data=b"not a picture" * 100).status == 204
    home.world.settle()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms").status == 204
    home.world.settle()
    home.world.advance(60)
    home.camera.see(4)
    seven_days_s = 7 * 86_400
    home.world.clock.move_to(home.world.now().timestamp() + seven_days_s + 1)
    assert home.world.run_schedule("sweep_expired_pictures") == {"deleted": 1}


def _a_face(home: Home) -> None:
    for number in (1, 2):
        home.world.advance(60)
        home.owner.show_face(jpeg(number))
    home.owner.show_face(b"not a picture")
    assert home.owner.avatar() is not None
    assert home.owner.call("DELETE", "/me/avatar").status == 204
    home.world.settle()
    _an_upload_of_which_nobody_was_told(home)
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_uploads") == {"deleted": 1}


def _a_picture_of_a_platform(home: Home) -> None:
    """Taken over, and of none that is one; and told of once more, late."""
    person = maja(home.world, picture=google_picture())
    home.world.settle()
    assert person.avatar() is not None
    maja(home.world, "google-2", "kaja@example.com", picture=platforms().picture(lambda: Response("no picture")))
    home.world.settle()
    _told(home.world, "on_picture_offered", partition_id=person.account_id, place_id="")


def _a_cover(home: Home) -> None:
    device_id = home.camera.device_id
    for number in (1, 2):
        home.world.advance(60)
        home.owner.cover(device_id, jpeg(number))
    home.owner.cover(device_id, b"not a picture")
    assert home.owner.cover_of(device_id) is not None
    assert home.owner.call("DELETE", f"/devices/{device_id}/cover").status == 204
    home.world.settle()
    _an_upload_of_which_nobody_was_told(home)
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_cover_uploads") == {"deleted": 1}


def _an_offer(home: Home) -> None:
    home.owner.step_up()
    for to in ({"email": home.stranger.email}, {"phone": "+48601234567"}):
        home.owner.offer(home.camera.device_id, **to)
        home.world.settle()


def _an_upload_of_which_nobody_was_told(home: Home) -> None:
    assert home.owner.upload_avatar().status == 204
    assert home.owner.upload_cover(home.camera.device_id).status == 204
    with home.world.aws.outside():
        for queue in ("AvatarUploads", "CoverUploads"):
            client("sqs").purge_queue(QueueUrl=home.world.stack.physical(queue))


def _a_channel(home: Home) -> None:
    """Commands are given, brought at once and on waking, to who is there and who is not, and answered."""
    device_id = home.camera.device_id
    home.camera.connect()
    home.world.settle()
    never = home.camera.connect()
    home.world.channel.connections.pop(never.id)
    home.world.settle()
    assert home.owner.command(device_id).status == 202
    older, newer = home.camera.connect(), home.camera.connect()
    home.world.settle()
    assert newer.say({"id": newer.messages[0]["id"], "ok": True}) == 200
    older.say({"id": "any", "ok": True})
    assert home.owner.command(device_id).status == 202
    home.world.settle()
    home.world.channel.connections.pop(newer.id)
    assert home.owner.command(device_id).status == 202
    home.world.settle()
    again = home.camera.connect()
    home.world.channel.connections.pop(again.id)
    home.world.settle()
    last = home.camera.connect()
    home.world.channel.connections.pop(last.id)
    assert home.owner.change_settings(device_id, 0, night_mode="on").status == 200
    home.world.settle()
    unowned = new_camera(home.world, "SN0071").connect()
    home.world.settle()
    unowned.close()
    home.camera.connect().close()


def _live_video(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email, rights=["live"]).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    home.camera.stream(init="a")
    home.camera.stream()
    for person in (home.owner, home.stranger):
        path = f"/devices/{home.camera.device_id}/live/{person.watch(home.camera.device_id)['live_id']}"
        assert person.call("POST", path).status == 200
        assert person.call("DELETE", path).status == 204
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 3600)
    assert home.world.run_schedule("sweep_live_video") == {"deleted": 2}


def _an_order(home: Home) -> None:
    pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    home.world.settle()


def _one_phone_of_two_people(home: Home) -> None:
    home.stranger.take_pushes("platform-token-of-the-owner")


def _a_terminal_that_never_comes_back(home: Home) -> None:
    leap(home.world, rules.SESSION_LIFE.total_seconds())
    home.world.advance(3600, reaper_lag_seconds=0)


def _a_terminal_that_died_while_it_was_registered(home: Home) -> None:
    """SNS knows it, and its row does not say by which name: whoever ends it asks for it again."""
    begin = home.world.snapshot()
    for end in (
        lambda: _a_terminal_that_never_comes_back(home),
        lambda: home.world.invoke("remove_child", {"email": home.owner.email}),
    ):
        home.world.restore(begin)
        home.owner.take_pushes("platform-token-of-the-owner")
        with home.world.aws.outside():
            (held,) = Endpoint.list_of(home.owner.account_id).items
            commit(change(held, arn=None))
        end()
        home.world.settle()


def _erasure_by(home: Home, drive: Callable[[str], None]) -> None:
    """A closed account, whose erasure is driven by one function alone to its very end."""
    _an_order(home)
    home.camera.see(5)
    home.owner.show_face()
    home.owner.cover(home.camera.device_id)
    home.camera.stream(init="a")
    _an_upload_of_which_nobody_was_told(home)
    _ask_for_a_copy(home)
    home.world.settle()
    _break_off_a_copy(home)
    erasure_id = home.owner.close().json["erasure_id"]
    for seconds in (0, 15 * 60, 2 * 3600, 25 * 3600):
        home.world.clock.move_to(home.world.now().timestamp() + seconds)
        drive(crypto.plain_hash(erasure_id))
    home.world.settle()
    assert home.world.call("GET", f"/erasures/{erasure_id}").json["state"] == "done"


def _by_the_clock(home: Home) -> None:
    _erasure_by(home, lambda hashed: home.world.run_schedule("resume_erasures"))


def _by_messages(home: Home) -> None:
    _erasure_by(home, lambda hashed: _told(home.world, "on_erasure_begun", partition_id=hashed, place_id=hashed))


def _a_copy_of_everything(home: Home) -> None:
    home.owner.show_face()
    home.owner.cover(home.camera.device_id)
    _an_order(home)
    _ask_for_a_copy(home)
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 86_400 + 1)
    assert home.world.run_schedule("sweep_expired_archives") == {"deleted": 1}


def _ask_for_a_copy(home: Home) -> None:
    home.owner.step_up()
    assert home.owner.call("POST", "/privacy/exports").status == 202


def _break_off_a_copy(home: Home) -> None:
    """As if who was writing it had died."""
    with home.world.aws.outside():
        bucket.Upload(ARCHIVES.of(home.world.now(), home.owner.account_id) + "half.zip", "application/zip")


def _a_copy_that_was_broken_off(home: Home) -> None:
    """Whoever writes it anew ends what was left; the names of archives follow from when they were asked for."""
    _ask_for_a_copy(home)
    (asked,) = home.owner.call("GET", "/privacy/exports").json["items"]
    place_id = asked["export_id"].removeprefix(home.owner.account_id)
    with home.world.aws.outside():
        bucket.Upload(ARCHIVES.of(home.world.now(), home.owner.account_id) + f"{place_id}.zip", "application/zip")
    home.world.settle()


def _a_restore(home: Home) -> None:
    home.owner.step_up()
    with brought_back(home.world):
        assert home.owner.close().status == 202
    told = {"restored_to": "2026-01-05T08:00:00Z"}
    assert home.world.invoke("replay_erasures", told) == {"erasures": 1, "subjects": 3}
    home.world.settle()


def _a_phone_number_alone(home: Home) -> None:
    caller = Caller(home.world, "+48601234567")
    assert caller.confirm(caller.register()).status == 201
    camera = new_camera(home.world, "SN0050", owner=caller)
    assert pay(home.world, caller.order(camera.device_id).json["order_id"]).status == 200
    caller.step_up()
    assert caller.call("POST", "/privacy/exports").status == 202
    home.world.settle()
    assert home.world.invoke("remove_child", {"phone": caller.email})["closed"]
    home.world.settle()


def _children(home: Home) -> None:
    child = Person(home.world, "child@example.com")
    said = child.registration(birth_date="2015-01-01", terminal=child.terminal)
    assert home.world.call("POST", "/accounts", said).status == 422
    assert home.world.invoke("remove_child", {"email": home.owner.email})["closed"]
    home.world.settle()


def _lost_second_factors(home: Home) -> None:
    caller = Caller(home.world, "+48601234567")
    assert caller.confirm(caller.register()).status == 201
    for person, address in ((home.owner, "email"), (caller, "phone")):
        App.added(person)
        assert person.call("PUT", "/me/password", {"current": PASSWORD, "new": "Trz4Sowy"}).status == 204
        assert home.world.invoke("remove_second_factors", {address: person.email}) == {"count": 1}
        home.world.settle()


def _a_look_into_the_log(home: Home) -> None:
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    home.owner.call("GET", "/me")
    assert home.world.invoke("read_api_log", asked)["items"]
    assert home.world.invoke("read_api_log", {**asked, "account_id": home.owner.account_id})["items"]


def _a_guest(home: Home) -> None:
    """Invited once by e-mail and once by phone, pushed to, and gone in each of the ways there are."""
    home.stranger.take_pushes("platform-token-of-the-stranger")
    path = f"/devices/{home.camera.device_id}/shares"
    home.owner.share(home.camera.device_id, phone="+48601234567")
    for end in (
        lambda share_id: home.owner.call("DELETE", f"{path}/{share_id}"),
        lambda share_id: home.stranger.call("DELETE", f"/shares/{share_id}"),
        lambda share_id: home.world.invoke("remove_child", {"email": home.stranger.email}),
    ):
        share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
        home.world.settle()
        assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
        home.world.settle()
        home.stranger.take_pushes(f"token-of-{share_id}")
        home.world.settle()
        home.camera.see(6)
        end(share_id)
        home.world.settle()


def _a_shared_device_that_goes(home: Home) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    home.owner.share(home.camera.device_id, email="later@example.com")
    home.world.settle()
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    home.world.settle()


def _a_factory(home: Home) -> None:
    address = lay_down(home.world, "batch.csv", f"sn,model,code,secret\nSN0060,One,{CODE},{SECRET}\nSN0061,One,x,y\n")
    assert home.world.invoke("load_devices", {"s3": address})["done"]


_LIVES = (
    _a_factory,
    _a_guest,
    _a_shared_device_that_goes,
    _a_phone_number_alone,
    _children,
    _lost_second_factors,
    _a_look_into_the_log,
    _a_restore,
    _a_copy_of_everything,
    _a_copy_that_was_broken_off,
    _a_channel,
    _live_video,
    _pictures,
    _a_face,
    _a_picture_of_a_platform,
    _a_cover,
    _an_offer,
    _an_order,
    _one_phone_of_two_people,
    _a_terminal_that_never_comes_back,
    _a_terminal_that_died_while_it_was_registered,
    _by_the_clock,
    _by_messages,
)


@pytest.fixture
def witness(home: Home, _empty: Any, monkeypatch: pytest.MonkeyPatch) -> Witness:
    world, begin = home.world, home.world.snapshot()
    witness = Witness(world, monkeypatch)
    try:
        _every_door(home)
        for life in _LIVES:
            world.restore(begin)
            life(home)
        _nobody_was_here_before(world, _empty)
    finally:
        world.aws.order_by(None)
        # The last world had a root secret of its own.
        memory.forget()
    assert not world.failures
    return witness


def _sorted(seen: dict[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(found) for name, found in sorted(seen.items())}


def test_what_is_granted_told_and_packaged_is_what_was_seen(witness: Witness) -> None:
    seen = {door: _sorted(used) for door, used in sorted(witness.seen.items())}
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


def _made() -> dict[str, Any]:
    from app import app

    return template.made(app, architecture="x86_64")


def _statements() -> Iterator[tuple[str, dict[str, Any]]]:
    made = _made()
    for function in template.functions_of(made):
        role = made["Resources"][f"{function.logical_id}Role"]["Properties"]
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            yield function.door, statement["Fn::If"][1] if "Fn::If" in statement else statement


def test_every_function_has_a_role_of_its_own() -> None:
    assert {door for door, _ in _statements()} == set(policies.seen())


def test_no_statement_names_everything() -> None:
    for door, statement in _statements():
        assert not [action for action in statement["Action"] if "*" in action], door
        assert statement.get("Resource", "") != "*", door
        assert statement["Effect"] == "Allow", door


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
        ("s3:DeleteObject", "${Media.Arn}/alarms/*"),
        ("s3:GetObject", "${Media.Arn}/alarms/*"),
        ("s3:PutObject", "${Media.Arn}/alarms/*"),
        *(
            (f"s3:{action}", "${Media.Arn}/exports/*")
            for action in ("AbortMultipartUpload", "DeleteObject", "GetObject", "PutObject")
        ),
        *(
            (f"s3:{action}", f"${{Media.Arn}}/{prefix}/*")
            for prefix in ("avatars", "avatars-in", "covers", "covers-in", "live")
            for action in ("DeleteObject", "GetObject", "PutObject")
        ),
        # whatever a factory calls its files, and what could not be taken of them
        ("s3:GetObject", "${Factory.Arn}/*"),
        ("s3:PutObject", "${Factory.Arn}/refused/*"),
        # AWS knows no narrower resource
        ("dynamodb:ListStreams", "${Items.Arn}/stream/*"),
        ("dynamodb:ListStreams", "${Ledger.Arn}/stream/*"),
        # and so have connections
        *(
            ("execute-api:ManageConnections", f"{_API}/{method}/@connections/*")
            for method in sorted(_METHODS.values())
        ),
        # endpoints have random names
        *(
            (f"sns:{action}", "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:endpoint/${Kind}/${Name}/*")
            for action in ("CreatePlatformEndpoint", "DeleteEndpoint", "Publish")
        ),
    }


def _resources(statement: dict[str, Any]) -> list[Any]:
    named = statement.get("Resource", [])
    return named if isinstance(named, list) else [named]


def test_a_text_message_goes_to_a_number_and_to_nothing_that_has_a_name() -> None:
    without = [(door, one) for door, one in _statements() if "NotResource" in one]
    told = {"on_export_asked", "on_letter_written", "on_order_changed", "on_person_invited", "on_transfer_offered"}
    assert {door for door, _ in without} == {"api", *told}
    for _, statement in without:
        assert statement["Action"] == ["sns:Publish"]
        assert _said(statement["NotResource"]) == "arn:${AWS::Partition}:sns:*:*:*"


def _said(resource: dict[str, Any]) -> str:
    said = resource["Fn::Sub"]
    return str(said if isinstance(said, str) else said[0])


def test_only_erasing_and_asking_may_touch_keys_and_nobody_may_end_them() -> None:
    kms = {(door, action) for door, one in _statements() for action in one["Action"] if action.startswith("kms:")}
    assert {action for _, action in kms} <= {"kms:Decrypt", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign"}
    assert {door for door, action in kms if action == "kms:Sign"} == {"api", "on_erasure_begun", "resume_erasures"}


def test_a_forwarder_reads_no_table() -> None:
    for door in ("forward_item_changes", "forward_ledger_changes"):
        assert {action for actions in policies.granted(door).values() for action in actions} == {"SendMessage"}


@pytest.mark.parametrize("name", ["on_avatar_uploaded", "on_cover_uploaded"])
def test_who_decodes_what_strangers_uploaded_can_open_no_vault(name: str) -> None:
    granted = yaml.safe_load(policies.SEEN.read_text())[name]
    assert not {"Keys", "RootKey"} & granted.keys()
