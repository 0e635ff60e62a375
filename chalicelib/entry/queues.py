"""Event adapters: queues, objects and table streams, schedules, and operators' functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec
from chalice.app import Blueprint, Cron, Rate, ScheduleExpression

from chalicelib.entry import object_events, wire
from chalicelib.entry.log import Line, line
from chalicelib.entry.wire import AnyShape, Event
from chalicelib.errors import Refusal
from chalicelib.store import keys
from chalicelib.words import DEFAULT_LANGUAGE

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    from chalicelib.register.proposals import Approval

# Chalice wants an address before there is one; deployment and the local cloud put the real one in its place.
_QUEUE = "arn:aws:sqs:us-east-1:000000000000:{}"
_STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/{}/stream/placeholder"

# As long as a record may take when AWS is slow and calls are sent again (see aws/clients.py).
_ONE_RECORD_MS = 10_000


@dataclass(frozen=True)
class Change:
    """An event of a table's stream: which record, and whether it was created, changed or removed; ids only, and the
    stream's own number."""

    event: str
    pk: str
    sk: str
    number: str

    @property
    def kind(self) -> tuple[str, str]:
        return keys.kind_of(self.pk), keys.kind_of(self.sk)


@dataclass(frozen=True)
class Message:
    """A message of a queue; `tries` counts its deliveries, this one included. An event that S3 tells directly is always
    the first: Lambda does not say what it tried before."""

    body: Any
    tries: int


class Context(Protocol):
    """Lambda's context of an invocation, as far as it is used here."""

    def get_remaining_time_in_millis(self) -> int: ...


# What Lambda calls.
Function = Callable[[Event, Context], object]
# Bodies are what their senders make of them, and it is the listener that knows who those are.
Prepare = Callable[[list[Any]], object]
Handler = Callable[..., dict[str, object] | None]
# Of a queue with several listeners, whom a body is for.
Choose = Callable[[Any], Handler]
# What a message is about, and how often that was tried before it became a message.
Unwrap = Callable[[Any], tuple[Any, int]]
Taken = TypeVar("Taken")
# Takes changes that have the same group.
TakeChanges = Callable[[str, Sequence[Change]], None]


class EntryPoints(Blueprint):
    """Lambda imports a listener's own module and calls what is there under its name, never `app.py` (see
    aws/chalice#1566). So the decorators return the finished function."""

    def _register(self, handler_type: str, function: Function, like: Callable[..., object], **how: object) -> Function:
        function.__name__ = like.__name__
        function.__doc__ = like.__doc__
        self._register_handler(handler_type, like.__name__, like, _Registered(function), how)
        return function


class _Registered:
    """Chalice's view of an entry point; it wants to hang middleware on it, of which there is none."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self.middleware_handlers: list[object] = []

    def __call__(self, event: Event, context: Context) -> object:
        return self._function(event, context)


class Listeners(EntryPoints):
    """Decorators for listeners of queues and streams: one record at a time; one that fails is delivered again alone.

    `sharing` has the listeners of shared queues, by queue and name."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.sharing: dict[tuple[str, str], Handler] = {}

    def on_queue(
        self, queue: str, *, batch_size: int = 10, prepare: Prepare | None = None
    ) -> Callable[[Handler], Function]:
        """`prepare` reads once for the whole batch what the records have in common; its result is handed to each. What
        a handler answers is said in the log's line."""
        return lambda handle: self._listening(queue, batch_size, handle, _taking(handle, prepare, _as_it_is))

    def on_shared_queue(self, queue: str) -> Callable[[Handler], Handler]:
        """One of several listeners of a queue, which together are one function with all their rights; it is declared in
        chalicelib/shared_queues.py."""

        def declare(handle: Handler) -> Handler:
            self.sharing[queue, handle.__name__] = handle
            return handle

        return declare

    def of_shared_queue(self, queue: str) -> Callable[[Choose], Function]:
        """The function of a shared queue, made of what chooses the listener. Lambda brings messages one by one, so that
        none is killed with another listener's. The log's line is the listener's, or the function's own where a message
        is for nobody."""

        def declare(choose: Choose) -> Function:
            def take(record: SQSRecord) -> None:
                with line(door=choose.__name__) as entry:
                    try:
                        body = json.loads(record.body)
                        handle = choose(body)
                        entry.add(door=handle.__name__)
                        entry.add(**(handle(Message(body, _tries(record))) or {}))
                    except Exception as fault:
                        entry.add_fault(fault)
                        raise

            return self._listening(queue, 1, choose, lambda event, context: _each(event, take, "SQS", context))

        return declare

    def on_objects(self, queue: str, *, prepare: Prepare) -> Callable[[Handler], Function]:
        """S3 tells the function itself of new objects (infra/wiring.yaml says below which prefix), and `queue` brings
        what Lambda gave up on."""

        def declare(handle: Handler) -> Function:
            take_batch = _taking(handle, prepare, object_events.of_message)

            def function(event: Event, context: Context) -> object:
                if not object_events.is_direct(event):
                    return take_batch(event, context)
                with line(door=handle.__name__) as entry:
                    try:
                        entry.add(**(handle(Message(event, 1), prepare([event])) or {}))
                    except Exception as fault:
                        entry.add_fault(fault)
                        raise InvocationFailed from None
                return None

            return self._listening(queue, 10, handle, function)

        return declare

    def _listening(self, queue: str, batch_size: int, handle: Callable[..., object], function: Function) -> Function:
        return self._register(
            "on_sqs_message", function, handle, queue=None, queue_arn=_QUEUE.format(queue), batch_size=batch_size,
            maximum_batching_window_in_seconds=0, maximum_concurrency=None,
        )  # fmt: skip

    def on_table(
        self, table: str, *, group: Callable[[Change], str | None], most: int, batch_size: int = 25
    ) -> Callable[[TakeChanges], Function]:
        """Changes of the same `group` are taken together, at most so many; those of none are nobody's. Where they fail,
        the stream comes again from the first of them on."""

        def declare(handle: TakeChanges) -> Function:
            def function(event: Event, context: Context) -> object:
                failed: set[str] = set()
                for nth, (name, changes) in enumerate(_grouped(event, group, most)):
                    if (nth and _is_late(context)) or not _is_taken(handle, name, changes):
                        failed.update(change.number for change in changes)
                return {"batchItemFailures": [{"itemIdentifier": number} for number in sorted(failed, key=int)]}

            return self._register(
                "on_dynamodb_record", function, handle, stream_arn=_STREAM.format(table), batch_size=batch_size,
                starting_position="TRIM_HORIZON", maximum_batching_window_in_seconds=0,
            )  # fmt: skip

        return declare


