"""How the cost of what one person does grows with what everybody else has stored, counted in the local cloud."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression

from chalicelib.store.keys import RawItem
from chalicelib.store.records import Item, KeyRow, LedgerRow
from infra.local.cloud import LocalCloud
from tests.request_shapes import shape_of
from tests.scene import Camera, Person, items_of, new_camera, new_person, pay

TABLE, PLOT = (Path(__file__).with_name(name) for name in ("growth.md", "growth.svg"))
SIZES = (1_000, 10_000, 100_000, 1_000_000)
OWN = (1000, 100, 10)
MOST_GROWTH = 0.02
# How many rows there are of the other tables for each row of the largest, and of one stranger.
_ROWS_PER_KEY, _ROWS_PER_STRANGER = 100, 250
_HEAD = """# How cost grows with the table

Counted in the local cloud, through the public doors: `n` is how many rows other people have in the main table (the
tables of keys and of erasures have a hundredth of that), and what is counted is requests to DynamoDB and the read and
write units that it charges by its published rules. The exponent is the slope of a least-squares line through the
logarithms: 0 is a cost that does not depend on the table, 1 one that grows with it. An erasure is counted from the
closing request until it is done, with the jobs of the quarter of an hour in between. `make growth` writes this file and
the plot anew; a test compares. Each of these requests, and each of those in [costs.md](costs.md), names keys or is a
page or a range of one partition; `make test-endpoint` counts requests and write units on MiniStack as well.

"""
_FOOT = """
![The same as a plot](growth.svg)
"""


@dataclass(frozen=True)
class Cost:
    requests: int
    read: float
    written: float
    shapes: frozenset[str]

    def cell(self) -> str:
        return f"{self.requests} requests, {self.read:g} + {self.written:g} units"

    @property
    def units(self) -> float:
        return self.read + self.written


Growth = dict[str, dict[int, Cost]]


def measured(sizes: tuple[int, ...] = SIZES, own: tuple[int, ...] = OWN) -> Growth:
    """What each thing costs at each size."""
    growth: Growth = {}
    for size in sizes:
        for what, cost in _at(size, own):
            growth.setdefault(what, {})[size] = cost
    return growth


def exponents(costs: dict[int, Cost]) -> tuple[float, float]:
    """Of requests and of units, over the size of the table."""
    sizes = [math.log(size) for size in costs]
    slopes = [
        linear_regression(sizes, [math.log(value) for value in values]).slope
        for values in ([cost.requests for cost in costs.values()], [cost.units for cost in costs.values()])
    ]
    return slopes[0], slopes[1]


def _at(size: int, own: tuple[int, ...]) -> Iterator[tuple[str, Cost]]:
    with world_among(size) as world:
        yield from _recording(world)
        for count in own:
            person, camera = new_person(world), new_camera(world, f"SN{count:04d}")
            assert person.bind(camera).status == 201
            camera.see()
            _multiply_alarms(camera, count)
            if count == own[0]:
                yield "signing in", _counted(world, person.sign_in)
                yield "one alarm, from its ticket on", _counted(world, camera.see)
                yield "listing 20 alarms of a device", _counted(world, partial(_list, person, camera))
            yield f"closing and erasing {count:,} alarms", _counted(world, partial(_erase, person))


def _recording(world: LocalCloud) -> Iterator[tuple[str, Cost]]:
    """By a plan of events, which asks most."""
    person = new_person(world, "records@example.com")
    camera = new_camera(world, "SN9999", owner=person)
    paid = pay(camera.world, person.order(camera.device_id, "event-7-month").json["order_id"])
    assert paid.status == 200
    camera.world.settle()
    _record(camera)
    yield "a ticket to record", _counted(world, camera.recording_ticket)
    yield "a segment, from its upload on", _counted(world, partial(_record, camera))
    path = f"/devices/{camera.device_id}"
    for what, more in (("plan", ""), ("calendar", "recordings/days"), ("timeline", "recordings/timeline")):
        yield f"the {what} of a device", _counted(world, partial(_see, person, f"{path}/{more or 'plan'}"))


def _record(camera: Camera) -> None:
    camera.world.clock.move_to(camera.world.now().timestamp() + 20)
    camera.record(20_000)
    camera.world.settle()


def _see(person: Person, path: str) -> None:
    assert person.call("GET", path, query={} if path.endswith("plan") else {"channel": "1"}).status == 200


@contextmanager
def world_among(size: int) -> Iterator[LocalCloud]:
    """An installation in which other people have so many rows."""
    with LocalCloud.start(seed=0) as world:
        world.calendar.lag = None  # TTL is DynamoDB's own work
        world.aws.load(Item.Meta.table_name, _others("device", size, sk="alarm#20260105T080000Z-"))
        world.aws.load(KeyRow.Meta.table_name, _others("key", size // 100))
        world.aws.load(LedgerRow.Meta.table_name, _others("erasure", size // 100, sk="erasure#"))
        yield world


def _others(kind: str, rows: int, sk: str | None = None) -> Iterator[RawItem]:
    """Each of about 400 bytes; with a sort key 250 to a partition, as many as a camera's week."""
    rest = {"attributes": {"S": "x" * 300}}
    for number in range(rows):
        if sk is None:
            yield {"pk": {"S": f"{kind}#other{number:021d}"}, **rest}
        else:
            yield {"pk": {"S": f"{kind}#other{number // 250:021d}"}, "sk": {"S": f"{sk}{number:016d}"}, **rest}


