"""Configuration of the agent: a file in TOML, refused with the place and the reason where it is wrong."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from sowa_agent import VERSION
from sowa_agent.cloud import Identity
from sowa_agent.lens import LensConfig
from sowa_agent.onvif.device import OnvifConfig, source_of
from sowa_agent.onvif.events import Kind
from sowa_agent.source import Sound, SourceAddress, Transport

SPOOL_FOLDER = "sowa-agent-spool"
MOST_SPOOL_MB = 2048
MODEL = "Sowa Agent"
MOST_CHANNELS = 64

_SN = re.compile("[A-Za-z0-9_-]{1,64}")
_MAC = re.compile("([0-9A-Fa-f]{2}[ :.-]?){5}[0-9A-Fa-f]{2}")
_RTSP = ("rtsp://", "rtsps://")
_TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")
_SOUNDS: tuple[Sound, ...] = ("copy", "aac")
_INPUTS: tuple[Kind | Literal["nothing"], ...] = ("nothing", "doorbell", "motion", "person", "tamper")


class ConfigProblem(Exception):
    """The message is the sentence to show; it holds no secret."""


@dataclass(frozen=True)
class CameraConfig:
    identity: Identity
    lenses: tuple[LensConfig, ...]
    onvif: OnvifConfig | None = None


@dataclass(frozen=True)
class Config:
    """`most_spool_mb` is the bound of each camera's spool."""

    url: str
    cameras: tuple[CameraConfig, ...]
    spool_folder: Path
    most_spool_mb: int = MOST_SPOOL_MB
    back_within_s: float = float("inf")


