"""Every route as its own declaration says it is used: what the matrix, the cost table and the sweep are driven by."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib import houses
from chalicelib.entry.callers import Who
from chalicelib.entry.contract import DOCUMENT
from chalicelib.entry.http import Route
from infra.local.gateway import Response
from tests.campaigns.entrants import CAMPAIGN, draw, entered, opened
from tests.conftest import Home
from tests.factors import App, Key
from tests.gift_cards.cards import new_code
from tests.identities.platforms import google_token
from tests.neighbour import COUNTRY, neighbour
from tests.newsletter.subscribers import ONE_CLICK, order, send, subscribed, token_in
from tests.policy.publishing import publish
from tests.scene import (
    CODE,
    DEVICE_PASSWORD,
    NEW_PASSWORD,
    PASSWORD,
    POLICY,
    SECRET,
    Person,
    ask_for_reset,
    elsewhere,
    new_camera,
    new_person,
    pay,
    wire_time,
)

ROOT = Path(__file__).parents[1]
# Of those that are no routes.
_ROOMS = ("listeners", "scheduled", "operations")

# What the `$names` of examples and the names in paths stand for. Each is made when it is asked for, before the door's
# own call is looked at.
_FILL: dict[str, Callable[[Home], Any]] = {
    "email": lambda home: home.owner.email,
    "password": lambda home: PASSWORD,
    "new_email": lambda home: "newcomer@example.com",
    "new_password": lambda home: NEW_PASSWORD,
    "reset_id": lambda home: ask_for_reset(home.world, home.owner.email),
    "reset_code": lambda home: home.owner.newest_code(),
    "change_id": lambda home: _address_change(home),
    "change_code": lambda home: Person(home.world, "newcomer@example.com").newest_code(),
    "policy_version": lambda home: POLICY,
    "purpose": lambda home: "experience",
    "text_version": lambda home: home.owner.call("GET", "/consents").json["items"][0]["text_version"],
    "registration_id": lambda home: _registration(home).register(),
    "waiting_registration_id": lambda home: _waiting_registration(home),
    "registration_code": lambda home: _registration(home).newest_code(),
    "refresh_token": lambda home: home.owner.refresh_token,
    "session_id": lambda home: elsewhere(home.owner).session_id,
    "step_up_code": lambda home: _step_up_code(home),
    "sn": lambda home: home.camera.sn,
    "secret": lambda home: SECRET,
    "free_sn": lambda home: new_camera(home.world, "SN0099").sn,
    "free_code": lambda home: CODE,
    "device_id": lambda home: home.camera.device_id,
    "other_device_id": lambda home: new_camera(home.world, "SN0066", owner=home.owner).device_id,
    "totp_code": lambda home: _begun_totp(home).code(),
    "made_passkey": lambda home: _made_passkey(home),
    "passkey_id": lambda home: Key().add_to(home.owner)["passkey_id"],
    "device_password": lambda home: DEVICE_PASSWORD,
    "known_device_password": lambda home: _known_device_password(home),
    "device_reset_code": lambda home: _device_reset_code(home),
    "transfer_id": lambda home: _transfer(home),
    "alarm_id": lambda home: home.alarm_id,
    "command_id": lambda home: home.owner.command(home.camera.device_id).json["command_id"],
    "live_id": lambda home: home.owner.watch(home.camera.device_id)["live_id"],
    "capability": lambda home: _watched(home),
    "place": lambda home: home.shown_piece,
    "recording_id": lambda home: _recording(home)["recording_id"],
    "clip_id": lambda home: clip_for(home, home.owner),
    "playback": lambda home: _played_back(home),
    "media_path": lambda home: home.shown_piece,
    "push_token": lambda home: "another-platform-token",
    "gift_card_code": lambda home: new_code(home.world),
    "order_id": lambda home: home.owner.order(home.camera.device_id).json["order_id"],
    "provider": lambda home: "sandbox",
    "erasure_id": lambda home: _erasure(home),
    "export_id": lambda home: _export(home)["export_id"],
    "id_token": lambda home: google_token(home.world),
    "identity_id": lambda home: _identity(home),
    "ticket": lambda home: neighbour().ticket(),
    "arrival": lambda home: neighbour().arrival(_ticket(home)),
    "plan_ticket": lambda home: neighbour().plan_ticket(),
    "link": lambda home: _newest_export(home)["download_url"].rpartition("/")[2],
    "notice_id": lambda home: _notice(home),
    "feedback_id": lambda home: home.owner.call("POST", "/feedback", {"text": "It is green."}).json["feedback_id"],
    "version": lambda home: publish(home.world)["version"],
    "campaign_id": lambda home: _campaign(home),
    "newsletter_email": lambda home: "reader@example.com",
    "newsletter_token": lambda home: _ordered_newsletter(home),
    "unsubscribe_token": lambda home: _sent_newsletter(home),
    "invited_email": lambda home: "invited@example.com",
    "share_id": lambda home: home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"],
}
# Where the same name stands for something else.
_FILL_OF: dict[str, Callable[[Home], Any]] = {
    "POST /orders/{order_id}/refund": lambda home: _paid_order(home),
    "POST /orders/{order_id}/refund/preview": lambda home: _paid_order(home),
    "PUT /privacy/objections/{purpose}": lambda home: "AUDIT",
    "DELETE /privacy/objections/{purpose}": lambda home: "AUDIT",
    "POST /shares/{share_id}/accept": lambda home: _shared_with_owner(home),
    "POST /shares/{share_id}/decline": lambda home: _shared_with_owner(home),
    "DELETE /shares/{share_id}": lambda home: _accepted_by_owner(home),
    "GET /orders/{order_id}/invoice": lambda home: _paid_order(home),
    "GET /campaigns/{campaign_id}/tickets": lambda home: _drawn(home),
}
# What a door needs that nothing in its path or example names.
_ARRANGE: dict[str, Callable[[Home], Any]] = {
    **dict.fromkeys(
        (
            *("GET /devices/{device_id}/plan", "DELETE /devices/{device_id}/recordings"),
            *(f"POST /devices/{{device_id}}/recordings/{what}" for what in ("playlists", "clips")),
            *(f"GET /devices/{{device_id}}/recordings{more}" for more in ("", "/days", "/timeline")),
        ),
        lambda home: _recording(home),
    ),
    **dict.fromkeys(
        ("PUT /devices/{device_id}/plan/pause", "POST /devices/{device_id}/plan/move"), lambda home: _plan(home)
    ),
    "PUT /devices/{device_id}/plan/renewal": lambda home: _plan(home, renew=True),
    "DELETE /privacy/objections/{purpose}": lambda home: home.owner.call("PUT", "/privacy/objections/AUDIT", {}),
    "DELETE /privacy/restriction": lambda home: home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}),
    "POST /campaigns/{campaign_id}/entries": lambda home: home.owner.agree("marketing_events"),
    "DELETE /campaigns/{campaign_id}/entries/mine": lambda home: _entered(home),
    "GET /shares": lambda home: _accepted_by_owner(home),
    "DELETE /devices/{device_id}/transfer": lambda home: _offered(home),
    "DELETE /sessions": lambda home: elsewhere(home.owner),
}


def _notice(home: Home) -> str:
    order = {"title": "We move", "text": "On Sunday.", "to": [home.owner.account_id]}
    notice_id = str(home.world.invoke("announce", order)["notice_id"])
    home.world.settle()
    return notice_id


def _campaign(home: Home) -> str:
    return str(opened(home.world, ends_at="2026-01-12T08:00:00Z")["campaign"])


def _entered(home: Home) -> None:
    _campaign(home)
    entered(home.owner)


def _drawn(home: Home) -> str:
    """One that lasts for a minute, so that nobody has to sign in again."""
    now = home.world.now()
    opened(home.world, CAMPAIGN, ends_at=wire_time(now + timedelta(seconds=60)))
    entered(home.owner)
    home.world.clock.move_to(now.timestamp() + 61)
    draw(home.world)
    return CAMPAIGN


def _ordered_newsletter(home: Home) -> str:
    assert order(home.world).status == 202
    return token_in(home.world)


def _sent_newsletter(home: Home) -> str:
    subscribed(home.world)
    send(home.world)
    return token_in(home.world)


def _plan(home: Home, **more: Any) -> None:
    pay(home.world, home.owner.order(home.camera.device_id, key="the-key-of-a-plan", **more).json["order_id"])


def _paid_order(home: Home) -> str:
    order_id = str(home.owner.order(home.camera.device_id, key="the-key-of-a-paid-order").json["order_id"])
    assert pay(home.world, order_id).json == {"changed": True}
    home.world.settle()
    return order_id


def _shared_with_owner(home: Home) -> str:
    camera = new_camera(home.world, "SN0088", owner=home.stranger)
    return str(home.stranger.share(camera.device_id, email=home.owner.email).json["share_id"])


def _accepted_by_owner(home: Home) -> str:
    share_id = _shared_with_owner(home)
    assert home.owner.call("POST", f"/shares/{share_id}/accept").status == 200
    return share_id


# What else has to be there, where neither example nor path names it.
_FIRST: dict[str, Callable[[Home], Any]] = {
    "DELETE /me/second-factors/totp": lambda home: App.added(home.owner),
    "POST /experience/events": lambda home: home.owner.agree("experience"),
    "POST /me/second-factors/recovery-codes": lambda home: App.added(home.owner),
}


def _registration(home: Home) -> Person:
    return Person(home.world, "registering@example.com")


def _waiting_registration(home: Home) -> str:
    registration_id = _registration(home).register()
    home.world.advance(30)  # or the next code would come too soon
    return registration_id


def _step_up_code(home: Home) -> str:
    home.owner.call("POST", "/step-up", {})
    return home.owner.newest_code()


def _address_change(home: Home) -> str:
    home.owner.step_up()
    return home.owner.change_address(email="newcomer@example.com")


def _begun_totp(home: Home) -> App:
    home.owner.step_up()
    return App.begun(home.owner)


def _made_passkey(home: Home) -> dict[str, Any]:
    home.owner.step_up()
    return Key().made_for(home.owner)


def _known_device_password(home: Home) -> str:
    home.owner.set_device_password(home.camera.device_id, DEVICE_PASSWORD)
    return DEVICE_PASSWORD


def _device_reset_code(home: Home) -> str:
    home.owner.call("POST", f"/devices/{home.camera.device_id}/password/reset")
    return home.owner.newest_code()


def _transfer(home: Home) -> str:
    """Of the stranger's, to the owner."""
    camera = new_camera(home.world, "SN0088", owner=home.stranger)
    home.stranger.step_up()
    return home.stranger.offer(camera.device_id, email=home.owner.email)


