"""The local cloud as one object: start it, call it, move its time, look at everything in it."""

from __future__ import annotations

import importlib
import io
import json
import mimetypes
import os
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from moto.apigatewaymanagementapi.models import ApiGatewayManagementApiBackend
from moto.logs.models import LogsBackend
from werkzeug.datastructures import FileStorage
from werkzeug.test import Client, EnvironBuilder

from infra import applier
from infra.local import async_events, channel, dump, function_urls, module_caches, own_transport, refused
from infra.local.channel import Channel
from infra.local.clock import Calendar, Clock, Lag, Passage
from infra.local.functions import REGION, Failure, Functions
from infra.local.gateway import Gateway, HttpRequest, Response, http_request
from infra.local.logs import Logs
from infra.local.mail_reports import MailReports
from infra.local.pollers import DeliveryFaults, Pollers
from infra.local.readers_writer_lock import ReadersWriterLock
from infra.local.sent_messages import Outbox
from infra.strict_moto import Faults, StrictAWS, Trace
from infra.strict_moto.endpoint import Endpoint
from infra.strict_moto.s3guard import S3Guard

ACCESS_KEY_ID = "AKIALOCALCLOUDSOWA00"
STAGE = "local"
SECRET_ACCESS_KEY = "the-local-cloud-keeps-no-secrets-0000000"
# A seeded world begins at its own moment, or no run would be like another.
SEEDED_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PUBLIC_URL = "http://127.0.0.1:8000"
MEDIA_URL = "http://127.0.0.1:8001"
UNCHANGED: Any = object()
# Our own page, whatever name of this machine it was opened by.
_SELLER = {
    "name": "Sowa sp. z o.o.",
    "address": "ul. Sowia 1, 00-001 Warszawa",
    "vat_number": "PL5260250995",
}
_OF_THIS_MACHINE = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d+)?")


@dataclass(frozen=True)
class Snapshot:
    """A whole world at one moment."""

    aws: Any
    outbox: Any
    mail: Any
    logs: Any
    pollers: Any
    calendar: Any
    channel: Any
    functions_random: Any
    app_random: Any
    hour_keys: Any
    policies: Any


@dataclass
class Plugged:
    """A camera's end of a connection; found by its id, for worlds are put back."""

    channel: Channel
    id: str
    received: list[str]

    @property
    def is_open(self) -> bool:
        return self.id in self.channel.connections

    @property
    def messages(self) -> list[Any]:
        return [json.loads(text) for text in self.received]

    def say(self, message: Any) -> int:
        text = message if isinstance(message, str) else json.dumps(message)
        return self.channel.say(self.channel.connections[self.id], text)

    def close(self, code: int = 1000) -> None:
        if self.is_open:
            self.channel.closed(self.channel.connections[self.id], code)


