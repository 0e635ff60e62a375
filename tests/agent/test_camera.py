"""A camera does what it is told, becomes as its owner wants it, and stops where another has taken over."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sowa_agent import alarms
from sowa_agent import motion as motions
from sowa_agent.camera import Camera
from sowa_agent.cloud import Answer, TokenReplaced, Unreachable
from sowa_agent.lens import LensConfig
from sowa_agent.motion import Motion
from sowa_agent.packets import Packet, Piece
from sowa_agent.saved_activation import SavedActivation
from sowa_agent.settings import Settings
from sowa_agent.source import SourceAddress, Why
from sowa_agent.spool import Spool
from tests.agent.fakes import NOON_S, FakeCloud, Script, ScriptedSession, piece
from tests.agent.footage import film

UNTIL = "2026-11-01T12:05:00Z"


class Scene:
    """A camera whose threads are not started: its feeds are run one after the other."""

    def __init__(self, folder: Path, *, sub: bool = False) -> None:
        self.cloud = FakeCloud()
        self.clock = self.cloud.clock
        lens = LensConfig("0", "Lens", SourceAddress("main"), SourceAddress("sub") if sub else None)
        spool = Spool(folder, least_free_bytes=0)
        spool.prepare()
        self.events: list[ScriptedSession | Why] = []
        self.camera = Camera(self.cloud.client(), (lens,), spool, self._open, stopped=threading.Event())
        self.lens = self.camera.lenses[0]
        self.camera.cloud.activate()

    def _open(self, source: SourceAddress) -> Any:
        return self.script(source)

    def film(self, packets: tuple[Packet, ...], feed: str = "main", **more: Any) -> None:
        """One connection from its beginning to its end."""
        self.script = Script([ScriptedSession(packets, self.clock, **more)], self.camera.stopped)
        getattr(self.lens, feed).run()
        self.camera.stopped.clear()

    def do(self, command: str, **more: Any) -> Any:
        return self.camera.do({"id": "c1", "command": command, "now": "2026-11-01T12:00:00Z", **more})

    def look(self, after_s: float = 10.0) -> None:
        self.clock.advance(after_s)
        self.camera.look()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "spool")


def _fill_ring(scene: Scene, packets: tuple[Packet, ...]) -> None:
    """As while it films: a feed that ends clears it."""
    came = []
    take = scene.lens.main.on_piece
    scene.lens.main.on_piece = lambda each: (came.append(each), take(each))  # type: ignore[func-returns-value]
    scene.film(packets)
    for each in came:
        scene.lens.ring.add(each)


def test_it_says_what_it_does_not_know(scene: Scene) -> None:
    assert scene.do("dance") == {"id": "c1", "ok": False, "error": "unknown_command"}
    assert scene.do("live", channel="9", live_id="a", until=UNTIL)["error"] == "unknown_channel"
    assert scene.do("restart") == {"id": "c1", "ok": True}
    assert scene.do("snapshot")["error"] == "no_picture"


def test_a_view_begins_ends_and_has_pieces_as_long_as_it_wants(scene: Scene) -> None:
    assert scene.do("live", channel="0", live_id="a", until=UNTIL)["ok"]
    assert scene.camera.views.piece_s("0") == 2.0 and scene.camera.live["0"].wake.is_set()
    assert scene.do("live", channel="0", live_id="b", until=UNTIL, piece_ms=500)["ok"]
    assert scene.camera.views.piece_s("0") == 0.5
    assert scene.do("stop_live", live_id="a")["ok"] and scene.do("stop_live", live_id="b")["ok"]
    assert scene.camera.views.piece_s("0") is None


def test_a_command_tells_what_time_it_is(scene: Scene) -> None:
    scene.clock._ahead += 500
    scene.do("stop_live", live_id="a")
    assert scene.clock.now_s() == NOON_S


def test_a_snapshot_is_a_picture_that_bears_the_commands_id(scene: Scene) -> None:
    _fill_ring(scene, film(60))
    assert scene.do("snapshot")["ok"]
    ((name, jpeg),) = [(name, scene.cloud.objects[f"1/{name}"]) for name in scene.cloud.names()]
    assert name.endswith("-snapshot-c1.jpg")
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == (64, 48)


def test_a_snapshot_that_cannot_be_sent_is_answered_so(scene: Scene) -> None:
    _fill_ring(scene, film(60))
    scene.cloud.is_gone = True
    assert scene.do("snapshot") == {"id": "c1", "ok": False, "error": "no_upload"}


def test_it_becomes_as_its_owner_wants_it_and_reports_what_it_realises(scene: Scene) -> None:
    scene.cloud.wanted = {"motion": {"enabled": False, "sensitivity": 5}, "microphone": False, "night_mode": "on"}
    assert scene.do("settings")["ok"]
    assert scene.camera.wishes.settings == Settings(3, False, 5, (), False)
    assert "night_mode" not in scene.camera.wishes.settings.as_json()["settings"]


@pytest.mark.parametrize(
    "odd",
    [
        {}, {"live_id": "a", "until": "x"}, {"live_id": "a", "until": UNTIL, "piece_ms": "x"}, {"now": 5},
        {"live_id": "a", "until": UNTIL, "piece_ms": float("nan")}, {"live_id": ["a"], "until": UNTIL},
        {"live_id": "a", "until": UNTIL, "now": "9999-12-31T23:59:59Z"},
    ],
)  # fmt: skip
def test_a_command_that_is_not_understood_is_answered_and_ends_nothing(scene: Scene, odd: dict[str, Any]) -> None:
    scene.look()
    assert scene.do("live", channel="0", **odd)["error"] == "malformed"
    assert scene.do("live", channel="0", live_id="a", until=UNTIL)["ok"]


def test_who_watches_before_the_wishes_of_the_owner_are_known_is_shown_it(scene: Scene) -> None:
    """As right after the camera was bound."""
    scene.camera.wishes.is_private = True
    assert scene.do("live", channel="0", live_id="a", until=UNTIL)["ok"]
    assert not scene.camera.wishes.is_private


def test_in_privacy_mode_nothing_is_shown_kept_or_looked_at(scene: Scene) -> None:
    scene.look()
    scene.do("live", channel="0", live_id="a", until=UNTIL)
    scene.cloud.is_private = True
    scene.do("settings")
    scene.film(film(60))
    assert scene.lens.ring.after(-1) == [] and scene.camera.spool.waiting() == []
    assert scene.camera.views.piece_s("0") is None and not scene.camera.alarms._waiting
    assert scene.do("live", channel="0", live_id="b", until=UNTIL)["error"] == "privacy_mode"
    assert scene.do("snapshot")["error"] == "no_picture"


@pytest.mark.parametrize("is_private", [True, False])
def test_a_change_of_privacy_mode_that_it_missed_is_seen_by_the_next_ticket(scene: Scene, is_private: bool) -> None:
    scene.cloud.is_private = not is_private
    scene.look()
    assert scene.camera.wishes.is_private is not is_private
    scene.cloud.is_private = is_private
    scene.camera.sender.forget()
    scene.cloud.refusals = [(409, "PrivacyModeOn")] if is_private else []
    scene.look()
    scene.look()
    assert scene.camera.wishes.is_private is is_private


def test_whoever_owns_it_next_finds_it_as_he_wants_it(scene: Scene) -> None:
    scene.look()
    scene.camera.sender.forget()
    scene.cloud.refusals = [(409, "NobodyOwns")]
    scene.cloud.wanted = {"motion": {"enabled": False}}
    scene.look()
    assert scene.camera.wishes.settings.motion_enabled
    scene.look()
    scene.look()
    assert not scene.camera.wishes.settings.motion_enabled


def test_a_part_that_fails_ends_all_and_says_so(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def part() -> None:
        raise ValueError("a fault of ours")

    scene.camera._guarded(part)
    assert scene.camera.has_failed and scene.camera.stopped.is_set() and "a fault of ours" in caplog.text


def test_where_another_was_activated_it_says_so_once_and_stops(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def part() -> None:
        raise TokenReplaced

    scene.camera._guarded(part)
    scene.camera._guarded(part)
    assert scene.camera.is_replaced and not scene.camera.has_failed
    assert caplog.text.count("this one stops") == 1


def test_a_cloud_that_is_not_there_yet_or_does_not_know_the_camera_is_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.camera.saved.clear()
    scene.cloud.refusals = [(503, "")] * 4 + [(401, "CameraUnknown")]
    began = scene.clock.moved_s
    assert scene.camera._activated() is not None
    assert scene.clock.moved_s - began >= 310 and "does not know SN0001" in caplog.text
    assert "factory-secret" not in caplog.text


def test_what_its_owner_wants_is_known_before_anything_is_filmed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []
    scene.cloud.wanted = {"microphone": False}

    def parts(how: Any) -> list[Any]:
        seen.append((scene.camera.wishes.is_private, scene.camera.wishes.settings.microphone))
        scene.camera.stopped.set()
        return []

    monkeypatch.setattr(scene.camera, "_parts", parts)
    scene.camera.run()
    assert seen == [(False, False)]


# A start without the cloud


def _started_without_the_cloud(scene: Scene, **plan: Any) -> Camera:
    """Beside a former run that was activated and had that plan."""
    scene.cloud.plan |= plan
    scene.camera._activated()
    scene.look()
    scene.cloud.is_gone = True
    later = _later(scene)
    assert later.cloud.is_token_kept
    return later


def _later(scene: Scene) -> Camera:
    """Another run, that finds what the one before left on disk, and no cloud."""
    client = replace(scene.camera.cloud, token="", on_activated=lambda how: None)
    later = Camera(client, scene.camera.lenses_config, scene.camera.spool, scene._open, stopped=threading.Event())
    assert later._activated() == scene.camera.saved.load()["how"]
    return later


def test_who_starts_without_the_cloud_records_as_it_was_told_last(scene: Scene) -> None:
    scene.camera = _started_without_the_cloud(scene)
    scene.lens = scene.camera.lenses[0]
    scene.film(film(60))
    assert scene.camera.spool.waiting()
    scene.look()
    scene.cloud.is_gone = False
    scene.look()
    assert not scene.camera.spool.waiting() and any(name.endswith(".m4s") for name in scene.cloud.names())


def _lose_activations(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud carries them out, and nobody hears of it."""
    ask = scene.cloud.ask

    def lossy(method: str, path: str, *given: Any) -> Answer:
        answer = ask(method, path, *given)
        if path == "/cameras/activation":
            raise Unreachable("No answer.")
        return answer

    monkeypatch.setattr(scene.cloud, "ask", lossy)


