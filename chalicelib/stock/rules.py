"""Rules of serial numbers, connections, what cameras say of themselves, and what a factory writes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from chalicelib import typed
from chalicelib.errors import Invalid
from chalicelib.words import Phrase

REPORT_LIFE = timedelta(days=30)
LONGEST_LINE = 64 * 1024
COLUMNS = ("sn", "model", "code", "secret")
_CALLED_ALSO = {
    "serial": "sn", "serialno": "sn", "serialnumber": "sn", "modelname": "model", "printedcode": "code",
    "factorysecret": "secret",
}  # fmt: skip
_SEPARATORS = ",;\t"
_MOST_QUOTED = 200
# API Gateway's own: no connection lasts longer, and one on which nothing is said for ten minutes ends.
CONNECTION_LIFE, CONNECTION_IDLE = timedelta(hours=2), timedelta(minutes=10)
# A camera that has lost its connection comes back at a moment of its own within this time.
COME_BACK_WITHIN = timedelta(minutes=15)
# Longer than that: each connection ends within two hours, and nobody is notified of it.
OFFLINE_AFTER = timedelta(minutes=20)
# Whoever comes and goes is reported once an hour, and is not back before it has stayed.
BACK_AFTER, OFFLINE_AGAIN_AFTER = timedelta(minutes=2), timedelta(hours=1)
OFFLINE, BACK = "offline", "back"
# What a camera without a channel is seen by, tickets and uploads, is noted once in so long.
SEEN_EVERY = timedelta(minutes=1)


normal_sn, normal_mac, normal_code = typed.serial_number, typed.mac_address, typed.printed_code


def is_online(connected_at: float | None, now_s: int) -> bool:
    """Connected, and not for longer than a connection can last: the news of its end may have been lost."""
    return connected_at is not None and now_s < connected_at + CONNECTION_LIFE.total_seconds()


def lasted(connected_at: float | None, now_s: int) -> bool:
    """Whether a connection that ends now lasted as long as one can, give or take a minute."""
    if connected_at is None:
        return False
    return now_s >= connected_at + (CONNECTION_LIFE - timedelta(minutes=1)).total_seconds()


class Presence(NamedTuple):
    """Since when a camera is connected or away, in seconds since 1970; when its owner was last notified that it is
    offline, and back; and whether it sleeps between what it does, so that nobody misses it."""

    connected_at: float | None
    away_since: float | None
    told_offline_at: float | None
    told_back_at: float | None
    sleeps: bool

    @property
    def is_told_offline(self) -> bool:
        """And not yet that it is back."""
        if self.told_offline_at is None:
            return False
        return self.told_back_at is None or self.told_back_at < self.told_offline_at

    def gone_since(self) -> float | None:
        """The time by which a connection must have ended, where its end was never reported."""
        if self.connected_at is None:
            return self.away_since
        return self.connected_at + CONNECTION_LIFE.total_seconds()


def next_of(seen: Presence, now_s: int) -> tuple[str | None, int | None]:
    """The news that its owner is due now, if any; or else when to check again, if there is something to wait
    for."""
    word, due = None, None
    if is_online(seen.connected_at, now_s):
        if seen.is_told_offline:
            word, due = BACK, (seen.connected_at or 0) + BACK_AFTER.total_seconds()
    elif (gone_since := seen.gone_since()) is not None and not seen.sleeps and not seen.is_told_offline:
        word, due = OFFLINE, gone_since + OFFLINE_AFTER.total_seconds()
        if seen.told_offline_at is not None:
            due = max(due, seen.told_offline_at + OFFLINE_AGAIN_AFTER.total_seconds())
    if due is None or now_s >= due:
        return word, None
    return None, int(due)


def is_seen_anew(last_seen: float | None, at_s: int, every: timedelta = SEEN_EVERY) -> bool:
    """Whether a ticket or an upload of then is to be noted."""
    return last_seen is None or at_s >= last_seen + every.total_seconds()


# What a camera says of itself, and when

# How far before its arrival a camera's stamp is believed, which is as long as anything of a camera's is kept without a
# plan; and how far after it.
STAMP_BEFORE, STAMP_AHEAD = timedelta(days=7), timedelta(minutes=1)
STATE_PARTS = ("firmware", "lan", "battery_percent", "streams", "settings")
# Two reports that are late by the same, with so much time between them, were not held up on the way.
_SAME_DELAY_MS, _APART_MS = 5_000, 30_000


class StateTimes(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of when each part of a camera's state is, in milliseconds since 1970; and of the last report that was older than
    what was known: by how much it was late, and since when they are late by that."""

    parts: dict[str, int] = {}
    late_ms: int | None = None
    late_since_ms: int | None = None

    @classmethod
    def of(cls, text: str | None) -> StateTimes:
        return cls() if text is None else msgspec.json.decode(text, type=cls)

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def newest_ms(self) -> int:
        return max(self.parts.values(), default=0)

    def with_parts(self, names: Collection[str], at_ms: int) -> StateTimes:
        return msgspec.structs.replace(self, parts=self.parts | dict.fromkeys(names, at_ms))