def _offered(home: Home) -> str:
    home.owner.step_up()
    return home.owner.offer(home.camera.device_id, email=home.stranger.email)


def _erasure(home: Home) -> str:
    other = new_person(home.world, "leaving@example.com")
    other.step_up()
    return str(other.close().json["erasure_id"])


def _watched(home: Home) -> str:
    """A view that was shown a piece already; another comes."""
    live = home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    shown = home.world.call("GET", urlsplit(live["playlist_url"]).path).body.decode().splitlines()
    home.shown_piece = next(line.removeprefix("media/") for line in shown if line.startswith("media/"))
    home.camera.stream(ms=999)
    return str(live["playlist_url"].split("/")[-2])


def _recording(home: Home) -> Any:
    """One that a plan keeps; the same for whoever asks again."""
    path = f"/devices/{home.camera.device_id}/recordings"
    if not home.owner.call("GET", path).json["items"]:
        ordered = home.owner.order(home.camera.device_id, key="order-of-recordings").json
        assert pay(home.world, ordered["order_id"]).status == 200
        home.camera.forget_tickets()
        home.camera.record(1000, at=home.world.now() + timedelta(seconds=1))
        home.world.settle()
    return home.owner.call("GET", path).json["items"][0]


def _played_back(home: Home) -> str:
    """By its playlist's address."""
    one = _recording(home)
    span = datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"])
    url = str(home.owner.playlist(home.camera.device_id, *span)["playlist_url"])
    shown = home.world.call("GET", urlsplit(url).path).body.decode().splitlines()
    home.shown_piece = next(line.removeprefix("media/") for line in shown if line.startswith("media/"))
    return url.split("/")[-2]


