"""HTTP routes of second factors."""

from __future__ import annotations

from chalicelib.contacts.actions.codes import CodeWrong
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import Conflict, NotFound
from chalicelib.second_factors import rules, shapes
from chalicelib.second_factors.actions import factors, passkeys, recovery, totp
from chalicelib.second_factors.needs import AppAndCodes, OwnAppAndCodes, OwnPasskey, OwnTotp
from chalicelib.second_factors.records import Passkey, Totp

routes = RouteTable(__name__)


@routes.get(
    "/me/second-factors",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnAppAndCodes(),
    answers=shapes.SecondFactors,
    example={},
)
def list_second_factors(caller: Caller, found: AppAndCodes) -> shapes.SecondFactors:
    """The second factors that are set up: an app, passkeys in the order of their adding, and how many recovery codes
    are left."""
    return factors.factors_of(caller.account, found.app, found.codes)


# Answers that bear a secret are not kept: a repeat is given another one.
@routes.post(
    "/me/second-factors/totp",
    who=Who.PERSON,
    before_agreement=True,
    answers=shapes.TotpSecret,
    stepped_up=True,
    example={},
)
def begin_totp(caller: Caller) -> shapes.TotpSecret:
    """A secret for an authenticator app; its first code has to confirm it. An app that is in use stays in use until
    then."""
    return totp.begin(caller.account)


@routes.post(
    "/me/second-factors/totp/confirm",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.ConfirmTotp,
    stepped_up=True,
    refuses=(CodeWrong, rules.SetupOver, Conflict),
    example={"code": "$totp_code"},
)
def confirm_totp(caller: Caller, body: shapes.ConfirmTotp) -> None:
    """Ask for this app's codes from now on, by its first one. The person is told by mail."""
    totp.confirm(caller.account, caller.terminal, body.code)


@routes.delete(
    "/me/second-factors/totp",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnTotp(),
    stepped_up=True,
    refuses=(NotFound, rules.PasswordNeedsSecondFactor, Conflict),
    example={},
)
def remove_totp(caller: Caller, app: Totp) -> None:
    """Ask for an app's code no more; with the last factor the recovery codes go. The person is told by mail."""
    factors.end(caller.account, app, who=caller.terminal)


@routes.post(
    "/me/second-factors/recovery-codes",
    who=Who.PERSON,
    before_agreement=True,
    answers=shapes.RecoveryCodes,
    status=201,
    stepped_up=True,
    refuses=(rules.SecondFactorMissing,),
    example={},
)
def make_recovery_codes(caller: Caller) -> shapes.RecoveryCodes:
    """Ten recovery codes, in place of those before; they are shown once. The person is told by mail."""
    return recovery.make_codes(caller.account, caller.terminal)


@routes.post(
    "/me/second-factors/passkeys",
    who=Who.PERSON,
    before_agreement=True,
    answers=shapes.PasskeyCreationOptions,
    stepped_up=True,
    refuses=(rules.TooManyPasskeys,),
    example={},
)
def begin_passkey(caller: Caller) -> shapes.PasskeyCreationOptions:
    """What a browser's `navigator.credentials.create` takes to make a passkey, within five minutes."""
    return passkeys.begin(caller.account)


@routes.post(
    "/me/second-factors/passkeys/confirm",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.ConfirmPasskey,
    answers=shapes.Passkey,
    status=201,
    stepped_up=True,
    refuses=(rules.SetupOver, rules.PasskeyWrong, rules.PasskeyKnown, Conflict),
    example={"name": "My phone", "credential": "$made_passkey"},
)
def confirm_passkey(caller: Caller, body: shapes.ConfirmPasskey) -> shapes.Passkey:
    """Take a passkey that a browser made: it signs in beside the password from now on. The person is told by mail."""
    return passkeys.confirm(caller.account, caller.terminal, body.name, body.credential)


@routes.patch(
    "/me/second-factors/passkeys/{passkey_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnPasskey(),
    asks=shapes.RenamePasskey,
    answers=shapes.Passkey,
    refuses=(NotFound,),
    example={"name": "My old phone"},
)
def rename_passkey(caller: Caller, passkey: Passkey, body: shapes.RenamePasskey) -> shapes.Passkey:
    """Call a passkey something else."""
    return passkeys.rename(caller.account, caller.terminal, passkey, body.name)


@routes.delete(
    "/me/second-factors/passkeys/{passkey_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnPasskey(),
    stepped_up=True,
    refuses=(NotFound, rules.PasswordNeedsSecondFactor, Conflict),
    example={},
)
def remove_passkey(caller: Caller, passkey: Passkey) -> None:
    """Take a passkey no more."""
    passkeys.end(caller.account, caller.terminal, passkey)
