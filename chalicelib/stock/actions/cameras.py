"""Activation of cameras: each proves itself with its factory secret, and reports what it is (B6)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.entry.callers import Camera
from chalicelib.errors import NotSignedIn
from chalicelib.instants import ms_of
from chalicelib.stock import rules, shapes
from chalicelib.stock.actions import channel, presence
from chalicelib.stock.actions import stock as stocks
from chalicelib.stock.records import Report, Stock
from chalicelib.store import ciphers, crypto
from chalicelib.store.commit import Write, change, commit, is_set, put
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


class CameraUnknown(NotSignedIn):
    realm = "cameras"


def activate(report: shapes.Activate, country: str) -> str:
    """The camera's token; an earlier one dies (B6), and what is connected with it is hung up on. Raises
    CameraUnknown."""
    # It may be bound, removed or activated at the same moment.
    token, connection_id = retrying(partial(_activate, report, country))
    if connection_id is not None:
        channel.hang_up_if_possible(connection_id)
    return token


def _activate(report: shapes.Activate, country: str) -> tuple[str, str | None]:
    """The token, and the connection that was made with the one before."""
    stock_id = stocks.id_of(report.sn)
    (stock,) = read(Stock.key(stock_id))
    if stock is None or not crypto.same(stock.secret_hash, stocks.secret_hash(stock_id, report.secret)):
        raise CameraUnknown
    device = access.read_decrypted(stock.device_id)
    secret = ids.as_text(ids.random_bytes(32))
    now = clock.now_s()
    # A connection made with the token before is nobody's any more.
    connection_id = stock.connection_id
    news: dict[str, Any] = {"camera_token_hash": crypto.plain_hash(secret)}
    news |= {} if report.sleeps is None else {"sleeps": int(report.sleeps)}
    news |= presence.ended_at(now) if connection_id is not None else {}
    # Whoever's it was has closed his account.
    news |= presence.NOBODYS if stock.device_id is not None and device is None else {}
    taken = change(stock, when=_held_as_read(stock), otherwise=StaleRead, **news)
    missed = presence.checks_when_closed(stock, now) if connection_id is not None else []
    commit(taken, *missed, *_report(stock, device, report, country))
    return f"c.{stock_id}.{secret}", connection_id


def _held_as_read(stock: Stock) -> Condition:
    """By the same owner, and on the same connection, so that the end of one that came meanwhile is noted."""
    as_read: Condition = is_set(Stock.device_id, stock.device_id)
    as_read &= is_set(Stock.connection_id, stock.connection_id)
    return as_read


def _report(stock: Stock, device: Device | None, report: shapes.Activate, country: str) -> Iterable[Write]:
    fields: dict[str, Any] = {
        "mac": report.mac,
        "firmware": report.firmware,
        "channels": [{"id": channel.id, "name": channel.name} for channel in report.channels],
        "lan": None if report.lan is None else {"ip": report.lan.ip, "port": report.lan.port},
        "country": country or None,
    }
    if device is not None:
        times = shapes.state_times_of(device).with_parts(
            ["firmware"] if report.lan is None else ["firmware", "lan"], ms_of(clock.now())
        )
        fields["lan"] = fields["lan"] or device.lan
        as_read = is_set(Device.state_times, device.state_times)
        yield change(
            device, when=as_read, otherwise=StaleRead, last_seen=clock.now_s(), state_times=times.text,
            channel_ids=access.channel_ids(fields["channels"]), **fields,
        )  # fmt: skip
        return
    until = clock.now() + rules.REPORT_LIFE
    cipher, row = ciphers.new_cipher(stock.pk_id, until=until)
    yield put(row)
    ends = clock.epoch_s(until)
    yield put(Report.new(stock.pk_id, cipher=cipher, reported_at=clock.now_s(), expires_at=ends, **fields))


def release(device_id: str, stock_id: str) -> None:
    """Let the camera be nobody's, if it still names an ownership that has ended; whoever ends one otherwise than by
    closing the account has done so in the same commit."""
    still = Stock.device_id == device_id
    with suppress(NothingToDo):
        commit(change(Stock.new(stock_id), when=still, otherwise=NothingToDo, **presence.NOBODYS))


def recognise_camera(token: str | None) -> Camera:
    """Raises NotSignedIn."""
    parts = (token or "").split(".")
    if len(parts) != 3 or parts[0] != "c" or not parts[1].isalnum() or len(parts[1]) > 64:
        raise NotSignedIn
    (stock,) = read(Stock.key(parts[1]))
    expected = None if stock is None else stock.camera_token_hash
    if stock is None or expected is None or not crypto.same(expected, crypto.plain_hash(parts[2])):
        raise NotSignedIn
    return Camera(stock)
