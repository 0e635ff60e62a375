"""The local cloud as one object: start it, call it, move its time, look at everything in it."""

from __future__ import annotations

import importlib
import io
import json
import mimetypes
import os
import random
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
from werkzeug.datastructures import FileStorage
from werkzeug.test import Client, EnvironBuilder

from infra import applier
from infra.local import dump
from infra.local.clock import Calendar, Clock, Lag, Passage
from infra.local.functions import REGION, Failure, Functions
from infra.local.gateway import Asked, Gateway, Response, asked_for
from infra.local.logs import Logs
from infra.local.outbox import Outbox
from infra.local.pump import Mischief, Pump
from infra.local.strict import Faults, StrictAWS, Trace
from infra.local.strict.s3guard import S3Guard
from infra.local.turnstile import Turnstile

ACCESS_KEY_ID = "AKIALOCALCLOUDSOWA00"
SECRET_ACCESS_KEY = "the-local-cloud-keeps-no-secrets-0000000"
# A seeded world begins at its own moment, or no run would be like another.
SEEDED_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PUBLIC_URL = "http://127.0.0.1:8000"
MEDIA_URL = "http://127.0.0.1:8001"
UNCHANGED: Any = object()


@dataclass(frozen=True)
class Snapshot:
    """A whole world at one moment."""

    aws: Any
    outbox: Any
    logs: Any
    pump: Any
    calendar: Any
    functions_random: Any
    app_random: Any


