"""What the templates promise is what can be read back from the endpoint, figure by figure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.settings import Settings
from infra.applier import RESOURCES, WIRING, BadParameter, Stack, apply, load
from infra.local.cloud import LocalCloud

REGION = "eu-central-1"
PARAMETERS = {
    "Stage": "local",
    "MailDomain": "sowa.test",
    "MailSender": "Sowa <post@sowa.test>",
    "OperatorContact": "privacy@sowa.test",
    "PublicUrl": "http://127.0.0.1:8000",
    "PaymentProvider": "sandbox",
    "PaymentWebhookSecret": "whsec_of_no_importance",
    "Seller": '{"name": "Sowa", "address": "Warszawa", "vat_number": "PL5260250995"}',
}
TEMPLATE = load(RESOURCES, WIRING)
DEAD_LETTERS = "DeadLetters"
# And for how many days each keeps what failed.
DAYS_KEPT = {"DeadLetters": 14, "UploadsDeadLetters": 7, "MailReportsDeadLetters": 3}
FILLED_BY_S3 = ("ImageUploads",)
# And by Lambda, with what S3 had told it directly.
FILLED_BY_LAMBDA = ("AlarmPictures", "RecordingUploads")
# No function may run longer: resources.yaml sizes its queues by it.
LONGEST_FUNCTION_SECONDS = 60


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    # moto alone, beside no cloud that may be running in this process for other tests.
    with LocalCloud.set_aside(), mock_aws():
        yield boto3.Session(region_name=REGION)


@pytest.fixture(scope="module")
def stack(session: boto3.Session) -> Stack:
    return apply(parameters=PARAMETERS, session=session, local=True)


def ids_of(kind: str) -> list[str]:
    return [name for name, resource in TEMPLATE["Resources"].items() if resource["Type"] == kind]


QUEUES = [name for name in ids_of("AWS::SQS::Queue") if not name.endswith(DEAD_LETTERS)]


def queue_attributes(stack: Stack, name: str) -> dict[str, str]:
    url = stack.physical(name)
    attributes: dict[str, str] = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return attributes


# Tables


def described(stack: Stack, table: str) -> dict[str, Any]:
    description: dict[str, Any] = stack.client("dynamodb").describe_table(TableName=stack.physical(table))["Table"]
    return description


def test_there_are_the_four_tables_and_no_other() -> None:
    assert ids_of("AWS::DynamoDB::Table") == ["Items", "Keys", "Ledger", "Fiscal"]


@pytest.mark.parametrize(
    ("table", "keys"),
    [("Items", ["pk", "sk"]), ("Keys", ["pk"]), ("Ledger", ["pk", "sk"]), ("Fiscal", ["pk", "sk"])],
)
def test_a_table_has_its_keys_is_paid_by_the_request_and_sealed(stack: Stack, table: str, keys: list[str]) -> None:
    description = described(stack, table)
    assert [key["AttributeName"] for key in description["KeySchema"]] == keys
    assert {one["AttributeName"]: one["AttributeType"] for one in description["AttributeDefinitions"]} == dict.fromkeys(
        keys, "S"
    )
    assert description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert description["SSEDescription"]["Status"] == "ENABLED"


@pytest.mark.parametrize(("table", "days"), [("Items", 35), ("Keys", 7), ("Ledger", 1), ("Fiscal", 35)])
def test_a_table_can_be_restored_for_its_days_and_no_longer(stack: Stack, table: str, days: int) -> None:
    answer = stack.client("dynamodb").describe_continuous_backups(TableName=stack.physical(table))
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert recovery["RecoveryPeriodInDays"] == days


@pytest.mark.parametrize("table", ["Items", "Keys", "Ledger"])
def test_rows_end_by_expires_at(stack: Stack, table: str) -> None:
    answer = stack.client("dynamodb").describe_time_to_live(TableName=stack.physical(table))
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_invoices_never_end_by_themselves(stack: Stack) -> None:
    answer = stack.client("dynamodb").describe_time_to_live(TableName=stack.physical("Fiscal"))
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


@pytest.mark.parametrize("table", ["Items", "Ledger"])
def test_a_stream_tells_what_was_and_what_is(stack: Stack, table: str) -> None:
    description = described(stack, table)
    assert description["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert description["LatestStreamArn"] == stack.attribute(table, "StreamArn")


@pytest.mark.parametrize("table", ["Keys", "Fiscal"])
def test_data_keys_and_invoices_are_in_no_stream(stack: Stack, table: str) -> None:
    assert "LatestStreamArn" not in described(stack, table)


# Bucket


@pytest.mark.parametrize("name", ["Media", "Factory"])
def test_a_bucket_is_sealed_private_and_its_owners(stack: Stack, name: str) -> None:
    s3, bucket = stack.client("s3"), stack.physical(name)
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert [rule["ApplyServerSideEncryptionByDefault"] for rule in rules] == [{"SSEAlgorithm": "AES256"}]
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    owners = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert owners == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("name", ["Media", "Factory"])
def test_a_bucket_keeps_no_versions(stack: Stack, name: str) -> None:
    assert "Status" not in stack.client("s3").get_bucket_versioning(Bucket=stack.physical(name))


def test_what_a_factory_lays_down_ends_after_three_days(stack: Stack) -> None:
    answer = stack.client("s3").get_bucket_lifecycle_configuration(Bucket=stack.physical("Factory"))
    files, uploads = answer["Rules"]
    assert (files["Status"], files["Filter"], files["Expiration"]) == ("Enabled", {"Prefix": ""}, {"Days": 3})
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_the_bucket_lies_in_the_region_of_the_stack(stack: Stack) -> None:
    where = stack.client("s3").get_bucket_location(Bucket=stack.physical("Media"))
    assert where["LocationConstraint"] == REGION


def test_what_is_filmed_ends_after_its_days_and_abandoned_uploads_after_one(stack: Stack) -> None:
    answer = stack.client("s3").get_bucket_lifecycle_configuration(Bucket=stack.physical("Media"))
    alarms, live, copies, avatars, covers, unseen, attachments, *recordings, uploads = answer["Rules"]
    assert (alarms["Status"], alarms["Filter"], alarms["Expiration"]) == ("Enabled", {"Prefix": "alarms/"}, {"Days": 7})
    assert (live["Filter"], live["Expiration"]) == ({"Prefix": "live/"}, {"Days": 1})
    assert (copies["Filter"], copies["Expiration"]) == ({"Prefix": "exports/"}, {"Days": 1})
    assert (avatars["Filter"], avatars["Expiration"]) == ({"Prefix": "avatars-in/"}, {"Days": 1})
    assert (covers["Filter"], covers["Expiration"]) == ({"Prefix": "covers-in/"}, {"Days": 1})
    assert (unseen["Filter"], unseen["Expiration"]) == ({"Prefix": "feedback-in/"}, {"Days": 1})
    assert (attachments["Filter"], attachments["Expiration"]) == ({"Prefix": "feedback/"}, {"Days": 3 * 365})
    assert [(one["Status"], one["Filter"]["Prefix"], one["Expiration"]) for one in recordings] == [
        *(("Enabled", f"recordings/{days}/", {"Days": days}) for days in (3, 7, 30)),
        ("Enabled", "clips/", {"Days": 1}),
        ("Enabled", "invoice-copies/", {"Days": 1}),
        # A leap year, and five with two such years among them, and a day.
        ("Enabled", "invoices/", {"Days": 366 + 3 * 365 + 2 * 366 + 1}),
    ]
    assert (uploads["Status"], uploads["Filter"]) == ("Enabled", {"Prefix": ""})
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "Expiration" not in uploads


def test_the_bucket_lets_in_pages_of_the_allowed_origin_and_reads_for_who_was_led_on(
    stack: Stack, session: boto3.Session
) -> None:
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        stack.client("s3").get_bucket_cors(Bucket=stack.physical("Media"))
    origin = "https://app.example.org"
    allowing = {**PARAMETERS, "Stage": "other", "AllowedOrigin": origin}
    other = apply(parameters=allowing, session=session, stack_name="sowa-other", local=True)
    assert other.environment()["ALLOWED_ORIGIN"] == origin
    named, led_on = other.client("s3").get_bucket_cors(Bucket=other.physical("Media"))["CORSRules"]
    parts = {
        "AllowedHeaders": ["Range"],
        "ExposeHeaders": ["Content-Length", "Content-Range", "ETag"],
        "MaxAgeSeconds": 600,
    }
    assert named == {"AllowedOrigins": [origin], "AllowedMethods": ["GET", "POST"], **parts}
    assert led_on == {"AllowedOrigins": ["null"], "AllowedMethods": ["GET"], **parts}


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*.example.org", "http://app.example.org", "https://app.example.org/", "app.example.org", "null"],
)
def test_an_origin_is_one_and_exact(session: boto3.Session, origin: str) -> None:
    with pytest.raises(BadParameter, match="AllowedOrigin"):
        apply(parameters={**PARAMETERS, "AllowedOrigin": origin}, session=session, local=True)


def test_the_bucket_tells_of_what_cameras_and_people_upload_but_live_video(stack: Stack) -> None:
    answer = stack.client("s3").get_bucket_notification_configuration(Bucket=stack.physical("Media"))
    (queue,) = FILLED_BY_S3
    for one, prefix in zip(answer["QueueConfigurations"], ("avatars-in/", "covers-in/", "feedback-in/"), strict=True):
        assert (one["QueueArn"], one["Events"]) == (stack.attribute(queue, "Arn"), ["s3:ObjectCreated:*"])
        assert one["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": prefix}]
    function = f"arn:aws:lambda:{REGION}:123456789012:function:sowa-local"
    prefixes = {f"{function}-on_picture_uploaded": "alarms/", f"{function}-on_recording_uploaded": "recordings/"}
    directly = {one["LambdaFunctionArn"]: one for one in answer["LambdaFunctionConfigurations"]}
    assert directly.keys() == prefixes.keys()
    for name, prefix in prefixes.items():
        assert directly[name]["Events"] == ["s3:ObjectCreated:*"]
        assert directly[name]["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": prefix}]
    assert not {"TopicConfigurations", "EventBridgeConfiguration"} & set(answer)


def test_the_queue_lets_the_bucket_in_before_the_bucket_is_told_of_it() -> None:
    # moto does not mind; S3 refuses the notification, and the stack with it.
    assert TEMPLATE["Resources"]["Media"]["DependsOn"] == [f"{queue}Policy" for queue in FILLED_BY_S3]


def test_an_object_that_arrives_is_told_and_one_elsewhere_is_not(stack: Stack) -> None:
    bucket, url = stack.physical("Media"), stack.physical("ImageUploads")
    for key in ("live/one.mp4", "avatars-in/20260101/one.jpg"):
        stack.client("s3").put_object(Bucket=bucket, Key=key, Body=b"")
    answer = stack.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    bodies = [json.loads(message["Body"]) for message in answer["Messages"]]
    # Keys come URL-encoded; moto encodes the slash too, AWS does not.
    keys = [unquote_plus(record["s3"]["object"]["key"]) for body in bodies for record in body.get("Records", [])]
    assert keys == ["avatars-in/20260101/one.jpg"]
    # As on AWS, the first message of a new notification is not one of an object.
    assert [body["Event"] for body in bodies if "Event" in body] == ["s3:TestEvent"]


@pytest.mark.parametrize("name", ["Media", "Factory"])
def test_away_from_moto_a_bucket_is_closed_to_whoever_comes_without_tls(session: boto3.Session, name: str) -> None:
    # moto closes it to everybody, but still says why.
    how = {"parameters": {**PARAMETERS, "Stage": f"real-{name.lower()}"}, "stack_name": f"sowa-real-{name.lower()}"}
    stack = apply(session=session, **how)
    policy = json.loads(stack.client("s3").get_bucket_policy(Bucket=stack.physical(name))["Policy"])
    (only,) = policy["Statement"]
    assert (only["Effect"], only["Principal"], only["Action"]) == ("Deny", "*", "s3:*")
    assert only["Resource"] == [stack.attribute(name, "Arn"), stack.attribute(name, "Arn") + "/*"]
    assert only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


# Queues


def test_queues_share_their_dead_letters_by_what_may_be_kept() -> None:
    assert {"AlarmPictures", "Notices", "Erasures"} <= set(QUEUES)
    assert sorted(ids_of("AWS::SQS::Queue")) == sorted([*QUEUES, *DAYS_KEPT])
    # Where a message says an address, by mail or of the network: no copy of the former may outlive eight days.
    assert {queue: put_aside_to(queue) for queue in QUEUES if put_aside_to(queue) != "DeadLetters"} == {
        "MailReports": "MailReportsDeadLetters",
        **dict.fromkeys((*FILLED_BY_S3, *FILLED_BY_LAMBDA), "UploadsDeadLetters"),
    }


def put_aside_to(queue: str) -> str:
    arn = TEMPLATE["Resources"][queue]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]
    return str(arn["Fn::GetAtt"][0])


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_hides_a_message_for_six_time_outs_and_gives_up_after_ten_tries(stack: Stack, queue: str) -> None:
    attributes = queue_attributes(stack, queue)
    assert int(attributes["VisibilityTimeout"]) >= 6 * LONGEST_FUNCTION_SECONDS
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": stack.attribute(put_aside_to(queue), "Arn"),
        # One that Lambda could not bring, because as many functions ran as may, has been received all the same.
        "maxReceiveCount": 10,
    }


def test_that_a_queue_is_sealed_is_said_and_not_left_to_a_default() -> None:
    # Reading it back shows nothing: SQS, and moto, seal a queue that says nothing.
    assert all(
        TEMPLATE["Resources"][name]["Properties"]["SqsManagedSseEnabled"] is True for name in ids_of("AWS::SQS::Queue")
    )


@pytest.mark.parametrize("queue", DAYS_KEPT)
def test_dead_letters_wait_for_as_long_as_what_they_say_may_be_kept(stack: Stack, queue: str) -> None:
    attributes = queue_attributes(stack, queue)
    assert attributes["MessageRetentionPeriod"] == str(DAYS_KEPT[queue] * 24 * 3600)
    assert attributes["SqsManagedSseEnabled"] == "true"


@pytest.mark.parametrize("queue", FILLED_BY_LAMBDA)
def test_what_lambda_gave_up_on_waits_for_seven_days_and_s3_tells_nothing_there(stack: Stack, queue: str) -> None:
    attributes = queue_attributes(stack, queue)
    assert attributes["MessageRetentionPeriod"] == str(7 * 24 * 3600)
    assert "Policy" not in attributes


@pytest.mark.parametrize("queue", FILLED_BY_S3)
def test_only_the_media_bucket_of_this_account_may_write_into_the_queue(stack: Stack, queue: str) -> None:
    (only,) = json.loads(queue_attributes(stack, queue)["Policy"])["Statement"]
    assert (only["Effect"], only["Principal"]) == ("Allow", {"Service": "s3.amazonaws.com"})
    assert (only["Action"], only["Resource"]) == ("sqs:SendMessage", stack.attribute(queue, "Arn"))
    # The policy spells the bucket's name out, because a reference would close a circle: here is where both meet.
    assert only["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnEquals": {"aws:SourceArn": stack.attribute("Media", "Arn")},
    }


# Keys


def test_the_root_key_is_symmetric_and_rotates(stack: Stack) -> None:
    kms, key = stack.client("kms"), stack.physical("RootKey")
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeySpec"], described["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_the_receipt_key_signs_on_p256(stack: Stack) -> None:
    kms, key = stack.client("kms"), stack.physical("ReceiptKey")
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeySpec"], described["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    said = {"KeyId": key, "Message": b"gone", "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert kms.verify(Signature=kms.sign(**said)["Signature"], **said)["SignatureValid"] is True


@pytest.mark.parametrize("key", ["RootKey", "ReceiptKey"])
def test_a_key_is_left_to_the_account(stack: Stack, key: str) -> None:
    policy = stack.client("kms").get_key_policy(KeyId=stack.physical(key), PolicyName="default")["Policy"]
    (only,) = json.loads(policy)["Statement"]
    assert only["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}


@pytest.mark.parametrize(
    ("alias", "key"), [("alias/sowa-local-root", "RootKey"), ("alias/sowa-local-receipt", "ReceiptKey")]
)
def test_a_key_is_found_by_its_alias(stack: Stack, alias: str, key: str) -> None:
    assert stack.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == stack.physical(key)


# Mail


@pytest.mark.parametrize("sender", ["post@sowa.test", PARAMETERS["MailSender"]])
def test_mail_can_be_sent_from_the_domain_by_either_api(stack: Stack, sender: str) -> None:
    to, text = {"ToAddresses": ["ola@example.org"]}, {"Data": "Hello"}
    v2 = stack.client("sesv2").send_email(
        FromEmailAddress=sender, Destination=to, Content={"Simple": {"Subject": text, "Body": {"Text": text}}}
    )
    v1 = boto3.client("ses", REGION).send_email(
        Source=sender, Destination=to, Message={"Subject": text, "Body": {"Text": text}}
    )
    assert v1["MessageId"]
    assert v2["MessageId"]


def test_what_becomes_of_a_mail_is_told_to_our_queue_and_to_no_list_of_the_providers(stack: Stack) -> None:
    """SES's own list would keep addresses where no erasure reaches."""
    name = stack.physical("MailConfiguration")
    said = stack.client("sesv2").get_configuration_set(ConfigurationSetName=name)
    assert said["SuppressionOptions"] == {"SuppressedReasons": []}
    (told,) = boto3.client("ses", REGION).describe_configuration_set(
        ConfigurationSetName=name, ConfigurationSetAttributeNames=["eventDestinations"]
    )["EventDestinations"]
    assert (told["Enabled"], sorted(told["MatchingEventTypes"])) == (True, ["bounce", "complaint", "delivery"])
    topic = told["SNSDestination"]["TopicARN"]
    assert topic == stack.physical("MailTopic")
    (heard,) = stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (heard["Protocol"], heard["Endpoint"]) == ("sqs", stack.attribute("MailReports", "Arn"))
    (only,) = json.loads(queue_attributes(stack, "MailReports")["Policy"])["Statement"]
    assert only["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}
    policy = json.loads(stack.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "ses.amazonaws.com"}


def test_an_identity_that_exists_already_is_used_and_not_made(session: boto3.Session) -> None:
    given = {**PARAMETERS, "MailIdentity": "existing", "MailDomain": "there.test", "Stage": "existing"}
    stack = apply(parameters=given, session=session, local=True, stack_name="sowa-existing")
    with pytest.raises(ClientError):
        stack.client("sesv2").get_email_identity(EmailIdentity="there.test")


def test_mail_from_another_domain_is_refused(stack: Stack) -> None:
    ses = stack.client("sesv2")
    text = {"Data": "Hello"}
    with pytest.raises(ses.exceptions.MessageRejected):
        ses.send_email(
            FromEmailAddress="post@elsewhere.test",
            Destination={"ToAddresses": ["ola@example.org"]},
            Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
        )


# The templates themselves


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket"])
def test_what_holds_data_outlives_the_stack(kind: str) -> None:
    for name in ids_of(kind):
        resource = TEMPLATE["Resources"][name]
        # But not of a stack whose creation failed: a bucket that is left would be in the way of the next try.
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), name


