"""The strict layer: what is between any SDK client of this process and moto."""

import functools
import importlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import botocore.client
import botocore.endpoint
import botocore.retries.bucket
import botocore.retries.quota
import botocore.useragent
import botocore.utils
import moto.core.base_backend
import moto.core.common_models
import moto.core.responses
import moto.dynamodb.models
import moto.dynamodb.models.dynamo_type
import moto.dynamodb.models.table
import moto.dynamodb.parsing.ast_nodes
import moto.dynamodb.parsing.executors
import moto.dynamodb.parsing.expressions
import moto.dynamodb.responses
import moto.dynamodbstreams.models
import moto.kms.models
import moto.kms.responses
import moto.s3.models
import moto.s3.responses
import moto.sesv2.responses
import moto.sqs.models
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.moto_api._internal import mock_random

from . import (
    comparing,
    dynamodb,
    endpoint,
    expressions,
    kms_states,
    listings,
    plain,
    reads,
    routes,
    ses,
    snapshots,
    sns,
    sts,
    trace,
    transactions,
    ttl_and_lifecycle,
    writes,
)
from .endpoint import Endpoint
from .faults import Answer, Crash, Faults
from .scheduler import AfterCall, BeforeCall, Scheduler
from .snapshots import Snapshot
from .trace import Call, Trace
from .transactions import Tokens
from .ttl_and_lifecycle import Lag, Moment
from .validations import decode

SHARD_ITERATORS_KEPT = 500

# Whose attribute, its name, and what stands there while the layer is on.
Replacement = tuple[Any, str, Any]
# A call, and one request of it, to the answer; None for what is not AWS's.
Attempt = Callable[[Call, AWSPreparedRequest], Answer | None]
# A way to AWS that is no botocore client's: what of it is replaced, so that its requests take the layer's way.
Transport = Callable[[Attempt], Iterable[Replacement]]