_OldestS = Callable[[], int]
_Figures = Callable[[], dict[str, object]]


class Schedules(EntryPoints):
    """Decorators for scheduled jobs."""

    def every(
        self, amount: int, unit: str, *, oldest_s: _OldestS | None = None, figures: _Figures | None = None
    ) -> Callable[[Callable[[], object]], Function]:
        """`every(5, Rate.MINUTES)`; see `at`."""
        return self.at(Rate(amount, unit=unit), oldest_s=oldest_s, figures=figures)

    def at(
        self,
        expression: ScheduleExpression | Cron,
        *,
        oldest_s: _OldestS | None = None,
        figures: _Figures | None = None,
    ) -> Callable[[Callable[[], object]], Function]:
        """`oldest_s` says in seconds how old the oldest is of what the job has to put an end to; it is asked when the
        job has ended, however it did, and becomes the metric `oldest_seconds` that alarms watch; `figures` says what
        else the line has to, by name."""

        def declare(job: Callable[[], object]) -> Function:
            def function(event: Event, context: Context) -> object:
                with line(door=job.__name__) as entry:
                    try:
                        return _measured(job, oldest_s, figures, entry)
                    except Exception as fault:
                        entry.add_fault(fault)
                        raise

            return self._register("schedule", function, job, expression=expression, description=_first_line(job))

        return declare


class Operations(EntryPoints):
    """Decorators for operators' functions: pure Lambdas without a public surface, invoked with IAM rights."""

    def operation(self, asks: type[AnyShape]) -> Callable[[Callable[[AnyShape], object]], Function]:
        """The event is parsed to `asks`; a refusal is raised to the operator, who sees its code and details."""
        return lambda work: self._ordered(work, lambda event: work(wire.parse(event, asks)))

    def proposal(self, asks: type[AnyShape]) -> Callable[[Callable[[AnyShape], None]], Function]:
        """`propose_<name>`: an order that waits for another operator, if the function lets it through."""

        def propose(judge: Callable[[AnyShape], None], event: Event) -> object:
            from chalicelib.entry import operators

            return operators.propose(judge.__name__.removeprefix("propose_"), event, asks, judge)

        return lambda judge: self._ordered(judge, partial(propose, judge))

    def approval(self, asks: type[AnyShape]) -> Callable[[Callable[[AnyShape, Approval], object]], Function]:
        """`approve_<name>`: what was proposed is carried out, by the function, whose one commit has the approval's
        writes."""

        def approve(work: Callable[[AnyShape, Approval], object], event: Event) -> object:
            from chalicelib.entry import operators

            return operators.approve(work.__name__.removeprefix("approve_"), event, asks, work)

        return lambda work: self._ordered(work, partial(approve, work))

    def _ordered(self, like: Callable[..., object], work: Callable[[Event], object]) -> Function:
        def function(event: Event, context: Context) -> object:
            with line(door=like.__name__) as entry:
                try:
                    return msgspec.to_builtins(work(event))
                except Refusal as refusal:
                    entry["code"] = type(refusal).__name__
                    # Lambda tells whoever invoked it the exception's own words and no more.
                    refusal.args = (_words_of(refusal),)
                    raise
                except Exception as fault:
                    entry.add_fault(fault)
                    raise

        return self._register("lambda_function", function, like)


