"""Passkeys (WebAuthn): added by who is signed in, and asked at sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions import addresses
from chalicelib.errors import NotFound
from chalicelib.outbox.actions import messages
from chalicelib.second_factors import rules, shapes
from chalicelib.second_factors.actions import factors
from chalicelib.second_factors.records import Challenge, Passkey
from chalicelib.second_factors.rules import PasskeyKnown, PasskeyWrong, SetupOver, TooManyPasskeys
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, commit_and_answer, create, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead
from chalicelib.words import Phrase

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData, CollectedClientData

_ADDING, _SIGNING_IN = "adding", "signing in"
_TIMEOUT_MS = rules.CHALLENGE_MINUTES * 60_000
_PREFERRED = "preferred"
_ALGORITHM = 3  # its place in a COSE key (RFC 9052, 7.1)
Found = TypeVar("Found")


def begin(account: Account) -> shapes.PasskeyCreationOptions:
    """The options from which a browser creates a passkey, within five minutes. Raises TooManyPasskeys."""
    known = factors.passkeys_of(account)
    if len(known) >= rules.MOST_PASSKEYS:
        raise TooManyPasskeys
    challenge, keeps = _new_challenge(account.pk_id, _ADDING)
    commit(keeps)
    return shapes.PasskeyCreationOptions(
        rp=shapes.RelyingParty(id=settings.passkey_domain, name="Sowa"),
        user=shapes.PasskeyUser(
            id=rules.as_base64url(account.pk_id.encode()),
            name=addresses.of(account).value,
            display_name=account.nickname,
        ),
        challenge=challenge,
        pub_key_cred_params=[shapes.Algorithm(alg=alg) for alg in rules.ALGORITHMS],
        timeout=_TIMEOUT_MS,
        exclude_credentials=_credentials(account, known),
        authenticator_selection=shapes.Selection(resident_key=_PREFERRED, user_verification=_PREFERRED),
        attestation="none",
    )


def _new_challenge(account_id: str, purpose: str) -> tuple[str, Write]:
    challenge = rules.as_base64url(ids.random_bytes(rules.CHALLENGE_BYTES))
    until = clock.epoch_s(clock.in_(minutes=rules.CHALLENGE_MINUTES))
    where = _challenge_at(account_id, purpose, challenge)
    return challenge, put(Challenge.new(account_id, where, expires_at=until))


def _challenge_at(account_id: str, purpose: str, challenge: str) -> str:
    return crypto.keyed_hash("challenges", account_id, purpose, challenge)


def _credentials(account: Account, passkeys: Iterable[Passkey]) -> list[shapes.Credential]:
    found = [one.decrypted_with(account.cipher).credential for one in passkeys]
    return [shapes.Credential(id=one["id"], transports=one["transports"]) for one in found]


def confirm(account: Account, who: str, name: str, made: shapes.MadePasskey) -> shapes.Passkey:
    """From now on this passkey signs in beside the password; the person is notified.

    Raises SetupOver, PasskeyWrong, PasskeyKnown, Conflict.
    """
    account_id, challenge_text = account.pk_id, rules.challenge_in(made.response.client_data)
    (challenge,) = read(Challenge.key(account_id, _challenge_at(account_id, _ADDING, challenge_text)))
    if challenge is None:
        raise SetupOver
    verified = _verified(lambda: _register(challenge_text, made))
    if verified is None:
        raise PasskeyWrong(fields={"credential": Phrase("not_verified")})
    credential, sign_count = verified
    passkey = Passkey.new(
        account_id,
        _passkey_id(account_id, made.raw_id),
        cipher=account.cipher,
        name=name,
        credential={"id": made.raw_id, "key": credential, "transports": made.response.transports},
        added_at=clock.now_s(),
        sign_count=sign_count,
    )
    return commit_and_answer(
        remove(challenge, when=Challenge.pk.exists(), otherwise=SetupOver),
        create(passkey, otherwise=PasskeyKnown),
        account_writes.gains_second_factor(account),
        messages.write(account, "second_factors/mail/added", is_totp=False),
        activity.record(account, "second_factor_added", who=who, about=name),
        answer=factors.described_passkey(passkey, account),
    )


def _passkey_id(account_id: str, credential_id: str) -> str:
    return crypto.keyed_hash("passkeys", account_id, credential_id)


def rename(account: Account, who: str, passkey: Passkey, name: str) -> shapes.Passkey:
    """Raises NotFound."""
    named = change(passkey.decrypted_with(account.cipher), name=name, otherwise=NotFound)
    activity_row = activity.record(account, "second_factor_renamed", who=who, about=name)
    return commit_and_answer(named, activity_row, answer=factors.described_passkey(passkey, account))


def end(account: Account, who: str, passkey: Passkey) -> None:
    """Stop taking this passkey. Raises NotFound, PasswordNeedsSecondFactor, Conflict."""
    factors.end(account, passkey, who=who, name=passkey.decrypted_with(account.cipher).name)


# At sign-in


def request(account: Account, passkeys: Iterable[Passkey]) -> shapes.AskPasskey:
    """The request options for these passkeys, good for one use within five minutes."""
    challenge, keeps = _new_challenge(account.pk_id, _SIGNING_IN)
    commit(keeps)
    return shapes.AskPasskey(
        challenge=challenge,
        rp_id=settings.passkey_domain,
        allow_credentials=_credentials(account, passkeys),
        user_verification=_PREFERRED,
        timeout=_TIMEOUT_MS,
    )


def keys_of(account_id: str, signed: shapes.SignedByPasskey) -> tuple[Key[Passkey], Key[Challenge]]:
    """The keys of the passkey and of the challenge that it signed."""
    challenge = _challenge_at(account_id, _SIGNING_IN, rules.challenge_in(signed.response.client_data))
    return Passkey.key(account_id, _passkey_id(account_id, signed.raw_id)), Challenge.key(account_id, challenge)


def spends(
    account: Account, passkey: Passkey | None, challenge: Challenge | None, signed: shapes.SignedByPasskey
) -> tuple[Write, ...] | None:
    """Writes that use the challenge up and take the passkey's count; None if it is wrong. On commit it raises
    StaleRead."""
    if passkey is None or challenge is None:
        return None
    credential = passkey.decrypted_with(account.cipher).credential["key"]
    count = _verified(lambda: _authenticate(rules.challenge_in(signed.response.client_data), credential, signed))
    before = int(passkey.sign_count)
    if count is None or rules.is_copied(before, count):
        return None
    counts = change(
        passkey, sign_count=count, used_at=clock.now_s(),
        when=Passkey.sign_count == before, otherwise=StaleRead,
    )  # fmt: skip
    return counts, remove(challenge, when=Challenge.pk.exists(), otherwise=StaleRead)


# The library


def _verified(verify: Callable[[], Found]) -> Found | None:
    try:
        return verify()
    except Exception:
        # Whatever a stranger's bytes make a parser trip over, they prove nothing.
        return None


def _register(challenge: str, made: shapes.MadePasskey) -> tuple[str, int]:
    from fido2.webauthn import RegistrationResponse

    response = RegistrationResponse.from_dict(msgspec.to_builtins(made))
    _refuse_frames(response.response.client_data)
    found = _server().register_complete(_state(challenge), response)
    credential = found.credential_data
    if credential is None or credential.public_key[_ALGORITHM] not in rules.ALGORITHMS:
        raise ValueError("no key of a kind that was asked for")
    with suppress(InvalidSignature):  # any other failure means that it would never sign in
        credential.public_key.verify(b"", b"")
    return rules.as_base64url(credential), found.counter


def _refuse_frames(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise ValueError("a frame within a page of somebody else")


def _authenticate(challenge: str, credential: str, signed: shapes.SignedByPasskey) -> int:
    from fido2.utils import websafe_decode
    from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

    response = AuthenticationResponse.from_dict(msgspec.to_builtins(signed))
    _refuse_frames(response.response.client_data)
    known: AttestedCredentialData = AttestedCredentialData(websafe_decode(credential))
    _server().authenticate_complete(_state(challenge), [known], response)
    return int(response.response.authenticator_data.counter)


def _server() -> Fido2Server:
    # Here and not above, as only who uses a passkey needs it.
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    party = PublicKeyCredentialRpEntity(name="Sowa", id=settings.passkey_domain)
    return Fido2Server(party, verify_origin=settings.passkey_origins.__contains__)


def _state(challenge: str) -> dict[str, str | None]:
    return {"challenge": challenge, "user_verification": None}
