"""A connection to one ONVIF device, by onvif-zeep-async: all that is known of the library stands here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from lxml import etree
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFError
from onvif.util import is_auth_error, normalize_url
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import TransportError

from sowa_agent.onvif.events import Notification
from sowa_agent.onvif.problem import OnvifProblem
from sowa_agent.onvif.profiles import MOST_PROFILES, Profile, is_readable
from sowa_agent.source import Why

CALL_S = 15.0
# How long a pull waits for something to happen, and how much it brings at most.
PULL_S, PULL_LIMIT = 10, 50
# A subscription that nobody renews ends after so long, or sooner if the device says so; it is renewed when half of
# that is over.
SUBSCRIBED_S, LEAST_SUBSCRIBED_S = 120.0, 4.0
# The profiles of a recorder of 64 channels are 300 KB.
MOST_BYTES = 2 * 1024 * 1024
# Of which they are 13,000 elements. The library compares each attribute of an element with all others, while the events
# of all other cameras wait.
MOST_ELEMENTS, MOST_ATTRIBUTES = 30_000, 64
# A device compares the time that a password's digest bears with its own clock: many bear a few seconds.
CLOCK_S = 5.0
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_PULLPOINT = f"{_EVENTS}/PullPointSubscription"
_STREAM = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


class _Response(aiohttp.ClientResponse):  # type: ignore[misc]  # it need not be installed where types are checked
    """An answer that is read to a bound, and its device's clock noted."""

    async def read(self) -> bytes:
        blocks, size_bytes = [], 0
        async for block in self.content.iter_any():
            size_bytes += len(block)
            if size_bytes > MOST_BYTES:
                self.close()
                raise aiohttp.ClientPayloadError("more than is read")
            blocks.append(block)
        content = b"".join(blocks)
        if _is_absurd(content):
            raise aiohttp.ClientPayloadError("more than is looked at")
        return content


def _is_absurd(content: bytes) -> bool:
    """By what the library would read of it, which takes what is no XML as far as it goes."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, recover=True)) if content else None
    elements = () if root is None else root.iter(etree.Element)
    return any(at > MOST_ELEMENTS or len(each.attrib) > MOST_ATTRIBUTES for at, each in enumerate(elements))


class _Exchange:
    """The one session of a device; `ahead_s` is by how much its clock is ahead by the Date of its last answer."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        tracing = aiohttp.TraceConfig()
        tracing.on_request_end.append(self._note)
        tracing.on_request_redirect.append(self._refuse)
        # Cameras' certificates are their own, which nobody else has signed.
        connector = aiohttp.TCPConnector(ssl=False, limit=4)
        self.session = aiohttp.ClientSession(connector=connector, response_class=_Response, trace_configs=[tracing])

    async def _note(self, session: Any, context: Any, ended: Any) -> None:
        with suppress(TypeError, ValueError):
            date = parsedate_to_datetime(ended.response.headers.get("Date", ""))
            self.ahead_s = date.timestamp() - time.time()

    async def _refuse(self, session: Any, context: Any, redirected: Any) -> None:
        """What it was asked is for the configured host alone."""
        raise OnvifProblem(Why.NOT_FOUND, "ONVIF: it refers to another address")


class _Camera(ONVIFCamera):  # type: ignore[misc]  # the library is untyped
    """The library's camera, at the address that is configured and nowhere else, over one session."""

    def __init__(self, address: str, user: str, password: str, exchange: _Exchange) -> None:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        super().__init__(host, port, user, password, no_cache=True, adjust_time=True)
        self._address, self._exchange = address, exchange

    def get_definition(self, name: str, port_type: str | None = None) -> Any:
        """The library knows the device service by `/onvif/device_service` only."""
        address, wsdl, binding = super().get_definition(name, port_type)
        return (self._address if name == "devicemgmt" else address), wsdl, binding

    def rewrite_url(self, url: str | None) -> str | None:
        """A service's port is the camera's to say, its host is not: behind a router it says another, and a digest of
        the password goes to the configured one only."""
        if not url:
            return url
        named, configured = urlsplit(url), urlsplit(self._address)
        if named.hostname == self.host:
            return urlunsplit(named._replace(netloc=named.netloc.rpartition("@")[2]))
        return urlunsplit(named._replace(scheme=configured.scheme, netloc=configured.netloc))

    async def create_onvif_service(self, *arguments: Any, **more: Any) -> Any:
        service = await super().create_onvif_service(*arguments, **more)
        service.transport.session = self._exchange.session
        return service


