"""The template that is deployed: Chalice's own, and the files that declare the rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import BuildStage, InjectDefaults, SwaggerBuilder
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, SAMTemplateGenerator

from chalicelib.entry import cors
from chalicelib.register import catalogue
from chalicelib.store.records import Item, LedgerRow, Record
from infra import applier, gateway_responses
from infra.package import bundle, memory, object_events, operators, policies, watch

ROOT = Path(__file__).parents[2]
DEPLOYED, OPERATE = Path(__file__).with_name("deployed.yaml"), ROOT / "infra" / "operate.yaml"
# The settings of .chalice/config.json that everybody's installation has; which one it is, is a parameter.
_SETTINGS = "production"
_LOG_DAYS = 7
# A stream forgets after 24 hours: what could not be forwarded after six leaves eighteen to look at it.
_FORWARDING = {
    # Ten batches of a shard at a time, in each of which an item's changes keep their order: a record that always fails
    # keeps a tenth waiting, and not all.
    "ParallelizationFactor": 10,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRecordAgeInSeconds": 6 * 3600,
    "MaximumRetryAttempts": 50,
    "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": [policies.NOT_FORWARDED, "Arn"]}}},
}
_BASES: dict[str, type[Record]] = {"Items": Item, "Ledger": LedgerRow}
_ORIGIN = "${AllowedOrigin}"
# The function of all routes.
API = "api"
# The function that serves some of its routes at an address of its own.
_LIVE = "show_live"
# Those that S3 tells directly of what cameras upload, as infra/wiring.yaml says.
OF_CAMERAS = ("on_picture_uploaded", "on_recording_uploaded")
# What is copied lies there whole before it is uploaded; others make do with the 512 MB that Lambda gives.
_DISK_MB = {"on_clip_requested": 4096}
# Routes that begin so, and the parameters of their limit.
_LIMITS = {"/live/": "Live", "/cameras/": "Cameras"}


class LeftOver(Exception):
    """Something in the template still exists for something else."""


class Function(NamedTuple):
    """One Lambda function: its logical id, its entry point, and Chalice's properties of it."""

    logical_id: str
    entry_point: str
    properties: dict[str, Any]

    @property
    def events(self) -> dict[str, Any]:
        return self.properties.get("Events", {})  # type: ignore[no-any-return]


