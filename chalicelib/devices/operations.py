"""What operators order about cameras."""

from __future__ import annotations

from typing import Any

from chalicelib.devices import shapes
from chalicelib.devices.actions import loading
from chalicelib.entry import wire
from chalicelib.entry.queues import Operations
from chalicelib.errors import Invalid, Words

operations = Operations(__name__)


@operations.operation(shapes.Load)
def load_devices(asked: shapes.Load) -> shapes.Loaded:
    """Put cameras into stock; loading a row again changes nothing, and a bad row stops no other."""
    if asked.s3 is not None and asked.devices is None:
        return loading.load_file(asked.s3, _parse)
    if asked.devices is None or asked.s3 is not None:
        raise Invalid(fields={"devices": Words("is needed, or s3, and not both", "albo s3: jedno z dwojga")})
    tally = loading.load_rows(enumerate(asked.devices, start=1), _parse)
    return shapes.Loaded(loaded=tally.loaded, unchanged=tally.unchanged, bad_rows=tally.bad)


def _parse(row: Any) -> shapes.Made:
    return wire.parse(row, shapes.Made)
