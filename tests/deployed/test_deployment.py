"""What is packaged is deployed by `make deploy`'s own code, updated, lived with, destroyed, and deployed again.

`make test-deploy`. What green here does not prove is said in infra/README.md.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package.__main__ import package
from infra.sowa import policies
from tests import ministack
from tests.deployed.adaptation import adapted
from tests.deployed.life import Json, Life
from tests.ministack import Emulator

ROOT = Path(__file__).parents[2]
STAGE = "test"
SECRET = "whsec_of_no_importance"
PARAMETERS = {
    "MAIL_DOMAIN": "sowa.example", "MAIL_SENDER": "post@sowa.example", "PAYMENT_PROVIDER": "sandbox",
    "PAYMENT_WEBHOOK_SECRET": SECRET, "OPERATOR_NAME": "An operator", "OPERATOR_CONTACT": "privacy@sowa.example",
    "SELLER": '{"name": "Sowa", "address": "Warszawa", "vat_number": "PL5260250995"}',
}  # fmt: skip
PATIENCE_S = 240

pytestmark = pytest.mark.skipif(not ministack.PROGRAM.exists(), reason="`make test-deploy` fetches MiniStack")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packaged once for all workers: for Lambda, where its Python is here."""
    own = tmp_path_factory.getbasetemp()
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "package"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "adapted").exists():
            package(place / "whole", architecture="x86_64", python=ministack.python_of_functions())
            adapted(place / "whole", place / "adapting").rename(place / "adapted")
    return place / "adapted"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Emulator]:
    with ministack.started(tmp_path, authorizes=False) as running:
        yield running


