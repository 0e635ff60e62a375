"""WebSocket connections of cameras: whose each is, and what it says about the camera's presence (B6)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from chalicelib import clock, ids
from chalicelib.aws import websocket
from chalicelib.entry.callers import Camera
from chalicelib.errors import NotSignedIn
from chalicelib.settings import settings
from chalicelib.stock import rules, shapes
from chalicelib.stock.actions import presence
from chalicelib.stock.actions import stock as stocks
from chalicelib.stock.records import Connection, Stock
from chalicelib.store.commit import change, commit, create
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

# Half a minute before API Gateway takes it for idle.
_PING_BEFORE_S = 30
# It must be known whose a connection was when we are notified that it ended.
_NEWS_OF_END = timedelta(minutes=10)


def how_to_connect(sn: str) -> shapes.HowToConnect:
    """Each camera is given a moment of its own at which to come back, spread evenly over a quarter of an hour."""
    evenly = int.from_bytes(ids.from_text(stocks.id_of(sn)))
    return shapes.HowToConnect(
        channel_url=settings.channel_url,
        ping_seconds=int(rules.CONNECTION_IDLE.total_seconds()) - _PING_BEFORE_S,
        reconnect_after_seconds=evenly % int(rules.COME_BACK_WITHIN.total_seconds()),
        now=clock.now(),
    )


def connected(camera: Camera, connection_id: str) -> None:
    """The camera is there: its newest connection counts. Raises NotSignedIn if its token was replaced meanwhile."""
    now = clock.now_s()
    until = now + int((rules.CONNECTION_LIFE + _NEWS_OF_END).total_seconds())
    stock = camera.stock
    presence.check_when_opened(stock, now)
    same_token = Stock.camera_token_hash == stock.camera_token_hash
    news = {"connection_id": connection_id, "connected_at": now, "away_since": None}
    commit(
        change(stock, when=same_token, otherwise=NotSignedIn, **news),
        create(Connection.new(connection_id, stock_id=stock.pk_id, expires_at=until)),
    )


def closed(connection_id: str) -> None:
    """The camera is away, unless it has another connection by now; its owner may see when it was there last, and is
    notified if it does not come back."""
    stock = camera_at(connection_id)
    if stock is None:
        return
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
