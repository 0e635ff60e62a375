"""HTTPS client for other hosts: one address, with a time limit and a size limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from chalicelib import clock

if TYPE_CHECKING:
    import urllib3

# A local cloud is on this machine; nobody else is asked unprotected.
_TRUSTED = ("https://", "http://127.0.0.1:")
CONNECT_S, READ_S = 1.0, 1.5
_CHUNK_BYTES = 64 * 1024


class FetchFailed(Exception):
    """The resource is not there, or not as it was requested."""


class Silent(FetchFailed):
    """The host does not answer, or not in time, or has a fault: a later try may get it."""


@dataclass(frozen=True)
class Answer:
    body: bytes
    cache_control: str


@dataclass(frozen=True)
class Reply:
    """Whatever a host answered; the headers' names are small."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_trusted(url: str) -> bool:
    return url.startswith(_TRUSTED)


def get(url: str, *, most_bytes: int, patience_s: float) -> Answer:
    """The resource at this very address: no redirect is followed, and nothing is unpacked.

    It takes as long as connecting, the first byte, the patience and one more read together. Raises FetchFailed, Silent.
    """
    late = clock.ticks_s() + patience_s
    with _answered("GET", url, READ_S) as answer:
        _require_there(answer.status)
        return Answer(_read(answer, most_bytes, late), answer.headers.get("cache-control", ""))


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, most_bytes: int, read_s: float,
    patience_s: float,
) -> Reply:  # fmt: skip
    """The reply to one request, of whatever status; the same bounds as of `get`, and `read_s` until its first byte.
    Raises FetchFailed, Silent."""
    late = clock.ticks_s() + patience_s
    with _answered(method, url, read_s, headers, body) as answer:
        said = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status, said, _read(answer, most_bytes, late))


@contextmanager
def _answered(
    method: str, url: str, read_s: float, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Iterator[urllib3.BaseHTTPResponse]:
    # Here and not above, as it drags in what nearly no request needs.
    import urllib3

    if not is_trusted(url):
        raise FetchFailed("not protected")
    try:
        answer = _pool().request(
            method, url, body=body, headers=headers, redirect=False, preload_content=False, decode_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=read_s),
        )  # fmt: skip
        try:
            yield answer
        finally:
            answer.close()
    # Whoever names no address, or a host that nobody can look up, is answered by Python itself.
    except (urllib3.exceptions.LocationParseError, UnicodeError) as cause:
        raise FetchFailed("no address") from cause
    except urllib3.exceptions.HTTPError as cause:
        raise Silent(type(cause).__name__) from cause


def _require_there(status: int) -> None:
    if status // 100 == 5:
        raise Silent(status)
    if status != 200:
        raise FetchFailed(status)


def _read(answer: urllib3.BaseHTTPResponse, most_bytes: int, late: float) -> bytes:
    body = bytearray()
    while chunk := answer.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > most_bytes:
            raise FetchFailed("too much")
        if clock.ticks_s() > late:
            raise Silent("too late")
    return bytes(body)


@cache
def _pool() -> urllib3.PoolManager:
    import urllib3

    return urllib3.PoolManager(retries=False)