def _multiply_alarms(camera: Camera, count: int) -> None:
    """Until there are so many, each like the newest that really arrived."""
    aws = camera.world.aws
    with aws.outside():
        there = [one for one in items_of(Item, f"device#{camera.device_id}") if "picture" in one]
    place = there[-1]["sk"]["S"]
    more = ({**there[-1], "sk": {"S": f"{place[:-6]}{number:06d}"}} for number in range(count - len(there)))
    aws.load(Item.Meta.table_name, more)


def _counted(world: LocalCloud, act: Callable[[], object]) -> Cost:
    world.trace.clear()
    act()
    calls = [call for call in world.trace if call.service == "dynamodb"]
    shapes = frozenset(map(shape_of, calls))
    return Cost(len(calls), sum(call.read_units for call in calls), sum(call.write_units for call in calls), shapes)


def _list(person: Person, camera: Camera) -> None:
    assert len(person.alarms(camera.device_id, limit=20)) == 20


def _erase(person: Person) -> None:
    person.step_up()
    answer = person.close()
    assert answer.status == 202, answer.body
    person.world.settle()
    person.world.advance(15 * 60)
    state = person.world.call("GET", f"/erasures/{answer.json['erasure_id']}").json["state"]
    assert state == "done", state


def table(growth: Growth) -> str:
    sizes = list(next(iter(growth.values())))
    head = ["cost of", *(f"n = {size:,}" for size in sizes), "exponent of requests", "of units"]
    rows = [
        [what, *(cost.cell() for cost in costs.values()), *(f"{slope:.3f}" for slope in exponents(costs))]
        for what, costs in growth.items()
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return _HEAD + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n" + _FOOT


def plot(growth: Growth) -> str:
    """Units over size, both as logarithms; what grew with the table would run along the dashes."""
    sizes = list(next(iter(growth.values())))
    most = max(cost.units for costs in growth.values() for cost in costs.values())
    decades = math.ceil(math.log10(most))

    def at(size: float, units: float) -> str:
        x = 60 + 380 * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
        return f"{x:.1f},{340 - 300 * math.log10(max(units, 1)) / decades:.1f}"

    drawn = [_line(at(sizes[0], 1), at(min(sizes[-1], sizes[0] * 10**decades), sizes[-1] / sizes[0]), "#999", "6 4")]
    drawn += [_text(at(size, 1), f"{size:,}", dy=18, anchor="middle") for size in sizes]
    drawn += [_text(at(sizes[0], 10**n), f"{10**n:,}", dx=-8, dy=4, anchor="end") for n in range(decades + 1)]
    ends: list[str] = []
    for colour, (what, costs) in zip(_COLOURS, growth.items(), strict=True):
        points = [at(size, cost.units) for size, cost in costs.items()]
        drawn += [_line(*pair, colour) for pair in pairwise(points)]
        drawn.append(_text(points[-1], what, dx=8, dy=4 + 13 * ends.count(points[-1]), colour=colour))
        ends.append(points[-1])
    drawn.append(_text("60,24", "read and write units, over the rows of other people; dashes: growing with the table"))
    style = 'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 380" font-family="sans-serif" font-size="11"'
    return "\n".join([f"<svg {style}>", '<rect width="660" height="380" fill="#fff"/>', *drawn, "</svg>\n"])


_COLOURS = (
    *("#a6761d", "#1f78b4", "#6a3d9a", "#b15928", "#666666"),
    *("#1b9e77", "#7570b3", "#e6ab02", "#d95f02", "#e7298a", "#66a61e"),
)


def _line(start: str, end: str, colour: str, dashes: str = "none") -> str:
    (x1, y1), (x2, y2) = start.split(","), end.split(",")
    where = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
    return f'<line {where} stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'


def _text(at: str, said: str, *, dx: int = 0, dy: int = 0, anchor: str = "start", colour: str = "#333") -> str:
    x, y = at.split(",")
    return f'<text x="{x}" y="{y}" dx="{dx}" dy="{dy}" text-anchor="{anchor}" fill="{colour}">{said}</text>'


def committed() -> dict[str, dict[int, str]]:
    """The committed table's cells, by what is counted and at which size."""
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in TABLE.read_text().splitlines()
        if line[:1] == "|"
    ]
    sizes = [int(name.removeprefix("n = ").replace(",", "")) for name in head[1:-2]]
    return {row[0]: dict(zip(sizes, row[1:], strict=False)) for row in rows}