def test_an_activation_whose_answer_was_lost_is_made_again_once(scene: Scene) -> None:
    with pytest.MonkeyPatch.context() as lossy:
        _lose_activations(scene, lossy)
        later = _later(scene)
        assert later.cloud.token and later.cloud.token != scene.cloud.token
    later._guarded(later.sender.look)
    assert not later.is_replaced and later.lenses[0].recorder.plan is not None
    assert scene.cloud.token in later.saved.path.read_text() and later.cloud.token == scene.cloud.token
    scene.cloud.token = "another"
    scene.clock.advance(900)
    later._guarded(later.sender.look)
    assert later.is_replaced


def test_a_question_under_a_token_that_was_renewed_meanwhile_is_asked_again(scene: Scene) -> None:
    used = scene.camera.cloud.token
    scene.camera.cloud.activate()
    scene.camera.cloud.renew_token(used)
    with pytest.raises(TokenReplaced):
        scene.camera.cloud.renew_token(scene.camera.cloud.token)


def test_who_started_without_the_cloud_is_activated_as_soon_as_it_is_there(scene: Scene) -> None:
    later = _started_without_the_cloud(scene)
    before = later.saved.load()["how"]
    later._parts(before)
    later.look()
    kept = later.cloud.token
    scene.cloud.refusals = [(401, "CameraUnknown")]
    scene.cloud.is_gone = False
    scene.clock.advance(10)
    later.look()
    scene.clock.advance(299)
    later.look()
    assert later.cloud.token == kept == scene.cloud.token
    scene.clock.advance(1)
    later.look()
    assert later.cloud.token == scene.cloud.token != kept and scene.cloud.token in later.saved.path.read_text()
    assert later._channel and later._channel.how is not before


