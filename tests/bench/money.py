"""What a thousand cameras cost a month: the counts of costs.md, times how often, times AWS's prices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra import applier
from infra.package import memory
from infra.package.template import API
from tests.costs import TABLE as COSTS
from tests.infra.packaged import made

PRICES = applier.RESOURCES.with_name("prices.yaml")
TABLE = Path(__file__).parents[1] / "money.md"
CAMERAS = 1_000
# For making alarms of thirty pictures a day and keeping them; and for that with the tickets that cameras ask for: a
# tenth less than they cost once would be 8.61.
MOST_OF_ALARMS, MOST_OF_CAMERAS = 7.55, 8.75
# For people who look at them: ten pages of twenty a day, and three pictures. A tenth less than they cost once is 2.42.
MOST_OF_PEOPLE = 2.6
# For being connected all the time, most of which is what AWS asks for the minutes.
MOST_OF_CHANNEL = 18.73
# For two minutes of live view a day, an hour a month, of each: of a megabit a second, and of half one, which is what
# the agent sends if nobody asks for more.
MOST_OF_LIVE, MOST_OF_LIVE_BY_AGENT = 59.15, 37.5
# For recording, times what S3 alone asks for the same objects: to put them, and to keep them. What is wanted is 1.10
# and 1.25.
MOST_OF_RECORDING = {"continuous, 60 s, 7 days": 1.06, "events, 20 s, 7 days": 1.25}
# For an installation that nobody uses.
MOST_OF_STANDING = 12.1
_HEAD = """# What 1,000 cameras cost a month

