"""An ONVIF device as the agent knows it: where its streams are, what it tells, and how it is rebooted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sowa_agent.onvif.events import Kind
from sowa_agent.onvif.profiles import at_host
from sowa_agent.opening import Open
from sowa_agent.source import Session, Sound, SourceAddress, SourceProblem, Transport, Why

Json = dict[str, Any]
SCHEME = "onvif:"
# The process that asks it starts up first, which takes seconds on a small computer.
DESCRIBED_WITHIN_S = 5.0
REBOOTED_WITHIN_S = 20.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OnvifConfig:
    """Of one camera: its device service's address, and what its digital input is, if anything."""

    address: str
    host: str
    user: str = ""
    password: str = field(default="", repr=False)
    digital_input: Kind | None = None


def source_of(
    channel: str, which: str, user: str, password: str, transport: Transport, sound: Sound = "copy"
) -> SourceAddress:
    """Stands for a stream whose address the camera says; `which` is `main` or `sub`."""
    return SourceAddress(f"{SCHEME}{channel}/{which}", user, password, transport, sound)


@dataclass
class OnvifDevice:
    """What is known of one camera. Several threads ask; one, that of its process, reports."""

    id: str
    config: OnvifConfig
    on_event: Callable[[int, Kind], None] = lambda channel, kind: None
    send: Callable[[Json], bool] = lambda command: False
    problem: SourceProblem | None = None
    ahead_s: float = 0.0
    has_events: bool = False
    _sources: list[Json] | None = None
    _watched: set[tuple[int, str]] = field(default_factory=set)
    _answers: dict[int, str] = field(default_factory=dict)
    _numbers: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _said: str = ""

    def as_json(self) -> Json:
        """What its process must know of it."""
        config = self.config
        return {
            "id": self.id, "address": config.address, "user": config.user, "password": config.password,
            "digital_input": config.digital_input,
        }  # fmt: skip

    # What its process reports

    def report(self, line: Json) -> None:
        """A line of its process; what it does not know is passed over. Raises KeyError, ValueError or TypeError for
        a line of another form."""
        what = line["what"]
        if what == "event":
            self._pass_on(int(line["channel"]), line["kind"])
            return
        with self._changed:
            if what == "described":
                self._sources, self.problem = list(line["sources"]), None
                self.ahead_s, self.has_events = float(line["ahead_s"]), bool(line["has_events"])
                self._tell(self._described())
            elif what == "problem":
                self.problem = SourceProblem(Why[line["why"]], str(line["detail"]))
                self._watched.clear()
                self._tell(f"{self.problem}; it is tried again")
            elif what == "watching":
                self._watched.add((int(line["channel"]), line["kind"]))
            elif what == "answer":
                self._answers[int(line["number"])] = str(line["error"])
            self._changed.notify_all()

    def _pass_on(self, channel: int, kind: Kind) -> None:
        """What fails then is a fault of ours, and none of its process."""
        try:
            self.on_event(channel, kind)
        except Exception:
            log.exception("ONVIF, %s: an event is lost", self.config.host)

    def lost(self) -> None:
        """Its process has ended: nothing is told until there is another."""
        with self._changed:
            self._watched.clear()

    def _described(self) -> str:
        return "it is connected" if self.has_events else "it is connected, and has no events"

    def _tell(self, state: str) -> None:
        """A single time, and not again with each try."""
        if state != self._said:
            self._said = state
            log.info("ONVIF, %s: %s", self.config.host, state)

    # What the agent asks

    def is_settled(self) -> bool:
        """Whether it is known what there is, or what is wrong."""
        return self._sources is not None or self.problem is not None

    def wait_settled(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(self.is_settled, timeout_s)

    def sources(self) -> list[Json]:
        """Main and sub stream of each video source; what was known last, while it is out of reach."""
        return self._sources or []

    def watches(self, channel: int, kind: Kind) -> bool:
        """Whether it tells such events at present: one has come, or the state that goes before it."""
        return (channel, kind) in self._watched

    def wait_watched(self, timeout_s: float) -> set[str]:
        """The kinds of event that it tells, as soon as there are any."""
        with self._changed:
            self._changed.wait_for(lambda: self._watched, timeout_s)
            return {kind for _, kind in self._watched}

    def stream(self, named: SourceAddress) -> SourceAddress:
        """The address of a stream that `source_of` stands for. Raises SourceProblem."""
        channel, _, which = named.address.removeprefix(SCHEME).partition("/")
        self.wait_settled(DESCRIBED_WITHIN_S)
        sources = self._sources  # which its process may replace meanwhile
        if sources is None:
            raise self.problem or SourceProblem(Why.SILENT, "ONVIF")
        if int(channel) >= len(sources):
            raise SourceProblem(Why.NOT_FOUND, f"ONVIF: it has {len(sources)} video sources")
        address = sources[int(channel)][which]
        if address is None:
            raise SourceProblem(Why.NOT_FOUND, "ONVIF: it has no smaller profile")
        try:
            return replace(named, address=at_host(address, self.config.host))
        except ValueError:
            raise SourceProblem(Why.NOT_FOUND, "ONVIF: an address that cannot be read") from None

    def reboot(self) -> str:
        """What is wrong, or nothing if it does so."""
        with self._changed:
            self._numbers += 1
            number = self._numbers
        # Not under the lock, without which nothing that the process says could be taken from it.
        if not self.send({"id": self.id, "do": "reboot", "number": number}):
            return "ONVIF: its process does not take it"
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers, REBOOTED_WITHIN_S)
            return self._answers.pop(number, "ONVIF: no answer")


@dataclass(frozen=True)
class OnvifOpener:
    """Opens what an ONVIF device says, and all else as it is."""

    device: OnvifDevice
    opener: Open

    def __call__(self, source: SourceAddress) -> Session:
        """Raises SourceProblem."""
        return self.opener(self.device.stream(source) if source.address.startswith(SCHEME) else source)
