"""Warnings of a plan's end, by push and mail: a week and a day before, and when the grace begins; each once."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.plans.actions import ledgers
from tests.conftest import Home
from tests.plans.steps import DAY, buy, later, move, pause, place
from tests.scene import new_camera, rows

HOUR = 3600
WEEK, TOMORROW = ('The plan of "Garden" ends on 2026-02-04',) * 2
ENDED = 'The plan of "Garden" has ended'


def warned(home: Home) -> list[str]:
    """The subjects of mails, the oldest first."""
    mails = home.world.outbox(home.owner.email)
    return [one["subject"] for one in reversed(mails) if "plan of" in one.get("subject", "")]


def pushed(home: Home) -> list[Any]:
    pushes = [one for one in home.world.outbox("platform-token-of-the-owner") if one["kind"] == "push"]
    return [one["data"]["data"]["plan"] for one in reversed(pushes) if "plan" in one["data"]["data"]]


def run(home: Home) -> int:
    said: int = home.world.run_schedule("warn_of_plan_ends")["warned"]
    home.world.settle()
    return said


def test_they_come_in_time_and_no_second_sooner_by_mail_and_push(home: Home) -> None:
    buy(home)
    home.owner.take_pushes("platform-token-of-the-owner")
    later(home, 23 * DAY - 1)
    assert run(home) == 0
    for seconds, subject in ((1, WEEK), (6 * DAY, TOMORROW), (DAY, ENDED)):
        later(home, seconds - 1)
        assert run(home) == 0
        later(home, 1)
        assert (run(home), warned(home)[-1]) == (1, subject)
        assert run(home) == 0
    assert warned(home) == [WEEK, TOMORROW, ENDED]
    assert pushed(home) == ["ends_in_days", "ends_tomorrow", "grace_began"]
    assert rows(home.world, "plan-warnings/plan-warning") == []


def test_each_is_said_once_by_the_clock(home: Home) -> None:
    buy(home)
    for _ in range(10):
        home.world.advance(4 * DAY, every_hours=6)
    assert warned(home) == [WEEK, TOMORROW, ENDED]


def test_of_several_that_nobody_said_in_time_the_last_is_said(home: Home) -> None:
    buy(home)
    later(home, 31 * DAY + 4 * HOUR)  # four times a day it is looked for what is older than yesterday
    assert (run(home), warned(home)) == (1, [ENDED])


def test_who_renews_is_warned_of_the_new_end_and_of_the_old_no_more(home: Home) -> None:
    buy(home)
    later(home, 23 * DAY)
    assert run(home) == 1
    buy(home)
    later(home, 29 * DAY)
    assert run(home) == 0
    later(home, DAY)
    assert (run(home), warned(home)) == (1, [WEEK, 'The plan of "Garden" ends on 2026-03-06'])


def test_who_renews_after_it_was_due_and_before_it_was_said_is_warned_of_nothing(home: Home) -> None:
    buy(home)
    later(home, 23 * DAY + 60)
    buy(home)
    assert (run(home), warned(home)) == (0, [])
    later(home, 30 * DAY - 60)
    assert run(home) == 1


def test_what_is_due_is_not_lost_by_a_pause_of_a_minute(home: Home) -> None:
    buy(home)
    later(home, 23 * DAY + 60)
    pause(home, on=True)
    later(home, 60)
    pause(home, on=False)
    assert (run(home), warned(home)) == (1, [WEEK])


def test_the_end_of_a_pause_is_said_beside_what_came_due_behind_it(home: Home) -> None:
    buy(home)
    for seconds in (23 * DAY, 6 * DAY, DAY - 20 * 60):
        later(home, seconds)
        run(home)
    assert warned(home) == [WEEK, TOMORROW]
    pause(home, on=True)
    for _ in range(59):
        later(home, DAY // 2)
        run(home)
    later(home, DAY // 2 + 50 * 60)
    assert (run(home), warned(home)[-1]) == (1, 'The pause of the plan of "Garden" has ended')
    assert (run(home), warned(home)[-1]) == (1, ENDED)
    assert run(home) == 0


def test_a_pause_puts_them_off(home: Home) -> None:
    buy(home)
    later(home, 22 * DAY)
    pause(home, on=True)
    later(home, 5 * DAY)
    assert run(home) == 0
    pause(home, on=False)
    later(home, DAY)
    assert (run(home), warned(home)) == (1, ['The plan of "Garden" ends on 2026-02-09'])


def test_they_go_with_the_plan_to_another_device(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner).device_id
    buy(home)
    later(home, 22 * DAY)
    move(home, other)
    later(home, DAY)
    assert (run(home), warned(home)) == (1, [WEEK])
    later(home, 7 * DAY)
    assert run(home) == 1
    assert len(warned(home)) == 2


def test_who_has_it_for_nothing_is_told_that_a_tap_renews_it(home: Home) -> None:
    assert place(home, "free").status == 201
    later(home, 23 * DAY)
    run(home)
    mail = next(one for one in home.world.outbox(home.owner.email) if one.get("subject") == WEEK)
    assert "one tap" in mail["text"]


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_mail_is_in_the_language_of_the_person(home: Home, language: str) -> None:
    assert home.owner.call("PATCH", "/me", {"language": language}).status == 200
    buy(home)
    later(home, 29 * DAY + 16 * HOUR)
    assert run(home) == 1
    later(home, 8 * HOUR)
    assert run(home) == 1
    subject = {"en": ENDED, "pl": "Plan kamery „Garden” skończył się"}[language]
    (mail,) = [one for one in home.world.outbox(home.owner.email) if one.get("subject") == subject]
    assert "2026-02-11" in mail["text"]


def test_a_device_that_is_gone_warns_nobody(home: Home) -> None:
    buy(home)
    later(home, 23 * DAY)
    home.owner.sign_in()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert rows(home.world, "plan-warnings/plan-warning") == []
    assert (run(home), warned(home)) == (0, [])


def test_an_account_that_is_closed_is_not_warned(home: Home) -> None:
    buy(home)
    later(home, 23 * DAY)
    home.owner.sign_in()
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert run(home) == 0
    home.world.advance(20 * 60)
    assert rows(home.world, "plan-warnings/plan-warning") == []


def test_it_costs_with_what_is_due_and_not_with_what_there_is(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "_PAGE", 2)
    others = [new_camera(home.world, f"SN010{nth}", owner=home.owner).device_id for nth in range(4)]
    for device_id in others:
        buy(home, device_id=device_id)
    later(home, HOUR)
    buy(home)
    later(home, 23 * DAY - HOUR - 1)
    home.world.settle()
    home.world.trace.clear()
    assert run(home) == 0
    assert home.world.trace.names() == ["dynamodb.Query"] * len(home.world.trace.names())
    idle = len(home.world.trace.names())
    later(home, 1)
    assert run(home) == 4
    later(home, HOUR - 1)
    home.world.trace.clear()
    assert run(home) == 0 and len(home.world.trace.names()) == idle
    later(home, 1)
    assert run(home) == 1
