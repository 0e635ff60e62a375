"""Work on a stranger's bytes grows as they do and no faster: whatever somebody sends, nobody else waits for it."""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import jwks
from chalicelib.accounts.shapes import Confirm, Register
from chalicelib.alarms import rules as alarms
from chalicelib.clips.rules import boxes
from chalicelib.commands import rules as commands
from chalicelib.contacts.actions import addresses
from chalicelib.entry import admission, channel, http, wire
from chalicelib.entry.idempotency import checked_key
from chalicelib.errors import Refusal
from chalicelib.identities import rules as identities
from chalicelib.live.rules import pieces as live
from chalicelib.payments import signatures
from chalicelib.recordings.rules import containers
from chalicelib.second_factors import rules as second_factors
from chalicelib.sessions import rules as sessions
from chalicelib.stock import rules as stock_rules
from chalicelib.stock.actions import cameras
from chalicelib.stock.shapes import Activate
from infra.local.cloud import LocalCloud
from tests.house.laws import ROOT

KB = 1024
SIZES_KB = (1, 4, 16, 64, 256)
NOTHING_US = 20.0
Take = Callable[[str], Any]


def body(shape: type[wire.Shape] = Confirm) -> Take:
    return lambda text: wire.parse(wire.decode(text.encode()), shape)


def alarm_name(text: str) -> None:
    with contextlib.suppress(alarms.NotTaken):
        alarms.read_name(text)