The counts of [costs.md](costs.md), times the usage and the prices in [infra/prices.yaml](../infra/prices.yaml): US
dollars, no free allowance, no tax. `make costs` writes this anew; a test compares, and does not let alarms and what is
kept of them grow above {alarms:g} $, nor what cameras cause with them above {cameras:g} $, nor the channel that they
keep open above {channel:g} $. What people who look at them cause comes on top, no more than {people:g} $, and so does
live view, an hour a month of each camera, which may not grow above {live:g} $, nor in half a megabit a second above
{live_by_agent:g} $. Of what is answered, pages of alarms and pictures are counted by their bytes, and nothing else.
[Below](#what-an-installation-costs-without-a-camera) is what an installation costs without a camera: no more than
{standing:g} $.

| for | of | count | $ each | $ |
|---|---|---:|---:|---:|
"""
_MEMORY_HEAD = """
## What memory costs

Lambda's seconds of a million calls, in US dollars, and how long one of them takes, by the memory of its function. What
is computed costs the same with any of it; what is waited costs less with less. Bold is what it has, for the reasons in
[infra/package/memory.yaml](../infra/package/memory.yaml).

| for | waits, ms | computes, ms of a vCPU | {sizes} |
|---|---:|---:|{columns}
"""
_MEMORY_MB = (128, 256, 512)
# The function of a listener's queue, where it shares that with others.
_OF_SHARED_QUEUES = {"on_command_given": "on_command_due"}
_STANDING_HEAD = """
## What an installation costs without a camera

Counted in the template that is deployed. Beside it some cents are asked for the jobs that find nothing to do.

| for | count | $ each | $ |
|---|---:|---:|---:|
"""
_RECORDING_HEAD = """
## What recording costs

A thousand cameras, {mbit:g} Mbit/s, a month: beside what S3 alone asks for the same objects, to put them and to keep
them. {bars}.

| plan | S3: put | S3: kept | news of segments | of inits | tickets | reconciling | rows | **all** | times S3 alone |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""
# How often a month one camera causes it, the door of costs.md that it goes through, and its line in the usage.
_DOORS = {
    "alarm": ("alarms_a_day", "on_picture_uploaded"),
    "ticket": ("tickets_a_day", "POST /cameras/tickets"),
    "list": ("lists_a_day", "GET /devices/{device_id}/alarms, a page of twenty"),
    "picture": ("pictures_seen_a_day", "GET /devices/{device_id}/alarms/{alarm_id}"),
}
# What comes and goes on the camera channel, likewise.
_CHANNEL = {
    "connect": ("connections_a_day", "camera_connected"),
    "asked after": ("connections_a_day", "check_connections, 100 connected"),
    "disconnect": ("connections_a_day", "camera_disconnected"),
    "look": ("connections_a_day", "check_connections, 100 due"),
    "ping": ("pings_a_day", "a ping"),
    "command": ("commands_a_day", "on_command_given"),
    "answer": ("commands_a_day", "camera_said, an answer"),
}
# What watching live takes: a player asks for the playlist once for each piece.
_LIVE = {
    "begin": ("live_views_a_day", "POST /devices/{device_id}/live"),
    "first picture": ("live_views_a_day", "GET /live/{capability}/playlist.m3u8, the first"),
    "playlist": ("live_pieces_a_day", "GET /live/{capability}/playlist.m3u8, a numbered piece more"),
    "piece": ("live_pieces_a_day", "GET /live/{capability}/media/{place}, at its door"),
}
_MINUTES_OF_A_DAY = 24 * 60
_LOOKED_AT_TOGETHER = ("asked after", "look")
# What API Gateway answers itself.
_MOCKED = ("ping",)
_OF_ALARMS, _OF_CAMERAS = ("alarm", "kept"), ("alarm", "kept", "ticket")


@dataclass(frozen=True)
class Item:
    """So many of something that has a price."""

    purpose: str
    price_name: str
    count: float
    price: float

    @property
    def dollars(self) -> float:
        return self.count * self.price

    def row(self) -> str:
        what = self.price_name.replace("_", " ")
        count = f"{self.count:,.0f}" if self.count >= 1000 else f"{self.count:.2f}"
        return f"| {self.purpose} | {what} | {count} | {f'{self.price:.10f}'.rstrip('0')} | {self.dollars:.2f} |"


@dataclass(frozen=True)
class Counted:
    """A row of costs.md."""

    read_units: float
    write_units: float
    log_bytes: int
    calls: str

    def times(self, call: str) -> int:
        found = re.search(rf"(?:(\d+) )?{re.escape(call)}\b", self.calls)
        return 0 if found is None else int(found[1] or 1)


def counted(costs: str) -> dict[str, Counted]:
    """The rows of a cost table by their doors."""
    rows = re.findall(r"^\| `(.+?)` \| \d+ \| ([\d.]+) \| ([\d.]+) \| (\d+) \| (.+) \|$", costs, re.MULTILINE)
    return {route: Counted(float(reads), float(writes), int(logs), calls) for route, reads, writes, logs, calls in rows}


def items(costs: str, told: dict[str, Any]) -> Iterator[Item]:
    """Everything that is paid for, from a cost table and from what prices.yaml says."""
    usage, prices = told["usage"], told["prices"]
    rows = counted(costs)
    kinds = (("", _DOORS, _each), ("channel: ", _CHANNEL, _each_of_channel), ("live: ", _LIVE, _each_of_live))
    for kind, routes, each_of in kinds:
        for part, (often, route) in routes.items():
            count = CAMERAS * usage["days"] * usage[often]
            found = ((name, each) for name, each in each_of(part, rows[route], usage) if each)
            yield from (Item(f"{kind}{part}", name, count * each, prices[name]) for name, each in found)
    minutes = CAMERAS * usage["days"] * _MINUTES_OF_A_DAY * bool(usage["connections_a_day"])
    if minutes:
        yield Item("channel: open", "connection_minute", minutes, prices["connection_minute"])
    for name, gb in _kept(usage):
        yield Item("kept", name, gb, prices[name])


def gb_seconds(part: str, door: str, usage: dict[str, Any], megabytes: int | None = None) -> float:
    """What Lambda takes for one call, with the memory that the function of this door has, or with another.

    What it computes takes longer with less memory and costs the same; only what it waits for costs less.
    """
    given = megabytes or memory.megabytes_of(_function_of(door))
    took_ms = usage["waits_ms"][part] + usage["core_ms"][part] * max(memory.VCPU_MB / given, 1)
    return took_ms / 1000 * given / 1024  # type: ignore[no-any-return]


def _function_of(door: str) -> str:
    """`GET /devices` is answered by the function of all routes, live views' own at their own address; others are called
    as their row begins."""
    if door.startswith("GET /live/"):
        return "show_live"
    name = API if " /" in door else door.partition(",")[0]
    return _OF_SHARED_QUEUES.get(name, name)


def _each(purpose: str, row: Counted, usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What it takes once."""
    is_alarm = purpose == "alarm"
    yield "s3_put", float(is_alarm)
    yield "api_request", float(not is_alarm)
    yield "lambda_request", 1.0
    yield "lambda_gb_second", gb_seconds(purpose, _DOORS[purpose][1], usage)
    yield "dynamodb_read_unit", row.read_units
    yield "dynamodb_write_unit", row.write_units + usage["counting_writes_an_alarm"] * is_alarm
    # A link is signed without a call; who follows it makes S3 read.
    yield "s3_get", row.times("s3.GetObject") + row.times("s3.HeadObject") + float(purpose == "picture")
    yield "sns_push", float(row.times("sns.Publish"))
    yield "logs_gb", (row.log_bytes + usage["lambda_log_bytes"]) / 1e9
    yield "out_gb", {"list": usage["list_answer_kb"], "picture": usage["picture_kb"]}.get(purpose, 0) / 1e6


def _each_of_channel(part: str, row: Counted, usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What it takes once. Connecting is no message, and what the stream tells of goes through a queue. Cameras are
    looked at together."""
    together = usage["looked_at_together"] if part in _LOOKED_AT_TOGETHER else 1
    yield "channel_message", float(part in ("ping", "command", "answer"))
    yield "sqs_request", 3.0 * (part == "command")
    if part not in _MOCKED:
        yield "lambda_request", 1.0 / together
        yield "lambda_gb_second", gb_seconds(part, _CHANNEL[part][1], usage) / together
    yield "dynamodb_read_unit", row.read_units / together
    yield "dynamodb_write_unit", row.write_units / together
    yield "logs_gb", row.log_bytes / 1e9 / together


def _each_of_live(part: str, row: Counted, usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What it takes once. A piece is put by the camera, and who follows its link makes S3 read. What players ask for
    comes to the function's own address. The next piece may not be there yet, and now and then it is not where it was
    looked for."""
    is_piece, is_playlist = float(part == "piece"), float(part == "playlist")
    yield "s3_put", is_piece
    yield "s3_get", is_piece + row.times("s3.HeadObject") + usage["looks_in_vain_a_playlist"] * is_playlist
    yield "s3_list", row.times("s3.ListObjectsV2") + usage["lists_a_playlist"] * is_playlist
    yield "api_request", float(part == "begin")
    yield "lambda_request", 1.0
    yield "lambda_gb_second", gb_seconds(part, _LIVE[part][1], usage)
    yield "dynamodb_read_unit", row.read_units
    yield "dynamodb_write_unit", row.write_units
    yield "logs_gb", (row.log_bytes + usage["lambda_log_bytes"]) / 1e9
    yield "out_gb", is_piece * usage["live_piece_kb"] / 1e6


def _kept(usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Gigabytes that lie there all the month."""
    alarms = CAMERAS * usage["alarms_a_day"]
    yield "s3_gb_month", alarms * usage["pictures_kept_days"] * usage["picture_kb"] / 1e6
    rows = alarms * usage["alarms_kept_days"] * usage["alarm_bytes"] / 1e9
    yield "dynamodb_gb_month", rows
    yield "dynamodb_recovery_gb_month", rows


# Recordings


@dataclass(frozen=True)
class Recording:
    """What a thousand cameras that record cost, of one kind of prices.yaml."""

    of_s3: dict[str, list[Item]]
    of_ours: dict[str, list[Item]]

    @property
    def dollars_of_s3(self) -> float:
        return sum(map(_total, self.of_s3.values()))

    @property
    def dollars(self) -> float:
        return self.dollars_of_s3 + sum(map(_total, self.of_ours.values()))

    @property
    def times_s3(self) -> float:
        return self.dollars / self.dollars_of_s3


def _total(items: Iterable[Item]) -> float:
    return sum(item.dollars for item in items)


def recording(costs: str, told: dict[str, Any], name: str) -> Recording:
    """What a kind costs, from a cost table and from what prices.yaml says."""
    usage, rows, days = told["recordings"], counted(costs), told["usage"]["days"]
    kind = usage["kinds"][name]
    segments_a_day = kind["seconds_a_day"] / kind["object_s"]
    segments, tickets = (CAMERAS * days * often for often in (segments_a_day, kind["tickets_a_day"]))
    stored_gb = CAMERAS * kind["seconds_a_day"] * usage["kbit_s"] / 8e6 * kind["kept_days"]
    plan, length = kind["plan"], kind["length"]
    told_of = rows[f"on_recording_uploaded, {plan}, {length}"]
    look = rows[f"reconcile_recordings, a camera's day, {plan}, {length}"]
    of_ours = {
        "segment": (segments, _told_of(told_of, told_of.times("s3.GetObject"), "segment", usage)),
        "init": (tickets, _told_of(rows[f"on_recording_uploaded, {plan}, an init"], 1, "init", usage)),
        "ticket": (tickets, _let_in(rows[f"POST /cameras/tickets, to record, {plan}"], usage)),
        "looks": (CAMERAS * days, _looked_through(look, segments_a_day, kind["tickets_a_day"], usage)),
        "rows": (CAMERAS, _rows_of_days(usage)),
    }

    def priced(purpose: str, count: float, found: Iterable[tuple[str, float]]) -> list[Item]:
        return [Item(f"{name}: {purpose}", of, count * each, told["prices"][of]) for of, each in found if each]

    return Recording(
        {
            "put": priced("put", segments + tickets, [("s3_put", 1.0)]),
            "kept": priced("kept", stored_gb, [("s3_gb_month", 1.0)]),
        },
        {purpose: priced(purpose, count, found) for purpose, (count, found) in of_ours.items()},
    )


def _told_of(row: Counted, objects: int, part: str, usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What one object takes, of a row that counts so many. S3 invokes the function for each, and in an ordinary month
    none fails thrice: what lies in the queue then is paid for as messages are."""
    yield "lambda_request", 1.0
    yield "lambda_gb_second", gb_seconds(part, "on_recording_uploaded", usage)
    yield "dynamodb_read_unit", row.read_units / objects
    yield "dynamodb_write_unit", row.write_units / objects
    yield "s3_get", row.times("s3.GetObject") / objects
    yield "logs_gb", row.log_bytes / 1e9 / objects


def _let_in(row: Counted, usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    yield "api_request", 1.0
    yield "lambda_request", 1.0
    yield "lambda_gb_second", gb_seconds("ticket", "POST /cameras/tickets", usage)
    yield "dynamodb_read_unit", row.read_units
    yield "dynamodb_write_unit", row.write_units
    yield "logs_gb", row.log_bytes / 1e9


def _looked_through(
    row: Counted, segments_a_day: float, tickets_a_day: float, usage: dict[str, Any]
) -> Iterator[tuple[str, float]]:
    """What the reconciler takes of one camera a day: all runs list what it brought, and those that look at it read the
    names. What it counts anew it lists once more."""
    again = row.times("dynamodb.UpdateItem")
    looks = min(usage["runs_a_day"], tickets_a_day * usage["looks_a_ticket"] + usage["thorough_looks_a_day"])
    thousands = (segments_a_day + tickets_a_day) / usage["objects_a_listing"] * usage["days_listed_a_day"] * (1 + again)
    read = thousands * looks / usage["runs_a_day"]
    yield "s3_list", thousands
    for part, count in (("listing", thousands), ("names", read)):
        yield "lambda_gb_second", count * gb_seconds(part, "reconcile_recordings", usage)
    yield "dynamodb_read_unit", row.read_units * looks + usage["device_read_units_a_day"]
    yield "dynamodb_write_unit", row.write_units * looks


def _rows_of_days(usage: dict[str, Any]) -> Iterator[tuple[str, float]]:
    gb = usage["rows_kept_days"] * usage["row_bytes"] / 1e9
    yield "dynamodb_gb_month", gb
    yield "dynamodb_recovery_gb_month", gb


def of_recording(name: str) -> Recording:
    return recording(COSTS.read_text(), yaml.safe_load(PRICES.read_text()), name)


def _recording_table() -> str:
    told = yaml.safe_load(PRICES.read_text())["recordings"]
    bars = "; ".join(f"{name}: no more than {most:.2f} times that" for name, most in MOST_OF_RECORDING.items())
    rows = []
    for name in told["kinds"]:
        found = of_recording(name)
        parts = [_total(items) for items in (*found.of_s3.values(), *found.of_ours.values())]
        cells = [*(f"{dollars:,.2f}" for dollars in parts), f"**{found.dollars:,.2f}**", f"{found.times_s3:.3f}"]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return _RECORDING_HEAD.format(mbit=told["kbit_s"] / 1000, bars=bars) + "\n".join(rows) + "\n"


def standing(template: dict[str, Any], prices: dict[str, float]) -> Iterator[Item]:
    """What is paid by the month for being there, from a template and from what prices.yaml says."""
    resources = template["Resources"].values()
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    of_ours = [one for one in alarms if one.get("Namespace") == "Sowa"]
    events = [
        event
        for one in resources
        if one["Type"] == "AWS::Serverless::Function"
        for event in one["Properties"].get("Events", {}).values()
    ]
    counts = {
        # Of each metric that it looks at.
        "alarm": sum(len([one for one in alarm.get("Metrics", []) if "MetricStat" in one]) or 1 for alarm in alarms),
        "dashboard": sum(one["Type"] == "AWS::CloudWatch::Dashboard" for one in resources),
        "key": sum(one["Type"] == "AWS::KMS::Key" for one in resources),
        # Every metric of our own is watched; without a camera only what schedules write is there to be paid for.
        "metric": len({(str(one["Dimensions"]), one["MetricName"]) for one in of_ours if _is_of_a_job(one)}),
        "polled_queue": sum(event["Type"] == "SQS" for event in events),
    }
    return (Item("standing", name, count, prices[name]) for name, count in counts.items())


def _is_of_a_job(alarm: dict[str, Any]) -> bool:
    return alarm["MetricName"] in ("oldest_seconds", "overdue_seconds")


@cache
def _standing() -> list[Item]:
    return list(standing(made(), yaml.safe_load(PRICES.read_text())["standing"]))


def of_standing() -> float:
    """Dollars for an installation that nobody uses."""
    return sum(item.dollars for item in _standing())


def _now() -> list[Item]:
    return list(items(COSTS.read_text(), yaml.safe_load(PRICES.read_text())))


def _sum(*purposes: str) -> float:
    return sum(item.dollars for item in _now() if item.purpose in purposes)


def of_alarms() -> float:
    """Dollars for making alarms of pictures, pushing them, and keeping them."""
    return _sum(*_OF_ALARMS)


def of_cameras() -> float:
    """Dollars for what happens whether or not anybody looks."""
    return _sum(*_OF_CAMERAS)


def of_people() -> float:
    """Dollars for people who look at alarms, and at their pictures."""
    return _sum("list", "picture")


def of_channel() -> float:
    """Dollars for cameras that are connected all the time."""
    return sum(item.dollars for item in _now() if item.purpose.startswith("channel: "))


def of_live() -> float:
    """Dollars for an hour of live view of each camera."""
    return _live(_now())


def of_live_by_agent() -> float:
    """The same in half a megabit a second."""
    told = yaml.safe_load(PRICES.read_text())
    piece_kb = told["usage"]["live_piece_kb_by_agent"]
    return _live(items(COSTS.read_text(), told | {"usage": told["usage"] | {"live_piece_kb": piece_kb}}))


def _live(found: Iterable[Item]) -> float:
    return sum(item.dollars for item in found if item.purpose.startswith("live: "))


def table() -> str:
    now = _now()
    sums = {purpose: _sum(purpose) for purpose in dict.fromkeys(item.purpose for item in now)}
    sums |= {"what the camera channel costs": of_channel(), "what 1,000 hours of live view cost": of_live()}
    sums["the same in half a megabit, as the agent sends it"] = of_live_by_agent()
    sums |= {"alarms and what is kept": of_alarms(), "what cameras cause": of_cameras()}
    sums["what people cause"] = of_people()
    rows = [item.row() for item in now]
    rows += [f"| {purpose} | **all** | | | **{dollars:.2f}** |" for purpose, dollars in sums.items()]
    head = _HEAD.format(
        alarms=MOST_OF_ALARMS, cameras=MOST_OF_CAMERAS, channel=MOST_OF_CHANNEL, people=MOST_OF_PEOPLE,
        live=MOST_OF_LIVE, live_by_agent=MOST_OF_LIVE_BY_AGENT, standing=MOST_OF_STANDING,
    )  # fmt: skip
    return head + "\n".join(rows) + "\n" + _recording_table() + _memory_table() + _standing_table()


# Of how many cameras an operator thinks first.
FEW = (1, 5, 20)


@dataclass(frozen=True)
class Line:
    """What something costs an installation a month: whatever happens, and for each camera."""

    what: str
    standing: float
    a_camera: float

    def dollars(self, cameras: int) -> float:
        return self.standing + cameras * self.a_camera


def installation() -> list[Line]:
    """What an installation of a few cameras pays for, without recording."""
    minutes = yaml.safe_load(PRICES.read_text())["usage"]["live_pieces_a_day"] * 2 // 60
    return [
        Line("to be there: alarms, queues, keys, the dashboard", of_standing(), 0),
        Line("alarms and their tickets", 0, of_cameras() / CAMERAS),
        Line("the cameras' channel", 0, of_channel() / CAMERAS),
        Line("people who look at alarms", 0, of_people() / CAMERAS),
        Line(f"live view, {minutes} minutes a day", 0, of_live_by_agent() / CAMERAS),
    ]


def options() -> list[Line]:
    """What comes on top where it is chosen: a plan for each camera, and the limit of addresses."""
    told = yaml.safe_load(PRICES.read_text())
    a_camera = {name: of_recording(name).dollars / CAMERAS for name in told["recordings"]["kinds"]}
    plans = [Line(f"each records, {name}", 0, dollars) for name, dollars in a_camera.items()]
    requests = sum(item.count for item in _now() if item.price_name == "api_request") / CAMERAS
    firewall = told["firewall"]
    return [*plans, Line("`ADDRESS_LIMIT`", firewall["web_acl"] + firewall["rule"], requests * firewall["request"])]


def few_cameras() -> str:
    """The table of infra/README.md."""
    whole = installation()
    together = Line("**together**", sum(one.standing for one in whole), sum(one.a_camera for one in whole))
    heads = " | ".join(f"{count} camera{'s' * (count > 1)}" for count in FEW)
    rows = [
        f"| {one.what} | " + " | ".join(f"{one.dollars(count):.2f}" for count in FEW) + " |"
        for one in (*whole, together, *(Line(f"on top: {one.what}", one.standing, one.a_camera) for one in options()))
    ]
    return "\n".join([f"| $ a month | {heads} |", "|---|" + "---:|" * len(FEW), *rows])


def _memory_table() -> str:
    told = yaml.safe_load(PRICES.read_text())
    called = {part: route for part, (_, route) in (_DOORS | _CHANNEL | _LIVE).items() if part not in _MOCKED}
    calls = {part: (route, told["usage"]) for part, route in called.items()}
    calls |= dict.fromkeys(("segment", "init"), ("on_recording_uploaded", told["recordings"]))
    rows = [_memory_row(part, *of, told["prices"]["lambda_gb_second"]) for part, of in calls.items()]
    sizes = " | ".join(f"{megabytes} MB" for megabytes in _MEMORY_MB)
    return _MEMORY_HEAD.format(sizes=sizes, columns="---:|" * len(_MEMORY_MB)) + "\n".join(rows) + "\n"


def _memory_row(part: str, door: str, usage: dict[str, Any], price: float) -> str:
    cells = []
    for megabytes in _MEMORY_MB:
        gb = gb_seconds(part, door, usage, megabytes)
        cell = f"{gb * 1e6 * price:.2f} ({gb * 1024 / megabytes * 1000:,.0f} ms)"
        cells.append(f"**{cell}**" if megabytes == memory.megabytes_of(_function_of(door)) else cell)
    return f"| {part} | {usage['waits_ms'][part]:,} | {usage['core_ms'][part]} | {' | '.join(cells)} |"


def _standing_table() -> str:
    rows = [
        f"| {item.price_name.replace('_', ' ')} | {item.count} | {item.price:g} | {item.dollars:.2f} |"
        for item in _standing()
    ]
    return _STANDING_HEAD + "\n".join([*rows, f"| **all** | | | **{of_standing():.2f}** |"]) + "\n"
