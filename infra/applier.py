"""Creates on any AWS endpoint exactly what the templates declare, and refuses what it would have to leave out.

moto's own CloudFormation drops TTL, recovery, encryption, lifecycle, policies and notifications without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import ParamValidationError

HERE = Path(__file__).parent
RESOURCES, WIRING = HERE / "resources.yaml", HERE / "wiring.yaml"


class TemplateError(Exception):
    """The template cannot be applied as it is written."""


class UnknownResource(TemplateError):
    """A resource type that nobody has taught the applier."""


class UnknownProperty(TemplateError):
    """Something declared that would not have been done."""


class BadParameter(TemplateError):
    """A parameter that is missing, not declared, or not allowed."""


class Unresolved(TemplateError):
    """A reference to nothing, or a function that the applier does not know."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags; any other tag is an error."""


def _short_tag(name: str, loader: yaml.SafeLoader, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    text = str(loader.construct_scalar(node))  # type: ignore[arg-type]  # a mapping is refused there
    return {name: text.split(".", 1) if name == "Fn::GetAtt" else text}


for _name in ("Ref", "Condition", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Equals", "Fn::Not", "Fn::Join"):
    _Loader.add_constructor("!" + _name.removeprefix("Fn::"), partial(_short_tag, _name))


def merged(first: Any, second: Any) -> Any:
    """As `chalice package --merge-template` does, mappings are united and anything else is replaced; and so is what a
    function of CloudFormation's gives, which stands alone in its mapping."""
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)) or is_function(first) or is_function(second):
        return second
    return {**first, **{key: merged(first[key], value) if key in first else value for key, value in second.items()}}


def is_function(value: Mapping[str, Any]) -> bool:
    """Whether CloudFormation is to compute it: `{"Fn::Sub": …}`, `{"Ref": …}`."""
    return len(value) == 1 and all(name == "Ref" or name.startswith("Fn::") for name in value)


def read(text: str) -> Any:
    """A template, or a piece of one."""
    return yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader that knows some tags more


def load(*paths: Path | str) -> dict[str, Any]:
    """The template files as one template."""
    template: dict[str, Any] = {}
    for path in paths:
        template = merged(template, read(Path(path).read_text(encoding="utf-8")))
    return template


