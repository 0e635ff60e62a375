"""An authenticator app and a passkey as a person has them: made by software that is not what checks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyotp
from soft_fido2 import Fido2Authenticator

from infra.local.cloud import PUBLIC_URL
from tests.scene import PASSWORD, Person

ORIGIN = PUBLIC_URL.replace("127.0.0.1", "localhost")
ROOT = "/me/second-factors"


@dataclass
class App:
    """An authenticator app that was shown the secret."""

    person: Person
    secret: str

    @classmethod
    def begun(cls, person: Person) -> App:
        """It knows the secret; that is not confirmed yet. Trust must have been raised."""
        answer = person.call("POST", f"{ROOT}/totp")
        assert answer.status == 200, answer.body
        return cls(person, pyotp.parse_uri(answer.json["otpauth_uri"]).secret)

    @classmethod
    def added(cls, person: Person) -> App:
        """It is asked for from now on, and its present code is used up."""
        person.step_up()
        app = cls.begun(person)
        answer = person.call("POST", f"{ROOT}/totp/confirm", {"code": app.code()})
        assert answer.status == 204, answer.body
        return app

    def code(self, steps_from_now: int = 0) -> str:
        at = int(self.person.world.now().timestamp()) + 30 * steps_from_now
        return pyotp.TOTP(self.secret).at(at)

    def next_code(self) -> dict[str, str]:
        """One that was never used, for a sign-in."""
        self.person.world.advance(30)
        return {"totp": self.code()}


@dataclass
class Key:
    """A passkey, in a browser at this origin."""

    origin: str = ORIGIN
    device: Fido2Authenticator = field(default_factory=Fido2Authenticator)

    def made_for(self, person: Person) -> dict[str, Any]:
        """What the browser gives. Trust must have been raised."""
        answer = person.call("POST", f"{ROOT}/passkeys")
        assert answer.status == 200, answer.body
        return self.make(answer.json)

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self.device.credential_create({**options, "origin": self.origin}, atteStmtFmt="none")
        return made

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """For a sign-in; the options are what it was refused with."""
        return {"passkey": self.device.credential_request({**options, "origin": self.origin})}

    def add_to(self, person: Person, name: str = "My phone") -> dict[str, Any]:
        """It is asked for from now on."""
        person.step_up()
        body = {"name": name, "credential": self.made_for(person)}
        answer = person.call("POST", f"{ROOT}/passkeys/confirm", body)
        assert answer.status == 201, answer.body
        passkey: dict[str, Any] = answer.json
        return passkey


def recovery_codes(person: Person) -> list[str]:
    """Ten new ones. There must be another factor."""
    person.step_up()
    answer = person.call("POST", f"{ROOT}/recovery-codes")
    assert answer.status == 201, answer.body
    codes: list[str] = answer.json["codes"]
    return codes


def asked(person: Person, password: str = PASSWORD) -> dict[str, Any]:
    """What a sign-in is told that lacks its second factor."""
    answer = person.sign_in(password)
    assert (answer.status, answer.json["code"]) == (403, "SecondFactorNeeded"), answer.body
    told: dict[str, Any] = answer.json
    return told