class LocalCloud:
    """One at a time in a process; another one puts it aside. For a fresh world, `restore` a snapshot: it is faster, and
    what the app keeps in memory about its world stays true."""

    _running: ClassVar[LocalCloud | None] = None

    aws: StrictAWS
    stack: applier.Stack
    gateway: Gateway
    pollers: Pollers
    calendar: Calendar
    channel: Channel
    guard: S3Guard

    def __init__(
        self, clock: Clock, logs: Logs, seed: int | None, mail: MailReports, dynamodb: Endpoint | None = None
    ) -> None:
        self.clock = clock
        self.logs = logs
        self.seed = seed
        self.outbox_of_the_world = Outbox()
        self.mail = mail
        self.aws = StrictAWS(seed=seed, dynamodb=dynamodb, transports=[own_transport.replacements])
        self.functions = Functions(logs=logs, rwlock=ReadersWriterLock(), seed=seed, process=self.aws.faults.process)
        # What others do while a function waits: where the clock is stopped, nobody else does anything by himself.
        self.meanwhile: Callable[[], object] | None = None
        self._environment = dict(_CREDENTIALS)
        self._present = ExitStack()
        self._stopped = ExitStack()

    @classmethod
    def start(
        cls,
        *,
        seed: int | None = 0,
        at: datetime | None = None,
        tick: bool | None = None,
        app_module: str = "app",
        templates: Sequence[Path | str] = (applier.RESOURCES, applier.WIRING),
        media_url: str = MEDIA_URL,
        public_url: str = PUBLIC_URL,
        country: str = "PL",
        allowed_origin: str = "",
        platforms: Mapping[str, str] | None = None,
        regions: str = "{}",
        log_keep_days: int | None = None,
        logs_everything: bool = False,
        tells_deliveries: bool = False,
        dynamodb: Endpoint | None = None,
    ) -> LocalCloud:
        """Everything is there when this returns, and only then is the app imported.

        A seed makes ids, codes and time repeatable; None means real randomness and the real time. The clock is stopped
        in a seeded world and ticks in a real one, unless `tick` says otherwise. `platforms` are the template's
        parameters of whom people may sign in with, `regions` says as JSON whom other installations serve. `dynamodb` is
        where items lie, if not in moto or where the environment says. `tells_deliveries`: see `MailReports`.
        """
        with ExitStack() as stopped:
            stopped.enter_context(cls.set_aside())
            begin = at or (datetime.now(UTC) if seed is None else SEEDED_START)
            clock = Clock(begin, tick=seed is None if tick is None else tick)
            logs = Logs(keep_days=log_keep_days, everything=logs_everything)
            cloud = cls(clock, logs, seed, MailReports(tells_deliveries=tells_deliveries), dynamodb)
            stopped.callback(cloud._leave)
            cloud._enter()
            passkeys = _by_name(f"{public_url} {allowed_origin}".strip())
            more = {"AllowedOrigin": allowed_origin, "PasskeyOrigins": passkeys, "Regions": regions}
            cloud._create(templates, public_url, media_url, {**(platforms or {}), **more})
            cloud._load(app_module, country, allowed_origin)
            # It went well: all this is undone by `stop` and not before.
            cloud._stopped = stopped.pop_all()
        return cloud

    def stop(self) -> None:
        self._stopped.close()

    @classmethod
    @contextmanager
    def set_aside(cls) -> Iterator[None]:
        """Within, no cloud runs in this process: time, environment, AWS and output are as without one.

        Afterwards the one that ran goes on as if nothing had been.
        """
        cloud = cls._running
        if cloud is None:
            yield
            return
        before = cloud.snapshot()
        cloud._leave()
        try:
            yield
        finally:
            cloud._enter()
            cloud._put_back(before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        query: Mapping[str, Any] | str | None = None,
    ) -> Response:
        """A request through API Gateway. `body` is sent as JSON, `raw` as it is."""
        sent = {"Accept": "application/json", "Content-Type": "application/json"}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        sent |= headers or {}
        payload = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return self.handle(http_request(method, path, sent, payload, query))

    def handle(self, request: HttpRequest) -> Response:
        if request.path.startswith(function_urls.PREFIX):
            return function_urls.handle(self.functions, request)
        return self.gateway.handle(request)

    def upload(self, ticket: Mapping[str, Any], name: str, data: bytes, **overrides: str | None) -> Response:
        """A camera's POST to S3. `name` goes below the ticket's prefix; an override of None leaves that field out."""
        fields: dict[str, Any] = dict(ticket["fields"])
        if "key_prefix" in ticket:
            fields["key"] = f"{ticket['key_prefix']}{name}"
        fields |= overrides
        # A table of its own: the module's reads what this machine calls things.
        guessed, _ = mimetypes.MimeTypes().guess_type(name)
        kind = fields.get("Content-Type") or guessed or "application/octet-stream"
        form = {field: value for field, value in fields.items() if value is not None}
        file = FileStorage(io.BytesIO(data), filename=name.rpartition("/")[2], content_type=kind)
        return self._ask_s3(EnvironBuilder(method="POST", data={**form, "file": file}, **_address(ticket["url"])))

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """The answer of a presigned address."""
        return self._ask_s3(EnvironBuilder(method="GET", headers=dict(headers or {}), **_address(url)))

    def connect(self, token: str | None) -> Plugged | int:
        """A camera's connection, within this process; or the status with which it was refused."""
        received: list[str] = []
        headers = {"Host": channel.DOMAIN, "Sec-WebSocket-Version": "13", "X-Forwarded-For": "127.0.0.1"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = self.channel.connect(headers, received.append, lambda code, reason: None)
        if isinstance(connection, channel.Refused):
            return connection.status
        self.channel.connected(connection)
        return Plugged(self.channel, connection.id, received)

    def invoke(self, operation: str, event: Any) -> Any:
        """An operator function's answer; what it raises is raised. KeyError if there is none of that name."""
        declared = {one.name: one for one in self.gateway.app.pure_lambda_functions}[operation]
        return self.functions.call_by_name(operation, declared.handler_string, event)

    # ── Time and events ──────────────────────────────────────────────────────────────────────────────────────────────

    def operator(self, name: str) -> dict[str, str]:
        """Credentials of an IAM user, who is made if need be, for what operators sign."""
        iam = boto3.client("iam", region_name=REGION)
        with self.aws.outside():
            if name not in {one["UserName"] for one in iam.list_users()["Users"]}:
                iam.create_user(UserName=name)
            key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"], "region": REGION}

    def now(self) -> datetime:
        return self.clock.now()

    def settle(self) -> None:
        """Deliver every event to its listener."""
        self.pollers.settle()

    def advance(
        self,
        seconds: float,
        *,
        reaper_lag_seconds: Lag = UNCHANGED,
        within_seconds: float | None = None,
        every_hours: int = 1,
    ) -> Passage:
        """Let time pass; see `Calendar.advance`. A lag of None means that nothing is reaped, until it is changed."""
        if reaper_lag_seconds is not UNCHANGED:
            self.calendar.lag = reaper_lag_seconds
        return self.calendar.advance(seconds, within_seconds=within_seconds, every_hours=every_hours)

    def run_schedule(self, name: str) -> Any:
        """Run a job now; what it raises is raised. KeyError if there is none of that name."""
        return self.calendar.run(name)

    def redrive(self) -> int:
        """Bring back what was put aside after too many failures."""
        return self.pollers.redrive()

    def _wait(self, seconds: float) -> None:
        """How a function waits: time passes, for others as well."""
        with self.functions.rwlock.released(seconds):
            if self.clock.is_ticking:
                time.sleep(seconds)
            else:
                self.clock.move_to(time.time() + seconds)
            if self.meanwhile is not None:
                # What they ask is no part of the request that waits.
                copy_context().run(self.meanwhile)

    # ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def outbox(self, to: str | None = None) -> list[dict[str, Any]]:
        self.settle()
        return self.outbox_of_the_world.newest_first(to)

    def dump(self) -> dict[str, Any]:
        """Everything stored, after pending events have finished."""
        self.settle()
        with self.aws.lock:
            return {**dump.dump(), "logs": self.logs.lines()}

    def refused(self) -> list[dict[str, Any]]:
        """Uploads that were not taken, newest first, after pending events have finished."""
        self.settle()
        return refused.newest_first(list(self.guard.uploads), self.logs.lines())

    @property
    def trace(self) -> Trace:
        return self.aws.trace

    @property
    def faults(self) -> Faults:
        return self.aws.faults

    @property
    def failures(self) -> list[Failure]:
        """Faults of functions where nobody waited for an answer: listeners, and jobs that time fired."""
        return list(self.functions.failures)

    @property
    def delivery_faults(self) -> DeliveryFaults:
        """The faults of delivery: events that come twice, late, in another order."""
        return self.pollers.delivery_faults

    @delivery_faults.setter
    def delivery_faults(self, delivery_faults: DeliveryFaults) -> None:
        self.pollers.delivery_faults = delivery_faults

    # ── Going back ───────────────────────────────────────────────────────────────────────────────────────────────────

    def snapshot(self) -> Snapshot:
        with self.functions.rwlock.exclusive(), self.aws.lock:
            return Snapshot(
                self.aws.snapshot(),
                self.outbox_of_the_world.snapshot(),
                self.mail.snapshot(),
                self.logs.snapshot(),
                self.pollers.snapshot(),
                self.calendar.snapshot(),
                self.channel.snapshot(),
                self.functions.random.getstate(),
                module_caches.randomness(),
                dict(module_caches.hour_keys()),
                dict(module_caches.policies()),
            )

    def restore(self, snapshot: Snapshot) -> None:
        """The trace, planned failures and `failures` are cleared with it; they belong to what was undone."""
        self._put_back(snapshot)
        self.functions.failures.clear()
        self.functions.throttled.clear()
        self.trace.clear()
        self.faults.clear()

    def _put_back(self, snapshot: Snapshot) -> None:
        with self.functions.rwlock.exclusive(), self.aws.lock:
            self.aws.restore(snapshot.aws)
            self.outbox_of_the_world.restore(snapshot.outbox)
            self.mail.restore(snapshot.mail)
            self.logs.restore(snapshot.logs)
            self.pollers.restore(snapshot.pollers)
            self.calendar.restore(snapshot.calendar)
            self.guard.uploads.clear()
            self.channel.restore(snapshot.channel)
            self.functions.random.setstate(snapshot.functions_random)
            module_caches.go_back_to(snapshot.app_random)
            module_caches.hour_keys().clear()
            module_caches.hour_keys().update(snapshot.hour_keys)
            module_caches.policies().clear()
            module_caches.policies().update(snapshot.policies)

    # ── Making ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self) -> None:
        """Everything about this process that is not as it was outside of the cloud."""
        type(self)._running = self
        self._present.callback(setattr, type(self), "_running", None)
        self._present.enter_context(self.clock)
        self._present.enter_context(_as_before())
        self._present.enter_context(self.aws)
        self._present.enter_context(self.outbox_of_the_world)
        self._present.enter_context(self.mail)
        self._present.enter_context(self.logs)
        self._present.enter_context(patch("chalicelib.clock.wait", self._wait))
        self._present.enter_context(patch("moto.s3.notifications._invoke_awslambda", async_events.tell))
        # moto calls it as a method.
        filtered = lambda backend, *arguments: self.logs.filtered(*arguments)  # noqa: E731  # a bound method would not be one
        self._present.enter_context(patch.object(LogsBackend, "filter_log_events", filtered))
        for name, answer in self._answers_of_the_channel().items():
            self._present.enter_context(patch.object(ApiGatewayManagementApiBackend, name, answer))
        self._tell({})
        # Its containers are its own.
        module_caches.forget()
        module_caches.hour_keys().clear()
        module_caches.policies().clear()

    def _answers_of_the_channel(self) -> dict[str, Any]:
        """moto would keep what is sent; here it reaches who is connected."""
        return {
            "post_to_connection": lambda backend, data, connection_id: self.channel.post(data, connection_id),
            "get_connection": lambda backend, connection_id: self.channel.describe(connection_id),
            "delete_connection": lambda backend, connection_id: self.channel.delete(connection_id),
        }

    def _leave(self) -> None:
        # Chalice itself has given the functions something more at its import.
        self._environment |= {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        self._present.close()

    def _tell(self, environment: Mapping[str, str]) -> None:
        """What the functions find in their environment."""
        self._environment |= environment
        os.environ.update(self._environment)
        module_caches.forget_settings()

    def _create(
        self, templates: Sequence[Path | str], public_url: str, media_url: str, more: Mapping[str, str]
    ) -> None:
        session = boto3.Session(region_name=REGION)
        template = applier.load(*templates)
        wanted = template.get("Parameters", {})
        with self.aws.outside():
            parameters = {**self._parameters(session, public_url), **more}
            self.stack = applier.apply(
                template,
                parameters={name: value for name, value in parameters.items() if name in wanted},
                session=session,
                local=True,
            )
        # A checksum that no form asked for would be half of the work of a large upload.
        plain = session.client("s3", config=Config(request_checksum_calculation="when_required"))
        self.guard = S3Guard(
            plain,
            credentials={ACCESS_KEY_ID: SECRET_ACCESS_KEY},
            region=REGION,
            trusted_origins=_OF_THIS_MACHINE,
        )
        environment = self.stack.environment()
        if "MEDIA_BUCKET" in environment:
            environment["MEDIA_URL"] = f"{media_url}/{environment['MEDIA_BUCKET']}"
        environment["CHANNEL_URL"] = f"ws{public_url.removeprefix('http')}/channel"
        environment["CHANNEL_MANAGEMENT_URL"] = channel.MANAGEMENT_URL
        self._tell(environment)

    def _parameters(self, session: boto3.Session, public_url: str) -> dict[str, str]:
        sns = session.client("sns")
        made = {
            platform: sns.create_platform_application(Name=f"sowa-{platform}", Platform=platform, Attributes={})
            for platform in ("GCM", "APNS")
        }
        return {
            "Stage": STAGE,
            "MostDevices": "1000",
            "PublicUrl": public_url,
            "MailSender": "Sowa <no-reply@sowa.example>",
            "OperatorContact": "privacy@sowa.example",
            "MailDomain": "sowa.example",
            # Everybody comes from one address here, and a few thousand an hour may register.
            "MailBudgets": "address=40 network=100000 day=1000000",
            "TextBudgets": "address=10 network=100000 country=100000 day=1000000",
            "PaymentProvider": "sandbox",
            "PaymentWebhookSecret": _secret(self.seed),
            "Seller": json.dumps(_SELLER),
            "FcmApplicationArn": made["GCM"]["PlatformApplicationArn"],
            "ApnsApplicationArn": made["APNS"]["PlatformApplicationArn"],
        }

    def _load(self, app_module: str, country: str, allowed_origin: str) -> None:
        module_caches.seed(self.seed)
        app = importlib.import_module(app_module).app
        self.logs.adopt(app.log)
        self.gateway = Gateway(app, self.functions, country=country, allowed_origin=allowed_origin)
        self.channel = Channel(app, self.functions)
        self.pollers = Pollers(app, self.stack, self.functions, self.aws.lock, [self.channel])
        self.pollers.add(async_events.sources(self.pollers, app, self.stack, self.functions, self.aws.lock))
        self.calendar = Calendar(self.clock, app, self.functions, self.pollers, self.aws)

    def _ask_s3(self, builder: EnvironBuilder) -> Response:
        with self.functions.rwlock.shared():
            answer = Client(self.guard).open(builder)
            return Response(answer.status_code, answer.headers, answer.get_data())


_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def _as_before() -> Iterator[None]:
    """The environment afterwards as it was; and within, nothing of the developer's own AWS account."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    # By which way functions call AWS is the tests' to say, and not what else the environment holds.
    os.environ["AWS_TRANSPORT"] = before.get("AWS_TRANSPORT", "own")
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys() - _OTHERS:
            del os.environ[name]
        os.environ.update({name: value for name, value in before.items() if name not in _OTHERS})


# What comes and goes without us.
_OTHERS = {"PYTEST_CURRENT_TEST"}


def _address(url: str) -> dict[str, Any]:
    """What a WSGI request needs of it."""
    parts = urlsplit(url)
    return {"path": parts.path, "query_string": parts.query, "base_url": f"{parts.scheme}://{parts.netloc}"}


def _by_name(urls: str) -> str:
    """Passkeys belong to a domain, and a number is none: a browser makes them where this machine is called by name."""
    return urls.replace("127.0.0.1", "localhost")


def _secret(seed: int | None) -> str:
    if seed is None:
        return secrets.token_hex(16)
    return random.Random(seed).randbytes(16).hex()  # noqa: S311  # repeatable is the point