def filled(before: str, unit: str, after: str = "") -> Callable[[int], str]:
    return lambda size: before + unit * ((size - len(before) - len(after)) // len(unit)) + after


DEEP = "[" * 33
# What is read of a request, by what somebody may send there to make it last.
TAKEN: dict[str, tuple[Take, Callable[[int], str]]] = {
    "a string without an end, full of quotes": (body(), filled(DEEP + '"', '\\"')),
    "a string without an end, full of brackets": (body(), filled(DEEP + '"', "[")),
    "backslashes": (body(), filled(DEEP + '"', "\\")),
    "strings between brackets": (body(), filled(DEEP, '"[",')),
    "quotes": (body(), filled(DEEP, '"')),
    "brackets": (body(), filled("", "[")),
    "brackets that close": (body(), filled("[", "[],", "[]]")),
    "escaped characters": (body(), filled('{"code": "', "\\u00e9", '"}')),
    "a whole number": (body(), filled('{"code": ', "9", "}")),
    "a number with places": (body(), filled('{"code": 0.', "9", "}")),
    "numbers": (body(), filled('{"code": [', "1e9,", "1]}")),
    "blanks": (body(), filled("{", " ", "}")),
    "a field's name, full of brackets": (body(), filled('{"x` - at `$', "[", '": 1}')),
    "a field's name, full of quotes": (body(), filled('{"x', "`", '": 1}')),
    "a field's name, full of numbers": (body(), filled('{"x` - at `$[', "1", '": 1}')),
    "a field's name that says what is wrong": (body(), filled('{"', "` - at `", '": 1}')),
    "an id": (body(), filled('{"registration_id": "', "a", '"}')),
    "a nickname": (body(Register), filled('{"nickname": "', " ", '"}')),
    "a nickname of combining marks": (body(Register), filled('{"nickname": "', "\u0316\u0301", '"}')),
    "a country": (body(Register), filled('{"country": "', "PL\\n", '"}')),
    "a serial number": (body(Activate), filled('{"sn": "', "A", '\\n"}')),
    "a network address": (body(Activate), filled('{"mac": "', "00:", '"}')),
    "Accept-Language, of many": (http._language, filled("", "pl;q=0.1,")),
    "Accept-Language, of one": (http._language, filled("pl;q=", "0")),
    "Accept-Language, of parameters": (http._language, filled("pl", ";q=1")),
    "Authorization": (lambda text: admission.bearer(text), filled("Bearer ", " ")),
    "Idempotency-Key": (checked_key, filled("", "a")),
    "an access token": (lambda text: sessions.parse_token(sessions.ACCESS, text), filled("a.", "a.")),
    "a camera's token": (cameras.recognise_camera, filled("c.", "a", ".")),
    "a camera's token of dots": (cameras.recognise_camera, filled("c.", ".")),
    "a frame of the channel": (lambda text: said(text), filled('{"id": "', "a", '"}')),
    "a ping": (lambda text: said(text), filled('{"ping":', " ", "true}")),
    "a command's error": (lambda text: commands._WORD.fullmatch(text), filled("", "a", "!")),
    "an alarm's name": (alarm_name, filled("1/20260105T080000Z-", "a")),
    "an alarm's name of dashes": (alarm_name, filled("1/20260105T080000Z-motion-", "-", ".jpg")),
    "a live piece's name": (live.is_name, filled("init-", "a", ".mp4")),
    "a live piece's place": (live.parse_path, filled("2026010508-", "-")),
    "a picture's segments": (
        lambda text: alarms.look_at_picture(b"\xff\xd8\xff" + text.encode("latin-1"), is_first=True),
        filled("", "\xff"),
    ),
    "an init's tracks": (
        lambda text: containers.tracks_of(text.encode("latin-1")), filled("\x7f\0\0\0moov", "\0\0\0\x08trak")
    ),
    "a fragment's boxes": (
        lambda text: boxes.Sieve().sift(bytearray(text.encode("latin-1"))), filled("", "\0\0\0\x08moof")
    ),
    "a picture's address": (
        lambda text: identities.is_picture_of("google", text, ""),
        filled("https://lh3.googleusercontent.com/", "a"),
    ),
    "a name of another platform": (identities.printable, filled("", "\u202e a")),
    "how long keys may be kept": (jwks.kept_s, filled("max-age=", "9")),
    "how often keys may be kept": (jwks.kept_s, filled("", "max-age=")),
    "a payment's signature": (lambda text: signatures.require(text, b""), filled("t=", "1,t=")),
    "a passkey's words": (second_factors.challenge_in, filled("", "e3t7")),
    "a recovery code": (second_factors.as_made, filled("", "a-")),
    "a printed code": (stock_rules.normal_code, filled("", "- ")),
    "an e-mail address": (lambda one: addresses.contact_from(one, None), filled("a", ".a", "@example.com")),
    "an e-mail address of hosts": (lambda one: addresses.contact_from(one, None), filled("a@", "a.", "com")),
    "an e-mail address in quotes": (lambda one: addresses.contact_from(one, None), filled('"', "\\ ", '"@example.com')),
    "a phone number": (lambda one: addresses.contact_from(None, one), filled("+48", "1")),
    "a phone number's extension": (lambda one: addresses.contact_from(None, one), filled("+48 512 345 678 ext. ", " ")),
}  # fmt: skip


def said(text: str) -> Any:
    from chalicelib.commands.shapes import Said

    event = {"requestContext": {"connectionId": "c", "requestId": "r"}, "body": text}
    return channel.received(event, lambda *_: None, Said)


def work_us(take: Take, text: str) -> float:
    """The processor's microseconds for each kilobyte, which nobody else's work makes more."""
    times = max(1, 64 * KB // len(text))
    began = time.process_time_ns()
    for _ in range(times):
        with contextlib.suppress(Refusal):
            take(text)
    return (time.process_time_ns() - began) / times / len(text) * KB / 1000


@pytest.mark.parametrize("what", TAKEN)
def test_work_at_1_4_16_64_and_256_kilobytes_is_linear(one_cloud: LocalCloud, what: str) -> None:
    """What grows as the bytes do is the same work for each of them; what grows with their square is four times that at
    the size before. Of several rounds the least counts; where the square is at work the longest are not waited for."""
    take, text_of = TAKEN[what]
    least = dict.fromkeys(SIZES_KB, float("inf"))

    def is_linear(size: int) -> bool:
        return size == SIZES_KB[0] or least[size] <= 2.5 * least[size // 4] + NOTHING_US

    for _ in range(4):
        for size in SIZES_KB:
            if size == SIZES_KB[0] or is_linear(size // 4):
                least[size] = min(least[size], work_us(take, text_of(size * KB)))
        if all(map(is_linear, SIZES_KB)):
            return
    pytest.fail(f"the processor's microseconds for a kilobyte, in texts of so many: {least}")


# Of every pattern that may match any length, why the work is the text's length and no more.
OPEN_ENDED = {
    r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]': "once begun it always matches, and no character fits two of its parts",
    "^[!-~]+": "anchored, one class",
    "[ -~\xa0-ɏΆΈ-ΊΌΎ-ΡΣ-ώЀ-џҐґḀ-ỹ‐-―‘-„•…€№]*": "one class, of a text of 200 characters at most",
    "^[^@]+": "anchored, one class",
    "^[A-Z0-9_-]+": "anchored, one class",
    "^[0-9A-Fa-f:.]+": "anchored, one class",
    r"[0-9]{10}\.[\w=-]{60,}": "of a line of our own log",
    r"{(\w+)}": "of a route's path, which is ours",
    r"Expected `(\w+)(?: \| null)?`": "of what msgspec says, anchored, one class",
    r"arn:aws[\w-]*:sns:\S+": "of what AWS says",
    "(?:[^:]*[#])?([^:#]+)": "of a code that AWS says",
    "arn:aws[a-z-]*:iam::([0-9]{12}):user/(?:[^/]+/)*([^/]+)": "of what AWS says; its parts end with a slash",
    "arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([^/]+)/([^/]+)": "of what AWS says",
    "(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+": "of a setting",
}


# S3 gives no name of more than 1,024 bytes, and all of these have to match from end to end.
OF_NAMES = ("alarms/rules.py", "live/rules/pieces.py", "recordings/rules/names.py", "playback/rules/paths.py")


def patterns() -> Iterator[str]:
    """Every regular expression that is written in the product."""
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        text = path.read_text()
        if not str(path).endswith(OF_NAMES) and ("import re\n" in text or "pattern=" in text):
            yield from _patterns_in(ast.parse(text))


def _patterns_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        given = [one.value for one in node.keywords if one.arg == "pattern"]
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            given += node.args[:1] if node.func.value.id == "re" else []
        # What is added to one is the mark of its end.
        written = [one.left if isinstance(one, ast.BinOp) else one for one in given]
        yield from (one.value for one in written if isinstance(one, ast.Constant) and isinstance(one.value, str))


def is_open_ended(pattern: str) -> bool:
    return re.search(r"(?<!\\)[*+]|,}", re.sub(r"\[(?:\\.|[^\]\\])+\]", "C", pattern)) is not None


def test_a_pattern_of_open_length_is_known_with_the_reason_why_it_is_linear() -> None:
    written = set(patterns())
    assert r"\bmax-age=(\d{1,9})\b" in written
    assert {pattern for pattern in written if is_open_ended(pattern)} == set(OPEN_ENDED)
