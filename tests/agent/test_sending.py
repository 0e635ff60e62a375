"""What waits in the spool goes up in order, on tickets that are replaced in time; what the cloud refuses is heeded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sowa_agent.cloud import TokenReplaced
from sowa_agent.recording import Plan
from sowa_agent.sending import ASK_AGAIN_S, Sender
from sowa_agent.spool import Spool, Waiting
from tests.agent.fakes import INIT, NOON_S, FakeCloud, piece


class Scene:
    """A sender whose spool is filled by hand."""

    def __init__(self, folder: Path) -> None:
        self.cloud = FakeCloud(token="token")
        self.spool = Spool(folder, least_free_bytes=0)
        self.spool.prepare()
        self.plans: list[tuple[Plan | None, str]] = []
        self.sender = Sender(self.cloud.client(), self.spool, ["0"], lambda *told: self.plans.append(told))
        self._made = 0

    def film(self, count: int = 1) -> None:
        for _ in range(count):
            segment = self.spool.begin("0", INIT)
            for number in range(2):
                segment.append(piece(self._made * 4 + number))
            segment.close(NOON_S + 2 * self._made, 2_000)
            self._made += 1

    def look(self, after_s: float = ASK_AGAIN_S) -> None:
        self.cloud.clock.advance(after_s)
        self.sender.look()

    def segments(self) -> list[str]:
        return [name for name in self.cloud.names() if name.endswith(".m4s")]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "spool")


def test_segments_go_up_in_order_behind_their_init_and_leave_the_disk(scene: Scene) -> None:
    scene.film(3)
    scene.look()
    assert scene.cloud.names() == ["0/init-a.mp4", *sorted(scene.segments())] and len(scene.segments()) == 3
    assert scene.spool.waiting() == [] and not list(scene.spool.folder.glob("*/*"))


def test_what_waits_is_read_by_nobody_else_on_the_host(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o755)
    assert Scene(tmp_path / "spool").spool.folder.stat().st_mode & 0o777 == 0o700


def test_the_init_goes_up_with_each_ticket(scene: Scene) -> None:
    for _ in range(2):
        scene.film()
        scene.look()
        scene.look(after_s=650)  # the ticket nears its end
    inits = [key for key in scene.cloud.objects if key.endswith("init-a.mp4")]
    assert len(inits) == 2 and len(scene.segments()) == 2


def test_while_the_cloud_is_gone_for_an_hour_all_waits_and_then_goes_in_order(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    scene.film()
    scene.look()
    scene.cloud.is_gone = True
    for _ in range(60):
        scene.film()
        scene.look(after_s=60)
    assert len(scene.spool.waiting()) == 60 and scene.plans[-1][0] is not None
    assert caplog.text.count("waits on disk") == 1
    scene.cloud.is_gone = False
    scene.look()
    assert len(scene.segments()) == 61 and scene.segments() == sorted(scene.segments())


def test_a_ticket_that_runs_out_in_mid_upload_is_replaced(scene: Scene) -> None:
    scene.film(2)

    def slow(name: str) -> None:
        scene.cloud.on_upload = lambda name: None
        scene.cloud.clock.advance(1_000)

    scene.cloud.on_upload = slow
    scene.look()
    assert len(scene.segments()) == 2 and scene.cloud.asked == ["recording", "recording"]


def test_what_storage_never_takes_is_dropped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.film(2)
    first = scene.spool.waiting()[0].path.name
    upload = scene.cloud.upload

    def picky(ticket: Any, name: str, *content: Any) -> int:
        return 403 if name.endswith(first) else upload(ticket, name, *content)

    monkeypatch.setattr(scene.cloud, "upload", picky)
    scene.look()
    assert len(scene.segments()) == 1 and scene.spool.dropped == 1 and scene.spool.waiting() == []


@pytest.mark.parametrize(("status", "code"), [(409, "NoPlan"), (409, "PrivacyModeOn"), (429, "EventQuotaSpent")])
def test_after_a_refusal_it_asks_again_within_a_quarter_of_a_minute(scene: Scene, status: int, code: str) -> None:
    scene.cloud.refusals = [(status, code)]
    scene.film()
    scene.look()
    assert scene.plans == [(None, code)] and len(scene.spool.waiting()) == 1
    for _ in range(15):
        scene.look(after_s=1)
    assert scene.plans[-1][0] is not None and len(scene.segments()) == 1


def test_it_does_not_ask_each_second(scene: Scene) -> None:
    scene.cloud.refusals = [(409, "NoPlan")] * 100
    for _ in range(60):
        scene.look(after_s=1)
    assert len(scene.cloud.asked) == 6


def test_what_waits_is_not_kept_for_the_next_owner(scene: Scene) -> None:
    scene.film(2)
    scene.cloud.refusals = [(409, "NobodyOwns")]
    scene.look()
    assert scene.spool.waiting() == []


def test_what_waits_is_not_sent_to_an_owner_who_came_while_the_agent_was_off(scene: Scene, tmp_path: Path) -> None:
    scene.cloud.ownership = "ana"
    scene.sender.look()
    scene.film(2)
    again = Scene(tmp_path / "spool")
    again.cloud.ownership = "ana"
    again.sender.look()
    assert len(again.segments()) == 2  # the same owner's goes up
    scene.film(2)
    next_one = Scene(tmp_path / "spool")
    next_one.cloud.ownership = "ben"
    next_one.film(1)
    next_one.sender.look()
    assert next_one.segments() == [] and next_one.spool.waiting() == []
    next_one.film(1)
    next_one.sender.look()
    assert len(next_one.segments()) == 1


def test_a_token_that_was_replaced_is_told(scene: Scene) -> None:
    scene.cloud.token = "another"
    with pytest.raises(TokenReplaced):
        scene.look()


def test_what_is_not_whole_or_of_no_channel_any_more_is_not_sent(scene: Scene) -> None:
    scene.film(2)
    scene.spool.waiting()[0].path.write_bytes(b"")
    scene.spool.begin("7", INIT).discard()
    segment = scene.spool.begin("7", INIT)
    segment.append(piece(0))
    segment.close(NOON_S, 1_000)
    scene.look()
    assert len(scene.segments()) == 1 and scene.spool.waiting() == []


def test_more_channels_than_one_call_may_name_are_asked_for_in_several(scene: Scene) -> None:
    scene.sender.channels = [str(number) for number in range(20)]
    scene.look()
    assert scene.cloud.asked == ["recording", "recording"]


def test_privacy_mode_may_come_while_the_tickets_are_looked_at(scene: Scene) -> None:
    class Interrupted(dict[str, Any]):
        """Another thread hears of privacy mode in the middle."""

        def values(self) -> Any:
            for ticket in super().values():
                scene.sender.forget()
                yield ticket

    scene.look()
    scene.sender._tickets = Interrupted({**scene.sender._tickets, "1": scene.sender._tickets["0"]})
    scene.film()
    scene.sender.look()
    assert not scene.segments()
    scene.look()
    assert len(scene.segments()) == 1


def test_what_is_closed_while_the_spool_is_looked_through_is_seen_the_next_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile() -> list[Waiting]:
        monkeypatch.undo()
        scene.film()
        return []

    monkeypatch.setattr(scene.spool, "waiting", meanwhile)
    assert scene.spool.first() is None
    assert scene.spool.first() is not None
    scene.look()
    assert scene.spool.first() is None