def take_report(
    times: StateTimes, reported: Collection[str], stamp_ms: int | None, arrived_ms: int
) -> tuple[StateTimes, set[str]]:
    """The times after a report that says these parts, and those of them that are news: what is older than what is known
    of the same part is none, and of equal times the later arrival counts.

    A report without a stamp that is believed is of its arrival, after everything that was said; so is one of a camera
    whose clock was set back, which shows by a second report that is late by the same.
    """
    if stamp_ms is None or not is_believed(stamp_ms, arrived_ms):
        # To the second, as cameras write stamps: the next may be of the same second, and is later.
        at_ms = max(arrived_ms - arrived_ms % 1000, times.newest_ms)
    elif stamp_ms < times.newest_ms:
        times = _late_by(times, arrived_ms - stamp_ms, arrived_ms)
        is_set_back = arrived_ms - (times.late_since_ms or 0) >= _APART_MS
        at_ms = max(arrived_ms, times.newest_ms) if is_set_back else stamp_ms
    else:
        at_ms = stamp_ms
    news = {name for name in reported if at_ms >= times.parts.get(name, 0)}
    return times.with_parts(news, at_ms), news


def is_believed(stamp_ms: int, arrived_ms: int) -> bool:
    before_ms, ahead_ms = (int(span.total_seconds()) * 1000 for span in (STAMP_BEFORE, STAMP_AHEAD))
    return arrived_ms - before_ms <= stamp_ms <= arrived_ms + ahead_ms


def _late_by(times: StateTimes, late_ms: int, arrived_ms: int) -> StateTimes:
    is_same = times.late_ms is not None and abs(late_ms - times.late_ms) <= _SAME_DELAY_MS
    since_ms = times.late_since_ms if is_same else arrived_ms
    return msgspec.structs.replace(times, late_ms=late_ms, late_since_ms=since_ms)


# What a factory writes


class Columns(NamedTuple):
    """The columns that the first line of a CSV file names, and their separator."""

    names: tuple[str, ...]
    separator: str


def column_of(name: str) -> str:
    """The column that is meant, in any case and with anything between the letters: `S/N`, `Serial number`."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    known = _CALLED_ALSO.get(plain, plain)
    return known if known in COLUMNS else name


def columns_of(first: bytes, required: Collection[str] = COLUMNS) -> Columns | None:
    """Of a CSV file's first line; None where JSON lines begin. Raises Invalid."""
    text = _text_of(first)
    if text is None or "\0" in text:
        wrong = Phrase("not_utf_8")
        raise Invalid(fields={"s3": wrong})
    if text.startswith("{"):
        return None
    found = [_columns_between(separator, text) for separator in _SEPARATORS]
    for columns in found:
        is_known = len(set(columns.names)) == len(columns.names) and set(columns.names) <= set(COLUMNS)
        if is_known and set(required) <= set(columns.names):
            return columns
    wanted = ",".join(name for name in COLUMNS if name in required)
    if not {name for columns in found for name in columns.names}.isdisjoint(COLUMNS):
        given = text[:_MOST_QUOTED]
        wrong = Phrase("header_wrong", found=given, expected=wanted)
    else:  # It is no header, but a camera, of which nothing is repeated.
        wrong = Phrase("header_missing", expected=wanted)
    raise Invalid(fields={"s3": wrong})


def _columns_between(separator: str, text: str) -> Columns:
    try:
        return Columns(tuple(map(column_of, _cells(text, separator))), separator)
    except ValueError:
        return Columns((), separator)


def lines_of(data: bytes) -> list[bytes]:
    """As Windows, Unix and old spreadsheets end them; what follows the last end is a line if there is anything."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return lines if lines[-1] else lines[:-1]


def end_of_lines(data: bytes) -> int:
    """The end of the last whole line; of a carriage return at the very end it is not known what follows."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(0, len(data) - 1))) + 1


def is_blank(line: bytes) -> bool:
    """Nothing, or cells without anything, as spreadsheets leave them at the end."""
    return not line.strip(b" ,;\t")


def row_of(line: bytes, columns: Columns | None) -> Any:
    """A line parsed by these columns, or as JSON; a line that is neither stays as it is, and is no camera."""
    text = _text_of(line)
    if text is None:
        return None
    try:
        if columns is None:
            return json.loads(text)
        return dict(zip(columns.names, _cells(text, columns.separator), strict=True))
    except (ValueError, RecursionError):
        return text


def tidied(row: Any) -> Any:
    """Its columns by their names, and no blanks round what they say."""
    if not isinstance(row, dict):
        return row
    given = {column_of(name): value.strip() if isinstance(value, str) else value for name, value in row.items()}
    return given if len(given) == len(row) else row


def _cells(text: str, separator: str) -> list[str]:
    """Raises ValueError."""
    import csv

    def read(line: str) -> list[str]:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True), [])

    try:
        cells = read(text)
    except csv.Error:
        # The reader knows of blanks before a quoted cell, and of none behind it.
        try:
            cells = read(re.sub(f'"[ \t]+(?={re.escape(separator)})', '"', text))
        except csv.Error as cause:
            raise ValueError from cause
    # Spreadsheets end each line with a separator where a column stood empty.
    while cells and not cells[-1].strip():
        cells.pop()
    return [cell.strip() for cell in cells]


def _text_of(line: bytes) -> str | None:
    """Without the mark that some programs put before UTF-8; None for what is no UTF-8."""
    try:
        return line.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