def clip_for(home: Home, person: Person) -> str:
    """Of the recording, asked for by this person; its id."""
    one = _recording(home)
    body = {"channel": one["channel"], "from": one["start"], "to": one["end"]}
    answer = person.call("POST", f"/devices/{home.camera.device_id}/recordings/clips", body)
    return str(answer.json["clip_id"])


def _ticket(home: Home) -> str:
    home.owner.step_up()
    return str(home.owner.call("POST", "/me/move", {"country": COUNTRY}).json["ticket"])


def _export(home: Home) -> Any:
    home.owner.step_up()
    home.owner.call("POST", "/privacy/exports")
    home.world.settle()
    return _newest_export(home)


def _identity(home: Home) -> str:
    home.owner.step_up()
    link = {"provider": "google", "id_token": google_token(home.world)}
    return str(home.owner.call("POST", "/me/identities", link).json["identity_id"])


def _newest_export(home: Home) -> Any:
    return home.owner.call("GET", "/privacy/exports").json["items"][0]


@dataclass
class Request:
    """A request through one door that ought to succeed."""

    route: Route
    path: str
    body: Any = None
    raw: bytes | None = None
    query: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    token: str | None = None

    def send(self, home: Home) -> Response:
        return home.world.call(
            self.route.method,
            self.path,
            self.body,
            raw=self.raw,
            query=self.query,
            headers=self.headers,
            token=self.token,
        )

    def by(self, token: str | None) -> Request:
        return replace(self, token=token)


