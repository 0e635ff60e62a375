"""Installations as the command line sees them: the local cloud by its control API, a deployed one by AWS's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, BinaryIO, Protocol
from urllib.parse import quote, urlsplit

import boto3
import click
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from infra.demo.client import Unreachable, Wire
from infra.sowa import identity

# No function runs longer than Lambda lets any run.
_PATIENCE_S = 910
_NOT_THERE = ("ResourceNotFoundException", "ValidationError")


class Failed(click.ClickException):
    """It was not done, and the sentence says why."""


class Cloud(Protocol):
    """One installation. Each of these raises Failed."""

    def order(self, name: str, event: Mapping[str, Any]) -> Any:
        """The answer of an operators' function."""

    def run(self, job: str) -> Any:
        """The answer of a scheduled job, which is run now."""

    def upload(self, name: str, content: BinaryIO) -> str:
        """The address, `s3://…`, of a file that is put into the factory's bucket."""

    def read_below(self, address: str) -> bytes:
        """All files of that bucket that lie below an address, one after the other."""

    def delete(self, address: str) -> None:
        """Take a file out of that bucket."""

    @property
    def stage(self) -> str:
        """Its name."""

    def signed(self, bound_to: str) -> str:
        """A request that says, by STS, who gives an order; what it is for is signed with it."""


class Local:
    """The local cloud that runs at an address (`make run`), and who one is there."""

    stage = "local"

    def __init__(self, url: str, person: str = "operator") -> None:
        self._wire = Wire(url, patience_seconds=_PATIENCE_S)
        self._person = person

    def signed(self, bound_to: str) -> str:
        made = self._json("POST", f"operators/{quote(self._person)}")
        credentials = Credentials(made["access_key_id"], made["secret_access_key"])
        return identity.presigned(credentials, made["region"], bound_to)

    def order(self, name: str, event: Mapping[str, Any]) -> Any:
        return self._json("POST", f"operations/{name}", json.dumps(event).encode())

    def run(self, job: str) -> Any:
        return self._json("POST", f"schedules/{job}")

    def upload(self, name: str, content: BinaryIO) -> str:
        return str(self._json("PUT", f"factory/{quote(name)}", content.read())["s3"])

    def read_below(self, address: str) -> bytes:
        return self._body("GET", f"factory{quote(urlsplit(address).path)}")

    def delete(self, address: str) -> None:
        """It lies in the memory of the local cloud, and goes with that."""

    def _json(self, method: str, path: str, body: bytes | None = None) -> Any:
        return json.loads(self._body(method, path, body) or b"null")

    def _body(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            answer = self._wire.send(method, f"/_local/{path}", body)
        except Unreachable as silent:
            raise Failed(f"{silent} Is the local cloud running (make run)? At another port: --url.") from silent
        if answer.status >= 400:
            raise Failed(_refusal_of(answer.body))
        return answer.body


def _refusal_of(body: bytes) -> str:
    """What the local cloud says, with the fields that were wrong."""
    try:
        refusal = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
    fields = " ".join(f"{name} {what}." for name, what in refusal.get("fields", {}).items())
    sentence = f"{refusal.get('message') or refusal.get('error') or refusal} {fields}".strip()
    return f"{refusal['code']}: {sentence}" if "code" in refusal else sentence


class Deployed:
    """The stack `sowa-<stage>` of an AWS account, by the credentials that boto3 finds."""

    def __init__(self, stage: str, region: str | None) -> None:
        self.stage = self._stage = stage
        self._session = boto3.Session(region_name=region)

    def order(self, name: str, event: Mapping[str, Any]) -> Any:
        return self._invoke(name, json.dumps(event).encode())

    def signed(self, bound_to: str) -> str:
        credentials = self._session.get_credentials()
        if credentials is None or self._session.region_name is None:
            raise Failed("Say --region and have credentials of your own in the environment or a profile.")
        return identity.presigned(credentials.get_frozen_credentials(), self._session.region_name, bound_to)

    def run(self, job: str) -> Any:
        return self._invoke(job, b"{}")

    def _invoke(self, name: str, payload: bytes) -> Any:
        function = f"sowa-{self._stage}-{name}"
        # Asked once: who asks a second time while a function runs begins it twice.
        patient = Config(read_timeout=_PATIENCE_S, retries={"total_max_attempts": 1})
        answer = self._call("lambda", "invoke", patient, FunctionName=function, Payload=payload)
        response = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise Failed(f"{response.get('errorType', function)}: {response.get('errorMessage', 'no reason was said')}")
        return response

    def upload(self, name: str, content: BinaryIO) -> str:
        self._call("s3", "upload_fileobj", Fileobj=content, Bucket=self._factory, Key=name)
        return f"s3://{self._factory}/{name}"

    def read_below(self, address: str) -> bytes:
        prefix = urlsplit(address).path.lstrip("/")
        held = self._call("s3", "list_objects_v2", Bucket=self._factory, Prefix=prefix).get("Contents", [])
        keys = sorted(one["Key"] for one in held)
        return b"".join(
            self._call("s3", "get_object", Bucket=self._factory, Key=key)["Body"].read() for key in keys
        )

    def delete(self, address: str) -> None:
        self._call("s3", "delete_object", Bucket=self._factory, Key=urlsplit(address).path.lstrip("/"))

    @cached_property
    def _factory(self) -> str:
        named = {"StackName": f"sowa-{self._stage}", "LogicalResourceId": "Factory"}
        detail = self._call("cloudformation", "describe_stack_resource", **named)["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def _call(self, service: str, what: str, config: Config | None = None, /, **parameters: Any) -> Any:
        try:
            return getattr(self._session.client(service, config=config), what)(**parameters)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _NOT_THERE:
                where = f"sowa-{self._stage} in {self._session.region_name}"
                raise Failed(f"There is no {where}, or it is older than this: {refusal}") from refusal
            raise Failed(str(refusal)) from refusal
        except BotoCoreError as problem:
            raise Failed(f"{problem} Say --region and have credentials in the environment or a profile.") from problem