class LocalCloud:
    """One at a time in a process, because the app reads its environment once. For a fresh world, `restore` a snapshot."""

    aws: StrictAWS
    stack: applier.Stack
    gateway: Gateway
    pump: Pump
    calendar: Calendar
    guard: S3Guard

    def __init__(self) -> None:
        self.outbox_of_the_world = Outbox()
        self._stack = ExitStack()

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
        log_keep_days: int | None = None,
        logs_everything: bool = False,
    ) -> LocalCloud:
        """Everything is there when this returns, and only then is the app imported.

        A seed makes ids, codes and time repeatable; None means real randomness and the real time. The clock stands still
        in a seeded world and ticks in a real one, unless `tick` says otherwise.
        """
        cloud = cls()
        try:
            cloud._begin(seed, at, tick, logs_everything, log_keep_days)
            cloud._create(templates, public_url, media_url)
            cloud._load(app_module, seed, country)
        except BaseException:
            cloud.stop()
            raise
        return cloud

    def stop(self) -> None:
        self._stack.close()

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
        return self.handle(asked_for(method, path, sent, payload, query))

    def handle(self, asked: Asked) -> Response:
        return self.gateway.handle(asked)

    def upload(self, ticket: Mapping[str, Any], name: str, data: bytes, **overrides: str | None) -> Response:
        """A camera's POST to S3. `name` goes below the ticket's prefix; an override of None leaves that field out."""
        fields: dict[str, Any] = dict(ticket["fields"])
        if "key_prefix" in ticket:
            fields["key"] = f"{ticket['key_prefix']}{name}"
        fields |= overrides
        kind = fields.get("Content-Type") or mimetypes.guess_type(name)[0] or "application/octet-stream"
        form = {field: value for field, value in fields.items() if value is not None}
        file = FileStorage(io.BytesIO(data), filename=name.rpartition("/")[2], content_type=kind)
        return self._ask_s3(EnvironBuilder(method="POST", data={**form, "file": file}, **_address(ticket["url"])))

    def fetch(self, url: str) -> Response:
        """What a presigned address gives."""
        return self._ask_s3(EnvironBuilder(method="GET", **_address(url)))

    def invoke(self, operation: str, event: Any) -> Any:
        """An operator function's answer; what it raises is raised. KeyError if there is none of that name."""
        declared = {one.name: one for one in self.gateway.app.pure_lambda_functions}[operation]
        return self.functions.call_by_name(operation, declared.handler_string, event)

    # ── Time and events ──────────────────────────────────────────────────────────────────────────────────────────────

    def now(self) -> datetime:
        return self.clock.now()

    def settle(self) -> None:
        """Let everything that was told reach whom it was told."""
        self.pump.settle()

    def advance(
        self, seconds: float, *, reaper_lag_seconds: Lag = UNCHANGED, within_seconds: float | None = None
    ) -> Passage:
        """Let time pass; see `Calendar.advance`. A lag of None means that nothing is reaped, until it is changed."""
        if reaper_lag_seconds is not UNCHANGED:
            self.calendar.lag = reaper_lag_seconds
        return self.calendar.advance(seconds, within_seconds=within_seconds)

    def run_schedule(self, name: str) -> Any:
        """Run a job now; what it raises is raised. KeyError if there is none of that name."""
        return self.calendar.run(name)

    def redrive(self) -> int:
        """Bring back what was put aside after too many failures."""
        return self.pump.redrive()

    # ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def outbox(self, to: str | None = None) -> list[dict[str, Any]]:
        self.settle()
        return self.outbox_of_the_world.newest_first(to)

    def dump(self) -> dict[str, Any]:
        """Everything stored, after pending events have finished."""
        self.settle()
        with self.aws.lock:
            return {**dump.dump(), "logs": self.logs.lines()}

    @property
    def trace(self) -> Trace:
        return self.aws.trace

    @property
    def faults(self) -> Faults:
        return self.aws.faults

    @property
    def failures(self) -> list[Failure]:
        """What functions raised where nobody waited for an answer: listeners, and jobs that time fired."""
        return list(self.functions.failures)

    @property
    def mischief(self) -> Mischief:
        """How events are brought: twice, late, in another order."""
        return self.pump.mischief

    @mischief.setter
    def mischief(self, mischief: Mischief) -> None:
        self.pump.mischief = mischief

    # ── Going back ───────────────────────────────────────────────────────────────────────────────────────────────────

    def snapshot(self) -> Snapshot:
        with self.functions.turnstile.alone(), self.aws.lock:
            return Snapshot(
                self.aws.snapshot(),
                self.outbox_of_the_world.snapshot(),
                self.logs.snapshot(),
                self.pump.snapshot(),
                self.calendar.snapshot(),
                self.functions.random.getstate(),
                _app_random_state(),
            )

    def restore(self, snapshot: Snapshot) -> None:
        """The trace and planned failures are cleared with it; they belong to what was undone."""
        with self.functions.turnstile.alone(), self.aws.lock:
            self.aws.restore(snapshot.aws)
            self.outbox_of_the_world.restore(snapshot.outbox)
            self.logs.restore(snapshot.logs)
            self.pump.restore(snapshot.pump)
            self.calendar.restore(snapshot.calendar)
            self.functions.random.setstate(snapshot.functions_random)
            self.functions.failures.clear()
            _set_app_random_state(snapshot.app_random)
            self.aws.trace.clear()
            self.aws.faults.clear()

    # ── Making ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(
        self, seed: int | None, at: datetime | None, tick: bool | None, logs_everything: bool, log_keep_days: int | None
    ) -> None:
        start = at or (datetime.now(UTC) if seed is None else SEEDED_START)
        self.clock = Clock(start, tick=seed is None if tick is None else tick)
        self._keep(self.clock.start, self.clock.stop)
        self._stack.enter_context(_environment())
        self.aws = self._stack.enter_context(StrictAWS(seed=seed))
        self._keep(self.outbox_of_the_world.install, self.outbox_of_the_world.remove)
        self.logs = Logs(keep_days=log_keep_days, everything=logs_everything)
        self._keep(self.logs.install, self.logs.remove)
        self.functions = Functions(logs=self.logs, turnstile=Turnstile(), seed=seed, process=self.aws.faults.process)
        self._secret = secrets.token_hex(16) if seed is None else random.Random(seed).randbytes(16).hex()

    def _create(self, templates: Sequence[Path | str], public_url: str, media_url: str) -> None:
        os.environ.update(_CREDENTIALS)
        session = boto3.Session(region_name=REGION)
        template = applier.load(*templates)
        wanted = template.get("Parameters", {})
        with self.aws.outside():
            parameters = self._parameters(session, public_url)
            self.stack = applier.apply(
                template,
                parameters={name: value for name, value in parameters.items() if name in wanted},
                session=session,
                local=True,
            )
        self.guard = S3Guard(session.client("s3"), credentials={ACCESS_KEY_ID: SECRET_ACCESS_KEY}, region=REGION)
        os.environ.update(self.stack.environment())
        if bucket := os.environ.get("MEDIA_BUCKET"):
            os.environ["MEDIA_URL"] = f"{media_url}/{bucket}"

    def _parameters(self, session: boto3.Session, public_url: str) -> dict[str, str]:
        sns = session.client("sns")
        made = {
            platform: sns.create_platform_application(Name=f"sowa-{platform}", Platform=platform, Attributes={})
            for platform in ("GCM", "APNS")
        }
        return {
            "Stage": "local",
            "PublicUrl": public_url,
            "MailSender": "Sowa <no-reply@sowa.example>",
            "MailDomain": "sowa.example",
            "PaymentProvider": "sandbox",
            "PaymentWebhookSecret": self._secret,
            "FcmApplicationArn": made["GCM"]["PlatformApplicationArn"],
            "ApnsApplicationArn": made["APNS"]["PlatformApplicationArn"],
        }

    def _load(self, app_module: str, seed: int | None, country: str) -> None:
        if (ids := _ids()) is not None:
            ids.seed(seed)
        app = importlib.import_module(app_module).app
        self.gateway = Gateway(app, self.functions, country=country)
        self.pump = Pump(app, self.stack, self.functions, self.aws.lock)
        self.calendar = Calendar(self.clock, app, self.functions, self.pump, self.aws)

    def _keep(self, begin: Any, end: Any) -> None:
        begin()
        self._stack.callback(end)

    def _ask_s3(self, builder: EnvironBuilder) -> Response:
        with self.functions.turnstile.among(), self.aws.outside():
            answer = Client(self.guard).open(builder)
            return Response(answer.status_code, answer.headers, answer.get_data())


_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "sowa",
    "POWERTOOLS_METRICS_NAMESPACE": "Sowa",
}


@contextmanager
def _environment() -> Iterator[None]:
    """As it was before, afterwards; and within, nothing of the developer's own AWS account."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _address(url: str) -> dict[str, Any]:
    """What a WSGI request needs of it."""
    parts = urlsplit(url)
    return {"path": parts.path, "query_string": parts.query, "base_url": f"{parts.scheme}://{parts.netloc}"}


def _ids() -> Any:
    """The product's source of randomness, where there is one."""
    try:
        return importlib.import_module("chalicelib.ids")
    except ModuleNotFoundError:
        return None


def _app_random() -> random.Random | None:
    source = getattr(getattr(sys.modules.get("chalicelib.ids"), "_source", None), "__self__", None)
    return source if isinstance(source, random.Random) else None


def _app_random_state() -> Any:
    source = _app_random()
    return source.getstate() if source else None


def _set_app_random_state(state: Any) -> None:
    if (source := _app_random()) is not None and state is not None:
        source.setstate(state)