async def prepare() -> None:
    """Reads the descriptions of all services, which the library keeps: connections that are opened at the same time
    would each read them, for 10 MB each."""
    exchange = _Exchange()
    camera = _Camera("http://127.0.0.1/", "", "", exchange)
    camera.xaddrs = dict.fromkeys((_MEDIA, _EVENTS, _PULLPOINT), "http://127.0.0.1/")
    await camera.create_devicemgmt_service()
    await camera.create_media_service()
    await camera.create_events_service()
    await camera.create_pullpoint_service()
    await camera.create_subscription_service("PullPointSubscription")
    await camera.close()
    await exchange.session.close()


@dataclass
class Connection:
    """Each call raises OnvifProblem, within a bounded time."""

    address: str
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self._exchange = _Exchange()
        self._camera = _Camera(self.address, self.user, self.password, self._exchange)
        self._reference: list[Any] = []
        self._pullpoint: Any = None
        self._granted_s, self._renew_at = SUBSCRIBED_S, 0.0

    @property
    def ahead_s(self) -> float:
        """By how much the device's clock is ahead of the host's."""
        known = self._camera.dt_diff
        return known.total_seconds() if known is not None else self._exchange.ahead_s

    @property
    def has_events(self) -> bool:
        return bool(self._camera.xaddrs.get(_EVENTS))

    async def open(self) -> None:
        with self._worded():
            await self._call(self._camera.update_xaddrs(), 3 * CALL_S)

    async def close(self) -> None:
        with suppress(Exception):
            await asyncio.wait_for(self._camera.close(), CALL_S)
        await self._exchange.session.close()

    async def profiles(self) -> list[Profile]:
        with self._worded():
            media = await self._call(self._camera.create_media_service())
            found = await self._call(media.GetProfiles())
            return [profile for one in (found or [])[:MOST_PROFILES] if (profile := _profile(one)) is not None]

    async def stream_address(self, token: str) -> str:
        with self._worded():
            media = await self._call(self._camera.create_media_service())
            answer = await self._call(media.GetStreamUri({"StreamSetup": _STREAM, "ProfileToken": token}))
            address = str(getattr(answer, "Uri", "")).strip()
            if not address.startswith(("rtsp://", "rtsps://")):
                raise OnvifProblem(Why.NOT_FOUND, "ONVIF: the camera names no RTSP address")
            if not is_readable(address):
                raise OnvifProblem(Why.NOT_FOUND, "ONVIF: the camera names an RTSP address that cannot be read")
            return address

    async def reboot(self) -> None:
        with self._worded():
            device = await self._call(self._camera.create_devicemgmt_service())
            await self._call(device.SystemReboot())

    # Events

    async def subscribe(self) -> None:
        """Anew, whatever there was before."""
        with self._worded():
            lasting = timedelta(seconds=SUBSCRIBED_S)
            events = await self._call(self._camera.create_events_service())
            wanted = {"InitialTerminationTime": self._camera.get_next_termination_time(lasting)}
            answer = await self._call(events.CreatePullPointSubscription(wanted))
            reference = answer.SubscriptionReference
            address = self._camera.rewrite_url(normalize_url(reference.Address._value_1))
            self._camera.xaddrs[_PULLPOINT] = address
            # Axis tells its subscriptions apart by what stands here, and not by the address.
            self._reference = list(getattr(reference.ReferenceParameters, "_value_1", None) or [])
            self._pullpoint = await self._call(self._camera.create_pullpoint_service())
            self._granted_s = SUBSCRIBED_S
            self._lasts(answer)
            if self._camera.has_broken_relative_time(lasting, answer.CurrentTime, answer.TerminationTime):
                await self._renew()
            with suppress(Exception):  # most tell all states by themselves
                await self._call(self._pullpoint.SetSynchronizationPoint({"_soapheaders": self._headers()}))

    async def pull(self) -> list[Notification]:
        """What has happened, after a while at most; the subscription is renewed in time."""
        with self._worded():
            if time.monotonic() > self._renew_at:
                await self._renew()
            wanted = {
                "Timeout": timedelta(seconds=PULL_S), "MessageLimit": PULL_LIMIT, "_soapheaders": self._headers(),
            }  # fmt: skip
            answer = await self._call(self._pullpoint.PullMessages(wanted), PULL_S + CALL_S)
            messages = (getattr(answer, "NotificationMessage", None) or [])[:PULL_LIMIT]
            return [notification for one in messages if (notification := _notification(one)) is not None]

    async def unsubscribe(self) -> None:
        with suppress(Exception):  # it ends by itself
            service = await self._call(self._camera.create_subscription_service("PullPointSubscription"))
            await self._call(service.Unsubscribe({"_soapheaders": self._headers()}), 2.0)

    async def _renew(self) -> None:
        service = await self._call(self._camera.create_subscription_service("PullPointSubscription"))
        until = self._camera.get_next_termination_time(timedelta(seconds=SUBSCRIBED_S))
        self._lasts(await self._call(service.Renew({"TerminationTime": until, "_soapheaders": self._headers()})))

    def _lasts(self, answer: Any) -> None:
        """As long as the device says by its own clock; where it does not, as long as before."""
        with suppress(AttributeError, TypeError):
            granted_s = (answer.TerminationTime - answer.CurrentTime).total_seconds()
            self._granted_s = min(max(granted_s, LEAST_SUBSCRIBED_S), SUBSCRIBED_S)
        self._renew_at = time.monotonic() + self._granted_s / 2

    def _headers(self) -> list[Any]:
        return [deepcopy(each) for each in self._reference]

    async def _call(self, awaited: Awaitable[Any], bound_s: float = CALL_S) -> Any:
        return await asyncio.wait_for(awaited, bound_s)

    @contextmanager
    def _worded(self) -> Iterator[None]:
        """Raises OnvifProblem for whatever an answer makes the library, or who reads it here, stumble over."""
        try:
            yield
        except Exception as error:
            raise self._problem(error) from None

    def _problem(self, error: Exception) -> OnvifProblem:
        """By type; what a device or a library says may hold an address, and with it a password."""
        if isinstance(error, OnvifProblem):
            return error
        if _is_refusal(error):
            return OnvifProblem(Why.UNAUTHORIZED, f"ONVIF{self._clock_words()}")
        if isinstance(error, aiohttp.ClientPayloadError):
            return OnvifProblem(Why.NOT_FOUND, "ONVIF: an answer without an end")
        if isinstance(error, (aiohttp.ClientConnectionError, OSError, TimeoutError)):
            return OnvifProblem(Why.UNREACHABLE, f"ONVIF: {type(error).__name__}")
        if isinstance(error, TransportError):
            return OnvifProblem(Why.NOT_FOUND, f"ONVIF: it answers {error.status_code}")
        if isinstance(error, (ZeepError, ONVIFError)):
            return OnvifProblem(Why.NOT_FOUND, f"ONVIF: {type(error).__name__}")
        return OnvifProblem(Why.NOT_FOUND, f"ONVIF: an answer that cannot be read ({type(error).__name__})")

    def _clock_words(self) -> str:
        if abs(self.ahead_s) <= CLOCK_S:
            return ""
        side = "ahead" if self.ahead_s > 0 else "behind"
        return f"; its clock is {abs(self.ahead_s):.0f} s {side}, for which alone it may refuse any password"