class StrictAWS(AbstractContextManager["StrictAWS"]):
    """moto, started and held to AWS's word; one at a time in a process, used by as many threads as there are."""

    running: "ClassVar[StrictAWS | None]" = None

    def __init__(
        self, seed: int | None = 0, dynamodb: Endpoint | None = None, transports: Iterable[Transport] = ()
    ) -> None:
        """`dynamodb` is where its calls take effect if not in moto; the environment may name one. `transports` are the
        ways to AWS beside botocore's."""
        self.trace = Trace()
        self.faults = Faults()
        self._seed = seed
        self._scheduler = Scheduler()
        self._tokens = Tokens()
        self._dynamodb = dynamodb or endpoint.given()
        self._transports = tuple(transports)
        self._stack = ExitStack()

    @property
    def lock(self) -> Any:
        """Held through every effect. Take it to see several things as of one moment."""
        return self._scheduler.lock

    def __enter__(self) -> "StrictAWS":
        if StrictAWS.running is not None:
            raise RuntimeError("a strict layer is already on in this process")
        with ExitStack() as stack:
            for owner, name, replacement in self._replacements():
                stack.enter_context(patch.object(owner, name, replacement))
            # Last in and first out: moto still needs ours while it puts its things away.
            stack.enter_context(mock_aws())
            if self._dynamodb is not None:
                stack.callback(self._dynamodb.leave)
            stack.callback(setattr, StrictAWS, "running", None)
            self._stack = stack.pop_all()
        StrictAWS.running = self
        if self._seed is not None:
            mock_random.seed(self._seed)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """As if this layer, moto and all that is in it were not there: room for another world for a while."""
        kept, environment = self.snapshot(), dict(os.environ)
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()
            self.restore(kept)
            os.environ.clear()
            os.environ.update(environment)

    def order_by(self, before_call: BeforeCall | None, after_call: AfterCall | None = None) -> None:
        """Called before every attempt with the thread's name and the call, outside the lock: it may wait; and after it
        with what was answered."""
        self._scheduler.before_call, self._scheduler.after_call = before_call, after_call

    def outside(self) -> AbstractContextManager[None]:
        """For calls of the world and of AWS itself (a camera, a poller): neither traced nor struck by faults."""
        return trace.outside()

    @contextmanager
    def look(self, *, only_streams: bool = False) -> Iterator[None]:
        """Within, moto's tables are as those of the endpoint, where there is one, and nothing changes."""
        with self.lock:
            if self._dynamodb is not None:
                self._dynamodb.listen() if only_streams else self._dynamodb.look()
            yield

    @classmethod
    def looking(cls, *, only_streams: bool = False) -> AbstractContextManager[None]:
        """The same, of the layer that is on, if one is."""
        return cls.running.look(only_streams=only_streams) if cls.running else nullcontext()

    def snapshot(self) -> Snapshot:
        with self.look():
            return snapshots.take(self._tokens.copy())

    def restore(self, snapshot: Snapshot) -> None:
        with self.lock:
            known = self._dynamodb.known() if self._dynamodb else {}
            self._tokens.restore(snapshots.restore(snapshot))
            if self._dynamodb:
                self._dynamodb.match(known)

    def load(self, table_name: str, items: Iterable[dict[str, Any]]) -> None:
        """Put items straight into a table: no call is traced, no stream tells of them."""
        with self.look():
            table = endpoint.tables()[table_name]
            for item in items:
                writes.store(writes.putting(table, decode(endpoint.as_json(item))))
            if self._dynamodb is not None:
                self._dynamodb.load(table)

    def delete_expired(self, now: Moment, lag: Lag) -> int:
        if lag is None:
            return 0
        with self.look():
            return ttl_and_lifecycle.delete_expired(
                now, lag, self._dynamodb.carry_out if self._dynamodb else writes.apply
            )

    def apply_lifecycle(self, now: Moment, lag: Lag) -> int:
        with self.lock:
            return ttl_and_lifecycle.apply_lifecycle(now, lag)

    def _send(self, event_name: str, request: AWSPreparedRequest) -> AWSResponse | None:
        """In the place of moto's handler of botocore's `before-send`, so the SDK's own retries and parsing are real."""
        call = trace.current()
        if call.service == "none":
            _, call.service, call.operation = event_name.split(".")
        answer = self._attempt(call, request)
        if answer is None:
            return None
        status, headers, body = answer
        return AWSResponse(request.url, status, headers, MockRawResponse(body))  # type: ignore[arg-type]

    def _attempt(self, call: Call, request: AWSPreparedRequest) -> Answer | None:
        with self._scheduler.turn(call):
            call.attempts += 1
            answer = self._answer(call, request)
        self._scheduler.answered(answer)
        return answer

    def _answer(self, call: Call, request: AWSPreparedRequest) -> Answer | None:
        effect = functools.partial(self._effect, request)
        if trace.is_outside():
            return effect()
        if call.attempts == 1:
            self.trace.add(call)
        return self.faults.strike(call, request.url, effect)  # type: ignore[arg-type]  # AWS's addresses have an answer

    def _effect(self, request: AWSPreparedRequest) -> Answer | None:
        if self._dynamodb is not None and (answer := self._dynamodb.answer(request, self._tokens)) is not None:
            return answer
        if operation := dynamodb.operation_of(request):
            return dynamodb.answer(operation, request, self._tokens)
        return listings.answer(request) or sts.answer(request) or routes.answer(request)

    def _replacements(self) -> Iterator[Replacement]:
        for replacements in self.replaced().values():
            yield from replacements
        for transport in self._transports:
            yield from transport(self._attempt)

    def replaced(self) -> dict[str, list[Replacement]]:
        """What of moto and botocore is another while the layer is on, by what for."""
        way = [
            (BotocoreStubber, "__call__", lambda stubber, event_name, request, **_: self._send(event_name, request)),
            (BotocoreStubber, "process_request", _refuse_unverified),
            (botocore.client.BaseClient, "_make_api_call", _followed(botocore.client.BaseClient._make_api_call)),
        ]
        return {"the way of a call": way, "strictness": _STRICTER, "speed": _FASTER, "waits": _SLEEPLESS}