QUIET = {"motion": {"enabled": False}, "microphone": False}


@pytest.mark.parametrize("is_private", [True, False])
def test_who_starts_without_the_cloud_is_as_its_owner_wanted_it_last(scene: Scene, is_private: bool) -> None:
    scene.cloud.wanted, scene.cloud.is_private = QUIET, is_private
    scene.camera = _started_without_the_cloud(scene)
    scene.lens = scene.camera.lenses[0]
    assert scene.camera.wishes.settings == Settings(3, False, microphone=False)
    scene.film(film(60))
    assert not scene.camera.alarms._waiting and bool(scene.camera.spool.waiting()) is not is_private


def test_where_it_is_not_known_what_its_owner_wants_nothing_is_recorded_until_it_is(scene: Scene) -> None:
    former = _started_without_the_cloud(scene)
    former.saved.note(desired=None, privacy_mode=None)
    scene.camera = _later(scene)
    scene.lens = scene.camera.lenses[0]
    scene.film(film(60))
    assert not scene.camera.spool.waiting() and not scene.camera.wishes.settings.microphone
    scene.cloud.is_gone = False
    scene.look()
    scene.film(film(60))
    assert scene.camera.spool.waiting() and scene.camera.wishes.settings.microphone


def test_what_an_owner_wanted_is_not_kept_when_nobody_owns_the_camera(scene: Scene) -> None:
    scene.cloud.wanted = QUIET
    scene.look()
    assert scene.camera.saved.load()["privacy_mode"] is False
    scene.camera.sender.forget()
    scene.cloud.refusals = [(409, "NobodyOwns")]
    scene.look()
    kept = scene.camera.saved.load()
    assert kept["privacy_mode"] is kept["desired"] is None and "microphone" not in scene.camera.saved.path.read_text()


