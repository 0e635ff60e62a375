"""How a camera should be and how it says it is (B6): versions, out-of-order reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import everything_stored, new_camera

DEFAULTS = {
    "motion": {"enabled": True, "sensitivity": 3, "schedule": []},
    "night_mode": "auto",
    "microphone": True,
    "speaker_volume_percent": 50,
    "status_light": True,
    "upside_down": False,
    "channels": [],
}


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def put_settings(home: Home, version: int, **settings: Any) -> Response:
    return home.owner.change_settings(home.camera.device_id, version, **settings)


def got(home: Home) -> Any:
    return home.owner.settings(home.camera.device_id)


def device(home: Home) -> Any:
    return home.owner.call("GET", f"/devices/{home.camera.device_id}").json


# Desired


def test_before_any_are_set_they_are_as_the_camera_was_made(home: Home) -> None:
    assert got(home) == {"desired": {"version": 0, "settings": DEFAULTS}, "reported": None}


def test_settings_are_set_whole_and_each_time_with_a_higher_version(home: Home) -> None:
    schedule = [{"days": ["sat", "sun"], "start": "22:00", "end": "06:00"}]
    wanted = {"motion": {"enabled": True, "sensitivity": 5, "schedule": schedule}, "night_mode": "off"}
    answer = put_settings(home, 0, **wanted)
    assert (answer.status, answer.json) == (
        200, {"desired": {"version": 1, "settings": DEFAULTS | wanted}, "reported": None}
    )  # fmt: skip
    assert got(home) == answer.json
    assert put_settings(home, 1, microphone=False).json["desired"] == {
        "version": 2, "settings": DEFAULTS | {"microphone": False}
    }  # fmt: skip


@pytest.mark.parametrize("version", [0, 2, 99])
def test_what_builds_on_another_version_is_refused_and_overwrites_nothing(home: Home, version: int) -> None:
    before = put_settings(home, 0, night_mode="on").json
    assert refusal(put_settings(home, version, night_mode="off")) == (409, "SettingsChanged")
    assert got(home) == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"version": -1}, "version"),
        ({"version": None}, "version"),
        ({"settings": []}, "settings"),
        ({"settings": {"night_mode": "sometimes"}}, "settings.night_mode"),
        ({"settings": {"microphone": 1}}, "settings.microphone"),
        ({"settings": {"speaker_volume_percent": 101}}, "settings.speaker_volume_percent"),
        ({"settings": {"motion": {"sensitivity": 0}}}, "settings.motion.sensitivity"),
        ({"settings": {"motion": {"schedule": [{"days": [], "start": "08:00", "end": "09:00"}]}}},
         "settings.motion.schedule.days"),
        ({"settings": {"motion": {"schedule": [{"days": ["mon"], "start": "24:00", "end": "09:00"}]}}},
         "settings.motion.schedule.start"),
        ({"settings": {"motion": {"schedule": [{"days": ["mon"], "start": "08:00", "end": "9:00"}]}}},
         "settings.motion.schedule.end"),
        ({"settings": {"motion": {"schedule": [{"days": ["mon"], "start": "08:00", "end": "09:00"}] * 22}}},
         "settings.motion.schedule"),
        ({"settings": {"channels": [{"id": "2", "name": "Gate"}]}}, "settings.channels"),
        ({"settings": {"channels": [{"id": "1", "name": "Gate"}, {"id": "1", "name": "Yard"}]}}, "settings.channels"),
        ({"settings": {"colour": "white"}}, "settings.colour"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_not_stored(home: Home, wrong: dict[str, Any], field: str) -> None:
    before = home.world.dump()["tables"]
    body = {"version": 0, "settings": {}, **wrong}
    answer = home.owner.call("PUT", f"/devices/{home.camera.device_id}/settings", body)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert home.world.dump()["tables"] == before


def test_a_channel_bears_the_name_that_its_owner_gave_it(home: Home) -> None:
    assert device(home)["channels"] == [{"id": "1", "name": "Door"}]
    put_settings(home, 0, channels=[{"id": "1", "name": "Gate"}])
    assert device(home)["channels"] == [{"id": "1", "name": "Gate"}]
    home.camera.activate(channels=[{"id": "1", "name": "Door"}, {"id": "2", "name": "Yard"}])
    assert device(home)["channels"] == [{"id": "1", "name": "Gate"}, {"id": "2", "name": "Yard"}]


def test_settings_are_never_stored_in_plain(home: Home) -> None:
    put_settings(home, 0, channels=[{"id": "1", "name": "Nightingale"}])
    home.camera.report(settings={"version": 1, "settings": {"channels": [{"id": "1", "name": "Kingfisher"}]}})
    stored = everything_stored(home.world)
    assert not [name for name in ("Nightingale", "Kingfisher") if name in stored]


# Reported


def test_a_camera_says_how_it_is_and_hears_how_it_ought_to_be(home: Home) -> None:
    put_settings(home, 0, microphone=False)
    home.world.advance(60)
    lan = {"ip": "10.0.0.7", "port": 554}
    told = {"version": 1, "settings": DEFAULTS | {"microphone": False}}
    answer = home.camera.report(settings=told, firmware="2.1.0", lan=lan, battery_percent=77)
    now = f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"
    assert (answer.status, answer.json) == (200, {"desired": told, "privacy_mode": False, "now": now})
    reported = got(home)["reported"]
    assert (reported["version"], reported["settings"]) == (1, told["settings"])
    shown = device(home)
    assert (shown["firmware"], shown["lan"], shown["battery_percent"]) == ("2.1.0", lan, 77)
    assert shown["last_seen"] == f"{home.world.now():%Y-%m-%dT%H:%M:%SZ}"


STREAM = {
    "channel": "1", "codec": "h265", "width": 2560, "height": 1440, "bitrate_bps": 3_000_000,
    "frames_per_second": 29.97, "dropped_frames": 0,
}  # fmt: skip
LEAST = {"channel": "2", "codec": "h264", "width": 640, "height": 360}
UNMEASURED = {"bitrate_bps": None, "frames_per_second": None, "dropped_frames": None}


def test_a_camera_says_what_it_sends_of_its_channels(home: Home) -> None:
    assert device(home)["streams"] == []
    home.camera.activate(channels=[{"id": "1", "name": "Door"}, {"id": "2", "name": "Yard"}])
    assert home.camera.report(streams=[STREAM, LEAST]).status == 200
    assert device(home)["streams"] == [STREAM, LEAST | UNMEASURED]
    home.world.advance(1)
    home.camera.report(battery_percent=77)
    assert device(home)["streams"] == [STREAM, LEAST | UNMEASURED]
    # Of a channel the last, and of one that it does not have nothing.
    home.camera.report(streams=[STREAM, STREAM | {"width": 1280}, LEAST | {"channel": "9"}])
    assert device(home)["streams"] == [STREAM | {"width": 1280}]
    home.world.advance(1)
    home.camera.report(streams=[])
    assert device(home)["streams"] == []


def test_what_a_camera_sends_is_said_of_one_device_and_of_the_channels_that_are_shared(home: Home) -> None:
    home.camera.activate(channels=[{"id": "1", "name": "Door"}, {"id": "2", "name": "Yard"}])
    home.camera.report(streams=[STREAM, LEAST])
    share = home.owner.share(home.camera.device_id, email=home.stranger.email, channels=["2"])
    assert home.stranger.call("POST", f"/shares/{share.json['share_id']}/accept").status == 200
    shown = home.stranger.device(home.camera.device_id)
    assert shown["streams"] == [LEAST | UNMEASURED]
    assert [one["streams"] for one in home.owner.call("GET", "/devices").json["items"]] == [None]


@pytest.mark.parametrize("wrong", [
    {"codec": "mjpeg"}, {"width": 0}, {"height": 20_000}, {"bitrate_bps": -1}, {"frames_per_second": 1e9},
    {"dropped_frames": 2**60}, {"channel": "a b"}, {"location": "garden"},
])  # fmt: skip
def test_what_no_camera_sends_is_refused(home: Home, wrong: dict[str, object]) -> None:
    answer = home.camera.report(streams=[STREAM | wrong])
    (field,) = answer.json["fields"]
    assert answer.status == 422 and field.startswith("streams")
    assert home.camera.report(streams=[STREAM] * 65).status == 422


def test_what_a_report_leaves_out_is_as_before(home: Home) -> None:
    home.camera.report(firmware="2.1.0", battery_percent=77)
    home.world.advance(1)
    assert home.camera.report(battery_percent=76).status == 200
    assert (device(home)["firmware"], device(home)["battery_percent"]) == ("2.1.0", 76)


def test_reports_that_come_out_of_order_do_not_go_back(home: Home) -> None:
    put_settings(home, 0, microphone=False)
    put_settings(home, 1, microphone=True)
    now = home.world.now()

    def at(seconds: int) -> str:
        return f"{now + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%fZ}"

    home.camera.report(at=at(-10), firmware="3.0.0", settings={"version": 2, "settings": {}})
    before = device(home), got(home)
    for late in (-11, -3600, -6 * 86_400):
        said = home.camera.report(at=at(late), firmware="1.0.0", settings={"version": 1, "settings": {}})
        assert said.status == 200
        assert (device(home), got(home)) == before
    # A newer report may still be of a camera that has not realised the newest settings, but not of an older one.
    home.camera.report(at=at(-5), firmware="3.0.1", settings={"version": 1, "settings": {"night_mode": "on"}})
    assert (device(home)["firmware"], got(home)) == ("3.0.1", {**before[1], "reported": {
        **before[1]["reported"], "reported_at": at(-5).replace(".000000Z", "Z")}})  # fmt: skip


def test_a_clock_that_is_ahead_keeps_no_later_report_out(home: Home) -> None:
    home.camera.report(at="2031-01-01T00:00:00Z", firmware="2.0.0")
    home.world.advance(1)
    home.camera.report(firmware="2.0.1")
    assert device(home)["firmware"] == "2.0.1"


def stamp(home: Home, **ago: float) -> str:
    return f"{home.world.now() - timedelta(**ago):%Y-%m-%dT%H:%M:%SZ}"


def test_of_two_reports_of_the_same_second_both_count(home: Home) -> None:
    at = stamp(home)
    home.camera.report(at=at, battery_percent=41)
    home.camera.report(at=at, firmware="2.0.1")
    assert (device(home)["battery_percent"], device(home)["firmware"]) == (41, "2.0.1")
    home.camera.report(at=at, battery_percent=40)
    assert device(home)["battery_percent"] == 40


def test_an_older_report_that_says_something_else_is_news_all_the_same(home: Home) -> None:
    home.camera.report(at=stamp(home, seconds=5), firmware="2.0.1")
    home.camera.report(at=stamp(home, seconds=9), firmware="1.9.0", battery_percent=41)
    assert (device(home)["firmware"], device(home)["battery_percent"]) == ("2.0.1", 41)


def test_a_camera_that_starts_in_the_year_2000_is_heard_and_so_is_it_once_its_clock_is_right(home: Home) -> None:
    put_settings(home, 0, microphone=False)
    told = {"version": 1, "settings": {"microphone": False}}
    home.camera.report(at=stamp(home), firmware="2.0.0", battery_percent=90)
    home.world.advance(60)
    home.camera.report(at="2000-01-01T00:00:07Z", firmware="2.0.1", battery_percent=80, settings=told)
    assert (device(home)["firmware"], device(home)["battery_percent"]) == ("2.0.1", 80)
    assert got(home)["reported"]["version"] == 1
    assert got(home)["reported"]["reported_at"] == stamp(home)
    home.camera.report(at=stamp(home), firmware="2.0.2")
    assert (device(home)["firmware"], device(home)["battery_percent"]) == ("2.0.2", 80)


def test_a_clock_that_was_set_back_is_believed_again_with_the_second_report(home: Home) -> None:
    home.camera.report(at=stamp(home), battery_percent=90)
    for battery, shown in ((80, 90), (79, 79), (78, 78)):
        home.world.advance(60)
        home.camera.report(at=stamp(home, hours=5), battery_percent=battery)
        assert device(home)["battery_percent"] == shown


def test_a_camera_that_speaks_was_seen_whatever_its_clock_says(home: Home) -> None:
    home.camera.report(at=stamp(home), firmware="2.0.0")
    home.world.advance(60)
    home.camera.report(at=stamp(home, hours=1), firmware="1.0.0")
    assert (device(home)["firmware"], device(home)["last_seen"]) == ("2.0.0", stamp(home))


def test_what_an_activation_said_is_not_undone_by_a_report_of_before(home: Home) -> None:
    before = stamp(home, seconds=2)
    home.camera.activate(firmware="3.0.0")
    home.camera.report(at=before, firmware="2.0.0", battery_percent=41)
    assert (device(home)["firmware"], device(home)["battery_percent"]) == ("3.0.0", 41)


def test_every_answer_to_a_camera_says_what_time_it_is(home: Home) -> None:
    channel, now = home.camera.connect(), stamp(home)
    home.owner.command(home.camera.device_id)
    home.world.settle()
    answers = (home.camera.ask_ticket(), home.camera.ask_ticket("live"), home.camera.report(), home.camera.activate())
    said = [*(answer.json for answer in answers), *channel.messages]
    assert len(said) == 5
    assert [one["now"][:19] for one in said] == [now[:19]] * 5


def test_a_report_without_a_time_is_of_now_and_later_than_any_before(home: Home) -> None:
    home.camera.report(firmware="2.0.0")
    for firmware, more in (("2.0.1", {}), ("2.0.2", {"at": None})):
        told = {"firmware": firmware, **more}
        assert home.world.call("PUT", "/cameras/state", told, token=home.camera.token).status == 200
        assert device(home)["firmware"] == firmware


def test_a_version_that_nobody_set_here_is_none(home: Home) -> None:
    """The owner before had come to the seventh."""
    home.camera.report(settings={"version": 7, "settings": {"microphone": False}})
    assert got(home)["reported"]["version"] == 0
    put_settings(home, 0, microphone=False)
    home.world.advance(1)
    home.camera.report(settings={"version": 1, "settings": {"microphone": False}})
    assert got(home)["reported"]["version"] == 1


@pytest.mark.parametrize("at", ["2026-01-05T08:00:00", "yesterday", 7])
def test_when_it_was_is_said_with_its_zone(home: Home, at: object) -> None:
    answer = home.world.call("PUT", "/cameras/state", {"at": at}, token=home.camera.token)
    assert (answer.status, list(answer.json["fields"])) == (422, ["at"])


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-05T08:00:00+14:00"])
def test_whatever_its_clock_says_is_no_fault(home: Home, at: str) -> None:
    assert home.camera.report(at=at).status == 200


def test_a_camera_that_nobody_owns_says_nothing_of_itself(home: Home) -> None:
    camera = new_camera(home.world, "SN0002")
    assert refusal(camera.report(firmware="2.0.0")) == (409, "NobodyOwns")


def test_the_next_owner_begins_with_a_camera_as_it_was_made(home: Home) -> None:
    put_settings(home, 0, microphone=False)
    home.camera.report(settings={"version": 1, "settings": {"microphone": False}}, battery_percent=5)
    home.owner.set_privacy(home.camera.device_id, on=True)
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert home.stranger.bind(home.camera).status == 201
    path = f"/devices/{home.camera.device_id}"
    assert home.stranger.call("GET", f"{path}/settings").json == {
        "desired": {"version": 0, "settings": DEFAULTS}, "reported": None
    }  # fmt: skip
    shown = home.stranger.call("GET", path).json
    assert (shown["privacy_mode"], shown["battery_percent"]) == (False, None)
