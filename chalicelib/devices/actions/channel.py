"""The camera's line to us: whose a connection is, and what that says of whether the camera is there (B6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from chalicelib import clock, ids
from chalicelib.aws import channel
from chalicelib.aws.commit import Write, change, commit, create
from chalicelib.aws.table import read
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions import stock as stocks
from chalicelib.devices.actions.cameras import Camera
from chalicelib.devices.records import Connection, Device, Stock
from chalicelib.errors import NotSignedIn, Unavailable
from chalicelib.settings import settings

_TRIES = 4
# Half a minute before API Gateway takes it for idle.
_PING_BEFORE_S = 30
# It must be known whose a connection was when we are told that it ended.
_NEWS_OF_END = timedelta(minutes=10)


def how_to_connect(sn: str) -> shapes.HowToConnect:
    """Each camera is told a moment of its own at which to come back, spread evenly over a quarter of an hour."""
    evenly = int.from_bytes(ids.from_text(stocks.id_of(sn)))
    return shapes.HowToConnect(
        channel_url=settings.channel_url,
        ping_seconds=int(rules.CONNECTION_IDLE.total_seconds()) - _PING_BEFORE_S,
        reconnect_after_seconds=evenly % int(rules.COME_BACK_WITHIN.total_seconds()),
        now=clock.now(),
    )


def opened(camera: Camera, connection_id: str) -> None:
    """The camera is there: its newest connection counts. Raises NotSignedIn if its token was replaced meanwhile."""
    now = clock.now_s()
    until = now + int((rules.CONNECTION_LIFE + _NEWS_OF_END).total_seconds())
    stock = camera.stock
    same_token = Stock.camera_token_hash == stock.camera_token_hash
    commit(
        change(stock, connection_id=connection_id, connected_at=now, when=same_token, otherwise=NotSignedIn),
        create(Connection.new(connection_id, stock_id=stock.partition_id, expires_at=until)),
    )


def closed(connection_id: str) -> None:
    """The camera is away, unless it has another connection by now; its owner may see when it was there last."""
    for _ in range(_TRIES):
        stock = camera_at(connection_id)
        if stock is None:
            return
        try:
            commit(*_ended(stock))
            return
        except _Moved:
            continue
    raise Unavailable(retry_after_seconds=1)


class _Moved(Exception):
    """The camera was bound, removed or connected anew since it was read: read again."""


def _ended(stock: Stock) -> Iterator[Write]:
    device_id, same_connection = stock.device_id, Stock.connection_id == stock.connection_id
    same_owner = Stock.device_id.does_not_exist() if device_id is None else Stock.device_id == device_id
    yield change(stock, connection_id=None, connected_at=None, when=same_connection & same_owner, otherwise=_Moved)
    if device_id is not None:
        yield change(Device.new(device_id), last_seen=clock.now_s(), otherwise=_Moved)


def camera_at(connection_id: str) -> Stock | None:
    """Whose present connection this is; None for one that was superseded, whose token was replaced, or that is over."""
    (known,) = read(Connection.key(connection_id))
    if known is None:
        return None
    (stock,) = read(Stock.key(known.stock_id))
    return stock if stock is not None and stock.connection_id == connection_id else None


def hang_up(connection_id: str) -> None:
    """End a connection that nothing is listened to on."""
    channel.close(connection_id)