def request_for(route: Route, home: Home) -> Request:
    """The door's example, with the world arranged so that it succeeds."""
    _FIRST.get(route.name, lambda home: None)(home)
    if route.stepped_up:
        home.owner.step_up()
    _ARRANGE.get(route.name, lambda home: None)(home)
    path = route.path
    for name in names_in(path):
        path = path.replace("{" + name + "}", (_FILL_OF.get(route.name) or filling(name, route))(home))
    said = _filled(route.example, home, route)
    request = Request(route, path, token=_token(route, home))
    if route.method != "GET" and route.who is not Who.PROVIDER:
        request.headers["Idempotency-Key"] = f"key-of-{route.view.__name__}-0123456789"
    if route.who is Who.PROVIDER:
        return _webhook(request, home)
    if route.asks is not None:
        request.body = said
    elif route.query is not None:
        request.query = said
    if route.takes_form:
        request.raw = ONE_CLICK
    return request


def _webhook(request: Request, home: Home) -> Request:
    from infra.local import checkout

    request.headers, request.raw = checkout.event(_FILL["order_id"](home), "paid")
    return request


def names_in(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


class NothingFills(LookupError):
    """A name of a path or an example stands for nothing."""


def filling(name: str, route: Route) -> Callable[[Home], Any]:
    """What makes the thing that the name stands for. Raises NothingFills."""
    if name not in _FILL:
        raise NothingFills(f"{route.name}: nothing says what `{name}` stands for; add it to _FILL in tests/routes.py")
    return _FILL[name]


def names_in_example(value: Any) -> set[str]:
    """The `$names` in it."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return {name for one in inner for name in names_in_example(one)}
    return {value[1:]} if isinstance(value, str) and value.startswith("$") else set()


def _filled(value: Any, home: Home, route: Route) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, home, route) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, home, route) for one in value]
    return filling(value[1:], route)(home) if isinstance(value, str) and value.startswith("$") else value


def _token(route: Route, home: Home) -> str | None:
    return {Who.PERSON: home.owner.access_token, Who.CAMERA: home.camera.token}.get(route.who)


def all_routes() -> list[Route]:
    """Every route of the application."""
    from app import app

    return sorted(app.declared_routes, key=lambda route: (route.path, route.method))


def named(name: str) -> Route:
    found = next((route for route in all_routes() if route.name == name), None)
    if found is None:
        raise LookupError(f"{name}: the committed contract has it and no routes.py declares it; run `make contract`")
    return found


@cache
def _kinds() -> dict[str, str]:
    """By sources alone, before there is a world: of a route what the contract has it under, of another function its
    house."""
    paths = json.loads(DOCUMENT.read_text())["paths"]
    routes = {
        f"{method.upper()} {path}": operation["tags"][0]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    rooms = [Path(*name.split(".")) for room in _ROOMS for name in houses.modules(room)]
    return routes | {
        name: path.parent.name
        for path in rooms
        for name in re.findall(r"^def (\w+)\(", (ROOT / path).with_suffix(".py").read_text(), re.MULTILINE)
    }


def kind_of(function: str) -> str:
    """What a route, or a function that is told or ordered, is about: `sharing`; `entry` where that may be anything."""
    if " " in function and function not in _kinds():
        return "new"  # the committed contract does not have it yet
    return _kinds().get(function, "entry")


def route_names(*, of: str = "", containing: str = "") -> list[str]:
    """For parametrizing before there is a world: the committed contract names the doors, and a test compares it.

    `of` a person or a camera, or all; `containing` this in their path.
    """
    contract = json.loads(DOCUMENT.read_text())
    return [
        f"{method.upper()} {path}"
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if containing in path and (not of or {of: []} in operation["security"])
    ]


