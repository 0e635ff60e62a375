"""A camera with the cloud: it is activated, obeys the commands on its channel, and sends what it films."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from sowa_agent import answers
from sowa_agent.alarms import AlarmSender
from sowa_agent.answers import Json, instant
from sowa_agent.channel import Channel
from sowa_agent.cloud import CloudClient, NotTaken, Refused, TokenReplaced, Unreachable, understood
from sowa_agent.lens import Lens, LensConfig, Wishes
from sowa_agent.live import LEAST_PIECE_S, MOST_PIECE_S, PIECE_S, LiveSender, View, Views
from sowa_agent.names import picture_name
from sowa_agent.onvif.device import OnvifDevice
from sowa_agent.onvif.events import Kind
from sowa_agent.opening import Open
from sowa_agent.picture import NoPicture, jpeg_of
from sowa_agent.recording import Plan
from sowa_agent.saved_activation import SavedActivation
from sowa_agent.sending import Sender
from sowa_agent.settings import Settings
from sowa_agent.spool import Spool
from sowa_agent.stream_state import StreamReports

LOOK_S = 1.0
TRY_AGAIN_S, UNKNOWN_S = 10.0, 300.0
JOIN_S = 20.0

log = logging.getLogger(__name__)


class _CannotBeDone(Exception):
    """The one word with which a command is answered."""


@dataclass
class Camera:
    """All of it runs in threads that end when `stopped` is set. `is_replaced` where another agent has taken over."""

    cloud: CloudClient
    lenses_config: tuple[LensConfig, ...]
    spool: Spool
    open_source: Open
    back_within_s: float = float("inf")
    stopped: threading.Event = field(default_factory=threading.Event)
    onvif: OnvifDevice | None = None
    is_replaced: bool = False
    has_failed: bool = False
    wishes: Wishes = field(default_factory=Wishes)
    stream_reports: StreamReports = field(default_factory=StreamReports)
    _channel: Channel | None = None
    _activates_at: float = float("-inf")
    _is_in_step: bool = False
    _is_owned: bool = True
    _reported_at: float = float("-inf")
    _reporting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        clock = self.cloud.clock
        self.saved = SavedActivation(self.spool.folder / "activation.json", self.cloud.wire.url)
        self.cloud.on_activated = self._on_activated
        self.alarms = AlarmSender(self.cloud, self.stopped)
        self.lenses = [
            Lens(config, self.open_source, clock, self.spool, self.alarms, self.wishes, self.stopped)
            for config in self.lenses_config
        ]
        if self.onvif:
            self.onvif.on_event = self._on_event
            for number, lens in enumerate(self.lenses):
                lens.has_motion_events = partial(self.onvif.watches, number, "motion")
        self.views = Views(clock.now_s)
        self.live = {lens.config.id: self._live_sender(lens) for lens in self.lenses}
        self.sender = Sender(self.cloud, self.spool, [lens.config.id for lens in self.lenses], self._on_plan)

    def _live_sender(self, lens: Lens) -> LiveSender:
        return LiveSender(self.cloud, lens.config.id, lens.live_ring, self.views, self.stopped)

    def run(self) -> None:
        """Until `stopped`; what fails is tried again."""
        self.spool.prepare()
        self._guarded(self._run)

    def _run(self) -> None:
        how = self._activated()
        if how is None:
            return
        if not self.cloud.is_token_kept:
            self._report_when_due()  # before anything is filmed that its owner may not want
        threads = [threading.Thread(target=self._guarded, args=(part,), daemon=True) for part in self._parts(how)]
        for thread in threads:
            thread.start()
        while not self.stopped.wait(LOOK_S):
            self.look()
        for thread in threads:
            thread.join(JOIN_S)
        if not self.is_replaced:
            self.sender.look()

    def _parts(self, how: Json) -> list[Callable[[], None]]:
        channel = self._channel = Channel(self.cloud, how, self.do, self.stopped, self.back_within_s)
        feeds = [feed.run for lens in self.lenses for feed in lens.feeds()]
        return [channel.run, self.alarms.run, *(live.run for live in self.live.values()), *feeds]

    def _guarded(self, part: Callable[[], None]) -> None:
        """No part ends unnoticed: all end with it."""
        try:
            part()
        except TokenReplaced:
            if not self.is_replaced:
                log.error("Another agent or camera was activated as %s: this one stops.", self.cloud.identity.sn)
            self.is_replaced = True
            self.stopped.set()
            self.saved.clear()
        except Exception:
            log.exception("A part of %s failed: all of it stops.", self.cloud.identity.sn)
            self.has_failed = True
            self.stopped.set()

    def _activated(self) -> Json | None:
        """How to open the channel; None if it was stopped before the cloud was reached. Where that is away, it is as it
        was told last: what is recorded waits, and the cloud judges it when it comes."""
        kept = self.saved.load()
        self._become_as_saved(kept)
        while not self.stopped.is_set():
            try:
                return self.cloud.activate()
            except Unreachable as problem:
                if kept:
                    log.warning("%s It goes on as it was told last.", problem)
                    return self._as_before(kept)
                log.warning("%s It is tried again.", problem)
                wait_s = TRY_AGAIN_S
            except Refused as refused:
                self._say_unknown(refused)
                wait_s = UNKNOWN_S
            self.cloud.clock.wait(self.stopped, wait_s)
        return None

    def _say_unknown(self, refused: Refused) -> None:
        log.error("The cloud does not know %s, or its secret (%s).", self.cloud.identity.sn, refused.code)

    def _on_activated(self, how: Json) -> None:
        self.saved.note(token=self.cloud.token, how=how)
        if self._channel:
            self._channel.how = how

    def _as_before(self, kept: Json) -> Json:
        self.cloud.token, self.cloud.is_token_kept = kept["token"], True
        for lens in self.lenses:
            lens.recorder.plan = kept.get("plan")
        return dict(kept["how"])

    def _become_as_saved(self, kept: Json) -> None:
        """What its owner wants is not known until the cloud says it: what was said last counts, and where nothing was,
        nothing is recorded or shown."""
        desired, privacy_mode = kept.get("desired"), kept.get("privacy_mode")
        self.wishes.settings = Settings.of(desired) if desired else Settings(microphone=False)
        self.wishes.is_private = privacy_mode is not False

    def look(self) -> None:
        """What is due. Raises TokenReplaced."""
        self._activate_when_due()
        if not self.cloud.is_token_kept:
            self._report_when_due()
            if self._is_in_step:
                self._report_streams()
        self.sender.look()

    def _activate_when_due(self) -> None:
        """Where it goes on with what was kept: the cloud does not know yet that it has started anew."""
        now = self.cloud.clock.monotonic()
        if not self.cloud.is_token_kept or now < self._activates_at:
            return
        self._activates_at = now + TRY_AGAIN_S
        try:
            self.cloud.activate()
        except Unreachable:  # of which what sends recordings tells
            pass
        except Refused as refused:
            self._say_unknown(refused)
            self._activates_at = now + UNKNOWN_S

    def _report_when_due(self) -> None:
        now = self.cloud.clock.monotonic()
        if not self._is_in_step and self._is_owned and now - self._reported_at >= TRY_AGAIN_S:
            self._reported_at = now
            with suppress(Refused, Unreachable):  # of which what sends recordings tells
                self._report()

    def _report(self) -> None:
        """Says how it is, and becomes as its owner wants it. One thread at a time: or what was answered first might be
        heard last."""
        with self._reporting:
            self._is_in_step = True  # until another thread hears that something was missed, which may be meanwhile
            try:
                self._become(self.cloud.report(firmware=self.cloud.identity.firmware))
                self.cloud.report(settings=self.wishes.settings.as_json())
            except BaseException:
                self._is_in_step = False
                raise

    def _report_streams(self) -> None:
        now = self.cloud.clock.monotonic()
        streams = [state for lens in self.lenses if (state := lens.stream_state())]
        if self.stream_reports.is_due(streams, now):
            with suppress(Refused, Unreachable):
                self.cloud.report_once(streams=streams)
                self.stream_reports.reported(streams, now)

    def _become(self, wanted: Json) -> None:
        """Raises Unreachable where that is not understood, and then is as before."""
        with understood():
            settings = Settings.of(answers.field(wanted, "desired", dict))
            is_private = answers.field(wanted, "privacy_mode", bool)
        self.wishes.settings, self.wishes.is_private = settings, is_private
        self.saved.note(desired=wanted["desired"], privacy_mode=wanted["privacy_mode"])
        if self.wishes.is_private:
            self.views.clear()
            self.alarms.clear()
            self.sender.forget()

    def _on_plan(self, plan: Plan | None, code: str) -> None:
        """What the cloud says of a plan also tells whether a change of the settings was missed."""
        for lens in self.lenses:
            lens.recorder.plan = plan
        # Of hours that are left none are known later.
        is_kept = plan is not None and "event_ms_left" not in plan
        self.saved.note(plan=plan if is_kept else None)
        self._is_owned = code != "NobodyOwns"
        if not self._is_owned:
            self.views.clear()
            self.stream_reports.forget()
            self.saved.note(desired=None, privacy_mode=None)  # whoever owns it next has other wishes
        # With a ticket it is not private, and without one for that reason it is.
        is_missed = self.wishes.is_private if plan else code == "PrivacyModeOn" and not self.wishes.is_private
        if is_missed or not self._is_owned:
            self._is_in_step = False

    def _on_event(self, channel: int, kind: Kind) -> None:
        """By ONVIF; of a video source that has no channel here, nothing."""
        if channel < len(self.lenses):
            self.lenses[channel].on_event(kind)

    # Commands

    def do(self, command: Json) -> Json:
        """The answer to a command. Raises TokenReplaced."""
        log.info("Told to %s.", command["command"])
        acts = {
            "live": self._begin_view, "stop_live": self._stop_view, "snapshot": self._snapshot,
            "settings": self._set, "restart": self._restart,
        }  # fmt: skip
        act = acts.get(str(command["command"]))
        try:
            if act is None:
                raise _CannotBeDone("unknown_command")
            if "now" in command:
                self.cloud.clock.learn(instant(command["now"]))
            act(command)
        except _CannotBeDone as reason:
            return {"id": command["id"], "ok": False, "error": str(reason)}
        except (Refused, Unreachable, NotTaken):
            return {"id": command["id"], "ok": False, "error": "no_upload"}
        except (KeyError, TypeError, ValueError) as problem:  # of a later version of the cloud, perhaps
            log.warning("The command to %s is not understood (%s).", command["command"], type(problem).__name__)
            return {"id": command["id"], "ok": False, "error": "malformed"}
        return {"id": command["id"], "ok": True}

    def _begin_view(self, command: Json) -> None:
        channel = self._channel_of(command)
        if self.wishes.is_private:
            self._report()  # the cloud asks for views only while it is off: it is over, or was never heard of here
        if self.wishes.is_private:
            raise _CannotBeDone("privacy_mode")
        wanted_s = answers.number(command, "piece_ms", PIECE_S * 1000) / 1000
        piece_s = min(max(wanted_s, LEAST_PIECE_S), MOST_PIECE_S)
        self.views.begin(command["live_id"], View(channel, instant(command["until"]).timestamp(), piece_s))
        self.live[channel].wake.set()

    def _stop_view(self, command: Json) -> None:
        self.views.stop(command["live_id"])

    def _set(self, command: Json) -> None:
        self._report()

    def _restart(self, command: Json) -> None:
        """By ONVIF the camera itself is rebooted, which RTSP has no way to; all streams are opened anew in any case."""
        problem = self.onvif.reboot() if self.onvif else ""
        for lens in self.lenses:
            for feed in lens.feeds():
                feed.reopen()
        if problem:
            log.warning("The camera is not rebooted (%s).", problem)
            raise _CannotBeDone("no_reboot")

    def _snapshot(self, command: Json) -> None:
        channel = self._channel_of(command)
        lens = next(lens for lens in self.lenses if lens.config.id == channel)
        now_s = self.cloud.clock.now_s()
        try:
            jpeg = jpeg_of(lens.ring.since_last_key(), now_s)
        except NoPicture:
            raise _CannotBeDone("no_picture") from None
        self.cloud.upload("snapshot", picture_name(channel, now_s, "snapshot", command["id"]), jpeg)

    def _channel_of(self, command: Json) -> str:
        """The one that it names, else the first."""
        channel = str(command.get("channel", self.lenses[0].config.id))
        if channel not in self.live:
            raise _CannotBeDone("unknown_channel")
        return channel
