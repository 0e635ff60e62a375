"""Mending of time stamps: what cameras and RTSP servers leave out, repeat or turn back, no muxer takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from sowa_agent.packets import TICKS_PER_SECOND, Frame, Packet

# A step of more than this is no lost frame: times have jumped, or something is missing.
MOST_FORWARD = 2 * TICKS_PER_SECOND
MOST_BACKWARD = TICKS_PER_SECOND // 2
# So many packets with one stamp, and the server stamps all alike.
MOST_ALIKE = 8
# With B-frames the key frame is shown after it is decoded by so many frames.
REORDERED_FRAMES = 2


@dataclass
class Mender:
    """Mends the stamps of one stream; `nominal` is the ticks from a frame to the next, `reorders` whether there are
    B-frames.

    Nothing passes before the first key frame. Whose first stamps are missing waits for the next that has any.
    """

    nominal: int
    reorders: bool = False
    _held: list[Packet] = field(default_factory=list)
    _pts: int | None = None
    _dts: int = 0
    _raw: int | None = None
    _alike: int = 0
    _stamps_by_arrival: bool = False

    def mend(self, packet: Packet) -> list[Frame]:
        """The frames that may be muxed now that this packet has come."""
        if not packet.data:
            return []
        self._notice_if_all_alike(packet)
        return self._take(packet)

    def _take(self, packet: Packet) -> list[Frame]:
        return self._beginning(packet) if self._pts is None else self._following(packet)

    def _beginning(self, packet: Packet) -> list[Frame]:
        if not self._held and not packet.is_key:
            return []
        self._held.append(packet)
        return self._begin() if self._may_begin() else []

    def _following(self, packet: Packet) -> list[Frame]:
        assert self._pts is not None
        pts, dts = self._stamps(packet)
        if not -MOST_BACKWARD <= dts - self._dts <= MOST_FORWARD:
            self._pts = None
            return self._beginning(packet)
        return [self._frame(packet, pts, dts, begins_anew=False)]

    def _stamps(self, packet: Packet) -> tuple[int, int]:
        """Where one of both is missing, the frame follows the last."""
        assert self._pts is not None
        if self._stamps_by_arrival:
            at = int(packet.arrived * TICKS_PER_SECOND)
            return at, at
        pts = packet.pts
        if packet.dts is not None:
            dts = packet.dts
        elif self.reorders or pts is None:
            dts = self._dts + self.nominal
        else:
            dts = pts
        if pts is None:
            pts = max(dts, self._pts + self.nominal)
        return pts, dts

    def _frame(self, packet: Packet, pts: int, dts: int, *, begins_anew: bool) -> Frame:
        if not begins_anew:
            dts = max(dts, self._dts + 1)
        self._dts, self._pts = dts, max(pts, dts)
        return Frame(packet.data, self._pts, dts, packet.arrived, packet.is_key, packet.kind, begins_anew)

    # How it begins

    def _may_begin(self) -> bool:
        """With B-frames the one that is shown first comes third."""
        if self._stamps_by_arrival or self._held[0].pts is not None:
            return True
        follow = [one for one in self._held if one.pts is not None]
        return len(follow) > (REORDERED_FRAMES if self.reorders else 0) or len(self._held) > MOST_ALIKE

    def _begin(self) -> list[Frame]:
        held, self._held = self._held, []
        first, rest = held[0], held[1:]
        pts = self._first_pts(first, rest)
        dts = pts - self.nominal * (REORDERED_FRAMES if self.reorders else 0)
        if first.dts is not None and not self._stamps_by_arrival:
            dts = first.dts
        begun = [self._frame(first, pts, dts, begins_anew=True)]
        return begun + [frame for packet in rest for frame in self._take(packet)]

    def _first_pts(self, first: Packet, rest: list[Packet]) -> int:
        if self._stamps_by_arrival:
            return int(first.arrived * TICKS_PER_SECOND)
        if first.pts is not None:
            return first.pts
        return min((one.pts for one in rest if one.pts is not None), default=self.nominal) - self.nominal

    def _notice_if_all_alike(self, packet: Packet) -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        self._alike = self._alike + 1 if stamp is not None and stamp == self._raw else 0
        self._raw = stamp
        if self._alike >= MOST_ALIKE and not self._stamps_by_arrival:
            self._stamps_by_arrival, self._pts = True, None