class Declared:
    """A mapping of the template that must be used up: `end` refuses what nobody took, here or in a block of it."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self._where = where
        self._left = dict(values)
        self._inner: list[Declared] = []

    def take(self, name: str, default: Any = None) -> Any:
        return self._left.pop(name, default)

    def given(self, *names: str, **renamed: str) -> dict[str, Any]:
        """Those of the names that are declared, under the name that the API has for them."""
        names_there = dict(zip(names, names, strict=True)) | renamed
        return {there: self.take(here) for here, there in names_there.items() if here in self._left}

    def block(self, name: str) -> Declared:
        return self._nested(name, self.take(name, {}))

    def blocks(self, name: str) -> list[Declared]:
        return [self._nested(f"{name}[{n}]", values) for n, values in enumerate(self.take(name, []))]

    def end(self) -> None:
        if self._left:
            raise UnknownProperty(f"{self._where}: {', '.join(sorted(self._left))}")
        for inner in self._inner:
            inner.end()

    def _nested(self, name: str, values: Mapping[str, Any]) -> Declared:
        self._inner.append(Declared(f"{self._where}.{name}", values))
        return self._inner[-1]


class Made(NamedTuple):
    """A resource that exists: what Ref says of it, and GetAtt."""

    physical: str
    attributes: Mapping[str, str] = {}


_NOTHING = object()
_SUB = re.compile(r"\$\{([^}]+)\}")


class Stack:
    """The applied template: what each logical id has become."""

    def __init__(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], session: boto3.Session, name: str, local: bool
    ) -> None:
        self.name, self.local, self.region = name, local, str(session.region_name)
        # botocore's validation is half of the strictness: it knows every field of every call.
        strict = Config(parameter_validation=True)
        self.client: Callable[[str], Any] = cache(lambda service: session.client(service, config=strict))
        sections = Declared("template", template)
        sections.given("AWSTemplateFormatVersion", "Description")  # they change nothing
        self._values = self._pseudo(session) | _parameters(sections.take("Parameters", {}), parameters)
        self._conditions = sections.take("Conditions", {})
        self._resources = sections.take("Resources", {})
        # The functions themselves are made by Chalice; what they get is read by `environment`.
        self._globals = sections.take("Globals", {})
        sections.end()
        self._made: dict[str, Made] = {}
        self._create()

    def physical(self, logical_id: str) -> str:
        """The value of Ref for a resource."""
        if logical_id not in self._made:
            raise Unresolved(logical_id)
        return self._made[logical_id].physical

    def attribute(self, logical_id: str, name: str) -> str:
        """The value of GetAtt for a resource."""
        if logical_id not in self._made or name not in self._made[logical_id].attributes:
            raise Unresolved(f"{logical_id}.{name}")
        return self._made[logical_id].attributes[name]

    def environment(self) -> dict[str, str]:
        """The environment of every function."""
        variables = self._globals["Function"]["Environment"]["Variables"]
        return {name: str(value) for name, value in self.resolve(variables).items()}

    def resolve(self, value: Any) -> Any:
        """The value, with every function of the template in it replaced by what it says."""
        if isinstance(value, list):
            return [result for result in map(self.resolve, value) if result is not _NOTHING]
        if not isinstance(value, Mapping):
            return value
        for name in value:
            if name in _FUNCTIONS and len(value) == 1:
                return _FUNCTIONS[name](self, value[name])
            # `Condition` alone is a function, and beside others an element of a policy.
            if name == "Ref" or name.startswith("Fn::"):
                raise Unresolved(f"the function {name} beside {len(value) - 1} others")
        pairs = ((name, self.resolve(inner)) for name, inner in value.items())
        return {name: result for name, result in pairs if result is not _NOTHING}

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template is true."""
        if condition not in self._conditions:
            raise Unresolved(f"the condition {condition}")
        return bool(self.resolve(self._conditions[condition]))

    def called(self, logical_id: str) -> str:
        """The name of a resource to which the template gives none."""
        return f"{self.name}-{logical_id}"

    def ref(self, name: str) -> Any:
        """The value of Ref for a parameter or a resource."""
        return self._values[name] if name in self._values else self.physical(name)

    def _pseudo(self, session: boto3.Session) -> dict[str, Any]:
        aws_partition = session.get_partition_for_region(self.region)
        return {
            "AWS::AccountId": self.client("sts").get_caller_identity()["Account"],
            "AWS::NoValue": _NOTHING,
            "AWS::Partition": aws_partition,
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if aws_partition == "aws-cn" else "amazonaws.com",
        }

    def _create(self) -> None:
        chosen = {name: one for name, one in self._resources.items() if self._is_chosen(one)}
        for logical_id, resource in chosen.items():
            if resource.get("Type") not in _MAKERS:
                raise UnknownResource(f"{logical_id} is of type {resource.get('Type')}")
            if unknown := set(named_in({"DependsOn": resource.get("DependsOn", [])})) - set(self._resources):
                raise Unresolved(f"{logical_id} depends on {', '.join(sorted(unknown))}")
        before = {name: [other for other in named_in(one) if other in chosen] for name, one in chosen.items()}
        for logical_id in TopologicalSorter(before).static_order():
            self._made[logical_id] = self._make(logical_id, Declared(logical_id, chosen[logical_id]))

    def _is_chosen(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self.holds(resource["Condition"])

    def _make(self, logical_id: str, resource: Declared) -> Made:
        resource.given("Condition", "DependsOn")  # obeyed in `_create`
        resource.given("DeletionPolicy", "UpdateReplacePolicy")  # the applier neither updates nor deletes
        maker = _MAKERS[resource.take("Type")]
        properties = Declared(logical_id, self.resolve(resource.take("Properties", {})))
        resource.end()
        try:
            made = maker(self, logical_id, properties)
        except ParamValidationError as error:
            raise UnknownProperty(f"{logical_id}: {error}") from error
        properties.end()
        return made


def _parameters(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    if unknown := set(given) - set(declared):
        raise BadParameter(f"not declared: {', '.join(sorted(unknown))}")
    return {name: _parameter(Declared(name, one), name, given) for name, one in declared.items()}


def _parameter(declared: Declared, name: str, given: Mapping[str, str]) -> str:
    declared.given("Description", "NoEcho")  # for people and consoles
    default, kind = declared.take("Default"), declared.take("Type")
    value = given.get(name, default)
    if value is None or kind != "String":
        raise BadParameter(f"{name} ({kind}) is missing, or not a string")
    allowed, pattern = declared.take("AllowedValues", [value]), declared.take("AllowedPattern", ".*")
    is_long_enough = declared.take("MinLength", 0) <= len(value) <= declared.take("MaxLength", len(value))
    if value not in allowed or not re.fullmatch(pattern, value) or not is_long_enough:
        raise BadParameter(f"{name} is not allowed to be what it is")  # which is not said: it may be a secret
    declared.end()
    return str(value)


def named_in(value: Any) -> Iterator[str]:
    """Every name that a part of the template refers to, of a resource or not."""
    for inner in value if isinstance(value, list) else []:
        yield from named_in(inner)
    for key, inner in value.items() if isinstance(value, Mapping) else []:
        if key in ("Ref", "DependsOn", "Fn::GetAtt"):
            yield from [inner] if isinstance(inner, str) else inner
        elif key == "Fn::Sub":
            yield from (name.split(".")[0] for name in _SUB.findall(inner if isinstance(inner, str) else inner[0]))
        yield from named_in(inner)


def _sub(stack: Stack, value: str | list[Any]) -> str:
    text, own = (value, {}) if isinstance(value, str) else (value[0], stack.resolve(value[1]))

    def substituted(match: re.Match[str]) -> str:
        name, dot, attribute = match[1].partition(".")
        if name.startswith("!"):  # an escaped ${…}
            return "${" + match[1][1:] + "}"
        return str(own[name] if name in own else stack.attribute(name, attribute) if dot else stack.ref(name))

    return _SUB.sub(substituted, text)


_FUNCTIONS: dict[str, Callable[[Stack, Any], Any]] = {
    "Ref": Stack.ref,
    "Condition": Stack.holds,
    "Fn::GetAtt": lambda stack, value: stack.attribute(*value),
    "Fn::Sub": _sub,
    "Fn::If": lambda stack, value: stack.resolve(value[1] if stack.holds(value[0]) else value[2]),
    "Fn::Equals": lambda stack, value: stack.resolve(value[0]) == stack.resolve(value[1]),
    "Fn::Not": lambda stack, value: not stack.resolve(value[0]),
    "Fn::Join": lambda stack, value: value[0].join(map(str, stack.resolve(value[1]))),
}


def _table(stack: Stack, logical_id: str, declared: Declared) -> Made:
    dynamodb, name = stack.client("dynamodb"), declared.take("TableName", stack.called(logical_id))
    wanted = declared.given("BillingMode", "AttributeDefinitions", "KeySchema")
    if stream := declared.take("StreamSpecification"):
        wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
    if sealed := declared.block("SSESpecification").given(SSEEnabled="Enabled"):
        wanted["SSESpecification"] = sealed
    table = dynamodb.create_table(TableName=name, **wanted)["TableDescription"]
    # moto's tables are there immediately; those of other endpoints refuse what follows until they are.
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    if ttl := declared.given("TimeToLiveSpecification"):
        dynamodb.update_time_to_live(TableName=name, **ttl)
    if recovery := declared.given("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(TableName=name, **recovery)
    return Made(name, {"Arn": table["TableArn"]} | ({"StreamArn": table["LatestStreamArn"]} if stream else {}))


def _bucket(stack: Stack, logical_id: str, declared: Declared) -> Made:
    s3, name = stack.client("s3"), declared.take("BucketName", stack.called(logical_id).lower())
    # S3 refuses to be given the name of its oldest region.
    where = {} if stack.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": stack.region}}
    s3.create_bucket(Bucket=name, **where)
    for put, parameter in (
        (s3.put_bucket_encryption, _encryption(declared)),
        (s3.put_public_access_block, declared.given("PublicAccessBlockConfiguration")),
        (s3.put_bucket_ownership_controls, declared.given("OwnershipControls")),
        (s3.put_bucket_lifecycle_configuration, _lifecycle(declared)),
        (s3.put_bucket_cors, _cors(declared)),
        (s3.put_bucket_notification_configuration, _notifications(declared)),
    ):
        if parameter:
            put(Bucket=name, **parameter)
    return Made(name, {"Arn": _sub(stack, ["arn:${AWS::Partition}:s3:::${Name}", {"Name": name}])})


def _encryption(bucket: Declared) -> dict[str, Any]:
    rules = [
        rule.given("BucketKeyEnabled", ServerSideEncryptionByDefault="ApplyServerSideEncryptionByDefault")
        for rule in bucket.block("BucketEncryption").blocks("ServerSideEncryptionConfiguration")
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}} if rules else {}


def _lifecycle(bucket: Declared) -> dict[str, Any]:
    rules = [_lifecycle_rule(rule) for rule in bucket.block("LifecycleConfiguration").blocks("Rules")]
    return {"LifecycleConfiguration": {"Rules": rules}} if rules else {}


def _lifecycle_rule(rule: Declared) -> dict[str, Any]:
    result = rule.given("Status", "AbortIncompleteMultipartUpload", Id="ID")
    result["Filter"] = {"Prefix": rule.take("Prefix", "")}
    if days := rule.given(ExpirationInDays="Days"):
        result["Expiration"] = days
    return result


def _cors(bucket: Declared) -> dict[str, Any]:
    rules = [
        rule.given("AllowedHeaders", "AllowedMethods", "AllowedOrigins", ExposedHeaders="ExposeHeaders", Id="ID")
        | rule.given(MaxAge="MaxAgeSeconds")
        for rule in bucket.block("CorsConfiguration").blocks("CorsRules")
    ]
    return {"CORSConfiguration": {"CORSRules": rules}} if rules else {}


def _notifications(bucket: Declared) -> dict[str, Any]:
    declared = bucket.block("NotificationConfiguration")
    targets = {
        "QueueConfigurations": [_notification(one) for one in declared.blocks("QueueConfigurations")],
        "LambdaFunctionConfigurations": [_notification(one) for one in declared.blocks("LambdaConfigurations")],
    }
    wanted = {kind: found for kind, found in targets.items() if found}
    return {"NotificationConfiguration": wanted} if wanted else {}


def _notification(target: Declared) -> dict[str, Any]:
    result = {"Events": [target.take("Event")], **target.given(Queue="QueueArn", Function="LambdaFunctionArn")}
    if rules := target.block("Filter").block("S3Key").given(Rules="FilterRules"):
        result["Filter"] = {"Key": rules}
    return result


def without_transport_denial(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy as it can be had locally.

    moto does not look at a statement's Condition, so "deny unless over TLS" denies everything there; and the local
    cloud has no TLS. Any other statement with a condition stays, and fails loudly.
    """
    only_tls = {"Bool": {"aws:SecureTransport": "false"}}
    kept = [one for one in policy["Statement"] if (one["Effect"], one.get("Condition")) != ("Deny", only_tls)]
    return {**policy, "Statement": kept}


def _bucket_policy(stack: Stack, logical_id: str, declared: Declared) -> Made:
    bucket, policy = declared.take("Bucket"), declared.take("PolicyDocument")
    if stack.local:
        policy = without_transport_denial(policy)
    if policy["Statement"]:  # S3 takes no empty policy
        stack.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    return Made(bucket)


def _queue(stack: Stack, logical_id: str, declared: Declared) -> Made:
    sqs, name = stack.client("sqs"), declared.take("QueueName", stack.called(logical_id))
    wanted = declared.given("VisibilityTimeout", "MessageRetentionPeriod", "SqsManagedSseEnabled")
    if redrive := declared.block("RedrivePolicy").given("deadLetterTargetArn", "maxReceiveCount"):
        wanted["RedrivePolicy"] = redrive
    # SQS wants text, and JSON is the text that it wants: 360, true, {"maxReceiveCount": 5}.
    attributes = {key: value if isinstance(value, str) else json.dumps(value) for key, value in wanted.items()}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _queue_policy(stack: Stack, logical_id: str, declared: Declared) -> Made:
    policy = json.dumps(declared.take("PolicyDocument"))
    for url in declared.take("Queues"):
        stack.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Made(stack.called(logical_id))


def _key(stack: Stack, logical_id: str, declared: Declared) -> Made:
    kms, policy = stack.client("kms"), json.dumps(declared.take("KeyPolicy"))
    key = kms.create_key(Policy=policy, **declared.given("Description", "KeySpec", "KeyUsage"))["KeyMetadata"]
    if declared.take("EnableKeyRotation"):
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


def _alias(stack: Stack, logical_id: str, declared: Declared) -> Made:
    alias = declared.given("AliasName", "TargetKeyId")
    stack.client("kms").create_alias(**alias)
    return Made(alias["AliasName"])


def _email_identity(stack: Stack, logical_id: str, declared: Declared) -> Made:
    identity = declared.given("EmailIdentity")
    stack.client("sesv2").create_email_identity(**identity)
    return Made(identity["EmailIdentity"])


def _configuration_set(stack: Stack, logical_id: str, declared: Declared) -> Made:
    name = declared.take("Name")
    stack.client("sesv2").create_configuration_set(ConfigurationSetName=name, **declared.given("SuppressionOptions"))
    return Made(name)


def _event_destination(stack: Stack, logical_id: str, declared: Declared) -> Made:
    """By the older API, which says the same, since moto knows no other."""
    result = declared.block("EventDestination")
    topic = result.block("SnsDestination").given("TopicARN")
    destination = {**result.given("Name", "Enabled", "MatchingEventTypes"), "SNSDestination": topic}
    stack.client("ses").create_configuration_set_event_destination(
        **declared.given("ConfigurationSetName"), EventDestination=destination
    )
    return Made(destination["Name"])


def _topic(stack: Stack, logical_id: str, declared: Declared) -> Made:
    return Made(stack.client("sns").create_topic(Name=stack.called(logical_id))["TopicArn"])


def _topic_policy(stack: Stack, logical_id: str, declared: Declared) -> Made:
    policy = json.dumps(declared.take("PolicyDocument"))
    for arn in declared.take("Topics"):
        stack.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return Made(stack.called(logical_id))


def _subscription(stack: Stack, logical_id: str, declared: Declared) -> Made:
    wanted = declared.given("TopicArn", "Protocol", "Endpoint")
    return Made(stack.client("sns").subscribe(ReturnSubscriptionArn=True, **wanted)["SubscriptionArn"])


_MAKERS: dict[str, Callable[[Stack, str, Declared], Made]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SES::ConfigurationSet": _configuration_set,
    "AWS::SES::ConfigurationSetEventDestination": _event_destination,
    "AWS::SES::EmailIdentity": _email_identity,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
}


def apply(
    templates: Mapping[str, Any] | Path | str | Sequence[Path | str] = (RESOURCES, WIRING),
    *,
    parameters: Mapping[str, str],
    session: boto3.Session,
    stack_name: str = "sowa-local",
    local: bool = False,
) -> Stack:
    """Create everything that the templates declare, in the order that their references ask for.

    The endpoints are those of the environment (`AWS_ENDPOINT_URL…`). `local` leaves out what moto would misunderstand:
    see `without_transport_denial`, which is all of it.
    """
    if not isinstance(templates, Mapping):
        templates = load(templates) if isinstance(templates, Path | str) else load(*templates)
    return Stack(templates, parameters, session, stack_name, local)
