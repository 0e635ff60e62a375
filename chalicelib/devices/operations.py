"""What operators order about cameras."""

from __future__ import annotations

from chalicelib.devices import shapes
from chalicelib.devices.actions import stock
from chalicelib.entry import wire
from chalicelib.entry.queues import Operations
from chalicelib.errors import Conflict, Invalid

operations = Operations(__name__)


@operations.operation(shapes.Load)
def load_devices(asked: shapes.Load) -> shapes.Loaded:
    """Put cameras into stock; loading a row again changes nothing, and a bad row stops no other."""
    loaded, bad_rows = 0, []
    for number, row in enumerate(asked.devices, start=1):
        try:
            loaded += stock.load_device(wire.parse(row, shapes.Made))
        except Invalid as wrong:
            fields = {name: words.en for name, words in wrong.details["fields"].items()}
            bad_rows.append(shapes.BadRow(row=number, fields=fields))
        except Conflict:
            bad_rows.append(shapes.BadRow(row=number, fields={"sn": "is in stock with another code or secret"}))
    return shapes.Loaded(loaded=loaded, unchanged=len(asked.devices) - loaded - len(bad_rows), bad_rows=bad_rows)