def test_each_policy_is_written_in_the_language_of_2012() -> None:
    # Without a version a policy is read as one of 2008, in which variables mean themselves.
    properties = [resource["Properties"] for resource in TEMPLATE["Resources"].values()]
    policies = [one[name] for one in properties for name in ("PolicyDocument", "KeyPolicy") if name in one]
    assert [policy["Version"] for policy in policies] == ["2012-10-17"] * 7


def test_no_data_lies_in_a_resource_that_the_stack_would_replace_by_name() -> None:
    named = {
        name
        for name, resource in TEMPLATE["Resources"].items()
        if {"TableName", "QueueName"} & set(resource["Properties"])
    }
    assert not named


def test_the_environment_is_complete_and_resolved(stack: Stack) -> None:
    environment = stack.environment()
    empty = {name for name, value in environment.items() if not value}
    not_offered = {f"OIDC_{platform}_AUDIENCES" for platform in ("GOOGLE", "APPLE", "FACEBOOK")}
    of_pages = {"ALLOWED_ORIGIN", "PASSKEY_DOMAIN", "PASSKEY_ORIGINS"}
    of_operator = {"OPERATOR_NAME", "TEXT_SENDER_ID", "RESTORED_KEYS_TABLE"}
    of_payments = {"PAYMENT_API_KEY", "PAYMENT_API_URL", "PAYMENT_RETURN_URL", "INVOICE_REGION"}
    their_own = {
        f"OIDC_{platform}_{what}" for platform in ("GOOGLE", "APPLE", "FACEBOOK") for what in ("ISSUERS", "KEYS_URL")
    }
    said_nowhere = {*of_pages, *of_operator, *of_payments, *not_offered, *their_own}
    assert empty == {"FCM_APPLICATION_ARN", "APNS_APPLICATION_ARN", *said_nowhere}
    assert not [value for value in environment.values() if "${" in value or "Fn::" in value]
    assert environment["ITEMS_TABLE"] == stack.physical("Items")
    assert environment["ERASURES_QUEUE_URL"] == stack.physical("Erasures")
    bucket = stack.physical("Media")
    assert environment["MEDIA_URL"] == f"https://{bucket}.s3.{REGION}.amazonaws.com"