def _words_of(refusal: Refusal) -> str:
    spoken, fields = DEFAULT_LANGUAGE, refusal.details.get("fields", {})
    return " ".join(
        [refusal.message(spoken), *(f"{name} {phrase.read_in(spoken)}." for name, phrase in fields.items())]
    )


def _measured(
    job: Callable[[], object], oldest_s: _OldestS | None, figures: _Figures | None, entry: Line
) -> object:
    answer, failed = None, None
    try:
        answer = job()
    except Exception as fault:  # raised again below: what a job fails to put an end to is what grows old
        failed = fault
    if oldest_s is not None:
        entry["oldest_seconds"] = oldest_s()
    if figures is not None:
        entry.add(**figures())
    if failed is not None:
        raise failed
    return answer


class InvocationFailed(Exception):
    """Lambda tries again. It writes the words of an exception into the queue where it leaves an event in the end; what
    happened stands in the log, without anybody's data."""


class NoTimeLeft(Exception):
    """A record was not begun: its function would have been killed over it, and those done before would come again."""


def _taking(handle: Handler, prepare: Prepare | None, unwrap: Unwrap) -> Function:
    """A function that takes a batch of messages, one after the other; one that fails is delivered again alone."""

    def function(event: Event, context: Context) -> object:
        bodies = [_body(record["body"], unwrap) for record in event["Records"]]
        common = _common(prepare, [body for body in bodies if body is not None])

        def take(record: SQSRecord) -> None:
            with line(door=handle.__name__) as entry:
                try:
                    body, tries = unwrap(json.loads(record.body))
                    own = common if common is not None else (prepare([body]),) if prepare else ()
                    entry.add(**(handle(Message(body, tries + _tries(record)), *own) or {}))
                except Exception as fault:
                    entry.add_fault(fault)
                    raise

        return _each(event, take, "SQS", context)

    return function


def _each(event: Event, take: Callable[[Taken], None], source: str, context: Context) -> object:
    # The function that serves people imports this module, with every listener in it, and never comes here; Powertools
    # would be a tenth of its start.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    begun = 0

    def take_in_time(record: Taken) -> None:
        nonlocal begun
        # Powertools goes on until it is killed. The first is always taken, or a slow one would never be.
        if begun and _is_late(context):
            raise NoTimeLeft
        begun += 1
        take(record)

    processor = BatchProcessor(event_type=EventType(source), raise_on_entire_batch_failure=False)
    return process_partial_response(event, take_in_time, processor)


def _is_late(context: Context) -> bool:
    return context.get_remaining_time_in_millis() < _ONE_RECORD_MS


def _grouped(
    event: Event, group: Callable[[Change], str | None], most: int
) -> Iterator[tuple[str, Sequence[Change]]]:
    """The changes of a batch by their group, at most so many together, each in the order of the stream."""
    groups: dict[str, list[Change]] = {}
    for change in map(_change, event["Records"]):
        if (name := group(change)) is not None:
            groups.setdefault(name, []).append(change)
    for name, changes in groups.items():
        yield from ((name, changes[at : at + most]) for at in range(0, len(changes), most))


def _change(record: Any) -> Change:
    image = record["dynamodb"]
    where = image["Keys"]
    return Change(record["eventName"], where["pk"]["S"], where.get("sk", {}).get("S", ""), image["SequenceNumber"])


def _is_taken(handle: TakeChanges, name: str, changes: Sequence[Change]) -> bool:
    with line(door=handle.__name__) as entry:
        try:
            handle(name, changes)
        except Exception as fault:
            entry.add_fault(fault)
            return False
    return True


def _common(prepare: Prepare | None, bodies: list[object]) -> tuple[object, ...] | None:
    """None if one record spoils it for all: then each is prepared alone, and the bad one fails alone."""
    if prepare is None:
        return ()
    try:
        return (prepare(bodies),)
    except Exception:
        return None


def _body(text: str, unwrap: Unwrap) -> object:
    try:
        return unwrap(json.loads(text))[0]
    except (KeyError, TypeError, ValueError):
        return None  # fails alone when its turn comes


def _as_it_is(body: Any) -> tuple[Any, int]:
    return body, 0


def _tries(record: SQSRecord) -> int:
    return int(record.raw_event["attributes"]["ApproximateReceiveCount"])


def _first_line(job: Callable[..., object]) -> str:
    return (job.__doc__ or "").strip().partition("\n")[0]