def make(what: str, cloud: Emulator, built: Path, *, fails: bool = False, **said: str) -> str:
    """What `make deploy` and `make destroy` run, and what it says."""
    done = run(
        "infra.package.deploy", [what, "--stage", STAGE, "--build", str(built), "--look-every-s", "0.5"], cloud, **said
    )
    assert (done.returncode != 0) is fails, done.stdout[-1000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def stack(cloud: Emulator) -> Json:
    (found,) = cloud.client("cloudformation").describe_stacks(StackName=f"sowa-{STAGE}")["Stacks"]
    return found  # type: ignore[no-any-return]


def state_of_stack(cloud: Emulator) -> str:
    return str(stack(cloud)["StackStatus"])


def sowa(cloud: Emulator, *words: str, given: str = "", **said: str) -> subprocess.CompletedProcess[str]:
    """The command of operators."""
    return run("infra.sowa", ["--stage", STAGE, "--json", *words], cloud, given, **said)


def run(
    module: str, words: list[str], cloud: Emulator, given: str = "", **said: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-m", module, *words], cwd=ROOT, env={**environment, **cloud.environment, **said},
        input=given, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip


def user(cloud: Emulator, name: str, policy: Json) -> dict[str, str]:
    """The credentials of somebody who may do that and nothing else."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def outputs(cloud: Emulator) -> Json:
    return {one["OutputKey"]: one["OutputValue"] for one in stack(cloud)["Outputs"]}


def addresses(cloud: Emulator) -> dict[str, str]:
    """Where the APIs and the bucket are reached, which is known only when they stand."""
    told = outputs(cloud)
    channel = f"{cloud.url}/_aws/execute-api/{told['WebsocketAPIId']}/v1"
    return {
        "PUBLIC_URL": f"{cloud.url}/_aws/execute-api/{told['RestAPIId']}/v1",
        "MEDIA_URL": f"{cloud.url}/{told['MediaBucket']}",
        "CHANNEL_URL": channel.replace("http", "ws", 1),
        "CHANNEL_MANAGEMENT_URL": channel,
    }


def test_a_deployment_is_lived_with_updated_destroyed_and_deployed_again(cloud: Emulator, built: Path) -> None:
    _propose_and_give_up(cloud)
    make("deploy", cloud, built, PUBLIC_URL=cloud.url, **PARAMETERS)
    said = make("deploy", cloud, built, **addresses(cloud))
    assert "replaced" not in said
    Life(cloud, STAGE, addresses(cloud)["PUBLIC_URL"], SECRET).play()

    kept = make("destroy", cloud, built, CONFIRM=STAGE)
    assert {kind: kept.count(f"{kind} ") for kind in ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket")} == {
        "AWS::DynamoDB::Table": 4, "AWS::KMS::Key": 2, "AWS::S3::Bucket": 3,
    }  # fmt: skip
    _delete_tables(cloud)

    # The name of its bucket is taken yet: this first try fails, and the next one clears it away.
    again = {"PUBLIC_URL": cloud.url, "MAIL_IDENTITY": "existing", **PARAMETERS}
    assert "The stack did not get there." in make("deploy", cloud, built, fails=True, **again)
    assert state_of_stack(cloud) == "ROLLBACK_COMPLETE"
    _delete_media_bucket(cloud)
    assert "The first try had failed." in make("deploy", cloud, built, **again)
    make("deploy", cloud, built, **addresses(cloud))
    Life(cloud, STAGE, addresses(cloud)["PUBLIC_URL"], SECRET).register()


def test_functions_do_their_part_by_their_own_rights(built: Path, tmp_path: Path) -> None:
    with ministack.started(tmp_path, authorizes=True) as cloud:
        account_id = cloud.client("sts").get_caller_identity()["Account"]
        deployer, operator = (
            user(cloud, make_policy.__name__, make_policy(STAGE, ministack.REGION, account_id))
            for make_policy in (policies.of_deployer, policies.of_operator)
        )
        make("deploy", cloud, built, PUBLIC_URL=cloud.url, **PARAMETERS, **deployer)
        make("deploy", cloud, built, **addresses(cloud), **deployer)
        _operate(cloud, built, operator, deployer)
        Life(cloud, STAGE, addresses(cloud)["PUBLIC_URL"], SECRET).play()


def _propose_and_give_up(cloud: Emulator) -> None:
    """As a `make deploy` that is interrupted before its first change set is carried out."""
    queue = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    cloud.client("cloudformation").create_change_set(
        StackName=f"sowa-{STAGE}", ChangeSetName="given-up", ChangeSetType="CREATE", TemplateBody=json.dumps(queue)
    )
    assert state_of_stack(cloud) == "REVIEW_IN_PROGRESS"


def _delete_tables(cloud: Emulator) -> None:
    """All that are kept, by hand, as the runbook says under *Removing*. MiniStack gives the next ones their names, and
    would tell functions again of all that ever happened in these."""
    dynamodb = cloud.client("dynamodb")
    names = dynamodb.list_tables()["TableNames"]
    assert len(names) == 4
    for name in names:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)


def _operate(cloud: Emulator, built: Path, operator: dict[str, str], deployer: dict[str, str]) -> None:
    """By the rights of who operates, which who deploys has not, and the reverse."""
    cameras = "sn,model,code,secret\nSN-OF-SOWA,One,ABCD-2345,known-to-the-factory-0123456789\n"
    loaded = sowa(cloud, "devices", "load", "-", given=cameras, **operator)
    assert json.loads(loaded.stdout)["loaded"] == 1, loaded.stderr
    shown = sowa(cloud, "devices", "show", "SN-OF-SOWA", **operator)
    assert json.loads(shown.stdout)[0]["state"] == "free", shown.stderr
    assert cloud.client("s3").list_objects_v2(Bucket=_bucket(cloud, "factory")).get("Contents", []) == []
    denied = sowa(cloud, "devices", "show", "SN-OF-SOWA", **deployer)
    assert denied.returncode == 1 and "AccessDenied" in denied.stderr
    with pytest.raises(AssertionError, match="AccessDenied"):
        make("deploy", cloud, built, **operator)


def _bucket(cloud: Emulator, part: str) -> str:
    (name,) = (one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"] if f"-{STAGE}-{part}" in one["Name"])
    return str(name)


def _delete_media_bucket(cloud: Emulator) -> None:
    """The same: its name is taken else."""
    s3 = cloud.client("s3")
    (name,) = (one["Name"] for one in s3.list_buckets()["Buckets"] if f"-{STAGE}-media-" in one["Name"])
    for held in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=held["Key"])
    s3.delete_bucket(Bucket=name)
