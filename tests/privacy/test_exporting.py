"""Everybody gets a copy of everything that is kept about them, and of nothing else, and nobody else gets it."""

from __future__ import annotations

import io
import itertools
from contextlib import suppress
from datetime import timedelta
from zipfile import ZipFile

import pytest

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.privacy.actions.export import TakesTooLong, prepare
from chalicelib.privacy.records import ARCHIVES
from chalicelib.register import export as register_export
from chalicelib.register.export import Volume, write_volume
from infra.local import dump
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER, ERROR_AFTER, LOST_REPLY, Crash, Kind
from tests.conftest import Home
from tests.privacy.exports import archive, asked, export_shown, open_link, ready, records_in
from tests.recordings.plans import subscribe
from tests.scene import Person, filmed, jpeg, just_before, new_person, pay
from tests.worlds.invariants import Stored

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def test_it_is_prepared_and_then_ready_for_a_day(home: Home) -> None:
    first = asked(home.owner)
    assert (first["state"], first["download_url"], first["due_at"]) == ("preparing", None, "2026-02-04T08:00:00Z")
    home.world.settle()
    then = export_shown(home.owner, first["export_id"])
    assert (then["state"], then["ready_at"], then["until"]) == ("ready", "2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z")


def test_the_person_is_told_when_it_is_ready_and_once(home: Home) -> None:
    ready(home.owner)
    home.world.redrive()
    mails = [mail for mail in home.world.outbox(home.owner.email) if "copy of your data" in mail["subject"]]
    assert len(mails) == 1
    assert "http" not in mails[0]["text"]  # whoever reads the mails still has to sign in


def test_everything_that_was_said_is_in_it(home: Home) -> None:
    pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    home.camera.see(2)
    copy = archive(home.owner)
    told = records_in(copy)
    assert (told["account"][0]["email"], told["account"][0]["nickname"]) == (home.owner.email, "Ola")
    assert (told["device"][0]["sn"], told["device"][0]["lan"]["ip"]) == (home.camera.sn, "192.168.1.20")
    assert told["endpoint"][0]["token"] == "platform-token-of-the-owner"
    assert [one["plan_id"] for one in (*told["order"], *told["invoice"])] == ["event-7-month"] * 2
    assert ["event-7-month" in one for one in told["device-owned"][0]["plan_grants"]] == [True]
    assert told["session"][0]["terminal_model"] == "Pixel 9"
    assert [one["picture"] in copy.namelist() for one in told["alarm"]] == [True, True]
    assert {copy.read(one["picture"]) for one in told["alarm"]} == {jpeg(1), jpeg(2)}


def test_the_hash_of_the_password_stays_and_its_absence_is_said(home: Home) -> None:
    copy = archive(home.owner)
    everything = b"".join(copy.read(name) for name in copy.namelist())
    assert b"argon2" not in everything
    assert b'"password_hash"' in copy.read("export.json")


def test_what_is_anothers_is_not_in_it(home: Home) -> None:
    copy = archive(home.stranger)
    everything = b"".join(copy.read(name) for name in copy.namelist()).decode("latin-1")
    for foreign in (home.owner.email, home.owner.account_id, home.camera.device_id, home.camera.sn):
        assert foreign not in everything
        assert foreign not in copy.namelist()


def test_what_was_deleted_a_moment_ago_is_not_in_it(home: Home) -> None:
    """The rows of both are there still: nobody has been told yet."""
    home.camera.see(2)
    alarms = [alarm["alarm_id"] for alarm in home.owner.alarms(home.camera.device_id)]
    path = f"/devices/{home.camera.device_id}/alarms"
    assert home.owner.call("DELETE", f"{path}/{alarms[0]}").status == 204
    assert _alarms_told(home) == [alarms[1]]
    assert home.owner.call("DELETE", path).status == 204
    assert _alarms_told(home) == []


def _alarms_told(home: Home) -> list[str]:
    return [one["id"] for one in records_in(_copy_now(home)).get("alarm", [])]


def test_what_is_seven_days_old_is_not_in_it_whatever_lies_there_still(home: Home) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + 7 * DAY)
    home.owner.sign_in()
    assert "alarm" not in records_in(archive(home.owner))


def _film_in(copy: ZipFile) -> list[str]:
    """Names of segments; what takes to play them is not among these."""
    return sorted(name.rpartition("/")[2] for name in copy.namelist() if name.endswith((".m4s", ".ts")))


