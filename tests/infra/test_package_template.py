"""The template is whole: nothing in it stands for something else, nobody is woken for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import Any

import pytest
import yaml
from moto.events.models import EventPattern

from chalicelib import words
from chalicelib.entry import http
from chalicelib.errors import Refusal
from chalicelib.privacy.actions import api_log, erasing, export, restore_keys
from chalicelib.register import catalogue
from chalicelib.register.durations import LONGEST_FUNCTION
from chalicelib.register.erase import PASS_S
from chalicelib.register.sweep import BUDGET_S
from chalicelib.stock.actions import loading
from chalicelib.store.records import Record
from infra import applier, gateway_responses
from infra.local.cloud import LocalCloud
from infra.local.compression import LEAST_BYTES
from infra.local.gateway import Gateway, http_request
from infra.package import deploy, policies, template
from tests.infra.packaged import made, resources
from tests.routes import all_routes

REGION = "eu-central-1"
PARAMETERS = {
    "Stage": "production",
    "PublicUrl": "https://cloud.sowa.test",
    "MailDomain": "sowa.test",
    "MailSender": "post@sowa.test",
    "OperatorContact": "privacy@sowa.test",
    "PaymentProvider": "sandbox",
    "PaymentWebhookSecret": "whsec_of_no_importance",
    "Seller": '{"name": "Sowa", "address": "Warszawa", "vat_number": "PL5260250995"}',
}


def events(kind: str) -> dict[str, dict[str, Any]]:
    return {
        function.entry_point: event["Properties"]
        for function in template.functions_of(made())
        for event in function.events.values()
        if event["Type"] == kind
    }


def complaints(text: str) -> list[str]:
    # Imported here: it takes two seconds of every worker, and one of them lints.
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    return [str(one) for one in lint(text, config=ManualArgs(regions=[REGION]))]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("template_of", [made, lambda: expanded()], ids=["as written", "as SAM expands it"])
def test_cfn_lint_has_nothing_to_say(template_of: Callable[[], dict[str, Any]]) -> None:
    assert not complaints(template.written(template_of()).decode())


@cache
def expanded() -> dict[str, Any]:
    """What CloudFormation makes of the template, by the very program that it does it with."""
    from samtranslator.translator.transform import transform

    source = json.loads(template.written(made()))
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "sowa-production-artifacts", "Key": "code.zip"}
    defaults = {name: one["Default"] for name, one in source["Parameters"].items() if "Default" in one}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)  # SAM asks boto3 where it is
        made_of_it: dict[str, Any] = transform(source, defaults | PARAMETERS, _NoManagedPolicies())
    return made_of_it


def test_sam_adds_neither_stages_nor_roles_and_answers_in_our_words() -> None:
    kinds = [one["Type"] for one in expanded()["Resources"].values()]
    assert kinds.count("AWS::ApiGateway::Stage") == 1  # SAM likes to add one called Stage
    # And one each for people who propose, and who approve.
    assert kinds.count("AWS::IAM::Role") == len(resources("AWS::Serverless::Function")) + 2
    api = expanded()["Resources"]["RestAPI"]["Properties"]
    # Of an edge-optimised API alone we hear which country a camera calls from: before a regional one is no CloudFront.
    assert api["EndpointConfiguration"] == {"Types": ["EDGE"]}
    # What stands under a condition is left for CloudFormation to decide.
    body = resolved(api["Body"], ORIGIN)
    assert all("options" in operations for operations in body["paths"].values())
    assert made()["Resources"]["RestAPI"]["Properties"]["AlwaysDeploy"]  # or a new origin reaches no stage
    for answer in body["x-amazon-apigateway-gateway-responses"].values():
        assert answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == f"'{ORIGIN}'"


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def test_no_placeholder_is_left_and_a_new_one_is_refused() -> None:
    template._refuse_left_overs(made())
    with pytest.raises(template.LeftOver):
        template._refuse_left_overs({"Queue": "arn:aws:sqs:us-east-1:000000000000:AlarmPictures"})


def test_every_door_is_a_function_with_a_role_and_a_log_of_its_own_that_lasts_a_week() -> None:
    functions = template.functions_of(made())
    assert len({function.properties["Role"]["Fn::GetAtt"][0] for function in functions}) == len(functions)
    for function in functions:
        log = made()["Resources"][function.properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        # Live views' own address serves routes of the API, whose log is looked into.
        name = function.properties["FunctionName"]["Fn::Sub"].replace("show_live", "api")
        assert log == {"LogGroupName": {"Fn::Sub": f"/aws/lambda/{name}"}, "RetentionInDays": 7}
        assert len(name.replace("${Stage}", "x" * 20)) <= 64
        assert (function.properties["Runtime"], function.properties["Architectures"]) == ("python3.13", ["arm64"])


SWEEPS = {
    "sweep_expired_archives", "sweep_expired_attachments", "sweep_expired_clips", "sweep_expired_cover_uploads",
    "sweep_expired_invoices", "sweep_expired_pictures", "sweep_expired_recordings", "sweep_expired_uploads",
    "sweep_live_video",
}  # fmt: skip
# Longer than others run: an erasure is not done before all are over that may write of its subjects. Before each page of
# a copy it is asked whether its account exists, and its upload is ended by the erasure; the same of a clip and its
# device; refunds are nobody's rows; a period is ordered on the condition that its account and its device are there;
# what removes recordings, ends plans or counts days anew changes rows that are there, and makes one only on the
# condition that its device is; stock and new gift cards are nobody's yet; erasures and their replay write into the
# ledger alone.
PATIENT = {
    "on_clip_requested": 300, "on_recordings_removed": 300, "end_plans": 300, "reconcile_recordings": 300,
    "warn_of_plan_ends": 300, "ask_for_refunds": 300, "issue_gift_cards": 300, "close_month": 300,
    "announce": 300, "check_inactive_accounts": 300, "declare_incident": 300, "publish_policy": 300,
    "look_up_delayed_events": 300, "renew_plans": 300,
    "on_export_asked": 900, "load_devices": 900, "unload_devices": 900, "replay_erasures": 900, "restore_keys": 900,
    "resume_erasures": 300,
    **dict.fromkeys(SWEEPS, 900),
}  # fmt: skip
# As long as any that writes may.
LONG_ONES = {"on_recording_uploaded": 60}


def test_no_function_that_writes_of_a_subject_outlasts_what_an_erasure_waits_for() -> None:
    seconds = {function.entry_point: function.properties["Timeout"] for function in template.functions_of(made())}
    assert {route for route, one in seconds.items() if one > LONGEST_FUNCTION.total_seconds()} == PATIENT.keys()
    assert {route for route in seconds if route.startswith("sweep_")} == SWEEPS


@pytest.mark.parametrize("route", sorted(SWEEPS))
def test_what_runs_longer_only_deletes(route: str) -> None:
    granted = yaml.safe_load(policies.SEEN.read_text())[route]
    assert {action for actions in granted.values() for action in actions} == {"ListBucket", "DeleteObject"}


def test_a_job_stops_by_itself_in_time_for_what_is_under_way_and_for_its_figure() -> None:
    """The last page may be tried thrice, each try for as long as a client waits."""
    seconds = {function.entry_point: function.properties["Timeout"] for function in template.functions_of(made())}
    for route, budget_s in (
        *((route, BUDGET_S) for route in SWEEPS),
        ("resume_erasures", erasing.BUDGET_S),
        ("on_erasure_begun", PASS_S),
        ("on_export_asked", export.BUDGET_S),
        ("replay_erasures", restore_keys.BUDGET_S),
        ("restore_keys", restore_keys.BUDGET_S),
        ("read_api_log", api_log.BUDGET_S),
        ("load_devices", loading.BUDGET_S),
        ("unload_devices", loading.BUDGET_S),
    ):
        assert 0.6 * seconds[route] <= budget_s <= 0.81 * seconds[route], route


def test_a_function_is_given_the_time_that_the_settings_file_and_the_wiring_agree_upon() -> None:
    shared = applier.load(applier.WIRING)["Globals"]["Function"]
    for function in template.functions_of(made()):
        seconds = (PATIENT | LONG_ONES).get(function.entry_point, shared["Timeout"])
        assert function.properties["Timeout"] == seconds, function.entry_point


def test_a_function_is_told_what_it_reads_and_the_secret_only_where_it_is_checked() -> None:
    told = {function.entry_point: told_to(function) for function in template.functions_of(made())}
    assert [route for route, settings in told.items() if "PAYMENT_WEBHOOK_SECRET" in settings] == [template.API]
    of_factory = {"issue_gift_cards", "load_devices", "unload_devices"}
    assert {route for route, settings in told.items() if "FACTORY_BUCKET" in settings} == of_factory
    assert "KEYS_TABLE" not in told["on_image_uploaded"]
    wired = applier.load(applier.WIRING)["Globals"]["Function"]["Environment"]["Variables"]
    # What nobody reads is not said.
    assert set().union(*told.values()) == wired.keys() | {"AWS_TRANSPORT"}
    assert all(settings["AWS_TRANSPORT"] == {"Ref": "AwsTransport"} for settings in told.values())


def test_an_address_built_from_the_name_of_awss_domain_can_be_said_otherwise() -> None:
    """Where a domain of one's own stands before it, or something that plays AWS."""
    addresses = {"MEDIA_URL": "MediaUrl", "CHANNEL_URL": "ChannelUrl", "CHANNEL_MANAGEMENT_URL": "ChannelManagementUrl"}
    built = set()
    for function in template.functions_of(made()):
        for setting, value in told_to(function).items():
            if "AWS::URLSuffix" in json.dumps(value):
                built.add(setting)
                parameter = addresses[setting]
                condition, said, own = value["Fn::If"]
                assert (condition, said) == (f"Says{parameter}", {"Ref": parameter})
                assert own["Fn::Sub"].endswith((".${AWS::URLSuffix}", ".${AWS::URLSuffix}/v1"))
                assert made()["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
                assert made()["Parameters"][parameter]["Default"] == ""
    assert built == addresses.keys()


def test_what_cloudformation_computes_stands_alone() -> None:
    """What one file says and another replaces leaves nothing of the first: two functions in a mapping are refused."""
    assert list(crowded(made())) == []
    assert list(crowded({"a": [{"Fn::Sub": "x", "Fn::GetAtt": ["y", "z"]}]})) != []


def crowded(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        if len(value) > 1 and any(name == "Ref" or str(name).startswith("Fn::") for name in value):
            yield value
        for one in value.values():
            yield from crowded(one)


def told_to(function: template.Function) -> dict[str, Any]:
    settings: dict[str, Any] = function.properties["Environment"]["Variables"]
    return settings


# As long as they are for an installation that uses everything.
LONG = {
    "AllowedOrigin": "https://cameras.example.org",
    "ChannelManagementUrl": "https://channel-for-functions.europe.cameras.example.org/v1",
    "ChannelUrl": "wss://channel.europe.cameras.example.org/v1",
    "MediaUrl": "https://media.europe.cameras.example.org",
    "ApnsApplicationArn": "arn:aws:sns:ap-southeast-2:123456789012:app/APNS/sowa-production",
    "FcmApplicationArn": "arn:aws:sns:ap-southeast-2:123456789012:app/GCM/sowa-production",
    "MailSender": "Sowa cameras <no-reply@cameras.example.org>",
    "OidcAppleAudiences": "org.example.cameras,org.example.cameras.web",
    "OidcFacebookAudiences": "1234567890123456",
    "OidcGoogleAudiences": ",".join(3 * [f"123456789012-{32 * 'a'}.apps.googleusercontent.com"]),
    "OperatorContact": "https://cameras.example.org/privacy",
    "OperatorName": "The Camera Company of Somewhere, Ltd., 1 Long Street, 00-001 Warsaw, Poland",
    "PolicyAdditions": json.dumps({"en": 288 * "x"}),
    "PasskeyDomain": "cameras.example.org",
    "PasskeyOrigins": f"https://cameras.example.org android:apk-key-hash:{43 * 'A'}",
    "PaymentApiKey": f"rk_live_{100 * 'x'}",
    "PaymentReturnUrl": "https://cameras.example.org/app/orders",
    "PaymentWebhookSecret": f"whsec_{48 * 'x'}",
    "PublicUrl": "https://europe.cameras.example.org",
    "Regions": json.dumps({f"north-america-{number}": "https://na.cameras.example.org" for number in range(7)}),
    "Seller": json.dumps({
        "name": "The Camera Company of Somewhere, Ltd.", "address": "1 Long Street, 00-001 Warsaw",
        "vat_number": "PL5260250995",
    }),
    "Stage": 20 * "x",
}  # fmt: skip


def as_long_as_it_gets(value: dict[str, Any]) -> str:
    if "Fn::If" in value:
        return max((as_long_as_it_gets(one) for one in value["Fn::If"][1:]), key=len)
    if "Fn::Sub" in value:
        return re.sub(r"\$\{(.+?)\}", lambda found: as_long_as_it_gets({"Ref": found[1]}), value["Fn::Sub"])
    if "Fn::GetAtt" in value:
        assert value["Fn::GetAtt"][1] == "FunctionUrl"
        return f"https://{32 * 'a'}.lambda-url.ap-southeast-2.on.aws/"
    name = value["Ref"]
    if name in made()["Parameters"]:
        return str(LONG.get(name) or made()["Parameters"][name].get("Default", ""))
    physical = f"sowa-{LONG['Stage']}-{name}-ABCDEFGHIJKLM"
    kind = made()["Resources"].get(name, {}).get("Type")
    beginning = "https://sqs.ap-southeast-2.amazonaws.com/123456789012/" if kind == "AWS::SQS::Queue" else ""
    return beginning + physical


def test_addresses_are_limited_where_the_operator_says_so_and_refused_as_the_api_refuses() -> None:
    assert made()["Parameters"]["AddressLimit"]["Default"] == "0"
    assert [said for said in ("0", "9", "10", "2000", "-1", "") if allows("AddressLimit", said)] == ["0", "10", "2000"]
    (firewall,), (of_api,) = (resources(f"AWS::WAFv2::{kind}").values() for kind in ("WebACL", "WebACLAssociation"))
    assert firewall["Condition"] == of_api["Condition"] == "LimitsAddresses"
    (rule,) = firewall["Properties"]["Rules"]
    assert rule["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": {"Ref": "AddressLimit"},
    }  # fmt: skip
    block = rule["Action"]["Block"]["CustomResponse"]
    body = firewall["Properties"]["CustomResponseBodies"][block["CustomResponseBodyKey"]]
    assert block["ResponseCode"] == gateway_responses.status_of("THROTTLED")
    assert json.loads(body["Content"]) == gateway_responses.body_of("THROTTLED", "")
    # Sampled requests would be addresses that are kept without a row of the policy.
    for one in (firewall["Properties"], rule):
        assert one["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_a_budget_is_told_to_who_hears_the_alarms() -> None:
    (budget,) = resources("AWS::Budgets::Budget").values()
    assert made()["Parameters"]["MonthlyBudget"]["Default"] == 0 and budget["Condition"] == "HasBudget"
    told = budget["Properties"]["NotificationsWithSubscribers"]
    assert [(one["Notification"]["NotificationType"], one["Notification"]["Threshold"]) for one in told] == [
        ("ACTUAL", 80), ("FORECASTED", 100),
    ]  # fmt: skip
    readers = [reader["Address"] for one in told for reader in one["Subscribers"]]
    assert readers == [{"Ref": "AlarmMail"}] * 2


def allows(parameter: str, value: str) -> bool:
    said = made()["Parameters"][parameter]
    is_long_enough = said.get("MinLength", 0) <= len(value) <= said.get("MaxLength", len(value))
    return is_long_enough and re.fullmatch(said["AllowedPattern"], value) is not None


@pytest.mark.parametrize(
    ("contact", "is_allowed"),
    [
        ("privacy@cameras.example.org", True),
        ("https://cameras.example.org/privacy", True),
        ("Long Street 1, 00-001 Warsaw, privacy@cameras.example.org", True),
        ("", False),
        (" ", False),
        ("by post", False),
        ("@cameras.example.org", False),
        ("privacy@localhost", False),
        ("http://cameras.example.org", False),
    ],
)
def test_nothing_is_deployed_without_a_contact_for_privacy(contact: str, is_allowed: bool) -> None:
    assert "Default" not in made()["Parameters"]["OperatorContact"]
    assert allows("OperatorContact", contact) is is_allowed


# What JSON minds, raw and as it is written there: whatever has up to three of these.
_MARKS = ("a", "ą", '"', "\\", "n", "}", ",", "\t", "\x00", "\n")
_WORDS = ["".join(marks) for length in range(4) for marks in product(_MARKS, repeat=length)]


def test_what_is_added_to_the_policy_is_json_if_the_template_takes_it() -> None:
    taken = [value for word in _WORDS if allows("PolicyAdditions", value := f'{{"en": "{word}", "pl": "a"}}')]
    assert len(taken) > 100
    assert all(set(json.loads(value)) == {"en", "pl"} for value in taken)
    refused = ('{"de": "a"}', '{"en": ""}', '{"en": 1}', "[]", "", '{"en": "a"', json.dumps({"en": 300 * "a"}))
    assert not [value for value in refused if allows("PolicyAdditions", value)]


def test_whatever_has_letters_marks_and_lines_can_be_added_to_the_policy() -> None:
    words = [word for word in _WORDS if word and not {"\t", "\x00"} & set(word)]
    written = [json.dumps({"en": word, "pl": word}, ensure_ascii=False) for word in words]
    assert [value for value in written if not allows("PolicyAdditions", value)] == []
    assert allows("PolicyAdditions", "{}")


def test_what_a_function_is_told_has_room_in_lambda() -> None:
    for function in template.functions_of(made()):
        told = {name: as_long_as_it_gets(value) for name, value in told_to(function).items()}
        # Lambda counts names, values, and the marks of JSON between them.
        assert len(json.dumps(told, separators=(",", ":"))) <= 4096, function.entry_point


def test_a_queue_feeds_its_function_and_takes_back_what_failed_alone() -> None:
    for route, queue in events("SQS").items():
        assert queue["FunctionResponseTypes"] == ["ReportBatchItemFailures"], route
        assert made()["Resources"][queue["Queue"]["Fn::GetAtt"][0]]["Type"] == "AWS::SQS::Queue"
    fed = {queue["Queue"]["Fn::GetAtt"][0] for queue in events("SQS").values()}
    queues = {name for name in resources("AWS::SQS::Queue") if not name.endswith("DeadLetters")}
    assert fed == queues


def test_no_queue_takes_all_functions_that_may_run_and_pictures_may_take_more_than_others() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
    for route, queue in events("SQS").items():
        of_cameras = route in ("on_picture_uploaded", "on_recording_uploaded")
        parameter = "PicturesAtOnce" if of_cameras else "ListenersAtOnce"
        assert queue["ScalingConfig"] == {"MaximumConcurrency": {"Ref": parameter}}
    for name in ("PicturesAtOnce", "ListenersAtOnce"):
        said = made()["Parameters"][name]
        assert (said["Type"], said["MinValue"], said["MaxValue"]) == ("Number", 2, 1000)
        assert 2 <= said["Default"] <= 1000


def test_the_api_has_a_reserve_where_the_account_has_room_for_one() -> None:
    """A new account may run ten functions at once, of which none can be reserved: it must be deployed without."""
    assert made()["Parameters"]["ApiReserve"]["Default"] == 0
    assert made()["Conditions"]["ReservesForApi"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ApiReserve"}, "0"]}]}
    reserving = {
        function.entry_point: function.properties["ReservedConcurrentExecutions"]
        for function in template.functions_of(made())
        if "ReservedConcurrentExecutions" in function.properties
    }
    of_uploads = {"Fn::If": ["ReservesForUploads", {"Ref": "UploadsReserve"}, {"Ref": "AWS::NoValue"}]}
    assert reserving == {
        "api": {"Fn::If": ["ReservesForApi", {"Ref": "ApiReserve"}, {"Ref": "AWS::NoValue"}]},
        "show_live": {"Fn::If": ["ReservesForLive", {"Ref": "LiveReserve"}, {"Ref": "AWS::NoValue"}]},
        **dict.fromkeys(template.OF_CAMERAS, of_uploads),
    }
    assert made()["Parameters"]["LiveReserve"]["Default"] == 0
    assert made()["Conditions"]["ReservesForLive"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "LiveReserve"}, "0"]}]}
    assert made()["Parameters"]["UploadsReserve"]["Default"] == 0
    assert made()["Conditions"]["ReservesForUploads"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "UploadsReserve"}, "0"]}]}