def test_hours_that_were_left_are_not_known_later(scene: Scene) -> None:
    later = _started_without_the_cloud(scene, kind="event", event_ms_left=60_000)
    assert later.lenses[0].recorder.plan is None


def test_what_is_kept_of_an_activation_nobody_else_may_read_and_it_goes_with_it(scene: Scene) -> None:
    scene.camera._activated()
    path = scene.camera.saved.path
    assert path.stat().st_mode & 0o777 == 0o600 and scene.cloud.token in path.read_text()
    assert "factory-secret" not in path.read_text()
    assert SavedActivation(path, "http://another").load() == {}

    def part() -> None:
        raise TokenReplaced

    scene.camera._guarded(part)
    assert not path.exists()


def test_who_is_replaced_stops_even_where_nothing_can_be_removed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def part() -> None:
        raise TokenReplaced

    def refuse(*_: Any, **more: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    scene.camera._guarded(part)
    assert scene.camera.is_replaced and scene.camera.stopped.is_set() and "cannot be removed" in caplog.text


def test_what_is_kept_is_on_disk_before_it_has_its_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda file: (did.append("fsync"), fsync(file))[1])
    monkeypatch.setattr(Path, "rename", lambda path, to: (did.append("rename"), rename(path, to))[1])
    scene.camera.saved.note(plan={"kind": "continuous"})
    assert did == ["fsync", "rename"]


