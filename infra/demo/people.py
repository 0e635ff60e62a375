"""The demo's person: a woman nobody else is, her phone, her camera, and every string that would give her away."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from infra.demo.client import Json
from infra.demo.search import Needle
from sowa_agent.cloud import Identity


@dataclass(frozen=True)
class Spare:
    """Her other camera, which never films."""

    sn: str
    code: str
    secret: str
    device_name: str


@dataclass(frozen=True)
class Cast:
    """Each string is random in part, so that a hit in the stores can only be hers."""

    email: str
    nickname: str
    password: str
    birth_date: str
    terminal: Json
    push_token: str
    sn: str
    code: str
    secret: str
    mac: str
    model: str
    firmware: str
    channel: tuple[str, str]
    device_name: str
    device_password: str
    wifi: Json
    other: Spare

    def camera(self) -> Identity:
        return Identity(self.sn, self.secret, self.mac, self.model, self.firmware, (self.channel,))

    def needles(self) -> list[Needle]:
        return [
            Needle("her e-mail address", self.email),
            Needle("her nickname", self.nickname),
            Needle("her password", self.password),
            Needle("her date of birth", self.birth_date),
            Needle("her phone's id", self.terminal["unique_id"]),
            Needle("her latitude", str(self.terminal["gps"]["latitude"])),
            Needle("her longitude", str(self.terminal["gps"]["longitude"])),
            Needle("the push token", self.push_token),
            Needle("the serial number", self.sn),
            Needle("the printed code", self.code),
            Needle("the factory secret", self.secret),
            Needle("the MAC address", self.mac),
            Needle("the device's name", self.device_name),
            Needle("the channel's name", self.channel[1]),
            Needle("the device's password", self.device_password),
            Needle("the Wi-Fi's name", self.wifi["ssid"]),
            Needle("the other serial number", self.other.sn),
            Needle("the other printed code", self.other.code),
            Needle("the other factory secret", self.other.secret),
            Needle("the other device's name", self.other.device_name),
        ]


def new_cast() -> Cast:
    tag = secrets.token_hex(4)
    return Cast(
        email=f"zofia.{tag}@example.org",
        nickname=f"Zofia Sówka {tag}",  # a letter beyond ASCII: escapes would hide it from a lazy search
        password=f"owls fly at {secrets.token_hex(6)} o'clock",
        birth_date=f"19{_between(60, 99)}-{_between(10, 12)}-{_between(10, 28)}",
        terminal={
            "os": "Android 17",
            "model": "Fairphone 7",
            "unique_id": f"phone-{secrets.token_hex(12)}",
            "gps": {"latitude": float(f"52.{_digits(6)}"), "longitude": float(f"21.{_digits(6)}")},
        },
        push_token=f"fcm-{secrets.token_hex(24)}",
        sn=f"SW{secrets.token_hex(6).upper()}",
        code=secrets.token_hex(6).upper(),
        secret=secrets.token_hex(32),
        mac=":".join(f"{byte:02X}" for byte in b"\x9c\x14" + secrets.token_bytes(4)),
        model="SOWA-C22",
        firmware="2.840.0.1",
        channel=("0", f"Street side {tag}"),
        device_name=f"Above the door {tag}",
        device_password=f"door-{secrets.token_hex(8)}",
        wifi={"ssid": f"Nest of {tag}"},
        other=Spare(
            sn=f"SW{secrets.token_hex(6).upper()}",
            code=secrets.token_hex(6).upper(),
            secret=secrets.token_hex(32),
            device_name=f"In the shed {tag}",
        ),
    )


def _between(lowest: int, highest: int) -> int:
    return lowest + secrets.randbelow(highest - lowest + 1)


def _digits(count: int) -> str:
    """The last one is no zero, which a number would lose."""
    return "".join(str(secrets.randbelow(10)) for _ in range(count - 1)) + str(_between(1, 9))


def picture_needles(pictures: list[bytes], what: str = "picture") -> list[Needle]:
    """A piece out of the middle of each: the beginnings of files are all alike."""
    pieces: list[tuple[int, Any]] = [(number, each[len(each) // 2 :][:64]) for number, each in enumerate(pictures, 1)]
    return [Needle(f"{what} {number}", piece) for number, piece in pieces]