def _followed(original: Callable[..., Any]) -> Callable[..., Any]:
    """One Call for one call of a client, retries and all; its error is what the caller gets to see."""

    def make_api_call(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        model = client.meta.service_model
        call = Call(model.service_name, operation_name, dict(api_params), protocol=model.protocol)
        call.thread = threading.current_thread().name
        try:
            with trace.inside(call):
                return original(client, operation_name, api_params)
        except ClientError as error:
            call.error = error.response.get("Error", {}).get("Code", "Unknown")
            raise
        except (BotoCoreError, Crash) as error:
            call.error = type(error).__name__
            raise

    return make_api_call


def _refuse_unverified(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Answer:
    """What comes by plain HTTP (`requests.get(an address)`) moto would answer without looking at its signature."""
    raise RuntimeError(f"{request.method} {request.url}: ask S3Guard, which verifies what is presigned")


def _receive_at_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """A long poll would hold the one lock while it waits for a message nobody else could send. What is put aside notes
    which queue it came from, for who moves it back; in what a client receives moto leaves that out."""

    def receive_message(self: Any, queue_name: str, count: int, wait_seconds: int, *args: Any, **kwargs: Any) -> Any:
        queue = self.get_queue(queue_name)
        before = list(queue._messages)
        received = original(self, queue_name, count, 0, *args, **kwargs)
        left = {id(message) for message in queue._messages}
        for message in before:
            if id(message) not in left:
                message.system_attributes["DeadLetterQueueSourceArn"] = queue.queue_arn
        return received

    return receive_message


def _forgetting_iterators(original: Callable[..., Any]) -> Callable[..., Any]:
    """AWS forgets a shard iterator after 15 minutes, moto never does."""

    def get_records(self: Any, *args: Any, **kwargs: Any) -> Any:
        for oldest in list(self.shard_iterators)[:-SHARD_ITERATORS_KEPT]:
            del self.shard_iterators[oldest]
        return original(self, *args, **kwargs)

    return get_records


_DynamoDB = moto.dynamodb.models.DynamoDBBackend
_Table = moto.dynamodb.models.table.Table
_Streams = moto.dynamodbstreams.models.DynamoDBStreamsBackend
_SQS = moto.sqs.models.SQSBackend
_Object = moto.s3.models.FakeKey
_UpdateParser = moto.dynamodb.parsing.expressions.UpdateExpressionParser
_Walk = moto.dynamodb.parsing.ast_nodes.DepthFirstTraverser
_Backends = moto.core.base_backend.BackendDict
_RegionalBackends = moto.core.base_backend.AccountSpecificBackend
_UserAgent = botocore.useragent.UserAgentString

_SESv2 = moto.sesv2.responses.SESV2Response
_STRICTER: list[Replacement] = [
    (_DynamoDB, "put_item", writes.put_item),
    (_DynamoDB, "update_item", writes.update_item),
    (_DynamoDB, "delete_item", writes.delete_item),
    (_DynamoDB, "transact_write_items", transactions.transact_write_items),
    (moto.dynamodb.parsing.executors.NodeExecutor, "get_item_part_in_which_to_perform_action", writes.part_to_change),
    (moto.dynamodb.responses, "TRANSACTION_MAX_ITEMS", 100),
    (_Table, "query", reads.query),
    (_Table, "scan", reads.scan),
    (_Streams, "get_records", _forgetting_iterators(_Streams.get_records)),
    (moto.s3.models.FakeMultipart, "__init__", ttl_and_lifecycle.multipart_with_start),
    *((moto.kms.models.KmsBackend, name, replacement) for name, replacement in kms_states.REPLACEMENTS.items()),
    (_SESv2, "sesv2_backend", ses.looking(_SESv2.sesv2_backend)),
    (moto.kms.responses.KmsResponse, "sign", kms_states.answer_to_sign),
    *sns.REPLACEMENTS,
]


def _untracked(cls: type, *_: Any, **__: Any) -> Any:
    """moto keeps every model it ever made for its dashboard: a leak that grows with every call."""
    return super(moto.core.common_models.BaseModel, cls).__new__(cls)  # type: ignore[misc]


def _looked_up_once(original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """moto compares a service with all others each time it is looked up, to know that it is in use; whether it is the
    very same as one of them tells as much."""

    def getitem(self: Any, account_id: str) -> Any:
        found = dict.get(self, account_id)
        is_in_use = found is not None and _is_among(_Backends._instances, self)
        return found if is_in_use else original(self, account_id)

    return getitem


def _is_among(services: list[Any], service: Any) -> bool:
    """Whether it is one of them; where it was found the last time is looked first."""
    last = service.__dict__.get("_index", 0)
    if last < len(services) and services[last] is service:
        return True
    service.__dict__["_index"] = next((nth for nth, one in enumerate(services) if one is service), len(services))
    return int(service.__dict__["_index"]) < len(services)


def _made_before(original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """A backend that there is, under its own region's name, is what moto finds after it has looked for others."""

    def getitem(self: Any, region: str) -> Any:
        found = dict.get(self, region)
        return found if found is not None and region != "global" else original(self, region)

    return getitem


def _asked_once(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto makes anew for every node of an expression what one walk through it looks for."""

    def nodes_to_be_processed(self: Any) -> Any:
        if "_nodes_to_be_processed" not in self.__dict__:
            self._nodes_to_be_processed = original(self)
        return self._nodes_to_be_processed

    return nodes_to_be_processed


def _dispose(key: Any, garbage: bool = False) -> None:
    """Without moto's warning: an object that a restored snapshot does without was not forgotten."""
    key._value_buffer.close()
    key.disposed = True


def _made_once(original: Callable[[Any], str]) -> Callable[[Any], str]:
    """botocore puts its user agent together twice per call, which takes a quarter of the call's time."""

    def to_string(self: Any) -> str:
        config, cached = self.__dict__.get("_cached_text", (None, None))
        if cached is None or config is not self._client_config:
            cached = original(self)
            self._cached_text = self._client_config, cached
        return str(cached)

    return to_string


_TO_SNAKE_CASE = "camelcase_to_underscores"
_PARSE_TIME = "_parse_timestamp_with_tzinfo"
_FASTER: list[Replacement] = [
    (moto.core.common_models.BaseModel, "__new__", _untracked),
    (_Backends, "__getitem__", _looked_up_once(_Backends.__getitem__)),
    (_RegionalBackends, "__getitem__", _made_before(_RegionalBackends.__getitem__)),
    # Who validates a parsed expression copies it first, and the others only look.
    (_UpdateParser, "make", functools.lru_cache(4096)(_UpdateParser.make)),
    *comparing.REPLACEMENTS,
    *expressions.REPLACEMENTS,
    *plain.REPLACEMENTS,
    (_Walk, "nodes_to_be_processed", _asked_once(_Walk.nodes_to_be_processed)),
    (moto.sqs.models, _TO_SNAKE_CASE, functools.cache(getattr(moto.sqs.models, _TO_SNAKE_CASE))),
    (_Object, "dispose", _dispose),
    (moto.dynamodb.models.dynamo_type.LimitedSizeDict, "__setitem__", writes.set_without_weighing),
    (moto.core.responses, "method_names_from_class", functools.cache(moto.core.responses.method_names_from_class)),
    (moto.kms.models, "generate_private_key", kms_states.private_key_if_needed),
    (_UserAgent, "to_string", _made_once(_UserAgent.to_string)),
    # A listing of a thousand objects says as many times, and moto parses what it is about to write.
    (botocore.utils, _PARSE_TIME, functools.lru_cache(4096)(getattr(botocore.utils, _PARSE_TIME))),
]

_no_sleep = SimpleNamespace(sleep=lambda seconds: None)


def _waits_of_pynamodb() -> Iterator[Replacement]:
    """Between its batches; there is none to ask where nobody installed it."""
    if importlib.util.find_spec("pynamodb"):
        yield importlib.import_module("pynamodb.models"), "time", _no_sleep


_SLEEPLESS: list[Replacement] = [
    (botocore.endpoint, "time", _no_sleep),
    (botocore.retries.bucket.Clock, "sleep", lambda clock, amount: None),
    *_waits_of_pynamodb(),
    (_SQS, "receive_message", _receive_at_once(_SQS.receive_message)),
    # A client remembers how often it failed and retries less: one test's faults would change the next one's retries.
    (botocore.retries.quota.RetryQuota, "acquire", lambda quota, amount: True),
]