def test_what_several_threads_note_at_once_is_all_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one writes, another comes."""
    saved = scene.camera.saved
    other = threading.Thread(target=saved.note, kwargs={"privacy_mode": True})
    write = saved._write

    def slow(kept: Any) -> None:
        if not other.ident:
            other.start()
            other.join(0.1)
        write(kept)

    monkeypatch.setattr(saved, "_write", slow)
    plan = {"kind": "continuous", "keep_days": 7}
    saved.note(plan=plan)
    other.join(10)
    assert saved.load()["privacy_mode"] is True and saved.load()["plan"] == plan


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"token": 1', "[" * 100_000])
def test_a_file_that_says_nothing_is_none(scene: Scene, content: str) -> None:
    scene.camera.saved.path.write_text(content)
    assert scene.camera.saved.load() == {}


@pytest.mark.parametrize(
    "odd", [{"token": None}, {"how": {}}, {"plan": {"kind": 1}}, {"desired": {"settings": {"motion": None}}}]
)
def test_a_file_of_another_form_is_none(scene: Scene, odd: dict[str, Any]) -> None:
    saved = scene.camera.saved
    saved.note(plan={"kind": "continuous", "keep_days": 7})
    kept = saved.load()
    assert kept["plan"] and kept["token"]
    saved.path.write_text(json.dumps({**kept, **odd}))
    assert saved.load() == {}


# A cloud that says what it ought not


def _wanting(**settings: Any) -> dict[str, Any]:
    return {"desired": {"version": 4, "settings": settings}}


@pytest.mark.parametrize(
    "odd",
    [
        _wanting(motion=None), _wanting(motion={"sensitivity": 9}), _wanting(motion={"enabled": "yes"}),
        _wanting(motion={"schedule": [{"days": None, "start": "08:00", "end": "09:00"}]}),
        _wanting(motion={"schedule": [{"days": [["mon"]], "start": "08:00", "end": "09:00"}]}),
        _wanting(motion={"schedule": [{"days": ["mon"], "start": None, "end": "09:00"}]}),
        _wanting(microphone="on"), _wanting(channels={}), {"desired": None}, {"desired": {"version": 4}},
        {"privacy_mode": None}, {"now": "9999-12-31T23:59:59Z"}, {"now": 5}, {"now": "soon"},
    ],
)  # fmt: skip
def test_wishes_that_are_not_understood_change_nothing_and_are_asked_for_again(
    scene: Scene, odd: dict[str, Any]
) -> None:
    scene.look()
    before, ahead = replace(scene.camera.wishes), scene.clock._ahead
    scene.cloud.odd, scene.cloud.is_private, scene.cloud.wanted = odd, True, {"microphone": False}
    assert not scene.camera.do({"id": "c1", "command": "settings"})["ok"]
    scene.look(5.0)
    assert scene.camera.wishes == before and scene.clock._ahead == ahead
    scene.cloud.odd = {}
    scene.look()
    assert scene.camera.wishes.is_private and not scene.camera.wishes.settings.microphone


@pytest.mark.parametrize(
    "odd",
    [
        {"tickets": None}, {"tickets": [None]}, {"tickets": [{"channel": "0"}]}, {"plan": None}, {"plan": {"kind": 1}},
        {"plan": {"kind": "event", "keep_days": 7, "event_ms_left": "much"}},
        {"until": None, "tickets": [{"channel": "0", "url": "http://s3", "fields": {}, "key_prefix": "1/"}]},
        {"fields": {"policy": 1}, "tickets": {}}, {"url": None, "tickets": 1},
    ],
)  # fmt: skip
def test_tickets_that_are_not_understood_are_asked_for_again(scene: Scene, odd: dict[str, Any]) -> None:
    scene.cloud.odd = odd
    scene.look()
    assert scene.lens.recorder.plan is None
    scene.camera.alarms.see("0", scene.lens.ring, scene.clock.now_s(), "motion")
    moment = scene.camera.alarms._waiting[0]
    moment.jpeg = b"jpeg"
    assert scene.camera.alarms.send(moment) is not bool({"until", "fields", "url"} & odd.keys())
    scene.cloud.odd = {}
    scene.look()
    assert scene.lens.recorder.plan and scene.camera.alarms.send(moment)


@pytest.mark.parametrize(
    "odd", [{"camera_token": None}, {"channel_url": 1}, {"ping_seconds": None}, {"reconnect_after_seconds": "x"}]
)
def test_an_activation_that_is_not_understood_is_as_if_there_were_no_cloud(scene: Scene, odd: dict[str, Any]) -> None:
    scene.cloud.odd = odd
    with pytest.raises(Unreachable):
        scene.camera.cloud.activate()


def test_whatever_the_cloud_says_the_agent_rests_between_two_tries(scene: Scene) -> None:
    scene.cloud.odd = {"ping_seconds": -5, "reconnect_after_seconds": 0}
    how = scene.camera.cloud.activate()
    assert how["ping_seconds"] == how["reconnect_after_seconds"] == 1.0


def test_of_two_threads_the_one_that_asked_last_is_heard_last(scene: Scene) -> None:
    """The other's answer, which is older, is under way for long."""
    asked, answers = threading.Event(), threading.Event()
    report, threads = scene.camera.cloud.report, list[str]()

    def slowly(**state: Any) -> Any:
        threads.append(threading.current_thread().name)
        answer = report(**state)
        if threading.current_thread().name == "older" and not asked.is_set():
            asked.set()
            answers.wait(10)
        return answer

    scene.camera.cloud.report = slowly  # type: ignore[method-assign]
    older = threading.Thread(target=scene.do, args=("settings",), name="older")
    older.start()
    assert asked.wait(10)
    scene.cloud.is_private = True
    newer = threading.Thread(target=scene.do, args=("settings",), name="newer")
    newer.start()
    newer.join(0.2)
    answers.set()
    older.join(10)
    newer.join(10)
    assert {*threads} == {"older", "newer"}
    assert scene.camera.wishes.is_private


