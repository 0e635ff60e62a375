"""Rules of second factors."""

from __future__ import annotations

import base64
import json

from chalicelib import typed
from chalicelib.errors import Conflict, Forbidden, Gone, Invalid, NotSignedIn

SECRET_BYTES = 20  # RFC 4226, R6: 160 bits
TOTP_MINUTES = 10
CHALLENGE_MINUTES = 5
CHALLENGE_BYTES = 32
MOST_PASSKEYS = 10
RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10
FREE_TRIES = 5
WRONG_REMEMBERED_HOURS = 48  # longer than the longest wait, or that would end in five free tries
# ES256, EdDSA, RS256, as COSE numbers them.
ALGORITHMS = (-7, -8, -257)
_STEP_S = 30
_LONGEST_WAIT_S = 86_400


class SecondFactorNeeded(Forbidden):
    """The password was right; `methods` says what may be sent along in `second_factor`, and `passkey`, unless null, is
    what a browser asks passkeys with."""


class SecondFactorWrong(NotSignedIn):
    pass


class SecondFactorMissing(Conflict):
    pass


class PasswordNeedsSecondFactor(Conflict):
    pass


class SetupOver(Gone):
    pass


class PasskeyWrong(Invalid):
    pass


class PasskeyKnown(Conflict):
    pass


class TooManyPasskeys(Conflict):
    pass


def step_of(secret: str, code: str, now_s: int, after: int) -> int | None:
    """The half minute whose code this is: the present one, or one before or after it, and later than `after`."""
    # Here and not above, as only who uses an app needs it.
    from pyotp import HOTP

    present = now_s // _STEP_S
    steps = (step for step in (present, present - 1, present + 1) if step > after)
    return next((step for step in steps if HOTP(secret).verify(code, step)), None)


def app_uri(secret: str, person: str) -> str:
    """The `otpauth:` URI that an authenticator app reads from a QR code."""
    from pyotp import TOTP

    return str(TOTP(secret, name=person, issuer="Sowa").provisioning_uri())


def shown(code: str) -> str:
    """`abcd-efgh-…`: as it is written down."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


as_made = typed.recovery_code


def wait_after_wrong_s(wrong: int) -> int:
    """Five tries are free; each further one doubles the wait, up to a day."""
    return 0 if wrong < FREE_TRIES else int(min(30 * 2 ** (wrong - FREE_TRIES), _LONGEST_WAIT_S))


def is_copied(before: int, now: int) -> bool:
    """Whether a passkey's count says that there are two of it (WebAuthn, 7.2, step 22); many do not count at all."""
    return (before > 0 or now > 0) and now <= before


def as_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def challenge_in(client_data: str) -> str:
    """The challenge in the client data; empty where there is none."""
    try:
        challenge = str(json.loads(base64.urlsafe_b64decode(client_data + "=="))["challenge"])
        challenge.encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return challenge
