"""An ONVIF camera of the tests' own, for what others' have not: events by PullPoint, and what a firmware does wrong.

Requests are parsed, so one that is not well-formed fails; answers are written as firmware does, as text.
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.loopback import running

USER, PASSWORD = "viewer", "geheim&<password>"
CLOCKS_DIFFER_S = 60.0
_NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "tns1": "http://www.onvif.org/ver10/topics",
    "vendor": "http://example.com/vendor",
    "ter": "http://www.onvif.org/ver10/error",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES.items())
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-{}-1.0.xsd"
MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"
TAMPER = "tns1:RuleEngine/TamperDetector/Tamper"
VISITOR = "tns1:RuleEngine/MyRuleDetector/Visitor"
PROFILES = (("main", "source-1", "H264", 1920, 1080), ("sub", "source-1", "H264", 640, 360))


def notification(topic: str = MOTION, state: str = "true", operation: str = "Changed", source: str = "cut-source-1",
                 name: str = "IsMotion") -> str:  # fmt: skip
    where = f'<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="{source}"/></tt:Source>'
    data = f'<tt:Data><tt:SimpleItem Name="{name}" Value="{state}"/></tt:Data>'
    operated = f' PropertyOperation="{operation}"' if operation else ""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
    return (
        f'<wsnt:NotificationMessage><wsnt:Topic Dialect="{dialect}">{topic}</wsnt:Topic><wsnt:Message>'
        f'<tt:Message UtcTime="{at}"{operated}>{where}{data}</tt:Message></wsnt:Message></wsnt:NotificationMessage>'
    )


@dataclass
class OnvifCamera:
    """A WSGI application; what it does may be changed while it runs. `ahead_s` is by how much its clock is wrong.

    `instead` answers a call by its name with a body or a response of its own.
    """

    ahead_s: float = 0.0
    has_events: bool = True
    tells_time_to_all: bool = True
    subscribed_s: float = 60.0
    profiles: tuple[tuple[str, str, str, int, int], ...] = PROFILES
    stream: str = "rtsp://192.0.2.9:8554/{}"
    host: str = ""
    path: str = "/onvif/device_service"
    reference: str = ""
    states: list[str] = field(default_factory=list)
    instead: dict[str, Callable[[], Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refused: int = 0
    reboots: int = 0
    _waiting: deque[str] = field(default_factory=deque)
    _subscriptions: dict[str, float] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def happens(self, *notifications: str) -> None:
        with self._changed:
            self._waiting.extend(notifications)
            self._changed.notify_all()

    def forget_subscriptions(self) -> None:
        """As a camera that was switched off."""
        with self._changed:
            self._subscriptions.clear()
            self._changed.notify_all()

    def __call__(self, environ: Any, start: Any) -> Any:
        return self._answer(Request(environ))(environ, start)

    def _answer(self, request: Request) -> Response:
        envelope = ElementTree.fromstring(request.get_data())  # noqa: S314  # of the agent under test
        call = envelope.find("s:Body", _NAMESPACES)[0]  # type: ignore[index]
        name = call.tag.rpartition("}")[2]
        self.calls.append(name)
        is_open = name == "GetSystemDateAndTime" and self.tells_time_to_all
        if not is_open and not self._admits(envelope):
            self.refused += 1
            return _fault("ter:NotAuthorized", "Sender not Authorized", 400)
        if name in self.instead:
            body = self.instead[name]()
            return body if isinstance(body, Response) else _response(body)
        if self.reference and name in ("PullMessages", "Renew", "Unsubscribe") and not self._names(envelope):
            return _fault("ter:InvalidArgVal", "No such subscription", 400)
        found = getattr(self, f"_{name}", None)
        if found is None or (not self.has_events and call.tag.startswith("{" + _NAMESPACES["tev"])):
            return _fault("ter:ActionNotSupported", "Not supported", 400)
        body = found(request, call)
        return body if isinstance(body, Response) else _response(body)

    def _admits(self, envelope: Any) -> bool:
        """WS-Security's digest, of a time that is near this camera's own."""
        token = envelope.find(f".//{{{_SECURITY.format('secext')}}}UsernameToken")
        if token is None:
            return False
        said = {one.tag.rpartition("}")[2]: one.text or "" for one in token}
        made = base64.b64decode(said["Nonce"]) + said["Created"].encode() + PASSWORD.encode()
        digest = base64.b64encode(hashlib.sha1(made).digest()).decode()  # noqa: S324  # as WS-Security has it
        off_s = (datetime.fromisoformat(said["Created"]) - self._now()).total_seconds()
        return said["Username"] == USER and said["Password"] == digest and abs(off_s) < CLOCKS_DIFFER_S

    def _names(self, envelope: Any) -> bool:
        found = envelope.find("s:Header/vendor:SubscriptionId", _NAMESPACES)
        return found is not None and found.text == self.reference

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    # Device and media

    def _GetSystemDateAndTime(self, request: Request, call: Any) -> str:  # ONVIF's names
        now = self._now()
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
            f"</tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
            "</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _GetServices(self, request: Request, call: Any) -> str:
        host = self.host or request.host
        version = "<tds:Version><tt:Major>2</tt:Major><tt:Minor>5</tt:Minor></tds:Version>"
        services = [("tds", self.path), ("trt", "/onvif/media")] + [("tev", "/onvif/events")] * self.has_events
        listed = "".join(
            f"<tds:Service><tds:Namespace>{_NAMESPACES[prefix]}</tds:Namespace><tds:XAddr>http://{host}{path}</tds:XAddr>"
            f"{version}</tds:Service>"
            for prefix, path in services
        )
        return f"<tds:GetServicesResponse>{listed}</tds:GetServicesResponse>"

    def _SystemReboot(self, request: Request, call: Any) -> str:
        self.reboots += 1
        return "<tds:SystemRebootResponse><tds:Message>soon</tds:Message></tds:SystemRebootResponse>"

    def _GetProfiles(self, request: Request, call: Any) -> str:
        return f"<trt:GetProfilesResponse>{''.join(map(_profile, self.profiles))}</trt:GetProfilesResponse>"

    def _GetStreamUri(self, request: Request, call: Any) -> str:
        token = call.findtext("trt:ProfileToken", "", _NAMESPACES)
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{self.stream.format(token)}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )

    # Events

    def _CreatePullPointSubscription(self, request: Request, call: Any) -> str:
        number = f"{len(self.calls)}"
        with self._changed:
            self._subscriptions[number] = time.monotonic() + self.subscribed_s
            self._waiting.extend(self.states)
        named = f"<vendor:SubscriptionId>{self.reference}</vendor:SubscriptionId>" if self.reference else ""
        reference = f"<wsa:ReferenceParameters>{named}</wsa:ReferenceParameters>" if named else ""
        address = f"http://{self.host or request.host}/onvif/subscription?{number}"
        return (
            f"<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>{address}</wsa:Address>"
            f"{reference}</tev:SubscriptionReference>{self._times()}</tev:CreatePullPointSubscriptionResponse>"
        )

    def _times(self, prefix: str = "wsnt") -> str:
        named = (("CurrentTime", self._now()), ("TerminationTime", self._until()))
        return "".join(f"<{prefix}:{name}>{at:%Y-%m-%dT%H:%M:%SZ}</{prefix}:{name}>" for name, at in named)

    def _until(self) -> datetime:
        return self._now() + timedelta(seconds=self.subscribed_s)

    def _PullMessages(self, request: Request, call: Any) -> Any:
        number = request.query_string.decode()
        limit = int(call.findtext("tev:MessageLimit", "1", _NAMESPACES))
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._stands(number), 1.0)
            if not self._stands(number):
                return _fault("ter:InvalidArgVal", "No such subscription", 400)
            messages = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        return f"<tev:PullMessagesResponse>{self._times('tev')}{''.join(messages)}</tev:PullMessagesResponse>"

    def _stands(self, number: str) -> bool:
        return self._subscriptions.get(number, 0.0) > time.monotonic()

    def _Renew(self, request: Request, call: Any) -> Any:
        with self._changed:
            number = request.query_string.decode()
            if not self._stands(number):
                return _fault("ter:InvalidArgVal", "No such subscription", 400)
            self._subscriptions[number] = time.monotonic() + self.subscribed_s
        until = f"<wsnt:TerminationTime>{self._until():%Y-%m-%dT%H:%M:%SZ}</wsnt:TerminationTime>"
        return f"<wsnt:RenewResponse>{until}</wsnt:RenewResponse>"

    def _Unsubscribe(self, request: Request, call: Any) -> str:
        with self._changed:
            self._subscriptions.pop(request.query_string.decode(), None)
        return "<wsnt:UnsubscribeResponse/>"

    def _SetSynchronizationPoint(self, request: Request, call: Any) -> str:
        return "<tev:SetSynchronizationPointResponse/>"


@contextmanager
def serving(camera: OnvifCamera, port: int = 0) -> Iterator[int]:
    """The port at which it answers, with its own time in the headers."""

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return email.utils.format_datetime(camera._now(), usegmt=True)

        def log(self, *_: Any) -> None:
            """Nobody reads it."""

    server = make_server("127.0.0.1", port, camera, threaded=True, request_handler=Handler)
    with running(server):
        yield server.server_port


def _profile(profile: tuple[str, str, str, int, int]) -> str:
    token, source, encoding, width, height = profile
    size = f"<tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
    return (
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="cut-{source}"><tt:Name>v</tt:Name><tt:UseCount>1</tt:UseCount>'
        f'<tt:SourceToken>{source}</tt:SourceToken><tt:Bounds x="0" y="0" width="{width}" height="{height}"/>'
        f'</tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token="e-{token}"><tt:Name>e</tt:Name>'
        f"<tt:UseCount>1</tt:UseCount><tt:Encoding>{encoding}</tt:Encoding>{size}<tt:Quality>3</tt:Quality>"
        "</tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def envelope_of(body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {_DECLARED}><s:Body>{body}</s:Body></s:Envelope>'


def _response(body: str, status: int = 200) -> Response:
    return Response(envelope_of(body), status, content_type="application/soap+xml; charset=utf-8")


def _fault(code: str, text: str, status: int) -> Response:
    return _response(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{text}</s:Text></s:Reason></s:Fault>',
        status,
    )
