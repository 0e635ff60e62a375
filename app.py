"""Sowa as Lambda sees it: one Chalice app, which registers every house that chalicelib/houses.py lists."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chalice.app import WebsocketEvent

from chalicelib import houses
from chalicelib.commands import listeners as commands
from chalicelib.commands import shapes as commands_shapes
from chalicelib.entry import channel
from chalicelib.entry.http import Api
from chalicelib.gateway import AUTHENTICATION
from chalicelib.stock import listeners as stock

app = Api("sowa", AUTHENTICATION)
app.experimental_feature_flags.add("WEBSOCKETS")

for module in (*houses.modules("routes"), houses.ENTRY_ROUTES):
    app.register_blueprint(import_module(module).routes)
for module in (houses.ENTRY_LISTENERS, houses.SHARED_QUEUES, *houses.modules("listeners")):
    app.register_blueprint(import_module(module).listeners)
for module in houses.modules("scheduled"):
    app.register_blueprint(import_module(module).schedules)
for module in houses.modules("function_urls"):
    app.register_blueprint(import_module(module).function_urls)
for module in houses.modules("operations"):
    app.register_blueprint(import_module(module).operations)


# The camera channel: Chalice gives Lambda a blueprint's bare functions, so these stand here


@app.on_ws_connect()
def camera_connected(event: WebsocketEvent) -> dict[str, Any]:
    return channel.connected(event.to_dict(), AUTHENTICATION, commands.on_camera_connected)


@app.on_ws_message()
def camera_said(event: WebsocketEvent) -> dict[str, Any]:
    return channel.received(event.to_dict(), commands.on_camera_said, commands_shapes.Said)


@app.on_ws_disconnect()
def camera_disconnected(event: WebsocketEvent) -> dict[str, Any]:
    return channel.disconnected(event.to_dict(), stock.on_camera_disconnected)
