"""The plugin of pytest that notes which tests run each line, or plays them against changes of the code.

It plays each mutant in a fork of one process that has collected all tests and set up what they share: what takes long
is done once, and nothing that a mutant did is there for the next. In the fork the functions that
another text makes others are given its code; where that cannot be done, it says so, and the file itself is changed.
Who asks it, and how, says run.py.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import signal
import threading
import time
from collections.abc import Callable, Generator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from werkzeug.serving import BaseWSGIServer

from infra.local.cloud import LocalCloud

Answer = dict[str, Any]
# By the file of their code.
Functions = dict[str, list[FunctionType]]
_AN_ERROR = re.compile(r"^E +(\w+(?:\.\w+)*(?:Error|Exception|Failed|Warning)?)\b", re.MULTILINE)
# Of what may wait for something that never comes: as many times what the tests took, and so much more.
_PATIENCE, _AT_LEAST_S = 8, 60


class Notes:
    """Says to coverage which test begins, and notes how long each took, and whether it was green."""

    def __init__(self, path: Path) -> None:
        self.path, self.failed, self.now = path, set[str](), ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        import coverage

        measuring = coverage.Coverage.current()
        assert measuring is not None, "coverage is not running"
        self.now = item.nodeid
        measuring.switch_context(self.now)
        begun = time.process_time()
        played = yield
        self.now = ""
        measuring.switch_context(self.now)
        took, green = round(time.process_time() - begun, 3), item.nodeid not in self.failed
        with self.path.open("a") as file:
            file.write(json.dumps({"test": item.nodeid, "seconds": took, "green": green}) + "\n")
        return played

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """What all tests share is there before any begins, as what is imported."""
        import coverage

        measuring = coverage.Coverage.current()
        now, self.now = self.now, "" if fixturedef.scope == "session" else self.now
        if measuring is not None:
            measuring.switch_context(self.now)
        made = yield
        self.now = now
        if measuring is not None:
            measuring.switch_context(self.now)
        return made

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.skipped:
            self.failed.add(report.nodeid)


class Player:
    """Reads a question a line, and answers with a line: `{"path", "source", "tests", "seconds"}`."""

    def __init__(self, questions: int, answers: int) -> None:
        self.questions, self.answers = os.fdopen(questions), os.fdopen(answers, "w")
        self.failed: Answer | None = None
        self.servers: list[BaseWSGIServer] = []
        self.functions: Functions = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self.servers, self.functions = _set_up(session), _functions()
        gc.freeze()  # what is there already need not be copied in each fork
        self._say({"collected": [*items]})
        for line in self.questions:
            asked = json.loads(line)
            asked["tests"] = [items[name] for name in asked["tests"] if name in items]
            self._say(_in_a_fork(lambda asked=asked: self._played(**asked), asked["seconds"]))  # type: ignore[misc]
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and self.failed is None:
            self.failed = {"outcome": _outcome(report), "by": item.nodeid}
        return report

    def _played(self, path: str, source: str | None, tests: list[pytest.Item], seconds: float) -> Answer:
        if source is not None and not _is_exchanged(Path(path).resolve(), source, self.functions):
            return {"outcome": "not here"}
        tests[0].session._setupstate.teardown_exact(tests[0])
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        for nth, item in enumerate(tests, 1):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=tests[nth] if nth < len(tests) else None)
            if self.failed is not None:
                return {**self.failed, "tests": nth}
        return {"outcome": "survived", "tests": len(tests)}

    def _say(self, answer: Answer) -> None:
        print(json.dumps(answer), file=self.answers, flush=True)


def _set_up(session: pytest.Session) -> list[BaseWSGIServer]:
    """What all tests share, by a test of nothing; and the servers that it began, which serve no more: a fork has no
    threads but its own, and what is asked in it is not to be answered outside."""
    nothing = pytest.Function.from_parent(session.items[0].parent, name="nothing", callobj=lambda home: None)
    nothing.config.hook.pytest_runtest_protocol(item=nothing, nextitem=session.items[0])
    servers = [one for one in gc.get_objects() if isinstance(one, BaseWSGIServer)]
    for server in servers:
        server.shutdown()
    return servers


def _outcome(report: pytest.TestReport) -> str:
    """A TypeError is what a checker of types sees: whether a test does is not known by it, where it fell in the test or
    in a function whose log says so."""
    kinds = {*_AN_ERROR.findall(report.longreprtext)}
    return "type error" if kinds == {"TypeError"} or '"fault":"TypeError"' in _log() else "killed"


def _log() -> str:
    cloud = LocalCloud._running
    return "" if cloud is None else "".join(map(str, cloud.logs.lines()))


def _in_a_fork(what: Callable[[], Answer], seconds: float) -> Answer:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()
        most = int(_AT_LEAST_S + _PATIENCE * seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        try:
            said = what()
        except BaseException as fault:  # whatever it is, it is to be told
            said = {"outcome": "broken", "by": repr(fault)}
        os.write(write, json.dumps(said).encode())
        os._exit(0)
    os.close(write)
    # The machine may be busy with something else: what only waits is given more.
    _wait(child, time.monotonic() + 4 * (_AT_LEAST_S + _PATIENCE * seconds))
    with os.fdopen(read) as told:
        text = told.read()
    return dict(json.loads(text)) if text else {"outcome": "killed", "by": "time"}


def _wait(child: int, until: float) -> None:
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(0.05)


# The code of functions that are there


def _is_exchanged(path: Path, source: str, functions: Functions) -> bool:
    """Whether all that the text changes is code of functions, and they have it now."""
    then = _codes(compile(source, str(path), "exec"))
    now = _codes(compile(path.read_text(), str(path), "exec"))
    if now.keys() != then.keys() or any(_declares_other(now[place], then[place]) for place in now):
        return False
    there = [it for it in functions.get(str(path), ()) if _place(it.__code__) in now]
    changed = [it for it in there if now[_place(it.__code__)] != then[_place(it.__code__)]]
    try:
        for function in changed:
            function.__code__ = then[_place(function.__code__)]
    except ValueError:  # it has other variables of the function around it
        return False
    return bool(changed)


def _functions() -> Functions:
    """All that are there."""
    found: Functions = {}
    for one in gc.get_objects():
        if type(one) is FunctionType:
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def _codes(module: CodeType) -> dict[tuple[str, int], CodeType]:
    found = {_place(module): module}
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            found |= _codes(constant)
    return found


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _declares_other(one: CodeType, other: CodeType) -> bool:
    """Of a module or a class: what is in it beside functions, as their defaults, is done already."""
    if one.co_flags & CO_OPTIMIZED:
        return False
    bare = [repr([it for it in code.co_consts if not isinstance(it, CodeType)]) for code in (one, other)]
    return bare[0] != bare[1] or (one.co_code, one.co_names) != (other.co_code, other.co_names)


def pytest_configure(config: pytest.Config) -> None:
    if path := os.environ.get("MUTANTS_NOTES"):
        config.pluginmanager.register(Notes(Path(path)))
    if pipes := os.environ.get("MUTANTS_PIPES"):
        config.pluginmanager.register(Player(*map(int, pipes.split())))
