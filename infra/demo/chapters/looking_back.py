"""The camera records what her plan allows, and she looks back."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import av

from infra.demo.camera import Upload
from infra.demo.client import Json, instant
from infra.demo.console import Promises
from infra.demo.life import POLLS, Life, step
from infra.demo.playback import Playback, frames_in
from sowa_agent.names import sizes_of

RECORDED, BETWEEN = timedelta(seconds=60), timedelta(minutes=3)
A_QUARTER, A_DAY, SOME_MINUTES = timedelta(minutes=15), timedelta(days=1), timedelta(minutes=10)
OF_THE_FIRST, OF_THE_SECOND = timedelta(seconds=40), timedelta(seconds=20)
# It is cut where a picture stands alone, as each fragment begins with one.
CLIP_IS_EXACT_TO_SECONDS = 4.0


@step(
    "The camera records, as her plan allows",
    taken="storage takes every segment, straight from the camera",
    used="a quarter of an hour later her plan says what is in use",
)
def film(life: Life, promises: Promises) -> None:
    # Without a plan the camera asks again every ten seconds.
    life.backstage.advance(BETWEEN.total_seconds())
    for _ in range(2):
        life.camera.film(RECORDED)
        life.backstage.advance(BETWEEN.total_seconds())
    life.backstage.advance(A_QUARTER.total_seconds())
    life.backstage.settle()
    lying = life.film_that_lies()
    filmed = {segment.name: len(segment.content) for segment in life.filmed}
    promises.shows("taken", len(_runs(life)) == 2 and lying == filmed, f"{lying} of {filmed}")
    plan = life.person.expect(200, "GET", f"/devices/{life.device_id}/plan")
    promises.shows("used", plan["used_bytes"] >= sum(lying.values()), f"{plan}, though {sum(lying.values())} bytes lie")
    life.teller.say(
        f"{_seconds_filmed(life):.0f} seconds of film in {len(lying)} objects, {sum(lying.values()) / 1000:,.0f} KB."
    )


def _seconds_filmed(life: Life) -> float:
    return sum(segment.seconds for segment in life.filmed)


def _runs(life: Life) -> list[list[Upload]]:
    """What was filmed without a pause."""
    runs: list[list[Upload]] = []
    for segment in life.filmed:
        if not runs or segment.start > runs[-1][-1].end + BETWEEN / 2:
            runs.append([])
        runs[-1].append(segment)
    return runs


@step(
    "A day later she watches yesterday",
    days="the calendar has the day",
    drawn="the day shows what was recorded, gaps as well, and the alarms in it",
    played="a player shows every picture of it",
)
def watch(life: Life, promises: Promises) -> None:
    life.backstage.advance(A_DAY.total_seconds())
    life.alarms = life.own_alarms()
    calendar = [life.person.expect(200, "GET", f"{_path(life)}/days", query=month) for month in _months(life)]
    days = [day for month in calendar for day in month["days"]]
    promises.equal("days", days, _days(life))
    drawn = [_timeline(life, day) for day in days]
    spans = [span for line in drawn for span in line["spans"]]
    marks = {mark["alarm_id"] for line in drawn for mark in line["alarms"]}
    within = {alarm["alarm_id"] for alarm in life.alarms if any(_lies_in(alarm["at"], span) for span in spans)}
    drawn_s, filmed_s = sum(map(_seconds, spans)), _seconds_filmed(life)
    seen = f"{drawn_s} s of {filmed_s} s; alarms {within}, marks {marks}"
    promises.shows("drawn", abs(drawn_s - filmed_s) < 1 and bool(within) and within <= marks, seen)
    begin, end = _from_to(life)
    body = {"channel": life.cast.channel[0], "from": begin, "to": end}
    given = life.person.expect(201, "POST", f"{_path(life)}/playlists", body)
    playback = Playback(life.wire, given["playlist_url"])
    life.seen_by_her.append(playback.text)
    frames = playback.frames()
    promises.equal("played", frames, frames_in((segment.init, segment.content) for segment in life.filmed))
    life.teller.say(f"{len(spans)} spans on {', '.join(days)}; {frames} pictures in {len(playback.parts)} parts.")


def _path(life: Life) -> str:
    return f"/devices/{life.device_id}/recordings"


def _local(life: Life, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(life.device["time_zone"]))


def _days(life: Life) -> list[str]:
    return sorted({f"{_local(life, segment.start):%Y-%m-%d}" for segment in life.filmed})


def _months(life: Life) -> list[dict[str, str]]:
    return [{"channel": life.cast.channel[0], "month": month} for month in sorted({day[:7] for day in _days(life)})]


def _timeline(life: Life, day: str) -> Json:
    query = {"channel": life.cast.channel[0], "day": day}
    answer: Json = life.person.expect(200, "GET", f"{_path(life)}/timeline", query=query)
    life.seen_by_her.append(answer)
    return answer


def _seconds(span: list[str]) -> float:
    return (instant(span[1]) - instant(span[0])).total_seconds()


def _lies_in(at: str, span: list[str]) -> bool:
    return instant(span[0]) <= instant(at) <= instant(span[1])


def _from_to(life: Life) -> tuple[str, str]:
    begin, end = life.filmed[0].start, life.filmed[-1].start
    return (begin - timedelta(minutes=1)).isoformat(), (end + timedelta(minutes=2)).isoformat()


@step(
    "She saves a clip and deletes a recording",
    saved="a clip across a gap is one film that a phone takes",
    deleted="a recording that she deletes is gone at once",
    gone="in minutes storage has nothing of it",
)
def keep(life: Life, promises: Promises) -> None:
    clip, seconds = _clip(life)
    wanted = (OF_THE_FIRST + OF_THE_SECOND).total_seconds()
    longest = max(segment.seconds / len(sizes_of(segment.name)) for segment in life.filmed)
    exact_to = max(CLIP_IS_EXACT_TO_SECONDS, longest + 1)
    promises.shows("saved", abs(seconds - wanted) <= exact_to, f"{seconds} s of {wanted} s; {clip}")
    before = _listed(life)
    unwanted = max(before, key=lambda each: instant(each["start"]))
    status = life.person.ask("DELETE", f"{_path(life)}/{unwanted['recording_id']}").status
    after = [each["recording_id"] for each in _listed(life)]
    left = [each["recording_id"] for each in before if each != unwanted]
    promises.equal("deleted", (status // 100, after), (2, left))
    end = instant(unwanted["start"])
    life.backstage.advance(SOME_MINUTES.total_seconds())
    life.backstage.settle()
    lying = set(life.film_that_lies())
    promises.equal("gone", lying, {segment.name for segment in life.filmed if segment.start < end})
    size = clip["size_bytes"] / 1000
    life.teller.say(f"The clip: {seconds:.0f} s, {size:,.0f} KB. Of {len(before)} recordings {len(after)} are left.")


def _listed(life: Life) -> list[Json]:
    """Of all her days, newest first."""
    found: list[Json] = []
    for day in reversed(_days(life)):
        query = {"channel": life.cast.channel[0], "day": day}
        found += life.person.expect(200, "GET", _path(life), query=query)["items"]
    return found


def _clip(life: Life) -> tuple[Json, float]:
    """What the cloud says of it, and how long it plays."""
    first, second = _runs(life)
    begin, end = first[-1].end - OF_THE_FIRST, second[0].start + OF_THE_SECOND
    body = {"channel": life.cast.channel[0], "from": begin.isoformat(), "to": end.isoformat()}
    clip_id = life.person.expect(202, "POST", f"{_path(life)}/clips", body)["clip_id"]
    for _ in range(POLLS):
        life.backstage.settle()
        clip: Json = life.person.expect(200, "GET", f"{_path(life)}/clips/{clip_id}")
        if clip["state"] != "working":
            break
        life.pause(0.5)
    return clip, _plays_for(life.wire.follow(clip["url"]).body) if clip["state"] == "ready" else 0.0


def _plays_for(film: bytes) -> float:
    with av.open(io.BytesIO(film)) as played:
        ends = [_end(frame) for frame in played.decode(video=0)]
    return max(ends)


def _end(frame: Any) -> float:
    return float((frame.pts + frame.duration) * frame.time_base)