def test_recordings_that_stand_are_in_it_byte_by_byte(home: Home) -> None:
    subscribe(home)
    now, minute = home.world.now(), timedelta(minutes=1)
    uploaded = {home.camera.record(sizes=(150 + n, 200), at=now - 2 * n * minute): n for n in range(3)}
    home.world.settle()
    copy = archive(home.owner)
    folder = f"device-{home.camera.device_id}/"
    (day,) = records_in(copy)["recording-day"]
    assert _film_in(copy) == sorted(key.rpartition("/")[2] for key in uploaded)
    for key, n in uploaded.items():
        (name,) = [one for one in copy.namelist() if one.endswith(key.rpartition("/")[2])]
        assert name.startswith(folder) and name.startswith(tuple(day["prefixes"]))
        assert copy.read(name) == filmed("m4s", (150 + n, 200))
    assert sum("/init-" in name for name in copy.namelist()) == 1
    home.owner.share(home.camera.device_id, email=home.stranger.email, rights=["playback"])
    theirs = archive(home.stranger)
    assert _film_in(theirs) == [] and "recording-day" not in records_in(theirs)


def test_recordings_that_were_deleted_a_moment_ago_are_not_in_it(home: Home) -> None:
    """They lie there still: nobody has been told yet."""
    subscribe(home)
    kept = home.camera.record(20_000)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.camera.record(20_000)
    home.world.settle()
    path = f"/devices/{home.camera.device_id}/recordings"
    newest = home.owner.call("GET", path).json["items"][0]
    assert home.owner.call("DELETE", f"{path}/{newest['recording_id']}").status == 204
    assert _film_in(_copy_now(home)) == [kept.rpartition("/")[2]]
    assert home.owner.call("DELETE", path).status == 204
    assert _film_in(_copy_now(home)) == []


@pytest.mark.parametrize(("before_the_end", "count"), [(1, 1), (0, 0)])
def test_recordings_whose_days_are_over_are_not_in_it_whatever_lies_there_still(
    home: Home, before_the_end: int, count: int
) -> None:
    subscribe(home)
    home.camera.record()
    home.world.settle()
    home.world.clock.move_to(home.world.now().timestamp() + 7 * DAY - before_the_end)
    assert len(_film_in(_copy_now(home))) == count


def _copy_now(home: Home) -> ZipFile:
    written = io.BytesIO()
    device = "device", home.camera.device_id
    with home.world.aws.outside():
        write_volume(written, [device], Volume(), before_page=lambda: None, language="en", operator="O")
    return ZipFile(written)


def test_it_is_not_begun_without_raised_trust(home: Home) -> None:
    answer = home.owner.call("POST", "/privacy/exports")
    assert (answer.status, answer.json["code"]) == (403, "StepUpRequired")


def test_a_link_opens_once_and_the_next_one_is_another(home: Home) -> None:
    made = ready(home.owner)
    first = open_link(home.world, made["download_url"])
    assert (first.status, open_link(home.world, made["download_url"]).status) == (302, 404)
    again = export_shown(home.owner, made["export_id"])["download_url"]
    assert again != made["download_url"]
    assert open_link(home.world, again).status == 302


@pytest.mark.parametrize("kind", [DIES_AFTER, ERROR_AFTER, LOST_REPLY], ids=lambda kind: kind.name)
def test_whose_link_led_nowhere_gets_another(home: Home, kind: Kind) -> None:
    """The link is used up, and the answer that would have led to the archive was never heard."""
    made = ready(home.owner)
    home.world.faults.fail(2, kind)
    with suppress(Crash):
        open_link(home.world, made["download_url"])
    home.world.faults.clear()
    assert open_link(home.world, made["download_url"]).status == 404
    assert open_link(home.world, export_shown(home.owner, made["export_id"])["download_url"]).status == 302


def test_two_at_once_open_a_link_once(home: Home) -> None:
    url = ready(home.owner)["download_url"]
    others: list[Response] = []
    with just_before(home.world, 2, lambda: others.append(open_link(home.world, url))):
        mine = open_link(home.world, url)
    assert sorted([mine.status, others[0].status]) == [302, 404]


def test_what_it_leads_to_is_over_after_a_minute(home: Home) -> None:
    address = open_link(home.world, ready(home.owner)["download_url"]).headers["Location"]
    home.world.advance(MINUTE + 1)
    assert home.world.fetch(address).status == 403


def test_another_session_gets_the_link_only_with_raised_trust(home: Home) -> None:
    export_id = ready(home.owner)["export_id"]
    elsewhere = Person(home.world, home.owner.email, terminal={"os": "iOS 19", "model": "iPhone", "unique_id": "t2"})
    elsewhere.sign_in()
    assert export_shown(elsewhere, export_id)["download_url"] is None
    home.world.advance(MINUTE)
    elsewhere.step_up()
    assert open_link(home.world, export_shown(elsewhere, export_id)["download_url"]).status == 302


def test_after_a_day_it_is_over_and_gone(home: Home) -> None:
    made = ready(home.owner)
    url = made["download_url"]
    home.world.advance(DAY, reaper_lag_seconds=None)
    assert open_link(home.world, url).status == 404
    home.owner.sign_in()
    over = export_shown(home.owner, made["export_id"])
    assert (over["state"], over["download_url"]) == ("over", None)
    home.world.advance(HOUR)
    assert _archives(home) == []


