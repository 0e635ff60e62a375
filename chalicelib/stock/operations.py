"""Operators' functions for cameras."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.entry import wire
from chalicelib.entry.queues import Operations
from chalicelib.errors import Invalid
from chalicelib.stock import shapes
from chalicelib.stock.actions import loading, stock
from chalicelib.words import Phrase

operations = Operations(__name__)


@operations.operation(shapes.Load)
def load_devices(body: shapes.Load) -> shapes.Loaded:
    """Put cameras into stock; loading a row again changes nothing, and a bad row stops no other."""
    rows = _rows_of(body)
    return loading.load_file(str(body.s3), _made) if rows is None else loading.load_rows(rows, _made)


@operations.operation(shapes.Unload)
def unload_devices(body: shapes.Unload) -> shapes.Unloaded:
    """Take cameras out of stock, so that they can be loaded otherwise; never one that somebody owns."""
    rows = _rows_of(body)
    return loading.unload_file(str(body.s3), _in_stock) if rows is None else loading.unload_rows(rows, _in_stock)


@operations.operation(shapes.ShowDevices)
def show_devices(body: shapes.ShowDevices) -> shapes.ShownDevices:
    """What stock has of cameras: whether they are there, owned by somebody, and connected."""
    return shapes.ShownDevices(items=stock.show(body.sns))


def _rows_of(body: shapes.Load) -> Iterable[tuple[int, object]] | None:
    """None where a file has them. Raises Invalid."""
    if (body.devices is None) == (body.s3 is None):
        raise Invalid(fields={"devices": Phrase("devices_or_s3")})
    return None if body.devices is None else enumerate(body.devices, start=1)


def _made(row: object) -> shapes.Made:
    return wire.parse(row, shapes.Made)


def _in_stock(row: object) -> shapes.InStock:
    return wire.parse(row, shapes.InStock)
