"""WebSocket connections of cameras: whose each is, and what it says about the camera's presence (B6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial

from chalicelib import clock, ids
from chalicelib.aws import websocket
from chalicelib.aws.failures import is_passing
from chalicelib.entry.callers import Camera
from chalicelib.errors import NotSignedIn
from chalicelib.settings import settings
from chalicelib.stock import rules, shapes
from chalicelib.stock.actions import presence
from chalicelib.stock.actions import stock as stocks
from chalicelib.stock.records import Connection, ConnectionCheck, Stock
from chalicelib.store.commit import change, commit, is_set, put
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import StaleRead, retrying_from

# Half a minute before API Gateway takes it for idle.
_PING_BEFORE_S = 30
# It must be known whose a connection was when we are notified that it ended.
_NEWS_OF_END = timedelta(minutes=10)
# Longer than the function has that takes a connection in.
_TAKEN_IN_WITHIN_S = 60


def how_to_connect(sn: str) -> shapes.HowToConnect:
    """Each camera is given a moment of its own at which to come back, spread evenly over a quarter of an hour."""
    evenly = int.from_bytes(ids.from_text(stocks.id_of(sn)))
    return shapes.HowToConnect(
        channel_url=settings.channel_url,
        ping_seconds=int(rules.CONNECTION_IDLE.total_seconds()) - _PING_BEFORE_S,
        reconnect_after_seconds=evenly % int(rules.COME_BACK_WITHIN.total_seconds()),
        now=clock.now(),
    )


def connected(camera: Camera, connection_id: str) -> Stock:
    """The camera is there: its newest connection counts; and whose it was at that moment. Raises NotSignedIn if its
    token was replaced meanwhile."""
    now = clock.now_s()
    until = now + int((rules.CONNECTION_LIFE + _NEWS_OF_END).total_seconds())
    presence.check_when_opened(camera.stock, connection_id, now)
    # Before it counts: of one that counts it must be known whose it is. One that never does is nobody's.
    commit(put(Connection.new(connection_id, stock_id=camera.stock.pk_id, expires_at=until)))
    return retrying_from(camera.stock, partial(_counted, connection_id, now), _read_again)


def _counted(connection_id: str, now_s: int, stock: Stock) -> Stock:
    # By its owner, too: a command that is given to the next one is looked for in another mailbox.
    as_read = (Stock.camera_token_hash == stock.camera_token_hash) & is_set(Stock.device_id, stock.device_id)
    news = {"connection_id": connection_id, "connected_at": now_s, "away_since": None}
    commit(change(stock, when=as_read, otherwise=StaleRead, **news))
    return stock


def _read_again(before: Stock) -> Stock:
    (stock,) = read(Stock.key(before.pk_id))
    if stock is None or stock.camera_token_hash != before.camera_token_hash:
        raise NotSignedIn
    return stock


def may_be_unanswered(stock: Stock) -> bool:
    """Whether its connection began so lately that the camera may not have its answer yet."""
    return stock.connected_at is not None and clock.now_s() < stock.connected_at + _TAKEN_IN_WITHIN_S


def closed(connection_id: str) -> None:
    """The camera is away, unless it has another connection by now; its owner may see when it was there last, and is
    notified if it does not come back."""
    stock = camera_at(connection_id)
    if stock is not None:
        _away(stock, connection_id)


def _away(stock: Stock, connection_id: str) -> None:
    now = clock.now_s()
    # Before it is noted, or who dies in between would let it be missed by nobody.
    for due in presence.checks_when_closed(stock, now):
        commit(due)
    same_connection = Stock.connection_id == connection_id
    with suppress(StaleRead):  # it has connected anew, or was activated
        commit(change(stock, when=same_connection, otherwise=StaleRead, **presence.ended_at(now)))


def camera_at(connection_id: str) -> Stock | None:
    """The camera whose present connection this is; None for one that was superseded, whose token was replaced, or that
    is over."""
    (known,) = read(Connection.key(connection_id))
    if known is None:
        return None
    (stock,) = read(Stock.key(known.stock_id))
    return stock if stock is not None and stock.connection_id == connection_id else None


def hang_up(connection_id: str) -> None:
    """End a connection that nothing is listened to on."""
    websocket.close(connection_id)


def hang_up_if_possible(connection_id: str) -> None:
    """The same where nothing depends on it: if API Gateway does not answer, a connection that counts no more ends with
    what is said on it next."""
    try:
        hang_up(connection_id)
    except Exception as problem:
        if not is_passing(problem):
            raise


# The clock


def end_missing() -> int:
    """Ask API Gateway, once, after each connection that began since the last run, and end those that still count and
    are not there, how many: who took one in may have died before the camera was answered, and then nobody tells that
    it ended."""
    missing = 0
    for page in presence.checks_of_connections(begun_until=clock.now_s() - _TAKEN_IN_WITHIN_S):
        for stock, connection_id in _at_missing(page):
            _away(stock, connection_id)
            missing += 1
    return missing


def _at_missing(checks: list[ConnectionCheck]) -> Iterator[tuple[Stock, str]]:
    """Cameras whose present connection is one of these, and is not there."""
    begun = {one.connection_id: Stock.key(one.stock_id) for one in checks if one.connection_id is not None}
    gone = {connection_id: where for connection_id, where in begun.items() if not websocket.is_there(connection_id)}
    found = read_all(gone.values())
    for connection_id, where in gone.items():
        stock = found[where]
        if stock is not None and stock.connection_id == connection_id:
            yield stock, connection_id