def made(app: Any, *, architecture: str) -> dict[str, Any]:
    """The whole template; the zips of its code lie beside it under their names."""
    template = of_chalice(app)
    resources = template["Resources"]
    # One role for each function instead, with what that function does and no more.
    for name in [name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"]:
        del resources[name]
    data = applier.load(applier.RESOURCES, applier.WIRING, DEPLOYED, OPERATE)
    functions = functions_of(template)
    for function in functions:
        _wire(function, architecture)
        resources |= _beside(function)
    resources |= operators.roles()
    api = resources["RestAPI"]["Properties"]
    api["GatewayResponses"] = own_answers()
    for operations in api["DefinitionBody"]["paths"].values():
        operations["options"] = _if_an_origin_is_allowed(_preflight(operations))
    template = {**applier.merged(template, data)}
    _tell(template)
    resources = template["Resources"]
    resources["RestAPI"]["Properties"]["MethodSettings"] += _limits(api["DefinitionBody"]["paths"])
    resources[policies.MEDIA]["DependsOn"] += [
        object_events.permission_of(one.logical_id) for one in functions if one.entry_point in OF_CAMERAS
    ]
    _deploy_channel(resources)
    resources |= watch.alarms(resources, functions)
    body = resources["Overview"]["Properties"]["DashboardBody"]
    body["Fn::Sub"] = watch.page(body["Fn::Sub"], resources, functions)
    template["Description"] = "Sowa: a camera cloud"
    _refuse_left_overs(template)
    return template


def of_chalice(app: Any) -> dict[str, Any]:
    """The template of Chalice's own packager, without its zip and its guess at policies."""
    settings = json.loads((ROOT / ".chalice" / "config.json").read_text())
    config = Config(
        _SETTINGS, user_provided_params={"chalice_app": app, "project_dir": str(ROOT)}, config_from_disk=settings
    )
    application = ApplicationGraphBuilder().build(config, _SETTINGS)
    resources = DependencyBuilder().build_dependencies(application)
    BuildStage([InjectDefaults(), SwaggerBuilder(CFNSwaggerGenerator())]).execute(config, resources)
    template: dict[str, Any] = SAMTemplateGenerator(config, _Principals()).generate(resources)
    return template


class _Principals(PackageOptions):
    """Who may call functions and take on roles; the packager would look it up by region."""

    def __init__(self) -> None:
        """There is nobody to ask."""

    def service_principal(self, service: str) -> str:
        return f"{service}.amazonaws.com"


def functions_of(template: Mapping[str, Any]) -> list[Function]:
    """Every function of a template; the API's is called `api`, and any other as its entry point."""
    return [
        Function(
            name,
            API if name == "APIHandler" else resource["Properties"]["Handler"].rpartition(".")[2],
            resource["Properties"],
        )
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def _wire(function: Function, architecture: str) -> None:
    properties, code = function.properties, bundle.OF_ENTRY_POINTS.get(function.entry_point, bundle.WHOLE)
    if function.entry_point == API:
        properties["Handler"] = bundle.API_HANDLER
    properties |= {
        "FunctionName": {"Fn::Sub": name_of(function)},
        "CodeUri": f"./{code.name}",
        "Runtime": bundle.RUNTIME,
        "Architectures": [architecture],
        "MemorySize": memory.megabytes_of(function.entry_point),
        "Role": {"Fn::GetAtt": [f"{function.logical_id}Role", "Arn"]},
        # Our one line says how long it took; what Lambda would say beside it (START, END, REPORT) costs as much again.
        "LoggingConfig": {
            "LogGroup": {"Ref": logs_of(function)}, "LogFormat": "JSON", "SystemLogLevel": "WARN"
        },
    }
    if function.entry_point in OF_CAMERAS:
        reserve = {"Fn::If": ["ReservesForUploads", {"Ref": "UploadsReserve"}, {"Ref": "AWS::NoValue"}]}
        properties["ReservedConcurrentExecutions"] = reserve
    if function.entry_point in _DISK_MB:
        properties["EphemeralStorage"] = {"Size": _DISK_MB[function.entry_point]}
    # Chalice writes its own version and stage into it, which would change every function at each of its releases.
    properties.pop("Tags", None)
    for event in function.events.values():
        if event["Type"] == "SQS":
            event["Properties"] |= _of_queue(function.entry_point, event["Properties"]["Queue"])
        elif event["Type"] == "DynamoDB":
            event["Properties"] |= _of_stream(event["Properties"]["Stream"])


def logs_of(function: Function) -> str:
    """The logical id of the group that it writes to: requests to the API's routes are looked for in one place, whoever
    serves them."""
    return policies.API_LOGS if function.entry_point == _LIVE else f"{function.logical_id}Logs"


def name_of(function: Function) -> str:
    """With names that are known beforehand, roles can name log groups."""
    return f"sowa-${{Stage}}-{function.entry_point}"


def _tell(template: dict[str, Any]) -> None:
    """Each function the settings that it reads, and no others: for all of them Lambda's 4 KB are too small."""
    settings = template["Globals"]["Function"].pop("Environment")["Variables"]
    for function in functions_of(template):
        given = {name: settings[name] for name in policies.settings_of(function.entry_point)}
        function.properties["Environment"] = {"Variables": given | {"AWS_TRANSPORT": {"Ref": "AwsTransport"}}}


def _of_queue(entry_point: str, placeholder: str) -> dict[str, Any]:
    queue = placeholder.rpartition(":")[2]
    at_once = "PicturesAtOnce" if entry_point in OF_CAMERAS else "ListenersAtOnce"
    return {
        "Queue": {"Fn::GetAtt": [queue, "Arn"]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        # Or a backlog takes every function that the account may run, and the API has none.
        "ScalingConfig": {"MaximumConcurrency": {"Ref": at_once}},
    }


def _of_stream(placeholder: str) -> dict[str, Any]:
    table = placeholder.partition("/")[2].partition("/")[0]
    patterns = [{"Pattern": json.dumps(one, separators=(",", ":"))} for one in stream_events(_BASES[table])]
    return {
        "Stream": policies.stream_of(table),
        "FilterCriteria": {"Filters": patterns},
        **_FORWARDING,
    }


def stream_events(base: type[Record]) -> list[dict[str, Any]]:
    """The changes of a table that anybody listens to, as patterns of event source mappings.

    One for each sort of events that is listened to. A mapping has room for five, so each names all its partitions and
    places, and lets a little more through than is declared.
    """
    records = [one for one in catalogue.RECORDS if issubclass(one, base) and one.stream_queue is not None]
    sorts = {
        tuple(sorted(events)): [one for one in records if one.stream_events == events]
        for events in {one.stream_events for one in records}
    }
    return [
        {
            "eventName": list(events),
            "dynamodb": {
                "Keys": {
                    "pk": {"S": _beginning(one.pk_prefix for one in kinds)},
                    "sk": {"S": _beginning(str(one.sk_prefix) for one in kinds)},
                }
            },
        }
        for events, kinds in sorted(sorts.items())
    ]


def _beginning(kinds: Iterable[str]) -> list[Any]:
    """A kind stands alone, or ids follow it."""
    return [what for kind in sorted(set(kinds)) for what in (kind, {"prefix": f"{kind}#"})]


def _beside(function: Function) -> dict[str, Any]:
    logs, is_told_by_s3 = logs_of(function), function.entry_point in OF_CAMERAS
    gives_up_to = object_events.queue_of(function.events) if is_told_by_s3 else None
    group = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": {"Fn::Sub": f"/aws/lambda/{name_of(function)}"},
            "RetentionInDays": _LOG_DAYS,
        },
    }
    return {
        **({} if function.entry_point == _LIVE else {logs: group}),
        f"{function.logical_id}Role": policies.role(function.entry_point, function.events, logs, gives_up_to),
        **(object_events.invoked_by_s3(function.logical_id, function.events) if is_told_by_s3 else {}),
    }


def _limits(paths: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the routes that are asked for more often than others. A stage's limit is each method's own, and one that has
    settings inherits none."""
    return [
        {
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-stage-methodsetting.html
            "ResourcePath": "/" + path.replace("/", "~1"),
            "HttpMethod": method.upper(),
            "ThrottlingRateLimit": {"Ref": f"{limit}PerSecond"},
            "ThrottlingBurstLimit": {"Ref": f"{limit}AtOnce"},
            "DataTraceEnabled": False,
            "LoggingLevel": "OFF",
        }
        for path, operations in paths.items()
        for prefix, limit in _LIMITS.items()
        for method in operations
        if path.startswith(prefix) and method != "options"
    ]


def _deploy_channel(resources: dict[str, Any]) -> None:
    """What is deployed is a picture of the routes, and CloudFormation takes another one under another name only."""
    (old,) = _of_channel(resources, "Deployment")
    deployment, name = resources.pop(old), deployment_of(resources)
    resources[name] = {**deployment, "DependsOn": sorted(_of_channel(resources, "Route"))}
    (stage,) = _of_channel(resources, "Stage").values()
    stage["Properties"]["DeploymentId"] = {"Ref": name}


def deployment_of(resources: Mapping[str, Any]) -> str:
    """The logical id of the channel's deployment, which follows from what it deploys."""
    deployed = [_of_channel(resources, kind) for kind in ("Api", "Integration", "Route")]
    text = json.dumps(deployed, sort_keys=True).encode()
    return f"WebsocketAPIDeployment{hashlib.sha256(text).hexdigest()[:8]}"


def _of_channel(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {name: one for name, one in resources.items() if one["Type"] == f"AWS::ApiGatewayV2::{kind}"}


def own_answers() -> dict[str, Any]:
    return {kind: _own_answer(kind) for kind in gateway_responses.KINDS}


def _own_answer(kind: str) -> dict[str, Any]:
    headers = {name: _constant(value) for name, value in gateway_responses.headers_of(kind).items()}
    body, status = gateway_responses.body_of(kind, "$context.requestId"), gateway_responses.status_of(kind)
    return {
        "ResponseTemplates": {"application/json": json.dumps(body)},
        "ResponseParameters": {"Headers": {**headers, **_from_another_origin()}},
        **({} if status is None else {"StatusCode": status}),
    }


def _from_another_origin() -> dict[str, Any]:
    return {name: _if_an_origin_is_allowed(_constant(value)) for name, value in cors.of_answer(_ORIGIN).items()}


def _preflight(operations: Iterable[str]) -> dict[str, Any]:
    """Answered by API Gateway itself; no function is woken."""
    given = cors.of_preflight(_ORIGIN, map(str.upper, operations))
    constants = {f"method.response.header.{name}": _constant(value) for name, value in given.items()}
    return {
        "responses": {"204": {"description": "", "headers": {name: {"type": "string"} for name in given}}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            # Or a request that passes for a binary one finds no template, and the answer is a 500.
            "contentHandling": "CONVERT_TO_TEXT",
            "passthroughBehavior": "when_no_match",
            "requestTemplates": {"application/json": '{"statusCode": 204}'},
            "responses": {"default": {"statusCode": "204", "responseParameters": constants}},
        },
    }


def _constant(value: str) -> Any:
    """A header's value as API Gateway writes one that is not taken from anywhere."""
    return {"Fn::Sub": f"'{value}'"} if _ORIGIN in value else f"'{value}'"


def _if_an_origin_is_allowed(what: Any) -> dict[str, Any]:
    return {"Fn::If": ["AllowsOrigin", what, {"Ref": "AWS::NoValue"}]}


def _refuse_left_overs(template: Mapping[str, Any]) -> None:
    text = json.dumps(template)
    for sign in ("Placeholder.", "placeholder", "000000000000", "us-east-1"):
        if sign in text:
            raise LeftOver(text[max(0, text.index(sign) - 100) :][:200])


def written(template: Mapping[str, Any]) -> bytes:
    """As JSON, in which every word is what it looks like (YAML knows `OFF` and `NO` as falsehoods)."""
    return json.dumps(template, ensure_ascii=False, indent=1, sort_keys=True).encode()
