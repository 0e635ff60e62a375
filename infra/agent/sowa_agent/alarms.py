"""Alarms: a picture of the moment goes up for each, and waits a while where the cloud is out of reach."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from sowa_agent.cloud import CloudClient, NotTaken, Refused, Unreachable
from sowa_agent.names import picture_name
from sowa_agent.picture import NoPicture, jpeg_of
from sowa_agent.ring import Ring

AT_MOST_EVERY_S = 10.0
# So many wait in memory; the oldest go.
MOST_WAITING = 20
LOOK_S = 2.0
TRY_AGAIN_S = 10.0
# How long the piece that shows the moment may take to come.
PIECE_COMES_S = 2.0
# Of full size it would be three times the work and the bytes; what is recorded has all of it, as a snapshot has.
LARGEST_SIDE = 1280
# A key frame that is so near shows it as well, for a tenth of the work of decoding all frames up to the moment.
NEAR_S = 1.0

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Moment:
    """`mark` tells its picture's name from others: sent again after a lost answer it is the same alarm."""

    channel: str
    ring: Ring
    at_s: float
    kind: str
    jpeg: bytes = b""
    mark: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class AlarmSender:
    """One camera's, in a thread of its own: decoding and sending keep no stream waiting."""

    cloud: CloudClient
    stopped: threading.Event = field(default_factory=threading.Event)
    sent: int = 0
    _come: threading.Event = field(default_factory=threading.Event)
    _last_s: dict[tuple[str, str], float] = field(default_factory=dict)
    _waiting: deque[Moment] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    _said: str = ""

    def see(self, channel: str, ring: Ring, at_s: float, kind: str = "motion") -> None:
        """Something happened; of one channel and kind at most one alarm in ten seconds."""
        if self.would_send(channel, at_s, kind):
            self._last_s[channel, kind] = at_s
            self._waiting.append(Moment(channel, ring, at_s, kind))
            self._come.set()

    def would_send(self, channel: str, at_s: float, kind: str = "motion") -> bool:
        return at_s - self._last_s.get((channel, kind), float("-inf")) >= AT_MOST_EVERY_S

    def run(self) -> None:
        """Until `stopped`. Raises TokenReplaced."""
        while not self.stopped.is_set():
            self._come.wait(LOOK_S)
            self._come.clear()
            if not self.look():
                self.stopped.wait(TRY_AGAIN_S)

    def look(self, until_s: float = float("inf")) -> bool:
        """Sends what waits and happened until then; False where it was not sent. Raises TokenReplaced."""
        while (moment := self._first()) and moment.at_s <= until_s and not self.stopped.is_set():
            if not self.send(moment):
                return False
        return True

    def _first(self) -> Moment | None:
        """Asked for once: privacy mode clears what waits in another thread."""
        try:
            return self._waiting[0]
        except IndexError:
            return None

    def clear(self) -> None:
        self._waiting.clear()

    def send(self, moment: Moment) -> bool:
        """Whether it is done with. Raises TokenReplaced."""
        try:
            moment.jpeg = moment.jpeg or self._picture(moment)
            name = picture_name(moment.channel, moment.at_s, moment.kind, moment.mark)
            self.cloud.upload("alarm", name, moment.jpeg)
            self.sent += 1
            self._tell(f"Channel {moment.channel}: {moment.kind}, and an alarm is sent.")
        except Unreachable as problem:
            self._tell(f"{problem} Alarms wait.")
            return False
        except (Refused, NotTaken, NoPicture) as problem:
            self._tell(f"Channel {moment.channel}: {moment.kind}, and no alarm is sent: {problem or 'no picture'}")
        with suppress(ValueError):  # cleared meanwhile, or too many wait
            self._waiting.remove(moment)
        return True

    def _picture(self, moment: Moment) -> bytes:
        """Of the moment itself where no key frame is near."""
        ring, at_s = moment.ring, moment.at_s
        ring.wait_until(at_s, PIECE_COMES_S)
        before = ring.since(at_s)
        if before and at_s - before[0].start_s <= NEAR_S:
            return jpeg_of(before[:1], before[0].start_s, LARGEST_SIDE)
        ring.wait_until(at_s + NEAR_S, PIECE_COMES_S)
        after = ring.since(at_s + NEAR_S)
        if after and after[0].start_s > at_s:
            return jpeg_of(after[:1], after[0].start_s, LARGEST_SIDE)
        return jpeg_of(before, at_s, LARGEST_SIDE)

    def _tell(self, line: str) -> None:
        """Once, and not again with each movement."""
        if line != self._said:
            self._said = line
            log.info("%s", line)