@dataclass
class _Table:
    """One table of the file: what is asked for is taken out of it, and what is left is unknown."""

    where: str
    values: dict[str, Any]
    environment: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.pop(name, default)
        if not isinstance(value, str) or (not value and default != ""):
            raise ConfigProblem(f"{self.where}: {name} must be a text.")
        return value

    def whole(self, name: str, default: int) -> int:
        value = self.values.pop(name, default)
        if type(value) is not int or value < 1:
            raise ConfigProblem(f"{self.where}: {name} must be a whole number from 1 on.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.pop(name, default)
        if type(value) is not bool:
            raise ConfigProblem(f"{self.where}: {name} must be true or false.")
        return value

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        value = self.text(name, words[0])
        if value not in words:
            raise ConfigProblem(f"{self.where}: {name} must be one of {', '.join(words)}.")
        return value

    def secret(self, name: str) -> str:
        """Out of a file (`<name>_file`) or the environment (`<name>_env`), never out of this one; empty if neither."""
        path, variable = self.text(f"{name}_file", ""), self.text(f"{name}_env", "")
        if path and variable:
            raise ConfigProblem(f"{self.where}: {name}_file or {name}_env, not both.")
        if variable and variable not in self.environment:
            raise ConfigProblem(f"{self.where}: there is no {variable} in the environment.")
        if not path:
            return self.environment.get(variable, "")
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigProblem(f"{self.where}: {path} cannot be read ({type(error).__name__}).") from None

    def table(self, name: str) -> _Table:
        return self._inner(f"[{name}]", self.values.pop(name, {}))

    def tables(self, name: str) -> list[_Table]:
        found = self.values.pop(name, [])
        if not isinstance(found, list) or not found:
            raise ConfigProblem(f"{self.where}: there must be at least one [[{name}]].")
        return [self._inner(f"[[{name}]] {number}", values) for number, values in enumerate(found, 1)]

    def empty(self, name: str) -> _Table:
        """As if it stood there and said nothing."""
        return self._inner(f"[[{name}]] 1", {})

    def _inner(self, where: str, values: Any) -> _Table:
        where = where if self.where == _TOP else f"{self.where}, {where}"
        if not isinstance(values, dict):
            raise ConfigProblem(f"{where} must be a table.")
        return _Table(where, dict(values), self.environment)

    def end(self) -> None:
        if self.values:
            raise ConfigProblem(f"{self.where}: nothing is called {', '.join(sorted(self.values))}.")


_TOP = "the configuration"


def read_config(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Raises ConfigProblem."""
    try:
        values = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigProblem(
            f"{path} cannot be read ({error.strerror}): name another with --config, or a camera with --source."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigProblem(f"{path} is not TOML: {error}") from None
    return _config(_Table(_TOP, values, environment), path.parent)


def config_of(url: str, sn: str, secret: str, source: str, spool_folder: Path) -> Config:
    """One camera with one source, as a command line names it. Raises ConfigProblem."""
    _check_source(source, "the command line", "source")
    lens = LensConfig("0", "Lens", _address(source))
    identity = _identity(sn, secret, "", MODEL, (lens,))
    return Config(_url(url, "the command line"), (CameraConfig(identity, (lens,)),), spool_folder, back_within_s=5.0)


def _config(top: _Table, folder: Path) -> Config:
    cloud, spool = top.table("cloud"), top.table("spool")
    config = Config(
        url=_url(cloud.text("url"), cloud.where),
        cameras=tuple(_camera(one) for one in top.tables("camera")),
        spool_folder=folder / spool.text("folder", SPOOL_FOLDER),
        most_spool_mb=spool.whole("most_mb", MOST_SPOOL_MB),
    )
    for table in (cloud, spool, top):
        table.end()
    numbers = [camera.identity.sn for camera in config.cameras]
    if len(set(numbers)) < len(numbers):
        raise ConfigProblem("Two cameras have one serial number.")
    return config


def _url(url: str, where: str, name: str = "url") -> str:
    if not _is_address(url, ("http", "https")):
        example = {"url": "https://api.example.com", "onvif": "http://192.168.1.20/onvif/device_service"}[name]
        raise ConfigProblem(f"{where}: {name} must be an address such as {example}.")
    return url


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether it has one of these schemes, a host, and a port that there can be, if any."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _camera(table: _Table) -> CameraConfig:
    sn, secret = table.text("sn"), table.secret("secret")
    mac, model = table.text("mac", ""), table.text("model", MODEL)
    onvif = _onvif(table)
    # One channel with all that ONVIF says of it need not be written down.
    is_one = onvif is not None and "channel" not in table.values
    channels = [table.empty("channel")] if is_one else table.tables("channel")
    table.end()
    if len(channels) > MOST_CHANNELS:
        raise ConfigProblem(f"{table.where}: a camera has at most {MOST_CHANNELS} channels.")
    lenses = tuple(_lens(str(number), channel, onvif) for number, channel in enumerate(channels))
    try:
        return CameraConfig(_identity(sn, secret, mac, model, lenses), lenses, onvif)
    except ConfigProblem as problem:
        raise ConfigProblem(f"{table.where}: {problem}") from None


def _identity(sn: str, secret: str, mac: str, model: str, lenses: tuple[LensConfig, ...]) -> Identity:
    if not _SN.fullmatch(sn):
        raise ConfigProblem("sn must be letters, digits, - or _, as on the label.")
    if not secret:
        raise ConfigProblem("secret_file or secret_env must say where the factory secret is.")
    if mac and not _MAC.fullmatch(mac):
        raise ConfigProblem("mac must be an address such as 02:00:5e:10:00:01.")
    channels = tuple((lens.id, lens.name) for lens in lenses)
    return Identity(sn, secret, mac or _mac_of(sn), model, f"sowa-agent {VERSION}", channels)


def _mac_of(sn: str) -> str:
    """A locally administered address that is always the same, for a camera whose own is not known."""
    return ":".join(f"{byte:02x}" for byte in b"\x02" + hashlib.sha256(sn.encode()).digest()[:5])


def _onvif(table: _Table) -> OnvifConfig | None:
    text = table.text("onvif", "")
    if not text:
        return None
    user, password = table.text("user", ""), table.secret("password")
    digital_input = table.one_of("digital_input", _INPUTS)
    address, user, password = _without_user(_url(text, table.where, "onvif"), user, password)
    host = str(urlsplit(address).hostname)
    return OnvifConfig(address, host, user, password, None if digital_input == "nothing" else cast(Kind, digital_input))


def _lens(number: str, table: _Table, onvif: OnvifConfig | None) -> LensConfig:
    """What ONVIF says need not be said here; its user and password are the streams' as well, where these have none."""
    user, password = table.text("user", onvif.user if onvif else ""), table.secret("password")
    password = password or (onvif.password if onvif else "")
    transport = cast(Transport, table.one_of("transport", _TRANSPORTS))
    sound = cast(Sound, table.one_of("sound", _SOUNDS))
    name, source = table.text("name", f"Channel {number}"), table.text("source", "" if onvif else None)
    sub, is_motion_set = table.text("sub_source", ""), "motion" in table.values
    detects_motion = table.flag("motion", True)
    table.end()

    def address(text: str, which: str) -> SourceAddress | None:
        if text:
            return _address(text, user, password, transport, sound)
        return None if source else source_of(number, which, user, password, transport, sound)

    _check_source(source, table.where, "source")
    _check_source(sub, table.where, "sub_source")
    main = cast(SourceAddress, address(source, "main"))
    return LensConfig(number, name, main, address(sub, "sub"), detects_motion, onvif is not None and not is_motion_set)


def _check_source(text: str, where: str, name: str) -> None:
    if text.startswith(_RTSP) and not _is_address(text, ("rtsp", "rtsps")):
        example = "rtsp://192.168.1.20/stream1; / and the like in a password are written as %2F"
        raise ConfigProblem(f"{where}: {name} must be an address such as {example}.")


def _address(
    text: str, user: str = "", password: str = "", transport: Transport = "tcp", sound: Sound = "copy"
) -> SourceAddress:
    """User and password may also stand in the address, as cameras' manuals write them."""
    if not text.startswith(_RTSP):
        return SourceAddress(text, sound=sound)
    return SourceAddress(*_without_user(text, user, password), transport, sound)


def _without_user(address: str, user: str, password: str) -> tuple[str, str, str]:
    """Address, user and password, of which the last two may stand in the first."""
    parts = urlsplit(address)
    if "@" in parts.netloc:
        named, _, host = parts.netloc.rpartition("@")
        first, _, second = named.partition(":")
        user, password = user or unquote(first), password or unquote(second)
        address = urlunsplit(parts._replace(netloc=host))
    return address, user, password