def test_every_setting_that_the_code_reads_is_told(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    told = stack.environment()
    # What Lambda itself says to a function.
    for name, value in {**told, "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    for name in dir(Settings):
        if not name.startswith("_"):
            getattr(settings, name)
    for queue in set(QUEUES) - {*FILLED_BY_S3, *FILLED_BY_LAMBDA, "MailReports"}:
        assert settings.queue_url(queue) == stack.physical(queue)


def linted(template: Path | dict[str, Any]) -> list[str]:
    # Imported here: it takes two seconds of every worker, and one of them lints.
    from cfnlint.api import lint, lint_file
    from cfnlint.config import ManualArgs

    config = ManualArgs(regions=[REGION])
    is_file = isinstance(template, Path)
    matches = lint_file(template, config=config) if is_file else lint(json.dumps(template), config=config)
    return [f"{match.rule.id} {match.message}" for match in matches]


def _around_a_function() -> dict[str, Any]:
    """Resources and wiring together."""
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": "python3.13", "Handler": "app.app", "InlineCode": "def app(event, context): pass"},
    }
    resources = {**TEMPLATE["Resources"], "Api": function}
    return {**TEMPLATE, "Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("template", [Path(RESOURCES), _around_a_function()], ids=["alone", "around a function"])
def test_the_resources_are_clean_plain_cloudformation(template: Path | dict[str, Any]) -> None:
    assert linted(template) == []


def test_a_reference_to_nothing_is_seen_by_the_linter() -> None:
    few = {name: TEMPLATE["Resources"][name] for name in ("Media", "MediaPolicy")}
    broken = json.loads(json.dumps({**TEMPLATE, "Resources": few}).replace('"Ref": "Media"', '"Ref": "Mediums"'))
    del broken["Globals"]
    assert any("Mediums" in line for line in linted(broken))