def test_who_asks_again_while_it_is_prepared_gets_the_same(home: Home) -> None:
    home.owner.step_up()
    with home.world.aws.lock:  # nobody is told of anything meanwhile
        first, second = (home.owner.call("POST", "/privacy/exports").json["export_id"] for _ in range(2))
    assert first == second


def test_five_a_day_are_enough(home: Home) -> None:
    home.owner.step_up()
    for _ in range(5):
        assert home.owner.call("POST", "/privacy/exports").status == 202
        home.world.settle()
    refused = home.owner.call("POST", "/privacy/exports")
    assert (refused.status, refused.json["code"]) == (429, "TooManyExports")
    assert int(refused.headers["Retry-After"]) == DAY


def test_who_closes_the_account_while_it_is_written_leaves_no_copy(home: Home) -> None:
    """Before each call that writing it makes, and whether or not the writer dies of it."""
    home.owner.step_up()
    export_id = home.owner.call("POST", "/privacy/exports").json["export_id"]
    sort_id = export_id.removeprefix(home.owner.account_id)
    begin = home.world.snapshot()
    calls = _calls_of(home, sort_id)
    (archive,) = _archives(home)
    assert "CompleteMultipartUpload" in calls
    for nth in range(1, len(calls) + 1):
        home.world.restore(begin)
        with just_before(home.world, nth, home.owner.close), suppress(Exception):
            prepare(home.owner.account_id, sort_id)
        is_ready = Stored(dump.dump()).of("Export")[home.owner.account_id, sort_id]["state"] == "ready"
        assert is_ready or not Stored(dump.dump()).objects.keys() & {archive}, calls[nth - 1]
        home.world.advance(15 * MINUTE)
        assert (_archives(home), home.world.dump()["uploads"]) == ([], []), calls[nth - 1]


def test_before_each_page_it_is_asked_whether_the_account_exists(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_export, "_ITEMS_OF_A_PAGE", 2)
    home.owner.step_up()
    export_id = home.owner.call("POST", "/privacy/exports").json["export_id"]
    calls = _calls_of(home, export_id.removeprefix(home.owner.account_id))
    pages = [nth for nth, name in enumerate(calls) if name == "Query"]
    assert len(pages) > 8
    assert {calls[nth - 1] for nth in pages} == {"BatchGetItem"}


def test_one_that_takes_too_long_leaves_no_half_and_is_not_ready(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.owner.step_up()
    export_id = home.owner.call("POST", "/privacy/exports").json["export_id"]
    ticks = itertools.count(0, 400)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "ticks_s", lambda: next(ticks))
        with pytest.raises(TakesTooLong):
            prepare(home.owner.account_id, export_id.removeprefix(home.owner.account_id))
    left = Stored(dump.dump())  # before anybody tries again
    assert ([key for key in left.objects if key.startswith("exports/")], left.dump["uploads"]) == ([], [])
    assert [one["state"] for one in left.of("Export").values()] == ["preparing"]


def _calls_of(home: Home, sort_id: str) -> list[str]:
    home.world.trace.clear()
    prepare(home.owner.account_id, sort_id)
    return [call.operation for call in home.world.trace]


def _archives(home: Home) -> list[str]:
    keys = [one["key"] for objects in home.world.dump()["buckets"].values() for one in objects]
    return [key for key in keys if key.startswith("exports/")]


def test_the_archive_goes_with_the_account(home: Home) -> None:
    url = ready(home.owner)["download_url"]
    with home.world.aws.outside():
        s3.Upload(ARCHIVES.of(home.world.now(), home.owner.account_id) + "half.zip", "application/zip")
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert open_link(home.world, url).status == 404
    home.world.advance(15 * MINUTE)
    assert (_archives(home), home.world.dump()["uploads"]) == ([], [])


def test_requests_are_listed_newest_first(home: Home) -> None:
    ids = [ready(home.owner)["export_id"]]
    home.world.advance(MINUTE)
    home.owner.step_up()
    ids.append(home.owner.call("POST", "/privacy/exports").json["export_id"])
    listed = home.owner.call("GET", "/privacy/exports", query={"limit": "1"}).json
    assert [one["export_id"] for one in listed["items"]] == [ids[1]]
    rest = home.owner.call("GET", "/privacy/exports", query={"cursor": listed["cursor"]}).json
    assert [one["export_id"] for one in rest["items"]] == [ids[0]]


@pytest.mark.parametrize("export_id", ["x", "a" * 26, "a" * 128, "ł" * 20])
def test_what_is_no_export_is_not_found(home: Home, export_id: str) -> None:
    assert home.owner.call("GET", f"/privacy/exports/{export_id}").status == 404
    assert home.world.call("GET", f"/privacy/exports/{export_id}/archive/nothing").status == 404


def test_a_polish_copy_is_polish(home: Home) -> None:
    zofia = new_person(home.world, "zofia@example.com", nickname="Zofia", language="pl")
    page = archive(zofia).read("index.html").decode()
    assert '<html lang="pl">' in page
    assert "Twoje konto" in page
    assert "Your account" not in page