def _is_refusal(error: Exception) -> bool:
    """The library's own look at it stumbles over a fault without a reason."""
    try:
        return is_auth_error(error) or getattr(error, "status_code", 0) in (401, 403)
    except (AttributeError, TypeError):
        return False


def _profile(one: Any) -> Profile | None:
    """None for one of sound, or of nothing that is configured."""
    source, encoder = one.VideoSourceConfiguration, one.VideoEncoderConfiguration
    if source is None or encoder is None or encoder.Resolution is None:
        return None
    size = encoder.Resolution
    token, filmed, cut = str(one.token), str(source.SourceToken), str(source.token)
    return Profile(token, filmed, cut, str(encoder.Encoding or ""), int(size.Width or 0), int(size.Height or 0))


def _notification(message: Any) -> Notification | None:
    """None for what has no such form; what there is of it may be anything."""
    try:
        body = message.Message._value_1
        return Notification(
            str(message.Topic._value_1),
            str(body.PropertyOperation or ""),
            tuple(_items(body.Source)),
            dict(_items(body.Data)),
        )
    except (AttributeError, TypeError):
        return None


def _items(holder: Any) -> list[tuple[str, str]]:
    found = (getattr(holder, "SimpleItem", None) or [])[:32]
    return [(str(item.Name)[:64], str(item.Value)[:64]) for item in found]