def test_a_change_that_was_missed_while_it_asked_is_asked_for_again(scene: Scene) -> None:
    report = scene.camera.cloud.report

    def meanwhile(**state: Any) -> Any:
        answer = report(**state)
        scene.camera._on_plan(None, "PrivacyModeOn")
        return answer

    scene.camera.cloud.report = meanwhile  # type: ignore[method-assign]
    scene.look()
    assert not scene.camera._is_in_step
    scene.camera.cloud.report = report  # type: ignore[method-assign]
    scene.look()
    assert scene.camera._is_in_step


# Motion and alarms


def test_what_moves_makes_an_alarm_with_a_picture_of_the_moment(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _fill_ring(scene, film(60))
    (moment,) = scene.camera.alarms._waiting
    assert scene.camera.alarms.send(moment) and not scene.camera.alarms._waiting
    (name,) = scene.cloud.names()
    assert name.startswith("0/20261101T1200") and "-motion-" in name and name.endswith(".jpg")


@pytest.mark.parametrize(
    ("at_s", "key_every", "shown_s"), [(2.9, 4, 2.0), (3.1, 4, 4.0), (3.9, 20, 3.5), (0.4, 20, 0.0)]
)
def test_its_picture_is_the_next_key_frame_that_is_near_or_else_of_the_moment(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, at_s: float, key_every: int, shown_s: float
) -> None:
    monkeypatch.setattr(alarms, "PIECE_COMES_S", 0.01)
    shown: list[float] = []

    def note(pieces: list[Piece], moment_s: float, largest_side: int) -> bytes:
        shown.append([one.start_s for one in pieces if one.start_s <= moment_s][-1] - NOON_S)
        return b"jpeg"

    monkeypatch.setattr(alarms, "jpeg_of", note)
    for number in range(12):
        scene.lens.ring.add(piece(number, key_every=key_every))
    assert scene.camera.alarms.send(alarms.Moment("0", scene.lens.ring, NOON_S + at_s, "motion"))
    assert shown == [shown_s]


def test_an_alarm_waits_while_the_cloud_is_gone_and_keeps_its_picture(scene: Scene) -> None:
    _fill_ring(scene, film(60))
    (moment,) = scene.camera.alarms._waiting
    scene.cloud.is_gone = True
    assert not scene.camera.alarms.send(moment)
    scene.lens.ring.clear()
    scene.cloud.is_gone = False
    assert scene.camera.alarms.send(moment) and len(scene.cloud.objects) == 1


def test_an_alarm_whose_answer_was_lost_is_sent_again_by_the_same_name(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill_ring(scene, film(60))
    put = scene.cloud.upload

    def lose_answer(*given: Any) -> int:
        put(*given)
        raise Unreachable("No answer.")

    with monkeypatch.context() as lossy:
        lossy.setattr(scene.cloud, "upload", lose_answer)
        assert not scene.camera.alarms.look()
    assert scene.camera.alarms.look() and len(scene.cloud.objects) == 1


def test_of_what_waits_only_what_happened_until_then_is_sent(scene: Scene) -> None:
    _fill_ring(scene, film(60))
    (moment,) = scene.camera.alarms._waiting
    assert scene.camera.alarms.look(moment.at_s - 0.1) and not scene.cloud.objects
    assert scene.camera.alarms.look(moment.at_s) and len(scene.cloud.objects) == 1


def test_what_is_refused_is_not_tried_again(scene: Scene) -> None:
    _fill_ring(scene, film(60))
    (moment,) = scene.camera.alarms._waiting
    scene.cloud.refusals = [(409, "NobodyOwns")]
    assert scene.camera.alarms.send(moment) and not scene.camera.alarms._waiting


class _ClearedOnceCounted(deque[Any]):
    """Another thread clears it as soon as it has said that something waits."""

    def __len__(self) -> int:
        found = super().__len__()
        self.clear()
        return found


def test_what_waits_may_be_cleared_at_any_moment(scene: Scene) -> None:
    sender = scene.camera.alarms
    sender._waiting = _ClearedOnceCounted([alarms.Moment("0", scene.lens.ring, NOON_S, "motion", b"jpeg")])
    assert sender.look()
    scene.cloud.on_upload = lambda name: sender.clear()
    sender._waiting = deque([alarms.Moment("0", scene.lens.ring, NOON_S, "motion", b"jpeg")])
    assert sender.look()
    sender._waiting = _ClearedOnceCounted()
    assert sender.look()


def test_an_alarm_is_sent_as_soon_as_it_comes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "LOOK_S", 60.0)
    sent = threading.Event()
    monkeypatch.setattr(scene.camera.alarms, "send", lambda moment: (sent.set(), scene.camera.stopped.set()))
    thread = threading.Thread(target=scene.camera.alarms.run)
    thread.start()
    scene.camera.alarms.see("0", scene.lens.ring, NOON_S)
    assert sent.wait(30)
    thread.join(30)
    assert not thread.is_alive()


def test_an_alarm_that_comes_while_another_is_sent_still_waits(scene: Scene) -> None:
    first, second = (alarms.Moment("0", scene.lens.ring, NOON_S, "motion", b"jpeg") for _ in range(2))
    sender = scene.camera.alarms

    def clear_and_see(name: str) -> None:
        sender.clear()
        sender._waiting.append(second)

    scene.cloud.on_upload = clear_and_see
    assert sender.send(first) and list(sender._waiting) == [second]


def test_of_one_channel_there_is_one_alarm_in_ten_seconds(scene: Scene) -> None:
    sender, ring = scene.camera.alarms, scene.lens.ring
    for at in range(30):
        sender.see("0", ring, NOON_S + at)
    sender.see("1", ring, NOON_S)
    assert [(moment.channel, moment.at_s - NOON_S) for moment in sender._waiting] == [
        ("0", 0), ("0", 10), ("0", 20), ("1", 0),
    ]  # fmt: skip


def _motions(packets: tuple[Packet, ...], motion: Motion, sensitivity: int = 3) -> int:
    return sum(motion.moved(packet, sensitivity) for packet in packets)


def test_a_still_picture_moves_nothing_however_sensitive() -> None:
    assert _motions(film(60, moves=False), Motion("h264"), 5) == 0
    assert _motions(film(60, moves=False), Motion("h264", keys_only=True), 5) == 0


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_bar_that_moves_is_seen_in_all_frames_and_in_key_frames(codec: Any) -> None:
    assert _motions(film(60, codec=codec), Motion(codec)) > 10
    assert _motions(film(60, codec=codec), Motion(codec, keys_only=True)) == 2
    assert _motions(film(60, codec=codec, b_frames=2), Motion(codec, keys_only=True)) == 2


def test_frames_are_compared_five_times_a_second_at_most() -> None:
    motion = Motion("h264")
    seen = film(100, frames_per_second=25)
    assert _motions(seen, motion, 5) <= 4 * 5


def test_frames_that_are_read_at_once_are_compared_by_their_stamps() -> None:
    seen = film(50, frames_per_second=5)
    at_once = tuple(replace(packet, arrived=number // 3 * 0.6) for number, packet in enumerate(seen))
    assert _motions(at_once, Motion("h264"), 5) == _motions(seen, Motion("h264"), 5) > 20


def test_what_is_damaged_is_no_motion_and_no_fault() -> None:
    damaged = tuple(replace(packet, data=packet.data[:8] + bytes(20)) for packet in film(20))
    assert _motions(damaged, Motion("h264")) == 0


def test_motion_is_looked_for_in_the_sub_stream_and_without_it_in_the_main_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path, sub=True)
    scene.film(film(60, moves=False), "sub")
    assert not scene.camera.alarms._waiting
    scene.film(film(60), "main")  # the sub stream is gone
    assert len(scene.camera.alarms._waiting) == 1
    assert scene.lens.live_ring() is scene.lens.ring
    assert scene.lens.sub is not None
    scene.lens.sub.is_connected = True
    assert scene.lens.live_ring() is scene.lens.sub_ring
    scene.camera.alarms.clear()
    scene.clock.advance(60)
    scene.film(film(60), "main")
    assert not scene.camera.alarms._waiting


def test_motion_makes_no_alarm_when_the_owner_or_the_schedule_does_not_want_it(scene: Scene) -> None:
    scene.camera.wishes.settings = Settings(motion_enabled=False)
    scene.film(film(60))
    assert not scene.camera.alarms._waiting


def _looked_at(scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str) -> tuple[int, list[float]]:
    """Of half a minute of movement in the sub stream: how many frames were decoded, and when alarms were."""
    decoded = list[Packet]()
    decode = Motion._decoded
    monkeypatch.setattr(Motion, "_decoded", lambda self, packet: (decoded.append(packet), decode(self, packet))[1])
    scene.lens.recorder.plan = {"kind": kind, "keep_days": 7, "event_ms_left": 7_200_000}
    began = scene.clock.now_s()
    scene.film(film(170, frames_per_second=5, key_every=10), "sub")
    return len(decoded), [moment.at_s - began for moment in scene.camera.alarms._waiting]


@pytest.mark.parametrize(("kind", "least", "most"), [("event", 170, 170), ("continuous", 8, 40)])
def test_after_an_alarm_it_looks_for_motion_only_where_events_are_recorded_and_alarms_come_as_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, least: int, most: int
) -> None:
    decoded, alarms_at = _looked_at(Scene(tmp_path, sub=True), monkeypatch, kind)
    assert least <= decoded <= most
    assert alarms_at == pytest.approx([0.4, 10.4, 20.4, 30.4], abs=0.5)
    assert len(alarms_at) == 4


def test_what_was_passed_over_for_too_long_is_not_held_and_the_next_key_frame_is_waited_for(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motions, "MOST_HELD_BYTES", 3_000)
    motion, seen = Motion("h264"), film(100, frames_per_second=5, key_every=50)
    assert _motions(seen[:10], motion, 5) > 0
    for packet in seen[10:50]:
        motion.pass_over(packet)
    assert motion._held == []
    assert _motions(seen[45:50], motion, 5) == 0
    assert _motions(seen[50:60], motion, 5) > 0
