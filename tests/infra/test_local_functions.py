"""A function is called as Lambda calls it, its words are kept, and time never moves under it."""

from __future__ import annotations

import logging
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from infra.local.functions import Functions, found
from infra.local.logs import Logs
from infra.local.readers_writer_lock import ReadersWriterLock

MODULE = "toy_functions_of_a_test"


@pytest.fixture
def logs() -> Iterator[Logs]:
    with Logs() as logs:
        yield logs


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


def test_a_handler_is_the_attribute_of_its_module(module: types.ModuleType) -> None:
    module.door = lambda event, context: {"told": event}
    assert found(f"{MODULE}.door") is module.door
    with pytest.raises(AttributeError):
        found(f"{MODULE}.window")


def test_event_and_answer_pass_through_json(module: types.ModuleType) -> None:
    sent = {"list": [1]}
    module.door = lambda event, context: event["list"].append(2) or {"got": tuple(event["list"])}
    assert Functions().call_by_name("door", f"{MODULE}.door", sent) == {"got": [1, 2]}
    assert sent == {"list": [1]}
    module.door = lambda event, context: {"bytes": b"cannot be sent"}
    with pytest.raises(TypeError):
        Functions().call_by_name("door", f"{MODULE}.door", {})


def test_what_a_function_prints_and_warns_is_kept_and_nothing_else(
    logs: Logs, capsys: pytest.CaptureFixture[str]
) -> None:
    def door(event: Any, context: Any) -> None:
        print("to standard output")
        print("to standard error", file=sys.stderr)
        logging.getLogger("a.library").warning("of a %s", "library")

    print("before")
    Functions(logs=logs).call("door", door, {})
    print("after")
    assert logs.lines() == ["to standard output", "to standard error", "[WARNING]\tof a library"]
    assert capsys.readouterr().out == "before\nafter\n"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_handler_that_keeps_its_stream_writes_to_the_log_too(when: str) -> None:
    logger, logs = logging.Logger("as Chalice makes one"), Logs()
    if when == "before":
        logger.addHandler(logging.StreamHandler(sys.stdout))
    with logs:
        if when == "after":
            logger.addHandler(logging.StreamHandler(sys.stdout))
        logs.adopt(logger)
        Functions(logs=logs).call("door", lambda event, context: logger.error("kept"), {})
    assert logs.lines() == ["kept"]


def test_threads_do_not_mix_their_lines(logs: Logs) -> None:
    meeting = threading.Barrier(2, timeout=10)

    def door(event: Any, context: Any) -> None:
        for part in ("one ", "line"):
            sys.stdout.write(f"{event}{part}")
            meeting.wait()

    functions = Functions(logs=logs)
    threads = [threading.Thread(target=functions.call, args=("door", door, name)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(logs.lines()) == ["aone aline", "bone bline"]


def test_a_servers_log_takes_what_other_threads_write() -> None:
    with Logs(everything=True) as logs:
        thread = threading.Thread(target=print, args=("from a thread of the function's",))
        thread.start()
        thread.join(10)
    assert logs.lines() == ["from a thread of the function's"]


def test_a_fault_is_logged_as_lambda_logs_it_and_raised() -> None:
    functions = Functions()

    def door(event: Any, context: Any) -> None:
        raise ValueError("too bad")

    with pytest.raises(ValueError, match="too bad"):
        functions.call("door", door, {})
    said = functions.logs.lines()
    assert said[0].startswith("[ERROR] ValueError: too bad RequestId: ")
    assert any("Traceback" in line for line in said)


def test_a_crash_ends_its_function_and_is_kept(module: types.ModuleType) -> None:
    class Crash(BaseException):
        pass

    def door(event: Any, context: Any) -> None:
        raise Crash

    module.door = door
    functions = Functions()
    assert functions.attempt("door", f"{MODULE}.door", {}) == (False, None)
    assert [(failure.function, type(failure.fault)) for failure in functions.failures] == [("door", Crash)]


def test_lines_are_bounded_and_expire_as_the_log_group_says() -> None:
    logs = Logs(limit=3)
    logs.take("1\n2\n3\n4\n")
    assert logs.lines() == ["2", "3", "4"]
    short = Logs(keep_days=7)
    with time_machine.travel("2026-01-05T08:00:00Z", tick=False) as traveller:
        short.take("old\n")
        traveller.shift(7 * 86_400)
        short.take("new\n")
        assert short.lines() == ["old", "new"]
        traveller.shift(1)
        assert short.lines() == ["new"]


def test_logs_give_the_streams_back() -> None:
    before = sys.stdout
    with Logs():
        assert sys.stdout is not before
    assert sys.stdout is before


def test_who_wants_to_be_alone_waits_for_those_inside_and_keeps_others_out() -> None:
    rwlock, order = ReadersWriterLock(), []
    inside, leave = threading.Event(), threading.Event()

    def function(name: str) -> None:
        with rwlock.shared():
            order.append(f"{name} enters")
            inside.set()
            leave.wait(10)
            order.append(f"{name} leaves")

    def clock() -> None:
        with rwlock.exclusive():
            order.append("time moves")

    first = threading.Thread(target=function, args=("first",))
    first.start()
    inside.wait(10)
    mover = threading.Thread(target=clock)
    mover.start()
    until = time.monotonic() + 5
    while not rwlock._waiting and time.monotonic() < until:
        pass
    second = threading.Thread(target=function, args=("second",))
    second.start()
    assert order == ["first enters"]
    leave.set()
    for thread in (first, mover, second):
        thread.join(10)
    assert order == ["first enters", "first leaves", "time moves", "second enters", "second leaves"]


def test_the_same_thread_may_enter_again() -> None:
    rwlock = ReadersWriterLock()
    with rwlock.exclusive(), rwlock.exclusive(), rwlock.shared():
        pass
    with rwlock.shared(), rwlock.shared():
        pass
    with rwlock.exclusive():
        pass


def test_a_function_cannot_move_the_time_that_it_runs_in() -> None:
    rwlock = ReadersWriterLock()
    with rwlock.shared(), pytest.raises(RuntimeError), rwlock.exclusive():
        pass
    with rwlock.exclusive():
        pass


def test_an_event_that_is_no_json_is_our_fault_and_not_the_functions(module: types.ModuleType) -> None:
    module.door = lambda event, context: None
    with pytest.raises(TypeError):
        Functions().attempt("door", f"{MODULE}.door", {"bytes": b""})
