"""What a camera has filmed is brought to storage, each channel's on its ticket."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from infra.demo.camera import RENEW_BEFORE, Camera, Ticket
from infra.demo.client import Unreachable, instant
from infra.demo.segments import PIECE, Film, Init, Segment


class NotTaken(Exception):
    """Storage refuses it on a new ticket as well."""


@dataclass
class Sender:
    """Brings segments to storage, each channel's on its ticket, with what a player must know first."""

    camera: Camera
    tickets: dict[str, Ticket] = field(default_factory=dict)
    _brought: set[str] = field(default_factory=set)

    @property
    def is_due(self) -> bool:
        ends = [ticket.until for ticket in self.tickets.values()]
        return not ends or self.camera.now() > min(ends) - RENEW_BEFORE

    def ask(self) -> None:
        """Raises Refused where the cloud gives no ticket."""
        self.tickets.clear()
        self._brought.clear()
        answer = self.camera.ask_recording_tickets()
        self.tickets = {
            each["channel"]: Ticket(each["url"], each["fields"], each["key_prefix"], instant(each["until"]))
            for each in answer["tickets"]
        }

    def send(self, channel: str, segment: Segment) -> None:
        """A ticket that storage no longer takes is replaced once."""
        if self.is_due:
            self.ask()
        if not self._sent(channel, segment):
            self.ask()
            if not self._sent(channel, segment):
                raise NotTaken(segment.name)

    def _sent(self, channel: str, segment: Segment) -> bool:
        ticket = self.tickets.get(channel)
        return ticket is not None and self._knows(ticket, channel, segment.init) and self._put(
            ticket, f"{channel}/{segment.name}", segment.content
        )  # fmt: skip

    def _knows(self, ticket: Ticket, channel: str, init: Init) -> bool:
        """With each ticket anew: whoever reads its prefix need not look at another."""
        name = f"{channel}/{init.name}"
        if name not in self._brought and self._put(ticket, name, init.content):
            self._brought.add(name)
        return name in self._brought

    def _put(self, ticket: Ticket, name: str, content: bytes) -> bool:
        answer = self.camera.upload(ticket, ticket.key_prefix + name, content)
        if answer.status >= 500:
            raise Unreachable(f"Storage answered {answer.status}.")
        return answer.status in (200, 201, 204)


def record(camera: Camera, film: Film, since: datetime, until: datetime) -> list[Segment]:
    """Uploads the film to every channel as if it had been filmed then."""
    sender = Sender(camera)
    segments = list(film.segments(since, until))
    for segment in segments:
        for channel in camera.channels:
            sender.send(str(channel["id"]), segment)
    return segments


def lasted(segments: list[Segment]) -> float:
    """Seconds of film."""
    return sum(len(segment.pieces) for segment in segments) * PIECE.total_seconds()
