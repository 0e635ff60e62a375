"""GetCallerIdentity that was presigned, by whoever is known to moto's IAM or has assumed a role; moto looks neither at
the signature of such an address nor at who made it.

A request is good for fifteen minutes from X-Amz-Date, whatever X-Amz-Expires says, as those found who let people in by
it:
https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/0221afb8e2a5d14a20a93473edc4c2aa7676ce95/pkg/token/token.go
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from . import presigned
from .faults import Answer

_HOST = re.compile(r"sts\.([a-z0-9-]+)\.amazonaws\.com")
_GOOD_FOR = timedelta(minutes=15)
_SIGNING = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")


class Refused(Exception):
    """An error answer of STS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Known(NamedTuple):
    """Credentials that moto gave out, and whose they are; those of a session have a token."""

    secret: str
    token: str
    arn: str
    account: str
    user_id: str
    until: datetime | None


def answer(request: AWSPreparedRequest) -> Answer | None:
    """None for what is no presigned address of STS."""
    parts = urlsplit(str(request.url))
    host = _HOST.fullmatch(parts.netloc)
    if host is None or request.method != "GET" or "X-Amz-Signature=" not in parts.query:
        return None
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    try:
        known = _verified(parts.query, headers, host[1], datetime.now(UTC))
    except Refused as refused:
        return 403, {}, json.dumps({"Error": {"Type": "Sender", "Code": refused.code, "Message": str(refused)}})
    result = {"Account": known.account, "Arn": known.arn, "UserId": known.user_id}
    return 200, {}, json.dumps({"GetCallerIdentityResponse": {"GetCallerIdentityResult": result}})


def _verified(query: str, headers: Mapping[str, str], region: str, now: datetime) -> Known:
    pairs = [(unquote(name), unquote(value)) for name, _, value in (one.partition("=") for one in query.split("&"))]
    said = dict(pairs)
    if headers.get("accept") != "application/json":
        raise Refused("NotPlayed", "only the answer in JSON is played here")
    if said.get("Action") != "GetCallerIdentity" or not all(said.get(name) for name in _SIGNING):
        raise Refused("MissingParameter", "this is no presigned GetCallerIdentity")
    known = _known(said["X-Amz-Credential"], f"{said['X-Amz-Date'][:8]}/{region}/sts/aws4_request", now)
    if known.token != said.get("X-Amz-Security-Token", ""):
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid")
    _require_signature(pairs, said, headers, known.secret)
    signed_at = datetime.strptime(said["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not signed_at - _GOOD_FOR <= now < signed_at + _GOOD_FOR:
        raise Refused("SignatureDoesNotMatch", f"Signature expired: {signed_at} is now earlier than {now - _GOOD_FOR}")
    return known


def _known(credential: str, wanted_scope: str, now: datetime) -> Known:
    key_id, _, scope = credential.partition("/")
    found = _of_session(key_id) or _of_user(key_id)
    if found is None or (found.until is not None and found.until <= now):
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid")
    if scope != wanted_scope:
        raise Refused("SignatureDoesNotMatch", f"Credential should be scoped to {wanted_scope}")
    return found


def _of_session(key_id: str) -> Known | None:
    for _, _, backend in sts_backends.iter_backends():
        if role := backend.get_assumed_role_from_access_key(key_id):
            until = role.expiration if role.expiration.tzinfo else role.expiration.replace(tzinfo=UTC)
            secret, token = role.secret_access_key, role.session_token
            return Known(secret, token, role.arn, role.account_id, role.user_id, until)
    return None


def _of_user(key_id: str) -> Known | None:
    for _, _, backend in iam_backends.iter_backends():
        for user in backend.users.values():
            for key in user.access_keys:
                if key.access_key_id == key_id:
                    account = user.account_id or DEFAULT_ACCOUNT_ID
                    return Known(key.secret_access_key, "", user.arn, account, user.id, None)
    return None


def _require_signature(
    pairs: list[tuple[str, str]], said: Mapping[str, str], headers: Mapping[str, str], secret: str
) -> None:
    names = said["X-Amz-SignedHeaders"]
    if "host" not in names.split(";"):
        raise Refused("SignatureDoesNotMatch", "The host must be signed")
    canonical = presigned._canonical_request("GET", "/", pairs, names, dict(headers))
    # Of other services than S3 the empty body is hashed.
    canonical = canonical.removesuffix("UNSIGNED-PAYLOAD") + presigned._sha256("")
    credential, date = said["X-Amz-Credential"], said["X-Amz-Date"]
    to_sign = "\n".join((presigned.ALGORITHM, date, presigned._scope(credential), presigned._sha256(canonical)))
    try:
        presigned._require_signature(secret, credential, to_sign, said["X-Amz-Signature"])
    except presigned.S3Error as error:
        raise Refused(error.code, error.message) from None


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
