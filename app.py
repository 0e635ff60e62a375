"""Sowa as Lambda sees it: one Chalice app, and one line for each house's doors."""

from __future__ import annotations

from typing import Any

from chalice.app import WebsocketEvent

from chalicelib.accounts import listeners as accounts_told
from chalicelib.accounts import routes as accounts
from chalicelib.alarms import listeners as alarms_told
from chalicelib.alarms import routes as alarms
from chalicelib.alarms import scheduled as alarms_on_time
from chalicelib.avatars import listeners as avatars_told
from chalicelib.avatars import routes as avatars
from chalicelib.avatars import scheduled as avatars_on_time
from chalicelib.commands import listeners as commands_told
from chalicelib.commands import routes as commands
from chalicelib.commands import shapes as commands_said
from chalicelib.devices import listeners as devices_told
from chalicelib.devices import operations as devices_ordered
from chalicelib.devices import routes as devices
from chalicelib.devices import scheduled as devices_on_time
from chalicelib.entry import channel, contract, forwarding
from chalicelib.entry.http import Api
from chalicelib.identities import listeners as identities_told
from chalicelib.identities import routes as identities
from chalicelib.live import routes as live
from chalicelib.live import scheduled as live_on_time
from chalicelib.orders import listeners as orders_told
from chalicelib.orders import routes as orders
from chalicelib.plans import routes as plans
from chalicelib.privacy import listeners as privacy_told
from chalicelib.privacy import operations as privacy_ordered
from chalicelib.privacy import routes as privacy
from chalicelib.privacy import scheduled as privacy_on_time
from chalicelib.push import listeners as push_told
from chalicelib.push import routes as push
from chalicelib.second_factors import routes as second_factors
from chalicelib.sessions import operations as sessions_ordered
from chalicelib.sessions import routes as sessions
from chalicelib.sharing import listeners as sharing_told
from chalicelib.sharing import routes as sharing

app = Api(app_name="sowa", configure_logs=False)
app.experimental_feature_flags.add("WEBSOCKETS")

# Asked
app.register_blueprint(accounts.routes)
app.register_blueprint(avatars.routes)
app.register_blueprint(second_factors.routes)
app.register_blueprint(sessions.routes)
app.register_blueprint(identities.routes)
app.register_blueprint(devices.routes)
app.register_blueprint(commands.routes)
app.register_blueprint(alarms.routes)
app.register_blueprint(live.routes)
app.register_blueprint(push.routes)
app.register_blueprint(sharing.routes)
app.register_blueprint(plans.routes)
app.register_blueprint(orders.routes)
app.register_blueprint(privacy.routes)
app.register_blueprint(contract.routes)

# Told
app.register_blueprint(forwarding.listeners)
app.register_blueprint(accounts_told.listeners)
app.register_blueprint(alarms_told.listeners)
app.register_blueprint(avatars_told.listeners)
app.register_blueprint(commands_told.listeners)
app.register_blueprint(devices_told.listeners)
app.register_blueprint(identities_told.listeners)
app.register_blueprint(orders_told.listeners)
app.register_blueprint(push_told.listeners)
app.register_blueprint(sharing_told.listeners)
app.register_blueprint(privacy_told.listeners)

# On time
app.register_blueprint(alarms_on_time.schedules)
app.register_blueprint(avatars_on_time.schedules)
app.register_blueprint(devices_on_time.schedules)
app.register_blueprint(live_on_time.schedules)
app.register_blueprint(privacy_on_time.schedules)

# Ordered
app.register_blueprint(devices_ordered.operations)
app.register_blueprint(privacy_ordered.operations)
app.register_blueprint(sessions_ordered.operations)


# Told on the camera channel: Chalice gives Lambda a blueprint's bare functions, so these stand here


@app.on_ws_connect()
def camera_connected(event: WebsocketEvent) -> dict[str, Any]:
    return channel.connected(event.to_dict(), devices_told.on_camera_connected)


@app.on_ws_message()
def camera_said(event: WebsocketEvent) -> dict[str, Any]:
    return channel.said(event.to_dict(), commands_told.on_camera_said, commands_said.Said)


@app.on_ws_disconnect()
def camera_disconnected(event: WebsocketEvent) -> dict[str, Any]:
    return channel.disconnected(event.to_dict(), devices_told.on_camera_disconnected)