# What S3 tells functions directly


def _directly() -> dict[str, template.Function]:
    return {one.entry_point: one for one in template.functions_of(made()) if one.entry_point in template.OF_CAMERAS}


def test_what_cameras_upload_invokes_the_functions_that_are_ready_for_it() -> None:
    media = made()["Resources"]["Media"]
    configurations = media["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
    told = [one["Function"]["Fn::Sub"] for one in configurations]
    here = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
    assert told == [here + _directly()[name].properties["FunctionName"]["Fn::Sub"] for name in template.OF_CAMERAS]
    # S3 refuses a notification to a function that it may not invoke yet, and the stack with it.
    permissions = {f"{one.logical_id}Permission" for one in _directly().values()}
    assert permissions < set(media["DependsOn"])


def test_only_the_media_bucket_of_this_account_may_invoke_a_function() -> None:
    permissions = {
        name: one["Properties"]
        for name, one in resources("AWS::Lambda::Permission").items()
        if one["Properties"]["Principal"] == "s3.amazonaws.com"
    }
    assert len(permissions) == len(_directly())
    name_of_media = made()["Resources"]["Media"]["Properties"]["BucketName"]["Fn::Sub"]
    for function in _directly().values():
        assert permissions[f"{function.logical_id}Permission"] == {
            "FunctionName": {"Ref": function.logical_id},
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{name_of_media}"},
        }


def test_what_lambda_gives_up_on_lies_in_the_queue_that_the_function_listens_to() -> None:
    said = [one["Properties"] for one in resources("AWS::Lambda::EventInvokeConfig").values()]
    functions = {one["FunctionName"]["Ref"]: one for one in said}
    assert functions.keys() == {one.logical_id for one in _directly().values()}
    for function in _directly().values():
        invocation, (queue,) = functions[function.logical_id], [one["Properties"] for one in function.events.values()]
        assert (invocation["MaximumEventAgeInSeconds"], invocation["MaximumRetryAttempts"]) == (6 * 3600, 2)
        assert invocation["DestinationConfig"] == {"OnFailure": {"Destination": queue["Queue"]}}
        role = made()["Resources"][f"{function.logical_id}Role"]["Properties"]["Policies"][0]["PolicyDocument"]
        assert {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": queue["Queue"]} in role["Statement"]
        # Before S3 may invoke it, it is said where an event goes in the end.
        permission = made()["Resources"][f"{function.logical_id}Permission"]
        assert permission["DependsOn"] == [f"{function.logical_id}Invocation"]


def _in_an_order(template_resources: dict[str, Any]) -> list[str]:
    needs = {
        name: {other for other in applier.named_in(one) if other in template_resources}
        for name, one in template_resources.items()
    }
    return list(TopologicalSorter(needs).static_order())


def test_every_resource_can_be_made_after_those_that_it_names() -> None:
    """Bucket -> permission -> function -> its role and settings: they know the bucket by its name, or it were a
    circle."""
    order = _in_an_order(made()["Resources"])
    function = _directly()["on_picture_uploaded"].logical_id
    wanted = [f"{function}Role", function, f"{function}Permission", "Media", "MediaPolicy"]
    assert sorted(wanted, key=order.index) == wanted


def test_a_function_that_knew_the_bucket_by_reference_would_close_a_circle() -> None:
    circle = json.loads(json.dumps(made()["Resources"]))
    function = _directly()["on_picture_uploaded"].logical_id
    circle[function]["Properties"]["Environment"]["Variables"]["MEDIA_BUCKET"] = {"Ref": "Media"}
    with pytest.raises(CycleError, match="Media"):
        _in_an_order(circle)


def test_a_message_is_hidden_for_six_times_as_long_as_its_function_may_take() -> None:
    seconds = {function.entry_point: function.properties["Timeout"] for function in template.functions_of(made())}
    for route, queue in events("SQS").items():
        waits = made()["Resources"][queue["Queue"]["Fn::GetAtt"][0]]["Properties"]["VisibilityTimeout"]
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        assert waits >= 6 * seconds[route] + queue["MaximumBatchingWindowInSeconds"], route


def test_a_stream_is_read_by_ten_at_once_in_batches_that_are_done_in_time() -> None:
    for stream in events("DynamoDB").values():
        assert (stream["BatchSize"], stream["ParallelizationFactor"]) == (25, 10)


def test_a_stream_is_never_blocked_for_ever_and_loses_nothing_in_silence() -> None:
    read = [stream["Stream"] for stream in events("DynamoDB").values()]
    assert read == [policies.stream_of(table) for table in ("Items", "Ledger")]
    for stream in events("DynamoDB").values():
        assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert stream["BisectBatchOnFunctionError"] and stream["MaximumRetryAttempts"] > 0
        # The stream itself forgets after a day, and somebody must have time to look before.
        assert stream["MaximumRecordAgeInSeconds"] <= 12 * 3600
        aside = stream["DestinationConfig"]["OnFailure"]["Destination"]
        assert aside == {"Fn::GetAtt": [policies.NOT_FORWARDED, "Arn"]}
        assert 1 <= len(stream["FilterCriteria"]["Filters"]) <= 5  # more has to be asked of AWS


def _lets_through(base: type[Record], record: type[Record], event: str) -> bool:
    table = next(name for name, one in template._BASES.items() if one is base)
    (stream,) = (one for one in events("DynamoDB").values() if one["Stream"] == policies.stream_of(table))
    where = record.key("an-id", "another") if record.sk_prefix else record.key("an-id")
    raw = {"eventName": event, "dynamodb": {"Keys": where.raw()}}
    patterns = [EventPattern.load(one["Pattern"]) for one in stream["FilterCriteria"]["Filters"]]
    return any(pattern.matches_event(raw) for pattern in patterns)


_LISTENED = [
    (base, record) for record in catalogue.RECORDS for base in template._BASES.values() if issubclass(record, base)
]


@pytest.mark.parametrize(("base", "record"), _LISTENED, ids=lambda kind: kind.__name__)
def test_a_stream_lets_through_what_somebody_is_told(base: type[Record], record: type[Record]) -> None:
    told = record.stream_events if record.stream_queue is not None else ()
    assert all(_lets_through(base, record, event) for event in told)


def test_what_goes_wakes_only_who_listens_to_it() -> None:
    woken = {record.__name__ for base, record in _LISTENED if _lets_through(base, record, "REMOVE")}
    assert woken == {"BoundCamera", "Consenting", "Received", "Session"}


def test_what_nobody_listens_to_wakes_nobody() -> None:
    woken = {record.__name__ for base, record in _LISTENED if _lets_through(base, record, "INSERT")}
    assert not {"Session", "Alarm", "Answered", "Report"} & woken


def test_api_gateway_refuses_in_our_words() -> None:
    answers = resources("AWS::Serverless::Api")["RestAPI"]["Properties"]["GatewayResponses"]
    refusals = {one.__name__: one for one in _all(Refusal)}
    for kind, answer in answers.items():
        body = json.loads(answer["ResponseTemplates"]["application/json"])
        assert body.keys() == {"code", "message", "request_id"}
        assert body["message"] == words.message(refusals[body["code"]], "en")
        assert body["request_id"] == "$context.requestId"
        assert answer["ResponseParameters"]["Headers"]["Cache-Control"] == f"'{http._HEADERS['Cache-Control']}'"
        assert ("StatusCode" in answer) != kind.startswith("DEFAULT")
    statuses = {kind: answer.get("StatusCode") for kind, answer in answers.items()}
    assert statuses["MISSING_AUTHENTICATION_TOKEN"] == 404
    assert (statuses["THROTTLED"], statuses["REQUEST_TOO_LARGE"], statuses["INTEGRATION_TIMEOUT"]) == (429, 413, 503)


def resolved(value: Any, origin: str) -> Any:
    """As CloudFormation reads it for an installation with this origin."""
    if isinstance(value, dict) and "Fn::If" in value and value["Fn::If"][0] == "AllowsOrigin":
        return resolved(value["Fn::If"][1 if origin else 2], origin)
    if isinstance(value, dict) and set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        return value["Fn::Sub"].replace("${AllowedOrigin}", origin)
    if isinstance(value, dict):
        said = {name: resolved(inner, origin) for name, inner in value.items()}
        return {name: one for name, one in said.items() if one != {"Ref": "AWS::NoValue"}}
    return [resolved(one, origin) for one in value] if isinstance(value, list) else value


ORIGIN = "https://app.example.org"


def api_of(origin: str) -> dict[str, Any]:
    api: dict[str, Any] = resources("AWS::Serverless::Api")["RestAPI"]["Properties"]
    return {name: resolved(api[name], origin) for name in ("DefinitionBody", "GatewayResponses")}


def test_api_gateway_answers_preflights_of_every_route_as_the_local_gateway_does(world: LocalCloud) -> None:
    local = Gateway(world.gateway.app, allowed_origin=ORIGIN)
    paths = api_of(ORIGIN)["DefinitionBody"]["paths"]
    assert paths.keys() == {route.path for route in all_routes()}
    for path, operations in paths.items():
        integration = operations["options"]["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["contentHandling"]) == ("mock", "CONVERT_TO_TEXT")
        (answer,) = integration["responses"].values()
        said = {
            name.removeprefix("method.response.header."): value.strip("'")
            for name, value in answer["responseParameters"].items()
        }
        there = local.handle(http_request("OPTIONS", path))
        assert (int(answer["statusCode"]), said) == (there.status, dict(there.headers))
        assert said.keys() == operations["options"]["responses"][answer["statusCode"]]["headers"].keys()
        assert said["Access-Control-Allow-Origin"] == ORIGIN


def test_api_gateway_compresses_from_the_size_on_that_the_local_gateway_does() -> None:
    assert resources("AWS::Serverless::Api")["RestAPI"]["Properties"]["MinimumCompressionSize"] == LEAST_BYTES


def test_what_api_gateway_says_by_itself_can_be_read_from_the_allowed_origin() -> None:
    for answer in api_of(ORIGIN)["GatewayResponses"].values():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == f"'{ORIGIN}'"
        assert headers["Vary"] == "'Origin'"
        assert headers["Access-Control-Expose-Headers"] == "'Retry-After'"


def test_without_an_origin_nothing_is_said_of_others() -> None:
    assert "Access-Control" not in json.dumps(api_of(""))
    assert not [path for path, operations in api_of("")["DefinitionBody"]["paths"].items() if "options" in operations]


def _all(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _all(below)


def test_live_view_and_cameras_have_limits_of_their_own_for_a_stages_limit_is_each_methods() -> None:
    """A viewer asks for a playlist and a piece each second: by the limit of all methods a hundred could watch.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-stage-methodsetting.html"""
    settings = resources("AWS::Serverless::Api")["RestAPI"]["Properties"]["MethodSettings"]
    said = {(one["ResourcePath"], one["HttpMethod"]): one for one in settings}
    assert len(said) == len(settings)
    of_all = said.pop(("/*", "*"))
    assert of_all["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    wanted = {}
    for route in all_routes():
        for prefix, limit in (("/live/", "Live"), ("/cameras/", "Cameras")):
            if route.path.startswith(prefix):
                # Slashes are written so, but for the first: a path as it is names no method, and limits nothing.
                wanted["/" + route.path.replace("/", "~1"), route.method] = {
                    "ThrottlingRateLimit": {"Ref": f"{limit}PerSecond"},
                    "ThrottlingBurstLimit": {"Ref": f"{limit}AtOnce"},
                    # A method's settings inherit nothing.
                    "DataTraceEnabled": False,
                    "LoggingLevel": "OFF",
                }
    assert ("/~1live~1{capability}~1playlist.m3u8", "GET") in wanted and ("/~1cameras~1tickets", "POST") in wanted
    for (path, method), limits in wanted.items():
        assert said.pop((path, method)) == {"ResourcePath": path, "HttpMethod": method, **limits}
    assert not said
    defaults = {name: made()["Parameters"][name]["Default"] for name in ("RequestsPerSecond", "LivePerSecond")}
    assert defaults["LivePerSecond"] >= 10 * defaults["RequestsPerSecond"]


def channel(kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in resources(f"AWS::ApiGatewayV2::{kind}").items()}


def test_a_ping_is_answered_without_a_function_and_whatever_is_no_ping_reaches_it() -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html"""
    (api,) = channel("Api").values()
    assert api["RouteSelectionExpression"] == "$request.body.action"
    routes = {one["RouteKey"]: one for one in channel("Route").values()}
    assert routes.keys() == {"$connect", "$default", "$disconnect", "ping"}
    mock = channel("Integration")[routes["ping"]["Target"]["Fn::Join"][1][1]["Ref"]]
    assert mock["IntegrationType"] == "MOCK"
    assert json.loads(mock["RequestTemplates"][mock["TemplateSelectionExpression"]]) == {"statusCode": 200}
    # Nothing goes down to the camera: it waits for no answer.
    assert "RouteResponseSelectionExpression" not in routes["ping"]
    assert not resources("AWS::ApiGatewayV2::RouteResponse")


def test_the_channel_is_deployed_anew_when_its_routes_change() -> None:
    """A deployment is a picture of the routes: CloudFormation makes another one for another name only."""
    (name,) = resources("AWS::ApiGatewayV2::Deployment")
    (stage,) = channel("Stage").values()
    assert stage["DeploymentId"] == {"Ref": name}
    assert set(made()["Resources"][name]["DependsOn"]) == resources("AWS::ApiGatewayV2::Route").keys()
    changed = json.loads(json.dumps(made()["Resources"]))
    (route,) = (one for one in changed.values() if one.get("Properties", {}).get("RouteKey") == "ping")
    assert template.deployment_of(made()["Resources"]) == name
    route["Properties"]["RouteKey"] = "yes"
    assert template.deployment_of(changed) != name


def _unless_restored(value: Any, table: str) -> list[Any]:
    """Where a part of the template means the stack's own table, whether or not another serves in its place."""
    if isinstance(value, dict) and value.get("Fn::If", [""])[0] == f"{table}Restored":
        return []
    if value in ({"Ref": table}, {"Fn::GetAtt": [table, "Arn"]}, {"Fn::GetAtt": [table, "StreamArn"]}):
        return [value]
    if isinstance(value, str) and re.search(rf"\$\{{{table}(\.|\}})", value):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for one in inner for found in _unless_restored(one, table)]


def test_a_restored_copy_of_the_table_of_keys_never_serves_and_is_only_read() -> None:
    others = {name: one for name, one in made()["Resources"].items() if name != "Overview"}
    assert '"KeysRestored"' in json.dumps(others["RestoreKeysRole"]) and "KeysRestored" not in json.dumps(
        {name: one for name, one in others.items() if name != "RestoreKeysRole"}
    )
    assert told_to(next(one for one in template.functions_of(made()) if one.entry_point == "restore_keys"))[
        "RESTORED_KEYS_TABLE"
    ] == {"Ref": "RestoredKeys"}


@pytest.mark.parametrize("table", ["Items", "Ledger", "Fiscal"])
def test_a_restored_table_serves_by_a_parameter_wherever_its_own_was_meant(table: str) -> None:
    """No import: CloudFormation takes nothing in under a logical id that it has."""
    # The page of figures goes on showing the stack's own.
    others = {name: one for name, one in made()["Resources"].items() if name != "Overview"}
    assert _unless_restored(others, table) == []
    assert made()["Parameters"][f"Restored{table}"]["Default"] == ""
    text = json.dumps(others)
    assert f'"{table}Restored"' in text and f"Restored{table}" in text


def test_what_holds_data_outlives_the_stack() -> None:
    data = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket")
    # What closes a bucket stays with it; and a name's proof in DNS is not to be lost.
    for kind in (*data, "AWS::S3::BucketPolicy", "AWS::SES::EmailIdentity"):
        assert resources(kind)
        for name, resource in resources(kind).items():
            said = resource["DeletionPolicy"], resource["UpdateReplacePolicy"]
            assert said == ("RetainExceptOnCreate", "Retain"), name


def test_every_parameter_can_be_said_and_a_secret_is_not_shown() -> None:
    assert {*deploy.PARAMETERS, "Stage"} == made()["Parameters"].keys()
    assert made()["Parameters"]["PaymentWebhookSecret"]["NoEcho"] is True


def test_the_api_log_is_where_the_setting_says() -> None:
    (group,) = [one for name, one in made()["Resources"].items() if name == "APIHandlerLogs"]
    (reader,) = (one for one in template.functions_of(made()) if one.entry_point == "read_api_log")
    told = told_to(reader)["API_LOG_GROUP"]
    assert (group["Properties"]["LogGroupName"], group["Properties"]["RetentionInDays"]) == (told, 7)
