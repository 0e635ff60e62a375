"""Request and response shapes of second factors."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from chalicelib import typed
from chalicelib.contacts.shapes import OneTimeCode
from chalicelib.entry.wire import Name, Shape, Time

RecoveryCode = Annotated[str, Meta(min_length=1, max_length=64, extra={"normal": typed.recovery_code})]
Base64Url = Annotated[str, Meta(min_length=1, max_length=16_384)]
CredentialId = Annotated[str, Meta(min_length=1, max_length=1_364, description="base64url, of at most 1,023 bytes")]


class Totp(Shape):
    added_at: Time


class Passkey(Shape):
    passkey_id: str
    name: str
    added_at: Time
    used_at: Time | None


class SecondFactors(Shape):
    """Factors that the account is asked for beside its password; none, if there is neither an app nor a passkey."""

    totp: Totp | None
    passkeys: list[Passkey]
    recovery_codes_left: int


class TotpSecret(Shape):
    """The secret in base32, and the same as the address that apps read from a picture; until `until` a first code has
    to prove that the app has it."""

    secret: str
    otpauth_uri: str
    until: Time


class ConfirmTotp(Shape):
    code: OneTimeCode


class RecoveryCodes(Shape):
    """Each works once, and they are not shown again."""

    codes: list[str]


# What a browser's `navigator.credentials` takes and gives, in the words of WebAuthn.


class RelyingParty(Shape):
    id: str
    name: str


class PasskeyUser(Shape, rename="camel"):
    id: str
    name: str
    display_name: str


class Algorithm(Shape):
    alg: int
    type: Literal["public-key"] = "public-key"


class Credential(Shape):
    id: str
    transports: list[str]
    type: Literal["public-key"] = "public-key"


class Selection(Shape, rename="camel"):
    resident_key: str
    user_verification: str


class PasskeyCreationOptions(Shape, rename="camel"):
    """For `PublicKeyCredential.parseCreationOptionsFromJSON`. `timeout` is in milliseconds."""

    rp: RelyingParty
    user: PasskeyUser
    challenge: str
    pub_key_cred_params: list[Algorithm]
    timeout: int
    exclude_credentials: list[Credential]
    authenticator_selection: Selection
    attestation: str


class AskPasskey(Shape, rename="camel"):
    """For `PublicKeyCredential.parseRequestOptionsFromJSON`. `timeout` is in milliseconds."""

    challenge: str
    rp_id: str
    allow_credentials: list[Credential]
    user_verification: str
    timeout: int


# Browsers say more than is asked, and more each year.


class Attestation(Shape, forbid_unknown_fields=False):
    client_data: Base64Url = field(name="clientDataJSON")
    attestation_object: Base64Url = field(name="attestationObject")
    transports: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=8)] = field(default_factory=list)


class MadePasskey(Shape, rename="camel", forbid_unknown_fields=False):
    """Answer of `navigator.credentials.create`, as its `toJSON` says it."""

    id: CredentialId
    raw_id: CredentialId
    response: Attestation
    type: Literal["public-key"] = "public-key"


class Assertion(Shape, forbid_unknown_fields=False):
    client_data: Base64Url = field(name="clientDataJSON")
    authenticator_data: Base64Url = field(name="authenticatorData")
    signature: Base64Url


class SignedByPasskey(Shape, rename="camel", forbid_unknown_fields=False):
    """Answer of `navigator.credentials.get`, as its `toJSON` says it."""

    id: CredentialId
    raw_id: CredentialId
    response: Assertion
    type: Literal["public-key"] = "public-key"


class ConfirmPasskey(Shape):
    name: Name
    credential: MadePasskey


class RenamePasskey(Shape):
    name: Name


class SecondFactor(Shape):
    """Exactly one of the three."""

    totp: OneTimeCode | None = None
    recovery_code: RecoveryCode | None = None
    passkey: SignedByPasskey | None = None
