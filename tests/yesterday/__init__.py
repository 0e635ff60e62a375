"""What earlier versions left in the tables, as they left it: a file for each form of the records, never written anew.

A file is a whole installation with one full life in it: raw items, objects, and the root secret in the clear, because
KMS's key of then is nobody's any more. `python -m tests.yesterday NAME` writes the file of today's form.
"""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.settings import settings
from chalicelib.store import crypto
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from tests.canaries import Life
from tests.identities import platforms

HERE = Path(__file__).parent
TABLES = ("items_table", "keys_table", "ledger_table", "fiscal_table")
_ROOT = "root"


def files() -> list[Path]:
    return sorted(HERE.glob("*.json.gz"))


def write(name: str) -> None:
    """The life that the canaries are planted in, and an erasure of somebody else's."""
    with platforms.served() as trusted, LocalCloud.start(seed=0, platforms=trusted.parameters) as world:
        life, leaver = Life(world, "ola", "Antarctica/Troll"), Life(world, "zed", "Pacific/Kiritimati")
        life.live()
        leaver.live()
        leaver.person.step_up()
        leaver.person.close()
        world.advance(30 * 60)
        life.person.refresh()
        world.settle()
        said = {
            "now": world.now().isoformat(),
            "root_secret": crypto._root_secret().hex(),
            "tables": {setting: _items(setting) for setting in TABLES},
            "objects": _objects(),
            "account_id": life.person.account_id,
            "device_id": life.camera.device_id,
            "access_token": life.person.access_token,
            "planted": [[*place, value] for place, value in sorted(life.still_planted().items())],
        }
        text = json.dumps(said, default=lambda raw: {"base64": base64.b64encode(raw).decode()}, indent=0)
        (HERE / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _items(setting: str) -> list[dict[str, Any]]:
    found = client("dynamodb").scan(TableName=getattr(settings, setting))["Items"]
    # Its key in KMS ends with the world.
    return [item for item in found if item["pk"]["S"] != _ROOT]


def _objects() -> dict[str, bytes]:
    s3, bucket = client("s3"), settings.media_bucket
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def brought(world: LocalCloud, file: Path) -> dict[str, Any]:
    """Put what that version left into an empty world, at the time of then."""
    said = json.loads(gzip.decompress(file.read_bytes()), object_hook=_thawed)
    world.clock.move_to(datetime.fromisoformat(said["now"]).timestamp())
    with world.aws.outside():
        for setting, items in said["tables"].items():
            for item in items:
                client("dynamodb").put_item(TableName=getattr(settings, setting), Item=item)
        for key, body in said["objects"].items():
            client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=body)
        _install_root_secret(bytes.fromhex(said["root_secret"]))
    world.settle()
    return dict(said)


def _install_root_secret(secret: bytes) -> None:
    encrypted = client("kms").encrypt(KeyId=settings.root_key_id, Plaintext=secret)["CiphertextBlob"]
    item = {"pk": {"S": _ROOT}, "encrypted": {"B": encrypted}, "table": {"S": settings.keys_table}}
    item["schema_version"] = {"N": "2"}
    client("dynamodb").put_item(TableName=settings.keys_table, Item=item)
    module_caches.forget()


def _thawed(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
