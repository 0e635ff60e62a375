"""Whatever comes over a connection, however cut, is a whole answer or a lost one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws.http1 import ConnectionLost, Response, _Connection

BODY = b'{"Item":{"pk":{"S":"a"}}}'
SIZED = b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: R1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\n%s\r\n%x;a=b\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (BODY[:5], len(BODY) - 5, BODY[5:])
)
FORMS = st.sampled_from([SIZED, CHUNKED])
many = settings(max_examples=200)


class Came:
    """A socket on which this came, and no more."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def sendall(self, request: bytes) -> None:
        pass

    def recv(self, count: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def answer(*pieces: bytes) -> tuple[Response, bool]:
    came: Any = Came(*pieces)
    return _Connection(came).exchange(b"")


@many
@given(FORMS, st.lists(st.integers(0, 200), max_size=8))
def test_how_an_answer_is_cut_into_pieces_makes_no_difference(raw: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(raw), *(min(cut, len(raw)) for cut in cuts)})
    response, is_kept = answer(*(raw[start:end] for start, end in pairwise(places)))
    assert (response.status, response.body, is_kept) == (200, BODY, True)


@pytest.mark.parametrize("raw", [SIZED, CHUNKED], ids=["sized", "chunked"])
def test_an_answer_that_ends_anywhere_before_its_end_is_lost(raw: bytes) -> None:
    assert answer(raw)[0].body == BODY
    for end in range(len(raw)):
        with pytest.raises(ConnectionLost):
            answer(raw[:end])


@many
@given(FORMS, st.integers(0, 150), st.integers(0, 3), st.binary(max_size=4))
def test_an_answer_that_is_garbled_anywhere_raises_nothing_else(raw: bytes, at: int, gone: int, more: bytes) -> None:
    try:
        response, _ = answer(raw[:at] + more + raw[at + gone :])
    except ConnectionLost:
        return
    assert 200 <= response.status <= 999


@many
@given(st.lists(st.sampled_from([b"HTTP/1.1 200 OK", b"\r\n", b"\r", b"\n", b":", b" ", b"0", b"5", b"abc", b";",
                                 b"Transfer-Encoding: chunked", b"Content-Length: 3", b"\x00", b"\xff"]), max_size=30))
def test_pieces_of_answers_in_any_order_raise_nothing_else(pieces: list[bytes]) -> None:
    try:
        answer(b"HTTP/1.1 200 OK\r\n", *pieces)
    except ConnectionLost:
        return
